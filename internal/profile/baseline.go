package profile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"weir/internal/contract"
)

// baselineFormat is the version of the baseline file.
const baselineFormat = 1

// Baseline is what a contract's columns looked like at training time. It binds to columns by path, kind and unit,
// not to a version of the contract.
type Baseline struct {
	Format   int          `json:"format"`
	ID       string       `json:"id"`
	Contract string       `json:"contract"` // name
	From     string       `json:"from"`     // first event time, RFC 3339 UTC; "" without an event time
	To       string       `json:"to"`       // last event time
	N        uint64       `json:"n"`        // records
	Windows  WindowCounts `json:"windows"`

	Columns []*BaselineColumn `json:"-"` // in layout order
}

// WindowCounts are the records of the baseline's own whole windows: all but those of the first and the last event,
// which the data may cut. Windows without records count with 0.
type WindowCounts struct {
	Size  string  `json:"size"` // "1d"
	Zone  string  `json:"zone"`
	Count int     `json:"count"` // whole windows; 0 when there is none, or more than a million
	Min   uint64  `json:"min"`
	Max   uint64  `json:"max"`
	Mean  float64 `json:"mean"`
}

// BaselineColumn is one column of a baseline. Exact values are decimal text of integers or "m*2^e".
type BaselineColumn struct {
	Path   string        `json:"path"`
	Kind   contract.Kind `json:"-"`
	Unit   string        `json:"unit,omitempty"`
	Public bool          `json:"public"`

	N          uint64 `json:"n"` // records
	Null       uint64 `json:"null"`
	Absent     uint64 `json:"absent"`
	Unreadable uint64 `json:"unreadable"`
	Distinct   uint64 `json:"distinct"`   // exact
	Singletons uint64 `json:"singletons"` // values held by exactly one record (f1 of Good and Turing)

	// Of numeric columns with values; times are Unix milliseconds.
	Min        json.Number `json:"min,omitempty"`
	Max        json.Number `json:"max,omitempty"`
	Sum        string      `json:"sum,omitempty"`
	SumSquares string      `json:"sum_squares,omitempty"`
	Mean       float64     `json:"mean"` // correctly rounded, as are Variance (n-1) and Std; 0 when undefined
	Variance   float64     `json:"variance"`
	Std        float64     `json:"std"`

	// Cuts of an integer or number column ascend; cell 2i+1 is {Cuts[i]}, 2i the open cell below it, the last
	// the one above all cuts. Deciles are among them.
	Cuts    []json.Number `json:"cuts,omitempty"`
	Deciles []json.Number `json:"deciles,omitempty"`
	// Categories of a text column that has them, in the order of their hashes; false and true of a boolean.
	Categories []BaselineCategory `json:"categories,omitempty"`
	Cells      []uint64           `json:"cells,omitempty"` // records by cell or category

	keys    []int64 // of Cuts
	deciles []int64
	lo, hi  int64             // of Min and Max
	ids     []uint64          // of Categories
	index   map[uint64]uint32 // category by id
}

// BaselineCategory is one category of a text column.
type BaselineCategory struct {
	Hash  string `json:"hash"`            // XXH64 of the text, 16 hexadecimal digits
	Value string `json:"value,omitempty"` // the text, cut to 64 bytes; only of a public column
}

// size is the number of cells a window is counted into on this column's grid, 0 when it has no cells.
func (b *BaselineColumn) size() int {
	switch {
	case b.Kind == contract.Boolean:
		return 2
	case len(b.keys) > 0:
		return 2*len(b.keys) + 1
	case len(b.ids) > 0:
		return len(b.ids) + 1 // the last is unseen
	}
	return 0
}

// category is the cell of a text; known is false for unseen ones.
func (b *BaselineColumn) category(id uint64, s string) (cell uint32, known bool) {
	cell, known = b.index[id]
	if known {
		// A public text shorter than a label is compared itself, so that nobody can forge a category's hash.
		if v := b.Categories[cell].Value; v == "" || v == s || len(s) > maxLabel {
			return cell, true
		}
	}
	return uint32(len(b.ids)), false
}

// Values is the number of records that held a value.
func (b *BaselineColumn) Values() uint64 { return b.N - b.Null - b.Absent - b.Unreadable }

// Nulls is the number of records in which the column was null or absent.
func (b *BaselineColumn) Nulls() uint64 { return b.Null + b.Absent }

// Column returns the column with that path, kind and unit.
func (b *Baseline) Column(path string, kind contract.Kind, unit string) (*BaselineColumn, bool) {
	for _, c := range b.Columns {
		if c.Path == path && c.Kind == kind && c.Unit == unit {
			return c, true
		}
	}
	return nil, false
}

// Digest identifies the baseline: "sha256:" and the hex of its encoding.
func (b *Baseline) Digest() Digest {
	h := sha256.Sum256(b.Encode())
	return Digest("sha256:" + hex.EncodeToString(h[:]))
}
