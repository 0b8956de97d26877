package benchmarks

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/contract"
	"weir/internal/demo"
	"weir/internal/gate"
	"weir/internal/kafka"
)

const (
	partitions = 4
	perCycle   = 5000 // records per transaction, the gate's default
)

// BenchmarkGateAgainstCopy reads the flights of February to December 2013 from one topic and writes them to another,
// once with the gate in mode enforce and once with a loop that does the same transactions but looks at nothing. Both
// have one session and commit as fast as they can. b.N counts pairs of runs; records/s are means over them, and
// gate/copy is the time of the gate for a record in times of the copy.
func BenchmarkGateAgainstCopy(b *testing.B) {
	s := setup(b)
	var gated, copied pace
	for i := 0; b.Loop(); i++ {
		copied.add(s.copy(b, i))
		gated.add(s.gate(b, i))
	}
	b.ReportMetric(0, "ns/op") // of a pair of runs with their set-up: says nothing
	b.ReportMetric(gated.perSecond(), "gate-records/s")
	b.ReportMetric(copied.perSecond(), "copy-records/s")
	b.ReportMetric(copied.perSecond()/gated.perSecond(), "gate/copy")
}

// pace is how many records were committed between the first and the last commit of a run. What comes before the first
// commit (joining the group, the first poll) and after the last is left out.
type pace struct {
	records     int // those of the first commit left out
	took        time.Duration
	all         int
	first, last time.Time
}

// commit notes that so many records were committed just now.
func (p *pace) commit(records int) {
	p.last = time.Now()
	p.all += records
	if p.first.IsZero() {
		p.first = p.last
		return
	}
	p.records += records
	p.took = p.last.Sub(p.first)
}

func (p *pace) add(q pace)         { p.records, p.took = p.records+q.records, p.took+q.took }
func (p *pace) perSecond() float64 { return float64(p.records) / p.took.Seconds() }

// scene is a broker with the flights in its topic "in".
type scene struct {
	kafka    kafka.Config
	admin    *kadm.Client
	contract *contract.Contract
	records  int
}

func setup(b *testing.B) *scene {
	b.Helper()
	broker, err := demo.StartBroker(0)
	check(b, err)
	b.Cleanup(broker.Close)
	s := &scene{kafka: kafka.Config{Brokers: []string{broker.Addr()}}}
	client, err := kafka.NewClient(b.Context(), s.kafka)
	check(b, err)
	b.Cleanup(client.Close)
	s.admin = kadm.NewClient(client)
	s.contract, err = contract.Load("../contracts/flights/1.0.0.odcs.yaml")
	check(b, err)
	_, stream, err := demo.Flights()
	check(b, err)
	s.records = len(stream)
	s.create(b, "in")
	_, err = demo.Load(b.Context(), s.kafka, "in", stream, nil)
	check(b, err)
	return s
}

// gate runs the gate over the whole topic, into topics that are deleted afterwards.
func (s *scene) gate(b *testing.B, run int) (p pace) {
	group := fmt.Sprintf("gate-%d", run)
	out, dead := group+".out", group+".dead"
	own := kafka.TopicsOf(group)
	defer s.create(b, out, dead, own.Profiles, own.Reports, own.Events, own.State)()
	err := gate.Run(b.Context(), gate.Config{
		Kafka: s.kafka, Group: group, Instance: "bench",
		MaxRecords: perCycle, CommitInterval: time.Nanosecond, UntilEnd: true,
		Routes: []gate.Route{{
			Input: "in", Contract: s.contract, Mode: gate.Enforce, Output: out, DeadLetters: dead, Annotate: true,
		}},
		OnCommit: func(c gate.Stats) { p.commit(c.Records) },
	})
	check(b, err)
	if p.all != s.records {
		b.Fatalf("the gate committed %d records, want %d", p.all, s.records)
	}
	return p
}

// copy does what the gate does to Kafka and nothing else: poll, write to the same partition, commit with the offsets.
func (s *scene) copy(b *testing.B, run int) (p pace) {
	group := fmt.Sprintf("copy-%d", run)
	out := group + ".out"
	defer s.create(b, out)()
	options, err := s.kafka.Options()
	check(b, err)
	session, err := kgo.NewGroupTransactSession(append(options,
		kgo.ConsumerGroup(group), kgo.ConsumeTopics("in"), kgo.TransactionalID(group),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	check(b, err)
	defer session.Close()
	for p.all < s.records {
		records := session.PollRecords(b.Context(), perCycle).Records()
		check(b, session.Begin())
		var produced kgo.FirstErrPromise
		for _, r := range records {
			session.Produce(b.Context(), &kgo.Record{
				Topic: out, Partition: r.Partition, Key: r.Key, Value: r.Value, Timestamp: r.Timestamp, Headers: r.Headers,
			}, produced.Promise())
		}
		check(b, session.Client().Flush(b.Context()))
		check(b, produced.Err())
		committed, err := session.End(b.Context(), kgo.TryCommit)
		check(b, err)
		if committed {
			p.commit(len(records))
		}
	}
	return p
}

// create makes topics, none of whose records expire, and returns what deletes them.
func (s *scene) create(b *testing.B, topics ...string) (remove func()) {
	b.Helper()
	forever := "-1"
	responses, err := s.admin.CreateTopics(b.Context(), partitions, 1, map[string]*string{"retention.ms": &forever}, topics...)
	check(b, err)
	check(b, responses.Error())
	return func() {
		_, err := s.admin.DeleteTopics(context.WithoutCancel(b.Context()), topics...)
		check(b, err)
	}
}

func check(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}
