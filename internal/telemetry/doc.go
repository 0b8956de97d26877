// Package telemetry sets up what weir tells about itself: log lines (slog), metrics and traces (OpenTelemetry), and
// the health that probes ask for. In go a few settings and the standard OTEL_* variables, out comes one Telemetry
// whose parts are handed on; nothing global is touched. Metrics are always readable at /metrics; metrics and traces
// are pushed only where a variable asks for it. It knows nothing of Kafka clients, contracts or windows.
package telemetry
