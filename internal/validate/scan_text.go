package validate

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"weir/internal/contract"
)

// text reads a string.
func (s *scan) text(p *plan, i int) int {
	from := i + 1
	end := s.plainEnd(from)
	if end == failed {
		return failed
	}
	if s.b[end] == '"' {
		return s.judgeText(p, i, end+1, s.b[from:end], 0)
	}
	text, end, is := s.readRich(from, end)
	if end == failed {
		return failed
	}
	return s.judgeText(p, i, end, text, is)
}

// texture is what a text is written with.
type texture uint8

const (
	unescaped texture = 1 << iota // the text is in the scan's buffer, without its escapes; else it aliases the record
	nonASCII                      // beyond ASCII, written so or by escapes; the scan's points is its length
)

// readText reads the string that begins at b[i] and returns it without escapes; one that was escaped is valid until the
// next one is read.
func (s *scan) readText(i int) (text []byte, end int, is texture) {
	if i >= len(s.b) || s.b[i] != '"' {
		return nil, failed, 0
	}
	from := i + 1
	if end = s.plainEnd(from); end == failed {
		return nil, failed, 0
	}
	if s.b[end] == '"' {
		return s.b[from:end], end + 1, 0
	}
	return s.readRich(from, end)
}

// readRich reads a text that begins at from and is plain up to end, but not to its end.
func (s *scan) readRich(from, end int) (text []byte, after int, is texture) {
	var beyond uint64 // bits of bytes beyond ASCII
	if end, beyond = s.textEnd(end); end == failed {
		return nil, failed, 0
	}
	text = s.b[from:end]
	if s.b[end] == '\\' {
		var more uint64
		if text, end, more = s.unescape(from, end); end == failed {
			return nil, failed, 0
		}
		is, beyond = unescaped, beyond|more
	}
	if beyond&tops != 0 {
		var ok bool
		if s.points, ok = countUTF8(text); !ok {
			return nil, failed, 0
		}
		is |= nonASCII
	}
	return text, end + 1, is
}

// plainEnd returns the offset of the first byte that is not plain ASCII: the closing quote, if the text has no other.
func (s *scan) plainEnd(i int) int {
	b := s.b
	for len(b)-i >= 8 {
		if m := special(load(b, i)); m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
		i += 8
	}
	for i < len(b) {
		if c := b[i]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			return i
		}
		i++
	}
	return failed
}

// textEnd returns the offset of the quote or backslash that comes first, and the bits of all bytes on the way. Control
// characters fail.
func (s *scan) textEnd(i int) (end int, bytes uint64) {
	b := s.b
	for len(b)-i >= 8 {
		w := load(b, i)
		if m := delimiters(w); m != 0 {
			n := bits.TrailingZeros64(m)
			bytes |= w & (1<<(n&^7) - 1)
			if i += n / 8; b[i] < ' ' {
				return failed, 0
			}
			return i, bytes
		}
		bytes |= w
		i += 8
	}
	for ; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"' || c == '\\':
			return i, bytes
		case c < ' ':
			return failed, 0
		}
		bytes |= uint64(b[i])
	}
	return failed, 0
}

// closingQuote returns the offset of the quote that ends a text. Escapes are only stepped over.
func (s *scan) closingQuote(i int) int {
	for i, _ = s.textEnd(i); i != failed && s.b[i] != '"'; i, _ = s.textEnd(i + 2) {
		if i+2 > len(s.b) {
			return failed
		}
	}
	return i
}

// unescape copies the text that begins at from to the buffer, without its escapes, of which the first is at i. It
// returns the offset of the closing quote, and the bits of all bytes copied from i on.
//
// Eight bytes are copied at a time, and as many of them count as stand before the next escape: BenchmarkCheck's texts,
// most of which have escapes, take half the time that they took with a search, a copy and an append for each.
func (s *scan) unescape(from, i int) (text []byte, end int, bytes uint64) {
	b := s.b
	if room := len(b) - from + 8; cap(s.buffer) < room {
		s.buffer = make([]byte, room) // a text is never longer than its escapes
	}
	out := s.buffer[:cap(s.buffer)]
	n := copy(out, b[from:i])
	for i < len(b) {
		switch c := b[i]; {
		case c == '\\' && len(b)-i >= 6 && b[i+1] == 'u':
			r := hexDigits(b[i+2 : i+6])
			if r>>11 == 0xd800>>11 { // half a surrogate pair
				var whole bool
				if r, whole = surrogates(b[i:]); !whole {
					return nil, failed, 0
				}
				i += 6
			}
			i += 6
			switch {
			case r < 0:
				return nil, failed, 0
			case r < utf8.RuneSelf:
				out[n] = byte(r)
				n++
				continue
			case r < 0x800:
				out[n], out[n+1] = byte(0xc0|r>>6), byte(0x80|r&0x3f)
				n += 2
			case r < 0x10000:
				out[n], out[n+1], out[n+2] = byte(0xe0|r>>12), byte(0x80|r>>6&0x3f), byte(0x80|r&0x3f)
				n += 3
			default:
				n += utf8.EncodeRune(out[n:], r)
			}
			bytes |= utf8.RuneSelf
		case c == '\\':
			if i+1 == len(b) || simpleEscapes[b[i+1]] == 0 {
				return nil, failed, 0
			}
			out[n] = simpleEscapes[b[i+1]]
			n, i = n+1, i+2
		case c == '"':
			return out[:n], i, bytes
		case c < ' ':
			return nil, failed, 0
		case len(b)-i < 8:
			out[n] = c
			bytes |= uint64(c)
			n, i = n+1, i+1
		default:
			w := load(b, i)
			binary.LittleEndian.PutUint64(out[n:n+8], w)
			k := bits.TrailingZeros64(delimiters(w)) &^ 7 // 64 where there is none
			bytes |= w & (1<<k - 1)
			n, i = n+k/8, i+k/8
		}
	}
	return nil, failed, 0
}

// simpleEscapes are the escapes of one letter, by that letter.
var simpleEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// surrogates reads a surrogate pair, \ud83d\ude00, as the character that it stands for. whole is false for half a pair.
func surrogates(raw []byte) (r rune, whole bool) {
	if len(raw) < 12 || raw[6] != '\\' || raw[7] != 'u' {
		return 0, false
	}
	r = utf16.DecodeRune(hexDigits(raw[2:6]), hexDigits(raw[8:12]))
	return r, r != utf8.RuneError // which is no pair's
}

// hexDigits reads four hexadecimal digits, -1 for anything else.
func hexDigits(d []byte) rune {
	return hexValues[d[0]]<<12 | hexValues[d[1]]<<8 | hexValues[d[2]]<<4 | hexValues[d[3]]
}

// hexValues are the values of hexadecimal digits, -1 of all else.
var hexValues = func() (values [256]rune) {
	for c := range values {
		n, err := strconv.ParseUint(string([]byte{byte(c)}), 16, 8)
		if values[c] = rune(n); err != nil {
			values[c] = -1
		}
	}
	return values
}()

// judgeText judges and stages a text.
func (s *scan) judgeText(p *plan, i, end int, text []byte, is texture) int {
	s.noObject(p)
	ok := true
	if r := p.texts; r != nil {
		if r.timestamp && p.kind == contract.Timestamp && p.column >= 0 {
			return s.timestamp(p, i, end, text)
		}
		points := len(text)
		if is&nonASCII != 0 {
			points = s.points
		}
		ascii := is&nonASCII == 0
		ok = (!r.heavy && ascii || s.affords(r.steps(text, ascii))) && r.holds(text, points)
	}
	if p.column >= 0 {
		s.stageText(p, text, is&unescaped == 0)
	}
	if !ok {
		return s.unsure(p, i, end)
	}
	return s.accept(p, isText, i, end)
}

// stageText fills the text's column. stable says that the text aliases the record.
func (s *scan) stageText(p *plan, text []byte, stable bool) {
	switch p.kind {
	case contract.Timestamp:
		if ms, ok := readTimestamp(text); ok {
			s.row.SetInt(p.column, ms)
			return
		}
	case contract.String:
		s.setText(p.column, text, stable)
		return
	case contract.Date:
		if _, ok := plainDate(text); ok && len(text) == 10 || isDate(aliased(text)) {
			s.setText(p.column, text, stable)
			return
		}
	case contract.Time:
		if _, ok := plainTime(text); ok || isTime(aliased(text)) {
			s.setText(p.column, text, stable)
			return
		}
	}
	s.row.SetUnreadable(p.column)
}

func (s *scan) setText(column int, text []byte, stable bool) {
	if stable {
		s.row.SetText(column, aliased(text))
	} else {
		s.row.CopyText(column, text)
	}
}

// timestamp judges and stages a date-time at once.
func (s *scan) timestamp(p *plan, i, end int, text []byte) int {
	if ms, ok := readTimestamp(text); ok {
		s.row.SetInt(p.column, ms)
		return s.accept(p, isText, i, end)
	}
	s.row.SetUnreadable(p.column)
	return s.unsure(p, i, end)
}

func readTimestamp(text []byte) (ms int64, ok bool) {
	if ms, ok = plainTimestamp(text); ok {
		return ms, true
	}
	return parseTimestamp(aliased(text))
}
