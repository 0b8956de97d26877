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
	noBranch                     // an anyOf or oneOf about an object
)

// event is a part of the record that the scan leaves to the library.
type event struct {
	question question
	plan     *plan
	via      *branch      // where the part stands below a choice: that it is invalid proves the choice lost, and no more
	from, to int          // bytes of the value, or of the object whose names or choice are at fault
	at       pointerToken // where that is

	names              []string // missing or unwanted
	asked              []asked  // the schemas at fault: of each missing name, or all of an unwanted one
	valueFrom, valueTo int      // the value of the unwanted name

	choice  *branch // that has no branch left
	proof   *event  // a part of the one branch that could fit; nil where none could
	decided int     // offset of the value that decides, failed where it is missing
	count   int     // of the object's names
}

// here is the JSON pointer of the value that the scan has come to, so many steps down. ok is false below an empty name,
// which the library leaves out of its locations.
func (s *scan) here(depth int) (at pointerToken, ok bool) {
	var pointer, location strings.Builder
	for i := range depth {
		f := &s.frames[i]
		var t pointerToken
		switch {
		case f.rule == nil:
			t.pointer = "/" + strconv.Itoa(f.from)
			t.location = t.pointer
		case f.slot < 0:
			name, _, _ := s.readText(f.from)
			t = newToken(string(name))
		default:
			t = f.rule.slots[f.slot].token
		}
		if depth == 1 {
			return t, t.pointer != "/"
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
func (v *Validator) byParts(record []byte, events []event, m *meter) (vs []Violation, ok bool) {
	defer func() {
		if recover() != nil {
			vs, ok = nil, false
		}
	}()
	var leaves []leaf
	for i := range events {
		e := &events[i]
		switch e.question {
		case wholeValue:
			leaves, ok = v.judgeValue(leaves, e, record[e.from:e.to], m)
		case missingNames:
			leaves, ok = v.judgeMissing(leaves, e, m)
		case unwantedName:
			if slices.ContainsFunc(events[:i], func(f event) bool { return f.question == unwantedName && f.from == e.from }) {
				continue // judged together with the object's first
			}
			leaves, ok = v.judgeUnwanted(leaves, record, events[i:], m)
		case noBranch:
			leaves, ok = v.judgeChoice(leaves, record, e, m)
		}
		if !ok {
			return nil, false
		}
	}
	if len(leaves) == 0 {
		return nil, true
	}
	return v.violations(leaves), true
}

// ask judges a part by a schema. An error says that the library cannot, or may not because the record is over budget.
func (v *Validator) ask(found []leaf, s *jsonschema.Schema, p part, m *meter) ([]leaf, error) {
	if !v.count(m, s, p.doc) {
		return found, errOverBudget
	}
	switch err := s.Validate(p.doc).(type) {
	case nil:
		return found, nil
	case *jsonschema.ValidationError:
		if found, ok := v.told(found, p, err, m); ok {
			return found, nil
		}
		return found, errOverBudget
	default: // a loop in the schema's references
		return found, err
	}
}

func (v *Validator) judgeValue(found []leaf, e *event, value []byte, m *meter) (_ []leaf, ok bool) {
	if len(e.plan.schemas) == 0 {
		return found, true
	}
	doc, ok := v.partValue(value, m)
	if !ok {
		return nil, false
	}
	integer := isPlainInteger(value)
	for _, l := range e.plan.schemas {
		schema := l.schema
		if integer && l.integers != nil {
			schema = l.integers
		}
		p := part{doc, e.at, l.trail}
		known := e.plan.answer(kindAt(value[0]), l.schema)
		switch {
		case known == nil:
			var err error
			if found, err = v.ask(found, schema, p, m); err != nil {
				return nil, false
			}
		case known.err != nil:
			found, ok = v.told(found, p, known.err, m)
		}
	}
	return found, ok
}

// told lists what the library said before, if the record's budget holds it.
func (v *Validator) told(found []leaf, p part, refused *jsonschema.ValidationError, m *meter) (_ []leaf, ok bool) {
	if m.take(leafSteps(p, refused)); m.over() {
		return nil, false
	}
	return v.leaves(found, p, refused), true
}

// isPlainInteger says whether a value is written as an integer: digits, and perhaps a sign.
func isPlainInteger(value []byte) bool {
	if value[0] == '-' {
		value = value[1:]
	}
	for _, c := range value {
		if c-'0' > 9 {
			return false
		}
	}
	return true
}

// partValue decodes a value that the scan has read. Scalars need no decoder.
func (v *Validator) partValue(value []byte, m *meter) (doc any, ok bool) {
	switch c := value[0]; {
	case c == 'n':
		return nil, true
	case c == 't' || c == 'f':
		return c == 't', true
	case c == '-' || c-'0' <= 9:
		return json.Number(value), true
	}
	doc, fault := v.decode(value, m)
	return doc, fault == nil
}

// judgeMissing repeats what the library said of objects without the names. The names that one schema asks for are one
// leaf, as the library has it.
func (v *Validator) judgeMissing(found []leaf, e *event, m *meter) (_ []leaf, ok bool) {
	first := len(found)
	for i, a := range e.asked {
		if a.refused == nil {
			return nil, false
		}
		same := slices.IndexFunc(found[first:], func(l leaf) bool { return l.trail == a.trail })
		if same >= 0 {
			found[first+same].missing = append(found[first+same].missing, e.names[i])
			continue
		}
		if found, ok = v.told(found, part{map[string]any(nil), e.at, a.trail}, a.refused, m); !ok {
			return nil, false
		}
		found[len(found)-1].missing = e.names[i : i+1 : i+1]
	}
	return found, true
}

// judgeUnwanted asks about the unwanted names of the object that the first event is about, without the wanted ones.
func (v *Validator) judgeUnwanted(found []leaf, record []byte, events []event, m *meter) (_ []leaf, ok bool) {
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
		value, ok := v.partValue(record[e.valueFrom:e.valueTo], m)
		if !ok {
			return nil, false
		}
		for _, a := range e.asked {
			k := slices.IndexFunc(all, func(u unwanted) bool { return u.trail == a.trail })
			if k < 0 {
				k = len(all)
				all = append(all, unwanted{a, map[string]any{}})
			}
			all[k].names[e.names[0]] = value
		}
	}
	for _, u := range all {
		var err error
		if found, err = v.ask(found, u.only, part{u.names, first.at, u.trail}, m); err != nil {
			return nil, false
		}
	}
	return found, true
}

// judgeChoice asks whether an anyOf or oneOf about an object has no branch left, without judging the object by each of
// them: one part of the only branch that could fit is enough, as the library has refused the others when the plan was
// made. Where no branch could fit, the value that decides is enough, and a missing one needs no asking any more.
func (v *Validator) judgeChoice(found []leaf, record []byte, e *event, m *meter) (_ []leaf, ok bool) {
	switch {
	case e.proof != nil:
		var why []leaf
		switch p := e.proof; p.question {
		case wholeValue:
			why, ok = v.judgeValue(nil, p, record[p.from:p.to], m)
		case missingNames:
			why, ok = v.judgeMissing(nil, p, m)
		case unwantedName:
			why, ok = v.judgeUnwanted(nil, record, []event{*p}, m)
		}
		if !ok || len(why) == 0 {
			return nil, false
		}
	case e.decided != failed && !e.choice.proven:
		value, ok := v.partValue(scalarAt(record, e.decided), m)
		m.take(refusalSteps(len(e.choice.branches), value))
		if constants := e.choice.constants; !ok || m.over() || constants == nil || !libraryRefuses(constants, value) {
			return nil, false
		}
	}
	c := e.choice
	absolute := c.schema.Location + "/" + c.keyword
	known := v.promises[absolute]
	if known == nil {
		return nil, false
	}
	return append(found, leaf{
		promise: known, instance: e.at.pointer, found: e.at.location, trail: c.trail, doc: nameCount(e.count),
		err: &jsonschema.ValidationError{AbsoluteKeywordLocation: absolute, KeywordLocation: "/" + c.keyword},
	}), true
}

// nameCount stands for an object with so many names.
type nameCount int

// scalarAt cuts out the scalar that begins at an offset; of an array or object, its first byte.
func scalarAt(record []byte, i int) []byte {
	s := scan{b: record}
	end := i + 1
	switch c := record[i]; {
	case c == '"':
		end = s.closingQuote(i+1) + 1
	case c != '{' && c != '[':
		for end < len(record) && (record[end] > ' ' && record[end] != ',' && record[end] != '}') {
			end++
		}
	}
	return record[i:end]
}
