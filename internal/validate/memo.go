package validate

import (
	"hash/maphash"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// memo remembers what the library said of small values, each by one schema: a stream that has gone wrong repeats
// itself, and the library takes a microsecond to say again that "N/A" is none of the allowed values. It is a table of
// fixed size, and a new answer takes the place of an old one.
type memo struct {
	seed  maphash.Seed
	table [memoEntries]memoEntry
}

// memoEntry is one answer, with the steps that it was counted at, so that a record's budget does not depend on others.
type memoEntry struct {
	schema  *jsonschema.Schema
	refused *jsonschema.ValidationError // nil: the value fits
	steps   int
	size    int
	value   [maxMemoBytes]byte // as the record writes it; an unwanted name without escapes
}

const (
	memoEntries  = 256
	maxMemoBytes = 40      // of a value
	maxMemoError = 2 << 10 // bytes of the library's error
)

// find returns what the library said of a value, nil where that is not known.
func (m *memo) find(s *jsonschema.Schema, value string) *memoEntry {
	if len(value) == 0 || len(value) > maxMemoBytes {
		return nil
	}
	e := m.entry(s, value)
	if e.schema != s || string(e.value[:e.size]) != value {
		return nil
	}
	return e
}

// keep remembers an answer, if value and answer are small.
func (m *memo) keep(s *jsonschema.Schema, value string, refused *jsonschema.ValidationError, steps int) {
	if len(value) == 0 || len(value) > maxMemoBytes || refused != nil && sizeOf(refused) > maxMemoError {
		return
	}
	e := m.entry(s, value)
	e.schema, e.refused, e.steps = s, refused, steps
	e.size = copy(e.value[:], value)
}

// entry is the one place in the table where the answer can stand.
func (m *memo) entry(s *jsonschema.Schema, value string) *memoEntry {
	return &m.table[(maphash.String(m.seed, value)^maphash.Comparable(m.seed, s))%memoEntries]
}

// sizeOf is about the bytes that the library's error holds: of an enum, it quotes every member.
func sizeOf(e *jsonschema.ValidationError) int {
	n := len(e.Message) + len(e.KeywordLocation) + len(e.AbsoluteKeywordLocation) + len(e.InstanceLocation)
	for _, cause := range e.Causes {
		n += sizeOf(cause)
	}
	return n
}

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
	name    string  // unwanted
	written string  // the value, as the record writes it
	size    textRun // of a text that stands for all of its size
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
			only.size = runOf(nil, value[1:len(value)-1])
			return only, only.size.size == len(value)-2
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
