package contract

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// contractOf loads a contract of the given version of the standard with these properties.
func contractOf(t *testing.T, version, properties string) *Contract {
	t.Helper()
	c, err := Load(write(t, "c.odcs.yaml", document(version, properties)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func document(version, properties string) string {
	return "apiVersion: " + version + "\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: active\nschema:\n  - name: a\n    properties:\n" + properties
}

// broken lists the ids of the rules that a record breaks, sorted, as package validate finds them.
func broken(t *testing.T, c *Contract, closed bool, record string) []string {
	t.Helper()
	s, err := c.Compile(closed)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(strings.NewReader(record))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("record %s: %v", record, err)
	}
	ids := []string{}
	var ve *jsonschema.ValidationError
	if errors.As(s.Validate(v), &ve) {
		for _, leaf := range leaves(ve) {
			if strings.HasSuffix(leaf.AbsoluteKeywordLocation, "/required") {
				for _, name := range quotedWords(leaf.Message) {
					ids = append(ids, c.RuleAt(leaf.AbsoluteKeywordLocation, join(leaf.InstanceLocation, name)).ID)
				}
				continue
			}
			ids = append(ids, c.RuleAt(leaf.AbsoluteKeywordLocation, leaf.InstanceLocation).ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func TestEveryKeywordCompiles(t *testing.T) {
	cases := []struct{ version, property, schema string }{
		{"v3.1.0", `{name: p, logicalType: string}`, `{"type":["string","null"]}`},
		{"v3.1.0", `{name: p, logicalType: string, required: true}`, `{"type":"string"}`},
		{"v3.1.0", `{name: p, logicalType: string, primaryKey: true}`, `{"type":"string"}`},
		{"v3.1.0", `{name: p, logicalType: boolean}`, `{"type":["boolean","null"]}`},
		{"v3.1.0", `{name: p, logicalType: string, required: true, logicalTypeOptions: {minLength: 1, maxLength: 9, pattern: "^a"}}`,
			`{"type":"string","minLength":1,"maxLength":9,"pattern":"^a"}`},
		{"v3.1.0", `{name: p, logicalType: string, required: true, logicalTypeOptions: {format: email}}`, `{"type":"string","format":"email"}`},
		{"v3.1.0", `{name: p, logicalType: string, required: true, logicalTypeOptions: {format: password}}`, `{"type":"string"}`},
		{"v3.1.0", `{name: p, logicalType: date, required: true}`, `{"type":"string","format":"date"}`},
		{"v3.1.0", `{name: p, logicalType: time, required: true}`, `{"type":"string","format":"time"}`},
		{"v3.1.0", `{name: p, logicalType: timestamp}`, `{"type":["string","null"],"format":"date-time"}`},
		{"v3.1.0", `{name: p, logicalType: timestamp, required: true, logicalTypeOptions: {format: "dd.MM.yyyy"}}`, `{"type":"string"}`},
		{"v3.1.0", `{name: p, logicalType: timestamp, required: true, logicalTypeOptions: {timezone: false}}`, `{"type":"string"}`},
		{"v3.1.0", `{name: p, logicalType: timestamp, required: true, physicalType: long}`, `{"type":"integer"}`},
		{"v3.1.0", `{name: p, logicalType: integer, required: true, logicalTypeOptions: {minimum: 1, maximum: 9, multipleOf: 2}}`,
			`{"type":"integer","minimum":1,"maximum":9,"multipleOf":2}`},
		{"v3.1.0", `{name: p, logicalType: number, required: true, logicalTypeOptions: {exclusiveMinimum: 0.5, exclusiveMaximum: 1e3}}`,
			`{"type":"number","exclusiveMinimum":0.5,"exclusiveMaximum":1e3}`},
		{"v3.0.2", `{name: p, logicalType: number, required: true, logicalTypeOptions: {minimum: 0, exclusiveMinimum: true, maximum: 4, exclusiveMaximum: false}}`,
			`{"type":"number","exclusiveMinimum":0,"maximum":4}`},
		{"v3.1.0", `{name: p, logicalType: integer, required: true, logicalTypeOptions: {format: i8}}`, `{"type":"integer","minimum":-128,"maximum":127}`},
		{"v3.1.0", `{name: p, logicalType: integer, required: true, logicalTypeOptions: {format: i16}}`, `{"type":"integer","minimum":-32768,"maximum":32767}`},
		{"v3.1.0", `{name: p, logicalType: integer, required: true, logicalTypeOptions: {format: i32}}`, `{"type":"integer","minimum":-2147483648,"maximum":2147483647}`},
		{"v3.1.0", `{name: p, logicalType: integer, required: true, logicalTypeOptions: {format: i64}}`,
			`{"type":"integer","minimum":-9223372036854775808,"maximum":9223372036854775807}`},
		{"v3.1.0", `{name: p, logicalType: integer, required: true, logicalTypeOptions: {format: u8}}`, `{"type":"integer","minimum":0,"maximum":255}`},
		{"v3.1.0", `{name: p, logicalType: integer, required: true, logicalTypeOptions: {format: u64}}`, `{"type":"integer","minimum":0,"maximum":18446744073709551615}`},
		{"v3.1.0", `{name: p, logicalType: integer, required: true, logicalTypeOptions: {format: u128}}`,
			`{"type":"integer","minimum":0,"maximum":340282366920938463463374607431768211455}`},
		{"v3.1.0", `{name: p, logicalType: number, required: true, logicalTypeOptions: {format: f32}}`,
			`{"type":"number","minimum":-3.4028234663852886e+38,"maximum":3.4028234663852886e+38}`},
		{"v3.1.0", `{name: p, logicalType: integer, required: true, logicalTypeOptions: {minimum: 5, format: u8}}`,
			`{"type":"integer","minimum":5,"maximum":255,"allOf":[{"minimum":0}]}`},
		{"v3.1.0", `{name: p, logicalType: array, required: true, logicalTypeOptions: {minItems: 1, maxItems: 3, uniqueItems: true}, items: {logicalType: string}}`,
			`{"type":"array","minItems":1,"maxItems":3,"uniqueItems":true,"items":{"type":["string","null"]}}`},
		{"v3.1.0", `{name: p, logicalType: object, logicalTypeOptions: {minProperties: 1, maxProperties: 2, required: [x]}, properties: [{name: x, logicalType: string}]}`,
			`{"type":["object","null"],"minProperties":1,"maxProperties":2,"required":["x"],"properties":{"x":{"type":"string"}}}`},
		{"v3.2.0", `{name: p, logicalType: string, enum: [{value: a}, {value: b}]}`, `{"type":["string","null"],"enum":["a","b",null]}`},
		{"v3.2.0", `{name: p, logicalType: integer, required: true, enum: [{value: 1}, {value: 2}]}`, `{"type":"integer","enum":[1,2]}`},
		{"v3.1.0", `{name: p, logicalType: string, quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [a, b], pattern: "^.$"}}]}`,
			`{"type":["string","null"],"enum":["a","b",null],"pattern":"^.$"}`},
		{"v3.2.0", `{name: p, logicalType: string, required: true, enum: [{value: a}], quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [a, b]}}]}`,
			`{"type":"string","enum":["a"],"allOf":[{"enum":["a","b"]}]}`},
		{"v3.2.0", `{name: p, logicalType: map, required: true, map: {key: {logicalType: string, logicalTypeOptions: {maxLength: 2}}, value: {logicalType: integer, required: true}}}`,
			`{"type":"object","propertyNames":{"type":"string","maxLength":2},"additionalProperties":{"type":"integer"}}`},
		{"v3.2.0", `{name: p, logicalType: vector, required: true, logicalTypeOptions: {dimensions: 3}}`,
			`{"type":"array","minItems":3,"maxItems":3,"items":{"type":"number"}}`},
		{"v3.1.0", `{name: p}`, `{}`},
		{"v3.1.0", `{name: p, properties: [{name: x, logicalType: string}]}`, `{"type":["object","null"],"properties":{"x":{"type":["string","null"]}}}`},
		{"v3.1.0", `{name: other, physicalName: p, logicalType: string, required: true}`, `{"type":"string"}`},
	}
	for _, tc := range cases {
		t.Run(tc.property, func(t *testing.T) {
			c := contractOf(t, tc.version, "      - "+tc.property+"\n")
			if _, err := c.Compile(false); err != nil {
				t.Fatal(err)
			}
			got := decode(t, c.JSONSchema()).(map[string]any)["properties"].(map[string]any)["p"]
			if want := decode(t, []byte(tc.schema)); !reflect.DeepEqual(got, want) {
				t.Errorf("schema:\n got %v\nwant %v", got, want)
			}
		})
	}
}

func decode(t *testing.T, src []byte) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(src)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestViolationsAreNamedByTheirRules(t *testing.T) {
	c := contractOf(t, "v3.2.0", `
      - {name: n, logicalType: integer, required: true, logicalTypeOptions: {minimum: 5, maximum: 9, format: u8}}
      - {name: s, logicalType: string, quality: [{id: short, metric: invalidValues, mustBe: 0, severity: warning, arguments: {pattern: "^.$"}}]}
      - {name: ä/b c, logicalType: string, logicalTypeOptions: {maxLength: 1}}
      - {name: when, logicalType: timestamp}
      - {name: o, logicalType: object, properties: [{name: x, logicalType: string, required: true}]}
      - {name: l, logicalType: array, items: {logicalType: object, properties: [{name: x, logicalType: integer, required: true, enum: [{value: 1}]}]}}
      - {name: m, logicalType: map, map: {key: {logicalType: string, logicalTypeOptions: {maxLength: 1}}, value: {logicalType: integer}}}
`)
	for record, want := range map[string]string{
		`{"n": 5}`: "",
		`{"n": 5, "s": null, "o": null, "l": [], "m": {}}`: "",
		`{"n": 5.0}`:              "",
		`[]`:                      "record-type",
		`{}`:                      "n-required",
		`{"n": null}`:             "n-type",
		`{"n": 5.5}`:              "n-type",
		`{"n": 4}`:                "n-minimum",
		`{"n": -1}`:               "n-format n-minimum",
		`{"n": 10}`:               "n-maximum",
		`{"n": 256}`:              "n-format n-maximum",
		`{"n": 5, "s": "ab"}`:     "short",
		`{"n": 5, "ä/b c": "ab"}`: "ä/b c-maxLength",
		`{"n": 5, "when": "2013-01-01 10:00:00"}`: "when-format",
		`{"n": 5, "when": 3}`:                     "when-type",
		`{"n": 5, "o": {}}`:                       "o.x-required",
		`{"n": 5, "o": {"x": 1}}`:                 "o.x-type",
		`{"n": 5, "l": [{"x": 1}, {"x": 2}, {}]}`: "l.items.x-enum l.items.x-required",
		`{"n": 5, "m": {"ab": 1, "c": "d"}}`:      "m.keys-maxLength m.values-type",
		`{"n": 5, "extra": {}}`:                   "",
	} {
		if got := strings.Join(broken(t, c, false, record), " "); got != want {
			t.Errorf("%s: got %q, want %q", record, got, want)
		}
	}
	if got := c.RuleAt("/properties/s/pattern", "/s").Severity; got != Warning {
		t.Errorf("severity of short: got %s, want warning", got)
	}
}

func TestClosedRefusesUndeclaredNamesOnly(t *testing.T) {
	c := contractOf(t, "v3.2.0", `
      - {name: o, logicalType: object, properties: [{name: x, logicalType: string}]}
      - {name: free, logicalType: object}
      - {name: properties, logicalType: string}
      - {name: l, logicalType: array, items: {logicalType: object, properties: [{name: x, logicalType: string}]}}
      - {name: m, logicalType: map, map: {key: {logicalType: string}, value: {logicalType: object, properties: [{name: x, logicalType: string}]}}}
`)
	for record, want := range map[string]string{
		`{"o": {"x": "1"}, "free": {"y": 1}, "m": {"y": {"x": "1"}}, "properties": "p"}`: "",
		`{"y": 1}`:               "record-unknown-field",
		`{"o": {"y": 1}}`:        "o-unknown-field",
		`{"l": [{"y": 1}]}`:      "l-unknown-field",
		`{"m": {"k": {"y": 1}}}`: "m-unknown-field",
	} {
		if got := strings.Join(broken(t, c, true, record), " "); got != want {
			t.Errorf("%s: got %q, want %q", record, got, want)
		}
		if got := broken(t, c, false, record); len(got) != 0 {
			t.Errorf("%s, open: got %q, want none", record, got)
		}
	}
}

func TestFieldsCarryWhatBaselinesAndMasksNeed(t *testing.T) {
	c := contractOf(t, "v3.1.0", `
      - {name: d, logicalType: number, required: true, classification: Public, criticalDataElement: true, customProperties: [{property: unit, value: mi}]}
      - {name: k, logicalType: string, primaryKey: true}
      - {name: o, logicalType: object, properties: [{name: a/b, logicalType: date}]}
      - {name: untyped}
      - {name: l, logicalType: array, items: {logicalType: string}}
`)
	want := []Field{
		{Name: "d", Path: "/d", Kind: Number, Unit: "mi", Required: true, Public: true, Critical: true, Line: 10},
		{Name: "k", Path: "/k", Kind: String, Required: true, Key: true, Line: 11},
		{Name: "o", Path: "/o", Kind: Object, Line: 12, Fields: []Field{{Name: "a/b", Path: "/o/a~1b", Kind: Date, Line: 12}}},
		{Name: "l", Path: "/l", Kind: Array, Line: 14},
	}
	if !reflect.DeepEqual(c.Fields, want) {
		t.Errorf("fields:\n got %+v\nwant %+v", c.Fields, want)
	}
}

func TestTwoPropertiesOfOneNameAreRefused(t *testing.T) {
	ps := problems(t, document("v3.1.0", "      - {name: a, logicalType: string}\n      - {name: b, physicalName: a, logicalType: string}\n"))
	if len(ps) != 1 || ps[0].Line != 10 || !strings.Contains(ps[0].Message, `called "a"`) {
		t.Errorf("got %v, want one problem on line 10", ps)
	}
}

func TestAPatternThatCannotBeMatchedInLinearTimeIsRefused(t *testing.T) {
	ps := problems(t, document("v3.1.0", `      - {name: a, logicalType: string, logicalTypeOptions: {pattern: "^(?=a)"}}`+"\n"))
	if len(ps) != 1 || ps[0].Line != 9 || !strings.Contains(ps[0].Remedy, "RE2") {
		t.Errorf("got %v, want one problem on line 9", ps)
	}
}

func TestAPatternIsSearchedForAndANoticeSaysSo(t *testing.T) {
	c := contractOf(t, "v3.1.0", "      - {name: a, logicalType: string, logicalTypeOptions: {pattern: B}}\n")
	if got := broken(t, c, false, `{"a": "ABC"}`); len(got) != 0 {
		t.Errorf("ABC: got %v, want valid", got)
	}
	if len(c.Notices) != 1 || !strings.Contains(c.Notices[0].Message, "anywhere") {
		t.Errorf("notices: got %v", c.Notices)
	}
}

// leaves are the innermost causes of a schema error.
func leaves(ve *jsonschema.ValidationError) []*jsonschema.ValidationError {
	if len(ve.Causes) == 0 {
		return []*jsonschema.ValidationError{ve}
	}
	var out []*jsonschema.ValidationError
	for _, c := range ve.Causes {
		out = append(out, leaves(c)...)
	}
	return out
}
