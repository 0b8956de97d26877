package validate

import (
	"math/bits"
	"unicode/utf8"
)

// countUTF8 counts the characters of a text; ok is false where it is not UTF-8. It looks at eight bytes at once, which
// takes a half to a quarter of the time of unicode/utf8 (BenchmarkCountUTF8).
//
// The bits of each byte are moved to its highest, b6 to b0, so that one operation asks all eight bytes. lead, lead3 and
// lead4 mark the bytes that begin a character of at least two, three and four; what must continue one is due. Further
// rules about the second byte of a character are marked at that byte: after 0xe0 it must be at least 0xa0, after 0xed
// less, after 0xf0 at least 0x90, after 0xf4 less. The three branches are for scripts of two bytes a letter, of three,
// and for all others; each leaves out what cannot happen in it.
func countUTF8(text []byte) (points int, ok bool) {
	points = len(text)
	var i int
	var due, e0, ed, f0, f4 uint64 // what the last word asks of the first bytes of this one
	for ; len(text)-i >= 8; i += 8 {
		w := load(text, i)
		high := w & tops
		if high|due == 0 {
			continue
		}
		b6, b5, b4, b3, b2, b1, b0 := w<<1, w<<2, w<<3, w<<4, w<<5, w<<6, w<<7
		lead := high & b6
		lead3 := lead & b5
		lead4 := lead3 & b4
		continues := high &^ b6
		points -= bits.OnesCount64(continues)
		wrong := lead &^ (b5 | b4 | b3 | b2 | b1) // 0xc0 and 0xc1: written longer than need be
		switch {
		case lead3|e0|ed|f0|f4 == 0:
			wrong |= continues ^ (lead<<8 | due)
			due = lead >> 56
		case lead4|f0|f4 == 0:
			e, d := lead3&^(b3|b2|b1|b0), lead3&b3&b2&^b1&b0
			wrong |= continues ^ (lead<<8 | lead3<<16 | due)
			wrong |= (e<<8|e0)&^b5 | (d<<8|ed)&b5
			due, e0, ed = lead>>56|lead3>>48, e>>56, d>>56
		default:
			e, d := lead3&^(b4|b3|b2|b1|b0), lead3&^b4&b3&b2&^b1&b0
			f, g := lead4&^(b3|b2|b1|b0), lead4&^b3&b2&^b1&^b0
			wrong |= continues ^ (lead<<8 | lead3<<16 | lead4<<24 | due)
			wrong |= (e<<8|e0)&^b5 | (d<<8|ed)&b5 | (f<<8|f0)&^(b5|b4) | (g<<8|f4)&(b5|b4)
			wrong |= lead4 & (b3 | b2&b1 | b2&b0) // from 0xf5 on
			due, e0, ed, f0, f4 = lead>>56|lead3>>48|lead4>>40, e>>56, d>>56, f>>56, g>>56
		}
		if wrong&tops != 0 {
			return 0, false
		}
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
