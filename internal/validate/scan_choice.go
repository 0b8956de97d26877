package validate

import "slices"

// decide finds the property that decides the rule of an object, and the offset of its value, failed where it is missing.
// A nil rule says that the bytes are not JSON.
func (s *scan) decide(d *decider, from int) (r *objectRule, at int) {
	i := s.space(from + 1)
	if i < len(s.b) && s.b[i] == '}' {
		return d.other, failed
	}
	for {
		found := d.key.at(s.b, i)
		if found {
			i += d.key.size
		} else {
			text, end, _ := s.readText(i)
			if end == failed {
				return nil, failed
			}
			found = string(text) == d.name
			if i = s.space(end); i >= len(s.b) || s.b[i] != ':' {
				return nil, failed
			}
			i++
		}
		i = s.space(i)
		if found {
			if !s.affords(len(d.cases)/2 + (i-from)/leapBytes) {
				return nil, failed
			}
			return d.choose(s, i), i
		}
		if i = s.leap(i); i == failed {
			return nil, failed
		}
		if i = s.space(i); i >= len(s.b) {
			return nil, failed
		}
		if s.b[i] != ',' {
			if !s.affords((i - from) / leapBytes) {
				return nil, failed
			}
			return d.other, failed
		}
		i = s.space(i + 1)
	}
}

// choose compares the value at i with the constants. What is malformed is found when it is read.
func (d *decider) choose(s *scan, i int) *objectRule {
	if i >= len(s.b) {
		return nil
	}
	for k := range d.cases { // nearly always
		if d.cases[k].quoted.at(s.b, i) {
			return d.cases[k].rule
		}
	}
	var text []byte
	var constant any
	switch c := s.b[i]; {
	case c == '"':
		var end int
		if text, end, _ = s.readText(i); end == failed {
			return nil
		}
	case c == 't' || c == 'f':
		constant = c == 't'
	case c == '-' || c-'0' <= 9:
		end := i + 1
		for end < len(s.b) && (s.b[end]-'0' <= 9 || s.b[end] == '.' || s.b[end]|0x20 == 'e' || s.b[end] == '-' || s.b[end] == '+') {
			end++
		}
		if end-i > maxNumberBytes || !exponentWithin(aliased(s.b[i:end]), maxExponent) {
			return nil
		}
		n, ok := parseInteger(aliased(s.b[i:end]))
		if !ok {
			return d.other
		}
		constant = n
	case c != 'n':
		return d.other
	}
	for k := range d.cases {
		c := &d.cases[k]
		if member, ok := c.constant.(string); ok {
			if text != nil && string(text) == member {
				return c.rule
			}
		} else if text == nil && c.constant == constant {
			return c.rule
		}
	}
	return d.other
}

// leap goes past a value without judging it: what is malformed is found when it is read.
func (s *scan) leap(i int) int {
	depth := 0
	for i < len(s.b) {
		switch c := s.b[i]; c {
		case '"':
			if i = s.closingQuote(i + 1); i == failed {
				return failed
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			depth--
		case ',':
			if depth == 0 {
				return i
			}
		}
		if i++; depth == 0 && i < len(s.b) && (s.b[i] == ',' || s.b[i] == '}') {
			return i
		}
	}
	return failed
}

// leaveChoices notes the choices about this object that have no branch left: those in whose branch a part may be
// invalid, which is the proof, and those that offer none for the value that decides.
func (o *objectScan) leaveChoices(first, end, decided int) int {
	s := o.scan
	if o.rule.together {
		o.unsure = true
		return end
	}
	at, ok := s.placeOf(o.plan, s.depth)
	if !ok {
		return failed
	}
	lost := event{question: noBranch, plan: o.plan, from: o.from, to: end, at: at, size: o.names, decided: decided, proof: noProof}
	parts := s.events[first:]
	kept := 0
	for i := range parts {
		via := parts[i].via
		switch {
		case via == nil:
			parts[kept] = parts[i]
			kept++
		case via.owner != o.plan:
			o.unsure = true
			return end
		case slices.ContainsFunc(parts[:kept], func(k event) bool { return k.choice == via }):
		case len(s.proofs) == maxEvents:
			return failed
		default:
			proof := parts[i]
			if len(proof.asked) > 1 {
				proof.asked = proof.asked[:1] // one name is enough
			}
			s.proofs = append(s.proofs, proof)
			parts[kept] = lost
			parts[kept].choice, parts[kept].proof = via, len(s.proofs)-1
			kept++
		}
	}
	s.dropEvents(first + kept)
	for _, lost.choice = range o.rule.unfit {
		if len(s.events) == maxEvents {
			return failed
		}
		s.events = append(s.events, lost)
	}
	return end
}
