package kafkatest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// The harness must catch its own bugs: each way of spoiling a sound flow must be named.
func TestAuditNamesEachWayToSpoilAFlow(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(out, dead []*kgo.Record) ([]*kgo.Record, []*kgo.Record)
		want  string // "" when the flow stays sound
	}{
		"nothing": {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { return o, d }, ""},
		"annotated": {func(o, d []*kgo.Record) (_, _ []*kgo.Record) {
			o[0] = with(o[0], contractHeader, "a@1.0.0")
			return o, d
		}, ""},
		"lost":              {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { return o[1:], d }, "3 records, want 4"},
		"doubled":           {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { return append(o, o[3]), d }, "5 records, want 4"},
		"doubled dead":      {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { return o, append(d, d[0]) }, "a dead letter twice"},
		"in both":           {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { return o, append(d, deadLetter(o[3], 4)) }, "4 records, want 3"},
		"reordered":         {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { o[1], o[2] = o[2], o[1]; return o, d }, "is not input offset"},
		"value":             {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { o[1].Value = []byte("v1 "); return o, d }, `value "v1 "`},
		"null to empty":     {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { o[2].Value = []byte{}; return o, d }, "is not input offset 3"},
		"key":               {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { o[1].Key = nil; return o, d }, "key"},
		"timestamp":         {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { o[1].Timestamp = time.UnixMilli(5); return o, d }, "timestamp 5"},
		"header":            {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { o[1].Headers[0].Value = []byte("y"); return o, d }, "header 0"},
		"header gone":       {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { o[1].Headers = nil; return o, d }, "0 headers"},
		"header added":      {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { o[1] = with(o[1], "x", "y"); return o, d }, `header "x" was added`},
		"no coordinates":    {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { d[0].Headers = nil; return o, d }, "no header weir.dead.source"},
		"wrong coordinates": {func(o, d []*kgo.Record) (_, _ []*kgo.Record) { return o, append(d, deadLetter(o[0], 99)) }, "holds no committed record"},
	} {
		t.Run(name, func(t *testing.T) {
			cluster := Fake(t)
			f := Flow{Group: "g", Input: "in", Output: "out", Dead: "dead"}
			for _, topic := range []string{f.Input, f.Output, f.Dead} {
				cluster.CreateTopic(t, topic, 1)
			}
			in, out, dead := soundFlow()
			cluster.Produce(t, in...)
			out, dead = c.spoil(out, dead)
			cluster.Produce(t, append(out, dead...)...)
			commitOffset(t, cluster, f, 5)
			l, err := Audit(t.Context(), cluster.Config(), f)
			if err != nil {
				t.Fatal(err)
			}
			checkLedger(t, l, c.want)
		})
	}
}

func checkLedger(t *testing.T, l *Ledger, want string) {
	t.Helper()
	switch err := l.Err(); {
	case want == "" && err != nil:
		t.Error(err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("ledger says %v, want %q in it", err, want)
	}
}

// soundFlow is five records, the third without a value, of which offset 2 became a dead letter.
func soundFlow() (in, out, dead []*kgo.Record) {
	for i := range 5 {
		record := func(topic string) *kgo.Record {
			r := &kgo.Record{Topic: topic, Key: []byte("k"), Value: fmt.Appendf(nil, "v%d", i), Timestamp: time.UnixMilli(1000 + int64(i)),
				Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("x")}}}
			if i == 3 {
				r.Value = nil
			}
			return r
		}
		in = append(in, record("in"))
		if i == 2 {
			dead = append(dead, deadLetter(record("dead"), 2))
		} else {
			out = append(out, record("out"))
		}
	}
	return in, out, dead
}

func with(r *kgo.Record, key, value string) *kgo.Record {
	c := *r
	c.Headers = append(r.Headers[:len(r.Headers):len(r.Headers)], kgo.RecordHeader{Key: key, Value: []byte(value)})
	return &c
}

func deadLetter(r *kgo.Record, offset int) *kgo.Record {
	d := with(r, sourceHeader, fmt.Sprintf("in/0/%d", offset))
	d.Topic = "dead"
	return d
}

func commitOffset(t *testing.T, c *Cluster, f Flow, offset int64) {
	t.Helper()
	var os kadm.Offsets
	os.AddOffset(f.Input, 0, offset, -1)
	if err := kadm.NewClient(c.Client(t)).CommitAllOffsets(t.Context(), f.Group, os); err != nil {
		t.Fatal(err)
	}
}

func TestAuditNamesOffsetsLeftBehindAndOpenTransactions(t *testing.T) {
	c := Fake(t)
	f := Flow{Group: "g", Input: "in", Output: "out", Dead: "dead"}
	for _, topic := range []string{f.Input, f.Output, f.Dead, "elsewhere"} {
		c.CreateTopic(t, topic, 1)
	}
	in, out, dead := soundFlow()
	c.Produce(t, in...)
	c.Produce(t, append(out, dead...)...)
	commitOffset(t, c, f, 4)
	open := c.Client(t, kgo.TransactionalID("g.gate.0"))
	if err := open.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := open.ProduceSync(t.Context(), &kgo.Record{Topic: "elsewhere"}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	l, err := Audit(t.Context(), c.Config(), f)
	if err != nil {
		t.Fatal(err)
	}
	checkLedger(t, l, "committed 4 of in/0, want 5 to 5")
	checkLedger(t, l, "transaction g.gate.0 is open")
}

func TestWatchNamesARecordThatIsNoLongerThere(t *testing.T) {
	c := Fake(t)
	c.CreateTopic(t, "out", 1)
	c.Produce(t, &kgo.Record{Topic: "out", Value: []byte("seen")})
	w, err := StartWatch(t.Context(), c.Config(), Flow{Output: "out"})
	if err != nil {
		t.Fatal(err)
	}
	w.await(t, 1)
	if err := c.Fake.DeleteRecords("out", 0, 1); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "was shown offset 0") {
		t.Errorf("stop: %v, want an error that names offset 0", err)
	}
}
