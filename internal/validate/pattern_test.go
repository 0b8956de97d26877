package validate

import (
	"math/rand/v2"
	"regexp"
	"testing"
)

func TestTablesMatchWhatRE2Matches(t *testing.T) {
	for _, c := range []struct {
		re    string
		table bool
	}{
		{`^[A-Z][0-9A-Z]{2,5}$`, true}, {`^(EWR|JFK|LGA)$`, true}, {`^[a-z]+(\.[a-z]+)+$`, true}, {`a`, true}, {`ab$`, true}, {`^ab`, true},
		{``, true}, {`^$`, true}, {`$`, true}, {`^`, true}, {`a$b`, true}, {`a^b`, true}, {`^a|b$`, true}, {`(^a)|(b$)`, true}, {`(?i)abc`, true}, {`[^a]`, true},
		{`.`, true}, {`(?s).b`, true}, {`^(a|ab)(c|bcd)$`, true}, {`(a+)+$`, true}, {`a{2,}b?`, true}, {`^\d{4}-\d{2}$`, true}, {`\s`, true}, {`\Aa\z`, true},
		{`x*`, true}, {`(|a)b`, true}, {`é|a`, true}, {`[é-ü]|c`, true}, {`^[^,]*,[^,]*$`, true}, {`a(?:b|$)`, true}, {`$^`, true}, {`a$|^b|c`, true},
		{`\bab\b`, false}, {`(?m)^a$`, false}, {`(a{1,30}){1,30}b`, true}, {`[ab]*a[ab]{12}`, false},
	} {
		re := regexp.MustCompile(c.re)
		p := newPattern(re)
		if got := p.table != nil; got != c.table {
			t.Errorf("%s: got a table %v, want %v", c.re, got, c.table)
		}
		r := rand.New(rand.NewPCG(1, 2))
		for range 3000 {
			text := make([]byte, r.IntN(9))
			for i := range text {
				text[i] = "aabbcABC09.-, \nEWRJFKLGA"[r.IntN(24)]
			}
			if got, want := p.matches(text, true), re.Match(text); got != want {
				t.Errorf("%s on %q: got %v, want %v", c.re, text, got, want)
			}
		}
	}
}
