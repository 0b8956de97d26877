package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"weir/internal/demo"
	"weir/internal/kafkatest"
)

// TestDemoIsTheSameOnKafka runs the whole year three times: with one session and with three on kfake, and with three gate
// processes on a real Kafka. Verdicts are equal and reports and events equal to the byte.
func TestDemoIsTheSameOnKafka(t *testing.T) {
	c := kafkatest.Real(t)
	t.Setenv(asWeir, "1") // the gate processes are this binary
	one, report := demoRun(t)
	if report.In != 309_772 || report.In != report.Valid+report.Dead || len(report.Incidents) > 12 {
		t.Errorf("got %d in, %d valid, %d dead, %d incidents", report.In, report.Valid, report.Dead, len(report.Incidents))
	}
	for _, f := range report.Injected {
		if f.Count == 0 || f.Found != f.Count {
			t.Errorf("%s: %d injected, %d found", f.Fault, f.Count, f.Found)
		}
	}
	var days []string
	for _, i := range report.Incidents {
		for _, f := range i.Findings {
			if f.Rule == "cancelled-share" {
				days = append(days, f.WindowStart[:len("2013-02-08")])
			}
		}
	}
	if want := []string{"2013-02-08", "2013-02-09", "2013-05-23", "2013-12-10"}; !slices.Equal(days, want) {
		t.Errorf("dep_time null days: got %v, want %v", days, want)
	}
	for name, args := range map[string][]string{
		"3 sessions on kfake":         {"--gates", "3"},
		"3 processes on a real Kafka": {"--gates", "3", "--brokers", c.Brokers[0], "--prefix", ""},
	} {
		folder, again := demoRun(t, args...)
		if again.Valid != report.Valid || again.Dead != report.Dead {
			t.Errorf("%s: %d valid and %d dead, want %d and %d", name, again.Valid, again.Dead, report.Valid, report.Dead)
		}
		for _, file := range []string{demo.ReportsFile, demo.EventsFile} {
			if !bytes.Equal(contents(t, folder, file), contents(t, one, file)) {
				t.Errorf("%s: %s differs from that of one session on kfake", name, file)
			}
		}
	}
}

// demoReport is the JSON object that ends `weir demo --output json`.
type demoReport struct {
	In       int `json:"records_in"`
	Valid    int `json:"records_valid"`
	Dead     int `json:"records_dead"`
	Injected []struct {
		Fault        string
		Count, Found int
	}
	Incidents []struct {
		Findings []struct {
			Rule        string
			WindowStart string `json:"window_start"`
		}
	}
}

func demoRun(t *testing.T, args ...string) (folder string, r demoReport) {
	t.Helper()
	folder = t.TempDir()
	var out, errs bytes.Buffer
	code := run(t.Context(), append([]string{"demo", "--output", "json", "--save", folder}, args...), nil, &out, &errs)
	if err := json.Unmarshal(out.Bytes(), &r); code != exitDone || err != nil {
		t.Fatalf("demo %v: exit %d, %v\n%s%s", args, code, err, errs.String(), out.String())
	}
	return folder, r
}

func contents(t *testing.T, folder, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, file))
	if err != nil || len(text) == 0 {
		t.Fatalf("%s: %d bytes, %v", file, len(text), err)
	}
	return text
}
