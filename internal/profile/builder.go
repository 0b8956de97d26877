package profile

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow/array"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/window"
)

const (
	gridCuts      = 1024 // a grid has the quantiles k/1024, or all values when there are at most so many
	maxCategories = 4096
	maxCells      = maxCategories + 1 // more than the 2*(1025+9)+1 of the finest numeric grid
	maxWindows    = 1_000_000
)

// BaselineBuilder collects valid records and cuts a baseline from them. It holds every number (8 bytes each) and
// every different text (as a hash) in memory.
type BaselineBuilder struct {
	contract *contract.Contract
	layout   *columns.Layout
	grid     *Grid
	sums     *Profile  // counted on the default grid
	keys     [][]int64 // by column: every value of a numeric one but timestamps
	texts    []texts
	windows  map[window.Window]uint64
}

// texts are the different values of a text column.
type texts struct {
	by     map[uint64]tally
	labels bool // kept while the column may still become categorical
}

// NewBaselineBuilder starts a baseline of the contract's columns, which l lays out.
func NewBaselineBuilder(c *contract.Contract, l *columns.Layout) *BaselineBuilder {
	b := &BaselineBuilder{
		contract: c,
		layout:   l,
		grid:     DefaultGrid(l),
		keys:     make([][]int64, len(l.Columns)),
		texts:    make([]texts, len(l.Columns)),
		windows:  map[window.Window]uint64{},
	}
	b.sums = New(Key{}, b.grid, l)
	for i := range b.texts {
		b.texts[i] = texts{map[uint64]tally{}, l.Columns[i].Public}
	}
	return b
}

// Add counts a batch of valid records of the builder's layout.
func (b *BaselineBuilder) Add(c columns.Columns) error {
	if err := b.sums.Merge(FromBatch(Key{}, b.grid, c)); err != nil {
		return fmt.Errorf("add to baseline: %w", err)
	}
	for i := range b.layout.Columns {
		switch a := c.Record.Column(i).(type) {
		case *array.Int64:
			for j, v := range a.Int64Values() {
				if a.IsValid(j) {
					b.keys[i] = append(b.keys[i], v)
				}
			}
		case *array.Float64:
			for j, v := range a.Float64Values() {
				if a.IsValid(j) && finite(v) {
					b.keys[i] = append(b.keys[i], floatKey(v))
				}
			}
		case *array.Timestamp:
			if i == b.layout.EventTime {
				b.place(a)
			}
		case *array.String:
			b.texts[i].count(a)
		}
	}
	return nil
}

func (b *BaselineBuilder) place(a *array.Timestamp) {
	var w window.Window
	for j, t := range a.TimestampValues() {
		if a.IsNull(j) {
			continue
		}
		if ms := int64(t); ms < w.Start || ms >= w.End {
			w = b.contract.Window.Of(ms)
		}
		b.windows[w]++
	}
}

func (t *texts) count(a *array.String) {
	for j := range a.Len() {
		if a.IsNull(j) {
			continue
		}
		s := a.Value(j)
		id := textID(s)
		x, ok := t.by[id]
		if !ok && t.labels {
			x.label = strings.Clone(label(s, id, true))
		}
		x.n++
		t.by[id] = x
	}
	if t.labels && len(t.by) > maxCategories {
		t.labels = false
		for id, x := range t.by {
			t.by[id] = tally{n: x.n}
		}
	}
}

// Build cuts the baseline. The builder may go on afterwards.
func (b *BaselineBuilder) Build(id string) (*Baseline, error) {
	if b.sums.Counts.Valid == 0 {
		return nil, fmt.Errorf("build baseline %s: no valid record", id)
	}
	out := &Baseline{
		Format: baselineFormat, ID: id, Contract: b.contract.Name,
		N: b.sums.Counts.Valid, Windows: b.windowCounts(),
	}
	if t := b.layout.EventTime; t >= 0 && b.sums.Columns[t].Values() > 0 {
		out.From, out.To = instant(b.sums.Columns[t].min), instant(b.sums.Columns[t].max)
	}
	for i := range b.layout.Columns {
		c := b.column(i)
		if err := c.bind(c.Kind.String()); err != nil {
			return nil, fmt.Errorf("build baseline %s: column %s: %w", id, c.Path, err)
		}
		out.Columns = append(out.Columns, c)
	}
	return out, nil
}

func instant(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }

func (b *BaselineBuilder) column(i int) *BaselineColumn {
	s := b.sums.Columns[i]
	c := &BaselineColumn{
		Path: s.Path, Kind: s.Kind, Unit: s.Unit, Public: s.Public,
		N: s.N, Null: s.Null, Absent: s.Absent, Unreadable: s.Unreadable,
	}
	if s.Values() > 0 && numeric(s.Kind) {
		c.Min, c.Max = json.Number(keyText(s.Kind, s.min)), json.Number(keyText(s.Kind, s.max))
		c.Sum, c.SumSquares = exactText(&s.sum, s.sumLow()), exactText(&s.squares, 2*s.sumLow())
		c.Mean, _ = s.Mean()
		c.Variance, _ = s.Variance()
		c.Std, _ = s.Std()
	}
	switch {
	case s.Kind == contract.Boolean:
		c.Cells = []uint64{s.cells.count(0), s.cells.count(1)}
		for _, n := range c.Cells {
			c.Distinct += uint64(b2i(n > 0))
			c.Singletons += uint64(b2i(n == 1))
		}
	case s.Kind == contract.Timestamp:
		c.Distinct, _ = s.distinct.estimate()
	case numeric(s.Kind):
		c.cut(b.keys[i])
	default:
		c.categorise(b.texts[i])
	}
	return c
}

// exactText writes a sum exactly: "123", or "123*2^-5" with an odd 123.
func exactText(s *exactSum, low int) string {
	v := s.scaled()
	if v.Sign() == 0 || low == 0 {
		return v.String()
	}
	tz := v.TrailingZeroBits()
	return fmt.Sprintf("%s*2^%d", v.Rsh(v, tz), low+int(tz))
}

// cut makes the grid of a numeric column: every value when there are at most 1,024, else the inverted-cdf quantiles
// k/1024 and the deciles, so that a value with a share of 1/1024 or more is always a cut (statistics, section 3).
func (c *BaselineColumn) cut(keys []int64) {
	if len(keys) == 0 {
		return
	}
	keys = slices.Sorted(slices.Values(keys))
	values := slices.Compact(slices.Clone(keys))
	c.Distinct = uint64(len(values))
	for i, k := range keys {
		if (i == 0 || keys[i-1] != k) && (i == len(keys)-1 || keys[i+1] != k) {
			c.Singletons++
		}
	}
	deciles := quantiles(keys, 10, 1, 9)
	cuts := values
	if len(values) > gridCuts {
		cuts = append(quantiles(keys, gridCuts, 0, gridCuts), deciles...)
		slices.Sort(cuts)
		cuts = slices.Compact(cuts)
	}
	c.Cells = make([]uint64, 2*len(cuts)+1)
	for _, k := range keys {
		c.Cells[cutCell(cuts, k)]++
	}
	c.Cuts, c.Deciles = c.numbers(cuts), c.numbers(deciles)
}

// quantiles are the different order statistics at rank ceil(n*k/of), k from first to last; rank 0 is the least value.
func quantiles(sorted []int64, of, first, last int) []int64 {
	var qs []int64
	for k := first; k <= last; k++ {
		rank := max((len(sorted)*k+of-1)/of, 1)
		qs = append(qs, sorted[rank-1])
	}
	return slices.Compact(qs)
}

func (c *BaselineColumn) numbers(keys []int64) []json.Number {
	out := make([]json.Number, len(keys))
	for i, k := range keys {
		out[i] = json.Number(keyText(c.Kind, k))
	}
	return out
}

// categorise makes a text column categorical iff it has at most 4,096 different values, fewer than half as many as
// records with a value.
func (c *BaselineColumn) categorise(t texts) {
	c.Distinct = uint64(len(t.by))
	for _, x := range t.by {
		c.Singletons += uint64(b2i(x.n == 1))
	}
	if len(t.by) > maxCategories || 2*uint64(len(t.by)) >= c.Values() {
		return
	}
	for _, id := range slices.Sorted(maps.Keys(t.by)) {
		c.Categories = append(c.Categories, BaselineCategory{hashLabel(id)[1:], t.by[id].label})
		c.Cells = append(c.Cells, t.by[id].n)
	}
}

// windowCounts leaves out the windows of the first and the last event, which the data may cut.
func (b *BaselineBuilder) windowCounts() WindowCounts {
	spec := b.contract.Window
	out := WindowCounts{Size: spec.Size.String(), Zone: spec.Zone.String()}
	if len(b.windows) < 3 {
		return out
	}
	all := slices.SortedFunc(maps.Keys(b.windows), func(v, w window.Window) int { return cmp.Compare(v.Start, w.Start) })
	first, last := all[0], all[len(all)-1]
	sum := new(big.Int)
	for w := spec.Next(first); w.Start < last.Start; w = spec.Next(w) {
		n := b.windows[w]
		if out.Count == 0 || n < out.Min {
			out.Min = n
		}
		out.Max = max(out.Max, n)
		sum.Add(sum, new(big.Int).SetUint64(n))
		if out.Count++; out.Count > maxWindows {
			return WindowCounts{Size: out.Size, Zone: out.Zone}
		}
	}
	out.Mean = exactMean(new(big.Rat).SetInt(sum), uint64(out.Count))
	return out
}
