package monitor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/kafka"
	"weir/internal/telemetry"
)

// chunkBytes is the target size of a state record: half of Kafka's default max.message.bytes.
const chunkBytes = 512 << 10

// maxPoll bounds the records of one poll; each is a chunk of at most about chunkBytes.
const maxPoll = 500

// Run runs the monitor until ctx ends, which commits what is folded and returns nil, or until Until is closed and the
// group has read all there is. It returns an error when it cannot go on whatever it tries.
func Run(ctx context.Context, c Config) error {
	if err := c.validate(); err != nil {
		return err
	}
	c = c.withDefaults()
	cat, err := NewCatalog(c.Sources, c.Versions, c.Environment)
	if err != nil {
		return err
	}
	m, err := newInstruments(c)
	if err != nil {
		return err
	}
	s := &session{
		Config: c, cat: cat, instruments: m, topics: kafka.TopicsOf(c.Group),
		id: fmt.Sprintf("%s.monitor.%s.0", c.Group, c.Instance),
	}
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval = 100*time.Millisecond, 10*time.Second
	for {
		began := time.Now()
		err := s.live(ctx)
		var fatal *kafka.FatalError
		switch {
		case err == nil || ctx.Err() != nil:
			return nil
		case errors.As(err, &fatal):
			c.Status.SetStage("monitor", false, err.Error())
			return fmt.Errorf("monitor session %s: %w", s.id, err)
		}
		if time.Since(began) > time.Minute {
			wait.Reset()
		}
		pause := wait.NextBackOff()
		c.Status.SetStage("monitor", false, err.Error())
		c.Log.Warn("session lost, opening it again", "session", s.id, "in", pause, "error", err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// session is the monitor's transactional group member. Everything in it belongs to the goroutine of Run.
type session struct {
	Config
	cat         *Catalog
	instruments *instruments
	topics      kafka.Topics
	id          string

	kafka      *kafka.Session
	states     map[int32]*State // by owned partition of the profiles topic
	partitions map[string]int
	pending    bool             // something was polled since the last commit
	folded     map[string]int64 // profile chunks since the last commit, by contract
	written    time.Time
}

// live opens the session and cycles until it ends.
func (s *session) live(ctx context.Context) (err error) {
	s.states, s.pending, s.written = map[int32]*State{}, false, time.Now()
	s.folded = map[string]int64{}
	s.kafka, err = kafka.Open(ctx, kafka.SessionConfig{
		Config: s.Kafka, Group: s.Group + ".monitor", ID: s.id,
		Topics: []string{s.topics.Profiles}, Outputs: []string{s.topics.State, s.topics.Reports, s.topics.Events},
		KeepControlRecords: true,
	})
	if err != nil {
		return err
	}
	leave := false
	defer func() { s.kafka.Close(context.WithoutCancel(ctx), leave) }()
	s.Status.SetStage("monitor", true, "")
	for {
		done, err := s.cycle(ctx)
		if err != nil || done {
			leave = done
			return err
		}
		if ctx.Err() != nil {
			return s.commit(context.WithoutCancel(ctx), nil)
		}
	}
}

// cycle polls, folds, closes, and commits when a window closed or the state has been unwritten for CommitInterval.
func (s *session) cycle(ctx context.Context) (done bool, err error) {
	pollCtx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	polled, err := s.kafka.Poll(pollCtx, maxPoll)
	cancel()
	if err != nil {
		return false, err
	}
	if len(polled.Faults) > 0 {
		return false, &polled.Faults[0]
	}
	if err := s.own(ctx, polled); err != nil {
		return false, err
	}
	var closed []Closed
	for p, records := range polled.Records {
		found, err := s.fold(s.states[p.Partition], records)
		if err != nil {
			return false, err
		}
		closed = append(closed, found...)
		s.pending = true
	}
	ending := s.ending()
	if s.pending && (len(closed) > 0 || ending || time.Since(s.written) >= s.CommitInterval) {
		return false, s.commit(context.WithoutCancel(ctx), closed)
	}
	return ending && len(polled.Records) == 0 && s.over(ctx), nil
}

func (s *session) ending() bool {
	select {
	case <-s.Until:
		return true
	default:
		return false
	}
}

// own restores the state of newly assigned partitions from the state topic, before any record of them is folded.
func (s *session) own(ctx context.Context, polled kafka.Polled) error {
	for _, p := range polled.Lost {
		delete(s.states, p.Partition)
	}
	if len(polled.Assigned) == 0 {
		return nil
	}
	var err error
	if s.partitions, err = s.kafka.Partitions(ctx, s.topics.Profiles, s.topics.State, s.topics.Reports, s.topics.Events); err != nil {
		return err
	}
	if a, b := s.partitions[s.topics.Profiles], s.partitions[s.topics.State]; a != b {
		return &kafka.FatalError{Err: fmt.Errorf("%s has %d partitions and %s has %d; they must be equal", s.topics.Profiles, a, s.topics.State, b)}
	}
	var ps []int32
	for _, a := range polled.Assigned {
		ps = append(ps, a.Partition.Partition)
	}
	return s.restore(ctx, ps)
}

// restore reads the state of partitions back as the last commit left it.
func (s *session) restore(ctx context.Context, ps []int32) error {
	last := map[int32]map[string]*kgo.Record{}
	for _, p := range ps {
		s.states[p], last[p] = NewState(), map[string]*kgo.Record{}
	}
	err := kafka.Read(ctx, s.Kafka, s.topics.State, ps, func(r *kgo.Record) error {
		if r.Value == nil {
			delete(last[r.Partition], string(r.Key))
		} else {
			last[r.Partition][string(r.Key)] = r
		}
		return nil
	})
	if err != nil {
		return err
	}
	for p, records := range last {
		for _, r := range records {
			if err := s.states[p].Restore(r); err != nil {
				return &kafka.FatalError{Err: err}
			}
		}
		if s.AcceptGaps {
			for _, gap := range s.states[p].AcceptGaps() {
				s.pending = true
				s.Log.Warn("gap accepted", "gap", gap)
			}
		}
	}
	return nil
}

// fold applies records to a partition's state, closing windows after each progress so that the order of closing is
// that of the log whatever a poll happens to hold.
func (s *session) fold(st *State, records []*kgo.Record) (closed []Closed, err error) {
	for _, r := range records {
		if r.Attrs.IsControl() {
			continue
		}
		if err := st.Fold(r); err != nil {
			return nil, &kafka.FatalError{Err: err}
		}
		if name, ok := strings.CutPrefix(string(r.Key), "profile/"); ok {
			s.folded[name]++
		}
		found, stuck := st.Close(s.cat)
		closed = append(closed, found...)
		s.instruments.stuck(s.Status, stuck, s.cat.names)
	}
	return closed, nil
}

// commit writes what changed, and the reports and events of closed windows, with the offsets.
func (s *session) commit(ctx context.Context, closed []Closed) error {
	if !s.pending {
		return nil
	}
	var records []*kgo.Record
	for p, st := range s.states {
		changes, err := st.Changes(chunkBytes)
		if err != nil {
			return err
		}
		for _, r := range changes {
			r.Topic, r.Partition = s.topics.State, p
			records = append(records, r)
		}
	}
	records = append(records, s.publish(closed)...)
	began := time.Now()
	ok, err := s.kafka.Commit(ctx, records, nil)
	if err != nil {
		s.instruments.Cycle(ctx, telemetry.Unknown, time.Since(began))
		return fmt.Errorf("commit windows: %w", err)
	}
	s.pending, s.written = false, time.Now()
	if !ok {
		s.instruments.Cycle(ctx, telemetry.Aborted, time.Since(began))
		clear(s.folded)
		return s.rewind(ctx) // the step is dropped: its records are handed out again
	}
	s.instruments.Cycle(ctx, telemetry.Committed, time.Since(began))
	s.instruments.committed(ctx, s.folded, s.states)
	clear(s.folded)
	for _, c := range closed {
		s.instruments.closed(ctx, c)
		if s.OnClose != nil {
			s.OnClose(c.Report, c.Events)
		}
	}
	return nil
}

// rewind restores every owned partition's state after an abort.
func (s *session) rewind(ctx context.Context) error {
	var ps []int32
	for p := range s.states {
		ps = append(ps, p)
	}
	return s.restore(ctx, ps)
}

// publish makes the records of reports and events. Who wrote them and when is in headers, so that keys and values
// are the same whoever writes them.
func (s *session) publish(closed []Closed) (records []*kgo.Record) {
	headers := []kgo.RecordHeader{
		{Key: "weir.instance", Value: []byte(s.Instance)},
		{Key: "weir.processed_at", Value: []byte(time.Now().UTC().Format(time.RFC3339Nano))},
	}
	for _, c := range closed {
		records = append(records, &kgo.Record{
			Topic: s.topics.Reports, Key: []byte(c.Report.Key()), Value: c.Report.Encode(), Headers: headers,
			Partition: kafka.PartitionFor(c.Report.Contract, s.partitions[s.topics.Reports]),
		})
		for _, e := range c.Events {
			records = append(records, &kgo.Record{
				Topic: s.topics.Events, Key: []byte(e.Key()), Value: e.Encode(),
				Headers:   append([]kgo.RecordHeader{{Key: "content-type", Value: []byte("application/cloudevents+json; charset=UTF-8")}}, headers...),
				Partition: kafka.PartitionFor(c.Report.Contract, s.partitions[s.topics.Events]),
			})
		}
	}
	return records
}

// over says whether the group has committed the end of the profiles topic.
func (s *session) over(ctx context.Context) bool {
	ends, err := s.kafka.EndOffsets(ctx, s.topics.Profiles)
	if err != nil {
		return false
	}
	committed, err := s.kafka.Committed(ctx)
	if err != nil {
		return false
	}
	for p, end := range ends {
		if committed[p] < end {
			return false
		}
	}
	return true
}
