package validate

import (
	"reflect"
	"strings"
	"testing"

	"weir/internal/columns"
	"weir/internal/contract"
)

// A text that is read and judged in one loop ends at its quote and nowhere else, and is what it means, not what is written.
func TestTextsOfTheUsualKindAreReadAsAllOthers(t *testing.T) {
	for schema, texts := range map[string][]string{
		`{"format":"uri"}`:       {"https://example.com/a?b=c", "http://h", "https://", "http://h/"},
		`{"format":"iri"}`:       {"https://example.com/a?b=c"},
		`{"format":"email"}`:     {"a@b", "a.b@c-d.e", "ab@c.de.f"},
		`{"format":"uuid"}`:      {"01234567-89ab-cdef-0123-456789abcdef"},
		`{"format":"date-time"}`: {"2013-01-01T10:00:00Z", "2013-01-01T10:00:00.250Z", "2013-01-01T10:00:00+01:00"},
		`{"pattern":"^[a-z]*$"}`: {"", "a", "abcdefgh", "abcdefghi"},
		`{"pattern":"^[a-z]*$","minLength":2,"maxLength":4}`:     {"", "a", "ab", "abcd", "abcde"},
		`{"format":"uri","maxLength":12}`:                        {"https://abcd", "https://abcde"},
		`{"enum":["a","abc","éa"],"maxLength":2}`:                {"a", "abc", "éa"},
		`{"format":"date-time","minLength":21}`:                  {"2013-01-01T10:00:00Z", "2013-01-01T10:00:00.250Z"},
		`{"enum":["é","éa"],"minLength":2}`:                      {"é", "éa"},
		`{"pattern":"^"}`:                                        {"", "a b"},
		`{"pattern":"$^"}`:                                       {"", "a"},
		`{"pattern":"^[^b]*$"}`:                                  {"", "a"},
		`{"enum":["","a","abcdefg","abcdefgh","abcdefghi","é"]}`: {"", "a", "abcdefg", "abcdefgh", "abcdefghi", "é", "abcdefgx"},
		`{"enum":["a\\b","a\"","\u0001","\b"]}`:                  {"a\\b", "a\\\\b", "a\"", "a\\\"", "\x01", "\\u0001", "\\b"},
	} {
		kind := contract.String
		if strings.Contains(schema, "date-time") {
			kind = contract.Timestamp
		}
		l := columns.NewLayout(&contract.Contract{Fields: []contract.Field{{Path: "/t", Name: "t", Kind: kind}}})
		v := newValidator(compileSchema(t, `{"properties":{"t":`+schema+`,"k":{"type":"integer"}}}`), l, Options{})
		one, other := l.NewRow(), l.NewRow()
		check := func(record string) {
			t.Helper()
			got, want := v.Check([]byte(record), one), v.byLibrary([]byte(record), other)
			if d := rowDifference(l, one, other); d != "" || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %q: %s; got\n%swant\n%s", schema, record, d, lines(got), lines(want))
			}
		}
		for _, text := range texts {
			for _, rest := range []string{`,"k":1` + strings.Repeat(" ", 60) + `}`, `,"k":1}`, `}`} {
				check(`{"t":"` + text + `"` + rest)
				check(`{"t":"` + text + rest)
				for c := range 256 {
					for at := range len(text) + 1 { // a byte more, or another one
						check(`{"t":"` + text[:at] + string([]byte{byte(c)}) + text[at:] + `"` + rest)
						check(`{"t":"` + text[:at] + string([]byte{byte(c)}) + text[min(at+1, len(text)):] + `"` + rest)
					}
					check(`{"t":"` + text + string([]byte{byte(c)}) + rest) // instead of the quote
				}
			}
		}
	}
}
