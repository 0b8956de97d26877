package columns

import (
	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"

	"weir/internal/contract"
)

// Batch collects rows into Arrow columns. It is used by one goroutine at a time, and reused after each Finish.
// A column holds at most 2 GiB of text per batch, Arrow's limit; the bytes of a cycle are bounded far below that.
type Batch struct {
	layout     *Layout
	builders   []array.Builder
	absent     []int64
	unreadable []int64
	rows       int
}

// NewBatch makes an empty batch; its builders grow as needed.
func (l *Layout) NewBatch() *Batch { return l.newBatch(memory.DefaultAllocator) }

func (l *Layout) newBatch(mem memory.Allocator) *Batch {
	b := &Batch{layout: l, builders: make([]array.Builder, len(l.Columns))}
	for i, f := range l.Schema.Fields() {
		b.builders[i] = array.NewBuilder(mem, f.Type)
	}
	b.absent = make([]int64, len(l.Columns))
	b.unreadable = make([]int64, len(l.Columns))
	return b
}

// Append copies the row.
func (b *Batch) Append(r *Row) {
	for i, s := range r.states {
		switch s {
		case Present:
			b.appendValue(i, r)
			continue
		case Absent:
			b.absent[i]++
		case Unreadable:
			b.unreadable[i]++
		}
		b.builders[i].AppendNull()
	}
	b.rows++
}

func (b *Batch) appendValue(i int, r *Row) {
	switch b.layout.Columns[i].Kind {
	case contract.Integer:
		b.builders[i].(*array.Int64Builder).Append(r.ints[i])
	case contract.Number:
		b.builders[i].(*array.Float64Builder).Append(r.floats[i])
	case contract.Boolean:
		b.builders[i].(*array.BooleanBuilder).Append(r.ints[i] != 0)
	case contract.Timestamp:
		b.builders[i].(*array.TimestampBuilder).Append(arrow.Timestamp(r.ints[i]))
	default:
		b.builders[i].(*array.StringBuilder).Append(r.texts[i])
	}
}

// Len is the number of rows appended.
func (b *Batch) Len() int { return b.rows }

// Columns is a finished batch: the Arrow record, in which absent and unreadable values are null, and how many
// of each column's nulls are of those two sorts; the rest are JSON nulls. The caller releases Record.
type Columns struct {
	Layout     *Layout
	Record     arrow.Record
	Absent     []int64
	Unreadable []int64
}

// Finish hands over what was appended and leaves the batch empty for reuse.
func (b *Batch) Finish() Columns {
	arrays := make([]arrow.Array, len(b.builders))
	for i, builder := range b.builders {
		arrays[i] = builder.NewArray()
	}
	c := Columns{
		Layout:     b.layout,
		Record:     array.NewRecord(b.layout.Schema, arrays, int64(b.rows)), // retains the arrays
		Absent:     b.absent,
		Unreadable: b.unreadable,
	}
	for _, a := range arrays {
		a.Release()
	}
	b.absent = make([]int64, len(b.builders))
	b.unreadable = make([]int64, len(b.builders))
	b.rows = 0
	return c
}
