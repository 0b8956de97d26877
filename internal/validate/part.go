package validate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// question is what the library is asked about a part.
type question uint8

const (
	wholeValue    question = iota // a value with all that lies in it
	missingNames                  // required names that an object lacks
	itemsTogether                 // an array, but for its items one by one
	unwantedName                  // a name that additionalProperties does not allow
	noBranch                      // an anyOf or oneOf about an object
)

// event is a part of the record that the scan leaves to the library.
type event struct {
	question question
	plan     *plan
	via      *branch // where the part stands below a choice: that it is invalid proves the choice lost, and no more
	from, to int     // bytes of the value, or of the object whose names or choice are at fault
	at       string  // JSON pointer to that

	asked              []*asked // the schemas at fault: of each missing name, or all of an unwanted one
	name               string   // unwanted
	valueFrom, valueTo int      // the value under that name

	choice  *branch // that has no branch left
	proof   int     // index in the scan's proofs of a part of the one branch that could fit; noProof where none could
	decided int     // offset of the value that decides, failed where it is missing

	breaks breaks // of a value: what the scan found wrong, 0 where it did not look
	size   int    // in code points of a text, in items of an array, in names of an object
}

// noProof is no index.
const noProof = -1

// placeOf is the place of a plan's value that the scan has come to, so many steps down.
func (s *scan) placeOf(p *plan, depth int) (at string, ok bool) {
	if p.exact {
		return p.path, true
	}
	return s.here(depth)
}

// here is the JSON pointer of the value that the scan has come to, so many steps down. ok is false below an empty name,
// which the library leaves out of its locations.
func (s *scan) here(depth int) (at string, ok bool) {
	pointer := make([]byte, 0, 64)
	for i := range depth {
		f := &s.frames[i]
		var step string
		switch {
		case f.rule == nil:
			step = "/" + strconv.Itoa(f.from)
		case f.slot < 0:
			name, _, _ := s.readText(f.from)
			step = "/" + escapeToken(string(name))
		default:
			step = f.rule.slots[f.slot].step
		}
		if step == "/" {
			return "", false
		}
		pointer = append(pointer, step...)
	}
	return string(pointer), true
}

// asking is a record whose parts the library is asked about.
type asking struct {
	*Validator
	*meter
	record []byte
	proofs []event
	memo   *memo
	found  []leaf
}

// maxPooledParts bounds the room that a scan keeps for events, and for what the library finds.
const maxPooledParts = 16

// byParts asks the library about the parts that a scan was unsure of, one by one; the rest of the record is valid. ok is
// false when the library fails on one, so that the whole record has to be judged.
func (v *Validator) byParts(s *scan, record []byte, m *meter) (vs []Violation, ok bool) {
	a := asking{v, m, record, s.proofs, &s.memo, s.leaves[:0]}
	defer func() {
		if recover() != nil {
			vs, ok = nil, false
		}
		clear(a.found)
		if s.leaves = a.found[:0]; cap(a.found) > maxPooledParts {
			s.leaves = nil
		}
	}()
	for i := range s.events {
		if !a.judge(s.events[i:], s.events[:i]) {
			return nil, false
		}
	}
	if len(a.found) == 0 {
		return nil, true
	}
	return v.violations(a.found), true
}

// judge asks about the first of the parts.
func (a *asking) judge(parts, before []event) (ok bool) {
	switch e := &parts[0]; e.question {
	case wholeValue, itemsTogether:
		return a.value(e)
	case missingNames:
		return a.missing(e)
	case unwantedName:
		together := func(f event) bool { return f.question == unwantedName && f.from == e.from }
		return slices.ContainsFunc(before, together) || a.unwanted(parts) // with the object's first
	default:
		return a.choice(e)
	}
}

// ask judges a part by a schema; written is what the answer may be remembered by, "" for nothing. ok is false where the
// library cannot, or may not because the record is over budget.
func (a *asking) ask(s *jsonschema.Schema, p part, written string) (ok bool) {
	refused, ok := a.answer(s, p.doc, written)
	return ok && (refused == nil || a.told(p, refused))
}

// answer is what the library says of a value by a schema, nil where it fits.
func (a *asking) answer(s *jsonschema.Schema, doc any, written string) (refused *jsonschema.ValidationError, ok bool) {
	if known := a.memo.find(s, written); known != nil {
		a.take(known.steps)
		return known.refused, !a.over()
	}
	used := a.used
	if !a.count(a.meter, s, doc) {
		return nil, false
	}
	err := s.Validate(doc)
	refused, ok = err.(*jsonschema.ValidationError)
	if err != nil && !ok { // a loop in the schema's references
		return nil, false
	}
	a.memo.keep(s, written, refused, a.used-used)
	return refused, true
}

// told lists what the library said, if the record's budget holds it.
func (a *asking) told(p part, refused *jsonschema.ValidationError) (ok bool) {
	if a.take(leafSteps(p, refused)); a.over() {
		return false
	}
	a.found = a.Validator.leaves(a.found, p, refused)
	return true
}

// value asks about a value and all that lies in it.
func (a *asking) value(e *event) (ok bool) {
	if len(e.plan.schemas) == 0 {
		return true
	}
	value := a.record[e.from:e.to]
	doc, written, ok := a.part(value)
	if !ok {
		return false
	}
	integer := isPlainInteger(value)
	for i, l := range e.plan.schemas {
		schema := l.schema
		if e.question == itemsTogether {
			schema = e.plan.arrays.itemless[i]
		}
		if integer && l.integers != nil {
			schema = l.integers
		}
		p := part{doc, e.at, l.trail}
		switch known := e.plan.answer(kindAt(value[0]), l.schema); {
		case known == nil:
			ok = a.ask(schema, p, written)
		case known.err != nil:
			ok = a.told(p, known.err)
		}
		if !ok {
			return false
		}
	}
	return true
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

// part decodes a value that the scan has read. Scalars need no decoder; what they are written with is returned too, for
// remembering the answer by.
func (a *asking) part(value []byte) (doc any, written string, ok bool) {
	switch c := value[0]; {
	case c == 'n':
		return nil, "null", true
	case c == 't' || c == 'f':
		return c == 't', aliased(value), true
	case c == '-' || c-'0' <= 9:
		return json.Number(value), aliased(value), true
	case c == '"' && int64(len(value))*decodedFactor <= smallBytes && bytes.IndexByte(value, '\\') < 0:
		text := string(value[1 : len(value)-1])
		a.take(valueSteps + textSteps(len(text), len(value)))
		return text, aliased(value), !a.over()
	}
	doc, fault := a.decode(value, a.meter)
	return doc, "", fault == nil
}

// missing repeats what the library said of objects without the names. The names that one schema asks for are one leaf,
// as the library has it.
func (a *asking) missing(e *event) (ok bool) {
	first := len(a.found)
	for _, asked := range e.asked {
		if asked.refused == nil {
			return false
		}
		same := slices.IndexFunc(a.found[first:], func(l leaf) bool { return l.trail == asked.trail })
		if same >= 0 {
			a.found[first+same].missing = append(a.found[first+same].missing, asked.name)
			continue
		}
		if !a.told(part{map[string]any(nil), e.at, asked.trail}, asked.refused) {
			return false
		}
		a.found[len(a.found)-1].missing = []string{asked.name}
	}
	return true
}

// unwanted asks about the unwanted names of the object that the first of the parts is about, without the wanted ones.
func (a *asking) unwanted(parts []event) (ok bool) {
	type unwanted struct {
		*asked
		first string // of the names
		names map[string]any
	}
	var all []unwanted // by schema
	first := &parts[0]
	for i := range parts {
		e := &parts[i]
		if e.question != unwantedName || e.from != first.from {
			continue
		}
		value, _, ok := a.part(a.record[e.valueFrom:e.valueTo])
		if !ok {
			return false
		}
		for _, asked := range e.asked {
			k := slices.IndexFunc(all, func(u unwanted) bool { return u.trail == asked.trail })
			if k < 0 {
				k = len(all)
				all = append(all, unwanted{asked, e.name, map[string]any{}})
			}
			all[k].names[e.name] = value
		}
	}
	for _, u := range all {
		written := "" // additionalProperties looks at the name, not at its value
		if len(u.names) == 1 {
			written = u.first
		}
		if !a.ask(u.only, part{u.names, first.at, u.trail}, written) {
			return false
		}
	}
	return true
}

// choice asks whether an anyOf or oneOf about an object has no branch left, without judging the object by each of them:
// one part of the only branch that could fit is enough, as the library has refused the others when the plan was made.
// Where no branch could fit, the value that decides is enough, and a missing one needs no asking any more.
func (a *asking) choice(e *event) (ok bool) {
	switch {
	case e.proof != noProof:
		if !a.proves(a.proofs[e.proof : e.proof+1]) {
			return false
		}
	case e.decided != failed && !e.choice.proven:
		value, written, ok := a.part(scalarAt(a.record, e.decided))
		if !ok || e.choice.constants == nil {
			return false
		}
		if refused, ok := a.answer(e.choice.constants, value, written); !ok || refused == nil {
			return false
		}
	}
	c := e.choice
	absolute := c.schema.Location + "/" + c.keyword
	known := a.promises[absolute]
	if known == nil {
		return false
	}
	a.found = append(a.found, leaf{
		promise: known, instance: e.at, trail: c.trail, doc: nameCount(e.size),
		err: &jsonschema.ValidationError{AbsoluteKeywordLocation: absolute, KeywordLocation: "/" + c.keyword},
	})
	return true
}

// proves says whether the library refuses the one part.
func (a *asking) proves(part []event) bool {
	if e := &part[0]; e.question == unwantedName { // whatever its value
		only, object := e.asked[0].only, map[string]any(nil)
		if a.memo.find(only, e.name) == nil {
			object = map[string]any{e.name: nil}
		}
		refused, ok := a.answer(only, object, e.name)
		return ok && refused != nil
	}
	first := len(a.found)
	ok := a.judge(part, nil) && len(a.found) > first
	clear(a.found[first:])
	a.found = a.found[:first]
	return ok
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
