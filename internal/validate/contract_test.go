package validate

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"weir/internal/columns"
	"weir/internal/contract"
)

// flight is the first record of the flights of 2013.
const flight = `{"year":2013,"month":1,"day":1,"dep_time":517,"sched_dep_time":515,"dep_delay":2,"arr_time":830,` +
	`"sched_arr_time":819,"arr_delay":11,"carrier":"UA","flight":1545,"tailnum":"N14228","origin":"EWR","dest":"IAH",` +
	`"air_time":227,"distance":1400,"hour":5,"minute":15,"time_hour":"2013-01-01T10:00:00Z"}`

func flights(t testing.TB, o Options) (*Validator, *columns.Layout) {
	t.Helper()
	c, err := contract.Load("../../contracts/flights/1.0.0.odcs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	l := columns.NewLayout(c)
	v, err := Compile(c, l, o)
	if err != nil {
		t.Fatal(err)
	}
	return v, l
}

func TestFlightsAreJudgedByTheirContract(t *testing.T) {
	v, l := flights(t, Options{})
	row := l.NewRow()
	for _, c := range []struct{ name, old, new, want string }{
		{"as it came", "", "", ""},
		{"cancelled", `517`, `null`, ""},
		{"carrier missing", `"carrier":"UA",`, ``, "carrier-required /carrier /required | present | nothing\n"},
		{"distance is text", `1400`, `"1400 mi"`, "distance-type /distance /properties/distance/type | integer | \"1400 mi\"\n"},
		{"out of range", `517`, `2561`, "dep_time-maximum /dep_time /properties/dep_time/maximum | at most 2400 | 2561\n"},
		{"unknown carrier", `"UA"`, `"ZZ"`, "known-carrier /carrier /properties/carrier/enum | one of 16 values: \"9E\", \"AA\", \"AS\", \"B6\", \"DL\", \"EV\", \"F9\", \"FL\", … | \"ZZ\"\n"},
		{"two at once", `"UA","flight":1545`, `"ZZ","flight":"1545"`,
			"known-carrier /carrier /properties/carrier/enum | one of 16 values: \"9E\", \"AA\", \"AS\", \"B6\", \"DL\", \"EV\", \"F9\", \"FL\", … | \"ZZ\"\n" +
				"flight-type /flight /properties/flight/type | integer | \"1545\"\n"},
	} {
		vs := v.Check([]byte(strings.Replace(flight, c.old, c.new, 1)), row)
		if diff := cmp.Diff(c.want, lines(vs)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		if ms, ok := row.EventTime(l); !ok || ms != 1357034400000 {
			t.Errorf("%s: got event time %d %v, want 2013-01-01T10:00:00Z", c.name, ms, ok)
		}
	}
}

func TestUnknownFieldsFollowTheRoutesPolicy(t *testing.T) {
	const value = `{"id":1,"coupon":"ABC","colour":"mauve","customer":{"age":3,"home":{"lat/lon":"x","zip":9},"rank":1},"free":{"any":1}}`
	want := []string{"/colour", "/customer/home/zip", "/customer/rank"}
	for _, c := range []struct {
		policy   UnknownFields
		severity contract.Severity
		want     []string
	}{
		{Allow, "", nil}, {"", "", nil}, {Notice, contract.Warning, want}, {Reject, contract.Error, want},
	} {
		v, _ := orders(t, Options{UnknownFields: c.policy})
		var got []string
		vs := v.Check([]byte(value), nil)
		for _, x := range vs {
			got = append(got, x.Instance)
			if x.Rule != ruleUnknownField || x.Severity != c.severity || strings.Contains(fmt.Sprint(x), "mauve") {
				t.Errorf("%s: got %+v, want rule unknown-field of severity %s without the value", c.policy, x, c.severity)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.policy, diff)
		}
		if got, want := Rejects(vs), c.policy == Reject; got != want {
			t.Errorf("%s: got rejects %v, want %v", c.policy, got, want)
		}
	}
}

func TestUnknownFieldsStandBesideOtherViolations(t *testing.T) {
	v, _ := orders(t, Options{UnknownFields: Notice})
	want := `unknown-field /colour /unevaluatedProperties | absent | string of 5 characters
id-type /id /properties/id/type | integer | string of 1 character
`
	if diff := cmp.Diff(want, lines(v.Check([]byte(`{"id":"x","colour":"mauve","coupon":"ABC"}`), nil))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// When the attached schema itself fails, the library forgets the names it declares: they are not called unknown.
	want = "coupon-maxLength /coupon orders.schema.json#/properties/coupon/maxLength | at most 8 characters long | string of 9 characters\n"
	if diff := cmp.Diff(want, lines(v.Check([]byte(`{"id":1,"coupon":"123456789"}`), nil))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAFailureOfTheScanIsNotTheRecords(t *testing.T) {
	failing := func() bool { panic("the scan fails") }
	v, l := flights(t, Options{Doubt: failing})
	row := l.NewRow()
	if vs := v.Check([]byte(flight), row); len(vs) > 0 {
		t.Errorf("got %s, want valid", lines(vs))
	}
	if ms, ok := row.EventTime(l); !ok || ms != 1357034400000 {
		t.Errorf("got event time %d %v, want 2013-01-01T10:00:00Z", ms, ok)
	}
	bad := strings.Replace(flight, `"UA"`, `"ZZ"`, 1)
	if got := rules(v.Check([]byte(bad), row)); got != "known-carrier" {
		t.Errorf("got rules %s, want known-carrier", got)
	}
	if n := v.failures.Load(); n != 2 {
		t.Errorf("got %d scans that failed, want 2", n)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	c, err := contract.Load("testdata/orders.odcs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []Options{{UnknownFields: "warn"}, {MaxRecordBytes: -1}} {
		if _, err := Compile(c, columns.NewLayout(c), o); err == nil {
			t.Errorf("%+v: got no error", o)
		}
	}
}

func TestCheckIsSafeForConcurrentUse(t *testing.T) {
	v, l := flights(t, Options{UnknownFields: Notice})
	bad := strings.Replace(flight, `"UA"`, `"ZZ","extra":1`, 1)
	want := lines(v.Check([]byte(bad), nil))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			row := l.NewRow()
			for range 50 {
				if vs := v.Check([]byte(flight), row); len(vs) != 0 {
					t.Errorf("got %s, want valid", lines(vs))
				}
				if got := lines(v.Check([]byte(bad), row)); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
	wg.Wait()
}

// BenchmarkCheck is one flight from bytes to verdict and row: what the gate pays per record.
func BenchmarkCheck(b *testing.B) {
	for _, c := range []struct{ name, value string }{
		{"valid", flight},
		{"enum", strings.Replace(flight, `"UA"`, `"ZZ"`, 1)},
		{"truncated", flight[:len(flight)-1]},
	} {
		b.Run("record="+c.name, func(b *testing.B) {
			v, l := flights(b, Options{})
			row, value := l.NewRow(), []byte(c.value)
			b.SetBytes(int64(len(value)))
			b.ReportAllocs()
			for b.Loop() {
				v.Check(value, row)
			}
		})
	}
}

func TestExamplesOfTheFlightsContractBreakTheRulesTheyName(t *testing.T) {
	v, l := flights(t, Options{})
	row := l.NewRow()
	for _, file := range []string{"valid", "invalid"} {
		data, err := os.ReadFile("../../contracts/flights/examples/" + file + ".ndjson")
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
			var example struct {
				Why    string
				Rules  []string
				Record json.RawMessage
			}
			if err := json.Unmarshal([]byte(line), &example); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, x := range v.Check(example.Record, row) {
				got = append(got, x.Rule)
			}
			slices.Sort(got)
			slices.Sort(example.Rules)
			if (len(example.Rules) == 0) != (file == "valid") || !slices.Equal(got, example.Rules) {
				t.Errorf("%s.ndjson:%d (%s): got %q, want %q", file, i+1, example.Why, got, example.Rules)
			}
		}
	}
}

// Maps of many names are what feature stores write; their names are told apart by hashes, as many as a record can hold.
func TestAsManyNamesAsARecordHoldsStayOnTheFastPath(t *testing.T) {
	v := bySchema(t, `{"type":"object","additionalProperties":{"type":"integer"}}`)
	var record strings.Builder
	for i := range 90_000 {
		fmt.Fprintf(&record, `,"k%05d":1`, i)
	}
	value := []byte("{" + record.String()[1:] + "}")
	if s := v.newScan(); !s.run(value, v.spares.Get().(*columns.Row)) || len(s.events) > 0 {
		t.Errorf("%d bytes: the scan is not sure, %d parts", len(value), len(s.events))
	}
	if got := rules(v.Check(append(value[:len(value)-1], `,"k00007":2}`...), nil)); got != ruleDuplicateName {
		t.Errorf("a name twice among 90,000: got %s, want %s", got, ruleDuplicateName)
	}
}
