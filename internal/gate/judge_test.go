package gate

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/contract"
	"weir/internal/kafka"
	"weir/internal/profile"
	"weir/internal/window"
)

var in0 = kafka.Partition{Topic: "in", Partition: 0}

func testRoute(t *testing.T, change func(*Route)) Route {
	t.Helper()
	c, err := contract.Load("testdata/readings.odcs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r := Route{Input: "in", Contract: c, Mode: Enforce, Output: "out", DeadLetters: "dead", Annotate: true}
	if change != nil {
		change(&r)
	}
	return r
}

func testCatalog(t *testing.T, change func(*Route)) *Catalog {
	t.Helper()
	cat, err := NewCatalog([]Route{testRoute(t, change)})
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

// records makes consecutive records of partition in/0 from their values; "" is a tombstone.
func records(values ...string) (rs []*kgo.Record) {
	for i, v := range values {
		r := &kgo.Record{Topic: "in", Offset: int64(10 + i), Timestamp: clock("12:00"), Key: []byte{'k'}}
		if v != "" {
			r.Value = []byte(v)
		}
		rs = append(rs, r)
	}
	return rs
}

func clock(hm string) time.Time {
	at, err := time.Parse(time.RFC3339, "2013-02-08T"+hm+":00Z")
	if err != nil {
		panic(err)
	}
	return at
}

func reading(hm string) string {
	return fmt.Sprintf(`{"at":%q,"v":1}`, clock(hm).Format(time.RFC3339))
}

// fates draws an outcome's counts, a line per window: "10:00 valid 2 dead 1".
func fates(o Outcome) string {
	var lines []string
	for k, p := range o.Profiles {
		at := "unplaced"
		if k.Window != window.Unplaced {
			at = time.UnixMilli(k.Window.Start).UTC().Format("15:04")
		}
		c := p.Counts
		for _, n := range []struct {
			name string
			n    uint64
		}{{"valid", c.Valid}, {"dead", c.Dead}, {"behind", c.LateBehind}, {"ahead", c.LateAhead}, {"tombstones", c.Tombstones}} {
			if n.n > 0 {
				at += fmt.Sprintf(" %s %d", n.name, n.n)
			}
		}
		lines = append(lines, at)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestRecordsAreCountedByTheirPartitionsWatermarkAtTheirOffset(t *testing.T) {
	for _, c := range []struct {
		name   string
		mark   int64
		values []string
		want   string
	}{
		{"valid records go to the window of their event time", window.NoWatermark,
			[]string{reading("10:05"), reading("11:00"), reading("10:59")}, "10:00 valid 2\n11:00 valid 1"},
		{"a record is late only once its window's end and lateness have passed", clock("10:00").UnixMilli(),
			[]string{reading("11:09"), reading("10:30"), reading("11:10"), reading("10:30")}, "10:00 valid 1\n11:00 valid 2 behind 1"},
		{"an invalid record moves no watermark", clock("10:00").UnixMilli(),
			[]string{`{"at":"2013-02-08T11:30:00Z","v":101}`, reading("10:30")}, "10:00 valid 1 dead 1"},
		{"dead letters before any watermark wait for a window", window.NoWatermark,
			[]string{"{", reading("10:05"), "{"}, "10:00 valid 1 dead 1\nunplaced dead 1"},
		{"an event time too far ahead of its record's timestamp moves no watermark", clock("11:00").UnixMilli(),
			[]string{reading("13:01"), reading("13:00")}, "11:00 ahead 1\n13:00 valid 1"},
		{"tombstones are counted where the watermark is", clock("11:00").UnixMilli(), []string{"", ""}, "11:00 tombstones 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := Judge(testCatalog(t, nil), &Refusals{}, in0, c.mark, records(c.values...), time.Time{})
			if got := fates(o); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			if got, want := o.Stats.Records, len(c.values); got != want || int(o.Next-o.From) != want {
				t.Errorf("records and offsets: got %d and %d, want %d", got, o.Next-o.From, want)
			}
		})
	}
}

func TestOutcomeDoesNotDependOnWhereACycleIsCut(t *testing.T) {
	values := []string{"{", reading("10:05"), reading("11:30"), `{"v":3}`, reading("10:20"), "", reading("14:00"),
		reading("11:50"), `{"at":"2013-02-08T11:55:00Z","soft":"c"}`, reading("12:10"), `{"at":1}`}
	whole := map[profile.Key]*profile.Profile{}
	judgeIn(t, whole, values, len(values))
	for size := 1; size < len(values); size++ {
		parts := map[profile.Key]*profile.Profile{}
		judgeIn(t, parts, values, size)
		if len(parts) != len(whole) {
			t.Fatalf("cycles of %d: %d profiles, want %d", size, len(parts), len(whole))
		}
		for k, p := range whole {
			got, want := parts[k].Encode(1<<20), p.Encode(1<<20)
			if !bytes.Equal(got[0], want[0]) {
				t.Errorf("cycles of %d: profile of %v differs", size, k.Window)
			}
		}
	}
}

// judgeIn judges values in cycles of a size, handing the watermark on, and sums the profiles.
func judgeIn(t *testing.T, sum map[profile.Key]*profile.Profile, values []string, size int) {
	t.Helper()
	cat, mark := testCatalog(t, nil), int64(window.NoWatermark)
	for cycle := range slices.Chunk(records(values...), size) {
		o := Judge(cat, &Refusals{}, in0, mark, cycle, time.Time{})
		mark = o.Watermark
		for k, p := range o.Profiles {
			if sum[k] == nil {
				sum[k] = p
			} else if err := sum[k].Merge(p); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestForwardedRecordsKeepEverything(t *testing.T) {
	src := records(reading("10:05"))[0]
	src.Headers = []kgo.RecordHeader{{Key: "traceparent", Value: []byte("00-x")}, {Key: ContractHeader, Value: []byte("forged")}}
	src.Headers = append(make([]kgo.RecordHeader, 0, 8), src.Headers...) // spare capacity: appending must not write into it
	o := Judge(testCatalog(t, nil), &Refusals{}, in0, window.NoWatermark, []*kgo.Record{src}, time.Time{})
	out := o.Produce[0].Record
	if out.Topic != "out" || out.Partition != src.Partition || !out.Timestamp.Equal(src.Timestamp) ||
		!bytes.Equal(out.Key, src.Key) || !bytes.Equal(out.Value, src.Value) {
		t.Errorf("got %+v, want the input's key, value, timestamp and partition", out)
	}
	var names []string
	for _, h := range out.Headers {
		names = append(names, h.Key+"="+string(h.Value))
	}
	if got, want := strings.Join(names, " "), "traceparent=00-x weir.contract=forged weir.contract=readings@1.0.0"; got != want {
		t.Errorf("headers: got %s, want %s", got, want)
	}
	if len(src.Headers) != 2 || src.Headers[:3][2].Key != "" {
		t.Error("the input record's headers were written to")
	}
}

func TestTombstonesStayNullAndUnannotated(t *testing.T) {
	o := Judge(testCatalog(t, nil), &Refusals{}, in0, window.NoWatermark, records(""), time.Time{})
	if r := o.Produce[0].Record; r.Topic != "out" || r.Value != nil || len(r.Headers) != 0 {
		t.Errorf("got %+v, want a null value without headers on out", r)
	}
	o = Judge(testCatalog(t, func(r *Route) { r.RejectTombstones = true }), &Refusals{}, in0, window.NoWatermark, records(""), time.Time{})
	if r := o.Produce[0].Record; r.Topic != "dead" || r.Value != nil {
		t.Errorf("rejected tombstone: got %+v, want a null value on dead", r)
	}
}

func TestModesDifferOnlyInWhatIsWritten(t *testing.T) {
	values := []string{reading("10:05"), "{", `{"at":"2013-02-08T10:06:00Z","v":101,"soft":"c"}`, ""}
	written := map[Mode]string{
		Observe: "",
		Mark:    "out out[json-truncated] out[v-maximum] out",
		Enforce: "out dead dead out",
	}
	var first Outcome
	for i, mode := range []Mode{Observe, Mark, Enforce} {
		o := Judge(testCatalog(t, func(r *Route) { r.Mode = mode }), &Refusals{}, in0, window.NoWatermark, records(values...), time.Time{})
		var got []string
		for _, p := range o.Produce {
			text := p.Record.Topic
			for _, h := range p.Record.Headers {
				if h.Key == VerdictHeader {
					text += "[" + strings.TrimPrefix(string(h.Value), "invalid ") + "]"
				}
			}
			got = append(got, text)
		}
		if got, want := strings.Join(got, " "), written[mode]; got != want {
			t.Errorf("%s: wrote %q, want %q", mode, got, want)
		}
		if i == 0 {
			first = o
			continue
		}
		if got, want := fates(o), fates(first); got != want {
			t.Errorf("%s counts\n%s\nwant what observe counts\n%s", mode, got, want)
		}
	}
	if got, want := first.Counts.DeadBy, map[string]uint64{"json-truncated": 1, "v-maximum": 1}; !maps.Equal(got, want) {
		t.Errorf("dead by rule: got %v, want %v", got, want)
	}
	if got, want := first.Counts.Examples["v-maximum"], []profile.Coordinate{{Topic: "in", Offset: 12}}; !slices.Equal(got, want) {
		t.Errorf("examples: got %v, want %v", got, want)
	}
}

func TestWarningsForwardAndCount(t *testing.T) {
	o := Judge(testCatalog(t, nil), &Refusals{}, in0, window.NoWatermark, records(`{"at":"2013-02-08T10:06:00Z","soft":"c"}`), time.Time{})
	if got := o.Produce[0].Record.Topic; got != "out" {
		t.Errorf("got a record on %s, want it on out", got)
	}
	if got, want := o.Counts.WarnedBy, map[string]uint64{"known-soft": 1}; !maps.Equal(got, want) {
		t.Errorf("warned by rule: got %v, want %v", got, want)
	}
}

func TestTimestampsThatCannotBeCarriedMakeDeadLetters(t *testing.T) {
	rs := records(reading("10:05"))
	rs[0].Timestamp = time.UnixMilli(253402300799999) // the end of the year 9999
	o := Judge(testCatalog(t, nil), &Refusals{}, in0, window.NoWatermark, rs, clock("12:00"))
	if p := o.Produce[0]; !p.Dead || o.Counts.DeadBy["timestamp-range"] != 1 {
		t.Errorf("got %+v, want a dead letter for timestamp-range", p.Record)
	}
}

func TestRefusedRecordsGoDownTheLadder(t *testing.T) {
	cat, refused := testCatalog(t, nil), &Refusals{}
	rs := records(reading("10:05"), reading("10:06"))
	judge := func() Outcome {
		return Judge(cat, refused, in0, window.NoWatermark, rs, clock("12:00"))
	}
	o := judge()
	if !refused.learn(o.Produce[1], kerr.MessageTooLarge) {
		t.Fatal("an output refused for size has no other form")
	}
	o = judge()
	if !o.Produce[1].Dead || o.Produce[0].Dead || o.Counts.DeadBy["refused-by-broker"] != 1 {
		t.Fatalf("got %+v, want the second record alone as a dead letter", o.Counts)
	}
	full := len(o.Produce[1].Record.Value) + headerBytes(o.Produce[1].Record)
	for refused.learn(o.Produce[1], kerr.MessageTooLarge) {
		o = judge()
		if n := len(o.Produce[1].Record.Value) + headerBytes(o.Produce[1].Record); n >= full {
			t.Fatalf("a dead letter of %d bytes was shed to %d", full, n)
		}
	}
	refused.forget(map[coordinate]int64{{"in", 0, 0}: 12})
	if o = judge(); o.Produce[1].Dead {
		t.Error("a refusal outlived the commit of its record")
	}
}

func headerBytes(r *kgo.Record) (n int) {
	for _, h := range r.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}

func TestControlRecordsOnlyMoveThePosition(t *testing.T) {
	rs := records(reading("10:05"), "control")
	rs[1].Attrs = kgo.NewRecordAttrs(kgo.RecordAttrsOpts{Control: true})
	o := Judge(testCatalog(t, nil), &Refusals{}, in0, window.NoWatermark, rs, time.Time{})
	if o.Stats.Records != 1 || o.Next != 12 {
		t.Errorf("got %d records and next %d, want 1 and 12", o.Stats.Records, o.Next)
	}
}

func TestWatermarkSurvivesTheOffsetMetadata(t *testing.T) {
	for _, mark := range []int64{window.NoWatermark, 0, -1, 1360317600000} {
		got, err := decodeWatermark(encodeWatermark(mark))
		if err != nil || got != mark {
			t.Errorf("got %d, %v, want %d", got, err, mark)
		}
	}
	for _, bad := range []string{"weir1", "weir2 5", "hello", "weir1 x"} {
		if _, err := decodeWatermark(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}

func TestWatermarkNeverGoesBack(t *testing.T) {
	o := Judge(testCatalog(t, nil), &Refusals{}, in0, window.NoWatermark, records(reading("11:05"), reading("10:30")), time.Time{})
	if got, want := o.Watermark, clock("11:05").UnixMilli(); got != want {
		t.Errorf("got %s, want 11:05", time.UnixMilli(got).UTC())
	}
}
