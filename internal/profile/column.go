package profile

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"

	"weir/internal/columns"
	"weir/internal/contract"
)

// Column is the statistics of one column over the valid records of a window.
type Column struct {
	Index  int // position in the contract's layout
	Path   string
	Kind   contract.Kind
	Unit   string
	Public bool // its values are kept in clear

	N          uint64 // valid records, whatever the column held
	Null       uint64 // JSON null
	Absent     uint64
	Unreadable uint64 // a value outside int64 or the range of a double
	// Rejected counts dead letters in which the column could be read; RejectedNull those among them that were null or absent.
	Rejected, RejectedNull uint64

	// Of numeric columns: extremes as ordered keys, exact sums, counts by cell (not for timestamps).
	min, max int64
	sum      exactSum
	squares  exactSum
	// Cells of a column with categories are the categories and, last, unseen; of a boolean, false and true.
	cells    cells
	distinct distinct
	tallies  tallies // of a text column without categories
	unseen   unseen
}

func newColumn(index int, c columns.Column, g gridColumn) *Column {
	col := &Column{Index: index, Path: c.Path, Kind: c.Kind, Unit: c.Unit, Public: c.Public}
	col.cells.size = g.size()
	return col
}

// numeric says whether values of the kind have an order and moments.
func numeric(k contract.Kind) bool {
	return k == contract.Integer || k == contract.Number || k == contract.Timestamp
}

// text says whether values of the kind are counted as strings.
func text(k contract.Kind) bool {
	return k == contract.String || k == contract.Date || k == contract.Time
}

// celled says whether every value of the column falls into a cell: not texts without categories, and not
// timestamps, whose values always move on.
func (c *Column) celled() bool {
	return c.Kind == contract.Integer || c.Kind == contract.Number || c.Kind == contract.Boolean ||
		text(c.Kind) && c.cells.size > 0
}

// Values is the number of records that held a value of the column's kind.
func (c *Column) Values() uint64 { return c.N - c.Null - c.Absent - c.Unreadable }

// denseFrom is the number of rows from which counting into an array of all cells costs less than into a map.
const denseFrom = 128

// count adds an Arrow array whose nulls are the JSON nulls, the absent and the unreadable.
func (c *Column) count(g gridColumn, a arrow.Array, absent, unreadable uint64) {
	c.N += uint64(a.Len())
	c.Absent += absent
	c.Unreadable += unreadable
	c.Null += uint64(a.NullN()) - absent - unreadable
	if a.Len() == a.NullN() {
		return
	}
	if a.Len() >= denseFrom {
		c.cells.densify()
	}
	switch a := a.(type) {
	case *array.Int64:
		c.countInts(g, a, a.Int64Values())
	case *array.Timestamp:
		c.countTimes(a, a.TimestampValues())
	case *array.Float64:
		c.countFloats(g, a, a.Float64Values())
	case *array.Boolean:
		c.countBooleans(a)
	case *array.String:
		c.countTexts(g, a)
	default:
		panic(fmt.Sprintf("count column %s: unexpected Arrow type %s", c.Path, a.DataType()))
	}
}

func (c *Column) countInts(g gridColumn, a arrow.Array, values []int64) {
	c.sum.expect(len(values), intLimbs)
	c.squares.expect(len(values), intSquareLimbs)
	lo, hi := c.extremes()
	cuts := g.cuts()
	for i, v := range values {
		if a.IsNull(i) {
			continue
		}
		lo, hi = min(lo, v), max(hi, v)
		c.sum.addInt(v)
		c.squares.addIntSquare(v)
		c.distinct.add(uint64(v))
		if cuts == nil {
			c.cells.add(intCell(v), 1)
		} else {
			c.cells.add(cutCell(cuts, v), 1)
		}
	}
	c.min, c.max = lo, hi
}

func (c *Column) countTimes(a arrow.Array, values []arrow.Timestamp) {
	c.sum.expect(len(values), intLimbs)
	c.squares.expect(len(values), intSquareLimbs)
	lo, hi := c.extremes()
	for i, v := range values {
		if a.IsNull(i) {
			continue
		}
		v := int64(v)
		lo, hi = min(lo, v), max(hi, v)
		c.sum.addInt(v)
		c.squares.addIntSquare(v)
		c.distinct.add(uint64(v))
	}
	c.min, c.max = lo, hi
}

func (c *Column) countFloats(g gridColumn, a arrow.Array, values []float64) {
	c.sum.expect(len(values), floatLimbs)
	c.squares.expect(len(values), floatSquareLimbs)
	lo, hi := c.extremes()
	cuts := g.cuts()
	for i, v := range values {
		if a.IsNull(i) {
			continue
		}
		if !finite(v) {
			c.Unreadable++
			continue
		}
		k := floatKey(v)
		lo, hi = min(lo, k), max(hi, k)
		c.sum.addFloat(v)
		c.squares.addFloatSquare(v)
		c.distinct.add(uint64(k))
		if cuts == nil {
			c.cells.add(floatCell(v), 1)
		} else {
			c.cells.add(cutCell(cuts, k), 1)
		}
	}
	c.min, c.max = lo, hi
	if c.Values() == 0 {
		c.min, c.max, c.sum, c.squares = 0, 0, exactSum{}, exactSum{}
	}
}

// extremes are those so far, or such that any value replaces them.
func (c *Column) extremes() (lo, hi int64) {
	if c.distinct.empty() {
		return math.MaxInt64, math.MinInt64
	}
	return c.min, c.max
}

func (c *Column) countBooleans(a *array.Boolean) {
	for i := range a.Len() {
		if a.IsNull(i) {
			continue
		}
		v := b2i(a.Value(i))
		c.cells.add(uint32(v), 1)
		c.distinct.add(uint64(v))
	}
}

func (c *Column) countTexts(g gridColumn, a *array.String) {
	for i := range a.Len() {
		if a.IsNull(i) {
			continue
		}
		s := a.Value(i)
		id := textID(s)
		c.distinct.add(id)
		if c.cells.size == 0 {
			c.countTally(id, s)
			continue
		}
		cell, known := g.base.category(id, s)
		c.cells.add(cell, 1)
		if !known && (!c.Public || len(s) > maxLabel || c.unseen.wants(s)) {
			c.unseen.add(label(s, id, c.Public))
		}
	}
}

func (c *Column) countTally(id uint64, s string) {
	if t, ok := c.tallies.by[id]; ok {
		t.n++
		c.tallies.by[id] = t
		return
	}
	if !c.tallies.dropped {
		var l string
		if c.Public {
			l = strings.Clone(label(s, id, true))
		}
		c.tallies.add(id, l, 1)
	}
}

// mergeable says why d cannot be added to c: they are different columns, or counted on different cells.
func (c *Column) mergeable(d *Column) error {
	switch {
	case c.Path != d.Path, c.Kind != d.Kind, c.Unit != d.Unit, c.Public != d.Public:
		return fmt.Errorf("column %s %s %q cannot take %s %s %q", c.Path, c.Kind, c.Unit, d.Path, d.Kind, d.Unit)
	case c.cells.size != d.cells.size:
		return fmt.Errorf("column %s: %d cells cannot take %d", c.Path, c.cells.size, d.cells.size)
	}
	return nil
}

// Merge adds d into c, for example the same column of another version of the contract. Both must be of one path,
// kind, unit and classification and counted on the same grid cells. After an error c is unchanged.
func (c *Column) Merge(d *Column) error {
	if err := c.mergeable(d); err != nil {
		return fmt.Errorf("merge column: %w", err)
	}
	c.add(d)
	return nil
}

func (c *Column) add(d *Column) {
	if !d.distinct.empty() && numeric(c.Kind) {
		lo, hi := c.extremes()
		c.min, c.max = min(lo, d.min), max(hi, d.max)
	}
	c.N += d.N
	c.Null += d.Null
	c.Absent += d.Absent
	c.Unreadable += d.Unreadable
	c.Rejected += d.Rejected
	c.RejectedNull += d.RejectedNull
	c.sum.add(&d.sum)
	c.squares.add(&d.squares)
	c.cells.merge(&d.cells)
	c.distinct.merge(&d.distinct)
	c.tallies.merge(&d.tallies)
	for _, l := range d.unseen {
		c.unseen.add(l)
	}
}

// Clone is a copy that shares nothing with c.
func (c *Column) Clone() *Column {
	d := *c
	d.sum, d.squares = c.sum.clone(), c.squares.clone()
	d.cells, d.distinct, d.tallies = c.cells.clone(), c.distinct.clone(), c.tallies.clone()
	d.unseen = slices.Clone(c.unseen)
	return &d
}

func finite(x float64) bool { return !math.IsInf(x, 0) && !math.IsNaN(x) }
