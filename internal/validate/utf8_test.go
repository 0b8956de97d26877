package validate

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestUTF8IsUnicodeUTF8(t *testing.T) {
	check := func(text []byte) {
		t.Helper()
		valid := isUTF8(text)
		if valid != utf8.Valid(text) {
			t.Fatalf("% x: got valid %v", text, valid)
		}
		s := survey(text)
		if points := len(text) - s.continuing; valid && points != utf8.RuneCount(text) {
			t.Fatalf("% x: got %d characters, want %d", text, points, utf8.RuneCount(text))
		}
		if control := bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' }); s.control != control {
			t.Fatalf("% x: got control characters %v, want %v", text, s.control, control)
		}
		if beyond := slices.ContainsFunc(text, func(c byte) bool { return c >= utf8.RuneSelf }); s.beyond != beyond {
			t.Fatalf("% x: got beyond ASCII %v, want %v", text, s.beyond, beyond)
		}
	}
	for a := range 0x110000 { // every character, at every place of a word
		for shift := range 9 {
			if a%17 == shift || a < 0x1000 || a > 0xd700 && a < 0xe100 {
				check([]byte(strings.Repeat("x", shift) + string(rune(a)) + "yyyyyyyyy"))
			}
		}
	}
	for a := range 0x100 { // every pair of bytes, at every place of a word and of the registers that isUTF8 uses
		for b := range 0x100 {
			for _, shift := range []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 13, 29, 30, 31} {
				text := append([]byte("é12345678901234567890123456789012")[:2+shift], byte(a), byte(b), 'z', 'z', 'z', 'z', 'z', 'z')
				check(text)
				text[4+shift] = 0x80
				check(text)
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300_000 {
		var text []byte
		for range r.IntN(40) {
			switch r.IntN(12) {
			case 0:
				text = append(text, 'a')
			case 1:
				text = append(text, byte(r.IntN(0x100)))
			default:
				text = utf8.AppendRune(text, rune(r.IntN([]int{0x80, 0x800, 0x1000, 0x10000, 0x110000}[r.IntN(5)])))
			}
		}
		check(text)
	}
}

func BenchmarkUTF8(b *testing.B) {
	for name, words := range map[string]string{"ascii": "river and fields ", "russian": "река над полями ", "hindi": "नदी धीरे धीरे ", "japanese": "川はゆっくりと"} {
		text := []byte(strings.Repeat(words, 1000/len(words)))
		for _, f := range []struct {
			name string
			call func([]byte)
		}{{"isUTF8", func(t []byte) { isUTF8(t) }}, {"survey", func(t []byte) { survey(t) }}, {"unicode", func(t []byte) { utf8.Valid(t) }}} {
			b.Run(fmt.Sprintf("text=%s/by=%s", name, f.name), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					f.call(text)
				}
			})
		}
	}
}
