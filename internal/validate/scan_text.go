package validate

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"weir/internal/contract"
)

// text reads a string.
func (s *scan) text(p *plan, i int) int {
	if p.sole != severalThings {
		if end := s.usual(p, i); end != failed {
			return end
		}
	}
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

// usual reads a text of the usual kind, where the plan's rule rules out all but plain ASCII, or lists the text byte for
// byte: looking for its end and judging it are then one. It fails where the text is another. Texts differ in length, and a
// processor does not guess the ends of two loops (BenchmarkCheck: 5 to 8 % of the time of events and orders).
func (s *scan) usual(p *plan, i int) int {
	const uuid, seconds = len("01234567-89ab-cdef-0123-456789abcdef"), len("2006-01-02T15:04:05")
	rest := s.b[i+1:]
	if len(rest) <= uuid {
		return failed // near the end of the record
	}
	n := 0 // the text's size
	r := p.texts
	switch p.sole {
	case onlyEnum:
		w := load(rest, 0)
		if n = bits.TrailingZeros64(zeroBytes(w^ones*'"')) / 8; !r.enums[0].hasWord(w, n) {
			return failed
		}
	case onlyPattern:
		var ok bool
		if n, ok = r.patterns[0].quoted(rest); !ok {
			return failed
		}
	case onlyURL:
		if n = plainURL(rest); n == 0 || n == len(rest) || rest[n] != '"' {
			return failed
		}
	case onlyEmail:
		if n = plainEmail(rest); n == 0 || n == len(rest) || rest[n] != '"' {
			return failed
		}
	case onlyUUID:
		if n = uuid; rest[n] != '"' || !isPlainUUID(rest[:n]) {
			return failed
		}
	case onlyTimestamp:
		m := zeroBytes(load(rest, seconds) ^ ones*'"')
		if n = seconds; m == 0 {
			n += 8
			m = zeroBytes(load(rest, n) ^ ones*'"')
		}
		n += bits.TrailingZeros64(m) / 8
		ms, ok := plainTimestamp(rest[:n])
		if m == 0 || !ok {
			return failed
		}
		s.noObject(p)
		s.row.SetInt(p.column, ms)
		return s.accept(p, isText, i, i+n+2)
	default:
		return failed
	}
	if n < r.short || uint(n) > uint(r.long) { // -1 is no bound
		return failed
	}
	s.noObject(p)
	if p.column >= 0 {
		s.stageText(p, rest[:n], true)
	}
	return s.accept(p, isText, i, i+n+2)
}

// texture is what a text is written with.
type texture uint8

const (
	unescaped texture = 1 << iota // the text is in the row's room, without its escapes; else it aliases the record
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

// readRich reads a text that begins at from and is plain up to a byte that is neither plain nor the end, or that has not
// been looked at.
func (s *scan) readRich(from, plain int) (text []byte, after int, is texture) {
	r := runOf(nil, s.b[plain:])
	end := plain + r.size
	switch {
	case end == len(s.b):
		return nil, failed, 0
	case s.b[end] == '\\':
		return s.unescape(from, end, r)
	case s.b[end] != '"' || r.beyond && !s.isUTF8():
		return nil, failed, 0
	}
	if s.points = end - from - r.continuing; r.beyond {
		is = nonASCII
	}
	return s.b[from:end], end + 1, is
}

// isUTF8 looks at the whole record, when the first byte beyond ASCII is met. One look costs less than one for each text, and
// only texts can hold such bytes.
func (s *scan) isUTF8() bool {
	if !s.utf8 {
		s.utf8 = isUTF8(s.b)
	}
	return s.utf8 // false ends the scan
}

// plainEnd returns the offset of the first byte that is not plain ASCII: the closing quote, if the text is short and has no
// other. A long text is readRich's from there on.
func (s *scan) plainEnd(i int) int {
	b := s.b
	for long := i + 4*8; len(b)-i >= 8; {
		if i == long {
			return i
		}
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

// closingQuote returns the offset of the quote that ends the text which i lies in, not behind a backslash.
func (s *scan) closingQuote(i int) int {
	for from := i; ; i++ {
		n := bytes.IndexByte(s.b[i:], '"')
		if n < 0 {
			return failed
		}
		i += n
		slash := i
		for slash > from && s.b[slash-1] == '\\' {
			slash--
		}
		if (i-slash)%2 == 0 { // they escape each other
			return i
		}
	}
}

// unescape reads a text that begins at from into the row's room, without its escapes. The first of them is at i; the run before
// it, but for plain ASCII, is r.
//
// Behind a character that is escaped by its number there is often another one soon: eight bytes are copied, and as many of
// them count as stand before it; only after eight plain ones is it worth a longer run. Texts that are nothing but escapes
// take half the time that a run for each takes (BenchmarkCheck, shape text).
func (s *scan) unescape(from, i int, r textRun) (text []byte, after int, is texture) {
	b := s.b
	if len(b)-from > maxPooledBytes { // room for all that follows would be too much
		end := s.closingQuote(i)
		if end == failed {
			return nil, failed, 0
		}
		b = b[:end+1]
	}
	out := s.row.Room(len(b) - from + 8) // a text is never longer than its escapes
	n := copy(out, b[from:i])
	points := n - r.continuing
	if is = unescaped; r.beyond {
		if !s.isUTF8() {
			return nil, failed, 0
		}
		is |= nonASCII
	}
	dense := false // the last escape was by number
	for i < len(b) {
		switch c := b[i]; {
		case c == '\\' && len(b)-i >= 6 && b[i+1] == 'u':
			r, size := hexDigits((*[4]byte)(b[i+2:i+6])), 6
			if r>>11 == 0xd800>>11 { // half a surrogate pair
				r, size = surrogates(b[i:]), 12
			}
			i += size
			points++
			dense = true
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
			is |= nonASCII
		case c == '\\':
			if i+1 == len(b) || simpleEscapes[b[i+1]] == 0 {
				return nil, failed, 0
			}
			out[n] = simpleEscapes[b[i+1]]
			n, i = n+1, i+2
			points++
			dense = false
		case c == '"':
			s.points = points
			return out[:n], i + 1, is
		default:
			if dense && len(b)-i >= 8 {
				w := load(b, i)
				binary.LittleEndian.PutUint64(out[n:n+8], w)
				if m := special(w); m != 0 {
					k := bits.TrailingZeros64(m) / 8
					if n, i, points = n+k, i+k, points+k; b[i] == '\\' || b[i] == '"' {
						continue
					}
				}
			}
			r := runOf(out[n:], b[i:])
			if r.size == 0 {
				return nil, failed, 0 // a control character
			}
			if r.beyond {
				if !s.isUTF8() {
					return nil, failed, 0
				}
				is |= nonASCII
			}
			n, i, points = n+r.size, i+r.size, points+r.size-r.continuing
		}
	}
	return nil, failed, 0
}

// simpleEscapes are the escapes of one letter, by that letter.
var simpleEscapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// surrogates reads a surrogate pair, \ud83d\ude00, as the character that it stands for, -1 for half a pair.
func surrogates(raw []byte) rune {
	if len(raw) < 12 || raw[6] != '\\' || raw[7] != 'u' {
		return -1
	}
	r := utf16.DecodeRune(hexDigits((*[4]byte)(raw[2:6])), hexDigits((*[4]byte)(raw[8:12])))
	if r == utf8.RuneError { // which is no pair's
		return -1
	}
	return r
}

// hexDigits reads four hexadecimal digits, -1 for anything else.
func hexDigits(d *[4]byte) rune {
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
	points, ascii := len(text), true
	if is&nonASCII != 0 {
		points, ascii = s.points, false
	}
	var broken breaks
	staged := p.column < 0
	if r := p.texts; r != nil {
		switch {
		case p.sole == onlyTimestamp:
			var ms int64
			if ms, staged = readTimestamp(text); staged {
				s.row.SetInt(p.column, ms)
			} else {
				broken = r.breaks(text, points)
			}
		case !r.heavy && ascii || s.affords(r.steps(text, ascii)):
			broken = r.breaks(text, points)
		default:
			broken = untold
		}
	}
	if !staged {
		s.stageText(p, text, is&unescaped == 0)
	}
	if broken |= p.refuses(isText); broken == 0 {
		return end
	}
	if len(text) > maxKnownText || p.texts != nil && p.texts.costly {
		broken = untold
	}
	return s.leave(&event{question: wholeValue, plan: p, via: p.via, from: i, to: end, breaks: broken | ofText, size: points}, s.depth, end)
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
		s.row.SetOwn(column, len(text))
	}
}

func readTimestamp(text []byte) (ms int64, ok bool) {
	if ms, ok = plainTimestamp(text); ok {
		return ms, true
	}
	return parseTimestamp(aliased(text))
}
