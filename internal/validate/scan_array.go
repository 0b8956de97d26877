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
	end, ok := s.items(r, from)
	s.depth--
	if end == failed {
		return failed
	}
	// Parts inside would be decoded twice, and with arrays in arrays once for each level.
	if !ok && p.alone && p.accepts&isArray != 0 && r.itemless != nil && len(s.events) == first {
		return s.leave(&event{question: itemsTogether, plan: p, from: from, to: end}, s.depth, end)
	}
	if !ok || p.accepts&isArray == 0 {
		if p.alone {
			s.dropEvents(first)
		}
		return s.unsure(p, from, end)
	}
	return end
}

// items reads from the bracket at from to the closing one. ok says that the number of items and their difference are
// right.
func (s *scan) items(r *arrayRule, from int) (end int, ok bool) {
	ok = true
	n := 0
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
				return failed, false
			}
			if r != nil && r.unique && !s.isNew(start, i, from) {
				ok = false
			}
			if i < len(s.b) && s.b[i] <= ' ' {
				i = s.space(i)
			}
			if i >= len(s.b) {
				return failed, false
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
				return failed, false
			}
		}
	}
	if r != nil && (n < r.short || r.long != -1 && n > r.long) {
		ok = false
	}
	return i, ok
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
