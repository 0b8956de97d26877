package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"weir/internal/kafka"
)

// bench is a group with an input and an output of its own on a cluster.
type bench struct {
	*Cluster
	group, in, out string
}

func newBench(t *testing.T, c *Cluster, partitions int, outConfigs ...string) *bench {
	t.Helper()
	b := &bench{c, Topic(t, "group"), Topic(t, "in"), Topic(t, "out")}
	c.CreateTopic(t, b.in, partitions)
	c.CreateTopic(t, b.out, partitions, outConfigs...)
	return b
}

func (b *bench) config(id string) kafka.SessionConfig {
	return kafka.SessionConfig{
		Config: b.Config(), Group: b.group, ID: b.group + ".test." + id, Topics: []string{b.in}, KeepControlRecords: true,
	}
}

func (b *bench) open(t *testing.T, c kafka.SessionConfig) *kafka.Session {
	t.Helper()
	s, err := kafka.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("open session: %v", err)
	}
	t.Cleanup(func() { s.Close(context.Background(), false) })
	return s
}

// fill writes n records to the input, record i to partition i modulo partitions.
func (b *bench) fill(t *testing.T, n, partitions int) {
	t.Helper()
	var rs []*kgo.Record
	for i := range n {
		rs = append(rs, &kgo.Record{
			Topic: b.in, Partition: int32(i % partitions), Key: fmt.Appendf(nil, "k%d", i), Value: fmt.Appendf(nil, "v%d", i),
			Timestamp: time.UnixMilli(1_700_000_000_000 + int64(i)), Headers: []kgo.RecordHeader{{Key: "h", Value: []byte{byte(i)}}},
		})
	}
	b.Produce(t, rs...)
}

// poll polls until n records have come, and returns what changed on the way and the data records per partition.
func poll(t *testing.T, s *kafka.Session, n int) (kafka.Polled, map[kafka.Partition][]*kgo.Record) {
	t.Helper()
	var sum kafka.Polled
	records := map[kafka.Partition][]*kgo.Record{}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for got := 0; ; {
		p, err := s.Poll(ctx, 1000)
		if err != nil {
			t.Fatalf("poll: %v", err)
		}
		sum.Lost, sum.Assigned, sum.Faults = append(sum.Lost, p.Lost...), append(sum.Assigned, p.Assigned...), append(sum.Faults, p.Faults...)
		for k, rs := range p.Records {
			for _, r := range rs {
				if !r.Attrs.IsControl() {
					records[k] = append(records[k], r)
					got++
				}
			}
		}
		if got >= n && (n > 0 || len(sum.Assigned)+len(sum.Faults) > 0) {
			return sum, records
		}
		if ctx.Err() != nil {
			t.Fatalf("polled %d records, want %d", got, n)
		}
	}
}

// forward makes the output records of input records.
func (b *bench) forward(in map[kafka.Partition][]*kgo.Record) (out []*kgo.Record) {
	for _, rs := range in {
		for _, r := range rs {
			out = append(out, &kgo.Record{Topic: b.out, Partition: r.Partition, Key: r.Key, Value: r.Value, Headers: r.Headers, Timestamp: r.Timestamp})
		}
	}
	return out
}

func (b *bench) committed(t *testing.T) map[int32]kadm.OffsetResponse {
	t.Helper()
	got, err := kadm.NewClient(b.Client(t)).FetchOffsetsForTopics(t.Context(), b.group, b.in)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		t.Fatalf("fetch offsets: %v", err)
	}
	return got[b.in]
}

func mustCommit(t *testing.T, s *kafka.Session, records []*kgo.Record, metadata func(kafka.Partition) string) {
	t.Helper()
	if ok, err := s.Commit(t.Context(), records, metadata); !ok || err != nil {
		t.Fatalf("commit = %t, %v, want true", ok, err)
	}
}

// audit fails the test unless the ledger adds up; check sees the ledger, too.
func audit(t *testing.T, b *bench, check func(*Ledger)) {
	t.Helper()
	l, err := Audit(t.Context(), b.Config(), Flow{Group: b.group, Input: b.in, Output: b.out})
	if err == nil {
		err = l.Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	if check != nil {
		check(l)
	}
}

func TestKafkaPauseHandsBackWhatWasPolled(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		b := newBench(t, c, 2)
		b.fill(t, 10, 2)
		s := b.open(t, b.config("0"))
		_, records := poll(t, s, 10)
		paused := kafka.Partition{Topic: b.in, Partition: 1}
		s.Pause(paused)
		delete(records, paused)
		mustCommit(t, s, b.forward(records), nil)
		if o := b.committed(t); o[0].At != 5 || o[1].At > 0 {
			t.Errorf("committed %d and %d, want 5 and nothing of the paused partition", o[0].At, o[1].At)
		}
		b.fill(t, 2, 2)
		_, records = poll(t, s, 1)
		if got := len(records[paused]); got != 0 {
			t.Errorf("%d records of a paused partition, want 0", got)
		}
		mustCommit(t, s, b.forward(records), nil)
		s.Resume(paused)
		_, records = poll(t, s, 6)
		if got := records[paused][0].Offset; got != 0 {
			t.Errorf("first offset after resume is %d, want 0", got)
		}
		mustCommit(t, s, b.forward(records), nil)
		audit(t, b, nil)
	})
}

func TestKafkaLatestStartsAtTheEndOnceAndNewPartitionsAtTheirBeginning(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		b := newBench(t, c, 1)
		b.fill(t, 5, 1)
		cfg := b.config("0")
		cfg.Latest = cfg.Topics
		s := b.open(t, cfg)
		polled, _ := poll(t, s, 0)
		if got, want := polled.Assigned[0].Start, int64(5); got != want {
			t.Fatalf("first start at %d, want %d", got, want)
		}
		s.Close(t.Context(), true)
		if _, err := kadm.NewClient(b.Client(t)).UpdatePartitions(t.Context(), 2, b.in); err != nil {
			t.Fatal(err)
		}
		b.fill(t, 4, 2)
		s = b.open(t, cfg)
		_, records := poll(t, s, 4)
		for p, rs := range records {
			if got, want := rs[0].Offset, map[int32]int64{0: 5, 1: 0}[p.Partition]; got != want {
				t.Errorf("partition %d begins at %d, want %d", p.Partition, got, want)
			}
		}
	})
}

func TestKafkaPollNamesTheExactLostRange(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		b := newBench(t, c, 2)
		b.fill(t, 10, 2)
		s := b.open(t, b.config("0"))
		_, records := poll(t, s, 10)
		mustCommit(t, s, b.forward(records), nil)
		s.Close(t.Context(), true)
		b.fill(t, 10, 2)
		var upTo kadm.Offsets
		upTo.AddOffset(b.in, 1, 8, -1)
		if _, err := kadm.NewClient(b.Client(t)).DeleteRecords(t.Context(), upTo); err != nil {
			t.Fatal(err)
		}
		s = b.open(t, b.config("0"))
		polled, records := poll(t, s, 5)
		for len(polled.Faults) == 0 {
			polled, _ = poll(t, s, 0)
		}
		f := polled.Faults[0]
		if f.Partition.Partition != 1 || f.From != 5 || f.To != 8 || !errors.Is(&f, kerr.OffsetOutOfRange) {
			t.Errorf("fault %+v, want offsets 5 to 8 of partition 1 lost", f)
		}
		if got := len(records[kafka.Partition{Topic: b.in, Partition: 0}]); got != 5 {
			t.Errorf("%d records of the sound partition, want 5", got)
		}
	})
}

func TestKafkaOlderSessionOfAnIDIsFatallyFenced(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		b := newBench(t, c, 1)
		b.fill(t, 5, 1)
		older := b.open(t, b.config("0"))
		poll(t, older, 5)
		mustCommit(t, older, nil, nil)
		newer := b.open(t, b.config("0"))
		poll(t, newer, 0)
		var fatal *kafka.FatalError
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var err error
		for err == nil && ctx.Err() == nil {
			_, err = older.Poll(ctx, 10)
		}
		if !errors.As(err, &fatal) {
			t.Errorf("poll of the older session: %v, want a FatalError", err)
		}
	})
}

// A session killed between TxnOffsetCommit and EndTxn leaves its offsets undecided: finding 11 of reference/kafka.md.
func TestKafkaSuccessorDoesNotWaitForItsPredecessorsTransaction(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		b := newBench(t, c, 1)
		b.fill(t, 5, 1)
		s := b.open(t, b.config("0"))
		poll(t, s, 5)
		mustCommit(t, s, nil, nil)
		s.Close(t.Context(), false)
		b.fill(t, 5, 1)
		leaveTransactionOpen(t, b, b.config("0").ID)

		began := time.Now()
		successor := b.open(t, b.config("0"))
		_, records := poll(t, successor, 5)
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("first record after %s, want well below the transaction timeout of 10 s", took)
		}
		if got, want := records[kafka.Partition{Topic: b.in}][0].Offset, int64(5); got != want {
			t.Errorf("first offset is %d, want %d: the killed transaction must not count", got, want)
		}
	})
}

// leaveTransactionOpen does what a session does up to TxnOffsetCommit, then forgets the transaction.
func leaveTransactionOpen(t *testing.T, b *bench, id string) {
	t.Helper()
	cl := b.Client(t, kgo.TransactionalID(id), kgo.TransactionTimeout(10*time.Second), kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.MaxVersions(kversion.V3_5_0()))
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: b.out, Value: []byte("undecided")}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	pid, epoch, err := cl.ProducerID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := txnOffsetCommit(t.Context(), cl, b.group, id, pid, epoch, b.in, 0, 10); err != nil {
		t.Fatal(err)
	}
}

func TestKafkaAbortBeforeTheFirstCommitRewindsToTheLogsStart(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		b := newBench(t, c, 1, "max.message.bytes=2000")
		b.fill(t, 8, 1)
		var upTo kadm.Offsets
		upTo.AddOffset(b.in, 0, 3, -1)
		if _, err := kadm.NewClient(b.Client(t)).DeleteRecords(t.Context(), upTo); err != nil {
			t.Fatal(err)
		}
		s := b.open(t, b.config("0"))
		polled, records := poll(t, s, 5)
		if got, want := polled.Assigned[0].Start, int64(3); got != want {
			t.Fatalf("start %d, want %d", got, want)
		}
		out := b.forward(records)
		out[0].Value = tooLarge()
		var refused *kafka.ProduceError
		if _, err := s.Commit(t.Context(), out, nil); !errors.As(err, &refused) {
			t.Fatalf("commit: %v, want a ProduceError", err)
		}
		_, records = poll(t, s, 5)
		if got, want := records[kafka.Partition{Topic: b.in}][0].Offset, int64(3); got != want {
			t.Errorf("first offset after the abort is %d, want %d", got, want)
		}
		mustCommit(t, s, b.forward(records), nil)
		audit(t, b, nil)
	})
}

func TestKafkaLedgerHoldsOverAnInputWithAbortedTransactions(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		p := newPump(t, c, 1)
		p.fill(t, 20, 1)
		writer := c.Client(t, kgo.TransactionalID(p.group+".writer"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
		for _, end := range []kgo.TransactionEndTry{kgo.TryAbort, kgo.TryCommit, kgo.TryAbort} {
			if err := writer.BeginTransaction(); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if err := writer.ProduceSync(t.Context(), &kgo.Record{Topic: p.in, Value: []byte("transactional")}).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			if err := writer.EndTransaction(t.Context(), end); err != nil {
				t.Fatal(err)
			}
		}
		if l := p.through(t, "0"); l.Input != 23 { // drained also says that positions pass the markers at the end
			t.Errorf("%s, want 23 in", l)
		}
	})
}
