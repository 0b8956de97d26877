package gate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"weir/internal/kafka"
	"weir/internal/profile"
	"weir/internal/telemetry"
	"weir/internal/window"
)

// tick is how long a poll waits for records before the session looks after idleness and routes set aside.
const tick = 250 * time.Millisecond

// firstRetry is how long a route is left alone the first time it cannot proceed; doubled each time after.
const firstRetry = 250 * time.Millisecond

// chunkBytes is the target size of a profile chunk: half of Kafka's default max.message.bytes, so that a column
// beside the target still fits.
const chunkBytes = 512 << 10

// session is one transactional group member. Everything in it belongs to the goroutine that calls cycle; the judge
// goroutines of a cycle read the catalog and the positions and write only their own outcome.
type session struct {
	Config
	cat         *Catalog
	instruments *instruments
	topics      kafka.Topics
	id, name    string

	kafka      *kafka.Session
	owned      map[kafka.Partition]*position // what the last commit left; never ahead of it
	partitions map[string]int                // partition counts of the inputs and of the profiles topic
	aside      map[string]time.Time          // inputs of routes set aside, until when
	strikes    map[string]int                // how often in a row an input's route was set aside
	refused    Refusals
	max        int       // records of the next cycle; halved while a refused batch hides its culprit
	began      time.Time // of the last cycle with records
	looked     time.Time // when end offsets were last fetched
}

// position is the committed state of one owned partition.
type position struct {
	next      int64 // offset of the next record
	watermark int64
	idle      bool
	ended     bool
	end       int64     // UntilEnd: where this partition ends; -1 until known
	stirred   time.Time // when the last valid record was committed, or the partition was assigned
	marked    time.Time // when its marker was last written
}

func (s *session) reset() {
	s.owned = map[kafka.Partition]*position{}
	s.partitions = map[string]int{}
	s.aside, s.strikes = map[string]time.Time{}, map[string]int{}
	s.max = s.MaxRecords
	s.looked = time.Time{}
}

// cycle is poll, judge, produce, end. done says that a bounded run has nothing left.
func (s *session) cycle(ctx context.Context) (done bool, err error) {
	polled, err := s.poll(ctx)
	if err != nil {
		return false, err
	}
	if err := s.own(ctx, polled); err != nil {
		return false, err
	}
	if len(polled.Records) > 0 {
		if err := s.process(context.WithoutCancel(ctx), polled.Records); err != nil { // a shutdown waits for the commit
			return false, err
		}
	}
	return s.rest(ctx)
}

// process judges polled records and commits them.
func (s *session) process(ctx context.Context, records map[kafka.Partition][]*kgo.Record) error {
	began := time.Now()
	for p := range records {
		if _, aside := s.aside[p.Topic]; aside {
			s.kafka.Pause(p) // hands its records back; it may have been assigned after its route was set aside
			delete(records, p)
		}
	}
	outcomes := s.judge(records)
	for _, o := range outcomes {
		if o.Unwritable != nil {
			s.stop(s.cat.routes[o.Partition.Topic], o.Unwritable)
		}
	}
	outcomes = slices.DeleteFunc(outcomes, func(o Outcome) bool {
		_, stopped := s.aside[o.Partition.Topic] // stopping it has handed its records back
		return stopped
	})
	return s.commit(ctx, outcomes, began)
}

// poll waits for records, no sooner than CommitInterval after the last cycle began.
func (s *session) poll(ctx context.Context) (kafka.Polled, error) {
	if wait := time.Until(s.began.Add(s.CommitInterval)); wait > 0 {
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	pollCtx, cancel := context.WithTimeout(ctx, tick)
	defer cancel()
	polled, err := s.kafka.Poll(pollCtx, s.max)
	s.began = time.Now()
	return polled, err
}

// judge decides the polled partitions in parallel, one goroutine each, and returns the outcomes in partition order.
func (s *session) judge(records map[kafka.Partition][]*kgo.Record) []Outcome {
	ps := make([]kafka.Partition, 0, len(records))
	for p := range records {
		ps = append(ps, p)
	}
	slices.SortFunc(ps, kafka.Partition.Compare)
	outcomes := make([]Outcome, len(ps))
	now := time.Now()
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range ps {
		mark, from := int64(window.NoWatermark), records[p][0].Offset
		if at := s.owned[p]; at != nil {
			mark, from = at.watermark, at.next
		}
		g.Go(func() error {
			outcomes[i] = Judge(s.cat, &s.refused, p, mark, records[p], now)
			outcomes[i].From = from // offsets that compaction or an aborted transaction left empty are read as well
			return nil
		})
	}
	_ = g.Wait() // Judge returns no error
	return outcomes
}

// commit writes the outcomes in one transaction and adopts them if it is committed.
func (s *session) commit(ctx context.Context, outcomes []Outcome, began time.Time) error {
	produced := gather(outcomes)
	sources := make([]*kgo.Record, 0, len(produced)+8)
	for _, p := range produced {
		sources = append(sources, p.Record)
	}
	next := map[kafka.Partition]*position{}
	for _, o := range outcomes {
		next[o.Partition] = s.after(o)
	}
	own, err := s.report(outcomes, next)
	if err != nil {
		return err
	}
	spans := s.instruments.start(ctx, s.Kafka.ClientID, outcomes)
	ok, err := s.kafka.Commit(ctx, append(sources, own...), s.metadata(next))
	outcome := telemetry.Committed
	var refused *kafka.ProduceError
	switch {
	case errors.As(err, &refused):
		outcome = telemetry.Aborted
		err = s.refuse(produced, refused)
	case err != nil:
		outcome = telemetry.Unknown
	case !ok:
		outcome = telemetry.Aborted
	default:
		s.adopt(ctx, outcomes, next)
		s.instruments.written(ctx, own)
	}
	spans.end(outcome, err)
	s.instruments.Cycle(ctx, outcome, time.Since(began))
	return err
}

// metadata is what is committed with a partition's offset: its watermark after the step.
func (s *session) metadata(next map[kafka.Partition]*position) func(kafka.Partition) string {
	return func(p kafka.Partition) string {
		at := next[p]
		if at == nil {
			at = s.owned[p]
		}
		if at == nil {
			return encodeWatermark(window.NoWatermark)
		}
		return encodeWatermark(at.watermark)
	}
}

// after is the position an outcome leads to.
func (s *session) after(o Outcome) *position {
	at := position{next: o.From, watermark: window.NoWatermark, end: -1}
	if p := s.owned[o.Partition]; p != nil {
		at = *p
	}
	at.next, at.watermark, at.idle = o.Next, o.Watermark, false
	if o.Stats.Valid > 0 {
		at.stirred = time.Now()
	}
	at.ended = s.UntilEnd && at.end >= 0 && at.next >= at.end
	if time.Since(at.marked) >= markEvery {
		at.marked = time.Now()
	}
	return &at
}

// adopt makes the committed outcomes the session's state and counts them: counters equal what readers see.
func (s *session) adopt(ctx context.Context, outcomes []Outcome, next map[kafka.Partition]*position) {
	committed := map[coordinate]int64{}
	var sum Stats
	sum.Watermark = window.NoWatermark
	for _, o := range outcomes {
		s.owned[o.Partition] = next[o.Partition]
		committed[coordinate{o.Partition.Topic, o.Partition.Partition, 0}] = o.Next
		sum.Records += o.Stats.Records
		sum.Valid += o.Stats.Valid
		sum.Dead += o.Stats.Dead
		sum.Late += o.Stats.Late
		sum.Tombstones += o.Stats.Tombstones
		sum.Watermark = max(sum.Watermark, o.Watermark)
		sum.Counts.Add(&o.Counts)
		rt := s.cat.routes[o.Partition.Topic]
		delete(s.strikes, rt.Input)
		s.Status.SetRoute(rt.Name, telemetry.Running, "")
		s.instruments.committed(ctx, rt, o)
	}
	s.refused.forget(committed)
	s.max = min(s.max*2, s.MaxRecords)
	if s.OnCommit != nil {
		s.OnCommit(sum)
	}
}

// gather lists the records of the outcomes in partition order.
func gather(outcomes []Outcome) []Produced {
	n := 0
	for _, o := range outcomes {
		n += len(o.Produce)
	}
	all := make([]Produced, 0, n)
	for _, o := range outcomes {
		all = append(all, o.Produce...)
	}
	return all
}

// report makes the records for the monitor: the cycle's profiles, summed over its partitions, then one progress per
// contract. All of a contract go to one partition in this order, so a watermark never arrives before its counts.
func (s *session) report(outcomes []Outcome, next map[kafka.Partition]*position) ([]*kgo.Record, error) {
	sums := map[profile.Key]*profile.Profile{}
	progress := map[string]*profile.Progress{}
	var records []*kgo.Record
	for _, o := range outcomes {
		for k, p := range o.Profiles {
			if sums[k] == nil {
				sums[k] = p
			} else if err := sums[k].Merge(p); err != nil {
				return nil, fmt.Errorf("sum profiles of %s: %w", k.Contract, err)
			}
		}
		name := s.cat.routes[o.Partition.Topic].Contract.Name
		if progress[name] == nil {
			progress[name] = &profile.Progress{Contract: name}
		}
		at := next[o.Partition]
		progress[name].Sources = append(progress[name].Sources, s.source(o.Partition, o.From, at))
		if was := s.owned[o.Partition]; was == nil || was.marked != at.marked {
			records = append(records, s.marker(o.Partition, at.next))
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(sums), profile.Key.Compare) {
		for _, chunk := range sums[k].Encode(chunkBytes) {
			records = append(records, s.own1("profile/", k.Contract.Name, chunk))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(progress)) {
		records = append(records, s.own1("progress/", name, progress[name].Encode()))
	}
	return records, nil
}

// source describes one partition's progress from an offset to a position.
func (s *session) source(p kafka.Partition, from int64, at *position) profile.Source {
	src := profile.Source{
		Topic: p.Topic, Partition: p.Partition, Partitions: s.partitions[p.Topic],
		From: from, Next: at.next, Idle: at.idle, Ended: at.ended,
	}
	if at.watermark != window.NoWatermark {
		src.Watermark = &at.watermark
	}
	return src
}

// own1 is a record of the profiles topic; a contract's records share a partition.
func (s *session) own1(kind, contract string, value []byte) *kgo.Record {
	return &kgo.Record{
		Topic: s.topics.Profiles, Partition: kafka.PartitionFor(contract, s.partitions[s.topics.Profiles]),
		Key: []byte(kind + contract), Value: value,
	}
}
