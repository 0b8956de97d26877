package columns

import "unsafe"

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
	copies []byte // what CopyText has copied since the last Reset
}

// maxCopies bounds the bytes that a row keeps for the next record.
const maxCopies = 64 << 10

// NewRow makes an empty row of the layout: every column Absent.
func (l *Layout) NewRow() *Row {
	n := len(l.Columns)
	return &Row{states: make([]State, n), ints: make([]int64, n), floats: make([]float64, n), texts: make([]string, n)}
}

// Reset makes every column Absent and drops references to the last record's bytes.
func (r *Row) Reset() {
	clear(r.states)
	clear(r.texts)
	if r.copies = r.copies[:0]; cap(r.copies) > maxCopies {
		r.copies = nil
	}
}

// CopyText sets column i to a copy of text, valid until the next Reset.
func (r *Row) CopyText(i int, text []byte) {
	from := len(r.copies)
	r.copies = append(r.copies, text...) // a text set before keeps the bytes it was given
	text = r.copies[from:]
	r.SetText(i, unsafe.String(unsafe.SliceData(text), len(text)))
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
