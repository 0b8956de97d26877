package columns

import (
	"testing"

	"github.com/apache/arrow/go/v15/arrow"
	"github.com/apache/arrow/go/v15/arrow/array"
	"github.com/apache/arrow/go/v15/arrow/memory"
	"github.com/google/go-cmp/cmp"

	"weir/internal/contract"
)

// nested has every kind, objects two deep, an array of objects and a path declared twice.
func nested() *contract.Contract {
	return &contract.Contract{
		EventTime: "/meta/at",
		Fields: []contract.Field{
			{Name: "id", Path: "/id", Kind: contract.Integer, Key: true},
			{Name: "meta", Path: "/meta", Kind: contract.Object, Fields: []contract.Field{
				{Name: "at", Path: "/meta/at", Kind: contract.Timestamp},
				{Name: "geo", Path: "/meta/geo", Kind: contract.Object, Fields: []contract.Field{
					{Name: "lat/lon", Path: "/meta/geo/lat~1lon", Kind: contract.String, Public: true},
					{Name: "height", Path: "/meta/geo/height", Kind: contract.Number, Unit: "m"},
				}},
			}},
			{Name: "lines", Path: "/lines", Kind: contract.Array, Fields: []contract.Field{
				{Name: "sku", Path: "/lines/sku", Kind: contract.String},
			}},
			{Name: "paid", Path: "/paid", Kind: contract.Boolean},
			{Name: "day", Path: "/day", Kind: contract.Date},
			{Name: "hour", Path: "/hour", Kind: contract.Time},
			{Name: "id", Path: "/id", Kind: contract.String},
		},
	}
}

func TestLayoutHasScalarLeavesOfObjectsInDocumentOrder(t *testing.T) {
	l := NewLayout(nested())
	want := []Column{
		{Path: "/id", Kind: contract.Integer},
		{Path: "/meta/at", Kind: contract.Timestamp},
		{Path: "/meta/geo/lat~1lon", Kind: contract.String, Public: true},
		{Path: "/meta/geo/height", Kind: contract.Number, Unit: "m"},
		{Path: "/paid", Kind: contract.Boolean},
		{Path: "/day", Kind: contract.Date},
		{Path: "/hour", Kind: contract.Time},
	}
	if diff := cmp.Diff(want, l.Columns); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
	wantTypes := []arrow.DataType{
		arrow.PrimitiveTypes.Int64, &arrow.TimestampType{Unit: arrow.Millisecond, TimeZone: "UTC"},
		arrow.BinaryTypes.String, arrow.PrimitiveTypes.Float64, arrow.FixedWidthTypes.Boolean,
		arrow.BinaryTypes.String, arrow.BinaryTypes.String,
	}
	for i, f := range l.Schema.Fields() {
		if f.Name != want[i].Path || !f.Nullable || !arrow.TypeEqual(f.Type, wantTypes[i]) {
			t.Errorf("arrow field %d: got %v, want nullable %s of %s", i, f, wantTypes[i], want[i].Path)
		}
	}
	if l.EventTime != 1 {
		t.Errorf("event time column: got %d, want 1", l.EventTime)
	}
	if i, ok := l.Index("/paid"); !ok || i != 4 {
		t.Errorf("index of /paid: got %d %v, want 4", i, ok)
	}
	if _, ok := l.Index("/lines/sku"); ok {
		t.Error("a field inside an array is a column")
	}
}

func TestEventTimeIsReadOnlyFromAPresentTimestamp(t *testing.T) {
	c := nested()
	l := NewLayout(c)
	r := l.NewRow()
	if ms, ok := r.EventTime(l); ok {
		t.Errorf("empty row: got event time %d, want none", ms)
	}
	r.SetUnreadable(1)
	if ms, ok := r.EventTime(l); ok {
		t.Errorf("unreadable: got event time %d, want none", ms)
	}
	r.SetInt(1, -1)
	if ms, ok := r.EventTime(l); !ok || ms != -1 {
		t.Errorf("got event time %d %v, want -1", ms, ok)
	}
	for _, path := range []string{"", "/id", "/nowhere"} {
		c.EventTime = path
		if got := NewLayout(c).EventTime; got != -1 {
			t.Errorf("event time %q: got column %d, want -1", path, got)
		}
	}
}

func TestResetMakesEveryColumnAbsentAndForgetsText(t *testing.T) {
	l := NewLayout(nested())
	r := l.NewRow()
	r.SetInt(0, 1)
	r.SetNull(1)
	r.SetText(2, "x")
	r.SetUnreadable(3)
	r.Reset()
	for i := range l.Columns {
		if r.State(i) != Absent || r.Text(i) != "" {
			t.Errorf("column %d after Reset: state %d text %q, want absent and empty", i, r.State(i), r.Text(i))
		}
	}
}

func TestBatchHoldsTheValuesAndCountsTheSortsOfNulls(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	l := NewLayout(nested())
	b := l.newBatch(mem)
	defer release(b)

	full := l.NewRow()
	full.SetInt(0, -7)
	full.SetInt(1, 1_356_998_400_000)
	full.SetText(2, "40.7/-74.0")
	full.SetFloat(3, 0.5)
	full.SetInt(4, 1)
	full.SetText(5, "2013-01-01")
	full.SetText(6, "05:00:00Z")
	mixed := l.NewRow()
	mixed.SetUnreadable(0)
	mixed.SetInt(1, 0)
	mixed.SetNull(2)
	mixed.SetInt(4, 0)

	// The second and third rounds show that a finished batch starts again from nothing.
	for round := range 3 {
		for range round + 1 {
			b.Append(full)
			b.Append(mixed)
		}
		rows := 2 * (round + 1)
		if b.Len() != rows {
			t.Fatalf("round %d: got Len %d, want %d", round, b.Len(), rows)
		}
		c := b.Finish()
		if c.Record.NumRows() != int64(rows) || b.Len() != 0 {
			t.Errorf("round %d: got %d rows and %d left, want %d and 0", round, c.Record.NumRows(), b.Len(), rows)
		}
		got := []any{
			c.Record.Column(0).(*array.Int64).Value(0), c.Record.Column(0).IsNull(1),
			c.Record.Column(1).(*array.Timestamp).Value(0), c.Record.Column(1).(*array.Timestamp).Value(1),
			c.Record.Column(2).(*array.String).Value(0), c.Record.Column(2).IsNull(1),
			c.Record.Column(3).(*array.Float64).Value(0), c.Record.Column(3).IsNull(1),
			c.Record.Column(4).(*array.Boolean).Value(0), c.Record.Column(4).(*array.Boolean).Value(1),
			c.Record.Column(5).(*array.String).Value(0), c.Record.Column(6).(*array.String).Value(0),
		}
		want := []any{
			int64(-7), true, arrow.Timestamp(1_356_998_400_000), arrow.Timestamp(0), "40.7/-74.0", true,
			0.5, true, true, false, "2013-01-01", "05:00:00Z",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("round %d values (-want +got):\n%s", round, diff)
		}
		n := int64(round + 1)
		if diff := cmp.Diff([]int64{0, 0, 0, n, 0, n, n}, c.Absent); diff != "" {
			t.Errorf("round %d absent (-want +got):\n%s", round, diff)
		}
		if diff := cmp.Diff([]int64{n, 0, 0, 0, 0, 0, 0}, c.Unreadable); diff != "" {
			t.Errorf("round %d unreadable (-want +got):\n%s", round, diff)
		}
		c.Record.Release()
	}
}

func TestAppendCopiesTheRow(t *testing.T) {
	l := NewLayout(nested())
	b, r := l.NewBatch(), l.NewRow()
	for _, text := range []string{"first", "second"} {
		r.Reset()
		r.SetText(2, text)
		b.Append(r)
	}
	c := b.Finish()
	defer c.Record.Release()
	texts := c.Record.Column(2).(*array.String)
	if got := []string{texts.Value(0), texts.Value(1)}; !cmp.Equal(got, []string{"first", "second"}) {
		t.Errorf("got %q, want first and second", got)
	}
}

func TestEarlierColumnsStayWholeWhenTheBatchIsReused(t *testing.T) {
	mem := memory.NewCheckedAllocator(memory.NewGoAllocator())
	defer mem.AssertSize(t, 0)
	l := NewLayout(nested())
	b, r := l.newBatch(mem), l.NewRow()
	defer release(b)
	r.SetInt(0, 1)
	b.Append(r)
	first := b.Finish()
	defer first.Record.Release()
	r.SetInt(0, 2)
	b.Append(r)
	second := b.Finish()
	defer second.Record.Release()
	if got := first.Record.Column(0).(*array.Int64).Value(0); got != 1 {
		t.Errorf("first batch after the second: got %d, want 1", got)
	}
	if got := first.Absent[1]; got != 1 {
		t.Errorf("absent count of the first batch: got %d, want 1", got)
	}
}

func TestEmptyBatchAndContractWithoutFieldsGiveRecords(t *testing.T) {
	empty := NewLayout(nested()).NewBatch().Finish()
	defer empty.Record.Release()
	if n, cols := empty.Record.NumRows(), empty.Record.NumCols(); n != 0 || cols != 7 {
		t.Errorf("empty batch: got %d rows of %d columns, want 0 of 7", n, cols)
	}
	l := NewLayout(&contract.Contract{})
	b := l.NewBatch()
	b.Append(l.NewRow())
	bare := b.Finish()
	defer bare.Record.Release()
	if n, cols := bare.Record.NumRows(), bare.Record.NumCols(); n != 1 || cols != 0 {
		t.Errorf("contract without fields: got %d rows of %d columns, want 1 of 0", n, cols)
	}
}

func release(b *Batch) {
	for _, builder := range b.builders {
		builder.Release()
	}
}

// BenchmarkAppend measures one row of a 19-column contract from Row to Arrow, batches of 4096.
func BenchmarkAppend(b *testing.B) {
	c := &contract.Contract{}
	for i := range 19 {
		kind := []contract.Kind{contract.Integer, contract.String, contract.Timestamp}[i%3]
		c.Fields = append(c.Fields, contract.Field{Path: "/" + string(rune('a'+i)), Kind: kind})
	}
	l := NewLayout(c)
	batch, row := l.NewBatch(), l.NewRow()
	for i, col := range l.Columns {
		if col.Kind == contract.String {
			row.SetText(i, "EWR")
		} else {
			row.SetInt(i, int64(i))
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if batch.Append(row); batch.Len() == 4096 {
			batch.Finish().Record.Release()
		}
	}
}
