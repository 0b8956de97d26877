package drift

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"weir/internal/contract"
	"weir/internal/profile"
)

func TestUsualDayRaisesNoAlarm(t *testing.T) {
	c := flights(allRules()...)
	r := Compare(closed(t, c, january(t, c), draw(99, 930)))
	for _, x := range r.Tests {
		if x.Outcome != OK {
			t.Errorf("%s %s: got %s (%s), want ok", x.Rule, x.Statistic, x.Outcome, x.Because)
		}
	}
	if got, want := len(r.Tests), 9; got != want {
		t.Errorf("got %d tests, want %d", got, want)
	}
}

func TestEachFaultAlarmsItsOwnRuleOnly(t *testing.T) {
	c := flights(allRules()...)
	b := january(t, c)
	each := func(change func(f *flight)) []flight {
		fs := draw(99, 930)
		for i := range fs {
			change(&fs[i])
		}
		return fs
	}
	n := 0
	for name, x := range map[string]struct {
		flights []flight
		want    []string
	}{
		"unit change": {each(func(f *flight) { f.Distance = f.Distance * 1609 / 1000 }), []string{"distance-drift ks", "distance-drift psi"}},
		"stuck":       {each(func(f *flight) { f.Distance = 1000 }), []string{"distance-drift ks", "distance-drift psi"}},
		"storm": {each(func(f *flight) {
			if n++; n%2 == 0 {
				f.DepTime = nil
			}
		}), []string{"cancelled-share null_share", "dep-nulls null_share"}},
		"new carrier": {each(func(f *flight) {
			if f.Carrier == "DL" {
				f.Carrier = "ZZ"
			}
		}), []string{"carrier-drift psi", "carrier-drift unseen"}},
		"all delayed": {each(func(f *flight) { f.Delayed = true }), []string{"delayed-drift psi"}},
		"half a day":  {draw(99, 400), []string{"rows records", "volume records"}},
		"silence":     {nil, []string{"rows records", "volume records"}},
	} {
		r := Compare(closed(t, c, b, x.flights))
		var got []string
		for _, x := range r.Tests {
			if x.Outcome == Alarm {
				got = append(got, x.Rule+" "+x.Statistic)
			}
		}
		if !slices.Equal(got, x.want) {
			t.Errorf("%s: got alarms %q, want %q", name, got, x.want)
		}
	}
}

func TestNoRecordAtAllIsJudgedForVolumeAndNamedElsewhere(t *testing.T) {
	c := flights(allRules()...)
	r := Compare(Closed{Contract: c, Window: c.Window.Of(start), Baseline: january(t, c)})
	if got := row(t, r, "volume", "records"); got.Outcome != Alarm {
		t.Errorf("volume: got %s, want alarm", got.Outcome)
	}
	for _, x := range []string{"cancelled-share", "dep-nulls"} {
		if got := row(t, r, x, "null_share"); got.Outcome != NotCompared || got.Because != "no records" {
			t.Errorf("%s: got %s because %q, want not_compared because no records", x, got.Outcome, got.Because)
		}
	}
}

func TestNotComparedSaysWhy(t *testing.T) {
	c := flights(allRules()...)
	b := january(t, c)
	w := c.Window.Of(start)
	drifted := draw(99, 930)
	for i := range drifted {
		drifted[i].Distance *= 3
	}
	kilometres := flights(allRules()...)
	kilometres.Fields[3].Unit = "km"
	other := &profile.Baseline{ID: "other", Windows: b.Windows, N: b.N}
	for _, x := range []struct {
		name            string
		in              Closed
		rule, statistic string
		want            string
	}{
		{"no baseline", closed(t, c, nil, drifted), "distance-drift", "ks", "no baseline"},
		{"small window", closed(t, c, b, drifted[:199]), "distance-drift", "ks", "199 values in the window, fewer than the minimum sample of 200"},
		{"other unit", closed(t, kilometres, b, drifted), "distance-drift", "psi", "in the baseline its unit is mi, not km"},
		{"not in it", closed(t, c, other, drifted), "distance-drift", "ks", "column not in the baseline"},
		{"partial rows", Closed{Contract: c, Window: w, Baseline: b, Partial: true}, "rows", "records", "partial window"},
		{"partial volume", Closed{Contract: c, Window: w, Baseline: b, Partial: true}, "volume", "records", "partial window"},
		{"other cells", Closed{Contract: c, Window: w, Baseline: b, Profiles: []*profile.Profile{profileOf(c, nil, w, drifted)}},
			"distance-drift", "ks", "counted on the cells of another baseline"},
	} {
		got := row(t, Compare(x.in), x.rule, x.statistic)
		if got.Outcome != NotCompared || got.Because != x.want {
			t.Errorf("%s: got %s because %q, want not_compared because %q", x.name, got.Outcome, got.Because, x.want)
		}
	}
}

func TestOperatorsJudgeAsOdcsSaysWithInclusiveBounds(t *testing.T) {
	c := flights()
	b := january(t, c)
	fs := draw(99, 1000)
	for i := range fs {
		at := int64(1)
		if fs[i].DepTime = &at; i < 200 {
			fs[i].DepTime = nil
		}
	}
	for _, x := range []struct {
		op      contract.Operator
		limit   [2]float64
		percent bool
		want    Outcome
	}{
		{contract.MustBe, [2]float64{200}, false, OK},
		{contract.MustBe, [2]float64{201}, false, Alarm},
		{contract.MustNotBe, [2]float64{200}, false, Alarm},
		{contract.MustNotBe, [2]float64{0}, false, OK},
		{contract.MustBeGreaterThan, [2]float64{200}, false, Alarm},
		{contract.MustBeGreaterThan, [2]float64{19.9}, true, OK},
		{contract.MustBeGreaterOrEqualTo, [2]float64{20}, true, OK},
		{contract.MustBeGreaterOrEqualTo, [2]float64{20.1}, true, Alarm},
		{contract.MustBeLessThan, [2]float64{20}, true, Alarm},
		{contract.MustBeLessThan, [2]float64{20.1}, true, OK},
		{contract.MustBeLessOrEqualTo, [2]float64{20}, true, OK},
		{contract.MustBeLessOrEqualTo, [2]float64{199}, false, Alarm},
		{contract.MustBeBetween, [2]float64{20, 30}, true, OK},
		{contract.MustBeBetween, [2]float64{21, 30}, true, Alarm},
		{contract.MustNotBeBetween, [2]float64{10, 20}, true, Alarm},
		{contract.MustNotBeBetween, [2]float64{21, 30}, true, OK},
	} {
		c.Rules = []contract.Rule{windowRule("nulls", "/dep_time", contract.Error, contract.WindowRule{
			Metric: contract.NullValues, Operator: x.op, Limit: x.limit, Percent: x.percent})}
		if got := Compare(closed(t, c, b, fs)).Tests[0]; got.Outcome != x.want {
			t.Errorf("%s %v percent %v: got %s for value %v, want %s", x.op, x.limit, x.percent, got.Outcome, *got.Value, x.want)
		}
	}
}

func TestVersionsMergeWhereTheColumnIsTheSameAndTheRestIsNamed(t *testing.T) {
	c := flights(allRules()...)
	b := january(t, c)
	old := flights()
	old.Version, old.Digest = "0.9.0", "sha256:0ld"
	old.Fields[3].Unit = "km" // distance
	w := c.Window.Of(start)
	in := closed(t, c, b, draw(99, 600))
	in.Profiles = append(in.Profiles, profileOf(old, b, w, draw(98, 300)))
	r := Compare(in)

	if got := row(t, r, "rows", "records").N; got != 900 {
		t.Errorf("row count over all versions: got %d, want 900", got)
	}
	if got := row(t, r, "cancelled-share", "null_share").N; got != 900 {
		t.Errorf("dep_time is the same in both versions: got n %d, want 900", got)
	}
	distance := r.column("/distance")
	if got, want := distance.N, uint64(600); got != want {
		t.Errorf("distance: got n %d, want %d", got, want)
	}
	want := NotMerged{"0.9.0", 300, "its unit is km, not mi"}
	if len(distance.NotMerged) != 1 || distance.NotMerged[0] != want {
		t.Errorf("distance: got %+v, want %+v", distance.NotMerged, want)
	}
	if got := len(r.Versions); got != 2 || r.Version != "1.0.0" {
		t.Errorf("got %d versions, judged %s, want 2 and 1.0.0", got, r.Version)
	}
}

func TestReportDoesNotDependOnTheOrderOfProfiles(t *testing.T) {
	c := flights(allRules()...)
	b := january(t, c)
	w := c.Window.Of(start)
	in := closed(t, c, b, draw(99, 500))
	for i, v := range []string{"0.7.0", "0.8.0", "0.9.0"} {
		old := flights()
		old.Version, old.Digest = v, contract.Digest(v)
		old.Fields[3].Unit = []string{"mi", "km", "mi"}[i]
		grid := []*profile.Baseline{b, b, nil}[i]
		p := profileOf(old, grid, w, draw(uint64(50+i), 200+i))
		p.Counts.Dead, p.Counts.DeadBy = uint64(i), map[string]uint64{"known-carrier": uint64(i)}
		p.Counts.Example("known-carrier", profile.Coordinate{Topic: "flights.raw", Offset: int64(i)})
		in.Profiles = append(in.Profiles, p)
	}
	want := Compare(in).Encode()
	r := rand.New(rand.NewPCG(3, 3))
	for range 20 {
		r.Shuffle(len(in.Profiles), func(i, j int) { in.Profiles[i], in.Profiles[j] = in.Profiles[j], in.Profiles[i] })
		if got := Compare(in).Encode(); !bytes.Equal(got, want) {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	}
}

func TestReportFormatIsStable(t *testing.T) {
	c := flights(allRules()...)
	fs := draw(99, 930)
	for i := range fs {
		fs[i].Distance = fs[i].Distance * 1609 / 1000
	}
	in := closed(t, c, january(t, c), fs)
	in.ClosedWithout, in.Gap = []string{"flights.raw/3"}, 2
	in.Profiles[0].Counts.Dead = 1
	in.Profiles[0].Counts.DeadBy = map[string]uint64{"known-carrier": 1}
	in.Profiles[0].Counts.Example("known-carrier", profile.Coordinate{Topic: "flights.raw", Partition: 1, Offset: 7})
	r := Compare(in)
	golden(t, "report.json", r.Encode())

	back, err := DecodeReport(r.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if got := back.Encode(); !bytes.Equal(got, r.Encode()) {
		t.Errorf("decoded and encoded again: got\n%s", got)
	}
	if got, want := r.Key(), "flights/2013-02-08T05:00:00Z"; got != want {
		t.Errorf("key: got %q, want %q", got, want)
	}
}

func TestDecodeReportRefusesOtherFormatsAndUnknownFields(t *testing.T) {
	for _, x := range []struct{ in, want string }{
		{`{"format":2}`, "format 2, this build reads 1"},
		{`{"format":1,"mood":"blue"}`, "unknown field"},
		{`{"format":1}{}`, "after top-level value"},
		{`[]`, "cannot unmarshal"},
		{`{"format":1,"window":{"start":"today"}}`, "is not a time"},
		{`{"format":1,"window":{"start":"2013-02-08T00:00:00-05:00","end":"2013-02-09T00:00:00-05:00"},"tests":[{"rule":"r","outcome":"alarm"}]}`, "lacks its value"},
		{`{"format":1,"window":{"start":"2013-02-08T00:00:00-05:00","end":"2013-02-09T00:00:00-05:00"},"tests":[{"rule":"r","outcome":"odd"}]}`, "outcome"},
		{`{"format":1,"window":{"start":"2013-02-08T00:00:00-05:00","end":"2013-02-09T00:00:00-05:00"},"tests":[{"rule":"r","metric":"drift","value":1,"outcome":"ok"}]}`, "lacks its value"},
	} {
		if _, err := DecodeReport([]byte(x.in)); err == nil || !strings.Contains(err.Error(), x.want) {
			t.Errorf("%s: got %v, want an error with %q", x.in, err, x.want)
		}
	}
}

func TestDescribePutsEveryRuleIntoWords(t *testing.T) {
	c := flights(append(allRules(), windowRule("few-nulls", "/dep_time", contract.Info, contract.WindowRule{
		Metric: contract.NullValues, Operator: contract.MustBeBetween, Limit: [2]float64{0, 100}}))...)
	b := january(t, c)
	fs := draw(99, 400)
	for i := range fs {
		fs[i].Distance, fs[i].Delayed = 1000, true
		if i%2 == 0 {
			fs[i].DepTime, fs[i].Carrier = nil, "ZZ"
		}
	}
	r := Compare(closed(t, c, b, fs))
	for rule, want := range map[string]string{
		"cancelled-share": "dep_time was null in 52.2 % of 400 records; the contract allows less than 20 %, baseline 2013-01 had 2 %",
		"few-nulls":       "dep_time was null in 209 of 400 records; the contract allows 0 to 100",
		"dep-nulls":       "dep_time was null in 52.2 % of 400 records; baseline 2013-01 had 2 %",
		"rows":            "the window had 400 valid records; the contract allows 600 to 1,200",
		"volume":          "the window had 400 valid records; the windows of baseline 2013-01 had 901 to 918",
		"distance-drift":  "distance differs from baseline 2013-01 (KS 0.5021 over 400 values, allowed 0.15)",
		"carrier-drift":   "50 % of 400 values of carrier were never seen in the baseline; the contract allows at most 2 %",
		"delayed-drift":   "delayed differs from baseline 2013-01 (PSI 5.838 over 400 values, allowed 0.1)",
	} {
		var path string
		for _, x := range r.Tests {
			if x.Rule == rule {
				path = x.Column
			}
		}
		if got := r.Describe(rule, path); got != want {
			t.Errorf("%s: got %q, want %q", rule, got, want)
		}
	}
}

// BenchmarkCompare is one closed day of 930 flights against a baseline of 18,190, every rule judged.
func BenchmarkCompare(b *testing.B) {
	c := flights(allRules()...)
	base := january(b, c)
	w := c.Window.Of(start)
	in := Closed{Contract: c, Window: w, Baseline: base, Profiles: []*profile.Profile{profileOf(c, base, w, draw(99, 930))}}
	b.ReportAllocs()
	for b.Loop() {
		Compare(in)
	}
}

func TestRulesThatAreNotEnforcedStandInTheReport(t *testing.T) {
	c := flights(append(allRules(), contract.Rule{ID: "z-sql", Scope: contract.NotEnforced}, contract.Rule{ID: "a-sla", Scope: contract.NotEnforced})...)
	if got, want := Compare(closed(t, c, nil, draw(99, 930))).NotEnforced, []string{"a-sla", "z-sql"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
