package telemetry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/lmittmann/tint"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel/attribute"
	promexporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// Config is what Setup needs to know. OTEL_* variables say the rest.
type Config struct {
	Version, Instance, Environment string

	LogTo    io.Writer
	LogLevel slog.Level
	LogText  bool // text lines instead of JSON
	LogColor bool // colours in text lines
}

// Telemetry is a process's means to tell about itself.
type Telemetry struct {
	Log     *slog.Logger
	Meter   metric.MeterProvider
	Tracer  trace.TracerProvider
	Metrics http.Handler // Prometheus and OpenMetrics text

	shutdown []func(context.Context) error
}

// Setup builds logger, meter and tracer. Metrics are pushed when OTEL_METRICS_EXPORTER names an exporter or an OTLP
// endpoint for them is set; traces likewise. OTEL_SDK_DISABLED=true leaves only the log.
func Setup(ctx context.Context, c Config) (*Telemetry, error) {
	t := &Telemetry{Log: newLog(c), Tracer: noop.NewTracerProvider()}
	res, err := newResource(ctx, c)
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	t.Metrics = promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorLog: slog.NewLogLogger(t.Log.Handler(), slog.LevelError), EnableOpenMetrics: true})
	disabled := strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true")
	if err := t.setupMeter(ctx, registry, res, disabled); err != nil {
		return nil, errors.Join(err, t.Shutdown(ctx))
	}
	if !disabled && asksFor("TRACES") {
		if err := t.setupTracer(ctx, res); err != nil {
			return nil, errors.Join(err, t.Shutdown(ctx))
		}
	}
	return t, nil
}

func newLog(c Config) *slog.Logger {
	if c.LogText {
		return slog.New(tint.NewTextHandler(c.LogTo, &tint.Options{Level: c.LogLevel, TimeFormat: time.TimeOnly, NoColor: !c.LogColor, ReplaceAttr: withoutControls}))
	}
	return slog.New(slog.NewJSONHandler(c.LogTo, &slog.HandlerOptions{Level: c.LogLevel}))
}

// withoutControls keeps escape sequences out of a terminal: values may hold what records, brokers or files say. The
// handler itself quotes line breaks.
func withoutControls(_ []string, a slog.Attr) slog.Attr {
	text := ""
	switch a.Value.Kind() {
	case slog.KindString:
		text = a.Value.String()
	case slog.KindAny:
		if _, isLevel := a.Value.Any().(slog.Level); isLevel {
			return a
		}
		text = fmt.Sprintf("%+v", a.Value.Any())
	default:
		return a
	}
	a.Value = slog.StringValue(strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || !unicode.IsControl(r):
			return r
		case r < ' ':
			return '\u2400' + r // Unicode's picture of the control character
		}
		return '?'
	}, text))
	return a
}

// newResource says who is speaking. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over weir's own values.
func newResource(ctx context.Context, c Config) (*resource.Resource, error) {
	own := []attribute.KeyValue{semconv.ServiceName("weir"), semconv.ServiceVersion(c.Version), semconv.ServiceInstanceID(c.Instance)}
	if c.Environment != "" {
		own = append(own, semconv.DeploymentEnvironmentNameKey.String(c.Environment))
	}
	res, err := resource.New(ctx, resource.WithSchemaURL(semconv.SchemaURL), resource.WithTelemetrySDK(),
		resource.WithAttributes(own...), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("describe this process for OpenTelemetry (OTEL_RESOURCE_ATTRIBUTES): %w", err)
	}
	return res, nil
}

func (t *Telemetry) setupMeter(ctx context.Context, registry *prometheus.Registry, res *resource.Resource, disabled bool) error {
	reader, err := promexporter.New(promexporter.WithRegisterer(registry), promexporter.WithoutScopeInfo())
	if err != nil {
		return fmt.Errorf("set up metrics: %w", err)
	}
	options := []sdkmetric.Option{sdkmetric.WithResource(res), sdkmetric.WithReader(reader)}
	// "prometheus" asks for what /metrics serves already; autoexport would open a second port for it.
	if !disabled && asksFor("METRICS") && os.Getenv("OTEL_METRICS_EXPORTER") != "prometheus" {
		push, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return fmt.Errorf("set up the export of metrics (OTEL_METRICS_EXPORTER=%s, OTEL_EXPORTER_OTLP_*): %w", os.Getenv("OTEL_METRICS_EXPORTER"), err)
		}
		options = append(options, sdkmetric.WithReader(push))
	}
	meter := sdkmetric.NewMeterProvider(options...)
	t.Meter = meter
	t.shutdown = append(t.shutdown, meter.Shutdown)
	return nil
}

// setupTracer exports spans in batches; the sampler is OTEL_TRACES_SAMPLER's.
func (t *Telemetry) setupTracer(ctx context.Context, res *resource.Resource) error {
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return fmt.Errorf("set up the export of traces (OTEL_TRACES_EXPORTER=%s, OTEL_EXPORTER_OTLP_*): %w", os.Getenv("OTEL_TRACES_EXPORTER"), err)
	}
	if autoexport.IsNoneSpanExporter(exporter) {
		return nil
	}
	tracer := sdktrace.NewTracerProvider(sdktrace.WithResource(res), sdktrace.WithBatcher(exporter))
	t.Tracer = tracer
	t.shutdown = append(t.shutdown, tracer.Shutdown)
	return nil
}

// asksFor says whether the environment wants a signal ("METRICS", "TRACES") exported.
func asksFor(signal string) bool {
	for _, name := range []string{"OTEL_" + signal + "_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_" + signal + "_ENDPOINT"} {
		if v := os.Getenv(name); v != "" {
			return !strings.EqualFold(v, "none")
		}
	}
	return false
}

// Shutdown sends what has not been sent and ends the exporters, in flushTime at most. That the context has been
// cancelled does not matter: a drained process still tells its last figures.
func (t *Telemetry) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTime)
	defer cancel()
	var errs []error
	for _, f := range t.shutdown {
		errs = append(errs, f(ctx))
	}
	t.shutdown = nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("send the last metrics and traces: %w", err)
	}
	return nil
}

// flushTime bounds Shutdown: a collector that is down must not hold up the end of a process.
const flushTime = 5 * time.Second
