// Package profile counts Arrow batches into mergeable statistics on a fixed grid. In go batches of valid records
// and what could be read of rejected ones, out come Profiles, their wire format, and Baselines recorded at training
// time. Everything in a Profile is an integer, an extreme or a set, so that merging is associative, commutative and
// bit-exact. It compares nothing: that is package drift.
package profile

import (
	"fmt"
	"slices"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/window"
)

// Key names what a profile counts. Only profiles with the same key merge.
type Key struct {
	Contract contract.ID
	Digest   contract.Digest
	Grid     Digest
	Window   window.Window
}

// Profile is the statistics of one Key.
type Profile struct {
	Key
	Counts  Counts
	Columns []*Column // in layout order; a chunk may hold only some
}

// New is an empty profile with a column for each of the layout's.
func New(k Key, g *Grid, l *columns.Layout) *Profile {
	p := &Profile{Key: k, Columns: make([]*Column, len(l.Columns))}
	for i, c := range l.Columns {
		p.Columns[i] = newColumn(i, c, g.columns[i])
	}
	return p
}

// FromBatch counts a batch of valid records (Valid = rows). The grid must have been made for the batch's layout.
func FromBatch(k Key, g *Grid, c columns.Columns) *Profile {
	p := New(k, g, c.Layout)
	p.Counts.Valid = uint64(c.Record.NumRows())
	for i, col := range p.Columns {
		col.count(g.columns[i], c.Record.Column(i), uint64(c.Absent[i]), uint64(c.Unreadable[i]))
	}
	return p
}

// Reject counts what could be read of a dead letter into the columns' rejected counts. Counts is the caller's.
func (p *Profile) Reject(r *columns.Row) {
	for _, c := range p.Columns {
		switch r.State(c.Index) {
		case columns.Present:
			c.Rejected++
		case columns.Null, columns.Absent:
			c.Rejected++
			c.RejectedNull++
		}
	}
}

// Column returns the column with that JSON pointer, nil when the profile (or this chunk of it) has none.
func (p *Profile) Column(path string) *Column {
	for _, c := range p.Columns {
		if c.Path == path {
			return c
		}
	}
	return nil
}

// Merge adds q into p; the keys must be equal. Profiles with different subsets of columns (chunks) merge to the
// union. q is not changed and shares nothing with p afterwards. After an error p is unchanged.
func (p *Profile) Merge(q *Profile) error {
	if p.Key != q.Key {
		return fmt.Errorf("merge profile %s %v: key differs from %s %v", p.Contract, p.Window, q.Contract, q.Window)
	}
	for _, d := range q.Columns {
		if i, ok := p.find(d.Index); ok {
			if err := p.Columns[i].mergeable(d); err != nil {
				return fmt.Errorf("merge profile %s: %w", p.Contract, err)
			}
		}
	}
	p.Counts.Add(&q.Counts)
	for _, d := range q.Columns {
		if i, ok := p.find(d.Index); ok {
			p.Columns[i].add(d)
		} else {
			p.Columns = slices.Insert(p.Columns, i, d.Clone())
		}
	}
	return nil
}

func (p *Profile) find(index int) (int, bool) {
	return slices.BinarySearchFunc(p.Columns, index, func(c *Column, i int) int { return c.Index - i })
}
