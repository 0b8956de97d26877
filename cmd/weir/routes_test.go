package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/contract"
	"weir/internal/gate"
	"weir/internal/kafka"
	"weir/internal/kafkatest"
	"weir/internal/monitor"
	"weir/internal/telemetry"
)

// site is a group whose gate runs in the test, over routes made of a topic's name.
type site struct {
	*testing.T
	cluster  *kafkatest.Cluster
	group    string
	readings *contract.Contract
}

func newSite(t *testing.T, c *kafkatest.Cluster) *site {
	t.Helper()
	readings, err := contract.Load("../../internal/gate/testdata/readings.odcs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t, c, kafkatest.Topic(t, "group"), readings}
	if _, err := kafka.EnsureOwn(t.Context(), c.Client(t), s.group, 1); err != nil {
		t.Fatal(err)
	}
	return s
}

// route makes an enforcing route and its topics.
func (s *site) route(in string, partitions int, latest bool) gate.Route {
	s.Helper()
	for _, topic := range []string{in, in + ".out", in + ".dead"} {
		s.cluster.CreateTopic(s.T, topic, partitions)
	}
	return gate.Route{Input: in, Contract: s.readings, Mode: gate.Enforce, Output: in + ".out", DeadLetters: in + ".dead", Latest: latest}
}

// start runs a gate until stop is called.
func (s *site) start(c gate.Config) (stop func()) {
	c.Kafka, c.Group, c.Instance, c.RetryAside = s.cluster.Config(), s.group, "i", time.Second
	ctx, cancel := context.WithCancel(s.Context())
	done := make(chan error, 1)
	go func() { done <- gate.Run(ctx, c) }()
	return func() {
		s.Helper()
		cancel()
		if err := <-done; err != nil {
			s.Error(err)
		}
	}
}

func (s *site) put(topic string, partition int32, n int) {
	s.Helper()
	for range n {
		s.cluster.Produce(s.T, &kgo.Record{Topic: topic, Partition: partition, Value: []byte(`{"at":"2013-02-08T10:00:00Z","v":1}`)})
	}
}

func (s *site) count(topic string) (n int) {
	s.Helper()
	for _, records := range s.cluster.ReadAll(s.T, topic) {
		n += len(records)
	}
	return n
}

// await wants a topic to hold n records within the limit.
func (s *site) await(topic string, n int, limit time.Duration) {
	s.Helper()
	for began := time.Now(); s.count(topic) < n; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > limit {
			s.Fatalf("%s holds %d records after %s, want %d", topic, s.count(topic), limit, n)
		}
	}
}

// stuck folds what the gate has written and says which contracts' windows cannot be closed.
func (s *site) stuck(topics ...string) map[string]string {
	s.Helper()
	var sources []monitor.Source
	for _, topic := range topics {
		sources = append(sources, monitor.Source{Topic: topic, Contract: s.readings})
	}
	cat, err := monitor.NewCatalog(sources, nil, "test")
	if err != nil {
		s.Fatal(err)
	}
	st := monitor.NewState()
	for _, r := range s.cluster.ReadAll(s.T, kafka.TopicsOf(s.group).Profiles)[0] {
		if err := st.Fold(r); err != nil {
			s.Fatal(err)
		}
	}
	_, stuck := st.Close(cat)
	return stuck
}

func TestAbortedTransactionsInTheInputAreNoGap(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		s, in := newSite(t, c), kafkatest.Topic(t, "in")
		stop := s.start(gate.Config{Routes: []gate.Route{s.route(in, 1, false)}})
		s.put(in, 0, 1)
		s.await(in+".out", 1, 20*time.Second)
		cl := c.Client(t, kgo.TransactionalID(in), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		if err := cl.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: in, Value: []byte("aborted")}).FirstErr()
		if err := errors.Join(err, cl.EndTransaction(t.Context(), kgo.TryAbort)); err != nil {
			t.Fatal(err)
		}
		s.put(in, 0, 1)
		s.await(in+".out", 2, 20*time.Second)
		stop()
		if stuck := s.stuck(in); len(stuck) > 0 {
			t.Errorf("the windows are stuck: %v", stuck)
		}
	})
}

func TestEachRouteStartsWhereItSays(t *testing.T) {
	s := newSite(t, kafkatest.Fake(t))
	routes := []gate.Route{s.route("a", 1, true), s.route("b", 1, false)}
	s.put("a", 0, 1)
	s.put("b", 0, 1)
	stop := s.start(gate.Config{Routes: routes})
	s.await("b.out", 1, 20*time.Second)
	s.put("a", 0, 1)
	s.await("a.out", 1, 20*time.Second)
	stop()
	if got := s.count("a.out"); got != 1 {
		t.Errorf("the route that starts at the end wrote %d records, want the new one alone", got)
	}
}

func TestStartAtTheEndDoesNotHideLostOffsets(t *testing.T) {
	s := newSite(t, kafkatest.Fake(t))
	c := gate.Config{Routes: []gate.Route{s.route("in", 1, true)}, Status: telemetry.NewStatus()}
	stop := s.start(c)
	for s.count("in.out") == 0 { // the first start is at the end, wherever that is by then
		s.put("in", 0, 1)
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	adm, before := kadm.NewClient(s.cluster.Client(t)), s.count("in.out")
	if _, err := adm.LeaveGroup(t.Context(), kadm.LeaveGroup(s.group).InstanceIDs(s.group+".gate.i.0")); err != nil {
		t.Fatal(err)
	}
	if _, err := adm.DeleteOffsets(t.Context(), s.group, kadm.TopicsSet{"in": {0: {}}}); err != nil {
		t.Fatal(err)
	}
	s.put("in", 0, 3)
	stop = s.start(c)
	for began := time.Now(); c.Status.Health().Routes["in"].State != telemetry.Stopped; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > 20*time.Second {
			t.Fatalf("the route is %+v, want it stopped for its lost offset", c.Status.Health().Routes["in"])
		}
	}
	stop()
	if got := s.count("in.out"); got != before {
		t.Errorf("%d records written past the lost offset", got-before)
	}
}

func TestABoundedRunOverEmptiedPartitionsEnds(t *testing.T) {
	s := newSite(t, kafkatest.Fake(t))
	routes := []gate.Route{s.route("in", 4, false)}
	var emptied kadm.Offsets
	for p := range int32(4) {
		s.put("in", p, 2)
		emptied.AddOffset("in", p, 2, -1)
	}
	if _, err := kadm.NewClient(s.cluster.Client(t)).DeleteRecords(t.Context(), emptied); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := gate.Run(ctx, gate.Config{Kafka: s.cluster.Config(), Group: s.group, Instance: "i", Sessions: 2, UntilEnd: true, Routes: routes})
	if err := errors.Join(err, ctx.Err()); err != nil {
		t.Errorf("got %v, want the run to end by itself", err)
	}
}

func TestADeletedInputStallsNoOtherRoute(t *testing.T) {
	s := newSite(t, kafkatest.Fake(t))
	c := gate.Config{Routes: []gate.Route{s.route("a", 1, false), s.route("b", 1, false)}, Status: telemetry.NewStatus()}
	stop := s.start(c)
	s.put("b", 0, 1)
	s.await("b.out", 1, 20*time.Second)
	if _, err := kadm.NewClient(s.cluster.Client(t)).DeleteTopics(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		s.put("b", 0, 1)
		s.await("b.out", i+2, 3*time.Second)
		time.Sleep(500 * time.Millisecond)
	}
	stop()
	if got := c.Status.Health().Routes["a"]; got.State == telemetry.Running || got.Reason == "" {
		t.Errorf("the route whose input is gone is %+v", got)
	}
}

// TestWindowsOfAnOlderVersionAreStillJudged upgrades a contract while one of its windows is open.
func TestWindowsOfAnOlderVersionAreStillJudged(t *testing.T) {
	s := newSite(t, kafkatest.Fake(t))
	stop := s.start(gate.Config{Routes: []gate.Route{s.route("in", 1, false)}})
	s.put("in", 0, 1)
	s.await("in.out", 1, 20*time.Second)
	stop()
	newer := *s.readings
	newer.Version, newer.Digest = "2.0.0", "sha256:newer"
	cat, err := monitor.NewCatalog([]monitor.Source{{Topic: "in", Contract: &newer}}, []monitor.Source{{Contract: s.readings}, {Contract: &newer}}, "test")
	if err != nil {
		t.Fatal(err)
	}
	st := monitor.NewState()
	for _, r := range s.cluster.ReadAll(t, kafka.TopicsOf(s.group).Profiles)[0] {
		if err := st.Fold(r); err != nil {
			t.Fatal(err)
		}
	}
	if _, stuck := st.Close(cat); len(stuck) > 0 {
		t.Errorf("the window is stuck: %v", stuck)
	}
}
