package gate

import (
	"context"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"weir/internal/contract"
	"weir/internal/kafka"
	"weir/internal/telemetry"
	"weir/internal/window"
)

// instruments are the gate's metrics and spans. Sessions share them.
type instruments struct {
	*telemetry.GateMetrics
	group  string
	config Config
}

func newInstruments(c Config) (*instruments, error) {
	if c.Meter == nil {
		c.Meter = metricnoop.NewMeterProvider()
	}
	if c.Tracer == nil {
		c.Tracer = tracenoop.NewTracerProvider()
	}
	m, err := telemetry.NewGateMetrics(c.Meter)
	if err != nil {
		return nil, err
	}
	i := &instruments{GateMetrics: m, group: c.Group, config: c}
	for _, r := range c.Routes {
		m.Contract(context.Background(), r.Contract.Name, r.Contract.Version, string(r.Contract.Digest), r.Contract.Status)
	}
	return i, nil
}

// committed counts one partition's outcome, after its transaction.
func (i *instruments) committed(ctx context.Context, rt *route, o Outcome) {
	id, c := rt.Contract.ID, o.Counts
	for verdict, n := range map[string]uint64{
		"valid": c.Valid, "dead": c.Dead, "late_behind": c.LateBehind, "late_ahead": c.LateAhead, "tombstone": c.Tombstones,
	} {
		if n > 0 {
			i.Records(ctx, rt.Name, id.Name, id.Version, verdict, int64(n))
		}
	}
	for rule, n := range c.DeadBy {
		i.Violations(ctx, rt.Name, id.Name, id.Version, rule, string(contract.Error), int64(n))
	}
	for rule, n := range c.WarnedBy {
		i.Violations(ctx, rt.Name, id.Name, id.Version, rule, string(contract.Warning), int64(n))
	}
	i.InputSize(ctx, rt.Name, o.Bytes)
	if o.Watermark != window.NoWatermark {
		i.Watermark(ctx, rt.Name, o.Partition.Partition, o.Watermark)
	}
	if !o.oldest.IsZero() {
		i.Latency(ctx, rt.Name, time.Since(o.oldest))
	}
	i.Route(ctx, rt.Name, telemetry.Running)
}

// written counts the bytes of profiles and progress by contract, which is the rest of their records' keys.
func (i *instruments) written(ctx context.Context, own []*kgo.Record) {
	for _, r := range own {
		if kind, name, _ := strings.Cut(string(r.Key), "/"); kind != "marker" {
			i.ProfilesSize(ctx, name, int64(len(r.Key)+len(r.Value)))
		}
	}
}

// spans are one cycle's spans, one per input topic, linked to the traces of the records: those rejected first.
type spans map[string]*telemetry.CycleSpan

func (i *instruments) start(ctx context.Context, clientID string, outcomes []Outcome) spans {
	s := spans{}
	for _, o := range outcomes {
		if s[o.Partition.Topic] == nil {
			n := 0
			for _, p := range outcomes {
				if p.Partition.Topic == o.Partition.Topic {
					n += p.Stats.Records
				}
			}
			_, s[o.Partition.Topic] = telemetry.StartCycle(ctx, i.config.Tracer, o.Partition.Topic, i.group, clientID, n)
		}
	}
	for _, dead := range []bool{true, false} {
		for _, o := range outcomes {
			link(s[o.Partition.Topic], o.Produce, dead)
		}
	}
	return s
}

func (s spans) end(outcome telemetry.Outcome, err error) {
	for _, span := range s {
		span.End(outcome, err)
	}
}

func link(span *telemetry.CycleSpan, produce []Produced, dead bool) {
	for _, p := range produce {
		if !span.WantsLinks() {
			return
		}
		if p.Dead == dead {
			span.Link(traceContext(p.Source))
		}
	}
}

func traceContext(r *kgo.Record) (parent, state string) {
	for _, h := range r.Headers {
		switch h.Key {
		case "traceparent":
			parent = string(h.Value)
		case "tracestate":
			state = string(h.Value)
		}
	}
	return parent, state
}

// lag tells how far behind the end of its partition each owned position is.
func (i *instruments) lag(ctx context.Context, cat *Catalog, owned map[kafka.Partition]*position, ends map[kafka.Partition]int64) {
	for p, at := range owned {
		i.Lag(ctx, cat.routes[p.Topic].Name, p.Partition, max(0, ends[p]-at.next))
	}
}
