package validate

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"weir/internal/columns"
	"weir/internal/contract"
)

// written writes a plan, a place per line.
func written(plan []FieldPlan) string {
	var b strings.Builder
	for _, f := range plan {
		verdict := "library"
		if f.Fast {
			verdict = "fast"
		}
		fmt.Fprintf(&b, "%s|%s|%s|", f.Path, f.Star, verdict)
		for _, r := range f.Why {
			fmt.Fprintf(&b, " %s: %s.", strings.Join(r.Keywords, " "), r.Values)
		}
		fmt.Fprintf(&b, "|%s|%s|%s\n", f.JudgedAt, f.Valid, strings.Join(f.RE2, " "))
	}
	return b.String()
}

func TestExplainPlanNamesWhatTheScanDoesNotDecide(t *testing.T) {
	for _, c := range []struct{ name, schema, want string }{
		{"keywords without a rule", `{"properties":{"note":{"not":{"const":"x"},"type":["string","null"]},"tags":{"contains":{"type":"integer"}},
			"size":{"type":"number","anyOf":[{"minimum":10},{"multipleOf":2}]},"n":{"type":"integer"}}}`, `
||fast||||
/n||fast||/n||
/note||library| not: texts.|/note||
/size||library| anyOf: every value.|/size||
/tags||library| contains: arrays.|/tags||
/*|other names|fast||/*|any|
`},
		{"names of branches", `{"properties":{"o":{"oneOf":[{"properties":{"x":{"type":"string"}}},{"properties":{"y":{"type":"string"}}}]}}}`, `
||fast||||
/o||library| oneOf: every value.|/o||
/*|other names|fast||/*|any|
`},
		{"a value around", `{"not":{"required":["x"]},"properties":{"a":{"type":"object","properties":{"b":{}}}},"additionalProperties":false}`, `
||library| not: every value.|||
/a||library| not: all of the record.|||
/a/b||library| not: all of the record.|||
/a/*|other names|library| not: all of the record.|||
/*|other names|library| not: all of the record.||none|
`},
		{"recursion", `{"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},"next":{"$ref":"#/$defs/node"}}}}}`, `
||fast||||
/next||library| a $ref that comes back to itself: every value.|/next||
/v||fast||/v||
/*|other names|fast||/*|any|
`},
		{"names", `{"type":"object","properties":{"a":true,"b":{"pattern":"\\bx"}},"patternProperties":{"^s_":{"type":"string"},"_n$":{"type":"number"}},
			"dependentSchemas":{"b":{"required":["a"]}},"propertyNames":{"maxLength":9},"additionalProperties":false}`, `
||library| dependentSchemas: objects with b. propertyNames: objects with other names. patternProperties: objects with a name that several patterns match.|||
/a||fast||/a|any|
/b||fast||/b||\bx
/*|names matching ^s_|fast||/*||^s_
/*|names matching _n$|fast||/*||_n$
/*|other names|fast||/*|none|
`},
		{"items", `{"properties":{"a":{"type":"array","uniqueItems":true,"items":{"type":["number","string"]}},"b":{"type":"array","uniqueItems":true,"items":{"type":"integer"}},
			"c":{"type":"array","prefixItems":[{"not":{"const":1}}],"items":false}}}`, `
||fast||||
/a||library| uniqueItems: arrays that hold fractions.|/a||
/a/*|items|fast||/a/*||
/b||fast||/b||
/b/*|items|fast||/b/*||
/c||fast||/c||
/c/*|items|library| not: numbers, texts, arrays, objects.|/c/*||
/*|other names|fast||/*|any|
`},
		{"a choice that a property decides", `{"properties":{"p":{"type":"object","oneOf":[
			{"properties":{"kind":{"const":"card"},"n":{"type":"string"},"in":{"type":"object","properties":{"x":{"type":"null"}}}},"required":["kind"]},
			{"properties":{"kind":{"const":7},"n":{"contains":{"const":1}}},"required":["kind"],"anyOf":[{"minProperties":2},{"maxProperties":3}]}]}}}`, `
||fast||||
/p||library| anyOf: objects whose kind is 7.|/p||
/p/in||fast||/p/in||
/p/in/x||fast||/p/in/x||
/p/in/*|other names|fast||/p/in/*|any|
/p/kind||library| anyOf: all of /p, of objects whose kind is 7.|/p||
/p/n||library| anyOf: all of /p, of objects whose kind is 7. contains: arrays.|/p||
/p/*|other names|library| anyOf: all of /p, of objects whose kind is 7.|/p||
/*|other names|fast||/*|any|
`},
		{"what stands below a condition", `{"properties":{"p":{"type":"object","if":{"properties":{"c":{"const":"US"}}},
			"then":{"properties":{"zip":{"pattern":"^[0-9]{5}$"},"no":{"not":{"type":"null"}}}},"properties":{"c":{"type":"string"}}}}}`, `
||fast||||
/p||library| if: objects without c. not: what holds /p/no.|/p||
/p/c||fast||/p/c||
/p/no||library| not: numbers, texts, arrays, objects.|/p||
/p/zip||fast||/p||
/p/*|other names|fast||/p/*|any|
/*|other names|fast||/*|any|
`},
		{"unevaluatedProperties", `{"type":"object","properties":{"a":{"type":"integer"}},"unevaluatedProperties":false}`, `
||fast||||
/a||fast||||
/*|other names|fast||/*|any|
`},
		{"references by the way that led to them", `{"$dynamicAnchor":"n","properties":{"a":{"type":"integer"},"b":{},"c":{"$dynamicRef":"#n"}}}`, `
||library| $dynamicRef: null, booleans. $dynamicRef: what holds /b. $dynamicRef: what holds /c.|||
/a||fast||||
/b||library| $dynamicRef: null, booleans.|||
/c||library| $dynamicRef: every value.|||
/*|other names|fast||/*|any|
`},
		{"nothing", `true`, "\n||fast|||any|\n"},
		{"all", `false`, "\n||fast|||none|\n"},
	} {
		if got := "\n" + written(bySchema(t, c.schema).ExplainPlan()); got != c.want {
			t.Errorf("%s:\ngot %swant %s", c.name, got, c.want)
		}
	}
}

func TestExplainPlanFollowsTheContract(t *testing.T) {
	c, err := contract.Load("../../contracts/flights/1.0.0.odcs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	v, err := Compile(c, columns.NewLayout(c), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "||fast||||\n"
	for _, f := range c.Fields {
		want += f.Path + "||fast||" + f.Path + "||\n"
	}
	if got := written(v.ExplainPlan()); got != want+"/*|other names|fast||/*|any|\n" {
		t.Errorf("got\n%swant\n%s and other names", got, want)
	}
}

// A value of the library below a choice sends the value that the choice is about there, not the record.
func TestAValidRecordIsNeverJudgedTwice(t *testing.T) {
	v := bySchema(t, `{"properties":{"p":{"type":"object","oneOf":[{"properties":{"kind":{"const":"a"},"x":{"not":{"const":1}}},"required":["kind"]},
		{"properties":{"kind":{"const":"b"}},"required":["kind"]}]}}}`)
	record := []byte(`{"p":{"kind":"a","x":2}}`)
	s := v.newScan()
	if !s.run(record, v.spares.Get().(*columns.Row)) || len(s.events) != 1 || s.events[0].question != wholeValue || s.events[0].at != "/p" {
		t.Fatalf("got %+v, want /p as a whole", s.events)
	}
	if vs, ok := v.byParts(s, record, v.newMeter()); !ok || len(vs) > 0 {
		t.Errorf("got %v, %v, want that the part is valid", vs, ok)
	}
}

// beyondScan matches records that hold what the limits of the scan leave to the library whatever the plan: many digits,
// large exponents, and empty names.
var beyondScan = regexp.MustCompile(`[0-9.]{19,}|[eE][+-]?[0-9]{3}|""\s*:|^\s*null\s*$`)

func TestAValidRecordGoesToTheLibraryOnlyWhereThePlanSaysSo(t *testing.T) {
	valid, left := 0, 0
	for seed := range uint64(800) {
		s, documents, _ := newSetup(seed)
		v, l, err := s.validator()
		if err != nil {
			continue // the library refuses the schema
		}
		plan, row := v.ExplainPlan(), l.NewRow()
		for _, document := range documents {
			if beyondScan.Match(document) || len(v.byLibrary(document, nil)) > 0 {
				continue
			}
			valid++
			scan := v.newScan()
			if !scan.run(document, row) {
				t.Errorf("seed %d: %s: the scan fails", seed, document)
			}
			if vs, ok := v.byParts(scan, document, v.newMeter()); !ok || len(vs) > 0 {
				t.Errorf("seed %d: %s: the parts say %v, %v", seed, document, vs, ok)
			}
			for _, e := range scan.events {
				left++
				if !leavesTo(plan, e.at) {
					t.Errorf("seed %d: %s: the value at %q goes to the library, and the plan calls it fast:\n%s", seed, document, e.at, written(plan))
				}
			}
		}
	}
	t.Logf("%d valid records, %d parts of them left to the library", valid, left)
	if valid < 2000 || left < 200 {
		t.Error("want more")
	}
}

// leavesTo says whether the plan has a place for the pointer that is not fast.
func leavesTo(plan []FieldPlan, pointer string) bool {
	at := strings.Split(pointer, "/")
	for _, f := range plan {
		path := strings.Split(f.Path, "/")
		ok := !f.Fast && len(path) == len(at)
		for i := range path {
			ok = ok && (path[i] == at[i] || path[i] == "*")
		}
		if ok {
			return true
		}
	}
	return false
}
