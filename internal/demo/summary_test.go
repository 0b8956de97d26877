package demo

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/contract"
	"weir/internal/drift"
)

var update = flag.Bool("update", false, "write the golden files anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := writeFile(file, got); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// sampleAudit is an account with one of everything: a fault found and one missed, incidents injected and not.
func sampleAudit() *Audit {
	zz := &Fault{ID: "carrier_zz", Label: `carrier "ZZ"`, Records: []int{1, 2, 3}, Rules: []string{"known-carrier", "known-carrier", "known-carrier"}}
	broken := &Fault{ID: "malformed_json", Label: "malformed JSON", Records: []int{4, 5}, Rules: []string{"json-truncated", "json-malformed"}}
	unit := &Fault{ID: "distance_unit", Label: "distance × 1.609", Days: []string{"2013-08-06", "2013-08-07", "2013-08-08"}, Rule: "distance-drift", Column: "distance"}
	stuck := &Fault{ID: "minute_stuck", Label: "minute stuck", Days: []string{"2013-04-02", "2013-04-03", "2013-04-04"}, Rule: "minute-drift", Column: "minute"}
	finding := func(column, rule, day, statistic string, value, threshold float64) drift.IncidentFinding {
		return drift.IncidentFinding{Column: "/" + column, Rule: rule, WindowStart: day + "T00:00:00-05:00", Statistic: statistic,
			Value: value, Threshold: threshold, N: 930, Severity: contract.Error}
	}
	return &Audit{
		In: 309_772, Valid: 309_768, Dead: 4, DeadBy: map[string]int{"known-carrier": 3, "json-truncated": 1}, Windows: 334,
		Faults: []Found{
			{Fault: broken, Found: 1, Missed: []string{"flights.raw/0/7 was forwarded, expected json-malformed"}},
			{Fault: zz, Found: 3}, {Fault: unit, Found: 3}, {Fault: stuck, Found: 2, Missed: []string{"2013-04-03 without an alarm of minute-drift"}},
		},
		Incidents: []Incident{
			{Incident: drift.Incident{ID: "flights/2013-02-08", Contract: "flights", Opened: "2013-02-08T00:00:00-05:00", Cleared: "2013-02-13T00:00:00-05:00",
				Findings: []drift.IncidentFinding{finding("dep_time", "cancelled-share", "2013-02-08", "null_share", 0.5075, 0.2)}},
				Lines: []Line{{First: "2013-02-08", Last: "2013-02-09", Severity: contract.Error, Rule: "cancelled-share", Text: "dep_time null 50.8 % then 57.5 %, limit 20 %"}}},
			{Incident: drift.Incident{ID: "flights/2013-08-06", Contract: "flights", Opened: "2013-08-06T00:00:00-04:00",
				Findings: []drift.IncidentFinding{finding("distance", "distance-drift", "2013-08-06", "ks", 0.38, 0.15)}}, Injected: true,
				Lines: []Line{{First: "2013-08-06", Last: "2013-08-06", Severity: contract.Warning, Rule: "distance-drift", Text: "distance: median 872 → 1,348", Fault: "distance × 1.609"}}},
		},
		Problems: []string{"1 records without an injected fault were rejected: flights.raw/0/0"},
	}
}

func TestSummaryTellsWhatWasFoundAndWhatWasMissed(t *testing.T) {
	var b bytes.Buffer
	if err := sampleAudit().Text(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "summary.txt", b.Bytes())
}

func TestJSONIsOneObjectWithThePromisedKeys(t *testing.T) {
	var b bytes.Buffer
	if err := sampleAudit().JSON(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "summary.json", b.Bytes())
	if strings.Count(b.String(), "\n") != 1 || !json.Valid(b.Bytes()) {
		t.Errorf("got %q, want one line of JSON", b.String())
	}
}

func TestAMissedFaultOrAProblemFailsTheAudit(t *testing.T) {
	a := sampleAudit()
	if a.OK() {
		t.Error("an audit with a missed fault and a problem passed")
	}
	a.Problems = nil
	if a.OK() {
		t.Error("an audit with a missed fault passed")
	}
	a.Faults = a.Faults[1:3]
	if !a.OK() {
		t.Error("an audit without problems whose faults were all found failed")
	}
}

// explained is the text of one rule with the given values in successive windows.
func explained(t drift.Test, c drift.Column, values ...float64) string {
	byStart := map[string]*drift.Report{}
	var findings []drift.IncidentFinding
	for i, v := range values {
		start := string(rune('a' + i))
		byStart[start] = &drift.Report{Tests: []drift.Test{t}, Columns: []drift.Column{c}}
		findings = append(findings, drift.IncidentFinding{Column: t.Column, Rule: t.Rule, WindowStart: start, Statistic: t.Statistic, Value: v, Threshold: t.Threshold})
	}
	return explain(findings, byStart)
}

func TestFindingsAreExplainedFromTheirFigures(t *testing.T) {
	p := func(v float64) *float64 { return &v }
	median := func(v float64) []drift.Quantile { return []drift.Quantile{{P: 0.25}, {P: 0.5, Lo: v, Hi: v}} }
	distance := drift.Column{Path: "/distance", Min: p(80), Max: p(4983), Quantiles: median(1403), Baseline: &drift.BaselineColumn{Quantiles: median(872)}}
	for _, c := range []struct{ got, want string }{
		{explained(drift.Test{Metric: contract.NullValues, Column: "/dep_time", Threshold: 0.2}, drift.Column{}, 0.50753, 0.57456),
			"dep_time null 50.8 % then 57.5 %, limit 20 %"},
		{explained(drift.Test{Metric: contract.NullDrift, Column: "/dep_time", BaselineValue: p(0.0193)}, drift.Column{}, 0.1, 0.3, 0.2, 0.4),
			"dep_time null 10 % to 40 %, January 1.9 %"},
		{explained(drift.Test{Metric: contract.RowCount, Threshold: 600}, drift.Column{}, 88), "88 flights, limit 600"},
		{explained(drift.Test{Metric: contract.Drift, Column: "/distance", Statistic: "ks", Threshold: 0.15}, distance, 0.384, 0.386, 0.4),
			"distance: median 872 → 1,403 (ks 0.38 then 0.39 then 0.4, limit 0.15)"},
		{explained(drift.Test{Metric: contract.Drift, Column: "/minute", Statistic: "ks", Threshold: 0.15}, drift.Column{Path: "/minute", Min: p(59), Max: p(59)}, 0.9585),
			"minute: every value is 59 (ks 0.96, limit 0.15)"},
		{explained(drift.Test{Metric: contract.Drift, Column: "/carrier", Statistic: "unseen", Threshold: 0.02}, drift.Column{}, 0.05),
			"carrier: 5 % in values January did not have"},
		{explained(drift.Test{Metric: contract.Drift, Column: "/carrier", Statistic: "psi", Threshold: 0.1,
			Cells: []drift.Cell{{Category: "AA", Window: 1, Baseline: 50}, {Category: "UA", Window: 9, Baseline: 50}}}, drift.Column{Path: "/carrier"}, 0.3),
			"carrier: AA 50 % → 10 % (psi 0.3, limit 0.1)"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestEnvelopesKeepEveryByte(t *testing.T) {
	in := inject(t, 42)
	broken := 0
	for i, f := range in.Stream {
		e := newEnvelope(&kgo.Record{Key: []byte(f.Key), Value: f.Value})
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var back envelope
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		got := []byte(*back.Payload)
		if back.PayloadBase64 != nil {
			broken++
			got = back.PayloadBase64
		}
		if !bytes.Equal(got, f.Value) {
			t.Fatalf("flight %d: got %q, want %q", i, got, f.Value)
		}
	}
	if broken == 0 {
		t.Error("no record of the demo is invalid UTF-8, so the test shows nothing")
	}
}
