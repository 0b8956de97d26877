package drift

import (
	"flag"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/profile"
	"weir/internal/window"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

// golden compares bytes with a file under testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name
	if *rewrite {
		if err := os.WriteFile(path, append(got, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got)+"\n" != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

// flight is one record of the test contract. Zero pointers are null.
type flight struct {
	Carrier  string
	DepTime  *int64
	Distance int64
	Delayed  bool
}

const day = 24 * 3600 * 1000

// start is the New York midnight of 8 February 2013.
var start = time.Date(2013, 2, 8, 5, 0, 0, 0, time.UTC).UnixMilli()

func flights(rules ...contract.Rule) *contract.Contract {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		panic(err)
	}
	return &contract.Contract{
		ID:        contract.ID{Name: "flights", Version: "1.0.0"},
		Digest:    "sha256:5f0c",
		File:      "contracts/flights/1.0.0.odcs.yaml",
		Owner:     contract.Owner{Team: "flight-ml", Channel: "#flight-ml", Runbook: "https://wiki.example.com/runbooks/flights"},
		EventTime: "/time_hour",
		Window:    window.Spec{Size: window.Size{N: 1, Unit: 'd'}, Zone: zone},
		Fields: []contract.Field{
			{Name: "time_hour", Path: "/time_hour", Kind: contract.Timestamp, Required: true},
			{Name: "carrier", Path: "/carrier", Kind: contract.String, Public: true},
			{Name: "dep_time", Path: "/dep_time", Kind: contract.Integer, Critical: true},
			{Name: "distance", Path: "/distance", Kind: contract.Integer, Public: true, Unit: "mi"},
			{Name: "delayed", Path: "/delayed", Kind: contract.Boolean},
		},
		Rules: rules,
	}
}

func windowRule(id, path string, s contract.Severity, w contract.WindowRule) contract.Rule {
	return contract.Rule{ID: id, Scope: contract.PerWindow, Severity: s, Path: path, Line: 35, Window: &w}
}

// allRules has one rule of every metric.
func allRules() []contract.Rule {
	return []contract.Rule{
		windowRule("cancelled-share", "/dep_time", contract.Error, contract.WindowRule{
			Metric: contract.NullValues, Operator: contract.MustBeLessThan, Limit: [2]float64{20}, Percent: true}),
		windowRule("dep-nulls", "/dep_time", contract.Warning, contract.WindowRule{Metric: contract.NullDrift}),
		windowRule("rows", "", contract.Warning, contract.WindowRule{
			Metric: contract.RowCount, Operator: contract.MustBeBetween, Limit: [2]float64{600, 1200}}),
		windowRule("volume", "", contract.Error, contract.WindowRule{Metric: contract.Volume}),
		windowRule("distance-drift", "/distance", contract.Error, contract.WindowRule{Metric: contract.Drift}),
		windowRule("carrier-drift", "/carrier", contract.Error, contract.WindowRule{Metric: contract.Drift}),
		windowRule("delayed-drift", "/delayed", contract.Warning, contract.WindowRule{Metric: contract.Drift}),
	}
}

// draw makes n flights of the usual mix: 2 % cancelled, four carriers, distances around 1,000 miles.
func draw(seed uint64, n int) []flight {
	r := rand.New(rand.NewPCG(seed, 1))
	fs := make([]flight, n)
	for i := range fs {
		fs[i] = flight{Carrier: []string{"AA", "B6", "DL", "UA", "UA"}[r.IntN(5)], Distance: int64(200 + 40*r.IntN(40)), Delayed: r.IntN(4) == 0}
		if r.IntN(50) > 0 {
			at := int64(500 + r.IntN(1500))
			fs[i].DepTime = &at
		}
	}
	return fs
}

// batch stages flights at hours of the given window's start.
func batch(l *columns.Layout, at int64, fs []flight) columns.Columns {
	b, row := l.NewBatch(), l.NewRow()
	for i, f := range fs {
		row.Reset()
		set := func(path string, put func(i int)) {
			if i, ok := l.Index(path); ok {
				put(i)
			}
		}
		set("/time_hour", func(c int) { row.SetInt(c, at+int64(i%24)*3600*1000) })
		set("/carrier", func(c int) { row.SetText(c, f.Carrier) })
		set("/distance", func(c int) { row.SetInt(c, f.Distance) })
		set("/delayed", func(c int) {
			row.SetInt(c, 0)
			if f.Delayed {
				row.SetInt(c, 1)
			}
		})
		set("/dep_time", func(c int) {
			if f.DepTime == nil {
				row.SetNull(c)
			} else {
				row.SetInt(c, *f.DepTime)
			}
		})
		b.Append(row)
	}
	return b.Finish()
}

// january is a baseline of 20 days of 900 to 919 flights.
func january(t testing.TB, c *contract.Contract) *profile.Baseline {
	t.Helper()
	l := columns.NewLayout(c)
	b := profile.NewBaselineBuilder(c, l)
	for d := range 20 {
		batch := batch(l, start-int64(38-d)*day, draw(uint64(d), 900+d))
		if err := b.Add(batch); err != nil {
			t.Fatal(err)
		}
		batch.Record.Release()
	}
	base, err := b.Build("2013-01")
	if err != nil {
		t.Fatal(err)
	}
	return base
}

// profileOf counts flights of one window of one contract version.
func profileOf(c *contract.Contract, b *profile.Baseline, w window.Window, fs []flight) *profile.Profile {
	l := columns.NewLayout(c)
	g := profile.DefaultGrid(l)
	if b != nil {
		g = b.Grid(l)
	}
	batch := batch(l, w.Start, fs)
	defer batch.Record.Release()
	return profile.FromBatch(profile.Key{Contract: c.ID, Digest: c.Digest, Grid: g.Digest(), Window: w}, g, batch)
}

// closed is the window of 8 February with the given flights.
func closed(t *testing.T, c *contract.Contract, b *profile.Baseline, fs []flight) Closed {
	t.Helper()
	w := c.Window.Of(start)
	return Closed{Contract: c, Window: w, Baseline: b, Profiles: []*profile.Profile{profileOf(c, b, w, fs)}}
}

func row(t *testing.T, r *Report, rule, statistic string) Test {
	t.Helper()
	for _, x := range r.Tests {
		if x.Rule == rule && x.Statistic == statistic {
			return x
		}
	}
	t.Fatalf("report has no test %s %s", rule, statistic)
	return Test{}
}
