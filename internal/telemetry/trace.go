package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
)

// maxLinks is how many records' traces one span names: the default link limit of OpenTelemetry SDKs.
const maxLinks = 128

// CycleSpan is the span of one cycle over one topic.
type CycleSpan struct {
	span  trace.Span
	links int
	seen  map[trace.SpanID]bool // producers put one context into many records
}

// StartCycle begins the span "process <topic>" of a batch taken from topic, kind consumer, with attributes as
// OpenTelemetry's messaging conventions (v1.43) name them. A batch has many producers, hence links and no parent.
func StartCycle(ctx context.Context, t trace.TracerProvider, topic, group, clientID string, records int) (context.Context, *CycleSpan) {
	ctx, span := t.Tracer("weir", trace.WithSchemaURL(semconv.SchemaURL)).Start(ctx, "process "+topic,
		trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(
			semconv.MessagingSystemKafka,
			semconv.MessagingOperationName("process"),
			semconv.MessagingOperationTypeProcess,
			semconv.MessagingDestinationName(topic),
			semconv.MessagingConsumerGroupName(group),
			semconv.MessagingClientID(clientID),
			semconv.MessagingBatchMessageCount(records),
		))
	return ctx, &CycleSpan{span: span, seen: map[trace.SpanID]bool{}}
}

// WantsLinks says whether another record's trace context is of use: callers stop looking through headers when it is
// false, which is always the case while traces are not exported. Records that broke a rule should be linked first.
func (s *CycleSpan) WantsLinks() bool { return s.links < maxLinks && s.span.IsRecording() }

// Link links the span to the trace a record brought along in its headers traceparent and tracestate. Texts that are
// no trace context are passed over. The record is only read.
func (s *CycleSpan) Link(traceparent, tracestate string) {
	if !s.WantsLinks() || traceparent == "" {
		return
	}
	carrier := propagation.MapCarrier{"traceparent": traceparent, "tracestate": tracestate}
	sc := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), carrier))
	if !sc.IsValid() || s.seen[sc.SpanID()] {
		return
	}
	s.seen[sc.SpanID()] = true
	s.links++
	s.span.AddLink(trace.Link{SpanContext: sc})
}

// End ends the span with the cycle's outcome. err is nil after a commit and after a harmless abort.
func (s *CycleSpan) End(o Outcome, err error) {
	s.span.SetAttributes(attribute.String("weir.outcome", string(o)))
	if err != nil {
		s.span.SetAttributes(semconv.ErrorType(err))
		s.span.SetStatus(codes.Error, err.Error())
	}
	s.span.End()
}
