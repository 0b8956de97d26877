package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/deadletter"
	"weir/internal/kafkatest"
	"weir/internal/profile"
)

// TestRecordsABrokerRefusesBecomeDeadLetters gives outputs and dead letters a limit that some valid records exceed: the
// record becomes a dead letter, a dead letter too large becomes a claim check, and their neighbours in the batch pass.
func TestRecordsABrokerRefusesBecomeDeadLetters(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		const n, limit = 400, 3000
		w := newWorld(t, c, kafkatest.Topic(t, "")+".", 1, n, "")
		w.limit(w.names.Output, limit)
		w.limit(w.names.Dead, limit)
		pad := strings.Repeat(" ", 2*limit)
		w.cluster.Produce(t, &kgo.Record{Topic: w.names.Input, Key: []byte("large"), Value: append(brokenStream(1)[0].Value, noise(2*limit)...)},
			&kgo.Record{Topic: w.names.Input, Key: []byte("spaces"), Value: append(brokenStream(1)[0].Value, pad...)})
		w.run(exitDone, "run", "-c", w.config, "--until-end")
		var claims int
		for _, r := range w.cluster.ReadAll(t, w.names.Dead)[0] {
			l, err := deadletter.Read(r)
			if err != nil {
				t.Fatal(err)
			}
			if string(r.Key) == "large" {
				claims++
				if l.Shed == "" || bytes.Contains(r.Value, noise(2*limit)) {
					t.Errorf("got a dead letter of %d bytes, want a claim check", len(r.Value))
				}
			}
		}
		if claims != 1 {
			t.Errorf("got %d claim checks, want 1", claims)
		}
		in, out, dead := w.count(w.names.Input), w.count(w.names.Output), w.count(w.names.Dead)
		if in != out+dead {
			t.Errorf("%d in, %d out and %d dead", in, out, dead)
		}
	})
}

// noise is trailing text that no compression makes small, so that the record is broken and large at once.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = '!' + byte(x>>24)%90
	}
	return b
}

// TestLostOffsetsStopTheRoute deletes the group's offsets between two runs: to begin again would double every record.
func TestLostOffsetsStopTheRoute(t *testing.T) {
	c := kafkatest.Fake(t)
	w := newWorld(t, c, "", 2, 500, "")
	w.run(exitDone, "run", "-c", w.config, "--until-end")
	before := w.count(w.names.Output) + w.count(w.names.Dead)
	if _, err := kadm.NewClient(c.Client(t)).DeleteGroups(t.Context(), w.names.Group); err != nil {
		t.Fatal(err)
	}
	_, stderr := w.run(exitFindings, "run", "-c", w.config, "--until-end")
	if !strings.Contains(stderr, "has no committed offset for "+w.names.Input) || !strings.Contains(stderr, "up to offset") {
		t.Errorf("the error does not name topic and offset:\n%s", stderr)
	}
	if got := w.count(w.names.Output) + w.count(w.names.Dead); got != before {
		t.Errorf("%d records after the second run, want %d", got, before)
	}
}

// TestAnIdlePartitionIsDeclaredWhileOthersAreBusy keeps one partition busy and the other silent: its idleness must not
// wait for a quiet moment of the whole topic.
func TestAnIdlePartitionIsDeclaredWhileOthersAreBusy(t *testing.T) {
	c := kafkatest.Fake(t)
	w := newWorld(t, c, "", 2, 200, "")
	text, err := os.ReadFile(w.config)
	if err != nil {
		t.Fatal(err)
	}
	w.file("weir.yaml", []byte(strings.Replace(string(text), "    mode: enforce", "    mode: enforce\n    idle_timeout: 500ms", 1)))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int)
	go func() {
		done <- run(ctx, []string{"run", "-c", w.config, "--stage", "gate"}, strings.NewReader(""), io.Discard, io.Discard)
	}()
	client := c.Client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	value := brokenStream(1)[0].Value
	idle := func() bool {
		for _, records := range c.ReadAll(t, w.names.Profiles) {
			for _, r := range records {
				if p, err := profile.DecodeProgress(r.Value); err == nil && strings.HasPrefix(string(r.Key), "progress/") &&
					slices.ContainsFunc(p.Sources, func(s profile.Source) bool { return s.Partition == 1 && s.Idle }) {
					return true
				}
			}
		}
		return false
	}
	found := false
	for deadline := time.Now().Add(20 * time.Second); !found && time.Now().Before(deadline); {
		for range 50 { // a record every 2 ms: no poll ever comes back empty
			client.Produce(ctx, &kgo.Record{Topic: w.names.Input, Partition: 0, Value: value}, nil)
			time.Sleep(2 * time.Millisecond)
		}
		found = idle()
	}
	cancel()
	if code := <-done; code != exitDone {
		t.Errorf("run: exit %d, want %d", code, exitDone)
	}
	if !found {
		t.Error("the silent partition was never declared idle")
	}
}
