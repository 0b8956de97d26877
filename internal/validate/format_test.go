package validate

import (
	"math/rand/v2"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// What a format's quick check accepts, the library accepts; ordinary texts it does accept.
func TestQuickFormatsAreNeverWrong(t *testing.T) {
	for name, ordinary := range map[string][]string{
		"uuid":      {"123e4567-e89b-12d3-a456-426614174000", "ABCDEF01-2345-6789-abcd-ef0123456789"},
		"date-time": {"2013-01-01T10:00:00Z", "2024-02-29T23:59:59.123+05:30", "0001-12-31T00:00:00.5-23:59"},
		"date":      {"2013-01-31", "2000-02-29"},
		"time":      {"10:00:00Z", "23:59:59.999999-01:00"},
		"email":     {"ana@example.com", "a.b-c_d+e@mail.example.org"},
		"hostname":  {"example.com", "a-b.c1"},
		"ipv4":      {"127.0.0.1", "255.0.10.99"},
		"uri":       {"https://example.com", "http://a.b-c/d/e.f?g=h&i=j"},
	} {
		f, library := newFormat(name), jsonschema.Formats[name]
		for _, text := range ordinary {
			if !f.quick([]byte(text)) || !library(text) {
				t.Errorf("%s %q: got quick %v, library %v, want both", name, text, f.quick([]byte(text)), library(text))
			}
		}
		r := rand.New(rand.NewPCG(1, 2))
		accepted := 0
		for range 200_000 {
			text := []byte(ordinary[r.IntN(len(ordinary))])
			for range 1 + r.IntN(2) {
				switch i := r.IntN(len(text)); r.IntN(3) {
				case 0:
					text[i] = byte(r.IntN(128))
				case 1:
					text = append(text[:i:i], text[i+1:]...)
				default:
					text = append(append(text[:i:i], "0:-.@/9aFgTZ+"[r.IntN(13)]), text[i:]...)
				}
				if len(text) == 0 {
					text = []byte("x")
				}
			}
			if f.quick(text) {
				if accepted++; !library(string(text)) {
					t.Fatalf("%s %q: accepted, and not by the library", name, text)
				}
			}
		}
		if accepted == 0 {
			t.Errorf("%s: nothing altered was accepted", name)
		}
	}
}
