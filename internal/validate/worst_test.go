package validate

import (
	"fmt"
	"strings"
)

// worstRecord is a record made to cost as much as it can under a schema.
type worstRecord struct {
	name, schema string
	value        string
}

// worstRecords are the records that tests and BenchmarkWorstRecord hold against the budget.
func worstRecords() (list []worstRecord) {
	add := func(name, schema, value string) { list = append(list, worstRecord{name, schema, value}) }
	const full = 131_070 // items of a record, beside the array
	many := func(item string) string {
		n := min(full, (DefaultMaxRecordBytes-4)/(len(item)+1))
		return "[" + strings.Repeat(item+",", n-1) + item + "]"
	}
	numbered := func(n int, item string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, item, i)
		}
		return b.String()
	}
	deep := func(n int, open, inner, close string) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(close, n)
	}
	digits := strings.Repeat("7", 1000)
	long := strings.Repeat("a", 1_000_000)

	add("fan-out", fanOut(11), `[1]`)
	add("fan-out at many items", `{"items":{"$ref":"#/$defs/a0"},`+fanOut(9)[1:], many("0"))
	add("fan-out over a wide object", fanOut(11), "{"+numbered(40_000, `"n%d":0,`)+`"a":0}`)
	add("not at many items", `{"items":{"not":{"type":"string"}}}`, many("0"))
	add("not at many texts", `{"items":{"not":{"enum":["a","b"]}}}`, many(`"x"`))
	add("contains", `{"contains":{"type":"string"}}`, many("0"))
	add("contains in many arrays", `{"items":{"contains":{"const":1}}}`, many("[0,1]"))
	add("many wrong items", `{"items":{"type":"string"}}`, many("0"))
	add("many wrong objects", `{"items":{"type":"string"}}`, many(`{"a":0}`))
	add("every item against false", `{"items":false}`, many("0"))
	add("oneOf of many branches", `{"items":{"oneOf":[`+strings.Repeat(`{"type":"string"},`, 199)+`{}]}}`, many("0"))
	add("anyOf of many branches", `{"items":{"anyOf":[`+strings.Repeat(`{"minimum":1},`, 199)+`{}]}}`, many("0"))
	add("objects in many objects", `{"items":{"properties":{"a":{"not":{"type":"string"}}}}}`, many(`{"a":0}`))
	add("allOf over a wide object", `{"allOf":[`+strings.Repeat(`{"required":["x"]},`, 99)+`{}]}`, "{"+numbered(30_000, `"n%d":0,`)+`"a":0}`)
	add("wide object decoded", `{"not":{"type":"string"}}`, "{"+numbered(80_000, `"%x":0,`)+`"z":0}`)
	add("objects decoded", `{"not":{"type":"string"}}`, many(`{"a":0}`))
	add("deep array", `{"$defs":{"a":{"items":{"$ref":"#/$defs/a"}}},"$ref":"#/$defs/a"}`, deep(512, "[", "", "]"))
	add("deep and wrong", `{"$defs":{"a":{"type":"array","items":{"$ref":"#/$defs/a"}}},"$ref":"#/$defs/a"}`, deep(511, "[", "0", "]"))
	add("deep objects and wrong", `{"properties":{"a":{"$ref":"#"}},"additionalProperties":false}`, deep(511, `{"a":`, `{"b":0}`, "}"))
	add("deep, then wide", `{"items":{"$ref":"#"},"type":"array"}`, deep(250, "[", strings.Repeat("0,", 100_000)+"0", "]"))
	add("at a doubling of the scope", `{"items":{"$ref":"#"}}`, deep(127, "[", strings.Repeat("0,", 100_000)+"0", "]"))
	add("a chain of references at depth", chain(200), deep(511, "[", "", "]"))
	add("items below a long name", `{"additionalProperties":{"items":{"not":{"type":"string"}}}}`, `{"`+strings.Repeat("é", 200_000)+`":[`+strings.Repeat("0,", 100_000)+`0]}`)
	add("wrong items below a long name", `{"additionalProperties":{"items":{"type":"string"}}}`, `{"`+strings.Repeat("n", 500_000)+`":[`+strings.Repeat("0,", 900)+`0]}`)
	add("long names", `{"propertyNames":{"maxLength":1000000},"additionalProperties":{"not":{"type":"string"}}}`, "{"+numbered(30, `"`+strings.Repeat("é", 15_000)+`%d":0,`)+`"a":0}`)
	for _, n := range []struct{ name, number string }{{"1e1000", "1e1000"}, {"1e-1000", "1e-1000"}, {"long numbers", digits}, {"long fractions", "0." + digits + "e-1000"}, {"zeros", "0"}, {"fractions", "0.1"}} {
		add("multipleOf of "+n.name, `{"items":{"not":{"multipleOf":0.0007}}}`, many(n.number))
		add("bounds of "+n.name, `{"items":{"not":{"minimum":1e-300,"maximum":1e300,"exclusiveMaximum":12e99}}}`, many(n.number))
		add("enum of "+n.name, `{"items":{"not":{"enum":[`+numbered(999, "%d,")+`-1]}}}`, many(n.number))
		add("uniqueItems of "+n.name, `{"not":{"uniqueItems":true}}`, many(n.number))
		add("integers of "+n.name, `{"items":{"not":{"type":["integer","null"]}}}`, many(n.number))
		add("scan: enum of "+n.name, `{"items":{"enum":[`+numbered(999, "%d,")+`-1,`+n.number+`]}}`, many(n.number))
	}
	add("uniqueItems of different numbers", `{"uniqueItems":true}`, "["+numbered(100_000, "%d,")+"1]")
	add("uniqueItems of texts", `{"uniqueItems":true}`, "["+numbered(80_000, `"%d",`)+"1]")
	add("uniqueItems of one hash", `{"uniqueItems":true}`, oneHash(17))
	add("uniqueItems of signs", `{"uniqueItems":true}`, signs(14))
	add("enum of objects", `{"items":{"enum":[`+numbered(500, `{"a":1,"b":{"c":%d}},`)+`1]}}`, many(`{"a":1,"b":{"c":-1}}`))
	add("enum of long texts", `{"items":{"enum":["`+strings.Repeat("x", 50_000)+`"]}}`, many(`"x"`))
	add("nested quantifiers", `{"pattern":"(a{1,30}){1,30}$"}`, `"`+long+`b"`)
	add("nested quantifiers, many texts", `{"items":{"pattern":"(a{1,30}){1,30}$"}}`, many(`"`+strings.Repeat("a", 100)+`b"`))
	add("nested quantifiers beyond ASCII", `{"items":{"pattern":"^([^b]{1,20}){1,9}$"}}`, many(`"`+strings.Repeat("é", 60)+`"`))
	add("many patterns", `{"items":{"allOf":[`+numbered(100, `{"pattern":"^[a-z]*[^%d]$"},`)+`{}]}}`, many(`"`+strings.Repeat("a", 1000)+`"`))
	add("patterns in the library", `{"items":{"not":{"pattern":"(x+x+)+y(a|b)*"}}}`, many(`"`+strings.Repeat("x", 200)+`"`))
	add("patternProperties", `{"patternProperties":{"(a{1,30}){1,30}$":{"type":"integer"}}}`, "{"+numbered(30_000, `"aaaaaaaaaaaaaaaa%d":0,`)+`"b":0}`)
	add("many patternProperties", `{"patternProperties":{`+numbered(100, `"^n.*%d$":{},`)+`"x":{}}}`, "{"+numbered(50_000, `"n%d":0,`)+`"b":0}`)
	add("propertyNames", `{"propertyNames":{"pattern":"^n[0-9]+$"}}`, "{"+numbered(60_000, `"n%d":0,`)+`"n":0}`)
	add("additionalProperties", `{"additionalProperties":false}`, "{"+numbered(60_000, `"n%d":0,`)+`"n":0}`)
	add("unevaluatedProperties", `{"unevaluatedProperties":false}`, "{"+numbered(60_000, `"n%d":0,`)+`"n":0}`)
	add("unevaluatedProperties of many objects", `{"items":{"allOf":[{"properties":{"a":{}}}],"unevaluatedProperties":false}}`, many(`{"a":0}`))
	add("unevaluatedItems", `{"unevaluatedItems":{"type":"string"}}`, many("0"))
	add("dependentSchemas", `{"items":{"dependentSchemas":{`+numbered(100, `"a%d":{"required":["b"]},`)+`"a":{"required":["b"]}}}}`, many(`{"a":0,"a1":0,"a2":0}`))
	add("dependentRequired", `{"items":{"dependentRequired":{`+numbered(1000, `"a%d":["b"],`)+`"a":["b"]}}}`, many(`{"x":0}`))
	add("many required", `{"items":{"required":[`+numbered(1000, `"a%d",`)+`"a"]}}`, many(`{}`))
	add("many properties", `{"items":{"properties":{`+numbered(5000, `"a%d":{},`)+`"a":{"not":{}}}}}`, many(`{}`))
	add("$dynamicRef", `{"$dynamicAnchor":"n","items":{"$dynamicRef":"#n"},"type":"array"}`, many("[[]]"))
	add("$dynamicRef at depth", `{"$dynamicAnchor":"n","items":{"$dynamicRef":"#n"}}`, deep(400, "[", strings.Repeat("0,", 50_000)+"0", "]"))
	add("format regex", `{"format":"regex"}`, `"`+strings.Repeat("(a|b){1000}", 50_000)+`"`)
	add("format regex of classes", `{"format":"regex"}`, `"`+strings.Repeat(`\\pL`, 1_500)+`"`)
	add("format regex of repeats", `{"format":"regex"}`, `"`+strings.Repeat(`(\\pL|b){999}`, 90)+`"`)
	add("formats", `{"items":{"format":"uri"}}`, many(`"http://a/`+strings.Repeat("%41", 300)+`"`))
	add("a long wrong text", `{"allOf":[`+strings.Repeat(`{"format":"date"},`, 60)+`{"format":"email"}]}`, `"`+strings.Repeat(`\u0001`, 170_000)+`"`)
	add("long text, many keywords", `{"allOf":[`+numbered(200, `{"maxLength":%d},`)+`{"minLength":1}]}`, `"`+long+`"`)
	add("long text, many enums", `{"allOf":[`+numbered(900, `{"const":"%d"},`)+`{"minLength":1}]}`, `"`+long+`"`)
	add("if", `{"items":{"if":{"minimum":1},"then":{"maximum":5},"else":{"maximum":-1}}}`, many("0"))
	add("scan: many bounds", `{"items":{"allOf":[`+numbered(120, `{"minimum":-%d.5},`)+`{}]}}`, many("0.5"))
	add("scan: many multiples", `{"items":{"allOf":[`+numbered(120, `{"multipleOf":1e-%d},`)+`{}]}}`, many("1e9"))
	add("scan: deciding names last", deciders(80), deep(80, `{"a":`, `{"x":"`+strings.Repeat("z", 900_000)+`","k":1}`, `,"k":1}`))
	add("draft 7 content", `{"$schema":"http://json-schema.org/draft-07/schema#","contentMediaType":"application/json","contentSchema":{"items":{"type":"integer"}}}`,
		`"[`+strings.Repeat("1e9999999,", 50_000)+`1]"`)
	return list
}

// fanOut is n levels of references, each to the next twice.
func fanOut(n int) string {
	var b strings.Builder
	b.WriteString(`{"$defs":{`)
	for i := range n {
		fmt.Fprintf(&b, `"a%d":{"allOf":[{"$ref":"#/$defs/a%d"},{"$ref":"#/$defs/a%d"}]},`, i, i+1, i+1)
	}
	fmt.Fprintf(&b, `"a%d":{"minimum":0}}`, n)
	if n > 9 {
		b.WriteString(`,"$ref":"#/$defs/a0"`)
	}
	return b.String() + "}"
}

// chain is n references one after the other, to a list of the same.
func chain(n int) string {
	var b strings.Builder
	b.WriteString(`{"$defs":{`)
	for i := range n {
		fmt.Fprintf(&b, `"a%d":{"$ref":"#/$defs/a%d"},`, i, i+1)
	}
	fmt.Fprintf(&b, `"a%d":{"items":{"$ref":"#/$defs/a0"}}},"$ref":"#/$defs/a0"}`, n)
	return b.String()
}

// deciders is n objects inside each other, each of two alternatives that the property k decides.
func deciders(n int) string {
	schema := `{}`
	for range n {
		schema = `{"oneOf":[{"required":["k"],"properties":{"k":{"const":1},"a":` + schema + `}},{"required":["k"],"properties":{"k":{"const":2}}}]}`
	}
	return schema
}

// oneHash is 2^n different arrays that are one text to the library's hash: cut where the text has the byte that begins
// a text, or not.
func oneHash(n int) string {
	var b strings.Builder
	for i := range 1 << min(n, 12) {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`["`)
		for k := range n {
			if i>>k&1 == 1 {
				b.WriteString(`","`)
			} else {
				b.WriteString(`\u0003`)
			}
		}
		b.WriteString(`"]`)
	}
	return "[" + b.String() + "]"
}

// signs is 2^n arrays that differ in signs, which the library does not hash.
func signs(n int) string {
	var b strings.Builder
	for i := range 1 << n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('[')
		for k := range n {
			if k > 0 {
				b.WriteByte(',')
			}
			b.WriteString([]string{"1", "-1"}[i>>k&1])
		}
		b.WriteByte(']')
	}
	return "[" + b.String() + "]"
}
