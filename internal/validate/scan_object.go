package validate

import "slices"

// anyObject is the rule of objects that nothing is asked of.
var anyObject = &objectRule{few: -1, many: -1}

// object reads an object.
func (s *scan) object(p *plan, from int) int {
	r := p.objects
	if r == nil {
		r = anyObject
	}
	if s.depth >= maxScanDepth {
		return failed
	}
	decided := 0 // offset of the value that decides
	if r.decider != nil {
		if r, decided = s.decide(r.decider, from); r == nil {
			return failed
		}
	}
	if !s.affords(r.steps) {
		return failed
	}
	if p.column >= 0 {
		s.row.SetUnreadable(p.column)
	}
	first := len(s.events)
	if s.depth++; s.depth > len(s.frames) {
		s.frames = append(s.frames, frame{})
	}
	o := objectScan{scan: s, plan: p, rule: r, from: from}
	if r.words > 1 {
		o.seen = s.claim(r.words)
	}
	end := o.members(from + 1)
	if r.words > 1 {
		s.seen = s.seen[:len(s.seen)-r.words]
	}
	s.depth--
	if end == failed {
		return failed
	}
	if p.accepts&isObject == 0 || r.library || r.refuses || r.counts && !o.counts() ||
		len(r.unfit) > 0 && !p.alone || decided == failed && !p.objects.decider.demanded {
		o.unsure = true
	}
	if !o.unsure && o.missing() {
		end = o.leaveMissing(end)
	}
	if p.alone && !o.unsure && end != failed && (len(r.unfit) > 0 || entwined(s.events[first:])) {
		end = o.leaveChoices(first, end, decided)
	}
	if end != failed && o.unsure {
		if p.alone {
			s.dropEvents(first)
		}
		return s.unsure(p, from, end)
	}
	return end
}

// claim lends a bit set of so many words until the object is read.
func (s *scan) claim(words int) []uint64 {
	n := len(s.seen)
	s.seen = slices.Grow(s.seen, words)[:n+words]
	seen := s.seen[n:]
	clear(seen)
	return seen
}

// objectScan is an object being read.
type objectScan struct {
	*scan
	plan   *plan
	rule   *objectRule
	from   int      // offset of its brace
	names  int      // read so far
	first  uint64   // bits of the first 64 slots, whether they were seen
	seen   []uint64 // of the others; its first word is not used
	unsure bool     // something about its names is for the library
}

// members reads from the first byte after the brace to the closing one.
func (o *objectScan) members(i int) int {
	s, r, b := o.scan, o.rule, o.b
	if i = s.space(i); i < len(b) && b[i] == '}' {
		return i + 1
	}
	f := &s.frames[s.depth-1]
	f.rule = r
	var seen uint64 // o.first
	at := r.base    // of the prediction: which slot follows
	for {
		k := -1
		if len(r.hot) > 0 {
			k = int(s.next[at])
		}
		if k >= 0 && r.hot[k].at(b, i) {
			i += r.hot[k].size
		} else {
			if k, i = o.name(i); i == failed {
				return failed
			}
			if k >= 0 && !r.hot[k].wary { // a name that should not be there predicts nothing
				s.next[at] = uint32(k)
			}
		}
		o.names++
		if i < len(b) && b[i] <= ' ' {
			i = s.space(i)
		}
		start := i
		if k >= 0 {
			f = &s.frames[s.depth-1] // deeper values may have moved the frames
			f.slot = k
			at = r.base + 1 + k
			bit := uint64(1) << (k & 63)
			if k < 64 {
				if seen&bit != 0 {
					return failed // the name is there twice
				}
				seen |= bit
			} else {
				if o.seen[k>>6]&bit != 0 {
					return failed
				}
				o.seen[k>>6] |= bit
			}
			h := &r.hot[k]
			if i = s.value(h.value, i); i == failed {
				return failed
			}
			if h.wary && o.unwelcome(&r.slots[k], start, i) == failed {
				return failed
			}
		} else if i = o.unnamed(start); i == failed {
			return failed
		}
		if i < len(b) && b[i] <= ' ' {
			i = s.space(i)
		}
		if i >= len(b) {
			return failed
		}
		if b[i] != ',' {
			break
		}
		if i++; i < len(b) && b[i] <= ' ' {
			i = s.space(i)
		}
	}
	if b[i] != '}' {
		return failed
	}
	o.first = seen
	return i + 1
}

// unwelcome notes a name that has a slot but should not be there.
func (o *objectScan) unwelcome(sl *slot, i, end int) int {
	if sl.sealed {
		o.unsure = true
	}
	return o.unwanted(sl.name, sl.closed, i, end)
}

// name reads any name and its colon. It returns the slot, -1 where there is none, and the offset of the value. The
// frame then holds where the name is.
func (o *objectScan) name(i int) (slot, value int) {
	s := o.scan
	text, end, _ := s.readText(i)
	if end == failed {
		return -1, failed
	}
	s.frames[s.depth-1] = frame{rule: o.rule, slot: -1, from: i}
	if i = s.space(end); i >= len(s.b) || s.b[i] != ':' {
		return -1, failed
	}
	if k, ok := o.rule.named[string(text)]; ok { // no copy is made
		return k, s.space(i + 1)
	}
	if !s.hashes.add(s.hashes.of(text, '"', o.from)) {
		return -1, failed // the name is there twice, in all likelihood
	}
	return -1, s.space(i + 1)
}

// unnamed reads the value of a name without a slot.
func (o *objectScan) unnamed(i int) int {
	s, r := o.scan, o.rule
	value := r.other
	if value == nil {
		return s.skip(i)
	}
	if r.sealed {
		o.unsure = true
	}
	f := s.frames[s.depth-1]
	if len(r.patterns) > 0 || len(r.closed) > 0 {
		text, _, _ := s.readText(f.from)
		name := string(text)
		if !s.affords(matchSteps(r.program, len(name))) {
			return failed
		}
		matched := 0
		for k := range r.patterns {
			if r.patterns[k].re.MatchString(name) {
				value = r.patterns[k].value
				matched++
			}
		}
		if matched > 1 {
			o.unsure = true
		}
		end := s.value(value, i)
		if end == failed {
			return failed
		}
		closed := r.closed
		if matched > 0 {
			closed = slices.DeleteFunc(slices.Clone(closed), func(a *asked) bool { return matchesPattern(a.schema, name) })
		}
		return o.unwanted(name, closed, i, end)
	}
	return s.value(value, i)
}

// unwanted notes a name that schemas do not allow, apart for each choice that they belong to; its value lies between i
// and end.
func (o *objectScan) unwanted(name string, closed []*asked, i, end int) int {
	for len(closed) > 0 && end != failed {
		via, here := closed[0].via, closed
		if len(closed) == 1 && o.lost(via) {
			return end
		}
		if o.rule.together || via == entangled {
			o.unsure = true
			return end
		}
		if others := func(a *asked) bool { return a.via != via }; slices.ContainsFunc(closed, others) {
			here = slices.DeleteFunc(slices.Clone(closed), others)
			closed = slices.DeleteFunc(slices.Clone(closed), func(a *asked) bool { return a.via == via })
		} else {
			closed = nil
		}
		end = o.leave(&event{question: unwantedName, plan: o.plan, via: via, from: o.from, name: name,
			asked: here, valueFrom: i, valueTo: end}, o.depth-1, end)
	}
	return end
}

// lost says whether the last part in doubt is about this object and shows that a choice is lost: one is enough.
func (o *objectScan) lost(via *branch) bool {
	n := len(o.events)
	return via != nil && n > 0 && o.events[n-1].via == via && o.events[n-1].from == o.from
}

// seenWord is the word at an index of the bit set of slots seen.
func (o *objectScan) seenWord(w int) uint64 {
	if w == 0 {
		return o.first
	}
	return o.seen[w]
}

// missing says whether a required name is not there.
func (o *objectScan) missing() bool {
	for w, required := range o.rule.required {
		if required&^o.seenWord(w) != 0 {
			return true
		}
	}
	return false
}

// leaveMissing notes the missing names, apart for each choice that asks for them.
func (o *objectScan) leaveMissing(end int) int {
	first := len(o.events)
	for k := range o.rule.slots {
		if o.rule.required[k/64]&^o.seenWord(k/64)&(1<<(k%64)) == 0 {
			continue
		}
		for n, a := range o.rule.slots[k].requiredBy {
			if o.rule.together || a.via == entangled {
				o.unsure = true
				o.dropEvents(first)
				return end
			}
			if o.lost(a.via) {
				continue
			}
			i := slices.IndexFunc(o.events[first:], func(e event) bool { return e.via == a.via })
			if i >= 0 {
				e := &o.events[first+i]
				e.asked = append(e.asked, a)
				continue
			}
			asked := o.rule.slots[k].requiredBy[n : n+1 : n+1]
			end = o.leave(&event{question: missingNames, plan: o.plan, via: a.via, from: o.from, to: end, asked: asked}, o.depth, end)
			if end == failed {
				return failed
			}
		}
	}
	return end
}

// counts says whether the number of names is right, and no name asks for another that is missing.
func (o *objectScan) counts() bool {
	r := o.rule
	if o.names < r.few || r.many != -1 && o.names > r.many {
		return false
	}
	for _, d := range r.dependents {
		if o.seenWord(d.slot/64)&(1<<(d.slot%64)) == 0 {
			continue
		}
		for w, required := range d.required {
			if required&^o.seenWord(w) != 0 {
				return false
			}
		}
	}
	for w, trigger := range r.triggers {
		if trigger&o.seenWord(w) != 0 {
			return false
		}
	}
	return true
}
