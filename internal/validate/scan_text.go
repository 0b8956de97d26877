package validate

import (
	"math/bits"
	"unicode/utf8"

	"weir/internal/contract"
)

// text reads a string.
func (s *scan) text(p *plan, i int) int {
	end := s.plainEnd(i + 1)
	if end == failed {
		return failed
	}
	raw := s.b[i+1 : end]
	if s.b[end] == '"' {
		return s.judgeText(p, i, end+1, raw, len(raw), true)
	}
	text, points, end, escaped := s.richText(i+1, end)
	if end == failed {
		return failed
	}
	return s.judgeText(p, i, end, text, points, !escaped)
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

// richText reads a text with escapes or characters beyond ASCII. It begins at from and is plain up to i. The result is
// the text without escapes, its length in code points, and the offset after the closing quote; it aliases the record,
// or the scan's buffer where something was escaped.
func (s *scan) richText(from, i int) (text []byte, points, end int, escaped bool) {
	b := s.b
	copied := from // the bytes before are in the buffer, if anything is
	points = i - from
	for i != failed && i < len(b) {
		switch c := b[i]; {
		case c == '"':
			if !escaped {
				return b[from:i], points, i + 1, false
			}
			s.buffer = append(s.buffer, b[copied:i]...)
			return s.buffer, points, i + 1, true
		case c == '\\':
			if !escaped {
				escaped, s.buffer = true, s.buffer[:0]
			}
			s.buffer = append(s.buffer, b[copied:i]...)
			r, next := s.escape(i)
			if next == failed {
				return nil, 0, failed, false
			}
			s.buffer = utf8.AppendRune(s.buffer, r)
			i, copied = next, next
			points++
		case c < ' ':
			return nil, 0, failed, false
		case c < utf8.RuneSelf:
			next := s.plainEnd(i)
			points += next - i
			i = next
		default:
			_, size := utf8.DecodeRune(b[i:])
			if size == 1 { // not UTF-8
				return nil, 0, failed, false
			}
			i += size
			points++
		}
	}
	return nil, 0, failed, false
}

// escape reads the escape at b[i:], a surrogate pair as one character. Half a pair fails.
func (s *scan) escape(i int) (r rune, next int) {
	if len(s.b)-i < 2 {
		return 0, failed
	}
	switch c := s.b[i+1]; c {
	case '"', '\\', '/':
		return rune(c), i + 2
	case 'b':
		return '\b', i + 2
	case 'f':
		return '\f', i + 2
	case 'n':
		return '\n', i + 2
	case 'r':
		return '\r', i + 2
	case 't':
		return '\t', i + 2
	case 'u':
	default:
		return 0, failed
	}
	const highest, lowest, end = 0xd800, 0xdc00, 0xe000 // the halves of surrogate pairs
	r, ok := s.hex(i + 2)
	switch {
	case !ok || r >= lowest && r < end:
		return 0, failed
	case r < highest || r >= end:
		return r, i + 6
	case len(s.b)-i < 12 || s.b[i+6] != '\\' || s.b[i+7] != 'u':
		return 0, failed
	}
	low, ok := s.hex(i + 8)
	if !ok || low < lowest || low >= end {
		return 0, failed
	}
	return (r-highest)<<10 | (low - lowest) + 0x10000, i + 12
}

// hex reads four hexadecimal digits.
func (s *scan) hex(i int) (r rune, ok bool) {
	if len(s.b)-i < 4 {
		return 0, false
	}
	for _, c := range s.b[i : i+4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// judgeText judges and stages a text of so many code points. stable says that it aliases the record rather than the
// scan's buffer.
func (s *scan) judgeText(p *plan, i, end int, text []byte, points int, stable bool) int {
	ok := true
	if r := p.texts; r != nil {
		if r.timestamp && p.kind == contract.Timestamp && p.column >= 0 {
			s.noObject(p)
			return s.timestamp(p, i, end, text, points == len(text))
		}
		ok = r.holds(text, points)
	}
	if p.column >= 0 {
		s.stageText(p, text, points == len(text), stable)
	}
	s.noObject(p)
	if !ok {
		return s.unsure(p, i, end)
	}
	return s.accept(p, isText, i, end)
}

func (s *scan) stageText(p *plan, text []byte, ascii, stable bool) {
	switch p.kind {
	case contract.Timestamp:
		if ms, ok := readTimestamp(text, ascii); ok {
			s.row.SetInt(p.column, ms)
			return
		}
	case contract.String:
		s.setText(p.column, text, stable)
		return
	case contract.Date:
		if isDate(aliased(text)) {
			s.setText(p.column, text, stable)
			return
		}
	case contract.Time:
		if isTime(aliased(text)) {
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
func (s *scan) timestamp(p *plan, i, end int, text []byte, ascii bool) int {
	if ms, ok := readTimestamp(text, ascii); ok {
		s.row.SetInt(p.column, ms)
		return s.accept(p, isText, i, end)
	}
	s.row.SetUnreadable(p.column)
	return s.unsure(p, i, end)
}

func readTimestamp(text []byte, ascii bool) (ms int64, ok bool) {
	if ms, ok = plainTimestamp(text); ok || !ascii {
		return ms, ok
	}
	return parseTimestamp(aliased(text))
}
