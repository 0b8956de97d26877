// Package monitor is stage 2: it reads the profiles and progress that gates wrote, adds them up per window, closes
// windows when every source has passed them, compares each closed window with the contract and its baseline, and
// writes reports, events and its own state in one transaction with its offsets. It reads no record of the user's.
package monitor

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"weir/internal/contract"
	"weir/internal/drift"
	"weir/internal/kafka"
	"weir/internal/profile"
	"weir/internal/telemetry"
)

// Source is one input topic of a contract, as the routes say.
type Source struct {
	Topic    string
	Contract *contract.Contract
	Baseline *profile.Baseline // nil: windows are reported, not compared
}

// Config shapes a monitor.
type Config struct {
	Kafka       kafka.Config
	Group       string
	Instance    string
	Environment string
	Sources     []Source
	// Versions are further versions of the sources' contracts, with their baselines: windows that were opened under
	// them before an upgrade are still to be judged.
	Versions []Source
	// AcceptGaps goes on with contracts that a gap or overlap in their sources' progress has stopped: somebody has
	// looked at the offsets and knows that records were skipped or counted twice.
	AcceptGaps bool

	CommitInterval time.Duration // state is written at least so often while it changes, default 1 s

	// Until, once closed, makes Run return when the group has committed the end of the profiles topic; nil: never.
	Until <-chan struct{}

	Log     *slog.Logger
	Meter   metric.MeterProvider
	Tracer  trace.TracerProvider
	Status  *telemetry.Status
	OnClose func(*drift.Report, []drift.Event) // called after the commit of each closed window; may be nil
}

func (c Config) withDefaults() Config {
	c.CommitInterval = cmp.Or(c.CommitInterval, time.Second)
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	c.Status = cmp.Or(c.Status, telemetry.NewStatus())
	return c
}

func (c Config) validate() error {
	if c.Group == "" || c.Instance == "" {
		return errors.New("monitor: group and instance are required")
	}
	_, err := NewCatalog(c.Sources, c.Versions, c.Environment)
	return err
}

// Catalog is what closing a window needs to know: contracts by version, baselines and input topics by contract name.
type Catalog struct {
	environment string
	names       map[string]*watched
}

// watched is everything under one contract name.
type watched struct {
	topics    []string // sorted
	versions  map[contract.Digest]*contract.Contract
	baselines map[contract.Digest]*profile.Baseline
	latest    *contract.Contract // the version listed last; judges windows without any record
}

// NewCatalog indexes the sources, and further versions of their contracts. Versions of one contract that are in use
// must cut windows alike, because they share them.
func NewCatalog(sources, versions []Source, environment string) (*Catalog, error) {
	c := &Catalog{environment: environment, names: map[string]*watched{}}
	for _, s := range sources {
		w := c.names[s.Contract.Name]
		if w == nil {
			w = &watched{versions: map[contract.Digest]*contract.Contract{}, baselines: map[contract.Digest]*profile.Baseline{}}
			c.names[s.Contract.Name] = w
		}
		if w.latest != nil && !sameWindows(w.latest, s.Contract) {
			return nil, fmt.Errorf("contracts %s and %s cut windows differently; give one of them a group of its own", w.latest.ID, s.Contract.ID)
		}
		w.versions[s.Contract.Digest], w.latest = s.Contract, s.Contract
		if s.Baseline != nil {
			w.baselines[s.Contract.Digest] = s.Baseline
		}
		if !slices.Contains(w.topics, s.Topic) {
			w.topics = append(w.topics, s.Topic)
			slices.Sort(w.topics)
		}
	}
	for _, v := range versions {
		if w := c.names[v.Contract.Name]; w != nil && w.versions[v.Contract.Digest] == nil {
			w.versions[v.Contract.Digest] = v.Contract
			if v.Baseline != nil {
				w.baselines[v.Contract.Digest] = v.Baseline
			}
		}
	}
	return c, nil
}

func sameWindows(a, b *contract.Contract) bool {
	return a.Window.Size == b.Window.Size && a.Window.Zone.String() == b.Window.Zone.String() && a.Window.Lateness == b.Window.Lateness
}
