package validate

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// question is what the library is asked about a part.
type question uint8

const (
	wholeValue   question = iota // a value with all that lies in it
	missingNames                 // required names that an object lacks
	unwantedName                 // a name that additionalProperties does not allow
)

// event is a part of the record that the scan leaves to the library.
type event struct {
	question question
	plan     *plan
	rule     *objectRule
	from, to int          // bytes of the value, or of the object whose names are at fault
	at       pointerToken // where that is
	names    []string

	closed             []asked // of an unwanted name: the schemas that do not allow it
	valueFrom, valueTo int     // and its value
}

// here is the JSON pointer of the value that the scan has come to, so many steps down. ok is false below an empty name,
// which the library leaves out of its locations.
func (s *scan) here(depth int) (at pointerToken, ok bool) {
	var pointer, location strings.Builder
	for i := range depth {
		f := &s.frames[i]
		var t pointerToken
		switch {
		case f.slot != nil && depth == 1:
			return f.slot.token, f.slot.name != ""
		case f.slot != nil:
			t = f.slot.token
		case f.item:
			t.pointer = "/" + strconv.Itoa(f.from)
			t.location = t.pointer
		default:
			name, _ := s.nameText(f.from - 1)
			t = newToken(string(name))
		}
		if t.pointer == "/" {
			return at, false
		}
		pointer.WriteString(t.pointer)
		location.WriteString(t.location)
	}
	return pointerToken{pointer.String(), location.String()}, true
}

// byParts asks the library about the parts that a scan was unsure of; the rest of the record is valid. ok is false when
// the library fails on one, so that the whole record has to be judged.
func (v *Validator) byParts(record []byte, events []event) (vs []Violation, ok bool) {
	defer func() {
		if recover() != nil {
			vs, ok = nil, false
		}
	}()
	var leaves []leaf
	for i := range events {
		e := &events[i]
		var more []leaf
		switch e.question {
		case wholeValue:
			more, ok = v.judgeValue(e, record[e.from:e.to])
		case missingNames:
			more, ok = v.judgeMissing(e)
		case unwantedName:
			if slices.ContainsFunc(events[:i], func(f event) bool { return f.question == unwantedName && f.from == e.from }) {
				continue // judged together with the object's first
			}
			more, ok = v.judgeUnwanted(record, events[i:])
		}
		if !ok {
			return nil, false
		}
		leaves = append(leaves, more...)
	}
	if len(leaves) == 0 {
		return nil, true
	}
	return v.violations(leaves), true
}

// ask judges a part by a schema. ok is false where the library cannot say.
func (v *Validator) ask(found []leaf, s *jsonschema.Schema, p part) (_ []leaf, ok bool) {
	switch err := s.Validate(p.doc).(type) {
	case nil:
		return found, true
	case *jsonschema.ValidationError:
		return v.leaves(found, p, err), true
	}
	return found, false
}

func (v *Validator) judgeValue(e *event, value []byte) (found []leaf, ok bool) {
	if len(e.plan.schemas) == 0 {
		return nil, true
	}
	doc, ok := v.partValue(value)
	for _, l := range e.plan.schemas {
		if ok {
			found, ok = v.ask(found, l.schema, part{doc, e.at, l.trail})
		}
	}
	return found, ok
}

// partValue decodes a value that the scan has read. Scalars need no decoder.
func (v *Validator) partValue(value []byte) (doc any, ok bool) {
	switch c := value[0]; {
	case c == 'n':
		return nil, true
	case c == 't' || c == 'f':
		return c == 't', true
	case c == '-' || c-'0' <= 9:
		return json.Number(value), true
	}
	doc, fault := v.decode(value)
	return doc, fault == nil
}

// judgeMissing asks about each missing name by itself: whether an object without it has it does not depend on the rest.
func (v *Validator) judgeMissing(e *event) (found []leaf, ok bool) {
	for _, name := range e.names {
		for _, r := range e.rule.slots[e.rule.named[name]].requiredBy {
			n := len(found)
			p := part{map[string]any{}, e.at, r.trail}
			if found, ok = v.ask(found, r.only, p); !ok {
				return nil, false
			}
			for i := n; i < len(found); i++ {
				found[i].missing = []string{name}
			}
		}
	}
	return joinMissing(found), true
}

// joinMissing makes one leaf of each keyword's missing names, as the library does.
func joinMissing(leaves []leaf) (joined []leaf) {
	for _, l := range leaves {
		i := slices.IndexFunc(joined, func(j leaf) bool { return j.path == l.path })
		if i < 0 {
			joined = append(joined, l)
			continue
		}
		joined[i].missing = append(joined[i].missing, l.missing...)
	}
	return joined
}

// judgeUnwanted asks about the unwanted names of the object that the first event is about, without the wanted ones.
func (v *Validator) judgeUnwanted(record []byte, events []event) (found []leaf, ok bool) {
	type unwanted struct {
		asked
		names map[string]any
	}
	var all []unwanted // by schema
	first := &events[0]
	for i := range events {
		e := &events[i]
		if e.question != unwantedName || e.from != first.from {
			continue
		}
		value, ok := v.partValue(record[e.valueFrom:e.valueTo])
		if !ok {
			return nil, false
		}
		for _, a := range e.closed {
			k := slices.IndexFunc(all, func(u unwanted) bool { return u.trail == a.trail })
			if k < 0 {
				k = len(all)
				all = append(all, unwanted{a, map[string]any{}})
			}
			all[k].names[e.names[0]] = value
		}
	}
	for _, u := range all {
		if found, ok = v.ask(found, u.only, part{u.names, first.at, u.trail}); !ok {
			return nil, false
		}
	}
	return found, true
}
