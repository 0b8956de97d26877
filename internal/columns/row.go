package columns

import (
	"slices"
	"unsafe"
)

// State says what a row holds in a column.
type State uint8

const (
	Absent     State = iota // the record has no such name, or no object around it
	Null                    // JSON null
	Present                 // a value of the column's kind
	Unreadable              // a value not of the column's kind, an integer outside int64, or nothing could be read at all
)

// Row stages one record's values. Strings may alias the record's bytes until Append copies them. The value of a
// column whose state is not Present is unspecified.
type Row struct {
	states []State
	ints   []int64 // Integer, Timestamp (Unix ms), Boolean (0, 1)
	floats []float64
	texts  []string
	own    []byte // the texts that SetOwn has set since the last Reset; behind them is the room that Room gives

	Companion any // of whoever fills the row: what it needs for that, kept from one record to the next
}

// maxOwn bounds the bytes that a row keeps for the next record.
const maxOwn = 64 << 10

// NewRow makes an empty row of the layout: every column Absent.
func (l *Layout) NewRow() *Row {
	n := len(l.Columns)
	return &Row{states: make([]State, n), ints: make([]int64, n), floats: make([]float64, n), texts: make([]string, n)}
}

// Reset makes every column Absent and drops references to the last record's bytes.
func (r *Row) Reset() {
	clear(r.states)
	clear(r.texts)
	if r.own = r.own[:0]; cap(r.own) > maxOwn {
		r.own = nil
	}
}

// Room returns n bytes to write a text in that is none of the record's, for SetOwn. The next call of Room may return the
// same bytes.
func (r *Row) Room(n int) []byte {
	r.own = slices.Grow(r.own, n) // a text set before keeps the bytes it was given
	return r.own[len(r.own) : len(r.own)+n]
}

// SetOwn sets column i to the first n bytes of what the last call of Room has returned, which are the row's then. The text
// is valid until the next Reset.
func (r *Row) SetOwn(i, n int) {
	from := len(r.own)
	r.own = r.own[:from+n]
	text := r.own[from:]
	r.SetText(i, unsafe.String(unsafe.SliceData(text), n))
}

func (r *Row) State(i int) State         { return r.states[i] }
func (r *Row) Int(i int) int64           { return r.ints[i] }
func (r *Row) Float(i int) float64       { return r.floats[i] }
func (r *Row) Text(i int) string         { return r.texts[i] }
func (r *Row) SetNull(i int)             { r.states[i] = Null }
func (r *Row) SetUnreadable(i int)       { r.states[i] = Unreadable }
func (r *Row) SetInt(i int, v int64)     { r.states[i], r.ints[i] = Present, v }
func (r *Row) SetFloat(i int, v float64) { r.states[i], r.floats[i] = Present, v }
func (r *Row) SetText(i int, v string)   { r.states[i], r.texts[i] = Present, v }

// EventTime is the record's event time in Unix milliseconds, if the row holds one.
func (r *Row) EventTime(l *Layout) (ms int64, ok bool) {
	if l.EventTime < 0 || r.states[l.EventTime] != Present {
		return 0, false
	}
	return r.ints[l.EventTime], true
}
