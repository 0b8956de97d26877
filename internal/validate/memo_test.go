package validate

import (
	"fmt"
	"hash/maphash"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

const memoSchema = `{
	"type": "object",
	"required": ["kind"],
	"properties": {
		"kind": {"enum": ["a", "b"]},
		"n": {"type": "integer", "minimum": 0, "multipleOf": 3},
		"code": {"type": "string", "maxLength": 4, "pattern": "^[a-z]+$"},
		"twice": {"allOf": [
			{"additionalProperties": false, "patternProperties": {"^long": {}}},
			{"additionalProperties": false, "properties": {"a": {}}}
		]},
		"closed": {"type": "object", "additionalProperties": false, "properties": {"x": {}}}
	},
	"oneOf": [
		{"properties": {"kind": {"const": "a"}, "v": {"maximum": 5}}},
		{"properties": {"kind": {"const": "b"}, "v": {"type": "object", "additionalProperties": false}}}
	]
}`

// What was said before is said again, of the same value by the same schema only, and costs a record the same steps.
func TestMemoSaysWhatTheLibrarySaid(t *testing.T) {
	var records [][]byte
	for i := range 2 * memoEntries { // more than are remembered
		for _, record := range []string{
			`{"kind":"a","n":%d}`, `{"kind":"a","n":-%d}`, `{"kind":"b","code":"%d"}`, `{"kind":"c%d"}`, `{"kind":"a","v":%d}`,
			`{"kind":"a","closed":{"x":1,"%d":{}}}`, `{"kind":"b","v":{"%d":[1]}}`,
			`{"kind":"a","twice":{"a":1,"long, and longer with every zero %0[1]*[1]d":2}}`, `{"kind":"a","twice":{"a":1,"long%[1]d":2}}`,
			`{"kind":"a","closed":{"%[1]d":1,"%[1]dx":2},"n":-%[1]d,"code":"%[1]d"}`,
		} {
			records = append(records, fmt.Appendf(nil, record, i))
		}
	}
	v := bySchema(t, memoSchema)
	s := v.scans.Get().(*scan)
	ask := func(s *scan, record []byte) (vs []Violation, steps int) {
		t.Helper()
		defer s.release()
		if !s.run(v.plan, record, s.spare) {
			t.Fatalf("%s: is the library's as a whole", record)
		}
		m := v.newMeter()
		vs, ok := v.byParts(s, record, m)
		if !ok {
			t.Fatalf("%s: the parts could not be judged", record)
		}
		return vs, m.used
	}
	for range 2 {
		for i, record := range records {
			vs, steps := ask(s, record)
			if want := v.byLibrary(record, nil); !reflect.DeepEqual(vs, want) {
				t.Fatalf("%s: got %v, want %v", record, vs, want)
			}
			again, same := ask(v.scans.New().(*scan), record)
			if !reflect.DeepEqual(again, vs) || same != steps {
				t.Fatalf("%s: got %v in %d steps, by a scan that remembers nothing %v in %d", record, vs, steps, again, same)
			}
			ask(s, records[len(records)-1-i])
		}
	}
}

func TestMemoKnowsTheSchema(t *testing.T) {
	a := memo{seed: maphash.MakeSeed()}
	one, other, refused := new(jsonschema.Schema), new(jsonschema.Schema), new(jsonschema.ValidationError)
	a.keep(one, "17", refused, 5)
	switch known := a.find(one, "17"); {
	case known == nil || known.refused != refused || known.steps != 5:
		t.Errorf("got %v of what was kept", known)
	case a.find(other, "17") != nil || a.find(one, "1") != nil || a.find(one, "170") != nil || a.find(one, "") != nil:
		t.Error("found what was not kept")
	}
	for range 20 * memoEntries { // some of them would stand at the same place
		if a.find(new(jsonschema.Schema), "17") != nil {
			t.Fatal("found what was kept for another schema")
		}
	}
	long := fmt.Sprintf("%0*d", maxMemoBytes+1, 1)
	if a.keep(one, long, refused, 5); a.find(one, long) != nil {
		t.Error("kept a value that is too long")
	}
	for i := range 100 * memoEntries {
		a.keep(one, strconv.Itoa(i), nil, i)
		if known := a.find(one, strconv.Itoa(i)); known == nil || known.refused != nil || known.steps != i {
			t.Fatalf("got %v of %d, the last one kept", known, i)
		}
	}
}

// Arrays in arrays that break rules about themselves are decoded once, not once for each level.
func TestNestedArraysInDoubtCostWhatTheRecordCosts(t *testing.T) {
	const depth = 14
	for keyword, valid := range map[string]bool{`"uniqueItems":true`: true, `"minItems":2`: false} {
		schema := `{"type":"array"}`
		for range depth - 1 {
			schema = `{"type":"array",` + keyword + `,"items":` + schema + `}`
		}
		record := strings.Repeat("[", depth) + strings.Repeat("1,", 35_000) + "1" + strings.Repeat("]", depth)
		v := bySchema(t, schema)
		got, want := v.Check([]byte(record), nil), v.byLibrary([]byte(record), nil)
		if !reflect.DeepEqual(got, want) || (len(want) == 0) != valid {
			t.Errorf("%s: got\n%swant\n%s", keyword, lines(got), lines(want))
		}
	}
}

// A scan that goes back to the pool holds nothing of a record's parts, but for small answers.
func TestScansForgetParts(t *testing.T) {
	v := bySchema(t, `{"additionalProperties":false,"properties":{"list":{"items":{"type":"integer","maximum":3}}}}`)
	s := v.scans.Get().(*scan)
	for _, n := range []int{1, 10, 100, 900} {
		record := []byte(`{"list":[` + strings.Repeat(`7e1,`, n) + `9]` + strings.Repeat(`,"more":1`, n/900) + `}`)
		s.run(v.plan, record, s.spare)
		v.settle(s, true, record, nil)
		s.release()
		if cap(s.leaves) > maxPooledParts || cap(s.events) > maxPooledParts || cap(s.proofs) > maxPooledParts {
			t.Errorf("%d parts: room for %d leaves, %d events, %d proofs", n, cap(s.leaves), cap(s.events), cap(s.proofs))
		}
		for _, l := range s.leaves[:cap(s.leaves)] {
			if !reflect.DeepEqual(l, leaf{}) {
				t.Errorf("%d parts: holds %v", n, l)
			}
		}
		for _, e := range s.events[:cap(s.events)] {
			if !reflect.DeepEqual(e, event{}) {
				t.Errorf("%d parts: holds %v", n, e)
			}
		}
	}
}
