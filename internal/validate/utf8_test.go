package validate

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCountUTF8IsUnicodeUTF8(t *testing.T) {
	check := func(text []byte) {
		t.Helper()
		points, ok := countUTF8(text)
		if want := utf8.Valid(text); ok != want || ok && points != utf8.RuneCount(text) {
			t.Fatalf("% x: got %d %v, want %d %v", text, points, ok, utf8.RuneCount(text), want)
		}
	}
	for a := range 0x110000 { // every character, at every place of a word
		for shift := range 9 {
			if a%17 == shift || a < 0x1000 || a > 0xd700 && a < 0xe100 {
				check([]byte(strings.Repeat("x", shift) + string(rune(a)) + "yyyyyyyyy"))
			}
		}
	}
	for a := 0x80; a < 0x100; a++ { // every pair of bytes beyond ASCII, at every place of a word
		for b := range 0x100 {
			for shift := range 9 {
				check(append([]byte("é12345678"[:2+shift]), byte(a), byte(b), 'z', 'z', 'z', 'z', 'z', 'z'))
				check(append([]byte("é12345678"[:2+shift]), byte(a), byte(b), 0x80, 'z', 'z', 'z', 'z', 'z'))
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 300_000 {
		var text []byte
		for range r.IntN(14) {
			switch r.IntN(6) {
			case 0:
				text = append(text, 'a')
			case 1:
				text = append(text, byte(0x80+r.IntN(0x80)))
			default:
				text = utf8.AppendRune(text, rune(r.IntN([]int{0x80, 0x800, 0x1000, 0x10000, 0x110000}[r.IntN(5)])))
			}
		}
		check(text)
	}
}

func BenchmarkCountUTF8(b *testing.B) {
	for name, words := range map[string]string{"ascii": "river and fields ", "russian": "река над полями ", "hindi": "नदी धीरे धीरे ", "japanese": "川はゆっくりと"} {
		text := []byte(strings.Repeat(words, 1000/len(words)))
		for _, f := range []struct {
			name  string
			count func([]byte) (int, bool)
		}{{"weir", countUTF8}, {"utf8", func(t []byte) (int, bool) { return utf8.RuneCount(t), utf8.Valid(t) }}} {
			b.Run(fmt.Sprintf("text=%s/by=%s", name, f.name), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					f.count(text)
				}
			})
		}
	}
}
