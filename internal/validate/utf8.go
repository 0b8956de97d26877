package validate

import (
	"math/bits"
	"unicode/utf8"
)

// countUTF8 counts the characters of a text; ok is false where it is not UTF-8. It looks at eight bytes at once, which
// takes half the time of unicode/utf8 where letters of two and three bytes are common (BenchmarkCountUTF8); characters
// of four bytes are left to it.
func countUTF8(text []byte) (points int, ok bool) {
	points = len(text)
	var (
		i     int
		due   uint64 // the bytes of this word that must continue a character of the last
		large uint64 // of those, which must be at least 0xa0, so that the character is not written longer than it is
		small uint64 // and which must be less, because surrogates are no characters
	)
	for ; len(text)-i >= 8; i += 8 {
		w := load(text, i)
		high := w & tops
		if high|due == 0 {
			continue
		}
		// The bits of each byte, moved to its highest.
		b6, b5, b4 := w<<1, w<<2, w<<3
		lead := high & b6  // begins a character of two bytes or more
		lead3 := lead & b5 // of three or more
		if lead3&b4 != 0 { // of four
			return utf8.RuneCount(text), utf8.Valid(text)
		}
		b3, b2, b1, b0 := w<<4, w<<5, w<<6, w<<7
		continues := high &^ b6
		overlong := lead &^ (b5 | b4 | b3 | b2 | b1) // 0xc0 and 0xc1
		if continues != lead<<8|lead3<<16|due || overlong&tops != 0 {
			return 0, false
		}
		e0, ed := lead3&^(b3|b2|b1|b0), lead3&b3&b2&^b1&b0
		if (e0<<8|large)&^b5|(ed<<8|small)&b5 != 0 {
			return 0, false
		}
		due, large, small = lead>>56|lead3>>48, e0>>56, ed>>56
		points -= bits.OnesCount64(continues)
	}
	// The rest begins where its first character does.
	for k := 0; due != 0 && k < 2 && i > 0; k++ {
		if i--; text[i] >= 0xc0 {
			due = 0
		} else if text[i] >= utf8.RuneSelf {
			points++ // it was counted as continuing
		}
	}
	rest := text[i:]
	return points - len(rest) + utf8.RuneCount(rest), utf8.Valid(rest)
}
