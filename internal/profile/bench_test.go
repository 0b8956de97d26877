package profile

import (
	"math"
	"testing"

	"weir/internal/columns"
)

// BenchmarkFromBatch counts the flights of ten January days: ten columns, one of them floating-point, two categorical
// texts, one text of thousands of values. ns/value is per record and column.
func BenchmarkFromBatch(b *testing.B) {
	c := flightsContract()
	l := columns.NewLayout(c)
	rows := flightRows(b, l, "baseline")
	baseline := baselineOf(b, c, l, rows)
	for _, grid := range []struct {
		name string
		g    *Grid
	}{{"baseline", baseline.Grid(l)}, {"default", DefaultGrid(l)}} {
		for _, size := range []struct {
			name string
			n    int
		}{{"20", 20}, {"1000", 1000}, {"8832", 8832}} {
			b.Run("grid="+grid.name+"/rows="+size.name, func(b *testing.B) {
				batch := batchOf(l, rows[:size.n])
				defer batch.Record.Release()
				b.ReportAllocs()
				for b.Loop() {
					FromBatch(Key{}, grid.g, batch)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size.n*len(l.Columns)), "ns/value")
			})
		}
	}
}

// BenchmarkEncodeDecodeMerge is what the monitor does with one profile of 930 flights.
func BenchmarkEncodeDecodeMerge(b *testing.B) {
	c := flightsContract()
	l := columns.NewLayout(c)
	g := baselineOf(b, c, l, flightRows(b, l, "baseline")).Grid(l)
	p := profileOf(Key{}, g, l, flightRows(b, l, "window"))
	chunk := p.Encode(math.MaxInt)[0]
	b.SetBytes(int64(len(chunk)))
	b.ReportAllocs()
	for b.Loop() {
		q, err := Decode(p.Encode(math.MaxInt)[0])
		if err != nil {
			b.Fatal(err)
		}
		if err := q.Merge(p); err != nil {
			b.Fatal(err)
		}
	}
}
