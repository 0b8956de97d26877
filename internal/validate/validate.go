// Package validate gives the verdict on one record: strict JSON that fits the contract's JSON Schema, with jsonschema/v5
// as the authority and a scan that spares most values the way there. In go bytes and a Row to fill, out come violations,
// none meaning valid.
// A panic of the scan leaves the record to the library, one of the library becomes a violation of that record; nothing
// else escapes. It reads and writes nothing besides: routing, counting and dead letters are others' work.
package validate

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/columns"
	"weir/internal/contract"
)

// Violation is one broken rule of one record. Instance and Schema are JSON pointers: Instance into the record
// (of the missing name where one is required), Schema to the keyword in the compiled schema, "" for faults no
// schema names. Expected and Found are for people; Found is masked ("string of 7 characters") unless the field
// is public. Names and values taken from the record are escaped and of bounded length.
type Violation struct {
	Rule     string            `json:"rule"`
	Severity contract.Severity `json:"severity"`
	Instance string            `json:"at"`
	Schema   string            `json:"schema"`
	Keyword  string            `json:"keyword"`
	Expected string            `json:"expected"`
	Found    string            `json:"found"`
	Message  string            `json:"message"`
}

// Rejects says whether any violation has severity error; the others forward the record and are counted.
func Rejects(vs []Violation) bool {
	for i := range vs {
		if vs[i].Severity == contract.Error {
			return true
		}
	}
	return false
}

// UnknownFields is a route's policy for names the contract does not declare.
type UnknownFields string

const (
	Allow  UnknownFields = "allow"
	Notice UnknownFields = "notice" // forward, a warning per unknown name
	Reject UnknownFields = "reject"
)

// Options bound and shape a Validator.
type Options struct {
	UnknownFields  UnknownFields // default Allow
	MaxRecordBytes int           // default 1 MiB; a larger record is judged without decoding
	Memory         *Memory       // of all records the library judges at one time; default one of the validator's own

	// Doubt makes the scan unsure of a value where it returns true, so that tests keep the library's path alive. It must
	// be safe for concurrent use; nil never doubts.
	Doubt func() bool
}

// DefaultMaxRecordBytes is the size above which a record is refused unread.
const DefaultMaxRecordBytes = 1 << 20

func (o Options) withDefaults() Options {
	if o.UnknownFields == "" {
		o.UnknownFields = Allow
	}
	if o.MaxRecordBytes == 0 {
		o.MaxRecordBytes = DefaultMaxRecordBytes
	}
	if o.Memory == nil {
		o.Memory = NewMemory(DefaultMemory)
	}
	return o
}

func (o Options) validate() error {
	switch o.UnknownFields {
	case Allow, Notice, Reject:
	default:
		return fmt.Errorf("unknown fields policy %q is none of allow, notice, reject", o.UnknownFields)
	}
	if o.MaxRecordBytes < 0 {
		return fmt.Errorf("largest record of %d bytes is negative", o.MaxRecordBytes)
	}
	return nil
}

// Validator checks records against one contract version. It is safe for concurrent use; a Row is not. With each row it
// keeps a fixed number of small values of the records that the row was filled from, and what was said of them.
type Validator struct {
	options  Options
	schema   *jsonschema.Schema
	schemas  schemaIndex
	promises map[string]*promise // by absolute location of the keyword
	closing  map[string]bool     // locations of the keywords that only the policy on unknown fields added
	ruleAt   func(location, instance string) contract.Rule
	fields   *fieldTree
	columns  []source
	decoders *sync.Pool // of *decoder
	costs    *costs
	plan     *plan
	newScan  func() *scan
	spares   *sync.Pool    // of *columns.Row, where the caller has none
	failures *atomic.Int64 // scans that panicked: the library judged their records, and tests hold that there are none
}

// Compile prepares the contract's schema. The layout must be the contract's own.
func Compile(c *contract.Contract, l *columns.Layout, o Options) (*Validator, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("compile validator of %s: %w", c.ID, err)
	}
	schema, err := c.Compile(false)
	if err != nil {
		return nil, err // it names the contract
	}
	v := newValidator(schema, l, o)
	v.ruleAt, v.fields = c.RuleAt, newFieldTree(c.Fields)
	v.newPromises()
	if o.UnknownFields != Allow {
		closed, err := c.Compile(true)
		if err != nil {
			return nil, err
		}
		v.close(closed, l)
	}
	return v, nil
}

// newValidator judges by a schema alone: no rule has a name of its own, no field is public.
func newValidator(schema *jsonschema.Schema, l *columns.Layout, o Options) *Validator {
	o = o.withDefaults()
	v := &Validator{
		options:  o,
		schema:   schema,
		schemas:  indexSchemas(schema),
		ruleAt:   new(contract.Contract).RuleAt,
		fields:   newFieldTree(nil),
		columns:  newSources(l),
		decoders: &sync.Pool{New: func() any { return newDecoder(o.MaxRecordBytes / bytesPerValue) }},
	}
	v.newPromises()
	v.plans(l)
	return v
}

// plans compiles the plan of the schema, and makes room for scans.
func (v *Validator) plans(l *columns.Layout) {
	top, predictions := newPlan(v.schema, v.schemas, l)
	v.plan, v.costs, v.failures = top, newCosts(v.schemas), new(atomic.Int64)
	v.newScan = func() *scan {
		seed := maphash.MakeSeed()
		return &scan{
			top: top, next: make([]uint32, predictions), hashes: hashSet{seed: seed}, memo: memo{seed: seed}, known: knownParts{},
			doubt: v.options.Doubt, failures: v.failures,
		}
	}
	v.spares = &sync.Pool{New: func() any { return l.NewRow() }}
}

// close puts the closed form of the schema, which refuses names the contract does not declare, in its place. One
// pass then finds both sorts of violations; those of the keywords it added are the unknown fields.
func (v *Validator) close(closed *jsonschema.Schema, l *columns.Layout) {
	open := v.schemas
	v.schema, v.schemas = closed, indexSchemas(closed)
	v.closing = make(map[string]bool)
	for location, s := range v.schemas {
		was := open[location]
		if allowed, ok := s.AdditionalProperties.(bool); ok && !allowed && (was == nil || was.AdditionalProperties == nil) {
			v.closing[location+"/additionalProperties"] = true
		}
		if s.UnevaluatedProperties != nil && (was == nil || was.UnevaluatedProperties == nil) {
			v.closing[location+"/unevaluatedProperties"] = true
		}
	}
	v.newPromises()
	v.plans(l)
}

// Check judges one record value and fills row (which it resets first) with every column that could be read,
// whether the record is valid or not; of a record that is not JSON every column is Unreadable. No violation means
// valid. Violations are ordered by instance, then schema pointer. A nil row is allowed. The row's texts may be the bytes
// of value, which must not change before the row is appended; violations never refer to it. Violations must not be
// changed: records with the same fault may have the same slice.
func (v *Validator) Check(value []byte, row *columns.Row) []Violation {
	if len(value) > v.options.MaxRecordBytes || !v.fewValues(value) {
		return v.byLibrary(value, row)
	}
	into := row
	if into == nil {
		into = v.spares.Get().(*columns.Row)
		defer v.spares.Put(into)
	}
	s := v.scanOf(into)
	var vs []Violation
	if sure := s.run(value, into); !sure || len(s.events) > 0 {
		vs = v.settle(s, sure, value, row)
	}
	s.release()
	return vs
}

// scanOf is the scan that fills a row: a row is used by one goroutine at a time, and so is a scan.
func (v *Validator) scanOf(row *columns.Row) *scan {
	s, ok := row.Companion.(*scan)
	if !ok || s.top != v.plan {
		s = v.newScan()
		row.Companion = s
	}
	return s
}

// settle says of what a scan left to the library what is known of it, or asks: about parts, or the record where not even
// those could be told.
func (v *Validator) settle(s *scan, parts bool, value []byte, row *columns.Row) []Violation {
	if !parts {
		return v.unread(s, value, row)
	}
	only, small := v.onlyPart(s, value)
	if !small {
		vs, _ := v.ask(s, value, row)
		return vs
	}
	if vs, known := s.known[only]; known {
		if only.shown {
			return again(vs, s.events[0].shown(value))
		}
		return vs
	}
	vs, byParts := v.ask(s, value, row)
	if byParts && (!only.shown || canBeAgain(vs, s.events[0].shown(value))) {
		s.known.keep(only, vs)
	}
	return vs
}

// ask asks the library about parts, and where it fails on one about the record.
func (v *Validator) ask(s *scan, value []byte, row *columns.Row) (vs []Violation, byParts bool) {
	m := &s.meter
	m.reset(v)
	defer m.release()
	vs, byParts = v.byParts(s, value, m)
	switch {
	case byParts:
		return vs, true
	case m.over():
		return []Violation{overSteps(m.limit).violation()}, false
	}
	return v.whole(value, row, m), false
}

// unread judges a record that the scan could not read: most often because it is no JSON.
func (v *Validator) unread(s *scan, value []byte, row *columns.Row) []Violation {
	m := &s.meter
	m.reset(v)
	defer m.release()
	if fault := v.fault(value, m); fault != nil {
		unreadable(row, len(v.columns))
		return []Violation{fault.violation()}
	}
	m.reset(v)
	return v.whole(value, row, m)
}

// fewValues says whether a record cannot hold too many values. Each but the first follows a comma or a bracket.
func (v *Validator) fewValues(value []byte) bool {
	limit := v.options.MaxRecordBytes / bytesPerValue
	return len(value) < 2*limit || 1+bytes.Count(value, []byte(","))+bytes.Count(value, []byte("["))+bytes.Count(value, []byte("{")) <= limit
}

// byLibrary is the whole meaning of Check: strict decoding, then the library over the decoded record.
func (v *Validator) byLibrary(value []byte, row *columns.Row) []Violation {
	m := v.newMeter()
	defer m.release()
	return v.whole(value, row, m)
}

// whole judges the record as a whole with the steps that are left.
func (v *Validator) whole(value []byte, row *columns.Row, m *meter) []Violation {
	doc, fault := v.decode(value, m)
	if fault != nil {
		if fault.keyword == keywordSteps { // what is no JSON is called so, whatever it would cost to decode
			fault = cmp.Or(v.fault(value, v.newMeter()), fault)
		}
		unreadable(row, len(v.columns))
		return []Violation{fault.violation()}
	}
	v.extract(doc, row)
	return v.judge(doc, m)
}

func (v *Validator) decode(value []byte, m *meter) (any, *fault) {
	if len(value) > v.options.MaxRecordBytes {
		return nil, tooLarge(len(value), v.options.MaxRecordBytes)
	}
	m.reserve(int64(len(value)) * decodedFactor)
	d := v.decoders.Get().(*decoder)
	defer v.giveBack(d, value)
	return d.decode(value, m)
}

// fault looks for what decode would refuse the value for.
func (v *Validator) fault(value []byte, m *meter) *fault {
	d := v.decoders.Get().(*decoder)
	defer v.giveBack(d, value)
	return d.fault(value, m)
}

// giveBack keeps a decoder for the next value. What a large one made grow is left to the collector.
func (v *Validator) giveBack(d *decoder, value []byte) {
	if len(value) <= maxPooledBytes {
		v.decoders.Put(d)
	}
}

// judge asks the authority. Its panics and its own errors become one violation of the record: a record that
// cannot be judged is not valid.
func (v *Validator) judge(doc any, m *meter) (vs []Violation) {
	defer func() {
		if r := recover(); r != nil {
			vs = []Violation{panicked(fmt.Sprintf("%T", r))}
		}
	}()
	if !v.count(m, v.schema, doc) {
		return []Violation{overSteps(m.limit).violation()}
	}
	err := v.schema.Validate(doc)
	if err == nil {
		return nil
	}
	refused, ok := err.(*jsonschema.ValidationError)
	if !ok { // a loop in the schema's references
		return []Violation{panicked(fmt.Sprintf("%T", err))}
	}
	a := asking{Validator: v, meter: m}
	if !a.told(part{doc: doc}, refused) {
		return []Violation{overSteps(m.limit).violation()}
	}
	return v.violations(a.found)
}

func panicked(what string) Violation {
	return Violation{
		Rule: rulePanic, Severity: contract.Error, Keyword: rulePanic,
		Expected: "a record the validator can judge", Found: what,
		Message: "The validator could not judge the record (" + what + ").",
	}
}
