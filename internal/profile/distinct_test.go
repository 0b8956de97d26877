package profile

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestDistinctIsExactToItsLimitAndWithinFourStandardErrorsBeyond(t *testing.T) {
	for _, n := range []int{0, 1, 17, maxExact, maxExact + 1, 10_000, 100_000, 1_000_000} {
		var d distinct
		for i := range n {
			d.add(uint64(i)) // ids of consecutive integers: the hash must spread them
			d.add(uint64(i / 2))
		}
		got, exact := d.estimate()
		if exact != (n <= maxExact) {
			t.Errorf("%d values: exact is %v", n, exact)
		}
		tolerance := 0.0
		if !exact {
			tolerance = 4 * distinctError * float64(n)
		}
		if math.Abs(float64(got)-float64(n)) > tolerance {
			t.Errorf("%d values: counted %d, more than %.0f off", n, got, tolerance)
		}
	}
}

func TestDistinctErrorIsTheDocumentedOne(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	const runs, n = 60, 20_000
	var squares float64
	for range runs {
		var d distinct
		for range n {
			d.add(r.Uint64())
		}
		got, _ := d.estimate()
		rel := float64(got)/n - 1
		squares += rel * rel
	}
	if rms := math.Sqrt(squares / runs); rms < 0.6*distinctError || rms > 1.4*distinctError {
		t.Errorf("root mean square error %.4f, documented %.4f", rms, distinctError)
	}
}

func TestDistinctDependsOnTheUnionOnly(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, n := range []int{10, 4000, 4096, 4097, 9000} {
		ids := make([]uint64, n)
		for i := range ids {
			ids[i] = uint64(i) * 7
		}
		var whole distinct
		for _, id := range ids {
			whole.add(id)
		}
		want := whole.encode(nil)
		for range 5 {
			var parts [3]distinct
			r.Shuffle(n, func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
			for _, id := range ids {
				parts[r.IntN(3)].add(id)
				parts[r.IntN(3)].add(id)
			}
			var got distinct
			for _, i := range r.Perm(3) {
				got.merge(&parts[i])
			}
			if !slices.Equal(got.encode(nil), want) {
				t.Fatalf("%d values: merged parts differ from the whole", n)
			}
		}
	}
}
