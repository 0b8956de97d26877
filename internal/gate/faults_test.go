package gate

import (
	"math"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/kafka"
	"weir/internal/window"
)

func TestTombstoneThatCannotBeForwardedBecomesADeadLetter(t *testing.T) {
	cat := testCatalog(t, nil)
	t.Run("refused by the broker", func(t *testing.T) {
		refused, rs := &Refusals{}, records("")
		o := Judge(cat, refused, in0, window.NoWatermark, rs, time.Time{})
		refused.learn(o.Produce[0], kerr.InvalidTimestamp)
		o = Judge(cat, refused, in0, window.NoWatermark, rs, time.Time{})
		if p := o.Produce[0]; !p.Dead || p.Record.Topic != "dead" {
			t.Errorf("got it on %s again, want it on dead", p.Record.Topic)
		}
	})
	t.Run("of a year that kgo cannot write", func(t *testing.T) {
		rs := records("")
		rs[0].Timestamp = time.Time{}
		o := Judge(cat, &Refusals{}, in0, window.NoWatermark, rs, clock("12:00"))
		if p := o.Produce[0]; !p.Dead || !kafka.TimestampOK(p.Record.Timestamp.UnixMilli()) {
			t.Errorf("got %s with timestamp %v, want a dead letter", p.Record.Topic, p.Record.Timestamp)
		}
	})
}

func TestProgressCoversOffsetsThatHoldNoRecord(t *testing.T) {
	s := &session{cat: testCatalog(t, nil), owned: map[kafka.Partition]*position{in0: {next: 3, watermark: window.NoWatermark}}}
	rs := records(reading("10:00"), reading("10:01")) // offsets 10 and 11: 3 to 9 were compacted or aborted
	o := s.judge(map[kafka.Partition][]*kgo.Record{in0: rs})[0]
	if o.From != 3 || o.Next != 12 {
		t.Errorf("got %d to %d, want 3 to 12", o.From, o.Next)
	}
}

// Without an event time the record's own timestamp places it, which can be anything a producer wrote.
func TestTimestampOfNoCalendarYearOpensNoWindow(t *testing.T) {
	cat := testCatalog(t, func(r *Route) {
		c := *r.Contract
		c.EventTime = ""
		r.Contract, r.Mode = &c, Observe
	})
	for _, ms := range []int64{math.MaxInt64, math.MaxInt64 - 7200001, math.MinInt64, math.MinInt64 + 1} {
		rs := records(reading("10:00"))
		rs[0].Timestamp = time.UnixMilli(ms)
		o := Judge(cat, &Refusals{}, in0, clock("11:00").UnixMilli(), rs, time.Time{})
		if got, want := fates(o), "11:00 ahead 1"; got != want || o.Watermark != clock("11:00").UnixMilli() {
			t.Errorf("timestamp %d: got %s and watermark %d, want %s", ms, got, o.Watermark, want)
		}
	}
}
