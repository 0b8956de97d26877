package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"encoding/binary"

	"weir/internal/columns"
	"weir/internal/contract"
)

// Digest identifies a Grid.
type Digest string

// Grid fixes where each column of one layout is counted: among a baseline's cuts or categories, or in the default
// cells. It is immutable.
type Grid struct {
	columns []gridColumn // by layout position
	digest  Digest
}

// gridColumn is a baseline's cells for a column, or, with a nil base, the default cells.
type gridColumn struct {
	kind contract.Kind
	base *BaselineColumn
}

// size is the number of cells to count into, 0 for the default cells and for columns without cells.
func (g gridColumn) size() int {
	switch {
	case g.kind == contract.Boolean:
		return 2
	case g.base == nil:
		return 0
	}
	return g.base.size()
}

// cuts are nil for the default cells.
func (g gridColumn) cuts() []int64 {
	if g.base == nil {
		return nil
	}
	return g.base.keys
}

// Digest identifies the grid by its columns' names and kinds, cuts and categories.
func (g *Grid) Digest() Digest { return g.digest }

// DefaultGrid serves a contract without a baseline.
func DefaultGrid(l *columns.Layout) *Grid { return newGrid(l, nil) }

// Grid binds the baseline to a layout: each column with the same path, kind and unit uses the baseline's cells,
// the others the default ones.
func (b *Baseline) Grid(l *columns.Layout) *Grid { return newGrid(l, b) }

// gridFormat is bumped when the meaning of cells changes.
const gridFormat = 1

func newGrid(l *columns.Layout, b *Baseline) *Grid {
	g := &Grid{columns: make([]gridColumn, len(l.Columns))}
	h := sha256.New()
	writeNumber(h, gridFormat)
	for i, c := range l.Columns {
		g.columns[i] = gridColumn{kind: c.Kind}
		if b != nil {
			if base, ok := b.Column(c.Path, c.Kind, c.Unit); ok && base.size() > 0 {
				g.columns[i].base = base
			}
		}
		writeText(h, c.Path)
		writeText(h, c.Kind.String())
		writeText(h, c.Unit)
		g.columns[i].digest(h)
	}
	g.digest = Digest("sha256:" + hex.EncodeToString(h.Sum(nil)))
	return g
}

func (g gridColumn) digest(h hash.Hash) {
	if g.base == nil {
		writeNumber(h, 0)
		return
	}
	writeNumber(h, uint64(g.size()))
	for _, k := range g.base.keys {
		writeNumber(h, uint64(k))
	}
	for _, id := range g.base.ids {
		writeNumber(h, id)
	}
}

func writeNumber(h hash.Hash, n uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], n)
	h.Write(b[:]) // a hash never fails
}

func writeText(h hash.Hash, s string) {
	writeNumber(h, uint64(len(s)))
	h.Write([]byte(s))
}
