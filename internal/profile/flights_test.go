package profile

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/window"
)

// flightsContract describes the columns of testdata/*.csv.gz.
func flightsContract() *contract.Contract {
	field := func(name string, k contract.Kind) contract.Field {
		return contract.Field{Name: name, Path: "/" + name, Kind: k, Public: name != "tailnum"}
	}
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return &contract.Contract{
		ID: contract.ID{Name: "flights", Version: "1.0.0"}, EventTime: "/time_hour",
		Window: window.Spec{Size: window.Size{N: 1, Unit: 'd'}, Zone: zone},
		Fields: []contract.Field{
			field("time_hour", contract.Timestamp), field("carrier", contract.String), field("dest", contract.String),
			field("tailnum", contract.String), field("dep_time", contract.Integer), field("dep_delay", contract.Integer),
			field("arr_delay", contract.Integer), field("air_time", contract.Integer), field("distance", contract.Integer),
			field("speed", contract.Number),
		},
	}
}

// flightRows reads one of the sample files into rows of the layout.
func flightRows(tb testing.TB, l *columns.Layout, name string) []*columns.Row {
	tb.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".csv.gz"))
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		tb.Fatal(err)
	}
	table, err := csv.NewReader(z).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var rows []*columns.Row
	for _, record := range table[1:] {
		r := l.NewRow()
		for j, cell := range record {
			i, ok := l.Index("/" + table[0][j])
			if !ok {
				tb.Fatalf("%s: column %s is not in the layout", name, table[0][j])
			}
			setCell(tb, r, i, l.Columns[i].Kind, cell)
		}
		rows = append(rows, r)
	}
	return rows
}

func setCell(tb testing.TB, r *columns.Row, i int, k contract.Kind, cell string) {
	tb.Helper()
	var err error
	switch {
	case cell == "":
		r.SetNull(i)
	case k == contract.Integer:
		var v int64
		v, err = strconv.ParseInt(cell, 10, 64)
		r.SetInt(i, v)
	case k == contract.Number:
		var v float64
		v, err = strconv.ParseFloat(cell, 64)
		r.SetFloat(i, v)
	case k == contract.Timestamp:
		var t time.Time
		t, err = time.Parse(time.RFC3339, cell)
		r.SetInt(i, t.UnixMilli())
	default:
		r.SetText(i, cell)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func batchOf(l *columns.Layout, rows []*columns.Row) columns.Columns {
	b := l.NewBatch()
	for _, r := range rows {
		b.Append(r)
	}
	return b.Finish()
}

func profileOf(k Key, g *Grid, l *columns.Layout, rows []*columns.Row) *Profile {
	c := batchOf(l, rows)
	defer c.Record.Release()
	return FromBatch(k, g, c)
}

func baselineOf(tb testing.TB, c *contract.Contract, l *columns.Layout, rows []*columns.Row) *Baseline {
	tb.Helper()
	builder := NewBaselineBuilder(c, l)
	for len(rows) > 0 {
		n := min(1000, len(rows))
		batch := batchOf(l, rows[:n])
		if err := builder.Add(batch); err != nil {
			tb.Fatal(err)
		}
		batch.Record.Release()
		rows = rows[n:]
	}
	b, err := builder.Build("2013-01")
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// reference is testdata/reference.json, written by reference.py.
type reference struct {
	Quantiles        []float64
	Baseline, Window map[string]struct {
		N, Nulls, Distinct       uint64
		Top                      [][2]any
		Min, Max, Mean, Variance *float64
		Quantiles                []float64
	}
	Compare map[string]struct {
		KS              float64
		Edges           []float64
		Cuts            int
		BaselineDeciles []uint64 `json:"baseline_deciles"`
		WindowDeciles   []uint64 `json:"window_deciles"`
		Categories      int
		Unseen          uint64
		UnseenValues    []string `json:"unseen_values"`
	}
}

func readReference(tb testing.TB) reference {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "reference.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(data, &r); err != nil {
		tb.Fatal(err)
	}
	return r
}
