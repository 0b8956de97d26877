package deadletter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/contract"
	"weir/internal/validate"
)

var (
	flights  = contract.ID{Name: "flights", Version: "1.2.0"}
	rejected = time.Date(2026, 11, 22, 14, 2, 8, 0, time.UTC)
	unknown  = validate.Violation{Rule: "known-carrier", Severity: contract.Error, Instance: "/carrier", Schema: "/properties/carrier/enum",
		Keyword: "enum", Expected: "one of 16 carriers", Found: `"ZZ"`, Message: "carrier is not one of the 16 known"}
	mistyped = validate.Violation{Rule: "distance-type", Severity: contract.Error, Instance: "/distance", Schema: "/properties/distance/type",
		Keyword: "type", Expected: "integer", Found: `"1400 mi"`, Message: "distance is text"}
	warned = validate.Violation{Rule: "a-warning", Severity: contract.Warning, Instance: "/flight", Keyword: "maximum"}
)

func input() *kgo.Record {
	return &kgo.Record{
		Topic: "flights.raw", Partition: 3, Offset: 90412,
		Key:       []byte("EWR-1545"),
		Value:     []byte(`{"time_hour":"2013-02-11T19:00:00Z","carrier":"ZZ","flight":1545,"distance":"1400 mi"}`),
		Headers:   []kgo.RecordHeader{{Key: "traceparent", Value: []byte("00-1-2-01")}, {Key: "empty", Value: nil}},
		Timestamp: time.UnixMilli(1360609327000),
	}
}

func TestNewKeepsTheRecordAndAppendsTheReasons(t *testing.T) {
	r := input()
	before := slices.Clone(r.Headers)
	d := New(r, flights, "sha256:5f0c", []validate.Violation{warned, mistyped, unknown}, rejected)

	if !bytes.Equal(d.Key, r.Key) || !bytes.Equal(d.Value, r.Value) || !d.Timestamp.Equal(r.Timestamp) {
		t.Errorf("key, value or timestamp changed: %s %s %s", d.Key, d.Value, d.Timestamp)
	}
	if !reflect.DeepEqual(r.Headers, before) || !reflect.DeepEqual(d.Headers[:len(before)], before) {
		t.Errorf("got headers %v, want them to begin with %v", d.Headers, before)
	}
	var got []string
	for _, h := range d.Headers[len(before):] {
		got = append(got, h.Key+": "+string(h.Value))
	}
	want := []string{
		"weir.dead.source: flights.raw/3/90412",
		"weir.dead.contract: flights@1.2.0",
		"weir.dead.digest: sha256:5f0c",
		"weir.dead.rules: distance-type,known-carrier",
		`weir.dead.violations: [` +
			`{"rule":"distance-type","severity":"error","at":"/distance","schema":"/properties/distance/type","keyword":"type","expected":"integer","found":"\"1400 mi\"","message":"distance is text"},` +
			`{"rule":"known-carrier","severity":"error","at":"/carrier","schema":"/properties/carrier/enum","keyword":"enum","expected":"one of 16 carriers","found":"\"ZZ\"","message":"carrier is not one of the 16 known"},` +
			`{"rule":"a-warning","severity":"warning","at":"/flight","schema":"","keyword":"maximum","expected":"","found":"","message":""}]`,
		"weir.dead.at: 2026-11-22T14:02:08Z",
		"weir.dead.attempt: 1",
		"weir.dead.cause: " + Cause("flights", []validate.Violation{unknown, mistyped}),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

func TestNullAndEmptyKeysAndValuesStayApart(t *testing.T) {
	for _, c := range []struct{ key, value []byte }{{nil, nil}, {[]byte{}, []byte{}}, {nil, []byte("x")}, {[]byte("k"), nil}} {
		r := input()
		r.Key, r.Value = c.key, c.value
		d := New(r, flights, "d", []validate.Violation{unknown}, rejected)
		if (d.Key == nil) != (c.key == nil) || (d.Value == nil) != (c.value == nil) {
			t.Errorf("key %v value %v became key %v value %v", c.key, c.value, d.Key, d.Value)
		}
	}
}

func TestReadReturnsWhatNewWrote(t *testing.T) {
	vs := []validate.Violation{unknown, mistyped}
	d := New(input(), flights, "sha256:5f0c", vs, rejected)
	d.Topic, d.Partition, d.Offset = "flights.dead", 3, 118
	got, err := Read(d)
	if err != nil {
		t.Fatal(err)
	}
	want := Letter{
		Record: d, Source: Coordinates{"flights.raw", 3, 90412}, Contract: "flights@1.2.0", Digest: "sha256:5f0c",
		Rules: []string{"distance-type", "known-carrier"}, Violations: vs, At: rejected, Attempt: 1,
		Cause: Cause("flights", vs), Timestamp: d.Timestamp,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if headers := got.OriginalHeaders(); !reflect.DeepEqual(headers, input().Headers) {
		t.Errorf("got original headers %v, want %v", headers, input().Headers)
	}
}

func TestForgedHeadersAreKeptAndNeverRead(t *testing.T) {
	r := input()
	forged := []kgo.RecordHeader{
		text(HeaderSource, "secrets/0/1"), text(HeaderRules, "none"), text(HeaderContract, "evil@1"),
		text(HeaderAttempt, "99"), text(HeaderCause, "00000000"), text(HeaderShed, ShedClaimCheck),
		text(HeaderTimestamp, "5"), text(HeaderTruncated, "not a number"), text(HeaderViolations, "{"),
	}
	r.Headers = forged
	d := New(r, flights, "sha256:5f0c", []validate.Violation{unknown}, rejected)
	if !reflect.DeepEqual(d.Headers[:len(forged)], forged) {
		t.Errorf("got %v, want the producer's headers first and unchanged", d.Headers)
	}
	l, err := Read(d)
	if err != nil {
		t.Fatal(err)
	}
	if l.Source.Topic != "flights.raw" || l.Contract != "flights@1.2.0" || l.Attempt != 1 || l.Shed != "" || l.Truncated != 0 ||
		!l.Timestamp.Equal(r.Timestamp) || !slices.Equal(l.Rules, []string{"known-carrier"}) || l.Cause == "00000000" {
		t.Errorf("a forged header was read: %+v", l)
	}
	if !reflect.DeepEqual(l.OriginalHeaders(), forged) {
		t.Errorf("got original headers %v, want the forged ones", l.OriginalHeaders())
	}
}

func TestReadRefusesWhatIsNoDeadLetter(t *testing.T) {
	for name, headers := range map[string][]kgo.RecordHeader{
		"no headers":        nil,
		"no rules":          {text(HeaderSource, "t/0/1")},
		"rules too early":   {text(HeaderRules, "r"), text(HeaderSource, "t/0/1")},
		"malformed source":  {text(HeaderSource, "t/0"), text(HeaderRules, "r")},
		"negative offset":   {text(HeaderSource, "t/0/-1"), text(HeaderRules, "r")},
		"malformed list":    {text(HeaderSource, "t/0/1"), text(HeaderRules, "r"), text(HeaderViolations, "[")},
		"malformed attempt": {text(HeaderSource, "t/0/1"), text(HeaderRules, "r"), text(HeaderAttempt, "one")},
	} {
		if l, err := Read(&kgo.Record{Headers: headers}); err == nil {
			t.Errorf("%s: got %+v, want an error", name, l)
		}
	}
	l, err := Read(&kgo.Record{Headers: []kgo.RecordHeader{text(HeaderSource, "t/0/1"), text(HeaderRules, "r")}})
	if err != nil || l.Cause == "" || l.Attempt != 0 {
		t.Errorf("optional headers missing: got %+v, %v", l, err)
	}
}

func TestEveryBudgetIsACauseOfItsOwn(t *testing.T) {
	over := func(keyword string) string {
		return Cause("orders", []validate.Violation{{Rule: "budget", Severity: contract.Error, Keyword: keyword}})
	}
	if over("steps") == over("max-record-bytes") {
		t.Error("records over different budgets have one cause, but not one fix")
	}
}

func TestCauseIgnoresVersionOrderAndArrayIndices(t *testing.T) {
	at := func(pointer string) validate.Violation {
		return validate.Violation{Rule: "item-type", Severity: contract.Error, Instance: pointer, Schema: "/items/items"}
	}
	third, ninth := Cause("orders", []validate.Violation{at("/items/3/price"), unknown}), Cause("orders", []validate.Violation{unknown, at("/items/9/price"), at("/items/11/price"), warned})
	if third != ninth {
		t.Errorf("got %s and %s, want one cause", third, ninth)
	}
	for name, other := range map[string]string{
		"other path":     Cause("orders", []validate.Violation{at("/items/3/name"), unknown}),
		"other contract": Cause("flights", []validate.Violation{at("/items/3/price"), unknown}),
		"fewer rules":    Cause("orders", []validate.Violation{at("/items/3/price")}),
	} {
		if other == third {
			t.Errorf("%s: got the same cause %s", name, other)
		}
	}
	cut := func(pointer string) string {
		return Cause("orders", []validate.Violation{{Rule: "json-truncated", Severity: contract.Error, Instance: pointer}})
	}
	if cut("/items/3") != cut("/name") {
		t.Error("got two causes for JSON that was cut at two places, want one")
	}
	if len(third) != 8 {
		t.Errorf("got cause %q, want 8 hex digits", third)
	}
}

func TestViolationsAreBoundedAndTheRestCounted(t *testing.T) {
	var vs []validate.Violation
	vs = append(vs, warned)
	for i := range 5000 {
		vs = append(vs, validate.Violation{Rule: fmt.Sprintf("rule,%04d", i), Severity: contract.Error, Instance: fmt.Sprintf("/f%d", i),
			Found: strings.Repeat("é\x1b[31m", 4000)})
	}
	d := New(input(), flights, "d", vs, rejected)
	size := 0
	for _, h := range d.Headers {
		size += len(h.Key) + len(h.Value)
	}
	if size > maxViolationBytes+4096 {
		t.Errorf("got %d bytes of headers for a record of 5,001 violations", size)
	}
	l, err := Read(d)
	if err != nil {
		t.Fatal(err)
	}
	if len(l.Violations)+l.Truncated != len(vs) || l.Truncated == 0 || l.Violations[0].Severity != contract.Error {
		t.Errorf("got %d violations and %d left out, want %d in all, errors first", len(l.Violations), l.Truncated, len(vs))
	}
	if len(l.Rules) != maxRules || l.Rules[0] != "rule,0000" {
		t.Errorf("got %d rules beginning with %q, want %d beginning with rule,0000", len(l.Rules), l.Rules[0], maxRules)
	}
}

func TestShedGetsSmallerAndKeepsWhatIdentifiesTheRecord(t *testing.T) {
	r := input()
	r.Key, r.Value = nil, bytes.Repeat([]byte("x"), 1<<20)
	r.Headers = []kgo.RecordHeader{text(HeaderDigest, "forged"), {Key: "big", Value: make([]byte, 1<<19)}}
	whole := New(r, flights, "sha256:5f0c", []validate.Violation{unknown}, rejected)
	last := whole
	for step := 1; step <= 3; step++ {
		smaller, ok := Shed(last, r, step)
		if !ok {
			t.Fatalf("step %d: no letter", step)
		}
		if step > 1 {
			smaller, ok = Shed(whole, r, step) // also from the first letter, whichever the caller holds
		}
		l, err := Read(smaller)
		if !ok || err != nil {
			t.Fatalf("step %d: %v %v", step, ok, err)
		}
		if l.Source != (Coordinates{"flights.raw", 3, 90412}) || !slices.Equal(l.Rules, []string{"known-carrier"}) || l.Cause == "" || l.Violations != nil || !l.Timestamp.Equal(r.Timestamp) {
			t.Errorf("step %d: got %+v", step, l)
		}
		if step == 1 && (smaller.Key != nil || !smaller.Timestamp.Equal(r.Timestamp)) || step > 1 && (string(smaller.Key) != "flights.raw/3/90412" || !smaller.Timestamp.Equal(rejected)) {
			t.Errorf("step %d: got key %q and timestamp %s", step, smaller.Key, smaller.Timestamp)
		}
		if step < 3 && (!bytes.Equal(smaller.Value, r.Value) || !reflect.DeepEqual(l.OriginalHeaders(), r.Headers)) {
			t.Errorf("step %d: value or original headers changed", step)
		}
		last = smaller
	}
	var claim ClaimCheck
	if err := json.Unmarshal(last.Value, &claim); err != nil {
		t.Fatal(err)
	}
	// sha256 of 1 MiB of "x": python3 -c 'import hashlib;print(hashlib.sha256(b"x"*2**20).hexdigest())'
	const sum = "8f990ba0b577b51cf009ea049368c16bbda1b21e1b93be07a824758bb253c39b"
	want := ClaimCheck{Source: "flights.raw/3/90412", SHA256: sum, Length: 1 << 20, Head: bytes.Repeat([]byte("x"), 1024), Headers: 2, Rules: []string{"known-carrier"}}
	if diff := cmp.Diff(want, claim); diff != "" {
		t.Errorf("claim check (-want +got):\n%s", diff)
	}
	if _, ok := Shed(last, r, 4); ok {
		t.Error("got a letter for step 4, want none")
	}
}

func TestUnwritableTimestampGoesIntoAHeader(t *testing.T) {
	r := input()
	r.Timestamp = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	d := New(r, flights, "d", []validate.Violation{unknown}, rejected)
	l, err := Read(d)
	if err != nil {
		t.Fatal(err)
	}
	if !d.Timestamp.Equal(rejected) || !l.Timestamp.Equal(r.Timestamp) {
		t.Errorf("got record timestamp %s and original %s, want %s and %s", d.Timestamp, l.Timestamp, rejected, r.Timestamp)
	}
}

func TestLettersGroupByCauseAndByRule(t *testing.T) {
	causes, rules := ByCause(), ByRule()
	for i := range 5 {
		vs := []validate.Violation{unknown}
		if i == 2 {
			vs = append(vs, mistyped)
		}
		d := New(input(), flights, "d", vs, rejected.Add(time.Duration(5-i)*time.Minute))
		d.Topic, d.Offset = "flights.dead", int64(9-i)
		l, err := Read(d)
		if err != nil {
			t.Fatal(err)
		}
		causes.Add(l)
		rules.Add(l)
	}
	got := causes.List()
	want := []Group{
		{Cause: Cause("flights", []validate.Violation{unknown}), Rules: []string{"known-carrier"}, Records: 4,
			First: rejected.Add(time.Minute), Last: rejected.Add(5 * time.Minute),
			Examples: []Coordinates{{"flights.dead", 0, 5}, {"flights.dead", 0, 6}, {"flights.dead", 0, 8}}},
		{Cause: Cause("flights", []validate.Violation{unknown, mistyped}), Rules: []string{"distance-type", "known-carrier"}, Records: 1,
			First: rejected.Add(3 * time.Minute), Last: rejected.Add(3 * time.Minute), Examples: []Coordinates{{"flights.dead", 0, 7}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("by cause (-want +got):\n%s", diff)
	}
	byRule := rules.List()
	if len(byRule) != 2 || byRule[0].Rules[0] != "known-carrier" || byRule[0].Records != 5 || byRule[1].Records != 1 {
		t.Errorf("by rule: got %+v", byRule)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("flights.raw/3/90412", "a,b", "[]", "1", "2026-11-22T14:02:08Z", []byte(`{"a":1}`))
	f.Add("t/0/0", "", `[{"rule":"r","at":"/a/0"}]`, "x", "", []byte("\x1b[2J{\"a\":[\xff"))
	f.Fuzz(func(t *testing.T, source, rules, violations, attempt, at string, value []byte) {
		r := &kgo.Record{Topic: "dead", Value: value, Headers: []kgo.RecordHeader{
			text(HeaderSource, source), text(HeaderRules, rules), text(HeaderViolations, violations), text(HeaderAttempt, attempt), text(HeaderAt, at)}}
		l, err := Read(r)
		if err != nil {
			return
		}
		var b strings.Builder
		if err := l.Render(&b, Rendering{ShowValue: true, Width: 80}); err != nil {
			t.Fatal(err)
		}
		for _, c := range b.String() {
			if c < ' ' && c != '\n' || c == 0x7f || c >= 0x80 && c < 0xa0 || c == 0x202e {
				t.Fatalf("control character %q in %q", c, b.String())
			}
		}
	})
}
