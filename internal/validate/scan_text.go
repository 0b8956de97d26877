package validate

import (
	"bytes"
	"math/bits"
	"slices"
	"strconv"
	"unicode/utf8"

	"weir/internal/contract"
)

// text reads a string.
func (s *scan) text(p *plan, i int) int {
	if b, from := s.b, i+1; len(b)-from >= 8 { // short and plain, the common case, is one word
		if m := special(load(b, from)); m != 0 {
			if end := from + bits.TrailingZeros64(m)/8; b[end] == '"' {
				return s.judgeText(p, i, end+1, b[from:end], 0)
			}
		}
	}
	text, end, is := s.readText(i)
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
	end = s.plainEnd(from)
	if end == failed {
		return nil, failed, 0
	}
	if s.b[end] == '"' {
		return s.b[from:end], end + 1, 0
	}
	if end, is = s.closingQuote(end); end == failed {
		return nil, failed, 0
	}
	text = s.b[from:end]
	if is&nonASCII != 0 {
		var ok bool
		if s.points, ok = countUTF8(text); !ok {
			return nil, failed, 0
		}
	}
	if is&unescaped != 0 {
		var high bool
		if text, high = s.unescape(text); text == nil {
			return nil, failed, 0
		}
		if high {
			is |= nonASCII
		}
		if is&nonASCII != 0 {
			s.points, _ = countUTF8(text)
		}
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

// closingQuote returns the offset of the quote that ends a text, and what it is written with from i on. Control
// characters fail; escapes are only stepped over.
func (s *scan) closingQuote(i int) (end int, is texture) {
	b := s.b
	for i < len(b) {
		for len(b)-i >= 8 {
			w := load(b, i)
			m := delimiters(w)
			if m == 0 {
				if w&tops != 0 {
					is |= nonASCII
				}
				i += 8
				continue
			}
			n := bits.TrailingZeros64(m) / 8
			if w&tops&(1<<(8*n)-1) != 0 {
				is |= nonASCII
			}
			i += n
			break
		}
		if i >= len(b) {
			break
		}
		switch c := b[i]; {
		case c == '"':
			return i, is
		case c == '\\':
			is |= unescaped
			if i += 2; i < len(b) && b[i-1] == 'u' {
				i += 4 // if a quote is among them, the escape is wrong
			}
		case c < ' ':
			return failed, 0
		default:
			if c >= utf8.RuneSelf {
				is |= nonASCII
			}
			i++
		}
	}
	return failed, 0
}

// unescape takes the escapes out of a text, nil where one is wrong. high says that one stands for a character beyond
// ASCII.
func (s *scan) unescape(raw []byte) (text []byte, high bool) {
	s.buffer = slices.Grow(s.buffer[:0], len(raw)+utf8.UTFMax) // a text is never longer than its escapes
	out, n := s.buffer[:len(raw)+utf8.UTFMax], 0
	for len(raw) > 0 {
		if raw[0] != '\\' {
			k := bytes.IndexByte(raw, '\\')
			if k < 0 {
				k = len(raw)
			}
			n += copy(out[n:], raw[:k])
			raw = raw[k:]
			continue
		}
		if len(raw) < 2 {
			return nil, false
		}
		if c := simpleEscapes[raw[1]]; c != 0 {
			out[n] = c
			n++
			raw = raw[2:]
			continue
		}
		r, size := unicodeEscape(raw)
		if size == 0 {
			return nil, false
		}
		raw = raw[size:]
		switch {
		case r < utf8.RuneSelf:
			out[n] = byte(r)
			n++
		default:
			high = true
			n += utf8.EncodeRune(out[n:], r)
		}
	}
	return out[:n], high
}

// simpleEscapes are the escapes of one letter, by that letter.
var simpleEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unicodeEscape reads an escape \uXXXX, a surrogate pair as one character. size is 0 for anything else, half a pair too.
func unicodeEscape(raw []byte) (r rune, size int) {
	const highest, lowest, end = 0xd800, 0xdc00, 0xe000 // the halves of surrogate pairs
	r = hexEscape(raw)
	switch {
	case r < 0 || r >= lowest && r < end:
		return 0, 0
	case r < highest || r >= end:
		return r, 6
	}
	low := hexEscape(raw[6:])
	if low < lowest || low >= end {
		return 0, 0
	}
	return (r-highest)<<10 | (low - lowest) + 0x10000, 12
}

// hexEscape reads \uXXXX as a number, -1 for anything else.
func hexEscape(raw []byte) rune {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	return hexValues[raw[2]]<<12 | hexValues[raw[3]]<<8 | hexValues[raw[4]]<<4 | hexValues[raw[5]]
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
