package validate

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"weir/internal/columns"
	"weir/internal/contract"
)

func TestRunsAndUTF8AreThoseOfTheStandardLibrary(t *testing.T) {
	room := make([]byte, 4<<10)
	check := func(text []byte) {
		t.Helper()
		valid := isUTF8(text)
		if valid != utf8.Valid(text) {
			t.Fatalf("% x: got valid %v", text, valid)
		}
		size := bytes.IndexFunc(text, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' })
		if size < 0 {
			size = len(text)
		}
		run := text[:size]
		want := textRun{size: size, beyond: slices.ContainsFunc(run, func(c byte) bool { return c >= utf8.RuneSelf })}
		for _, c := range run {
			if c&0xc0 == 0x80 {
				want.continuing++
			}
		}
		for name, got := range map[string]textRun{"by blocks": runOf(nil, text), "by words": textRun{}.byWords(nil, text)} {
			if got != want {
				t.Fatalf("% x: got %+v %s, want %+v", text, got, name, want)
			}
		}
		if valid && want.size-want.continuing != utf8.RuneCount(run) {
			t.Fatalf("% x: got %+v, but %d characters", text, want, utf8.RuneCount(run))
		}
		for name, copyRun := range map[string]func(dst, src []byte) textRun{"by blocks": runOf, "by words": textRun{}.byWords} {
			clear(room[:len(text)+blockBytes])
			if got := copyRun(room[:len(text)], text); got != want || !bytes.Equal(room[:size], run) {
				t.Fatalf("% x: got %+v and % x copied %s, want %+v", text, got, room[:size], name, want)
			}
			if behind := room[len(text) : len(text)+blockBytes]; !bytes.Equal(behind, make([]byte, blockBytes)) {
				t.Fatalf("% x: wrote % x behind the room %s", text, behind, name)
			}
		}
	}
	for a := range 0x110000 { // every character, at every place of a word
		for shift := range 9 {
			if a%17 == shift || a < 0x800 || a > 0xd7f0 && a < 0xe010 {
				check([]byte(strings.Repeat("x", shift) + string(rune(a)) + "yyyyyyyyy"))
			}
		}
	}
	for a := range 0x100 { // every pair of bytes, at every place of a word and of the registers
		for b := range 0x100 {
			for _, shift := range []int{0, 1, 2, 5, 6, 7, 8, 13, 29, 30, 31} {
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
		for range r.IntN(60) {
			switch r.IntN(40) {
			case 0:
				text = append(text, byte(r.IntN(0x100)))
			case 1:
				text = append(text, "\"\\\x1f\x7f "[r.IntN(5)])
			case 2, 3, 4:
				text = append(text, strings.Repeat("a", r.IntN(40))...)
			default:
				text = utf8.AppendRune(text, rune(r.IntN([]int{0x80, 0x800, 0x1000, 0x10000, 0x110000}[r.IntN(5)])))
			}
		}
		check(text)
	}
}

func BenchmarkText(b *testing.B) {
	room := make([]byte, 1100)
	for name, words := range map[string]string{"ascii": "river and fields ", "russian": "река над полями ", "hindi": "नदी धीरे धीरे ", "japanese": "川はゆっくりと"} {
		text := []byte(strings.Repeat(words, 1000/len(words)))
		for _, f := range []struct {
			name string
			call func([]byte)
		}{
			{"isUTF8", func(t []byte) { isUTF8(t) }}, {"unicode", func(t []byte) { utf8.Valid(t) }},
			{"blocks", func(t []byte) { runOf(nil, t) }}, {"copyingBlocks", func(t []byte) { runOf(room, t) }},
			{"words", func(t []byte) { textRun{}.byWords(nil, t) }},
		} {
			b.Run(fmt.Sprintf("text=%s/by=%s", name, f.name), func(b *testing.B) {
				b.SetBytes(int64(len(text)))
				for b.Loop() {
					f.call(text)
				}
			})
		}
	}
}

// An escape in a large record takes room for its text, not for all that follows.
func TestAnEscapeInALargeRecordTakesLittleRoom(t *testing.T) {
	l := columns.NewLayout(&contract.Contract{Fields: []contract.Field{{Path: "/a", Name: "a", Kind: contract.String}}})
	v := newValidator(compileSchema(t, `{"properties":{"a":{"type":"string"},"z":{"type":"string"}}}`), l, Options{})
	row, other := l.NewRow(), l.NewRow()
	for _, text := range []string{`\n`, `\u00e9`, `x\"x`, `\\`} {
		record := []byte(`{"a":"` + text + `","z":"` + strings.Repeat("y", 900_000) + `"}`)
		v.Check(record, row)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		vs := v.Check(record, row)
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 100_000 {
			t.Errorf("%s: took %d bytes", text, n)
		}
		want := v.byLibrary(record, other)
		if d := rowDifference(l, row, other); d != "" || len(vs)+len(want) > 0 {
			t.Errorf("%s: %s; got %v, want %v", text, d, vs, want)
		}
	}
}
