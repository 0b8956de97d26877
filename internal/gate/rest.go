package gate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/kafka"
	"weir/internal/telemetry"
)

// own applies changes of ownership: lost partitions are forgotten, assigned ones start from what the group committed.
func (s *session) own(ctx context.Context, polled kafka.Polled) error {
	for _, p := range polled.Lost {
		delete(s.owned, p)
	}
	if len(polled.Assigned) == 0 {
		return s.faults(polled)
	}
	counts, err := s.kafka.Partitions(ctx, append(s.inputs(), s.topics.Profiles, s.topics.State)...)
	if err != nil {
		return err
	}
	if counts[s.topics.Profiles] == 0 {
		return &kafka.FatalError{Err: fmt.Errorf("topic %s does not exist; `weir setup` creates weir's own topics", s.topics.Profiles)}
	}
	s.partitions = counts
	lost, err := s.begin(ctx, polled.Assigned)
	if err != nil {
		return err
	}
	for _, a := range polled.Assigned {
		at := &position{next: a.Offset, end: -1, stirred: time.Now()}
		if a.Offset < 0 {
			at.next = a.Start
		}
		if at.watermark, err = decodeWatermark(a.Metadata); err == nil {
			err = lost[a.Partition]
		}
		s.owned[a.Partition] = at
		if err != nil && s.UntilEnd {
			return &kafka.FatalError{Err: err} // a bounded run does not wait for somebody
		}
		if err != nil {
			s.stop(s.cat.routes[a.Topic], err)
		}
	}
	s.looked = time.Time{} // look at the ends of the new partitions at once
	if err := s.bound(ctx, polled.Assigned); err != nil {
		return err
	}
	return s.faults(polled)
}

// bound notes where the new partitions of a bounded run end: where they end now.
func (s *session) bound(ctx context.Context, assigned []kafka.Assigned) error {
	if !s.UntilEnd {
		return nil
	}
	ends, err := s.ends(ctx)
	if err != nil {
		return err
	}
	for _, a := range assigned {
		s.owned[a.Partition].end = ends[a.Partition]
	}
	return nil
}

// faults sets aside the routes whose partitions could not be read.
func (s *session) faults(polled kafka.Polled) error {
	for _, f := range polled.Faults {
		if rt := s.cat.routes[f.Partition.Topic]; rt != nil {
			s.setAside(rt, &f)
		}
	}
	return nil
}

// rest is what every cycle ends with, at most once per lookEvery: declare idle and ended partitions, try routes set
// aside again, and tell a bounded run when it is over.
func (s *session) rest(ctx context.Context) (done bool, err error) {
	s.retry()
	if ctx.Err() != nil || time.Since(s.looked) < s.lookEvery() {
		return false, nil
	}
	s.looked = time.Now()
	ends, err := s.ends(ctx)
	if err != nil {
		return false, err
	}
	s.instruments.lag(ctx, s.cat, s.owned, ends)
	var changed []Outcome
	next := map[kafka.Partition]*position{}
	for p, at := range s.owned {
		end, known := ends[p]
		if !known {
			continue
		}
		if now := s.settle(p, *at, end); now != *at {
			next[p] = &now
			if now.idle != at.idle || now.ended != at.ended {
				changed = append(changed, Outcome{Partition: p, From: now.next, Next: now.next, Watermark: now.watermark})
			}
		}
	}
	if len(changed) > 0 {
		if ok, err := s.declare(ctx, changed, next); !ok || err != nil {
			return false, err
		}
	}
	for p, at := range next {
		s.owned[p] = at
	}
	return s.over(ctx, ends)
}

// ends is where the inputs end. An input that cannot be asked sets its route aside and is left out.
func (s *session) ends(ctx context.Context) (map[kafka.Partition]int64, error) {
	ends, faults, err := s.kafka.Ends(ctx, s.inputs()...)
	for topic, fault := range faults {
		if _, already := s.aside[topic]; !already {
			s.setAside(s.cat.routes[topic], fault)
		}
	}
	return ends, err
}

// settle is the position of a partition that delivers nothing: whether it has ended, or is idle.
func (s *session) settle(p kafka.Partition, at position, end int64) position {
	drained := at.next >= end
	at.ended = s.UntilEnd && at.next >= at.end
	at.idle = at.idle || drained && time.Since(at.stirred) >= s.cat.routes[p.Topic].IdleTimeout
	return at
}

// declare commits the progress of partitions that turned idle or ended, and where they stand: without an offset in the
// transaction nobody would fence a session that has lost them meanwhile.
func (s *session) declare(ctx context.Context, changed []Outcome, next map[kafka.Partition]*position) (bool, error) {
	records, err := s.report(changed, next)
	if err != nil {
		return false, err
	}
	at := map[kafka.Partition]int64{}
	for _, o := range changed {
		at[o.Partition] = o.Next
	}
	ok, err := s.kafka.CommitAt(context.WithoutCancel(ctx), records, at, s.metadata(next))
	var refused *kafka.ProduceError
	if errors.As(err, &refused) {
		return false, fmt.Errorf("write progress to %s: %w", s.topics.Profiles, err)
	}
	return ok, err
}

// over says whether a bounded run is done: this session's partitions have ended, and the group has committed the end
// of all others.
func (s *session) over(ctx context.Context, ends map[kafka.Partition]int64) (bool, error) {
	if !s.UntilEnd {
		return false, nil
	}
	for _, at := range s.owned {
		if !at.ended {
			return false, nil
		}
	}
	committed, err := s.kafka.Committed(ctx)
	if err != nil {
		return false, err
	}
	for p, end := range ends {
		if _, mine := s.owned[p]; !mine && committed[p] < end {
			return false, nil
		}
	}
	return true, nil
}

func (s *session) lookEvery() time.Duration {
	if s.UntilEnd {
		return tick
	}
	return time.Second
}

// refuse learns from an aborted transaction which records were refused. A fault of the topic or the system sets the
// route aside; where a whole batch was refused, the next cycles are made smaller until the culprit stands alone.
func (s *session) refuse(produced []Produced, e *kafka.ProduceError) error {
	perBatch := map[kafka.Partition]int{}
	for _, f := range e.Refused {
		if f.Index >= len(produced) {
			return fmt.Errorf("write to %s: %w", s.topics.Profiles, f.Err)
		}
		perBatch[partitionOf(produced[f.Index].Record)]++
	}
	halved := false
	for _, f := range e.Refused {
		p := produced[f.Index]
		rt := s.cat.routes[p.Source.Topic]
		if _, already := s.aside[rt.Input]; already {
			continue
		}
		switch {
		case !isRecordFault(f.Err):
			s.setAside(rt, fmt.Errorf("write to %s: %w", p.Record.Topic, f.Err))
		case perBatch[partitionOf(p.Record)] > 1 && s.max > 1:
			halved = true
		case !p.Dead && rt.Mode != Enforce, !s.refused.learn(p, f.Err):
			s.setAside(rt, fmt.Errorf("record %s/%d/%d can be written to no topic: %w", p.Source.Topic, p.Source.Partition, p.Source.Offset, f.Err))
		default:
			s.instruments.Refusals(context.Background(), rt.Name, 1)
		}
	}
	if halved {
		s.max = max(1, min(s.max, len(produced))/2)
		s.Log.Warn("a batch was refused, looking for the record", "session", s.id, "records per cycle", s.max, "error", e)
	}
	return nil
}

func partitionOf(r *kgo.Record) kafka.Partition {
	return kafka.Partition{Topic: r.Topic, Partition: r.Partition}
}

// setAside stops a route that cannot proceed; the others flow on. It is tried again soon, then ever later, up to
// RetryAside.
func (s *session) setAside(rt *route, err error) {
	if s.aside[rt.Input] == never {
		return
	}
	wait := min(firstRetry<<s.strikes[rt.Input], s.RetryAside)
	s.strikes[rt.Input] = min(s.strikes[rt.Input]+1, 10)
	s.aside[rt.Input] = time.Now().Add(wait)
	s.kafka.Pause(s.partitionsOf(rt.Input)...)
	s.Status.SetRoute(rt.Name, telemetry.Waiting, err.Error())
	s.instruments.Route(context.Background(), rt.Name, telemetry.Waiting)
	s.Log.Error("route set aside", "route", rt.Name, "retry in", wait, "error", err)
}

// stop stops a route until somebody acts and the process starts again: going on would lose or double records.
func (s *session) stop(rt *route, err error) {
	s.aside[rt.Input] = never
	s.kafka.Pause(s.partitionsOf(rt.Input)...)
	s.Status.SetRoute(rt.Name, telemetry.Stopped, err.Error())
	s.instruments.Route(context.Background(), rt.Name, telemetry.Stopped)
	s.Log.Error("route stopped", "route", rt.Name, "error", err)
}

// never is the retry time of a stopped route.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// retry lets the routes whose time is up try again; the next commit says whether they run.
func (s *session) retry() {
	for input, until := range s.aside {
		if time.Now().After(until) {
			delete(s.aside, input)
			s.kafka.Resume(s.partitionsOf(input)...)
		}
	}
}

func (s *session) partitionsOf(input string) (ps []kafka.Partition) {
	for p := range s.owned {
		if p.Topic == input {
			ps = append(ps, p)
		}
	}
	return ps
}

func (s *session) inputs() []string {
	in := make([]string, 0, len(s.Routes))
	for _, r := range s.Routes {
		in = append(in, r.Input)
	}
	return in
}
