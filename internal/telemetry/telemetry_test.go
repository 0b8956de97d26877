package telemetry

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.opentelemetry.io/otel/metric"
	colmetric "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	coltrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	metricpb "go.opentelemetry.io/proto/otlp/metrics/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector is an OTLP/HTTP receiver.
type collector struct {
	*httptest.Server
	mu      sync.Mutex
	metrics []*metricpb.ResourceMetrics
	spans   []*tracepb.ResourceSpans
	errs    []error
}

// newCollector starts a receiver and points the environment at it.
func newCollector(t *testing.T) *collector {
	t.Helper()
	quietEnv(t)
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(c.receive))
	t.Cleanup(func() {
		c.Close()
		if err := errors.Join(c.errs...); err != nil {
			t.Errorf("receive: %v", err)
		}
	})
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", c.URL)
	return c
}

// quietEnv clears the variables a developer's shell may have.
func quietEnv(t *testing.T) {
	t.Helper()
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
		"OTEL_METRICS_EXPORTER", "OTEL_TRACES_EXPORTER", "OTEL_SDK_DISABLED", "OTEL_TRACES_SAMPLER", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
		"OTEL_EXPORTER_OTLP_PROTOCOL"} {
		t.Setenv(name, "")
	}
}

func (c *collector) receive(w http.ResponseWriter, r *http.Request) {
	body := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(body)
		if err != nil {
			c.fail(err)
			return
		}
		body = z
	}
	raw, err := io.ReadAll(body)
	if err != nil {
		c.fail(err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch r.URL.Path {
	case "/v1/metrics":
		var m colmetric.ExportMetricsServiceRequest
		c.errs = append(c.errs, proto.Unmarshal(raw, &m))
		c.metrics = append(c.metrics, m.ResourceMetrics...)
	case "/v1/traces":
		var s coltrace.ExportTraceServiceRequest
		c.errs = append(c.errs, proto.Unmarshal(raw, &s))
		c.spans = append(c.spans, s.ResourceSpans...)
	default:
		c.errs = append(c.errs, fmt.Errorf("asked for %s", r.URL.Path))
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (c *collector) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, err)
}

func setup(t *testing.T, c Config) *Telemetry {
	t.Helper()
	if c.LogTo == nil {
		c.LogTo = io.Discard
	}
	tel, err := Setup(t.Context(), c)
	if err != nil {
		t.Fatalf("Setup: %v", err)
	}
	return tel
}

func shutdown(t *testing.T, tel *Telemetry) {
	t.Helper()
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// writeAll uses every instrument once.
func writeAll(t *testing.T, p metric.MeterProvider) {
	t.Helper()
	ctx := t.Context()
	g, err := NewGateMetrics(p)
	if err != nil {
		t.Fatal(err)
	}
	m, err := NewMonitorMetrics(p)
	if err != nil {
		t.Fatal(err)
	}
	g.Records(ctx, "flights.raw", "flights", "1.0.0", "valid", 90)
	g.Records(ctx, "flights.raw", "flights", "1.0.0", "valid", 10)
	g.Records(ctx, "flights.raw", "", "", "dead", 1)
	g.Violations(ctx, "flights.raw", "flights", "1.0.0", "known-carrier", "error", 2)
	g.Refusals(ctx, "flights.raw", 1)
	g.InputSize(ctx, "flights.raw", 1000)
	g.ProfilesSize(ctx, "flights", 50)
	g.Cycle(ctx, Committed, 30*time.Millisecond)
	g.Latency(ctx, "flights.raw", time.Second)
	g.Route(ctx, "flights.raw", Running)
	g.Route(ctx, "orders.raw", Waiting)
	g.Watermark(ctx, "flights.raw", 3, 1_360_000_000_500)
	g.Lag(ctx, "flights.raw", 3, 12)
	g.Contract(ctx, "flights", "1.0.0", "sha256:5f", "active")
	m.Cycle(ctx, Aborted, time.Second)
	m.WindowsClosed(ctx, "flights", true, 1)
	m.ProfilesFolded(ctx, "flights", 7)
	m.ClosedUpTo(ctx, "flights", 1_360_000_000_000)
	m.DriftEffect(ctx, "flights", "/distance", "ks", 0.2)
	m.Findings(ctx, "flights", "distance-drift", "error", "opened", 1)
	m.FindingsOpen(ctx, "flights", "error", 1)
}

func scrape(t *testing.T, tel *Telemetry) string {
	t.Helper()
	w := httptest.NewRecorder()
	tel.Metrics.ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("/metrics: got %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestEveryInstrumentOfTheTableReachesPrometheusUnderItsName(t *testing.T) {
	quietEnv(t)
	tel := setup(t, Config{Version: "1.2.3", Instance: "one"})
	defer shutdown(t, tel)
	writeAll(t, tel.Meter)
	text := scrape(t, tel)
	for _, row := range Instruments() {
		name := strings.ReplaceAll(row.Name, ".", "_") + map[string]string{"By": "_bytes", "s": "_seconds"}[row.Unit]
		if row.Kind == Counter {
			name += "_total"
		}
		if !strings.Contains(text, "\n# HELP "+name+" "+row.Description+"\n") {
			t.Errorf("%s: got no HELP line for %s", row.Name, name)
		}
		var labels []string
		for line := range strings.SplitSeq(text, "\n") {
			if strings.HasPrefix(line, name) {
				labels = labelNames(line)
				break
			}
		}
		for want := range strings.SplitSeq(row.Attributes, ",") {
			if !slices.Contains(labels, want) {
				t.Errorf("%s: got labels %v, want %s", row.Name, labels, want)
			}
		}
	}
	for _, want := range []string{
		`weir_records_total{contract="flights",route="flights.raw",verdict="valid",version="1.0.0"} 100`,
		`weir_route_up{route="flights.raw"} 1`,
		`weir_route_up{route="orders.raw"} 0`,
		`weir_watermark_seconds{partition="3",route="flights.raw"} 1.3600000005e+09`,
		`weir_cycle_duration_seconds_count{outcome="committed",stage="gate"} 1`,
		`weir_input_size_bytes_total{route="flights.raw"} 1000`,
	} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("got no line %s", want)
		}
	}
}

func labelNames(line string) (names []string) {
	_, rest, _ := strings.Cut(line, "{")
	labels, _, _ := strings.Cut(rest, "}")
	for pair := range strings.SplitSeq(labels, ",") {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	return names
}

func TestMetricsPassThePrometheusLinter(t *testing.T) {
	quietEnv(t)
	tel := setup(t, Config{Version: "1.2.3", Instance: "one"})
	defer shutdown(t, tel)
	writeAll(t, tel.Meter)
	text := scrape(t, tel)
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatalf("lint: %v\n%s", err, text)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if !strings.Contains(text, `target_info{`) || !strings.Contains(text, `service_name="weir"`) {
		t.Errorf("got no target_info with service_name")
	}
}

func TestTwoSetupsInOneProcessDoNotMeet(t *testing.T) {
	quietEnv(t)
	a, b := setup(t, Config{}), setup(t, Config{})
	defer shutdown(t, a)
	defer shutdown(t, b)
	writeAll(t, a.Meter)
	if text := scrape(t, b); strings.Contains(text, "weir_records_total") {
		t.Error("the second setup shows the first one's records")
	}
}

func TestMetricsAndSpansArePushedWhenTheEnvironmentAsks(t *testing.T) {
	c := newCollector(t)
	tel := setup(t, Config{Version: "1.2.3", Instance: "one", Environment: "staging"})
	writeAll(t, tel.Meter)
	cycle(t, tel, nil)
	shutdown(t, tel)
	got := map[string]*metricpb.Metric{}
	for _, rm := range c.metrics {
		checkResource(t, rm.Resource)
		for _, sm := range rm.ScopeMetrics {
			for _, m := range sm.Metrics {
				got[m.Name] = m
			}
		}
	}
	for _, row := range Instruments() {
		m := got[row.Name]
		if m == nil || m.Unit != row.Unit || m.Description != row.Description {
			t.Errorf("%s: got %v, want unit %s and its description", row.Name, m, row.Unit)
			continue
		}
		is := map[Kind]bool{Counter: m.GetSum().GetIsMonotonic(), Gauge: m.GetGauge() != nil, Histogram: m.GetHistogram() != nil}
		if !is[row.Kind] {
			t.Errorf("%s: got %T, want a %s", row.Name, m.Data, row.Kind)
		}
	}
	if len(c.spans) != 1 {
		t.Fatalf("got %d batches of spans, want 1", len(c.spans))
	}
	checkResource(t, c.spans[0].Resource)
}

func checkResource(t *testing.T, r *resourcepb.Resource) {
	t.Helper()
	got := texts(r.Attributes)
	for key, want := range map[string]string{"service.name": "weir", "service.version": "1.2.3", "service.instance.id": "one", "deployment.environment.name": "staging"} {
		if got[key] != want {
			t.Errorf("resource %s: got %q, want %q", key, got[key], want)
		}
	}
}

func texts(kvs []*commonpb.KeyValue) map[string]string {
	out := map[string]string{}
	for _, kv := range kvs {
		switch v := kv.Value.Value.(type) {
		case *commonpb.AnyValue_StringValue:
			out[kv.Key] = v.StringValue
		case *commonpb.AnyValue_IntValue:
			out[kv.Key] = fmt.Sprint(v.IntValue)
		}
	}
	return out
}

func TestNothingIsPushedUnasked(t *testing.T) {
	for name, env := range map[string]map[string]string{
		"no variables": {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
		"SDK disabled": {"OTEL_SDK_DISABLED": "true"},
		"none":         {"OTEL_METRICS_EXPORTER": "none", "OTEL_TRACES_EXPORTER": "none"},
		"prometheus":   {"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_TRACES_EXPORTER": "none"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t)
			for k, v := range env {
				t.Setenv(k, v)
			}
			tel := setup(t, Config{})
			writeAll(t, tel.Meter)
			_, s := StartCycle(t.Context(), tel.Tracer, "t", "g", "c", 1)
			if s.WantsLinks() {
				t.Error("got a span that wants links, want none while nothing is exported")
			}
			s.End(Committed, nil)
			if !strings.Contains(scrape(t, tel), "weir_records_total") {
				t.Error("/metrics: got no records")
			}
			shutdown(t, tel)
			if len(c.metrics)+len(c.spans) != 0 {
				t.Errorf("got %d metrics, %d spans, want none", len(c.metrics), len(c.spans))
			}
		})
	}
}

func TestAnUnknownExporterIsNamed(t *testing.T) {
	quietEnv(t)
	t.Setenv("OTEL_TRACES_EXPORTER", "zipkinn")
	_, err := Setup(t.Context(), Config{LogTo: io.Discard})
	if err == nil || !strings.Contains(err.Error(), "OTEL_TRACES_EXPORTER") || !strings.Contains(err.Error(), "zipkinn") {
		t.Errorf("got %v, want the variable and its value named", err)
	}
}

func TestShutdownFlushesUnderACancelledContextAndSaysWhatItCouldNotSend(t *testing.T) {
	c := newCollector(t)
	ctx, cancel := context.WithCancel(t.Context())
	tel := setup(t, Config{})
	cycle(t, tel, nil)
	cancel()
	if err := tel.Shutdown(ctx); err != nil || len(c.spans) != 1 {
		t.Errorf("got %v and %d spans, want nil and 1", err, len(c.spans))
	}

	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
	tel = setup(t, Config{})
	cycle(t, tel, nil)
	begin := time.Now()
	if err := tel.Shutdown(t.Context()); err == nil || time.Since(begin) > flushTime+time.Second {
		t.Errorf("collector down: got %v after %s, want an error within %s", err, time.Since(begin), flushTime)
	}
}

func TestLogLinesAreTextOrJSONAboveTheLevel(t *testing.T) {
	quietEnv(t)
	for _, test := range []struct {
		config    Config
		want, not string
	}{
		{Config{LogText: true, LogLevel: slog.LevelInfo}, "INF ready route=orders", "\x1b["},
		{Config{LogText: true, LogColor: true, LogLevel: slog.LevelInfo}, "\x1b[", "fine"},
		{Config{LogLevel: slog.LevelInfo}, `"msg":"ready","route":"orders"`, "fine"},
		{Config{LogLevel: slog.LevelDebug}, `"msg":"fine"`, "\x1b["},
		{Config{LogLevel: slog.LevelError}, "", "ready"},
		{Config{LogText: true, LogLevel: slog.LevelDebug}, `red\nline`, "red\nline"},             // no value can forge a line,
		{Config{LogText: true, LogColor: true, LogLevel: slog.LevelDebug}, "red", "\x1b[31mred"}, // nor colour a terminal
	} {
		var out bytes.Buffer
		test.config.LogTo = &out
		tel := setup(t, test.config)
		tel.Log.Debug("fine")
		tel.Log.Info("ready", "route", "orders", "reason", "\x1b[31mred\nline", "error", errors.New("\x1b[31mred"))
		shutdown(t, tel)
		if got := out.String(); !strings.Contains(got, test.want) || strings.Contains(got, test.not) {
			t.Errorf("%+v: got %q, want %q in it and %q not", test.config, got, test.want, test.not)
		}
	}
}
