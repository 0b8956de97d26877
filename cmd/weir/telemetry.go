package main

import (
	"context"

	"go.opentelemetry.io/otel"

	"weir/internal/config"
	"weir/internal/telemetry"
)

// startTelemetry sets up log, metrics and traces as the configuration and OTEL_* say; the log goes to stderr. The
// caller calls Shutdown when its work has ended. It also gives OpenTelemetry's one process-wide hook, the handler
// of export errors, to the log: the SDK would otherwise write lines of its own between ours.
func (a *app) startTelemetry(ctx context.Context, c *config.Config) (*telemetry.Telemetry, error) {
	text := c.Telemetry.LogFormat == config.LogText || c.Telemetry.LogFormat == config.LogAuto && isTerminal(a.stderr)
	t, err := telemetry.Setup(ctx, telemetry.Config{
		Version: version(), Instance: c.Instance, Environment: c.Environment,
		LogTo: a.stderr, LogLevel: c.Telemetry.LogLevel, LogText: text, LogColor: hasColor(a.stderr),
	})
	if err != nil {
		return nil, err
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { t.Log.Warn("export of metrics or traces", "error", err) }))
	return t, nil
}
