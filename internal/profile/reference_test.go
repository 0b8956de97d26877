package profile

import (
	"math"
	"slices"
	"testing"

	"weir/internal/columns"
	"weir/internal/contract"
)

func TestStatisticsOfRealFlightsEqualThoseOfPandasAndExactFractions(t *testing.T) {
	c := flightsContract()
	l := columns.NewLayout(c)
	ref := readReference(t)
	baseline := baselineOf(t, c, l, flightRows(t, l, "baseline"))
	for _, grid := range []struct {
		name string
		g    *Grid
		base bool
	}{{"default grid", DefaultGrid(l), false}, {"baseline grid", baseline.Grid(l), true}} {
		p := profileOf(Key{}, grid.g, l, flightRows(t, l, "window"))
		for name, want := range ref.Window {
			col := p.Column("/" + name)
			var b *BaselineColumn
			if grid.base {
				b, _ = baseline.Column(col.Path, col.Kind, col.Unit)
			}
			if col.N != want.N || col.Nulls() != want.Nulls {
				t.Errorf("%s, %s: n %d with %d nulls, want %d with %d", grid.name, name, col.N, col.Nulls(), want.N, want.Nulls)
			}
			if got, exact, _ := col.Distinct(); !exact || got != want.Distinct {
				t.Errorf("%s, %s: distinct %d (exact %v), want %d", grid.name, name, got, exact, want.Distinct)
			}
			if want.Mean == nil {
				continue
			}
			checkMoments(t, name, col, *want.Min, *want.Max, *want.Mean, *want.Variance)
			for i, q := range ref.Quantiles {
				at, ok := col.Quantile(b, q)
				if v := want.Quantiles[i]; !ok || v < at.Lo || v > at.Hi {
					t.Errorf("%s, %s: quantile %v in [%v, %v], want it to hold %v", grid.name, name, q, at.Lo, at.Hi, v)
				}
				if width := at.Hi - at.Lo; !grid.base && width > math.Max(math.Abs(at.Lo), math.Abs(at.Hi))/32 {
					t.Errorf("%s: quantile %v in [%v, %v] is wider than 1/32 of it", name, q, at.Lo, at.Hi)
				}
			}
		}
	}
}

// checkMoments wants bit-equal numbers: both sides round the exact value once.
func checkMoments(t *testing.T, name string, col *Column, least, greatest, mean, variance float64) {
	t.Helper()
	gotMin, _ := col.Min()
	gotMax, _ := col.Max()
	gotMean, _ := col.Mean()
	gotVariance, _ := col.Variance()
	got := []float64{gotMin, gotMax, gotMean, gotVariance}
	if want := []float64{least, greatest, mean, variance}; !slices.Equal(got, want) {
		t.Errorf("%s: min, max, mean, variance %v, want %v", name, got, want)
	}
}

func TestBaselineOfRealFlightsEqualsThatOfNumpy(t *testing.T) {
	c := flightsContract()
	l := columns.NewLayout(c)
	ref := readReference(t)
	b := baselineOf(t, c, l, flightRows(t, l, "baseline"))
	for name, want := range ref.Baseline {
		i, _ := l.Index("/" + name)
		col := b.Columns[i]
		if col.N != want.N || col.Nulls() != want.Nulls || col.Distinct != want.Distinct {
			t.Errorf("%s: n %d, nulls %d, distinct %d, want %d, %d, %d", name, col.N, col.Nulls(), col.Distinct, want.N, want.Nulls, want.Distinct)
		}
		if want.Mean == nil {
			continue
		}
		if col.Mean != *want.Mean || col.Variance != *want.Variance {
			t.Errorf("%s: mean %v, variance %v, want %v, %v", name, col.Mean, col.Variance, *want.Mean, *want.Variance)
		}
		cmp := ref.Compare[name]
		if len(col.Cuts) != cmp.Cuts {
			t.Errorf("%s: %d cuts, want %d", name, len(col.Cuts), cmp.Cuts)
		}
		var edges []float64
		for _, k := range col.deciles {
			edges = append(edges, keyNumber(col.Kind, k))
		}
		if !slices.Equal(edges, cmp.Edges) {
			t.Errorf("%s: deciles %v, want %v", name, edges, cmp.Edges)
		}
		for i, q := range ref.Quantiles {
			if at, ok := col.Quantile(q); !ok || want.Quantiles[i] < at.Lo || want.Quantiles[i] > at.Hi {
				t.Errorf("%s: quantile %v in %v, want it to hold %v", name, q, at, want.Quantiles[i])
			}
		}
	}
}

func TestWindowAlignedWithBaselineGivesScipysFigures(t *testing.T) {
	c := flightsContract()
	l := columns.NewLayout(c)
	ref := readReference(t)
	b := baselineOf(t, c, l, flightRows(t, l, "baseline"))
	p := profileOf(Key{}, b.Grid(l), l, flightRows(t, l, "window"))
	for name, want := range ref.Compare {
		col := p.Column("/" + name)
		base, ok := b.Column(col.Path, col.Kind, col.Unit)
		if !ok {
			t.Fatalf("%s is not in the baseline", name)
		}
		if col.Kind == contract.String {
			categories, unseen, ok := base.Categorised(col)
			if !ok || len(categories) != want.Categories || unseen != want.Unseen {
				t.Errorf("%s: %d categories, %d unseen, want %d, %d", name, len(categories), unseen, want.Categories, want.Unseen)
			}
			if _, got := col.Unseen(); !slices.Equal(got, want.UnseenValues) {
				t.Errorf("%s: unseen %q, want %q", name, got, want.UnseenValues)
			}
			continue
		}
		cells, ok := base.DecilesOf(col)
		if !ok {
			t.Fatalf("%s has no deciles", name)
		}
		var baseline, win []uint64
		for _, cell := range cells {
			baseline, win = append(baseline, cell.Baseline), append(win, cell.Window)
		}
		if !slices.Equal(baseline, want.BaselineDeciles) || !slices.Equal(win, want.WindowDeciles) {
			t.Errorf("%s: deciles %v and %v, want %v and %v", name, baseline, win, want.BaselineDeciles, want.WindowDeciles)
		}
		d, widest := gridKS(base, col)
		if d > want.KS+1e-12 || d+widest < want.KS-1e-12 || widest > 1.0/1024 {
			t.Errorf("%s: KS in [%v, %v], want it to hold %v and to be at most 1/1024 wide", name, d, d+widest, want.KS)
		}
	}
}

// gridKS is the KS distance at the cuts, and the largest baseline share of an open cell, which bounds its error.
func gridKS(b *BaselineColumn, c *Column) (d, widest float64) {
	cells, _ := b.CellsOf(c)
	var x, y uint64
	n, m := float64(b.Values()), float64(c.Values())
	for _, cell := range cells {
		x, y = x+cell.Baseline, y+cell.Window
		d = math.Max(d, math.Abs(float64(x)/n-float64(y)/m))
		if !cell.Atom {
			widest = math.Max(widest, float64(cell.Baseline)/n)
		}
	}
	return d, widest
}

func TestTopValuesEqualThoseOfPandas(t *testing.T) {
	l := columns.NewLayout(flightsContract())
	p := profileOf(Key{}, DefaultGrid(l), l, flightRows(t, l, "window"))
	for _, name := range []string{"carrier", "dest"} {
		var want []Value
		for _, pair := range readReference(t).Window[name].Top {
			want = append(want, Value{pair[0].(string), uint64(pair[1].(float64))})
		}
		if got := p.Column("/"+name).Top(nil, len(want)); !slices.Equal(got, want) {
			t.Errorf("%s: top %v, want %v", name, got, want)
		}
	}
}
