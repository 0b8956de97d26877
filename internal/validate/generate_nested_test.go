package validate

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/columns"
	"weir/internal/contract"
)

// The schemas of generate_test.go are wide: two choices about one property seldom meet in them. These are deep and about
// two names only, so that nearly every choice stands in another's branch.

type keywords = map[string]any

var nestedConstants = []any{"a", "b", json.Number("1"), json.Number("1.0"), "c", json.Number("2"), json.Number("1.5"), nil, true}

func nestedPin(d dice) any {
	switch d.IntN(8) {
	case 0:
		return keywords{"enum": []any{pick(d, nestedConstants), pick(d, nestedConstants)}}
	case 1:
		return keywords{"$ref": "#/$defs/pin"}
	case 2:
		return keywords{"allOf": []any{keywords{"const": pick(d, nestedConstants)}}}
	case 3:
		return keywords{"type": pick(d, []string{"string", "integer", "null"}), "const": pick(d, nestedConstants)}
	}
	return keywords{"const": pick(d, nestedConstants[:4])}
}

func nestedSchema(d dice, depth int) keywords {
	s, properties := keywords{}, keywords{}
	for range d.between(1, 3) {
		switch d.IntN(12) {
		case 0, 1:
			properties["k"] = nestedPin(d)
		case 2:
			properties["x"] = keywords{"type": pick(d, []string{"integer", "string", "object"})}
			if depth > 0 {
				properties["x"] = nestedSchema(d, depth-1)
			}
		case 3:
			s["required"] = pick(d, [][]string{{"k"}, {"k", "x"}, {"x"}})
		case 4:
			s["additionalProperties"] = pick(d, []any{false, keywords{"type": "integer"}})
		case 5:
			s["type"] = pick(d, []any{"object", []string{"object", "null"}, "string"})
		case 6:
			s["$ref"] = "#/$defs/object"
		case 7:
			s["unevaluatedProperties"] = false
		case 8:
			if depth > 0 {
				s["if"] = keywords{"properties": keywords{"k": nestedPin(d)}, "required": pick(d, [][]string{{"k"}, {}})}
				s[pick(d, []string{"then", "else"})], s["else"] = nestedSchema(d, depth-1), nestedSchema(d, depth-1)
			}
		default:
			if depth > 0 {
				var branches []any
				for range d.between(1, 3) {
					branches = append(branches, nestedBranch(d, depth-1))
				}
				s[pick(d, []string{"oneOf", "oneOf", "anyOf", "allOf"})] = branches
			}
		}
	}
	if len(properties) > 0 {
		s["properties"] = properties
	}
	return s
}

func nestedBranch(d dice, depth int) keywords {
	s := nestedSchema(d, depth)
	if properties, ok := s["properties"].(keywords); ok && d.chance(80) {
		properties["k"] = nestedPin(d)
	} else if d.chance(80) {
		s["properties"] = keywords{"k": nestedPin(d)}
	}
	return s
}

// nestedRecords are the objects of no member, one or two of these, and values that are no objects.
func nestedRecords() []string {
	var members []string
	for _, k := range []string{`"a"`, `"b"`, `"c"`, `1`, `10e-1`, `1.5`, `null`, `true`, `{}`, `"\u0061"`, `1e30`} {
		members = append(members, `"k":`+k)
	}
	records := []string{`{}`, `null`, `"a"`, `[]`, `{"\u006b":"a"}`, `{"k":"a","k":"b"}`, `{"y":1}`}
	for _, x := range []string{`"x":1`, `"x":"s"`, `"x":{"k":"a"}`, `"x":{"k":"b","x":1}`, `"x":{}`} {
		records = append(records, "{"+x+"}")
		for _, k := range members {
			records = append(records, "{"+k+","+x+"}")
		}
	}
	for _, k := range members {
		records = append(records, "{"+k+"}")
	}
	return records
}

func TestChoicesInsideChoicesAreJudgedAsTheLibraryJudgesThem(t *testing.T) {
	l := columns.NewLayout(&contract.Contract{Fields: []contract.Field{{Path: "/k", Kind: contract.String}, {Path: "/x", Kind: contract.Integer}}})
	got, want := l.NewRow(), l.NewRow()
	records := nestedRecords()
	for seed := range uint64(250) {
		d := newDice(seed)
		root := nestedSchema(d, 3)
		root["$defs"] = keywords{"pin": keywords{"const": pick(d, nestedConstants)}, "object": keywords{"type": "object", "properties": keywords{"k": keywords{"type": "string"}}}}
		text, err := json.Marshal(root)
		if err != nil {
			t.Fatal(err)
		}
		schema, err := jsonschema.CompileString("weir://contract/record", string(text))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		v := newValidator(schema, l, Options{})
		for _, record := range records {
			vs, wanted := v.Check([]byte(record), got), v.byLibrary([]byte(record), want)
			if !reflect.DeepEqual(vs, wanted) {
				t.Fatalf("seed %d: %s\nof %s: got\n%swant\n%s", seed, record, text, lines(vs), lines(wanted))
			}
			if differs := rowDifference(l, got, want); differs != "" {
				t.Fatalf("seed %d: %s\nof %s: %s", seed, record, text, differs)
			}
		}
	}
}
