package monitor

import (
	"context"
	"time"

	metricnoop "go.opentelemetry.io/otel/metric/noop"

	"weir/internal/contract"
	"weir/internal/telemetry"
)

// instruments are the monitor's metrics.
type instruments struct {
	*telemetry.MonitorMetrics
}

func newInstruments(c Config) (*instruments, error) {
	if c.Meter == nil {
		c.Meter = metricnoop.NewMeterProvider()
	}
	m, err := telemetry.NewMonitorMetrics(c.Meter)
	return &instruments{m}, err
}

// committed counts what a commit has made lasting: profile chunks by contract, and the findings now open.
func (i *instruments) committed(ctx context.Context, folded map[string]int64, states map[int32]*State) {
	for name, n := range folded {
		i.ProfilesFolded(ctx, name, n)
	}
	for _, st := range states {
		for name, b := range st.contracts {
			open := map[contract.Severity]int{contract.Error: 0, contract.Warning: 0, contract.Info: 0}
			for _, f := range b.head.Findings.Open {
				open[f.Severity]++
			}
			for severity, n := range open {
				i.FindingsOpen(ctx, name, string(severity), n)
			}
		}
	}
}

// closed counts one closed window, after its commit.
func (i *instruments) closed(ctx context.Context, c Closed) {
	i.WindowsClosed(ctx, c.Report.Contract, c.Report.Partial, 1)
	if end, err := time.Parse(time.RFC3339Nano, c.Report.Window.End); err == nil {
		i.ClosedUpTo(ctx, c.Report.Contract, end.UnixMilli())
	}
	for _, t := range c.Report.Tests {
		if t.Value != nil {
			i.DriftEffect(ctx, c.Report.Contract, t.Column, t.Statistic, *t.Value)
		}
	}
	for _, e := range c.Events {
		i.Findings(ctx, c.Report.Contract, e.Data.Rule, string(e.Data.Severity), string(e.Data.State), 1)
	}
}

// stuck shows contracts whose windows cannot be closed, and clears those that can again.
func (i *instruments) stuck(s *telemetry.Status, why map[string]string, names map[string]*watched) {
	for name := range names {
		if reason, ok := why[name]; ok {
			s.SetRoute("windows of "+name, telemetry.Waiting, reason)
		} else {
			s.SetRoute("windows of "+name, telemetry.Running, "")
		}
	}
}
