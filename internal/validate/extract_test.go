package validate

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/columns"
	"weir/internal/contract"
)

func orders(t testing.TB, o Options) (*Validator, *columns.Layout) {
	t.Helper()
	c, err := contract.Load("testdata/orders.odcs.yaml")
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

// cells writes a row as "/path=value" for what is present, "/path null", "/path ?" for unreadable; absent is left out.
func cells(l *columns.Layout, r *columns.Row) string {
	var out []string
	for i, c := range l.Columns {
		switch r.State(i) {
		case columns.Null:
			out = append(out, c.Path+" null")
		case columns.Unreadable:
			out = append(out, c.Path+" ?")
		case columns.Present:
			switch c.Kind {
			case contract.Integer, contract.Timestamp, contract.Boolean:
				out = append(out, fmt.Sprintf("%s=%d", c.Path, r.Int(i)))
			case contract.Number:
				out = append(out, fmt.Sprintf("%s=%v", c.Path, r.Float(i)))
			default:
				out = append(out, fmt.Sprintf("%s=%s", c.Path, r.Text(i)))
			}
		}
	}
	return strings.Join(out, " ")
}

func TestRowHoldsWhatCouldBeReadOfValidAndInvalidRecords(t *testing.T) {
	v, l := orders(t, Options{})
	row := l.NewRow()
	const allUnreadable = "/id ? /total ? /paid ? /note ? /at ? /day ? /hour ? /customer/age ? /customer/home/lat~1lon ?"
	for _, c := range []struct {
		value, want string
		valid       bool
	}{
		{`{"id":1,"total":2.5,"paid":true,"note":"n\u00e9","at":"2013-01-01T10:00:00Z","day":"2013-01-01","hour":"05:00:00Z","customer":{"age":7,"home":{"lat/lon":"x"}}}`,
			"/id=1 /total=2.5 /paid=1 /note=né /at=1357034400000 /day=2013-01-01 /hour=05:00:00Z /customer/age=7 /customer/home/lat~1lon=x", true},
		{`{"id":1.0,"total":1e2,"paid":false,"customer":{"age":1e2}}`, "/id=1 /total=100 /paid=0 /customer/age=100", true},
		{`{"id":1,"total":null,"note":null,"at":null,"customer":null}`, "/id=1 /total null /note null /at null", true},
		{`{"id":9223372036854775808,"total":1e400}`, "/id ? /total ?", true},
		{`{"id":-9223372036854775808,"total":-0.0}`, "/id=-9223372036854775808 /total=-0", true},
		{`{"id":"1","total":"2","paid":1,"note":5,"at":"yesterday","day":"2013-02-30","hour":"5 o'clock","customer":{"age":1.5,"home":[]}}`,
			"/id ? /total ? /paid ? /note ? /at ? /day ? /hour ? /customer/age ? /customer/home/lat~1lon ?", false},
		{`{"note":"kept","customer":"nobody"}`, "/note=kept /customer/age ? /customer/home/lat~1lon ?", false},
		{`{}`, "", false},
		{`[]`, allUnreadable, false},
		{`null`, allUnreadable, false},
		{`{"id":1,"id":1}`, allUnreadable, false},
		{`{"id":1`, allUnreadable, false},
		{``, allUnreadable, false},
	} {
		vs := v.Check([]byte(c.value), row)
		if got := cells(l, row); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.value, got, c.want)
		}
		if len(vs) == 0 != c.valid {
			t.Errorf("%s: got %s, want valid %v", c.value, lines(vs), c.valid)
		}
	}
}

func TestViolationsAndTheBatchDoNotAliasTheRecord(t *testing.T) {
	v, l := flights(t, Options{})
	row, batch := l.NewRow(), l.NewBatch()
	value := []byte(strings.Replace(flight, `"UA"`, `"Z\u005a"`, 1))
	vs := v.Check(value, row)
	batch.Append(row)
	want := lines(vs)
	for i := range value {
		value[i] = '#'
	}
	if got := lines(vs); got != want || !strings.Contains(got, `"ZZ"`) {
		t.Errorf("after the bytes changed: got %s, want %s", got, want)
	}
	columns := batch.Finish()
	defer columns.Record.Release()
	for name, want := range map[string]string{"/carrier": "ZZ", "/tailnum": "N14228"} {
		i, _ := l.Index(name)
		if got := columns.Record.Column(i).ValueStr(0); got != want {
			t.Errorf("%s after the bytes changed: got %s, want %s", name, got, want)
		}
	}
}

func TestIntegersAreReadExactly(t *testing.T) {
	for _, c := range []struct {
		text string
		n    int64
		ok   bool
	}{
		{"0", 0, true}, {"-0", 0, true}, {"-0.000e5", 0, true}, {"0e999", 0, true}, {"1.0", 1, true}, {"1e2", 100, true},
		{"1E+2", 100, true}, {"100e-2", 1, true}, {"10.50e1", 105, true}, {"0.001e3", 1, true}, {"-12.3e1", -123, true},
		{"9223372036854775807", math.MaxInt64, true}, {"9223372036854775807.0", math.MaxInt64, true},
		{"-9223372036854775808", math.MinInt64, true}, {"-922337203685477580.8e1", math.MinInt64, true},
		{"9223372036854775808", 0, false}, {"-9223372036854775809", 0, false}, {"1e19", 0, false}, {"1e1000", 0, false},
		{"9007199254740993", 9007199254740993, true}, {"1.5", 0, false}, {"1e-1", 0, false}, {"0.1", 0, false},
		{"12345678901234567890123e-5", 0, false}, {"1234567890123456789000e-3", 1234567890123456789, true},
	} {
		if n, ok := parseInteger(c.text); n != c.n || ok != c.ok {
			t.Errorf("%s: got %d %v, want %d %v", c.text, n, ok, c.n, c.ok)
		}
	}
}

func TestTimestampsAreUnixMillisecondsRoundedDown(t *testing.T) {
	for _, c := range []struct {
		text string
		ms   int64
		ok   bool
	}{
		{"1970-01-01T00:00:00Z", 0, true},
		{"1970-01-01t00:00:00z", 0, true},
		{"1970-01-01T01:00:00+01:00", 0, true},
		{"1969-12-31T19:00:00-05:00", 0, true},
		{"1970-01-01T00:00:00.0019999Z", 1, true},
		{"1969-12-31T23:59:59.9999Z", -1, true},
		{"1969-12-31T23:59:59.0001Z", -1000, true},
		{"2013-01-01T10:00:00Z", 1357034400000, true},
		{"0000-01-01T00:00:00Z", -62167219200000, true},
		{"9999-12-31T23:59:59.999Z", 253402300799999, true},
		{"2016-12-31T23:59:60Z", 1483228799999, true},
		{"2016-12-31T23:59:60.5Z", 1483228799999, true},
		{"2017-01-01T00:59:60+01:00", 1483228799999, true},
		{"2016-12-31T18:59:60-05:00", 1483228799999, true},
		{"2017-01-01T00:00:00Z", 1483228800000, true},
		{"2016-12-31T22:59:60Z", 0, false},
		{"2016-12-31T23:59:61Z", 0, false},
		{"2013-02-29T00:00:00Z", 0, false},
		{"2013-01-01 00:00:00Z", 0, false},
		{"2013-01-01T00:00:00", 0, false},
		{"2013-01-01T24:00:00Z", 0, false},
		{"2013-01-01T00:00:00.Z", 0, false},
		{"2013-01-01T00:00:00+0100", 0, false},
		{"2013-01-01T00:00:00+24:00", 0, false},
		{"2013-01-01T00:00Z", 0, false},
		{"20130101T000000Z", 0, false},
		{"", 0, false},
	} {
		ms, ok := parseTimestamp(c.text)
		if ok != c.ok || ok && ms != c.ms {
			t.Errorf("%q: got %d %v, want %d %v", c.text, ms, ok, c.ms, c.ok)
		}
	}
}

// What is read as words is what is read byte by byte, or not read.
func TestPlainTimestampsAreTimestamps(t *testing.T) {
	check := func(text string) (plain bool) {
		t.Helper()
		ms, plain := plainTimestamp([]byte(text))
		if want, ok := parseTimestamp(text); plain && (!ok || ms != want) {
			t.Fatalf("%q: got %d, want %d %v", text, ms, want, ok)
		}
		return plain
	}
	zone := time.FixedZone("", -(5*3600 + 30*60))
	for at := time.Date(1896, 12, 31, 23, 59, 59, 123e6, time.UTC); at.Year() < 2110; at = at.Add(13*time.Hour + 7*time.Minute + 11*time.Second) {
		for _, layout := range []string{"2006-01-02T15:04:05Z", "2006-01-02T15:04:05.000Z", "2006-01-02T15:04:05.000000-07:00"} {
			if text := at.In(zone).Format(layout); !check(text) {
				t.Fatalf("%q is not read as words", text)
			}
		}
	}
	for _, text := range []string{"2016-02-29T23:59:59Z", "2016-02-29T23:59:59.250+14:00"} {
		for i := range len(text) { // every byte at every place
			for c := range 256 {
				check(text[:i] + string([]byte{byte(c)}) + text[i+1:])
			}
			check(text[:i])
			check(text[:i] + text[i+1:])
		}
	}
}

func BenchmarkTimestamp(b *testing.B) {
	text := []byte("2013-06-07T21:45:30Z")
	b.Run("by=words", func(b *testing.B) {
		for b.Loop() {
			plainTimestamp(text)
		}
	})
	b.Run("by=bytes", func(b *testing.B) {
		for b.Loop() {
			plainDate(text)
			plainTime(text[11:])
		}
	})
}

// A valid event time must be readable, and an unreadable one invalid: the library's format says which.
func FuzzTimestamp(f *testing.F) {
	for _, s := range []string{"2013-01-01T10:00:00Z", "2016-12-31T23:59:60.123+00:00", "1969-12-31t19:00:00-05:00", "2013-01-01T+5:00:00Z",
		"2013-01-01T00:00:00.", "2017-01-01T00:59:60+01:00", "2016-12-31T23:58:60-00:01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ms, ok := parseTimestamp(s)
		if quick, plain := plainTimestamp([]byte(s)); plain && (!ok || quick != ms) {
			t.Errorf("%q: got %d by words, want %d %v", s, quick, ms, ok)
		}
		if want := jsonschema.Formats["date-time"](s); ok != want {
			t.Errorf("%q: got readable %v, want %v as the format says", s, ok, want)
		}
		if got, want := isDate(s), jsonschema.Formats["date"](s); got != want {
			t.Errorf("date %q: got %v, want %v", s, got, want)
		}
		if got, want := isTime(s), jsonschema.Formats["time"](s); got != want {
			t.Errorf("time %q: got %v, want %v", s, got, want)
		}
		if want, err := time.Parse(time.RFC3339, s); err == nil && ok && ms != want.UnixMilli() {
			t.Errorf("%q: got %d, want %d", s, ms, want.UnixMilli())
		}
	})
}
