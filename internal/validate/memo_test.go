package validate

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/columns"
	"weir/internal/contract"
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
		"closed": {"type": "object", "additionalProperties": false, "properties": {"x": {}}},
		"other": {"type": "object", "required": ["x", "y", "z"], "additionalProperties": false, "properties": {"x": {}, "y": {}, "z": {}}},
		"p": {"type": "object", "oneOf": [{"properties": {"k": {"const": "x"}}, "required": ["k"]}, {"properties": {"k": {"const": "y"}}, "required": ["k"]}]},
		"q": {"type": "object", "oneOf": [{"properties": {"k": {"const": "x"}}, "required": ["k"]}, {"properties": {"k": {"const": "y"}}, "required": ["k"]}]},
		"long": {"type": "string", "maxLength": 50}, "longer": {"type": "string", "maxLength": 60},
		"pinned": {"type": "string", "maxLength": 60, "pattern": "^[a-z]*$"}
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
			`{"kind":"a","p":{"k":"z%d"}}`, `{"kind":"a","q":{"k":"z%d"}}`, `{"kind":"c%030d"}`,
			`{"kind":"a","long":"%056d\n\n\n"}`, `{"kind":"a","long":"%056d\nabcd"}`,
			`{"kind":"c%d","n":3}`, `{"kind":"a","n":3,"v":%d}`, `{"kind":"b","n":3,"v":{"%d":[1]}}`, `{"n":%d}`, `{"v":%d}`,
			`{"kind":"a","other":{"x":%d}}`, `{"kind":"a","other":{"y":%d}}`, `{"kind":"a","other":{"x":%[1]d,"z":%[1]d}}`,
			`{"kind":"a","other":{"x":1,"y":2,"z":3,"%d":4}}`, `{"kind":"a","closed":{"%d":"text"}}`, `{"kind":"a","n":"%d"}`,
			`{"kind":"a","long":"%060d"}`, `{"kind":"a","longer":"%060d"}`, `{"kind":"a","long":"%059dé"}`, `{"kind":"a","long":"%058d\n"}`,
			`{"kind":"a","closed":{"%d":""}}`, `{"kind":"a","closed":{"%d":7}}`, `{"kind":"a","closed":{"%d":"longer"}}`, `{"kind":"a","closed":{"%d":"a\""}}`,
			`{"kind":"a","longer":"%061d"}`, `{"kind":"a","pinned":"%055d"}`, `{"kind":"a","pinned":"%061d"}`,
		} {
			records = append(records, fmt.Appendf(nil, record, i))
		}
	}
	v := bySchema(t, memoSchema)
	s := v.newScan()
	ask := func(s *scan, record []byte) (vs []Violation, steps int) {
		t.Helper()
		defer s.release()
		record = bytes.Clone(record)
		defer clear(record) // what is remembered must not lie in it
		if !s.run(record, v.spares.Get().(*columns.Row)) {
			t.Fatalf("%s: is the library's as a whole", record)
		}
		vs = v.settle(s, true, record, nil)
		m := v.newMeter()
		if asked, ok := v.byParts(s, record, m); !ok || !reflect.DeepEqual(asked, vs) {
			t.Fatalf("%s: got %v, and %v when the parts were asked about (%v)", record, vs, asked, ok)
		}
		return vs, m.used
	}
	for range 2 {
		for i, record := range records {
			vs, steps := ask(s, record)
			if want := v.byLibrary(record, nil); !reflect.DeepEqual(vs, want) {
				t.Fatalf("%s: got %v, want %v", record, vs, want)
			}
			again, same := ask(v.newScan(), record)
			if !reflect.DeepEqual(again, vs) || same != steps {
				t.Fatalf("%s: got %v in %d steps, by a scan that remembers nothing %v in %d", record, vs, steps, again, same)
			}
			ask(s, records[len(records)-1-i])
		}
	}
	if len(s.known) != maxKnownParts {
		t.Errorf("%d parts are known, want %d", len(s.known), maxKnownParts)
	}
}

// A text may be shown where its field is public: its length is not all that a violation tells.
func TestMemoKnowsWhoIsPublic(t *testing.T) {
	v := bySchema(t, memoSchema)
	v.fields = newFieldTree([]contract.Field{{Path: "/long", Public: true}, {Path: "/n", Public: true}})
	for i := range 20 {
		for _, form := range []string{`{"kind":"a","long":"%060d"}`, `{"kind":"a","longer":"%070d"}`, `{"kind":"a","n":-1%d1}`} {
			record := fmt.Appendf(nil, form, i)
			if got, want := v.Check(record, nil), v.byLibrary(record, nil); !reflect.DeepEqual(got, want) || len(got) == 0 {
				t.Errorf("%s: got\n%swant\n%s", record, lines(got), lines(want))
			}
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
	large := &jsonschema.ValidationError{Causes: []*jsonschema.ValidationError{{Message: strings.Repeat("x", maxMemoError+1)}}}
	if a.keep(one, "18", large, 5); a.find(one, "18") != nil {
		t.Error("kept an error that is too large")
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

// Between records a scan holds nothing of their parts, but for small answers.
func TestScansForgetParts(t *testing.T) {
	v := bySchema(t, `{"additionalProperties":false,"properties":{"list":{"items":{"type":"integer","maximum":3}},"choices":{"items":
		{"type":"object","oneOf":[{"properties":{"k":{"const":"a"},"x":{"maximum":3}},"required":["k"]},{"properties":{"k":{"const":"b"}},"required":["k"]}]}}}}`)
	s := v.newScan()
	for _, n := range []int{1, 10, 100, 400} {
		record := []byte(`{"list":[` + strings.Repeat(`7e1,`, n) + `9],"choices":[` + strings.Repeat(`{"k":"a","x":7},`, n) + `{"k":"b"}],"more":1}`)
		if !s.run(record, v.spares.Get().(*columns.Row)) || len(s.events) != 2*n+2 || len(s.proofs) != n {
			t.Fatalf("%d parts: got %d events, %d proofs", n, len(s.events), len(s.proofs))
		}
		if got, want := v.settle(s, true, record, nil), v.byLibrary(record, nil); !reflect.DeepEqual(got, want) {
			t.Fatalf("%d parts: got\n%swant\n%s", n, lines(got), lines(want))
		}
		s.release()
		if cap(s.leaves) > maxPooledParts || cap(s.events) > maxPooledParts || cap(s.proofs) > maxPooledParts {
			t.Errorf("%d parts: room for %d leaves, %d events, %d proofs", n, cap(s.leaves), cap(s.events), cap(s.proofs))
		}
		holds := func(l leaf) bool { return !reflect.DeepEqual(l, leaf{}) }
		knows := func(e event) bool { return !reflect.DeepEqual(e, event{}) }
		if slices.ContainsFunc(s.leaves[:cap(s.leaves)], holds) || slices.ContainsFunc(s.events[:cap(s.events)], knows) ||
			slices.ContainsFunc(s.proofs[:cap(s.proofs)], knows) {
			t.Errorf("%d parts: something is still there", n)
		}
	}
}

// Parts that something around them takes the place of do not pile up: a scan that comes to too many gives up.
func TestProofsAreBounded(t *testing.T) {
	v := bySchema(t, `{"items":{"type":"array","uniqueItems":true,"items":
		{"type":"object","oneOf":[{"properties":{"k":{"const":"a"},"x":{"maximum":3}},"required":["k"]},{"properties":{"k":{"const":"b"}},"required":["k"]}]}}}`)
	inner := "[" + strings.Repeat(`{"k":"a","x":7},`, 30) + `{"k":"b"}]`
	record := []byte("[" + strings.Repeat(inner+",", 40) + "1]")
	s := v.newScan()
	if s.run(record, v.spares.Get().(*columns.Row)) || len(s.proofs) != maxEvents || len(s.events) > 100 {
		t.Errorf("got %d proofs and %d events, want that the scan gives up at %d proofs", len(s.proofs), len(s.events), maxEvents)
	}
	if got, want := v.Check(record, nil), v.byLibrary(record, nil); !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%swant\n%s", lines(got), lines(want))
	}
}
