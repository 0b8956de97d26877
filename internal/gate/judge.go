package gate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/deadletter"
	"weir/internal/kafka"
	"weir/internal/profile"
	"weir/internal/validate"
	"weir/internal/window"
)

// Outcome is what judging the records of one partition came to. It has touched nothing: a cycle adopts it when its
// transaction commits and forgets it otherwise.
type Outcome struct {
	Partition kafka.Partition
	From      int64 // offset of the first record judged
	Next      int64 // offset to go on from
	Watermark int64 // after the last record, window.NoWatermark before the first valid one
	Produce   []Produced
	Profiles  map[profile.Key]*profile.Profile
	Stats     Stats
	Counts    profile.Counts // of all windows together, for metrics
	Bytes     int64          // of keys, values and headers read
	oldest    time.Time      // timestamp of the first record

	Unwritable error // a record that this route can write nowhere: nothing of the outcome may be committed
}

// Produced is one record to write, and the input record it comes from.
type Produced struct {
	Record *kgo.Record
	Source *kgo.Record
	Dead   bool
}

// Judge decides the fate of consecutive records of one partition whose watermark so far is mark. refused holds the
// records a broker would not take; now stamps dead letters. Control records only move Next. Judge is pure.
func Judge(cat *Catalog, refused *Refusals, p kafka.Partition, mark int64, records []*kgo.Record, now time.Time) Outcome {
	rt := cat.routes[p.Topic]
	j := judge{
		route:   rt,
		now:     now,
		refused: refused,
		row:     rt.rows.Get().(*columns.Row),
		batches: map[window.Window]*columns.Batch{},
		out: Outcome{
			Partition: p, From: records[0].Offset, Watermark: mark,
			Profiles: map[profile.Key]*profile.Profile{},
		},
	}
	for _, r := range records {
		if !r.Attrs.IsControl() {
			j.record(r)
		}
		j.out.Next = r.Offset + 1
	}
	j.sum()
	rt.rows.Put(j.row)
	return j.out
}

// judge is the state of one Judge call.
type judge struct {
	route   *route
	now     time.Time
	refused *Refusals
	row     *columns.Row
	batches map[window.Window]*columns.Batch // valid records by window
	out     Outcome
}

func (j *judge) record(r *kgo.Record) {
	j.out.Stats.Records++
	j.out.Bytes += size(r)
	if j.out.oldest.IsZero() {
		j.out.oldest = r.Timestamp
	}
	violations := j.check(r)
	if r.Value == nil && len(violations) == 0 {
		j.tombstone(r)
		return
	}
	if validate.Rejects(violations) {
		j.reject(r, violations)
		return
	}
	counts := j.place(r)
	for _, v := range violations {
		j.broke(counts, counts.WarnedBy, v.Rule, r)
	}
	j.forward(r, true, nil)
}

// check is the verdict on a record: faults that Kafka or a broker see come before the contract's. A null value breaks
// no contract, only a route that rejects tombstones.
func (j *judge) check(r *kgo.Record) (violations []validate.Violation) {
	v := j.refused.violation(r)
	switch {
	case r.Value != nil:
		violations = j.route.validator.Check(r.Value, j.row)
	default:
		j.row.Reset()
		if j.route.RejectTombstones {
			violations = []validate.Violation{{
				Rule: "tombstone", Severity: contract.Error, Keyword: "tombstone",
				Expected: "a value", Found: "null", Message: "the value is null and the route rejects tombstones",
			}}
		}
	}
	if v != nil {
		return []validate.Violation{*v}
	}
	if j.route.Mode != Observe && !kafka.TimestampOK(r.Timestamp.UnixMilli()) {
		violations = append(violations, validate.Violation{
			Rule: "timestamp-range", Severity: contract.Error, Keyword: "timestamp",
			Expected: "a record timestamp between the years 1678 and 2262", Found: "one outside",
			Message: "the record's Kafka timestamp cannot be carried to another topic unchanged",
		})
	}
	return violations
}

// place counts a valid record: into its window's batch, or as late. It returns the counts it went into.
func (j *judge) place(r *kgo.Record) *profile.Counts {
	at, ok := j.row.EventTime(j.route.layout)
	if !ok {
		at = r.Timestamp.UnixMilli() // the contract names no event time
	}
	spec, mark := j.route.Contract.Window, j.out.Watermark
	if year := time.UnixMilli(at).UTC().Year(); year < 0 || year > 9999 || // only a record's own timestamp can say that
		!r.Timestamp.IsZero() && at > r.Timestamp.Add(j.route.MaxFuture).UnixMilli() {
		c := j.current()
		c.LateAhead++
		j.out.Stats.Late++
		return c
	}
	w := spec.Of(at)
	if spec.Passed(w, mark) {
		c := j.current()
		c.LateBehind++
		j.out.Stats.Late++
		return c
	}
	b := j.batches[w]
	if b == nil {
		b = j.route.batches.Get().(*columns.Batch)
		j.batches[w] = b
	}
	b.Append(j.row)
	j.out.Watermark = max(mark, at)
	j.out.Stats.Valid++
	return &j.profile(w).Counts
}

func (j *judge) reject(r *kgo.Record, violations []validate.Violation) {
	p := j.profile(j.currentWindow())
	p.Counts.Dead++
	j.out.Stats.Dead++
	if j.readable() {
		p.Reject(j.row)
	}
	var rules []string
	for _, v := range violations {
		if v.Severity != contract.Error {
			j.broke(&p.Counts, p.Counts.WarnedBy, v.Rule, r)
		} else if !slices.Contains(rules, v.Rule) {
			rules = append(rules, v.Rule)
			j.broke(&p.Counts, p.Counts.DeadBy, v.Rule, r)
		}
	}
	switch j.route.Mode {
	case Mark:
		if !kafka.TimestampOK(r.Timestamp.UnixMilli()) && j.out.Unwritable == nil {
			j.out.Unwritable = fmt.Errorf("the timestamp of %s/%d/%d cannot be carried to another topic unchanged, and mode mark has no dead letters", r.Topic, r.Partition, r.Offset)
		}
		j.forward(r, true, rules)
	case Enforce:
		d := deadletter.New(r, j.route.Contract.ID, j.route.Contract.Digest, violations, j.now)
		d = j.refused.shed(d, r)
		d.Topic, d.Partition = j.route.DeadLetters, r.Partition
		j.out.Produce = append(j.out.Produce, Produced{Record: d, Source: r, Dead: true})
	}
}

func (j *judge) tombstone(r *kgo.Record) {
	j.current().Tombstones++
	j.out.Stats.Tombstones++
	j.forward(r, false, nil)
}

// forward passes a record on: same key, value, timestamp, partition and headers, weir's own header appended.
func (j *judge) forward(r *kgo.Record, checked bool, rules []string) {
	if j.route.Mode == Observe {
		return
	}
	out := &kgo.Record{
		Topic: j.route.Output, Partition: r.Partition,
		Key: r.Key, Value: r.Value, Timestamp: r.Timestamp, Headers: r.Headers,
	}
	if checked && j.route.Annotate {
		out.Headers = append(slices.Clip(out.Headers), kgo.RecordHeader{Key: ContractHeader, Value: []byte(j.route.Contract.ID.String())})
	}
	if len(rules) > 0 {
		out.Headers = append(slices.Clip(out.Headers), kgo.RecordHeader{Key: VerdictHeader, Value: []byte("invalid " + strings.Join(rules, ","))})
	}
	j.out.Produce = append(j.out.Produce, Produced{Record: out, Source: r})
}

// broke counts a broken rule once and keeps the record's coordinate as an example.
func (j *judge) broke(c *profile.Counts, by map[string]uint64, rule string, r *kgo.Record) {
	by[rule]++
	c.Example(rule, profile.Coordinate{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset})
}

// readable says whether the row holds anything of a rejected record: of bytes that are not JSON no column could be read.
func (j *judge) readable() bool {
	for i := range j.route.layout.Columns {
		if s := j.row.State(i); s == columns.Null || s == columns.Present {
			return true
		}
	}
	return false
}

// currentWindow is the window that holds the partition's watermark: where dead, late and null records are counted.
func (j *judge) currentWindow() window.Window {
	if j.out.Watermark == window.NoWatermark {
		return window.Unplaced
	}
	return j.route.Contract.Window.Of(j.out.Watermark)
}

func (j *judge) current() *profile.Counts { return &j.profile(j.currentWindow()).Counts }

func (j *judge) profile(w window.Window) *profile.Profile {
	k := j.route.key(w)
	p := j.out.Profiles[k]
	if p == nil {
		p = profile.New(k, j.route.grid, j.route.layout)
		p.Counts.DeadBy, p.Counts.WarnedBy = map[string]uint64{}, map[string]uint64{}
		j.out.Profiles[k] = p
	}
	return p
}

// sum turns the batches into profiles and adds up the counts.
func (j *judge) sum() {
	for w, b := range j.batches {
		cols := b.Finish()
		q := profile.FromBatch(j.route.key(w), j.route.grid, cols)
		cols.Record.Release()
		j.route.batches.Put(b)
		if err := j.profile(w).Merge(q); err != nil {
			panic("gate: merge a profile with its own key: " + err.Error()) // same key by construction
		}
	}
	for k := range maps.Keys(j.out.Profiles) {
		j.out.Counts.Add(&j.out.Profiles[k].Counts)
	}
	j.out.Stats.Watermark = j.out.Watermark
}

func size(r *kgo.Record) int64 {
	n := len(r.Key) + len(r.Value)
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return int64(n)
}
