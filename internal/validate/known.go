package validate

import "strings"

// knownParts remembers the violations of records of which one small part was in doubt, so that neither the library nor
// the wording is needed a second time. Any of them makes room for a new one. Steps need no remembering: a part is small,
// the only one, and was in the budget the first time.
type knownParts map[onlyPart][]Violation

const maxKnownParts = 1024

// onlyPart is all that the violations of such a record depend on.
type onlyPart struct {
	plan    *plan   // of the part; it says where in the record it stands
	choice  *branch // that is lost, if the part is the proof of that
	names   int     // of the object whose choice is lost
	asked   *asked  // whose name is missing or unwanted, if that is what is wrong
	name    string  // unwanted
	written string  // the value as the record writes it, or what decides a choice
	points  int     // instead of that: the code points of a text that may be any of so many
}

// onlyPart describes the only part in doubt. ok is false where there are several, or where it is not small, or not always
// at the same place.
func (v *Validator) onlyPart(s *scan, record []byte) (only onlyPart, ok bool) {
	if len(s.events) != 1 || !s.events[0].plan.exact {
		return only, false
	}
	e := &s.events[0]
	if e.question == noBranch {
		only.choice, only.names = e.choice, e.count
		switch {
		case e.proof != noProof:
			e = &s.proofs[e.proof]
		case e.decided != failed:
			only.written = aliased(scalarAt(record, e.decided))
			return only, len(only.written) <= maxMemoBytes
		default:
			return only, true
		}
	}
	only.plan = e.plan
	switch e.question {
	case wholeValue:
		value := record[e.from:e.to]
		if e.plan.looksAtLittle(kindAt(value[0])) && !v.isPublic(e.at) {
			only.alike(value)
		} else {
			only.written = aliased(value)
		}
	case missingNames, unwantedName:
		if only.asked, only.name = e.asked[0], e.name; len(e.asked) > 1 {
			return only, false
		}
		if only.choice == nil { // as a proof an unwanted name is one whatever its value
			only.alike(record[e.valueFrom:e.valueTo])
		}
	default:
		return only, false
	}
	return only, len(only.name) <= maxMemoBytes && len(only.written) <= maxMemoBytes
}

// looksAtLittle says whether the library looks no closer at a value of a kind than a violation that does not show it tells.
func (v *plan) looksAtLittle(kind kinds) bool {
	return v.refused&kind != 0 || kind == isText && v.onlyLength()
}

// alike describes a value by what a violation tells that does not show it: that it is a number, or a text of some length.
func (o *onlyPart) alike(value []byte) {
	o.written = aliased(value)
	if len(value) == 0 {
		return
	}
	switch kindAt(value[0]) {
	case isNumber:
		o.written = "0"
	case isText:
		if r := runOf(nil, value[1:len(value)-1]); r.size == len(value)-2 { // without escapes
			o.written, o.points = "", r.size-r.continuing
		}
	}
}

// keep remembers a part whose violations are small.
func (k knownParts) keep(only onlyPart, violations []Violation) {
	size := 0
	for i := range violations {
		v := &violations[i]
		size += len(v.Instance) + len(v.Schema) + len(v.Expected) + len(v.Message)
	}
	if size > maxMemoError {
		return
	}
	if len(k) == maxKnownParts {
		for other := range k {
			delete(k, other)
			break
		}
	}
	only.name, only.written = strings.Clone(only.name), strings.Clone(only.written)
	k[only] = violations[:len(violations):len(violations)]
}
