package validate

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
	"unsafe"

	asm "github.com/segmentio/asm/utf8"
)

// isUTF8 is utf8.Valid of unicode/utf8, ten times as fast beyond ASCII where there is AVX2 (BenchmarkText).
func isUTF8(text []byte) bool { return asm.Valid(text) }

// textRun is a stretch of a text that means what is written: without quotes, backslashes and control characters.
type textRun struct {
	size       int  // bytes
	continuing int  // of these, those that continue a character of more than one
	beyond     bool // there are bytes beyond ASCII; whether they are UTF-8 is not looked at
}

// blockBytes is how many bytes of a text are looked at together where the processor can.
const blockBytes = 32

// runOf measures the run at the beginning of src, and copies it to dst, which is nil or has room for all of src. What dst
// holds behind the run is unspecified.
//
// Looking for the end of a text, for escapes, for control characters and for what is beyond ASCII, and copying, is one
// pass for 32 bytes at a time (BenchmarkText: 7 times as fast as words of eight).
func runOf(dst, src []byte) (r textRun) {
	if blocks := len(src) &^ (blockBytes - 1); hasBlocks && blocks > 0 {
		size, continuing, beyond := runOfBlocks(unsafe.SliceData(dst), unsafe.SliceData(src), blocks)
		if r = (textRun{size, continuing, beyond != 0}); size < blocks {
			return r
		}
	}
	return r.byWords(dst, src)
}

// byWords goes on with a run, eight bytes at a time.
func (r textRun) byWords(dst, src []byte) textRun {
	var beyond uint64
	i := r.size
	for end := false; !end && len(src)-i >= 8; {
		w, n := load(src, i), 8
		if dst != nil {
			binary.LittleEndian.PutUint64(dst[i:i+8], w)
		}
		if m := ends(w); m != 0 {
			end, n = true, bits.TrailingZeros64(m)/8
			w &= 1<<(8*n) - 1
		}
		beyond |= w & tops
		r.continuing += bits.OnesCount64(continues(w))
		i += n
	}
	for ; i < len(src) && src[i] >= ' ' && src[i] != '"' && src[i] != '\\'; i++ {
		c := src[i]
		if dst != nil {
			dst[i] = c
		}
		beyond |= uint64(c & utf8.RuneSelf)
		if !utf8.RuneStart(c) {
			r.continuing++
		}
	}
	r.size, r.beyond = i, r.beyond || beyond != 0
	return r
}

// ends marks the bytes of a word that end a run; as with zeroBytes only the lowest bit is sure.
func ends(w uint64) uint64 { return zeroBytes(w^ones*'"') | zeroBytes(w^ones*'\\') | controls(w) }

// controls marks the bytes of a word that are control characters; as with zeroBytes only the lowest bit is sure.
func controls(w uint64) uint64 { return (w - ones*' ') &^ w & tops }

// continues marks the bytes that continue a character: they begin with the bits 10.
func continues(w uint64) uint64 { return w &^ (w << 1) & tops }
