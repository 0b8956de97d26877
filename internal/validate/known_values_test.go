package validate

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"weir/internal/columns"
	"weir/internal/contract"
)

// knownAsserts are what schemas ask of scalars and arrays. Several of them make a schema.
var knownAsserts = []string{
	`"type":"string"`, `"type":"integer"`, `"type":"number"`, `"type":["string","null"]`, `"type":["integer","boolean"]`, `"type":"array"`,
	`"minLength":3`, `"maxLength":4`, `"maxLength":9`, `"pattern":"^[a-c]+$"`, `"pattern":"\\d"`, `"pattern":"^é"`, `"enum":["a","abc",3,2.5,null]`, `"const":"abc"`,
	`"enum":["abcd","b"]`, `"const":3.0`, `"format":"date"`, `"format":"date-time"`, `"format":"email"`, `"format":"uuid"`, `"format":"ipv4"`, `"format":"regex"`,
	`"minimum":3`, `"exclusiveMinimum":3`, `"maximum":2.5`, `"exclusiveMaximum":9`, `"multipleOf":2`, `"multipleOf":0.5`, `"multipleOf":18446744073709551616`,
	`"minItems":2`, `"maxItems":2`, `"uniqueItems":true`, `"items":{"type":["integer","string"]}`, `"items":{"maximum":3}`, `"prefixItems":[{"type":"string"},true]`,
	`"contains":{"const":3}`, `"not":{"const":"abc"}`, `"oneOf":[{"type":"string","maxLength":2},{"type":"integer","minimum":5}]`,
	`"anyOf":[{"type":"string","pattern":"a"},{"type":"number","maximum":3}]`, `"if":{"type":"string"},"then":{"minLength":2}`, `"contentMediaType":"application/json"`,
	`"$ref":"#/$defs/short"`, `"$ref":"#/$defs/few"`,
}

// knownValues are values of every kind, many of one size and so of one fault.
func knownValues(r *rand.Rand) (values []string) {
	values = []string{`null`, `true`, `false`, `""`, `"2013-01-01"`, `"2013-02-30"`, `"2013-01-01T10:00:00Z"`, `"2013-01-01T25:00:00Z"`, `"a@b.c"`, `"a@b..c"`,
		`"1.2.3.4"`, `"1.2.3.04"`, `"2eb8aa08-aa98-11ea-b4aa-73b441d16380"`, `"2eb8aa08-aa98-11ea-b4aa-73b441d1638x"`, `"[a"`, `"[a]"`, `"(a"`, `{}`, `{"a":1}`}
	for _, n := range []string{"0", "1", "2", "3", "4", "9", "10", "2.5", "2.50", "0.25", "3e0", "30e-1", "18446744073709551616", "12345678901234567890123", "7"} {
		values = append(values, n, "-"+n)
	}
	letters := []string{"a", "b", "c", "d", "é", "3", `\u0061`, `\n`, "𝄞"}
	for range 150 {
		text := ""
		for range r.IntN(7) {
			text += letters[r.IntN(len(letters))]
		}
		values = append(values, `"`+text+`"`)
	}
	for range 60 {
		var items []string
		for range r.IntN(5) {
			items = append(items, values[r.IntN(len(values))])
		}
		values = append(values, "["+strings.Join(items, ",")+"]")
	}
	return append(values, `"`+strings.Repeat("a", maxKnownText+1)+`"`, `"`+strings.Repeat("a", maxKnownText)+`"`, "["+strings.Repeat("1,", maxKnownItems)+"1]",
		"["+strings.Repeat("2,", maxKnownItems-1)+"2]")
}

// What is known of one value is said of no other that the library says something else of: of neither a shown one nor one that
// is not shown, wherever it stands.
func TestWhatIsKnownOfAValueIsTrueOfOthers(t *testing.T) {
	const schemas, records = 120, 500
	r := rand.New(rand.NewPCG(4, 1))
	values := knownValues(r)
	places := []string{`{"v":%s}`, `{"p":%s}`, `{"w":[%s]}`, `{"w":["abc",%s]}`, `{"other":%s}`, `{"more":%s}`, `{"o":{"k":"a","v":%s}}`, `{"o":{"k":"b","v":%s,"extra":1}}`}
	known := 0
	for range schemas {
		asserts := make([]string, 1+r.IntN(3))
		for i := range asserts {
			asserts[i] = `{` + knownAsserts[r.IntN(len(knownAsserts))] + `}`
		}
		value := `{"allOf":[` + strings.Join(asserts, ",") + `]}`
		schema := fmt.Sprintf(`{"$defs":{"short":{"type":"string","maxLength":2,"pattern":"^a"},"few":{"maxItems":1,"minimum":1,"multipleOf":3}},
			"properties":{"v":%[1]s,"p":%[1]s,"w":{"type":"array","items":%[1]s},"o":{"oneOf":[
			{"properties":{"k":{"const":"a"},"v":%[1]s},"required":["k","v"],"additionalProperties":false},
			{"properties":{"k":{"const":"b"},"v":%[1]s},"required":["k"]}]}},"additionalProperties":%[1]s}`, value)
		l := columns.NewLayout(&contract.Contract{Fields: []contract.Field{{Name: "v", Path: "/v", Kind: contract.Timestamp}}})
		v := newValidator(compileSchema(t, schema), l, Options{})
		v.fields = newFieldTree([]contract.Field{{Name: "p", Path: "/p", Public: true}})
		row := l.NewRow()
		for range records {
			record := fmt.Appendf(nil, places[r.IntN(len(places))], values[r.IntN(len(values))])
			want := v.byLibrary(record, nil)
			for range 2 { // the second time from what is known
				if got := v.Check(record, row); len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
					t.Fatalf("%s\n%.300s:\ngot\n%swant\n%s", value, record, listed(got), listed(want))
				}
			}
		}
		for only := range v.scanOf(row).known {
			if only.breaks != 0 {
				known++
			}
		}
	}
	if known < 10*schemas {
		t.Errorf("%d parts were known by what they break, want at least %d", known, 10*schemas)
	}
}

// Values that break the same are known by it once, in whatever words a contract shows them.
func TestValuesThatBreakTheSameAreKnownOnce(t *testing.T) {
	for _, c := range []struct {
		schema, record string
		values         []string
		public         bool
		want           int
	}{
		{`{"properties":{"v":{"type":"integer","maximum":3}}}`, `{"v":%s}`, []string{"4", "5", "99", "1e3"}, false, 1},
		{`{"properties":{"v":{"type":"integer","maximum":3}}}`, `{"v":%s}`, []string{"4", "5", "99", "1e3"}, true, 1},
		{`{"properties":{"v":{"type":"integer","maximum":3}}}`, `{"v":%s}`, []string{"4", "4.5", "0.5"}, false, 3},
		{`{"properties":{"v":{"type":"string","maxLength":3}}}`, `{"v":%s}`, []string{`"abcd"`, `"efgh"`, `"é𝄞cd"`, `"\u0061bcd"`}, false, 1},
		{`{"properties":{"v":{"type":"string","maxLength":3}}}`, `{"v":%s}`, []string{`"abcd"`, `"abcde"`}, false, 2},
		{`{"properties":{"v":{"type":"string","maxLength":3}}}`, `{"v":%s}`, []string{`"abcd"`, `"abcde"`, `"efghi"`}, true, 2},
		{`{"properties":{"v":{"type":"string","maxLength":3}}}`, `{"v":%s}`, []string{`"ab\ncd"`, `"ab\ncde"`}, true, 2}, // by the value, as written
		{`{"properties":{"v":{"format":"email"}}}`, `{"v":%s}`, []string{`"a@"`, `"b@"`}, false, 1},
		{`{"properties":{"v":{"minItems":3,"uniqueItems":true}}}`, `{"v":%s}`, []string{`[1]`, `["a"]`, `[1,2]`, `[1,1]`, `["a","a"]`, `[2.5,25e-1]`}, false, 3},
		{`{"properties":{"v":{"minItems":3,"uniqueItems":true}}}`, `{"v":%s}`, []string{`[{"a":1},{"a":2}]`, `[{"a":1},{"a":1}]`, `[{"a":1},{"a":1.0}]`}, false, 0},
		// Too long to be known but by the library: what it costs to judge them may differ.
		{`{"properties":{"v":{"pattern":"^b"}}}`, `{"v":%s}`, []string{`"` + strings.Repeat("a", maxKnownText+1) + `"`}, false, 0},
		{`{"properties":{"v":{"pattern":"^b"}}}`, `{"v":%s}`, []string{`"` + strings.Repeat("a", maxKnownText) + `"`}, false, 1},
		{`{"properties":{"v":{"format":"regex"}}}`, `{"v":%s}`, []string{`"(` + strings.Repeat("a", 999) + `"`, `"({` + strings.Repeat("a", 998) + `"`}, false, 1},
		{`{"properties":{"v":{"pattern":"^(x{0,300}y{0,300}z{0,300})$"}}}`, `{"v":%s}`, []string{`"` + strings.Repeat("a", 250) + `"`, `"` + strings.Repeat("𝄞", 250) + `"`}, false, 0},
		{`{"properties":{"v":{"maxItems":9}}}`, `{"v":%s}`, []string{"[1" + strings.Repeat(",1", maxKnownItems) + "]"}, false, 0},
		{`{"properties":{"v":{"maxItems":9}}}`, `{"v":%s}`, []string{"[1" + strings.Repeat(",1", maxKnownItems-1) + "]"}, false, 1},
		{`{"properties":{"v":{"maxItems":1}}}`, `{"v":%s}`, []string{`[1,"` + strings.Repeat("a", maxKnownText) + `"]`}, false, 0},
		{`{"properties":{"v":{"maxLength":1}}}`, `{"v":%s}`, []string{`"` + strings.Repeat(`\u0061`, maxMemoBytes) + `"`}, true, 0},
	} {
		v := bySchema(t, c.schema)
		v.fields = newFieldTree([]contract.Field{{Name: "v", Path: "/v", Public: c.public}})
		row := v.spares.Get().(*columns.Row)
		for range 2 {
			for _, value := range c.values {
				record := fmt.Appendf(nil, c.record, value)
				if got, want := v.Check(record, row), v.byLibrary(record, nil); len(want) == 0 || !reflect.DeepEqual(got, want) {
					t.Errorf("%s %s: got\n%swant\n%s", c.schema, record, listed(got), listed(want))
				}
			}
		}
		if got := len(v.scanOf(row).known); got != c.want {
			t.Errorf("%s %v: %d parts are known, want %d", c.schema, c.values, got, c.want)
		}
	}
}

// A value may break more checks than there are bits to tell them apart.
func TestManyChecksAreTold(t *testing.T) {
	var schemas []string
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
	for _, c := range letters {
		schemas = append(schemas, fmt.Sprintf(`{"pattern":"^[^%c]*$"}`, c))
	}
	v := bySchema(t, `{"properties":{"v":{"allOf":[`+strings.Join(schemas, ",")+`]}}}`)
	row := v.spares.Get().(*columns.Row)
	for range 2 {
		for _, c := range letters {
			record := fmt.Appendf(nil, `{"v":"%c"}`, c)
			if got, want := v.Check(record, row), v.byLibrary(record, nil); len(want) != 1 || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: got\n%swant\n%s", record, listed(got), listed(want))
			}
		}
	}
}

// What the library would be too long about is over budget, whatever was said of a shorter value before.
func TestBudgetsDoNotDependOnWhatIsKnown(t *testing.T) {
	var times []string
	for i := range 50 {
		times = append(times, fmt.Sprintf("x{0,%d}", 51+i))
	}
	value := `{"pattern":"^(` + strings.Join(times, "|") + `)$"}`
	v := bySchema(t, `{"properties":{"p":`+value+`,"o":{"oneOf":[{"properties":{"k":{"const":"a"},"v":`+value+`},"required":["k"]},
		{"properties":{"k":{"const":"b"}},"required":["k"]}]}}}`)
	v.fields = newFieldTree([]contract.Field{{Name: "p", Path: "/p", Public: true}})
	for _, place := range []string{`{"p":"%s"}`, `{"o":{"k":"a","v":"%s"}}`} {
		row := v.spares.Get().(*columns.Row)
		for range 2 {
			for _, n := range []int{1, 1024} {
				record := fmt.Appendf(nil, place, strings.Repeat("!", n))
				got, want := v.Check(record, row), v.byLibrary(record, nil)
				if !reflect.DeepEqual(got, want) || len(want) != 1 || n > 1 && want[0].Rule != ruleBudget {
					t.Errorf("%.40s: got\n%swant\n%s", record, lines(got), lines(want))
				}
			}
		}
	}
}

// Violations that show their value are the record's own: those of another do not change them.
func TestShownViolationsAreNotShared(t *testing.T) {
	v := bySchema(t, `{"properties":{"v":{"type":"integer","maximum":3}}}`)
	v.fields = newFieldTree([]contract.Field{{Name: "v", Path: "/v", Public: true}})
	row := v.spares.Get().(*columns.Row)
	first := v.Check([]byte(`{"v":7}`), row)
	kept := slices.Clone(first)
	second := v.Check([]byte(`{"v":88}`), row)
	if !reflect.DeepEqual(first, kept) || second[0].Found != "88" {
		t.Errorf("got %v, then %v, want the values of each", first, second)
	}
}
