// Package gate is stage 1: it reads the input topics of its routes, judges every record against the route's
// contract, and in one Kafka transaction per cycle writes valid records to the output, rejected ones to the
// dead letters, the window profiles and the progress of its sources to the profiles topic, and its offsets.
// It compares nothing with a baseline and closes no window: that is stage 2.
package gate

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"weir/internal/contract"
	"weir/internal/kafka"
	"weir/internal/profile"
	"weir/internal/telemetry"
	"weir/internal/validate"
)

// Mode is what a route does to the records that pass through it.
type Mode string

const (
	Observe Mode = "observe" // read only: profiles and counts, nothing of the user's is written
	Mark    Mode = "mark"    // forward everything; invalid records carry a verdict header
	Enforce Mode = "enforce" // forward valid records, the others become dead letters
)

// Headers that weir appends to forwarded records.
const (
	ContractHeader = "weir.contract" // "flights@1.2.0", on every record that was checked and forwarded
	VerdictHeader  = "weir.verdict"  // "invalid known-carrier,distance-type", on invalid records in mode mark
)

// Route is one input topic under one contract.
type Route struct {
	Name             string // default Input
	Input            string
	Contract         *contract.Contract
	Baseline         *profile.Baseline // nil: the default grid
	Mode             Mode              // default Observe
	Output           string            // Mark and Enforce
	DeadLetters      string            // Enforce
	RejectTombstones bool              // default: a null value is forwarded as it came
	UnknownFields    validate.UnknownFields
	Annotate         bool          // append ContractHeader to valid records
	Latest           bool          // begin at the end of the input instead of its beginning
	IdleTimeout      time.Duration // default 30 s: a drained partition without valid records for so long is idle
	MaxFuture        time.Duration // default 1 h: an event time further ahead of its record's timestamp moves no watermark
	MaxRecordBytes   int           // default 1 MiB

	// Doubt sends values to the library that the fast path could decide: see validate.Options. Only tests set it.
	Doubt func() bool
}

// Config shapes a gate.
type Config struct {
	Kafka    kafka.Config
	Group    string
	Instance string // names this process within the group; stable over restarts
	Sessions int    // transactional sessions in this process, default 1
	Routes   []Route

	MaxRecords     int           // per cycle, default 5,000
	CommitInterval time.Duration // commits are at least so far apart, default 50 ms
	RetryAside     time.Duration // the longest that a route that cannot proceed is left alone between two tries, default 10 s

	// UntilEnd makes the run bounded: each partition is read up to the end it had when first owned, declared
	// ended, and Run returns once the group has committed the end of every partition.
	UntilEnd bool

	Log      *slog.Logger
	Meter    metric.MeterProvider
	Tracer   trace.TracerProvider
	Status   *telemetry.Status
	OnCommit func(Stats) // called after each commit, from the session's goroutine; may be nil
}

// Stats are the records of one committed cycle.
type Stats struct {
	Records, Valid, Dead, Late, Tombstones int
	Watermark                              int64          // largest event time seen on any partition of the cycle, Unix ms
	Counts                                 profile.Counts // the same records by rule, with examples
}

func (c Config) withDefaults() Config {
	c.Sessions = cmp.Or(c.Sessions, 1)
	c.MaxRecords = cmp.Or(c.MaxRecords, 5000)
	c.CommitInterval = cmp.Or(c.CommitInterval, 50*time.Millisecond)
	c.RetryAside = cmp.Or(c.RetryAside, 10*time.Second)
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	c.Status = cmp.Or(c.Status, telemetry.NewStatus())
	return c
}

func (r Route) withDefaults() Route {
	r.Name = cmp.Or(r.Name, r.Input)
	r.Mode = cmp.Or(r.Mode, Observe)
	r.UnknownFields = cmp.Or(r.UnknownFields, validate.Allow)
	r.IdleTimeout = cmp.Or(r.IdleTimeout, 30*time.Second)
	r.MaxFuture = cmp.Or(r.MaxFuture, time.Hour)
	return r
}

// validate reports every fault of the configuration at once.
func (c Config) validate() error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Group == "" || c.Instance == "" {
		fault("gate: group and instance are required")
	}
	if len(c.Routes) == 0 {
		fault("gate: no route")
	}
	inputs := map[string]bool{}
	for _, r := range c.Routes {
		switch {
		case r.Input == "" || r.Contract == nil:
			fault("gate: route %q: input and contract are required", r.Name)
		case inputs[r.Input]:
			fault("gate: route %q: topic %s is the input of two routes", r.Name, r.Input)
		case r.Mode != Observe && r.Output == "":
			fault("gate: route %q: mode %s needs an output", r.Name, r.Mode)
		case r.Mode == Enforce && r.DeadLetters == "":
			fault("gate: route %q: mode enforce needs a dead-letter topic", r.Name)
		}
		inputs[r.Input] = true
	}
	return errors.Join(errs...)
}
