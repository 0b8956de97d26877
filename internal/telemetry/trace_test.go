package telemetry

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
)

// cycle runs one cycle's span with links to the given trace contexts.
func cycle(t *testing.T, tel *Telemetry, parents []string) {
	t.Helper()
	_, s := StartCycle(t.Context(), tel.Tracer, "flights.raw", "weir-test", "weir-1", 500)
	for _, p := range parents {
		s.Link(p, "vendor=1")
	}
	s.End(Committed, nil)
}

// theSpan is the only span a collector got.
func theSpan(t *testing.T, c *collector) *tracepb.Span {
	t.Helper()
	if len(c.spans) != 1 || len(c.spans[0].ScopeSpans) != 1 || len(c.spans[0].ScopeSpans[0].Spans) != 1 {
		t.Fatalf("got %v, want one span", c.spans)
	}
	return c.spans[0].ScopeSpans[0].Spans[0]
}

func TestACycleSpanNamesTheBatchAndLinksItsRecords(t *testing.T) {
	c := newCollector(t)
	tel := setup(t, Config{})
	const one, two = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203332-00"
	cycle(t, tel, []string{one, one, "", "rubbish", "00-00000000000000000000000000000000-b7ad6b7169203331-01", two})
	shutdown(t, tel)
	s := theSpan(t, c)
	if s.Name != "process flights.raw" || s.Kind != tracepb.Span_SPAN_KIND_CONSUMER || len(s.ParentSpanId) != 0 {
		t.Errorf("got %q, %v, parent %x; want process flights.raw, consumer, none", s.Name, s.Kind, s.ParentSpanId)
	}
	got := texts(s.Attributes)
	for key, want := range map[string]string{
		"messaging.system": "kafka", "messaging.operation.name": "process", "messaging.operation.type": "process",
		"messaging.destination.name": "flights.raw", "messaging.consumer.group.name": "weir-test", "messaging.client.id": "weir-1",
		"messaging.batch.message_count": "500", "weir.outcome": "committed",
	} {
		if got[key] != want {
			t.Errorf("%s: got %q, want %q", key, got[key], want)
		}
	}
	var links []string
	for _, l := range s.Links {
		links = append(links, fmt.Sprintf("00-%x-%x", l.TraceId, l.SpanId))
	}
	if want := []string{one[:52], two[:52]}; !slices.Equal(links, want) {
		t.Errorf("links: got %v, want %v", links, want)
	}
}

func TestACycleSpanHasAtMost128Links(t *testing.T) {
	c := newCollector(t)
	tel := setup(t, Config{})
	var parents []string
	for i := range 300 {
		parents = append(parents, fmt.Sprintf("00-0af7651916cd43dd8448eb211c80319c-%016x-01", i+1))
	}
	cycle(t, tel, parents)
	shutdown(t, tel)
	if s := theSpan(t, c); len(s.Links) != 128 || s.DroppedLinksCount != 0 {
		t.Errorf("got %d links, %d dropped, want 128, 0", len(s.Links), s.DroppedLinksCount)
	}
}

func TestAFailedCycleSpanSaysWhy(t *testing.T) {
	c := newCollector(t)
	tel := setup(t, Config{})
	_, s := StartCycle(t.Context(), tel.Tracer, "flights.raw", "g", "c", 1)
	s.End(Unknown, errors.New("end transaction: connection reset"))
	shutdown(t, tel)
	got := theSpan(t, c)
	if got.Status.GetCode() != tracepb.Status_STATUS_CODE_ERROR || got.Status.GetMessage() != "end transaction: connection reset" ||
		texts(got.Attributes)["error.type"] == "" || texts(got.Attributes)["weir.outcome"] != "unknown" {
		t.Errorf("got %v", got)
	}
}

func TestTheSamplerIsTheEnvironments(t *testing.T) {
	c := newCollector(t)
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	tel := setup(t, Config{})
	cycle(t, tel, nil)
	shutdown(t, tel)
	if len(c.spans) != 0 {
		t.Errorf("got %v, want no span", c.spans)
	}
}
