package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/files"
	"weir/internal/gate"
	"weir/internal/kafka"
	"weir/internal/monitor"
	"weir/internal/profile"
	"weir/internal/window"
)

// engine runs the gate's and the monitor's pure steps over records that come from no broker.
type engine struct {
	route    gate.Route
	gate     *gate.Catalog
	monitor  *monitor.Catalog
	state    *monitor.State
	refused  gate.Refusals
	sources  map[kafka.Partition]*source
	counts   profile.Counts
	onClosed func(monitor.Closed) error

	environment string
}

// source is one partition of the input, as far as it has been read.
type source struct {
	next      int64
	watermark int64
}

// newEngine observes one input under one contract; of the route only Contract and Baseline are needed. Without an
// Input it takes the topic of the first record.
func newEngine(route gate.Route, environment string, onClosed func(monitor.Closed) error) *engine {
	route.Mode = gate.Observe
	return &engine{route: route, environment: environment, state: monitor.NewState(), sources: map[kafka.Partition]*source{}, onClosed: onClosed}
}

// begin compiles the contract, once the topic is known.
func (e *engine) begin(topic string) (err error) {
	e.route.Input = cmp.Or(e.route.Input, topic)
	if e.gate, err = gate.NewCatalog([]gate.Route{e.route}); err != nil {
		return err
	}
	e.monitor, err = monitor.NewCatalog([]monitor.Source{{Topic: e.route.Input, Contract: e.route.Contract, Baseline: e.route.Baseline}}, nil, e.environment)
	return err
}

// batchRecords is how many records are judged at once.
const batchRecords = 4096

// read judges everything a reader holds. Windows close while reading when the format is one partition by nature; a
// dump may hold its partitions one after the other, so nothing of it closes before the end.
func (e *engine) read(ctx context.Context, r *files.Reader, progress func()) error {
	batch := make([]*kgo.Record, 0, batchRecords)
	for {
		rec, err := r.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err == nil {
			if e.gate == nil {
				if err := e.begin(rec.Topic); err != nil {
					return err
				}
			}
			rec.Topic = e.route.Input
			batch = append(batch, rec)
		}
		if len(batch) == batchRecords || err != nil && len(batch) > 0 {
			if err := e.judge(batch, !r.IsDump()); err != nil {
				return err
			}
			clear(batch)
			batch = batch[:0]
			progress()
		}
		if err != nil || ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// judge runs one cycle: the partitions of the batch in parallel, then their profiles into the state.
func (e *engine) judge(batch []*kgo.Record, closing bool) error {
	byPartition := map[kafka.Partition][]*kgo.Record{}
	for _, r := range batch {
		p := kafka.Partition{Topic: r.Topic, Partition: r.Partition}
		byPartition[p] = append(byPartition[p], r)
		if e.sources[p] == nil {
			e.sources[p] = &source{next: r.Offset, watermark: window.NoWatermark}
		}
	}
	ps := slices.SortedFunc(maps.Keys(byPartition), kafka.Partition.Compare)
	outcomes := make([]gate.Outcome, len(ps))
	var wg sync.WaitGroup
	for i, p := range ps {
		wg.Go(func() {
			outcomes[i] = gate.Judge(e.gate, &e.refused, p, e.sources[p].watermark, byPartition[p], time.Time{})
		})
	}
	wg.Wait()
	for _, o := range outcomes {
		e.counts.Add(&o.Counts)
		e.sources[o.Partition].watermark = o.Watermark
		for _, p := range o.Profiles {
			if err := e.state.FoldProfile(p); err != nil {
				return err
			}
		}
	}
	if !closing {
		return nil
	}
	return e.close(false)
}

// close tells the state how far the sources have come, and that they end if so, and closes what that allows.
func (e *engine) close(ended bool) error {
	if e.gate == nil {
		return nil // not one record
	}
	p := &profile.Progress{Contract: e.route.Contract.Name}
	n := 0
	for at := range e.sources {
		n = max(n, int(at.Partition)+1)
	}
	for i := range n {
		at := kafka.Partition{Topic: e.route.Input, Partition: int32(i)}
		src := profile.Source{Topic: at.Topic, Partition: at.Partition, Partitions: n, Ended: ended}
		if s := e.sources[at]; s != nil && s.watermark != window.NoWatermark {
			src.Watermark = &s.watermark
		}
		p.Sources = append(p.Sources, src) // From and Next stay 0: nothing is committed, so no gap can be seen
	}
	e.state.FoldProgress(p)
	closed, stuck := e.state.Close(e.monitor)
	for _, why := range stuck {
		return errors.New(why)
	}
	for _, c := range closed {
		if err := e.onClosed(c); err != nil {
			return err
		}
	}
	return nil
}

// total is the number of records judged.
func (e *engine) total() uint64 {
	return e.counts.Valid + e.counts.Dead + e.counts.Late() + e.counts.Tombstones
}

// lines appends reports and events, one JSON object per line, to writers that may be nil.
type lines struct{ reports, events io.Writer }

func (l lines) write(c monitor.Closed) error {
	if l.reports != nil {
		if _, err := fmt.Fprintf(l.reports, "%s\n", c.Report.Encode()); err != nil {
			return fmt.Errorf("write reports: %w", err)
		}
	}
	if l.events != nil {
		for _, e := range c.Events {
			if _, err := fmt.Fprintf(l.events, "%s\n", e.Encode()); err != nil {
				return fmt.Errorf("write events: %w", err)
			}
		}
	}
	return nil
}
