package validate

import (
	"math/bits"

	"github.com/segmentio/asm/ascii"
	"github.com/segmentio/asm/utf8"
)

// isUTF8 is utf8.Valid of unicode/utf8, ten times as fast beyond ASCII where there is AVX2 (BenchmarkUTF8).
func isUTF8(text []byte) bool { return utf8.Valid(text) }

// surveyed is what a look at the bytes of a text finds.
type surveyed struct {
	control    bool // a control character
	beyond     bool // a byte beyond ASCII
	continuing int  // bytes that continue a character of more than one
}

// survey looks at many bytes at once.
func survey(text []byte) surveyed {
	if len(text) > 0 && text[0] < 0x80 && ascii.ValidPrint(text) {
		return surveyed{}
	}
	var control, all uint64
	n := 0
	for ; len(text) >= 32; text = text[32:] {
		v, w, x, y := load(text, 0), load(text, 8), load(text, 16), load(text, 24)
		control |= controls(v) | controls(w) | controls(x) | controls(y)
		all |= v | w | x | y
		n += bits.OnesCount64(continues(v) | continues(w)>>1 | continues(x)>>2 | continues(y)>>3)
	}
	for len(text) > 0 {
		size := min(len(text), 8)
		w := wordOf(text[:size]) | (ones*' ')<<(8*size)
		text = text[size:]
		control |= controls(w)
		all |= w
		n += bits.OnesCount64(continues(w))
	}
	return surveyed{control&tops != 0, all&tops != 0, n}
}

// controls marks the bytes of a word that are control characters; as with zeroBytes only the lowest bit is sure.
func controls(w uint64) uint64 { return (w - ones*' ') &^ w & tops }

// continues marks the bytes that continue a character: they begin with the bits 10.
func continues(w uint64) uint64 { return w &^ (w << 1) & tops }
