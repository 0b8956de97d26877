package validate

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

// member is one name of an object with its value, both as JSON text.
type member struct{ name, value string }

// members cuts an object into its members; nil for any other value.
func members(record []byte) (all []member) {
	d := jsontext.NewDecoder(strings.NewReader(string(record)))
	if start, err := d.ReadToken(); err != nil || start.Kind() != '{' {
		return nil
	}
	for d.PeekKind() == '"' {
		name, err := d.ReadValue()
		if err != nil {
			return nil
		}
		text := string(name) // before the next read
		value, err := d.ReadValue()
		if err != nil {
			return nil
		}
		all = append(all, member{text, string(value)})
	}
	return all
}

// join puts an object together, with space around every token.
func join(all []member, space string) string {
	var b strings.Builder
	b.WriteString(space + "{" + space)
	for i, m := range all {
		if i > 0 {
			b.WriteString("," + space)
		}
		b.WriteString(m.name + space + ":" + space + m.value + space)
	}
	b.WriteString("}" + space)
	return b.String()
}

// escaped writes a JSON string with every character escaped: the same string in other bytes.
func escaped(text string) string {
	var s string
	if json.Unmarshal([]byte(text), &s) != nil {
		return text
	}
	var b strings.Builder
	b.WriteByte('"')
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, `\u%04x`, unit)
	}
	b.WriteByte('"')
	return b.String()
}

// otherValues stand in for a value: other types, and numbers in all their spellings.
var otherValues = []string{
	`null`, `true`, `""`, `"text"`, `"1"`, `[]`, `{}`, `[null]`, `0`, `-0`, `-0.0`, `0.0`, `1`, `1.0`, `1.50`, `1e2`, `1E+2`, `100e-2`, `-1`,
	`1e-1`, `0.1`, `0.30000000000000004`, `12345678901234567890`, `-9223372036854775808`, `9223372036854775807`, `9223372036854775808`,
	`9007199254740993`, `1e19`, `1e400`, `1e-400`, `1e1000`, `1e1001`, `01`, `1.`, `.5`, `+1`, `1e`, `-`, `NaN`, `nul`, `tru`, `"\ud800"`, `"\u0000"`,
}

// mutants alters an object: each value in turn, then its names, their order and the space between them.
func mutants(record []byte) (all [][]byte) {
	add := func(text string) { all = append(all, []byte(text)) }
	parts := members(record)
	for i, m := range parts {
		with := func(changed ...member) {
			add(join(slices.Replace(slices.Clone(parts), i, i+1, changed...), ""))
		}
		for _, value := range otherValues {
			with(member{m.name, value})
		}
		with() // missing
		with(member{m.name, m.value + ".0"})
		with(member{m.name, m.value + "e0"})
		with(member{m.name, "-" + m.value})
		with(member{m.name, "[" + m.value + "]"})
		with(member{m.name, escaped(m.value)})
		with(member{escaped(m.name), m.value})
		with(m, m)
		with(m, member{escaped(m.name), m.value})
		with(m, member{m.name, "null"})
		with(member{strings.ToUpper(m.name), m.value})
		with(member{" ", m.value}) // not a name at all
		with(member{m.name, " \t\r\n" + m.value + " "})
		for _, inner := range innerMutants(m.value) {
			with(member{m.name, inner})
		}
		add(join(parts[:i+1], ""))
		add(join(parts[i:], ""))
	}
	reversed := slices.Clone(parts)
	slices.Reverse(reversed)
	add(join(reversed, ""))
	for _, space := range []string{" ", "\r\n\t ", "\v", "\u00a0"} { // the last two are none in JSON
		add(join(parts, space))
	}
	for _, unknown := range []string{`"zz":1`, `"":null`, `"a/b~c":[{}]`, `"\u007a":"x"`, `"x-1":1`, `"` + strings.Repeat("n", 300) + `":true`} {
		name, value, _ := strings.Cut(unknown, ":")
		add(join(append(slices.Clone(parts), member{name, value}), ""))
		add(join(append([]member{{name, value}}, parts...), ""))
	}
	whole := string(record)
	for _, text := range []string{whole[:1], whole[:len(whole)/2], whole[:len(whole)-1], whole + " ", whole + "x", whole + whole,
		"[" + whole + "]", "\ufeff" + whole} {
		add(text)
	}
	return all
}

// innerMutants alters one level inside an object or an array, a little.
func innerMutants(value string) (all []string) {
	var items []json.RawMessage
	if json.Unmarshal([]byte(value), &items) == nil && len(items) > 0 {
		first, rest := string(items[0]), strings.TrimPrefix(value, "[")
		all = append(all, "["+first+","+rest, "[null,"+rest, `["text",`+rest, "[1.0,"+rest, "["+first+"]")
		if inner := members(items[0]); inner != nil {
			for _, m := range innerMutants(first) {
				all = append(all, "["+m+"]")
			}
		}
	}
	parts := members([]byte(value))
	for i, m := range parts {
		for _, other := range []string{"null", `"text"`, "1.0", "1e2", "-0.0", "12345678901234567890", "[]", "{}", escaped(m.value)} {
			all = append(all, join(slices.Replace(slices.Clone(parts), i, i+1, member{m.name, other}), ""))
		}
		all = append(all, join(slices.Delete(slices.Clone(parts), i, i+1), " "))
		all = append(all, join(append(slices.Clone(parts), m), ""))
		all = append(all, join(append(slices.Clone(parts), member{`"unknown"`, m.value}), ""))
	}
	return all
}

// hostile are documents that break decoders, in sizes a fuzzer can carry on from.
func hostile() (all [][]byte) {
	nested := func(open, inside, shut string, n int) string {
		return strings.Repeat(open, n) + inside + strings.Repeat(shut, n)
	}
	for _, text := range []string{
		// Nesting at the limit and beyond it, closed and not, in objects and in a name's value.
		nested("[", "", "]", maxDepth), nested("[", "", "]", maxDepth+1), nested("[", "", "]", 10_001), nested("[", "", "", 5000),
		nested(`{"a":`, "1", "}", maxDepth), nested(`{"a":`, "1", "}", maxDepth+1), nested(`{"next":`, "null", "}", 100),
		`{"carrier":` + nested("[", "", "]", maxDepth) + "}",
		// Names used twice, as bytes and after unescaping, deep down and empty.
		`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"b":[{"a":{"":1,"":2}}]}`, `{"\ud83d\ude00":1,"😀":2}`, `{"id":1,"id":1}`, `{"\/":1,"/":2}`,
		// Text that is none: invalid UTF-8, halves of surrogate pairs, NUL, byte order marks, CESU-8, overlong forms, UTF-16.
		"\"\xff\"", "{\"carrier\":\"\xc3\"}", "{\"\xff\":1}", `"\ud800"`, `{"id":"\udc00"}`, `{"\ud800":1}`, "\"\x00\"", "\x00", "\ufeff{}", "{}\ufeff",
		"\"\xed\xa0\x80\xed\xb0\x80\"", "\"\xc0\x80\"", "\xff\xfe{\x00}\x00", "\"\xf4\x90\x80\x80\"", "\"\u2028\ufffd\U0010ffff\"",
		// Numbers that float64 or int64 cannot hold, spellings of integers, and runaways.
		"1e400", "-1e400", "[12345678901234567890,9007199254740993,-0,1.0]", `{"id":1e5000000}`, "1e1000001", "1e-1000001", "01", "-", "1e", "0x1",
		strings.Repeat("7", maxNumberBytes), strings.Repeat("7", maxNumberBytes+1), "0." + strings.Repeat("0", 1000) + "1", `{"id":1e1001}`,
		`{"id":` + strings.Repeat("9", 400) + "." + strings.Repeat("9", 400) + "e-390}",
		// More than a value, and less.
		"", " ", "\n", "{} {}", "{}\n{}", "{}x", "{}\x00", "[1,]", `{"a":1,}`, `{"a"}`, "{1:2}", "{,}", "[", "{", `"`, `{"id":`, "nul", "truefalse", "null ", "//", "{}/**/",
		// Much in little: values, empty containers, names, long text, names with all that has to be escaped.
		"[" + strings.Repeat("0,", 2000) + "0]", "[" + strings.Repeat("{},", 2000) + "{}]", "[" + strings.Repeat(`{"a":0},`, 500) + "0]",
		`"` + strings.Repeat("x", 8<<10) + `"`, `"` + strings.Repeat(`\u0041`, 1000) + `"`, `{"` + strings.Repeat("é", 2000) + `":1}`,
		`{"a/b":1,"~":2,"%41":3,"\"":4,"\n":5,"<script>":6," ":7,"#":8,"?":9,"[0]":10}`,
	} {
		all = append(all, []byte(text))
	}
	return all
}
