package validate

import (
	"bytes"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"weir/internal/columns"
	"weir/internal/contract"
)

// The first test of the package: this number crashes jsonschema v5 under each of these keywords.
func TestRunawayExponentIsAFaultWithAName(t *testing.T) {
	for _, schema := range []string{`{"type":"integer"}`, `{"minimum":1}`, `{"multipleOf":2}`, `{"enum":[1]}`, `{"const":1}`, `{"uniqueItems":true}`} {
		v := bySchema(t, schema)
		for _, value := range []string{"1e1000001", "-1E+1000001", "1e-1000001", "[1,1e1000001]", "1e99999999999999999999"} {
			if vs := v.Check([]byte(value), nil); rules(vs) != ruleBudget || vs[0].Keyword != keywordPower {
				t.Errorf("%s of %s: got %s, want %s by %s", schema, value, lines(vs), ruleBudget, keywordPower)
			}
		}
	}
}

func TestEveryFaultOfTheTextHasItsRule(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	objects := func(n int) string { return strings.Repeat(`{"a":`, n) + "1" + strings.Repeat("}", n) }
	v := bySchema(t, `true`)
	for _, c := range []struct{ name, value, keyword, at, message string }{
		{"nothing", "", ruleEmpty, "", "The record must be a JSON value, found nothing at byte 0."},
		{"whitespace", " \t\r\n", ruleEmpty, "", "The record must be a JSON value, found nothing at byte 4."},
		{"byte order mark", "\xef\xbb\xbf{}", ruleByteOrderMark, "", "The record must be JSON without a byte order mark, found one at byte 0."},
		{"UTF-16", "\xff\xfe{\x00}\x00", ruleInvalidUTF8, "", "The record must be UTF-8, found the byte 0xff at byte 0."},
		{"invalid UTF-8 in a value", "{\"a\":\"x\xff\"}", ruleInvalidUTF8, "/a", "/a must be UTF-8, found the byte 0xff at byte 7."},
		{"invalid UTF-8 in a name", "{\"a\xff\":1}", ruleInvalidUTF8, "", ""},
		{"CESU-8", "\"\xed\xa0\x80\xed\xb0\x80\"", ruleInvalidUTF8, "", ""},
		{"overlong", "\"\xc0\x80\"", ruleInvalidUTF8, "", ""},
		{"cut rune at the end", "\"\xe2\x82", ruleInvalidUTF8, "", ""},
		{"high surrogate", `{"a":"\ud800"}`, ruleLoneSurrogate, "/a", "/a must be text of whole characters, found half a surrogate pair at byte 6."},
		{"low surrogate", `"\uDC00x"`, ruleLoneSurrogate, "", ""},
		{"two high surrogates", `"\ud800\ud800"`, ruleLoneSurrogate, "", ""},
		{"surrogate in a name", `{"\udfff":1}`, ruleLoneSurrogate, "", ""},
		{"no escape", `"\x41"`, ruleMalformed, "", ""},
		{"short escape", `"\u12"`, ruleMalformed, "", ""},
		{"raw NUL", "\"\x00\"", ruleMalformed, "", ""},
		{"raw newline", "\"a\nb\"", ruleMalformed, "", ""},
		{"duplicate name", `{"a":1,"a":2}`, ruleDuplicateName, "/a", "/a must be a name used once in its object, found it again at byte 7."},
		{"duplicate name, escaped", `{"b":{"a":1,"\u0061":2}}`, ruleDuplicateName, "/b/a", ""},
		{"duplicate empty name", `{"":1,"":1}`, ruleDuplicateName, "/", ""},
		{"truncated object", `{"a":1`, ruleTruncated, "", "The record must be well-formed JSON (RFC 8259), found its end at byte 6."},
		{"truncated string", `{"a":"x`, ruleTruncated, "/a", ""},
		{"truncated literal", `tru`, ruleTruncated, "", ""},
		{"truncated number", `-`, ruleTruncated, "", ""},
		{"trailing text", `{} x`, ruleTrailingBytes, "", "The record must be one JSON value, found more bytes after it at byte 3."},
		{"two documents", "{}\n{}", ruleTrailingBytes, "", ""},
		{"trailing NUL", "{}\x00", ruleTrailingBytes, "", ""},
		{"trailing comma", `[1,]`, ruleMalformed, "", ""},
		{"leading zero", `{"a":01}`, ruleMalformed, "", ""},
		{"plus sign", `+1`, ruleMalformed, "", ""},
		{"bare point", `.5`, ruleMalformed, "", ""},
		{"NaN", `NaN`, ruleMalformed, "", ""},
		{"Infinity", `[Infinity]`, ruleMalformed, "", ""},
		{"single quotes", `{'a':1}`, ruleMalformed, "", ""},
		{"name not a string", `{1:2}`, ruleMalformed, "", ""},
		{"comment", `{}//x`, ruleTrailingBytes, "", ""},
		{"nested too deep", nested(maxDepth + 1), keywordDepth, "", ""},
		{"nested 10,000", nested(10_000), keywordDepth, "", ""},
		{"nested 10,001", nested(10_001), keywordDepth, "", ""},
		{"nested 300,000", nested(300_000), keywordDepth, "", ""},
		{"opened 1,000,000 times", strings.Repeat("[", 1_000_000), keywordDepth, "", ""},
		{"objects too deep", objects(maxDepth + 1), keywordDepth, "", ""},
		{"exponent", `{"n":1e1001}`, keywordPower, "/n", "/n must be a number with an exponent within ±1000, found a larger one at byte 5."},
		{"1e5000000", `1e5000000`, keywordPower, "", ""},
		{"megabyte of digits", "[" + strings.Repeat("7", 1_000_000) + "]", keywordLength, "/0", "/0 must be a number of at most 1100 characters, found 1000000 characters at byte 1."},
		{"megabyte of zeros", "[" + strings.Repeat("0,", 500_000) + "0]", keywordValues, "/131071", ""},
		{"megabyte of objects", "[" + strings.Repeat("{},", 333_333) + "{}]", keywordValues, "/131071", ""},
		{"eight mebibytes", `"` + strings.Repeat("x", 8<<20) + `"`, keywordBytes, "", "The record must be at most 1048576 bytes, found 8388610 bytes."},
	} {
		t.Run(c.name, func(t *testing.T) {
			vs := v.Check([]byte(c.value), nil)
			rule := c.keyword
			if !strings.HasPrefix(rule, "json-") {
				rule = ruleBudget
			}
			if got := rules(vs); got != rule {
				t.Fatalf("got %q, want %q", got, rule)
			}
			x := vs[0]
			if x.Severity != contract.Error || x.Keyword != c.keyword || !Rejects(vs) {
				t.Errorf("got severity %q keyword %q, want error and %q", x.Severity, x.Keyword, c.keyword)
			}
			if c.at != "" && x.Instance != c.at {
				t.Errorf("got at %q, want %q", x.Instance, c.at)
			}
			if c.message != "" && x.Message != c.message {
				t.Errorf("got message\n%s, want\n%s", x.Message, c.message)
			}
			if len(x.Message) > 5000 || len(x.Instance) > 5000 {
				t.Errorf("message of %d and pointer of %d bytes are not bounded", len(x.Message), len(x.Instance))
			}
		})
	}
}

func TestWhatIsStrictJSONPasses(t *testing.T) {
	v := bySchema(t, `true`)
	for _, value := range []string{
		`null`, `true`, `0`, `-0`, `-0.0e-0`, `1e400`, `1e-400`, `1E+1000`, `9007199254740993`, `123456789012345678901234567890`,
		strings.Repeat("7", maxNumberBytes), `""`, `"\u0000"`, `"\ud834\udd1e"`, `"` + "\u2028" + `"`, "\"\xef\xbf\xbd\"", "\"\xef\xbb\xbf\"",
		`{"":{"":1},"a":1,"A":2}`, " [ ] \r\n\t", `[{"a":1},{"a":1}]`,
		strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth),
		"[" + strings.Repeat("0,", 131_070) + "1e5]", // with the array itself as many values as a record may have
	} {
		if vs := v.Check([]byte(value), nil); len(vs) != 0 {
			t.Errorf("%.60q: got %s", value, lines(vs))
		}
	}
}

func TestRecordLimitIsTheOption(t *testing.T) {
	schema := compileSchema(t, `true`)
	v := newValidator(schema, columns.NewLayout(&contract.Contract{}), Options{MaxRecordBytes: 16}.withDefaults())
	if vs := v.Check([]byte(`"aaaaaaaaaaaaaa"`), nil); len(vs) != 0 {
		t.Errorf("16 bytes: got %s, want valid", lines(vs))
	}
	if vs := v.Check([]byte(`"aaaaaaaaaaaaaaa"`), nil); rules(vs) != ruleBudget || vs[0].Keyword != keywordBytes {
		t.Errorf("17 bytes: got %s, want %s by %s", lines(vs), ruleBudget, keywordBytes)
	}
}

func TestAlteredDecoderStateNeverReachesTheNextRecord(t *testing.T) {
	v := bySchema(t, `{"type":"object"}`)
	for _, bad := range []string{`{"a":{"b":[1,`, `{"a":1,"a":1}`, `[[[`, "\xff", `{} {}`} {
		v.Check([]byte(bad), nil)
		if vs := v.Check([]byte(`{"a":{"b":[1]}}`), nil); len(vs) != 0 {
			t.Errorf("after %q: got %s, want valid", bad, lines(vs))
		}
	}
}

func TestCheckLeavesTheBytesAlone(t *testing.T) {
	v := bySchema(t, `{"type":"object"}`)
	for _, value := range []string{`{"a":"x\u0041","b":[1.0,1e2]}`, `{"a":1,"a":2}`, "{\"a\":\"\xff\"}", `{"a":1} `} {
		b := []byte(value)
		v.Check(b, nil)
		if !bytes.Equal(b, []byte(value)) {
			t.Errorf("%q became %q", value, b)
		}
	}
}

// What grows most when decoded, and as many wrong values as a record may have, take a multiple of the largest
// record's size and no more.
func TestMemoryOfARecordIsBounded(t *testing.T) {
	v := bySchema(t, `{"type":"array","items":{"type":["string","object","array"],"maxProperties":0,"maxItems":0}}`)
	for _, c := range []struct {
		unit  string
		times int
		limit uint64 // MiB allocated in all, garbage included
	}{
		{"0,", 500_000, 32}, {"{},", 333_333, 32}, {"[],", 333_333, 32}, {`{"a":0},`, 120_000, 48},
		{"{},", 131_000, 48}, {"[],", 131_000, 48}, {"0,", 131_000, 48}, {`{"a":0},`, 65_000, 48}, {"[0],", 65_000, 48},
	} {
		value := []byte("[" + strings.Repeat(c.unit, c.times) + "{}]")
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		v.Check(value, nil)
		runtime.ReadMemStats(&after)
		if got := (after.TotalAlloc - before.TotalAlloc) >> 20; got > c.limit {
			t.Errorf("%d times %q: allocated %d MiB, want at most %d", c.times, c.unit, got, c.limit)
		}
	}
}

func TestNumbersAreJudgedExactly(t *testing.T) {
	for _, c := range []struct {
		schema, value string
		valid         bool
	}{
		{`{"type":"integer"}`, `1.0`, true},
		{`{"type":"integer"}`, `1e2`, true},
		{`{"type":"integer"}`, `-0`, true},
		{`{"type":"integer"}`, `1.5`, false},
		{`{"type":"integer"}`, `1e400`, true},
		{`{"type":"integer"}`, `1e-400`, false},
		{`{"type":"integer"}`, `99999999999999999999`, true},
		{`{"maximum":9007199254740992}`, `9007199254740993`, false},
		{`{"maximum":9007199254740993}`, `9007199254740993`, true},
		{`{"minimum":0}`, `-0`, true},
		{`{"exclusiveMinimum":0}`, `1e-1000`, true},
		{`{"multipleOf":0.1}`, `0.3`, true},
		{`{"const":1}`, `1.0`, true},
		{`{"enum":[100]}`, `1e2`, true},
		{`{"const":9007199254740992}`, `9007199254740993`, false},
		{`{"uniqueItems":true}`, `[1,1.0]`, false},
	} {
		if vs := bySchema(t, c.schema).Check([]byte(c.value), nil); len(vs) == 0 != c.valid {
			t.Errorf("%s of %s: got valid %v, want %v", c.schema, c.value, len(vs) == 0, c.valid)
		}
	}
}

func TestPanicOfTheLibraryIsAViolationOfTheRecord(t *testing.T) {
	// A number in the schema itself that the library cannot hold: every comparison with it panics.
	v := bySchema(t, `{"enum":[1e1000001]}`)
	vs := v.Check([]byte(`1`), nil)
	if got := rules(vs); got != rulePanic {
		t.Fatalf("got %q, want %q", got, rulePanic)
	}
	if !Rejects(vs) {
		t.Error("a record that cannot be judged passes")
	}
	if vs := v.Check([]byte(`"x"`), nil); fmt.Sprint(rules(vs)) != "record-enum" {
		t.Errorf("the next record: got %s, want record-enum", lines(vs))
	}
}

// What is no JSON is called so, also where it would cost more than the budget to decode.
func TestCostlyRecordsThatAreNoJSONAreCalledSo(t *testing.T) {
	var names strings.Builder
	for i := range 40_000 {
		fmt.Fprintf(&names, `"%07d":1,`, i)
	}
	v := bySchema(t, `{}`)
	for end, want := range map[string]string{
		``: ruleTruncated, `"0000001":1}`: ruleDuplicateName, `"a":1}x`: ruleTrailingBytes, `"a":"\ud800"}`: ruleLoneSurrogate,
	} {
		record := []byte("{" + names.String() + end)
		got, byLibrary := v.Check(record, nil), v.byLibrary(record, nil)
		if len(got) != 1 || got[0].Rule != want || !reflect.DeepEqual(got, byLibrary) {
			t.Errorf("%q: got\n%sby the library\n%swant %s", end, lines(got), lines(byLibrary), want)
		}
	}
}
