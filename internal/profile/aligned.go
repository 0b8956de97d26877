package profile

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"weir/internal/contract"
)

// Cell is one numeric cell with what the baseline and a window hold in it.
type Cell struct {
	Lo, Hi   float64 // least and greatest value possible; infinite at the ends
	Atom     bool    // a single value
	Baseline uint64
	Window   uint64
}

// Category is one category with what the baseline and a window hold of it.
type Category struct {
	Label    string
	Baseline uint64
	Window   uint64
}

// HasCuts says whether the column is compared as numbers: Cells and Deciles apply.
func (b *BaselineColumn) HasCuts() bool { return len(b.keys) > 0 }

// HasCategories says whether the column is compared by category: Categorised applies.
func (b *BaselineColumn) HasCategories() bool {
	return len(b.ids) > 0 || b.Kind == contract.Boolean && b.Values() > 0
}

// CellsOf aligns a window's cells with the baseline's, in ascending order: atoms at the cuts, open cells between
// them. A nil c is an empty window. ok is false when c was not counted on these cells.
func (b *BaselineColumn) CellsOf(c *Column) (cells []Cell, ok bool) {
	if len(b.keys) == 0 || c != nil && (c.cells.size != b.size() || c.Kind != b.Kind) {
		return nil, false
	}
	cells = make([]Cell, len(b.Cells))
	for i, n := range b.Cells {
		lo, hi := cutBounds(b.keys, uint32(i))
		cells[i] = Cell{Lo: keyNumber(b.Kind, lo), Hi: keyNumber(b.Kind, hi), Atom: i%2 == 1, Baseline: n}
		if c != nil {
			cells[i].Window = c.cells.count(i)
		}
	}
	cells[0].Lo, cells[len(cells)-1].Hi = math.Inf(-1), math.Inf(1)
	return cells, true
}

// DecilesOf is CellsOf summed into at most 10 cells, (-inf, d1], (d1, d2] … (d9, inf), between the different ones of
// the baseline's inverted-cdf deciles. The sums are exact. Lo is the decile below, outside the cell.
func (b *BaselineColumn) DecilesOf(c *Column) (cells []Cell, ok bool) {
	fine, ok := b.CellsOf(c)
	if !ok {
		return nil, false
	}
	lo := math.Inf(-1)
	var sum Cell
	for i, f := range fine {
		sum.Baseline += f.Baseline
		sum.Window += f.Window
		if f.Atom && slices.Contains(b.deciles, b.keys[i/2]) || i == len(fine)-1 {
			sum.Lo, sum.Hi = lo, f.Hi
			cells = append(cells, sum)
			lo, sum = f.Hi, Cell{}
		}
	}
	return cells, true
}

// Categorised aligns a window's categories with the baseline's, ordered by label, and counts the window's unseen
// values apart. Labels are masked unless the column is public on both sides. A nil c is an empty window. ok is false
// when the column has no categories or c was not counted on them.
func (b *BaselineColumn) Categorised(c *Column) (categories []Category, unseen uint64, ok bool) {
	if !b.HasCategories() || c != nil && (c.cells.size != b.size() || c.Kind != b.Kind) {
		return nil, 0, false
	}
	public := c == nil || c.Public
	for i, n := range b.Cells {
		x := Category{Label: strconv.FormatBool(i == 1), Baseline: n}
		if b.Kind != contract.Boolean {
			x.Label, _ = b.label(i, public)
		}
		if c != nil {
			x.Window = c.cells.count(i)
		}
		categories = append(categories, x)
	}
	slices.SortFunc(categories, func(x, y Category) int { return cmp.Compare(x.Label, y.Label) })
	if c != nil && b.Kind != contract.Boolean {
		unseen = c.cells.count(len(b.ids))
	}
	return categories, unseen, true
}

// Quantile bounds the baseline's own q-quantile, like Column.Quantile.
func (b *BaselineColumn) Quantile(q float64) (at Interval, ok bool) {
	if len(b.keys) == 0 {
		return Interval{}, false
	}
	left := quantileRank(b.Values(), q)
	for i, n := range b.Cells {
		if n < left {
			left -= n
			continue
		}
		lo, hi := cutBounds(b.keys, uint32(i))
		return Interval{keyNumber(b.Kind, max(lo, b.lo)), keyNumber(b.Kind, min(hi, b.hi))}, true
	}
	return Interval{}, false
}
