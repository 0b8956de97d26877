package contract

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

const flightsFile = "../../contracts/flights/1.0.0.odcs.yaml"

// example is one line of contracts/<name>/examples/{valid,invalid}.ndjson.
type example struct {
	Why    string          `json:"why"`
	Rules  []string        `json:"rules"` // that the record breaks, sorted
	Record json.RawMessage `json:"record"`
}

func examples(t *testing.T, path string) (list []example) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		var e example
		if err := json.Unmarshal(s.Bytes(), &e); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		list = append(list, e)
	}
	return list
}

func TestFlightsExamplesPassAndFailAsTheySay(t *testing.T) {
	c, err := Load(flightsFile)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"valid", "invalid"} {
		list := examples(t, "../../contracts/flights/examples/"+name+".ndjson")
		if len(list) < 10 {
			t.Errorf("%s: got %d examples, want at least 10", name, len(list))
		}
		for _, e := range list {
			if got := broken(t, c, true, string(e.Record)); !slices.Equal(got, e.Rules) && len(got)+len(e.Rules) > 0 {
				t.Errorf("%s (%s): got %v, want %v", name, e.Why, got, e.Rules)
			}
		}
	}
}

func TestFlightsContractSaysWhatTheDemoRelyOn(t *testing.T) {
	set, err := LoadDir("../../contracts")
	if err != nil || len(set.Problems) > 0 {
		t.Fatal(err, set.Problems)
	}
	c, ok := set.Get(ID{"flights", "1.0.0"})
	if !ok {
		t.Fatal("flights@1.0.0 is not in contracts/")
	}
	if len(c.Fields) != 19 || c.EventTime != "/time_hour" || c.Window.Size.String() != "1d" || c.Window.Zone.String() != "America/New_York" {
		t.Errorf("got %d fields, event time %s, window %v", len(c.Fields), c.EventTime, c.Window)
	}
	for _, f := range c.Fields {
		nullable := slices.Contains([]string{"dep_time", "dep_delay", "arr_time", "arr_delay", "tailnum", "air_time"}, f.Name)
		if f.Required == nullable || !f.Public {
			t.Errorf("%s: got required %v, public %v", f.Name, f.Required, f.Public)
		}
	}
	var window []string
	for _, r := range c.Rules {
		switch r.Scope {
		case PerWindow:
			window = append(window, r.ID+" "+string(r.Severity))
		case NotEnforced:
			t.Errorf("%s is not enforced: %s", r.ID, r.Why)
		}
	}
	want := "cancelled-share error, sched_dep_time-drift warning, carrier-drift warning, origin-drift warning, distance-drift error, minute-drift error, volume warning"
	if got := strings.Join(window, ", "); got != want {
		t.Errorf("window rules:\n got %s\nwant %s", got, want)
	}
	if len(c.Notices) > 0 {
		t.Errorf("notices: got %v, want none", c.Notices)
	}
}
