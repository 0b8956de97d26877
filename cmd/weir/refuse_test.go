package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/deadletter"
	"weir/internal/kafkatest"
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
