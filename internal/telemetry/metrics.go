package telemetry

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Kind is an instrument's kind.
type Kind string

const (
	Counter   Kind = "counter"
	Gauge     Kind = "gauge"
	Histogram Kind = "histogram"
)

// Instrument is one metric of weir.
type Instrument struct {
	Name        string // OpenTelemetry name; Prometheus writes weir.records as weir_records_total
	Kind        Kind
	Unit        string // UCUM; empty instead of "1", which Prometheus names would show as _ratio
	Attributes  string // comma-separated
	Description string
}

// Instruments is the table of every metric weir writes. Counters of records, violations, findings and windows count
// committed work only, so that they equal what read_committed readers see. Attributes name routes, contracts, rules
// and watched columns, never keys or values.
func Instruments() []Instrument {
	return []Instrument{
		{"weir.records", Counter, "{record}", "route,contract,version,verdict", "Records judged, by verdict: valid, dead, late_behind, late_ahead, tombstone."},
		{"weir.violations", Counter, "{violation}", "route,contract,version,rule,severity", "Rules broken by records; a record may break several."},
		{"weir.refusals", Counter, "{record}", "route", "Records a broker refused to take; each is replaced by a dead letter or a shorter one."},
		{"weir.input.size", Counter, "By", "route", "Bytes of keys, values and headers read from input topics."},
		{"weir.profiles.size", Counter, "By", "contract", "Bytes of profiles and progress records written."},
		{"weir.cycles", Counter, "{cycle}", "stage,outcome", "Cycles of a stage, by outcome: committed, aborted, unknown."},
		{"weir.cycle.duration", Histogram, "s", "stage,outcome", "Time of one cycle from the poll's return to the end of its transaction."},
		{"weir.latency", Histogram, "s", "route", "Time from a record's own timestamp to the commit of its verdict."},
		{"weir.route.up", Gauge, "", "route", "1 while a route is running, 0 while it waits or is stopped."},
		{"weir.watermark", Gauge, "s", "route,partition", "Largest event time of valid records of a source partition, as Unix seconds."},
		{"weir.lag", Gauge, "{record}", "route,partition", "Records between the committed position and the end of a source partition."},
		{"weir.windows.closed", Counter, "{window}", "contract,partial", "Windows closed; partial ones are cut by the start or the end of the data."},
		{"weir.profiles.folded", Counter, "{profile}", "contract", "Profile chunks the monitor has added up."},
		{"weir.closed_up_to", Gauge, "s", "contract", "End of the last closed window, as Unix seconds."},
		{"weir.drift.effect", Gauge, "", "contract,column,statistic", "Size of the difference from the baseline in the last closed window, watched columns only."},
		{"weir.findings", Counter, "{finding}", "contract,rule,severity,transition", "Changes of findings: opened, worse, cleared."},
		{"weir.findings.open", Gauge, "{finding}", "contract,severity", "Findings open now."},
		{"weir.contract.info", Gauge, "", "contract,version,digest,status", "1 for every contract version in use."},
	}
}

// instruments makes instruments by name out of the table, so that each is described in one place.
type instruments struct {
	meter metric.Meter
	table map[string]Instrument
	err   error
}

func newInstruments(p metric.MeterProvider) *instruments {
	i := &instruments{meter: p.Meter("weir"), table: map[string]Instrument{}}
	for _, row := range Instruments() {
		i.table[row.Name] = row
	}
	return i
}

func (i *instruments) row(name string, kind Kind) Instrument {
	row, ok := i.table[name]
	if !ok || row.Kind != kind {
		i.err = errors.Join(i.err, fmt.Errorf("create metric %s: no such %s in the table", name, kind))
	}
	return row
}

func (i *instruments) counter(name string) metric.Int64Counter {
	row := i.row(name, Counter)
	c, err := i.meter.Int64Counter(name, metric.WithUnit(row.Unit), metric.WithDescription(row.Description))
	i.err = errors.Join(i.err, err)
	return c
}

func (i *instruments) gauge(name string) metric.Float64Gauge {
	row := i.row(name, Gauge)
	g, err := i.meter.Float64Gauge(name, metric.WithUnit(row.Unit), metric.WithDescription(row.Description))
	i.err = errors.Join(i.err, err)
	return g
}

func (i *instruments) histogram(name string, bounds ...float64) metric.Float64Histogram {
	row := i.row(name, Histogram)
	h, err := i.meter.Float64Histogram(name, metric.WithUnit(row.Unit), metric.WithDescription(row.Description),
		metric.WithExplicitBucketBoundaries(bounds...))
	i.err = errors.Join(i.err, err)
	return h
}

// Cycles are the figures both stages have.
type Cycles struct {
	stage    attribute.KeyValue
	count    metric.Int64Counter
	duration metric.Float64Histogram
}

// Outcome is how a cycle ended.
type Outcome string

const (
	Committed Outcome = "committed"
	Aborted   Outcome = "aborted"
	Unknown   Outcome = "unknown" // the end of the transaction was not answered
)

func newCycles(i *instruments, stage string) Cycles {
	return Cycles{attribute.String("stage", stage), i.counter("weir.cycles"),
		i.histogram("weir.cycle.duration", 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)}
}

// Cycle counts one cycle and its time.
func (c Cycles) Cycle(ctx context.Context, o Outcome, took time.Duration) {
	with := metric.WithAttributeSet(attribute.NewSet(c.stage, attribute.String("outcome", string(o))))
	c.count.Add(ctx, 1, with)
	c.duration.Record(ctx, took.Seconds(), with)
}

// GateMetrics are stage 1's figures. Counts are added after a commit, never before.
type GateMetrics struct {
	Cycles
	records, violations, refusals, inputSize, profilesSize metric.Int64Counter
	latency                                                metric.Float64Histogram
	up, watermark, lag, info                               metric.Float64Gauge
}

// NewGateMetrics makes stage 1's instruments.
func NewGateMetrics(p metric.MeterProvider) (*GateMetrics, error) {
	i := newInstruments(p)
	m := &GateMetrics{
		Cycles:       newCycles(i, "gate"),
		records:      i.counter("weir.records"),
		violations:   i.counter("weir.violations"),
		refusals:     i.counter("weir.refusals"),
		inputSize:    i.counter("weir.input.size"),
		profilesSize: i.counter("weir.profiles.size"),
		latency:      i.histogram("weir.latency", 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 300),
		up:           i.gauge("weir.route.up"),
		watermark:    i.gauge("weir.watermark"),
		lag:          i.gauge("weir.lag"),
		info:         i.gauge("weir.contract.info"),
	}
	return m, i.err
}

// Records adds n records of one verdict: valid, dead, late_behind, late_ahead or tombstone. A dead letter without a
// contract has "" for contract and version.
func (m *GateMetrics) Records(ctx context.Context, route, contract, version, verdict string, n int64) {
	m.records.Add(ctx, n, with("route", route, "contract", contract, "version", version, "verdict", verdict))
}

// Violations adds n violations of one rule.
func (m *GateMetrics) Violations(ctx context.Context, route, contract, version, rule, severity string, n int64) {
	m.violations.Add(ctx, n, with("route", route, "contract", contract, "version", version, "rule", rule, "severity", severity))
}

// Refusals adds n records a broker would not take.
func (m *GateMetrics) Refusals(ctx context.Context, route string, n int64) {
	m.refusals.Add(ctx, n, with("route", route))
}

// InputSize adds bytes read.
func (m *GateMetrics) InputSize(ctx context.Context, route string, bytes int64) {
	m.inputSize.Add(ctx, bytes, with("route", route))
}

// ProfilesSize adds bytes of profiles written.
func (m *GateMetrics) ProfilesSize(ctx context.Context, contract string, bytes int64) {
	m.profilesSize.Add(ctx, bytes, with("contract", contract))
}

// Latency records the age of a record at its commit. One call per cycle and route, for the oldest record, is enough.
func (m *GateMetrics) Latency(ctx context.Context, route string, age time.Duration) {
	m.latency.Record(ctx, age.Seconds(), with("route", route))
}

// Route sets whether a route is running.
func (m *GateMetrics) Route(ctx context.Context, route string, state RouteState) {
	up := 0.0
	if state == Running {
		up = 1
	}
	m.up.Record(ctx, up, with("route", route))
}

// Watermark sets a source partition's watermark, in Unix milliseconds.
func (m *GateMetrics) Watermark(ctx context.Context, route string, partition int32, unixMilli int64) {
	m.watermark.Record(ctx, float64(unixMilli)/1000, withPartition(route, partition))
}

// Lag sets how many records of a source partition are still to be judged.
func (m *GateMetrics) Lag(ctx context.Context, route string, partition int32, records int64) {
	m.lag.Record(ctx, float64(records), withPartition(route, partition))
}

// Contract tells that a contract version is in use.
func (m *GateMetrics) Contract(ctx context.Context, contract, version, digest, status string) {
	m.info.Record(ctx, 1, with("contract", contract, "version", version, "digest", digest, "status", status))
}

// MonitorMetrics are stage 2's figures. Counts are added after a commit, never before.
type MonitorMetrics struct {
	Cycles
	windows, folded, findings   metric.Int64Counter
	closedUpTo, effect, numOpen metric.Float64Gauge
}

// NewMonitorMetrics makes stage 2's instruments.
func NewMonitorMetrics(p metric.MeterProvider) (*MonitorMetrics, error) {
	i := newInstruments(p)
	m := &MonitorMetrics{
		Cycles:     newCycles(i, "monitor"),
		windows:    i.counter("weir.windows.closed"),
		folded:     i.counter("weir.profiles.folded"),
		findings:   i.counter("weir.findings"),
		closedUpTo: i.gauge("weir.closed_up_to"),
		effect:     i.gauge("weir.drift.effect"),
		numOpen:    i.gauge("weir.findings.open"),
	}
	return m, i.err
}

// WindowsClosed adds n closed windows.
func (m *MonitorMetrics) WindowsClosed(ctx context.Context, contract string, partial bool, n int64) {
	m.windows.Add(ctx, n, metric.WithAttributeSet(attribute.NewSet(
		attribute.String("contract", contract), attribute.Bool("partial", partial))))
}

// ProfilesFolded adds n profile chunks.
func (m *MonitorMetrics) ProfilesFolded(ctx context.Context, contract string, n int64) {
	m.folded.Add(ctx, n, with("contract", contract))
}

// ClosedUpTo sets the end of the last closed window, in Unix milliseconds.
func (m *MonitorMetrics) ClosedUpTo(ctx context.Context, contract string, unixMilli int64) {
	m.closedUpTo.Record(ctx, float64(unixMilli)/1000, with("contract", contract))
}

// DriftEffect sets a watched column's effect in the last closed window.
func (m *MonitorMetrics) DriftEffect(ctx context.Context, contract, column, statistic string, effect float64) {
	m.effect.Record(ctx, effect, with("contract", contract, "column", column, "statistic", statistic))
}

// Findings adds n changes of findings: opened, worse or cleared.
func (m *MonitorMetrics) Findings(ctx context.Context, contract, rule, severity, transition string, n int64) {
	m.findings.Add(ctx, n, with("contract", contract, "rule", rule, "severity", severity, "transition", transition))
}

// FindingsOpen sets how many findings are open; zero is to be set too, or the last figure stays.
func (m *MonitorMetrics) FindingsOpen(ctx context.Context, contract, severity string, n int) {
	m.numOpen.Record(ctx, float64(n), with("contract", contract, "severity", severity))
}

// with is a set of text attributes, given as name, value, name, value.
func with(pairs ...string) metric.MeasurementOption {
	kvs := make([]attribute.KeyValue, 0, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		kvs = append(kvs, attribute.String(pairs[i], pairs[i+1]))
	}
	return metric.WithAttributeSet(attribute.NewSet(kvs...))
}

func withPartition(route string, partition int32) metric.MeasurementOption {
	return metric.WithAttributeSet(attribute.NewSet(
		attribute.String("route", route), attribute.Int("partition", int(partition))))
}
