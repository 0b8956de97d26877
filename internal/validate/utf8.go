package validate

import (
	"math/bits"
	"unicode/utf8"
)

// countUTF8 counts the characters of a text; ok is false where it is not UTF-8. It looks at eight bytes at once, which
// takes a half to a quarter of the time of unicode/utf8 (BenchmarkCountUTF8).
func countUTF8(text []byte) (points int, ok bool) {
	points = len(text)
	var (
		i     int
		due   uint64 // the bytes of this word that must continue a character of the last
		limit limits
	)
	for ; len(text)-i >= 8; i += 8 {
		w := load(text, i)
		high := w & tops
		if high|due == 0 {
			continue
		}
		// The bits of each byte, moved to its highest.
		b6, b5, b4, b3, b2, b1, b0 := w<<1, w<<2, w<<3, w<<4, w<<5, w<<6, w<<7
		lead := high & b6  // begins a character of two bytes or more
		lead3 := lead & b5 // of three or more
		lead4 := lead3 & b4
		continues := high &^ b6
		if continues != lead<<8|lead3<<16|lead4<<24|due {
			return 0, false
		}
		tooLong := lead &^ (b5 | b4 | b3 | b2 | b1) // 0xc0 and 0xc1
		tooLarge := lead4 & (b3 | b2&b1 | b2&b0)    // from 0xf5 on
		e0, ed := lead3&^(b4|b3|b2|b1|b0), lead3&^b4&b3&b2&^b1&b0
		f0, f4 := lead4&^(b3|b2|b1|b0), lead4&^b3&b2&^b1&^b0
		next := limits{e0 << 8, ed << 8, f0 << 8, f4 << 8}
		if (tooLong|tooLarge)&tops != 0 || next.or(limit).broken(b5, b4) {
			return 0, false
		}
		due = lead>>56 | lead3>>48 | lead4>>40
		limit = limits{e0 >> 56, ed >> 56, f0 >> 56, f4 >> 56}
		points -= bits.OnesCount64(continues)
	}
	// The rest begins where its first character does.
	for k := 0; due != 0 && k < 3 && i > 0; k++ {
		if i--; text[i] >= 0xc0 {
			due = 0
		} else if text[i] >= utf8.RuneSelf {
			points++ // it was counted as continuing
		}
	}
	rest := text[i:]
	return points - len(rest) + utf8.RuneCount(rest), utf8.Valid(rest)
}

// limits marks second bytes by the first byte before them, which limits them so that no character is written longer
// than it is, none is half a surrogate pair, and none lies beyond the last.
type limits struct{ e0, ed, f0, f4 uint64 }

func (a limits) or(b limits) limits {
	return limits{a.e0 | b.e0, a.ed | b.ed, a.f0 | b.f0, a.f4 | b.f4}
}

// broken compares with the bits of value 0x20 and 0x10: after 0xe0 at least 0xa0, after 0xed less, after 0xf0 at least
// 0x90, after 0xf4 less.
func (a limits) broken(b5, b4 uint64) bool {
	return a.e0&^b5|a.ed&b5|a.f0&^(b5|b4)|a.f4&(b5|b4) != 0
}
