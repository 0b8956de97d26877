package validate

import (
	"math/rand/v2"
	"strings"
)

// dice draws everything random of the generated tests, so that one seed names a schema and its documents.
type dice struct{ *rand.Rand }

// newDice spreads neighbouring seeds over both halves of the generator's state.
func newDice(seed uint64) dice {
	return dice{rand.New(rand.NewPCG(seed, seed*0x9e3779b97f4a7c15+1))}
}

func (d dice) chance(percent int) bool { return percent > 0 && d.IntN(100) < percent }

func (d dice) between(least, most int) int { return least + d.IntN(most-least+1) }

func pick[T any](d dice, list []T) T { return list[d.IntN(len(list))] }

// some draws up to n members without repetition.
func some[T any](d dice, list []T, n int) []T {
	drawn := make([]T, 0, n)
	for _, i := range d.Perm(len(list))[:min(n, len(list))] {
		drawn = append(drawn, list[i])
	}
	return drawn
}

var jsonTypes = []string{"string", "integer", "number", "boolean", "null", "array", "object"}

// Names that share beginnings, that are longer than a machine word or two, that need escapes in JSON, in pointers or
// in URLs, and that are words of JSON Schema themselves.
var propertyNames = []string{
	"a", "ab", "abc", "b", "id", "A", "x-1", "x-2", "n_a", "0", "1",
	"distance", "distance_km", "abcdefgh", "abcdefghi", "abcdefghijklmnop", "abcdefghijklmnopq",
	"a_rather_long_property_name", "a_rather_long_property_name2", "a_rather_long_property_namf",
	"é", "naïve", "日本語", "😀", "a b", "a/b", "m~n", "~1", "c%d", "%41", "", `q"r`, `back\slash`, "tab\there", "nul\x00", "\u2028", "a.b",
	"properties", "required", "enum", "propertyNames", "additionalProperties", "$ref", "allOf",
}

// discriminators are kept apart from propertyNames: no other schema says anything about them.
var discriminators = []string{"kind", "type", "t", "event_discriminator_name", "k/d"}

// namePatterns select among propertyNames.
var namePatterns = []string{`^a`, `b$`, `^x-`, `é|ï`, `^.{17,}$`, `_`, `^[A-Z]$`, `^abc`, `[0-9]`, `(?i)^a+b*$`, `/`, `%`, `^$`, `z`}

var integers = []string{
	"0", "-0", "1", "-1", "2", "5", "7", "10", "60", "100", "2400", "-5", "1e2", "1.0", "4294967296", "2147483647",
	"9007199254740991", "9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808",
	"-9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e20", "-1e20", "1e30",
	"123456789012345678901234567890",
}

var decimals = []string{
	"0.01", "0.1", "0.3", "2.5", "-2.5", "1e-3", "0.5", "0.30000000000000004", "0.1000000000000000055511151231257827",
	"1.7976931348623157e308", "2e308", "5e-324", "1e-400", "99.99", "-273.15", "1e400", "9007199254740992.5",
}

var divisors = []string{"1", "2", "3", "5", "7", "10", "0.01", "0.1", "2.5", "1e-3", "1e20", "0.3", "9007199254740993", "1.0", "1e400", "1e-20", "0.5"}

// oddNumbers are what documents hold at random, schemas' own numbers apart.
var oddNumbers = []string{
	"0", "-0", "-0.0", "0.0", "0e0", "1", "1.0", "1e0", "10e-1", "0.1e1", "1E+2", "1e2", "12345678901234567890", "99999999999999999999",
	"0.123456789012345678901234567890", "123456789012345678901234567.5", "1e400", "-1e400", "1e999", "1e-400", "1e-999", "1e1000", "1e1001",
	"1e-1001", "1e99999", "0e5000", "9223372036854775807.0", "9223372036854775808", "922337203685477580.8e1", "1.5", "-1", "1e-1", "3.0e0", "1e+0002",
}

type textMaker struct {
	rule string
	fits []string
	not  []string
}

var patterns = []textMaker{
	{`^[A-Z]{2}$`, []string{"AB", "ZZ"}, []string{"A", "ab", "ABC", "AB\n"}},
	{`^(a|ab|abc)$`, []string{"a", "ab", "abc"}, []string{"", "abcd", "b"}},
	{`^(red|green|blue)`, []string{"red", "greenish", "blue"}, []string{"re", "Red", "ared"}},
	{`\d+`, []string{"a1", "0", "x99y"}, []string{"", "abc", "٣"}},
	{`^N[0-9A-Z]{1,5}$`, []string{"N1", "N14228", "NABCDE"}, []string{"N", "N142281", "n1"}},
	{`^[äöüß]+$`, []string{"ä", "öüß"}, []string{"", "a", "äa", "Ä"}},
	{`[^a-z]`, []string{"A", "é", "a1"}, []string{"", "abc"}},
	{`\p{Lu}`, []string{"É", "aÄ", "Z"}, []string{"a", "1", "é"}},
	{`(?i)^weir$`, []string{"weir", "WEIR", "WeIr"}, []string{"wei", "weirs"}},
	{`(?i)straße|K`, []string{"STRAßE", "k", "\u212a"}, []string{"strasse", "s"}},
	{`^(a+)+$`, []string{"a", "aaaa"}, []string{"", "aaab", "b"}},
	{`^(\w+-)*\w+$`, []string{"a", "a-b", "ab-c_d-1"}, []string{"", "-a", "a-", "a--b"}},
	{`^((ab)*c?)*$`, []string{"", "ab", "ababc", "c"}, []string{"a", "abx"}},
	{`^$|^x`, []string{"", "x", "xyz"}, []string{"y", "ax"}},
	{`^.{2,4}$`, []string{"ab", "日本語", "😀😀"}, []string{"a", "abcde", "a\nb"}},
	{`(?s)^.$`, []string{"a", "\n", "😀"}, []string{"", "ab"}},
	{`^\s*$`, []string{"", " ", "\t\n"}, []string{"a", "\u00a0"}},
	{`\bfoo\b`, []string{"foo", "a foo b"}, []string{"food", "fo"}},
	{`^[0-9]{4}-(0[1-9]|1[0-2])$`, []string{"2013-01", "1999-12"}, []string{"2013-13", "13-01"}},
	{`😀|é`, []string{"😀", "café"}, []string{"e", ""}},
	{`"|\\|/`, []string{`"`, `\`, "a/b"}, []string{"a", ""}},
}

var formats = []textMaker{
	{"date-time", []string{"2013-01-01T10:00:00Z", "2013-01-01t10:00:00.123456z", "2016-12-31T23:59:60Z", "2013-01-01T10:00:00+05:30", "1990-12-31T15:59:60-08:00"},
		[]string{"2013-01-01", "2013-02-30T10:00:00Z", "2013-01-01T24:00:00Z", "2013-01-01 10:00:00Z", "2013-01-01T10:00:00"}},
	{"date", []string{"2013-01-01", "2024-02-29"}, []string{"2013-02-29", "2013-1-1", "20130101", ""}},
	{"time", []string{"10:00:00Z", "23:59:60Z", "10:00:00.5+01:00"}, []string{"10:00:00", "25:00:00Z", "10:00Z"}},
	{"duration", []string{"P1D", "PT5M", "P2W", "P1Y2M3DT4H5M6S"}, []string{"P", "1D", "PT", "P1"}},
	{"period", []string{"2013-01-01T10:00:00Z/P1D", "P1D/2013-01-01T10:00:00Z"}, []string{"P1D", "P1D/P1D"}},
	{"hostname", []string{"example.com", "a-b.c", "localhost."}, []string{"-a.b", "a_b", "", strings.Repeat("a", 64)}},
	{"email", []string{"a@b.c", "joe.bloggs@example.com", "a@[127.0.0.1]"}, []string{"a", "a@", "@b.c", "a b@c.d"}},
	{"ip-address", []string{"127.0.0.1"}, []string{"1.2.3", "256.0.0.1"}},
	{"ipv4", []string{"127.0.0.1", "0.0.0.0"}, []string{"1.2.3", "256.0.0.1", "01.2.3.4", "1.2.3.4.5"}},
	{"ipv6", []string{"::1", "fe80::1"}, []string{"127.0.0.1", ":", "12345::"}},
	{"uri", []string{"http://a.b/c?d#e", "urn:x:y"}, []string{"/a", "a", "http://[::1", "http://a b/"}},
	{"iri", []string{"http://a.b/é", "urn:x"}, []string{"é", "//a"}},
	{"uri-reference", []string{"/a", "", "a#b", "http://a.b"}, []string{`\a`, "http://%zz", "\x7f"}},
	{"uriref", []string{"/a", "x"}, []string{`a\b`, ":"}},
	{"iri-reference", []string{"/é", "é"}, []string{`\é`, "http://%zz"}},
	{"uri-template", []string{"http://a.b/{c}", "/{a}/b"}, []string{"http://a.b/{c", "http://a.b/{{a}}"}},
	{"regex", []string{"^a$", "", "[a-z]+"}, []string{"(", "[", "*"}},
	{"json-pointer", []string{"", "/a~0b/~1", "/"}, []string{"a", "/~", "/~2"}},
	{"relative-json-pointer", []string{"0", "1/a", "0#", "12/b"}, []string{"", "/a", "-1", "0a"}},
	{"uuid", []string{"123e4567-e89b-12d3-a456-426614174000", "123E4567-E89B-12D3-A456-426614174000"}, []string{"123e4567", "123e4567e89b12d3a456426614174000", "g23e4567-e89b-12d3-a456-426614174000"}},
	{"not-a-format", []string{"a", ""}, nil}, // the library lets any value pass
}

var words = []string{
	"", "a", "ab", "abc", "UA", "EWR", "hello", "hello world", "é", "naïve", "日本語", "😀", "a\"b", `a\b`, "a/b", "line\nbreak", "tab\t", "\x00", "\u2028\u2029",
	"\ufeff", "e\u0301", "null", "true", "1", "1.0", "<&>", "\u007f", "\U0010ffff", strings.Repeat("x", 70), strings.Repeat("é", 20), "2013-01-01", "10:00:00Z",
}

func findRule(rules []textMaker, rule string) (textMaker, bool) {
	for _, r := range rules {
		if r.rule == rule {
			return r, true
		}
	}
	return textMaker{}, false
}
