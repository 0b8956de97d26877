package main

import (
	"slices"
	"strings"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"weir/internal/gate"
	"weir/internal/kafkatest"
	"weir/internal/monitor"
	"weir/internal/telemetry"
)

// TestEveryMetricOfTheTableIsWritten runs both stages and wants every metric that their table promises, but for those
// of events that did not happen: a refused record, a finding, a comparison with a baseline.
func TestEveryMetricOfTheTableIsWritten(t *testing.T) {
	s := newSite(t, kafkatest.Fake(t))
	reader := sdkmetric.NewManualReader()
	meter := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	routes := []gate.Route{s.route("in", 1, false)}
	s.put("in", 0, 3)
	err := gate.Run(t.Context(), gate.Config{Kafka: s.cluster.Config(), Group: s.group, Instance: "i", UntilEnd: true, Routes: routes, Meter: meter})
	if err != nil {
		t.Fatal(err)
	}
	until := make(chan struct{})
	close(until)
	err = monitor.Run(t.Context(), monitor.Config{
		Kafka: s.cluster.Config(), Group: s.group, Instance: "i", Until: until, Meter: meter,
		Sources: []monitor.Source{{Topic: "in", Contract: s.readings}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	var names []string
	stages := ""
	for _, scope := range got.ScopeMetrics {
		for _, m := range scope.Metrics {
			names = append(names, m.Name)
			if cycles, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "weir.cycles" {
				for _, p := range cycles.DataPoints {
					stage, _ := p.Attributes.Value("stage")
					stages += stage.AsString() + " "
				}
			}
		}
	}
	events := []string{"weir.violations", "weir.refusals", "weir.findings", "weir.drift.effect"}
	for _, row := range telemetry.Instruments() {
		if !slices.Contains(names, row.Name) && !slices.Contains(events, row.Name) {
			t.Errorf("%s is in the table and was never written", row.Name)
		}
	}
	if !strings.Contains(stages, "gate") || !strings.Contains(stages, "monitor") {
		t.Errorf("cycles of %q, want of both stages", stages)
	}
}
