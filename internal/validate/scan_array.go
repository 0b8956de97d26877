package validate

import "bytes"

// array reads an array.
func (s *scan) array(p *plan, from int) int {
	if s.depth >= maxScanDepth {
		return failed
	}
	if p.column >= 0 {
		s.row.SetUnreadable(p.column)
	}
	s.noObject(p)
	first := len(s.events)
	if s.depth++; s.depth > len(s.frames) {
		s.frames = append(s.frames, frame{})
	}
	r := p.arrays
	n, broken, end := s.items(r, from)
	s.depth--
	if end == failed {
		return failed
	}
	// Parts inside would be decoded twice, and with arrays in arrays once for each level.
	if broken != 0 && p.alone && p.accepts&isArray != 0 && r.itemless != nil && len(s.events) == first {
		if n > maxKnownItems || end-from > maxKnownText {
			broken = untold
		}
		return s.leave(&event{question: itemsTogether, plan: p, from: from, to: end, breaks: broken | ofArray, size: n}, s.depth, end)
	}
	if broken != 0 || p.accepts&isArray == 0 {
		if p.alone {
			s.dropEvents(first)
		}
		return s.unsure(p, from, end)
	}
	return end
}

// items reads n items, from the bracket at from to the closing one, and tells what is wrong with their number and their
// difference.
func (s *scan) items(r *arrayRule, from int) (n int, broken breaks, end int) {
	i := s.space(from + 1)
	if i < len(s.b) && s.b[i] == ']' {
		i++
	} else {
		for more := true; more; n++ {
			start := i
			if r == nil {
				i = s.skip(i)
			} else {
				s.frames[s.depth-1] = frame{from: n}
				value := r.rest
				if n < len(r.places) {
					value = r.places[n]
				}
				i = s.value(value, i)
			}
			if i == failed {
				return n, broken, failed
			}
			if r != nil && r.unique && broken == 0 && !s.isNew(start, i, from) {
				broken = untold
				if s.isTwice(start, i, from) {
					broken = breaksUnique
				}
			}
			if i < len(s.b) && s.b[i] <= ' ' {
				i = s.space(i)
			}
			if i >= len(s.b) {
				return n, broken, failed
			}
			switch s.b[i] {
			case ',':
				if i++; i < len(s.b) && s.b[i] <= ' ' {
					i = s.space(i)
				}
			case ']':
				i++
				more = false
			default:
				return n, broken, failed
			}
		}
	}
	if r != nil && (n < r.short || r.long != -1 && n > r.long) {
		broken |= breaksLength
	}
	return n, broken, i
}

// skip reads a value that nothing is asked of.
func (s *scan) skip(i int) int {
	if i >= len(s.b) {
		return failed
	}
	return s.read(anyValue, i)
}

// anyValue is the plan of values that nothing is asked of.
var anyValue = &plan{accepts: anyKind, column: -1, alone: true, low: 1}

// isTwice says whether the scalar between i and end is written like one before it in the array that begins at from.
func (s *scan) isTwice(i, end, from int) bool {
	if !s.affords((i - from) / leapBytes) {
		return false
	}
	for at := s.space(from + 1); at < i; {
		next := s.leap(at)
		if next == failed {
			return false // they have been read: does not happen
		}
		if bytes.Equal(s.b[at:next], s.b[i:end]) {
			return true
		}
		at = s.space(next + 1)
	}
	return false
}

// isNew says whether the scalar between i and end differs from all before it in the array that begins at from. Arrays
// and objects are never sure to.
func (s *scan) isNew(i, end, from int) bool {
	kind := s.b[i]
	text := s.b[i:end]
	switch {
	case kind == '{' || kind == '[':
		return false
	case kind == '"':
		if text = s.b[i+1 : end-1]; bytes.IndexByte(text, '\\') >= 0 {
			text, _, _ = s.readText(i)
		}
	case kind == '-' || kind-'0' <= 9:
		n, ok := parseInteger(aliased(text))
		if !ok {
			return false
		}
		kind, text = '0', []byte(nil)
		for range 8 {
			text = append(text, byte(n))
			n >>= 8
		}
	}
	return s.hashes.add(s.hashes.of(text, kind, from))
}
