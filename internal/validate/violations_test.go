package validate

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/columns"
	"weir/internal/contract"
)

func TestEveryKeywordIsAViolationInPlainWords(t *testing.T) {
	for _, c := range []struct{ schema, value, want string }{
		{`{"type":["integer","null"]}`, `"1400 mi"`, "record-type  /type | integer or null | string of 7 characters\n"},
		{`{"type":"object"}`, `[1]`, "record-type  /type | object | array of 1 item\n"},
		{`{"enum":["a","b"]}`, `"c"`, "record-enum  /enum | one of \"a\", \"b\" | string of 1 character\n"},
		{`{"enum":[0,1,2,3,4,5,6,7,8,9]}`, `10`, "record-enum  /enum | one of 10 values: 0, 1, 2, 3, 4, 5, 6, 7, … | number\n"},
		{`{"const":{"a":1}}`, `true`, "record-const  /const | object with 1 name | boolean\n"},
		{`{"minimum":1}`, `0`, "record-minimum  /minimum | at least 1 | number\n"},
		{`{"exclusiveMinimum":0.5}`, `0.5`, "record-exclusiveMinimum  /exclusiveMinimum | more than 0.5 | number\n"},
		{`{"maximum":18446744073709551615}`, `18446744073709551616`, "record-maximum  /maximum | at most 18446744073709551615 | number\n"},
		{`{"exclusiveMaximum":1}`, `1`, "record-exclusiveMaximum  /exclusiveMaximum | less than 1 | number\n"},
		{`{"multipleOf":0.01}`, `0.001`, "record-multipleOf  /multipleOf | a multiple of 0.01 | number\n"},
		{`{"minLength":2}`, `"é"`, "record-minLength  /minLength | at least 2 characters long | string of 1 character\n"},
		{`{"maxLength":1}`, `"ab"`, "record-maxLength  /maxLength | at most 1 character long | string of 2 characters\n"},
		{`{"pattern":"^[A-Z]{3}$"}`, `"x"`, "record-pattern  /pattern | text matching ^[A-Z]{3}$ | string of 1 character\n"},
		{`{"format":"date-time"}`, `"now"`, "record-format  /format | a valid date-time | string of 3 characters\n"},
		{`{"minItems":2}`, `[1]`, "record-minItems  /minItems | an array of at least 2 items | array of 1 item\n"},
		{`{"maxItems":0}`, `[1]`, "record-maxItems  /maxItems | an array of at most 0 items | array of 1 item\n"},
		{`{"uniqueItems":true}`, `[1,1]`, "record-uniqueItems  /uniqueItems | an array of distinct items | array of 2 items\n"},
		{`{"contains":{"const":1}}`, `[2,3]`, "record-minContains  /minContains | an array with at least 1 matching item | array of 2 items\n"},
		{`{"contains":{"const":1},"maxContains":1}`, `[1,1]`, "record-maxContains  /maxContains | an array with at most 1 matching item | array of 2 items\n"},
		{`{"minProperties":1}`, `{}`, "record-minProperties  /minProperties | an object with at least 1 name | object with 0 names\n"},
		{`{"maxProperties":1}`, `{"a":1,"b":1}`, "record-maxProperties  /maxProperties | an object with at most 1 name | object with 2 names\n"},
		{`{"not":{"type":"null"}}`, `null`, "record-not  /not | none of what `not` describes | null\n"},
		{`{"anyOf":[{"type":"null"},{"minimum":3}]}`, `2`, "record-anyOf  /anyOf | one of 2 alternatives | number\n"},
		{`{"oneOf":[{"type":"null"},{"minimum":3}]}`, `2`, "record-oneOf  /oneOf | exactly one of 2 alternatives | number\n"},
		{`{"oneOf":[true,{"minimum":1}]}`, `2`, "record-oneOf  /oneOf | exactly one of 2 alternatives | number\n"},
		{`false`, `2`, "record-not-allowed   | absent | number\n"},
		{`{"properties":{"a":false}}`, `{"a":1}`, "a-not-allowed /a /properties/a | absent | number\n"},
		{`{"items":false}`, `[1]`, "record-not-allowed /0 /items | absent | number\n"},
		{`{"prefixItems":[true,false]}`, `[1,2]`, "record-not-allowed /1 /prefixItems/1 | absent | number\n"},
		{`{"unevaluatedProperties":false}`, `{"a":1}`, "record-unknown-field /a /unevaluatedProperties | absent | number\n"},
		{`{"unevaluatedItems":false,"prefixItems":[true]}`, `[1,"x"]`, "record-unevaluatedItems /1 /unevaluatedItems | absent | string of 1 character\n"},
		{`{"propertyNames":{"maxLength":1}}`, `{"ab":"x"}`, "record-maxLength /ab /propertyNames/maxLength | at most 1 character long | name of 2 characters\n"},
		{`{"propertyNames":false}`, `{"ab":"x"}`, "record-not-allowed /ab /propertyNames | absent | name of 2 characters\n"},
		{`{"required":["a"]}`, `{}`, "a-required /a /required | present | nothing\n"},
		{`{"additionalProperties":false}`, `{"a":"b"}`, "record-unknown-field /a /additionalProperties | absent | string of 1 character\n"},
		{`{"additionalProperties":{"type":"string"}}`, `{"a":1}`, "record-type /a /additionalProperties/type | string | number\n"},
		{`{"patternProperties":{"^a":{"type":"string"}}}`, `{"ab":1}`, "^a-type /ab /patternProperties/^a/type | string | number\n"},
		{`{"dependentRequired":{"a":["b","c"]}}`, `{"a":1}`,
			"record-dependentRequired /b /dependentRequired | present when a is | nothing\nrecord-dependentRequired /c /dependentRequired | present when a is | nothing\n"},
		{`{"dependentSchemas":{"a":{"required":["b"]}}}`, `{"a":1}`, "a.b-required /b /dependentSchemas/a/required | present | nothing\n"},
		{`{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"maxProperties":0}}`, `{"c":1}`,
			"record-maxProperties  /else/maxProperties | an object with at most 0 names | object with 1 name\n"},
		{`{"$ref":"#/$defs/x","$defs":{"x":{"type":"string"}}}`, `1`, "x-type  /$defs/x/type | string | number\n"},
		{`{"properties":{"properties":{"type":"object","required":["required"]}}}`, `{"properties":{}}`,
			"properties.required-required /properties/required /properties/properties/required | present | nothing\n"},
		{`{"properties":{"anyOf":{"minimum":1,"multipleOf":2}}}`, `{"anyOf":-1}`,
			"anyOf-minimum /anyOf /properties/anyOf/minimum | at least 1 | number\nanyOf-multipleOf /anyOf /properties/anyOf/multipleOf | a multiple of 2 | number\n"},
		{`{"properties":{"items":false,"additionalProperties":false}}`, `{"items":1,"additionalProperties":1}`,
			"additionalProperties-not-allowed /additionalProperties /properties/additionalProperties | absent | number\nitems-not-allowed /items /properties/items | absent | number\n"},
	} {
		vs := bySchema(t, c.schema).Check([]byte(c.value), nil)
		if got := lines(vs); got != c.want {
			t.Errorf("%s of %s:\ngot  %swant %s", c.schema, c.value, got, c.want)
		}
		for _, x := range vs {
			if !strings.HasSuffix(x.Message, ".") || strings.Contains(x.Message, "\n") || x.Severity != contract.Error {
				t.Errorf("%s of %s: got message %q of severity %s, want one sentence of an error", c.schema, c.value, x.Message, x.Severity)
			}
		}
	}
}

func TestAllViolationsAreListedInOrder(t *testing.T) {
	v := bySchema(t, `{"type":"object","required":["z","id","b"],"additionalProperties":false,
		"properties":{"id":{"type":"integer"},"z":true,"b":true,
			"tags":{"items":{"type":"string","maxLength":2}},
			"at":{"type":"string","format":"date-time","minLength":20},
			"in":{"type":"object","properties":{"x":{"minimum":1,"multipleOf":3}},"required":["y"]}},
		"allOf":[{"required":["id"]},{"properties":{"at":{"pattern":"Z$"}}}]}`)
	value := `{"at":"today","more":1,"tags":["a",1,"abc"],"in":{"x":-1},"able":[]}`
	want := `record-unknown-field /able /additionalProperties | absent | array of 0 items
at-pattern /at /allOf/1/properties/at/pattern | text matching Z$ | string of 5 characters
at-format /at /properties/at/format | a valid date-time | string of 5 characters
at-minLength /at /properties/at/minLength | at least 20 characters long | string of 5 characters
b-required /b /required | present | nothing
id-required /id /allOf/0/required | present | nothing
id-required /id /required | present | nothing
in.x-minimum /in/x /properties/in/properties/x/minimum | at least 1 | number
in.x-multipleOf /in/x /properties/in/properties/x/multipleOf | a multiple of 3 | number
in.y-required /in/y /properties/in/required | present | nothing
record-unknown-field /more /additionalProperties | absent | number
tags-type /tags/1 /properties/tags/items/type | string | number
tags-maxLength /tags/2 /properties/tags/items/maxLength | at most 2 characters long | string of 3 characters
z-required /z /required | present | nothing
`
	for range 20 { // the library walks maps in random order
		if diff := cmp.Diff(want, lines(v.Check([]byte(value), nil))); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
}

func TestOneDefinitionReachedTwiceIsOneViolation(t *testing.T) {
	v := bySchema(t, `{"allOf":[{"$ref":"#/$defs/n"},{"$ref":"#/$defs/n"}],"$defs":{"n":{"type":"integer"}}}`)
	if got, want := lines(v.Check([]byte(`"x"`), nil)), "n-type  /$defs/n/type | integer | string of 1 character\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPointersHoldTheNamesAsTheyAre(t *testing.T) {
	v := bySchema(t, `{"properties":{"a/b":{"properties":{"m~n":{"type":"string"},"größe %41":{"type":"string"}}}}}`)
	want := "a/b.größe %41-type /a~1b/größe %41 /properties/a~1b/properties/größe %41/type | string | number\n" +
		"a/b.m~n-type /a~1b/m~0n /properties/a~1b/properties/m~0n/type | string | number\n"
	if got := lines(v.Check([]byte(`{"a/b":{"m~n":1,"größe %41":1}}`), nil)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestNamesFromTheRecordAreEscapedAndCut(t *testing.T) {
	v := bySchema(t, `{"additionalProperties":false}`)
	name := "\x1b[31m\u202e" + strings.Repeat("x", 500_000)
	value, _ := json.Marshal(map[string]int{name: 1})
	vs := v.Check(value, nil)
	if len(vs) != 1 {
		t.Fatalf("got %d violations, want 1", len(vs))
	}
	if got := vs[0].Instance; !strings.HasPrefix(got, `/\x1b[31m\u202exxx`) || len(got) > 120 {
		t.Errorf("got pointer %.200q, want it escaped and cut", got)
	}
	if len(vs[0].Message) > 300 {
		t.Errorf("got a message of %d bytes, want it bounded", len(vs[0].Message))
	}
}

func TestOnlyPublicValuesAreShown(t *testing.T) {
	const secret = "hunter2\x1b[31m"
	schema := compileSchema(t, `{"properties":{"open":{"type":"integer"},"shut":{"type":"integer","format":"email","enum":[1]},
		"a/b~":{"type":"integer"},"tags":{"items":{"type":"integer"}},"deep":{"properties":{"open":{"minLength":99},"shut":{"minLength":99}}}},
		"additionalProperties":{"not":{}},"propertyNames":{"maxLength":4}}`)
	v := newValidator(schema, columns.NewLayout(&contract.Contract{}), Options{}.withDefaults())
	v.fields = newFieldTree([]contract.Field{
		{Path: "/open", Name: "the author's word", Public: true}, {Path: "/shut"},
		{Path: "/a~1b~0", Public: true},
		{Path: "/tags", Kind: contract.Array, Public: true},
		{Path: "/deep", Kind: contract.Object, Fields: []contract.Field{{Path: "/deep/open", Public: true}, {Path: "/deep/shut"}}},
	})
	value, _ := json.Marshal(map[string]any{"open": secret, "shut": secret, "a/b~": secret, "tags": []any{secret},
		"deep": map[string]any{"open": secret, "shut": secret}, "other": secret})
	shown := 0
	for _, x := range v.Check(value, nil) {
		text := fmt.Sprintf("%+v", x)
		if strings.Contains(text, "\x1b") {
			t.Errorf("a control character is let through: %q", text)
		}
		public := x.Instance == "/open" || x.Instance == "/a~1b~0" || x.Instance == "/tags/0" || x.Instance == "/deep/open"
		if public {
			shown++
			if x.Found != `"hunter2\x1b[31m"` {
				t.Errorf("%s: got found %s, want the value", x.Instance, x.Found)
			}
		} else if strings.Contains(text, "hunter") {
			t.Errorf("%s: the value is shown: %s", x.Instance, text)
		}
	}
	if shown != 4 {
		t.Errorf("got %d violations of public fields, want 4", shown)
	}
}

func TestShownValuesAreCut(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{
		{strings.Repeat("é", 64), `"` + strings.Repeat("é", 64) + `"`},
		{strings.Repeat("é", 65), `"` + strings.Repeat("é", 63) + `…"`},
		{json.Number(strings.Repeat("7", 65)), strings.Repeat("7", 63) + "…"},
		{json.Number("1e5"), "1e5"}, {nil, "null"}, {true, "true"}, {[]any{1}, "array of 1 item"},
		{"a\"b\n\u200b", `"a\"b\n\u200b"`},
	} {
		if got := show(c.value); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestThousandsOfWrongItemsAreOneRuleNotThousands(t *testing.T) {
	v := bySchema(t, `{"properties":{"a":{"items":{"type":"string"}},"b":{"additionalProperties":false}},"required":["c"]}`)
	names := make([]string, 1_500)
	for i := range names {
		names[i] = fmt.Sprintf(`"n%d":0`, i)
	}
	vs := v.Check([]byte(`{"a":[`+strings.Repeat("1,", 1_499)+`1],"b":{`+strings.Join(names, ",")+`}}`), nil)
	byRule := map[string]int{}
	said := 0
	for _, x := range vs {
		byRule[x.Rule]++
		if strings.HasSuffix(x.Message, " At least 500 more places break the same rule.") {
			said++
		}
	}
	want := map[string]int{"a-type": maxPerKeyword, "b-unknown-field": maxPerKeyword, "c-required": 1}
	if diff := cmp.Diff(want, byRule); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if said != 2 {
		t.Errorf("got %d messages that name the 500 left out, want 2", said)
	}
}

func TestKeywordOfAnotherDocumentIsNamedByThePathThatLedToIt(t *testing.T) {
	c := jsonschema.NewCompiler()
	for url, schema := range map[string]string{
		"weir://contract/record":     `{"properties":{"a":{"$ref":"https://example.com/a.json"}}}`,
		"https://example.com/a.json": `{"type":"integer"}`,
	} {
		if err := c.AddResource(url, strings.NewReader(schema)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile("weir://contract/record")
	if err != nil {
		t.Fatal(err)
	}
	v := newValidator(s, columns.NewLayout(&contract.Contract{}), Options{}.withDefaults())
	vs := v.Check([]byte(`{"a":"x"}`), nil)
	if len(vs) != 1 || vs[0].Schema != "/properties/a/$ref/type" || strings.Contains(fmt.Sprint(vs), "://") {
		t.Errorf("got %+v, want one at /properties/a/$ref/type and no URL", vs)
	}
}
