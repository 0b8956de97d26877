package validate

import (
	"hash/maphash"

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
	maxMemoError = 2 << 10 // bytes of an answer
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
