package validate

import "strings"

// knownParts remembers the violations of records of which one small part was in doubt, so that neither the library nor
// the wording is needed a second time. Any of them makes room for a new one.
type knownParts map[onlyPart]knownPart

const maxKnownParts = 1024

// onlyPart is all that the violations of such a record depend on.
type onlyPart struct {
	plan    *plan   // of the part; it says where in the record it stands
	choice  *branch // that is lost, if the part is the proof of that
	names   int     // of the object whose choice is lost
	asked   *asked  // whose name is missing or unwanted, if that is what is wrong
	bytes   int     // of a text that stands for all of its length
	points  int     // its code points
	name    string  // unwanted
	written string  // the value as the record writes it, or what decides a choice
}

type knownPart struct {
	violations []Violation
	steps      int // that they were counted at
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
		if len(value) > maxMemoBytes && value[0] == '"' && e.plan.onlyLength() && !v.isPublic(e.at) {
			// The library has nothing to look at but its length, and the violation tells no more.
			r := runOf(nil, value[1:len(value)-1])
			only.bytes, only.points = r.size, r.size-r.continuing
			return only, r.size == len(value)-2
		}
		only.written = aliased(value)
	case missingNames, unwantedName:
		if only.asked, only.name = e.asked[0], e.name; len(e.asked) > 1 {
			return only, false
		}
		if only.choice == nil { // as a proof an unwanted name is one whatever its value
			only.written = aliased(record[e.valueFrom:e.valueTo])
		}
	default:
		return only, false
	}
	return only, len(only.name) <= maxMemoBytes && len(only.written) <= maxMemoBytes
}

// keep remembers a part whose violations are small.
func (k knownParts) keep(only onlyPart, part knownPart) {
	size := 0
	for i := range part.violations {
		v := &part.violations[i]
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
	k[only] = part
}
