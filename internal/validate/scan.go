package validate

import (
	"hash/maphash"
	"math/bits"
	"sync/atomic"

	"weir/internal/columns"
	"weir/internal/contract"
)

// scan reads one record's bytes once, along a plan: it checks that they are strict JSON, keeps the plan's rules and
// stages the columns. What it cannot vouch for becomes an event, a part that the library judges; where it cannot even
// tell parts apart, the record is the library's as a whole. It never says invalid.
//
// Every function that reads a value takes the offset of its first byte and returns the offset after its last, or
// failed. A scan is used by one goroutine at a time; all it keeps between records is buffers, predictions and
// what was said of a fixed number of small parts.
type scan struct {
	top *plan
	b   []byte
	row *columns.Row

	events []event
	proofs []event // see event.proof
	broken bool    // inside a value that is not alone something broke; the next value outwards that is alone is unsure

	frames []frame // the way to the value being read
	depth  int

	next   []uint32 // predictions: see objectRule.base
	hashes hashSet  // of names without a slot and of items that must be unique
	points int      // code points of the last text with escapes or beyond ASCII
	utf8   bool     // the record's bytes are UTF-8; false where nobody has looked yet
	seen   []uint64 // bits of the slots seen, of the objects on the way

	work  int // steps done: see affords
	meter meter

	// doubt makes a value unsure where it returns true; nil never. Only tests have it, to keep the library's path alive.
	doubt func() bool

	memo   memo       // what the library said of a few small values
	known  knownParts // what was said of records with one small part in doubt
	leaves []leaf     // room for what the library finds

	failures *atomic.Int64
}

// failed is returned instead of an offset where the bytes are not strict JSON within the limits, or beyond what a scan
// can tell.
const failed = -1

// Bounds of a scan. What lies beyond goes to the library.
const (
	maxScanDepth = 256
	maxEvents    = maxPerKeyword // no more parts are judged one by one
)

// frame is one step on the way to a value.
type frame struct {
	rule *objectRule // nil for the item of an array
	slot int         // of the name, -1 where it has none
	from int         // of a name without a slot, where it begins; of an item, its index
}

// run reads a record. Where it returns false, the record is the library's as a whole and the row unspecified: also where
// the scan itself fails, because no record may stop a stage.
func (s *scan) run(record []byte, row *columns.Row) (ok bool) {
	defer func() {
		if recover() != nil {
			s.failures.Add(1)
			ok = false
		}
	}()
	record = record[:len(record):len(record)] // nothing behind it is looked at
	s.b, s.row, s.events, s.proofs, s.seen, s.broken, s.utf8, s.depth, s.work = record, row, s.events[:0], s.proofs[:0], s.seen[:0], false, false, 0, 0
	row.Reset()
	i := s.space(0)
	if i == len(record) || record[i] == 'n' && len(s.top.inside) > 0 { // only at the root null is no absent object
		return false
	}
	i = s.value(s.top, i)
	return i != failed && s.space(i) == len(record)
}

// release forgets the record.
func (s *scan) release() {
	s.b, s.row = nil, nil
	s.hashes.reset()
	if len(s.events)+len(s.proofs) > 0 {
		s.forgetParts()
	}
}

// forgetParts drops what events hold of the record.
func (s *scan) forgetParts() {
	for _, list := range []*[]event{&s.events, &s.proofs} {
		clear(*list)
		if *list = (*list)[:0]; cap(*list) > maxPooledParts {
			*list = nil
		}
	}
}

// space skips white space.
func (s *scan) space(i int) int {
	for i < len(s.b) && (s.b[i] == ' ' || s.b[i] == '\n' || s.b[i] == '\r' || s.b[i] == '\t') {
		i++
	}
	return i
}

// value reads a value. The two kinds that most are of are told apart here, which saves a call for each.
func (s *scan) value(p *plan, i int) int {
	switch {
	case i >= len(s.b):
		return failed
	case p.watched || s.doubt != nil:
		return s.watch(p, i)
	case s.b[i]-'0' <= 9:
		return s.number(p, i)
	case s.b[i] == '"':
		return s.text(p, i)
	}
	return s.read(p, i)
}

// watch reads a value and afterwards sends it to the library where its kind is the library's, or where something inside
// broke that only the library can judge from here.
func (s *scan) watch(p *plan, i int) int {
	first, around := len(s.events), s.broken
	s.broken = false
	doubted := s.doubt != nil && s.doubt()
	end := s.read(p, i)
	if end == failed {
		return failed
	}
	left := doubted || s.broken || p.library&kindAt(s.b[i]) != 0 || p.alone && entwined(s.events[first:])
	s.broken = around
	switch {
	case !left:
		return end
	case !p.alone: // it may be valid, and then proves no choice lost
		s.broken = true
		return end
	}
	s.dropEvents(first)
	return s.unsure(p, i, end)
}

// kindAt tells the kind of a value by its first byte; a number may be of either kind.
func kindAt(c byte) kinds {
	switch c {
	case '"':
		return isText
	case '{':
		return isObject
	case '[':
		return isArray
	case 'n':
		return isNull
	case 't':
		return isTrue
	case 'f':
		return isFalse
	}
	return isNumber
}

func (s *scan) read(p *plan, i int) int {
	switch c := s.b[i]; {
	case c == '"':
		return s.text(p, i)
	case c-'0' <= 9 || c == '-':
		return s.number(p, i)
	case c == '{':
		return s.object(p, i)
	case c == '[':
		return s.array(p, i)
	}
	return s.constant(p, i)
}

// constant reads null, true or false.
func (s *scan) constant(p *plan, i int) int {
	rest := s.b[i:]
	switch {
	case len(rest) >= 4 && string(rest[:4]) == "null":
		if p.column >= 0 {
			s.row.SetNull(p.column)
		}
		return s.accept(p, isNull, i, i+4)
	case len(rest) >= 4 && string(rest[:4]) == "true":
		s.boolean(p, 1)
		return s.accept(p, isTrue, i, i+4)
	case len(rest) >= 5 && string(rest[:5]) == "false":
		s.boolean(p, 0)
		return s.accept(p, isFalse, i, i+5)
	}
	return failed
}

func (s *scan) boolean(p *plan, v int64) {
	switch {
	case p.column < 0:
	case p.kind == contract.Boolean:
		s.row.SetInt(p.column, v)
	default:
		s.row.SetUnreadable(p.column)
	}
	s.noObject(p)
}

// noObject notes that columns below a value cannot be read, because it is neither an object nor null.
func (s *scan) noObject(p *plan) {
	for _, column := range p.inside {
		s.row.SetUnreadable(column)
	}
}

func (s *scan) accept(p *plan, kind kinds, i, end int) int {
	if p.accepts&kind == 0 {
		return s.unsure(p, i, end)
	}
	return end
}

// unsure leaves the value between i and end to the library. It returns end.
func (s *scan) unsure(p *plan, i, end int) int {
	return s.leave(&event{question: wholeValue, plan: p, via: p.via, from: i, to: end}, s.depth, end)
}

// leave notes a part for the library, so many steps down; or, where not even that can tell it apart, that something
// broke. It returns end, or failed.
func (s *scan) leave(e *event, depth, end int) int {
	if e.via != nil && !e.via.proven {
		s.broken = true
		return end
	}
	return s.event(e, depth, end)
}

// entwined says whether a part stands below a choice that is not about the value it lies in.
func entwined(events []event) bool {
	for i := range events {
		if events[i].via != nil {
			return true
		}
	}
	return false
}

// event notes a part for the library, so many steps down. It returns end, or failed where there are too many, or the
// part cannot be named.
func (s *scan) event(e *event, depth, end int) int {
	at, ok := s.placeOf(e.plan, depth)
	if !ok || len(s.events) == maxEvents || !s.affords(len(at)/4) {
		return failed
	}
	e.at = at
	s.events = append(s.events, *e)
	return end
}

// dropEvents drops the events from an index on.
func (s *scan) dropEvents(first int) {
	clear(s.events[first:]) // between records a scan holds nothing of them
	s.events = s.events[:first]
}

// hashSet tells whether a hash has been there before. It holds no names: two with one hash are unsure.
type hashSet struct {
	seed  maphash.Seed
	table []uint64 // 0 for an empty place; its length is a power of two
	used  int
}

const (
	minHashes = 64
	maxHashes = 1 << 18 // twice the values a record of DefaultMaxRecordBytes can hold
)

// add returns false where the hash was there, or where the set is full.
func (h *hashSet) add(hash uint64) bool {
	if 2*h.used >= len(h.table) && !h.grow() {
		return false
	}
	hash |= 1 // not 0
	mask := uint64(len(h.table) - 1)
	for at := bits.RotateLeft64(hash, 32) & mask; ; at = (at + 1) & mask {
		switch h.table[at] {
		case 0:
			h.table[at] = hash
			h.used++
			return true
		case hash:
			return false
		}
	}
}

func (h *hashSet) grow() bool {
	old := h.table
	size := max(minHashes, 2*len(old))
	if size > maxHashes {
		return false
	}
	h.table, h.used = make([]uint64, size), 0
	for _, hash := range old {
		if hash != 0 {
			h.add(hash)
		}
	}
	return true
}

// reset empties the set; a large table is left to the collector.
func (h *hashSet) reset() {
	switch {
	case h.used == 0:
	case len(h.table) > 16*minHashes:
		h.table = nil
	default:
		clear(h.table)
	}
	h.used = 0
}

// of hashes a text that must be unique within the container that begins at from.
func (h *hashSet) of(text []byte, kind byte, from int) uint64 {
	return bits.RotateLeft64(maphash.Bytes(h.seed, text), int(kind)) ^ uint64(from)*0x9e3779b97f4a7c15
}

const ones, tops = 0x0101010101010101, 0x8080808080808080 // the lowest and the highest bit of each byte

// zeroBytes marks the bytes of a word that are zero. The lowest bit set belongs to the first of them; bits above it may be
// set wrongly.
func zeroBytes(w uint64) uint64 { return (w - ones) &^ w & tops }

// special marks the bytes of a word that a text of plain ASCII cannot hold: the quote, the backslash, control characters
// and what is beyond ASCII. As with zeroBytes only the lowest bit is sure.
func special(w uint64) uint64 {
	return zeroBytes(w^ones*'"') | zeroBytes(w^ones*'\\') | controls(w) | w&tops
}
