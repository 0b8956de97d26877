package demo

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"
	"testing"
)

// flightsOnce reads the data once for all tests of the package; tests must not change what it returns.
var flightsOnce = sync.OnceValues(func() ([2][]Flight, error) {
	january, stream, err := Flights()
	return [2][]Flight{january, stream}, err
})

func flights(t testing.TB) (january, stream []Flight) {
	t.Helper()
	both, err := flightsOnce()
	if err != nil {
		t.Fatal(err)
	}
	return both[0], both[1]
}

func inject(t testing.TB, seed uint64) *Injection {
	t.Helper()
	_, stream := flights(t)
	in, err := Inject(stream, seed)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func TestFlightsAreAllThereInEventTimeOrder(t *testing.T) {
	january, stream := flights(t)
	if len(january) != 27_004 || len(stream) != 309_772 {
		t.Errorf("got %d flights of January and %d after it, want 27,004 and 309,772", len(january), len(stream))
	}
	if !slices.IsSortedFunc(slices.Concat(january, stream), func(a, b Flight) int { return a.Time.Compare(b.Time) }) {
		t.Error("the flights are not in event-time order")
	}
	if first, last := stream[0].Day, stream[len(stream)-1].Day; first != "2013-02-01" || last != "2013-12-31" {
		t.Errorf("the stream is of %s to %s, want 2013-02-01 to 2013-12-31", first, last)
	}
}

func TestFlightsCarryEveryColumnNullsIncluded(t *testing.T) {
	_, stream := flights(t)
	// Counted with pandas over the flights of February to December.
	want := map[string]int{"dep_time": 7734, "arr_time": 8177, "air_time": 8824, "tailnum": 2357}
	got := map[string]int{}
	for i, f := range stream {
		var v map[string]any
		if err := json.Unmarshal(f.Value, &v); err != nil {
			t.Fatalf("flight %d: %v", i, err)
		}
		if len(v) != 19 {
			t.Fatalf("flight %d has %d columns: %s", i, len(v), f.Value)
		}
		for name := range want {
			if v[name] == nil {
				got[name]++
			}
		}
	}
	for name, n := range want {
		if got[name] != n {
			t.Errorf("got %d nulls of %s, want %d", got[name], name, n)
		}
	}
}

func TestInjectionFollowsFromTheSeed(t *testing.T) {
	a, b, other := inject(t, 42), inject(t, 42), inject(t, 43)
	same := func(x, y *Injection) bool {
		return slices.EqualFunc(x.Stream, y.Stream, func(p, q Flight) bool { return bytes.Equal(p.Value, q.Value) })
	}
	if !same(a, b) {
		t.Error("seed 42 gave two different streams")
	}
	if same(a, other) {
		t.Error("seeds 42 and 43 gave the same stream")
	}
}

func TestInjectedFaultsAreWhereTheGroundTruthSaysAndNowhereElse(t *testing.T) {
	_, stream := flights(t)
	for _, seed := range []uint64{0, 1, 42, 1 << 60} {
		in := inject(t, seed)
		faultyDays, faulty := map[string]int{}, map[int]int{}
		total := 0
		for _, f := range in.Faults {
			for _, d := range f.Days {
				faultyDays[d]++
			}
			for _, i := range f.Records {
				faulty[i]++
			}
			total += len(f.Records)
			if f.PerWindow() && len(f.Days) != 3 || !f.PerWindow() && len(f.Rules) != len(f.Records) {
				t.Errorf("seed %d: fault %+v is not complete", seed, f)
			}
		}
		if total != 806 || len(faulty) != total || len(faultyDays) != 6 {
			t.Errorf("seed %d: got %d faults on %d records and %d days, want 806 on 806 and 6", seed, total, len(faulty), len(faultyDays))
		}
		for i := range stream {
			day := stream[i].Day
			changed := !bytes.Equal(stream[i].Value, in.Stream[i].Value)
			if changed && faulty[i] == 0 && faultyDays[day] == 0 {
				t.Fatalf("seed %d: flight %d of %s was changed without a fault", seed, i, day)
			}
			if faulty[i] > 0 && (!changed || faultyDays[day] > 0) {
				t.Fatalf("seed %d: flight %d of %s: changed %t, on a day of a window fault %t", seed, i, day, changed, faultyDays[day] > 0)
			}
		}
		for _, day := range []string{"2013-02-08", "2013-02-09", "2013-05-23", "2013-11-28", "2013-12-10"} {
			if faultyDays[day] > 0 {
				t.Errorf("seed %d: a window fault was put on %s, which is unusual of itself", seed, day)
			}
		}
	}
}

func TestWindowFaultsChangeWhatTheySay(t *testing.T) {
	_, stream := flights(t)
	in := inject(t, 42)
	minutes := map[string]int{}
	for i, f := range in.Stream {
		for _, fault := range in.Faults {
			if !slices.Contains(fault.Days, f.Day) {
				continue
			}
			var was, is struct{ Distance, Minute int }
			if json.Unmarshal(stream[i].Value, &was) != nil || json.Unmarshal(f.Value, &is) != nil {
				t.Fatalf("flight %d is no JSON", i)
			}
			switch fault.ID {
			case "distance_unit":
				if d := float64(was.Distance)*1.609 - float64(is.Distance); d > 0.5 || d < -0.5 || is.Minute != was.Minute {
					t.Fatalf("flight %d: distance %d became %d", i, was.Distance, is.Distance)
				}
			case "minute_stuck":
				minutes[string(get(f.Value, "minute"))]++
			}
		}
	}
	if len(minutes) != 1 {
		t.Errorf("got minutes %v on the stuck days, want one", minutes)
	}
}

func TestMemberEditsKeepTheRestOfTheObject(t *testing.T) {
	for _, c := range []struct{ in, name, removed, replaced string }{
		{`{"a":1,"b":"x","c":null}`, "a", `{"b":"x","c":null}`, `{"a":0,"b":"x","c":null}`},
		{`{"a":1,"b":"x","c":null}`, "b", `{"a":1,"c":null}`, `{"a":1,"b":0,"c":null}`},
		{`{"a":1,"b":"x","c":null}`, "c", `{"a":1,"b":"x"}`, `{"a":1,"b":"x","c":0}`},
		{`{ "a" : {"b":2} , "b" : 3 }`, "b", `{ "a" : {"b":2} }`, `{ "a" : {"b":2} , "b" : 0 }`},
		{`{"a":1}`, "a", `{}`, `{"a":0}`},
	} {
		if got := string(without([]byte(c.in), c.name)); got != c.removed {
			t.Errorf("without %s of %s: got %s, want %s", c.name, c.in, got, c.removed)
		}
		if got := string(set([]byte(c.in), c.name, "0")); got != c.replaced {
			t.Errorf("set %s of %s: got %s, want %s", c.name, c.in, got, c.replaced)
		}
	}
}
