package main

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/contract"
	"weir/internal/gate"
	"weir/internal/kafka"
	"weir/internal/kafkatest"
)

// TestStoppedRouteReadsNoPartitionPast stops a route for one of its partitions: what the others hold stays unread, and
// is not committed along with the records of another route.
func TestStoppedRouteReadsNoPartitionPast(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		group, a, b := kafkatest.Topic(t, "group"), kafkatest.Topic(t, "a"), kafkatest.Topic(t, "b")
		cl := c.Client(t)
		if _, err := kafka.EnsureOwn(t.Context(), cl, group, 1); err != nil {
			t.Fatal(err)
		}
		readings, err := contract.Load("../../internal/gate/testdata/readings.odcs.yaml")
		if err != nil {
			t.Fatal(err)
		}
		conf := gate.Config{Kafka: c.Config(), Group: group, Instance: "i"}
		for _, in := range []string{a, b} {
			for _, topic := range []string{in, in + ".out", in + ".dead"} {
				c.CreateTopic(t, topic, 2)
			}
			conf.Routes = append(conf.Routes, gate.Route{Input: in, Contract: readings, Mode: gate.Enforce, Output: in + ".out", DeadLetters: in + ".dead"})
			for p := range int32(2) {
				value := fmt.Append(nil, `{"at":"2013-02-08T10:00:00Z","v":1}`)
				c.Produce(t, &kgo.Record{Topic: in, Partition: p, Value: value}, &kgo.Record{Topic: in, Partition: p, Value: value})
			}
		}
		foreign := kadm.Offsets{}
		foreign.Add(kadm.Offset{Topic: a, Partition: 0, At: 1, LeaderEpoch: -1, Metadata: "not weir's"})
		if err := kadm.NewClient(cl).CommitAllOffsets(t.Context(), group, foreign); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 4*time.Second)
		defer stop()
		if err := gate.Run(ctx, conf); err != nil {
			t.Fatal(err)
		}
		committed, err := kadm.NewClient(cl).FetchOffsetsForTopics(t.Context(), group, a, b)
		if err != nil {
			t.Fatal(err)
		}
		if o, ok := committed.Lookup(b, 1); !ok || o.At < 2 {
			t.Errorf("%s/1: committed %d, want the sound route to flow", b, o.At)
		}
		if o, ok := committed.Lookup(a, 1); ok && o.At > 0 {
			t.Errorf("%s/1: committed %d of a stopped route, with %d records written", a, o.At, len(c.ReadAll(t, a+".out")[1]))
		}
	})
}
