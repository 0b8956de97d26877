package profile

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestFloatKeysOrderAsTheirNumbersAndReadBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	xs := []float64{math.Inf(-1), -math.MaxFloat64, -1, -math.SmallestNonzeroFloat64, 0, math.SmallestNonzeroFloat64, 1, math.Inf(1)}
	for range 2000 {
		if x := math.Float64frombits(r.Uint64()); !math.IsNaN(x) {
			xs = append(xs, x)
		}
	}
	slices.Sort(xs)
	for i, x := range xs {
		if got := keyFloat(floatKey(x)); got != x {
			t.Errorf("key of %v reads back as %v", x, got)
		}
		if i > 0 && (floatKey(xs[i-1]) < floatKey(x)) != (xs[i-1] < x) {
			t.Errorf("keys of %v and %v are out of order", xs[i-1], x)
		}
	}
	if got := floatKey(math.Copysign(0, -1)); got != 0 {
		t.Errorf("key of -0 is %d, want 0", got)
	}
}

func TestDefaultCellsHoldTheirValuesAndAreNarrow(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 20_000 {
		x := math.Float64frombits(r.Uint64())
		if !finite(x) {
			continue
		}
		lo, hi := defaultBounds(floatCell(x), false)
		if k := floatKey(x); k < lo || k > hi {
			t.Fatalf("%v is outside its cell [%v, %v]", x, keyFloat(lo), keyFloat(hi))
		}
		if width := keyFloat(hi) - keyFloat(lo); math.Abs(x) > 0x1p-1000 && width > math.Abs(x)/31 {
			t.Fatalf("cell of %v is %v wide", x, width)
		}
	}
	ints := []int64{0, 1, -1, 63, 64, 65, -65, 1<<53 - 1, 1<<53 + 1, 1<<62 - 1, math.MaxInt64, math.MinInt64, math.MinInt64 + 1}
	for range 20_000 {
		v := r.Int64() >> r.IntN(64)
		ints = append(ints, v, -v)
	}
	for _, v := range ints {
		lo, hi := defaultBounds(intCell(v), true)
		if v < lo || v > hi {
			t.Fatalf("%d is outside its cell [%d, %d]", v, lo, hi)
		}
		if -64 < v && v < 64 && lo != hi {
			t.Fatalf("%d shares its cell [%d, %d]", v, lo, hi)
		}
	}
}

func TestNeighbouringDefaultCellsAreAdjacent(t *testing.T) {
	for _, x := range []float64{math.SmallestNonzeroFloat64, 1e-300, 0.1, 1, 63, 1000, 1e18, -1e18, -1, -0.1} {
		cell := floatCell(x)
		_, hi := defaultBounds(cell, false)
		lo, _ := defaultBounds(cell+1, false)
		if lo != hi+1 && !(keyFloat(hi) < 0 && lo == 0) {
			t.Errorf("cell of %v ends at %v, the next begins at %v", x, keyFloat(hi), keyFloat(lo))
		}
	}
}

func TestCutCellFindsAtomsAndOpenCells(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for n := range 40 {
		var cuts []int64
		for range n {
			cuts = append(cuts, r.Int64N(200)-100)
		}
		slices.Sort(cuts)
		cuts = slices.Compact(cuts)
		for key := int64(-105); key < 105; key++ {
			i, found := slices.BinarySearch(cuts, key)
			want := 2 * i
			if found {
				want++
			}
			got := cutCell(cuts, key)
			if int(got) != want {
				t.Fatalf("cell of %d in %v is %d, want %d", key, cuts, got, want)
			}
			if lo, hi := cutBounds(cuts, got); key < lo || key > hi {
				t.Fatalf("%d is outside the bounds [%d, %d] of its cell", key, lo, hi)
			}
		}
	}
}

func TestQuantileRankIsTheExactCeiling(t *testing.T) {
	for _, c := range []struct {
		n    uint64
		q    float64
		want uint64
	}{{100, 0.55, 55}, {100, 0.07, 7}, {10, 0, 1}, {10, 1, 10}, {10, 0.05, 1}, {10, 0.100001, 2}, {1, 0.5, 1}, {math.MaxUint64, 1, math.MaxUint64}} {
		if got := quantileRank(c.n, c.q); got != c.want {
			t.Errorf("rank of quantile %v of %d is %d, want %d", c.q, c.n, got, c.want)
		}
	}
}
