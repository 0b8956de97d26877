// Package columns maps a contract's scalar fields to Arrow. In go a contract and, record by record, the values its
// fields hold; out come Arrow records with one column per scalar field. A record is staged in a Row while it is
// being checked and appended to a Batch once it is valid, because Arrow builders cannot take a value back.
// It neither parses nor judges.
package columns

import (
	"github.com/apache/arrow/go/v15/arrow"

	"weir/internal/contract"
)

// Column is one scalar field outside arrays.
type Column struct {
	Path   string // JSON pointer; the column's name everywhere
	Kind   contract.Kind
	Unit   string
	Public bool
}

// Layout is the Arrow layout of a contract: Integer is Int64, Number Float64, Boolean Bool, String, Date and
// Time are String, Timestamp is Timestamp(ms, UTC). A Layout is immutable and may be shared between goroutines;
// rows and batches made from it may not.
type Layout struct {
	Columns   []Column
	Schema    *arrow.Schema
	EventTime int // index of the event time column, -1 when the contract has none

	index map[string]int
}

// NewLayout lays out the contract's scalar fields in document order: objects contribute their scalar leaves, however
// deep, arrays nothing. A path declared twice is one column, the first declaration's.
func NewLayout(c *contract.Contract) *Layout {
	l := &Layout{EventTime: -1, index: make(map[string]int)}
	l.add(c.Fields)
	fields := make([]arrow.Field, len(l.Columns))
	for i, col := range l.Columns {
		fields[i] = arrow.Field{Name: col.Path, Type: arrowType(col.Kind), Nullable: true}
	}
	l.Schema = arrow.NewSchema(fields, nil)
	if i, ok := l.index[c.EventTime]; ok && l.Columns[i].Kind == contract.Timestamp {
		l.EventTime = i
	}
	return l
}

func (l *Layout) add(fields []contract.Field) {
	for _, f := range fields {
		switch f.Kind {
		case contract.Object:
			l.add(f.Fields)
		case contract.Array:
		default:
			if _, twice := l.index[f.Path]; !twice {
				l.index[f.Path] = len(l.Columns)
				l.Columns = append(l.Columns, Column{Path: f.Path, Kind: f.Kind, Unit: f.Unit, Public: f.Public})
			}
		}
	}
}

// Index returns the position of the column with that JSON pointer.
func (l *Layout) Index(path string) (int, bool) { i, ok := l.index[path]; return i, ok }

func arrowType(k contract.Kind) arrow.DataType {
	switch k {
	case contract.Integer:
		return arrow.PrimitiveTypes.Int64
	case contract.Number:
		return arrow.PrimitiveTypes.Float64
	case contract.Boolean:
		return arrow.FixedWidthTypes.Boolean
	case contract.Timestamp:
		return &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"}
	default:
		return arrow.BinaryTypes.String
	}
}
