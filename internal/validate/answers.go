package validate

import (
	"hash/maphash"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// answers remembers what the library said of small values, each by one schema: a stream that has gone wrong repeats
// itself, and the library takes a microsecond to say again that "N/A" is no number. It is a table of fixed size, and a
// new answer takes the place of an old one.
type answers struct {
	seed  maphash.Seed
	table [heardAnswers]heard
}

// heard is one answer, with the steps that it was counted at, so that a record's budget does not depend on others.
type heard struct {
	schema  *jsonschema.Schema
	refused *jsonschema.ValidationError // nil: the value fits
	steps   int
	size    int
	value   [maxHeardBytes]byte // as the record writes it
}

const (
	heardAnswers  = 256
	maxHeardBytes = 40
)

// find returns what the library said of a value, nil where that is not known.
func (a *answers) find(s *jsonschema.Schema, value string) *heard {
	if a == nil || len(value) == 0 || len(value) > maxHeardBytes {
		return nil
	}
	h := a.entry(s, value)
	if h.schema != s || string(h.value[:h.size]) != value {
		return nil
	}
	return h
}

// keep remembers an answer, if its value is small.
func (a *answers) keep(s *jsonschema.Schema, value string, refused *jsonschema.ValidationError, steps int) {
	if a == nil || len(value) == 0 || len(value) > maxHeardBytes {
		return
	}
	h := a.entry(s, value)
	h.schema, h.refused, h.steps = s, refused, steps
	h.size = copy(h.value[:], value)
}

func (a *answers) entry(s *jsonschema.Schema, value string) *heard {
	hash := maphash.String(a.seed, value) ^ maphash.Comparable(a.seed, s)
	return &a.table[hash%heardAnswers]
}
