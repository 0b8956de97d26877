package drift

import (
	"cmp"
	"slices"

	"weir/internal/contract"
	"weir/internal/profile"
)

// maxCells is how many categories an alarming test shows; the rest is summed.
const maxCells = 20

// categoricalTest compares the shares of categories (psi) or counts the values that are no category (unseen). A
// boolean's shares are tested exactly, because one of its two cells may be empty in the baseline.
func categoricalTest(t Test, m *merged) (Test, bool) {
	categories, unseen, ok := m.base.Categorised(m.Column)
	if !ok {
		return t, false
	}
	if t.Statistic == statUnseen {
		// The chance of a value the baseline has not seen, by Good and Turing, one singleton added so that it is
		// never zero.
		rate := float64(m.base.Singletons+1) / float64(t.BaselineN)
		t = t.limited(t.Operator, [2]float64{t.Threshold}, float64(unseen)/float64(t.N))
		t.Count, t.BaselineValue = &unseen, finite(min(1, rate), true)
		t.Method, t.P = "binomial", probability(binomialTail(unseen, t.N, rate))
		return t, true
	}
	var b, w []uint64
	for _, c := range categories {
		b, w = append(b, c.Baseline), append(w, c.Window)
	}
	if m.Kind == contract.Boolean {
		t = t.limited(t.Operator, [2]float64{t.Threshold}, round(psi(b, w)))
		t.Method, t.P = "fisher_exact", probability(fisherExact(w[1], t.N, b[1], t.BaselineN))
	} else {
		b, w = append(b, 0), append(w, unseen)
		t = t.limited(t.Operator, [2]float64{t.Threshold}, round(psi(b, w)))
		_, _, p := chiSquare(pool(b, w))
		t.Method, t.P = "chi_square", probability(p)
	}
	t.Cells = categoryCells(categories, unseen, t.N, t.BaselineN)
	return t, true
}

// categoryCells shows the categories whose shares changed most, by label, then the others in sum and the unseen.
func categoryCells(categories []profile.Category, unseen, n, baselineN uint64) []Cell {
	change := func(c profile.Category) float64 {
		d := float64(c.Window)/float64(n) - float64(c.Baseline)/float64(baselineN)
		return max(d, -d)
	}
	byChange := slices.Clone(categories)
	slices.SortStableFunc(byChange, func(a, b profile.Category) int {
		return cmp.Or(cmp.Compare(change(b), change(a)), cmp.Compare(a.Label, b.Label))
	})
	shown := byChange[:min(maxCells, len(byChange))]
	slices.SortStableFunc(shown, func(a, b profile.Category) int { return cmp.Compare(a.Label, b.Label) })
	var cells []Cell
	for _, c := range shown {
		cells = append(cells, Cell{Category: c.Label, Window: c.Window, Baseline: c.Baseline})
	}
	var rest Cell
	for _, c := range byChange[len(shown):] {
		rest.Rest = "others"
		rest.Window += c.Window
		rest.Baseline += c.Baseline
	}
	if rest.Rest != "" {
		cells = append(cells, rest)
	}
	if unseen > 0 {
		cells = append(cells, Cell{Rest: "unseen", Window: unseen})
	}
	return cells
}
