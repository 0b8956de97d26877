package validate

import (
	"encoding/binary"
	"slices"
)

// textSet is the strings that an enum, a const or a pattern allows. Those of up to eight bytes are compared as one
// word, in a table where each has a place of its own: one look instead of one comparison per member.
type textSet struct {
	table []wordEntry // a power of two long
	mix   uint64      // the multiplier that gives every word its own place
	shift uint
	plain bool            // those of up to eight bytes can be written without escapes
	long  map[string]bool // members of more than eight bytes, or all where no multiplier was found
}

// wordEntry is a string of up to eight bytes, padded with zeros. size is its length + 1, 0 for no entry.
type wordEntry struct {
	word uint64
	size int
}

// newTextSet takes the strings of a list; nil when there are none.
func newTextSet(list []any) *textSet {
	s := &textSet{long: map[string]bool{}}
	var short []string
	for _, v := range list {
		text, ok := v.(string)
		switch {
		case !ok:
		case len(text) > 8:
			s.long[text] = true
		default:
			short = append(short, text)
		}
	}
	if len(short) == 0 && len(s.long) == 0 {
		return nil
	}
	s.plain = !slices.ContainsFunc(short, func(text string) bool { return !isWrittenPlain(text) })
	if len(short) > 0 && !s.place(short) {
		for _, text := range short {
			s.long[text] = true
		}
	}
	return s
}

// place looks for a multiplier that gives every word its own place.
func (s *textSet) place(short []string) bool {
	const tries = 1000
	for bits := uint(1); bits <= 12; bits++ {
		if 1<<bits < len(short) {
			continue
		}
		s.shift = 64 - bits
		s.mix = 0x9e3779b97f4a7c15 // odd, its bits well spread: the golden ratio
		for range tries {
			if s.fill(short, 1<<bits) {
				return true
			}
			s.mix = s.mix*0xd1342543de82ef95 + 2 // stays odd
		}
	}
	s.table = nil
	return false
}

func (s *textSet) fill(short []string, size int) bool {
	s.table = make([]wordEntry, size)
	for _, text := range short {
		e := wordEntry{wordOf([]byte(text)), len(text) + 1}
		at := &s.table[e.word*s.mix>>s.shift]
		if at.size != 0 && *at != e {
			return false
		}
		*at = e
	}
	return true
}

// wordOf packs up to eight bytes, padded with zeros.
func wordOf(text []byte) (w uint64) {
	if cap(text) >= 8 { // the bytes behind are the rest of the record
		return binary.LittleEndian.Uint64(text[:8]) & (1<<(8*uint(len(text))) - 1)
	}
	for i, c := range text {
		w |= uint64(c) << (8 * i)
	}
	return w
}

// hasWord says whether the first bytes of a word, so many and less than eight, are a member as records write it.
func (s *textSet) hasWord(w uint64, size int) bool {
	if size == 8 || !s.plain || s.table == nil {
		return false
	}
	w &= 1<<(8*size) - 1
	e := &s.table[w*s.mix>>s.shift]
	return e.word == w && e.size == size+1
}

func (s *textSet) has(text []byte) bool {
	if len(text) <= 8 && s.table != nil {
		w := wordOf(text)
		e := &s.table[w*s.mix>>s.shift]
		return e.word == w && e.size == len(text)+1
	}
	return s.long[string(text)] // no copy is made
}
