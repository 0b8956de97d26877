package drift

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/contract"
	"weir/internal/profile"
)

// TestFindingsFollowTheScripts plays testdata/findings/*.txt. A line is a window: its date, then a word per rule,
// then after "|" the events it must cause. Words: "null=0.5!" alarms with that value, "null=0.1" is ok, "null?" is
// not compared; a rule left out is gone from the contract. "drift.ks=0.3!" names a statistic.
func TestFindingsFollowTheScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/findings/*.txt")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var f Findings
		var reports []*Report
		for i, line := range strings.Split(string(text), "\n") {
			line, _, _ = strings.Cut(line, "#")
			if strings.TrimSpace(line) == "" {
				continue
			}
			words, want, _ := strings.Cut(line, "|")
			r := scripted(t, strings.Fields(words))
			reports = append(reports, r)
			var got []string
			f = throughJSON(t, f)
			for _, e := range f.Step(r, flights(), "test") {
				got = append(got, fmt.Sprintf("%s:%s@%s", e.Data.State, e.Data.Rule, strings.TrimPrefix(e.Data.Incident, "flights/")))
			}
			if !slices.Equal(got, strings.Fields(want)) {
				t.Errorf("%s:%d: got %q, want %q", path, i+1, got, strings.Fields(want))
			}
		}
		incidentsAgree(t, path, reports, f)
	}
}

// throughJSON is what the state topic does to the findings.
func throughJSON(t *testing.T, f Findings) (back Findings) {
	t.Helper()
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &back); err != nil {
		t.Fatal(err)
	}
	return back
}

// incidentsAgree checks that Incidents tells the same story as Step did.
func incidentsAgree(t *testing.T, path string, reports []*Report, f Findings) {
	t.Helper()
	slices.Reverse(reports)
	open, alarms := "", 0
	for _, x := range Incidents(reports) {
		if x.Cleared == "" {
			open = x.ID
		}
		alarms += len(x.Findings)
		if x.Findings[0].WindowStart != x.Opened || !strings.HasPrefix(x.Opened, strings.TrimPrefix(x.ID, "flights/")) {
			t.Errorf("%s: incident %s opened %s, its first finding %s", path, x.ID, x.Opened, x.Findings[0].WindowStart)
		}
	}
	if open != f.Incident {
		t.Errorf("%s: open incident: got %q, want %q", path, open, f.Incident)
	}
	want := 0
	for _, r := range reports {
		for _, g := range groups(r.Tests) {
			if g.has(Alarm) {
				want++
			}
		}
	}
	if alarms != want {
		t.Errorf("%s: got %d findings in incidents, want %d", path, alarms, want)
	}
}

func scripted(t *testing.T, words []string) *Report {
	t.Helper()
	day, err := time.ParseInLocation(time.DateOnly, words[0], flights().Window.Zone)
	if err != nil {
		t.Fatal(err)
	}
	r := &Report{Format: reportFormat, Contract: "flights", Version: "1.0.0", Versions: []Version{{"1.0.0", "sha256:5f0c", 900}},
		Window: windowOf(flights().Window.Of(day.UnixMilli()), flights().Window), Baseline: &Baseline{ID: "2013-01"}}
	for _, w := range words[1:] {
		x := Test{Metric: contract.NullValues, Column: "/dep_time", Statistic: statNullShare, Severity: contract.Error,
			Operator: contract.MustBeLessThan, Threshold: 0.2, N: 900, Outcome: OK}
		name, value, measured := strings.Cut(strings.TrimSuffix(w, "!"), "=")
		if x.Rule, _, _ = strings.Cut(strings.TrimSuffix(name, "?"), "."); strings.Contains(name, ".") {
			_, x.Statistic, _ = strings.Cut(name, ".")
			x.Metric, x.Operator = contract.Drift, contract.MustBeLessOrEqualTo
		}
		if x.Rule == "rows" {
			x.Metric, x.Statistic, x.Column = contract.RowCount, statRecords, ""
			x.Operator, x.Threshold, x.Bounds = contract.MustBeBetween, 0.2, []float64{0.2, 1}
		}
		if x.Outcome = OK; strings.HasSuffix(w, "!") {
			x.Outcome = Alarm
		}
		var v float64
		if measured {
			if _, err := fmt.Sscan(value, &v); err != nil {
				t.Fatalf("%s: %v", w, err)
			}
			x.Value = &v
		} else {
			x.Outcome, x.Because = NotCompared, "scripted"
		}
		r.Tests = append(r.Tests, x)
	}
	slices.SortStableFunc(r.Tests, func(a, b Test) int { return strings.Compare(a.Rule+a.Statistic, b.Rule+b.Statistic) })
	return r
}

// story is a usual day, a storm with a unit change for two days, three usual days, and half a day of unknown carriers.
func story(t *testing.T) (reports []*Report, events []Event) {
	t.Helper()
	c := flights(allRules()...)
	b := january(t, c)
	var f Findings
	for d := range 7 {
		fs := draw(uint64(200+d), 915)
		if d == 6 {
			fs = fs[:400]
		}
		for i := range fs {
			switch {
			case d == 6 && i%2 == 0:
				fs[i].Carrier = "ZZ"
			case d == 1 || d == 2:
				if fs[i].Distance = fs[i].Distance * 1609 / 1000; i%2 == 0 {
					fs[i].DepTime = nil
				}
			}
		}
		w := c.Window.Of(start + int64(d)*day)
		r := Compare(Closed{Contract: c, Window: w, Baseline: b, Profiles: []*profile.Profile{profileOf(c, b, w, fs)}})
		reports = append(reports, r)
		events = append(events, f.Step(r, c, "staging")...)
	}
	return reports, events
}

// The story is also what the tests of weir explain read.
func TestReportAndEventFormatsAreStable(t *testing.T) {
	var saved [2][][]byte
	reports, events := story(t)
	for _, r := range reports {
		saved[0] = append(saved[0], r.Encode())
		back, err := DecodeReport(r.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(back.Encode(), r.Encode()) {
			t.Errorf("decoded and encoded again: got\n%s\nwant\n%s", back.Encode(), r.Encode())
		}
	}
	for _, e := range events {
		saved[1] = append(saved[1], e.Encode())
		back, err := DecodeEvent(e.Encode())
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(back.Encode(), e.Encode()) {
			t.Errorf("decoded and encoded again: got\n%s\nwant\n%s", back.Encode(), e.Encode())
		}
	}
	golden(t, "story/reports.ndjson", bytes.Join(saved[0], []byte("\n")))
	golden(t, "story/events.ndjson", bytes.Join(saved[1], []byte("\n")))
}

func TestStormAndUnitChangeAreOneIncidentThatPagesOnce(t *testing.T) {
	var got []string
	pages := 0
	_, events := story(t)
	for _, e := range events[:6] {
		got = append(got, string(e.Data.State)+" "+e.Data.Rule)
		if e.Data.Incident != "flights/2013-02-09" {
			t.Errorf("%s: got incident %s, want flights/2013-02-09", e.Data.Rule, e.Data.Incident)
		}
		if e.Data.Page {
			pages++
		}
	}
	want := []string{"opened cancelled-share", "opened dep-nulls", "opened distance-drift",
		"cleared cancelled-share", "cleared dep-nulls", "cleared distance-drift"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if pages != 2 {
		t.Errorf("got %d events with page, want the 2 errors", pages)
	}
}

func TestEventsOfAMaskedColumnShowNoValues(t *testing.T) {
	c := flights(allRules()...)
	c.Fields[1].Public, c.Fields[3].Public = false, false
	b := january(t, c)
	fs := draw(99, 930)
	for i := range fs {
		fs[i].Distance, fs[i].Carrier = 4321, "SECRET"
	}
	var f Findings
	for _, e := range f.Step(Compare(closed(t, c, b, fs)), c, "test") {
		if s := string(e.Encode()); strings.Contains(s, "4321") || strings.Contains(s, "4,321") || strings.Contains(s, "SECRET") {
			t.Errorf("%s shows a value: %s", e.Data.Rule, s)
		}
	}
	if len(f.Open) != 2 {
		t.Errorf("got %d findings, want the 2 drifts", len(f.Open))
	}
}

func TestDecodeEventRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, in := range []string{`{"type":"io.weir.route.stopped.v1"}`, `{"type":"io.weir.finding.opened.v1","mood":1}`, `x`} {
		if _, err := DecodeEvent([]byte(in)); err == nil {
			t.Errorf("%s: got no error", in)
		}
	}
}

func TestSubDayIncidentsAreNamedWithTimeAndOffset(t *testing.T) {
	r := &Report{Contract: "flights", Window: Window{Start: "2013-11-03T01:00:00-05:00", Size: "1h"}}
	if got, want := incidentID(r), "flights/2013-11-03T01:00-05:00"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestIncidentsOfSeveralContractsStayApart(t *testing.T) {
	var reports []*Report
	for _, day := range []string{"2013-02-09", "2013-02-08"} { // in any order
		for _, name := range []string{"orders", "flights"} {
			r := scripted(t, []string{day, "null=0.5!"})
			r.Contract = name
			reports = append(reports, r)
		}
	}
	var got []string
	for _, x := range Incidents(reports) {
		got = append(got, fmt.Sprintf("%s %d %q", x.ID, len(x.Findings), x.Cleared))
	}
	if want := []string{`flights/2013-02-08 2 ""`, `orders/2013-02-08 2 ""`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
