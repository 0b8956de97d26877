package kafkatest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"

	"weir/internal/kafka"
)

func TestKafkaCommitMovesRecordsOffsetsAndMetadataTogether(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		b := newBench(t, c, 2)
		b.fill(t, 10, 2)
		s := b.open(t, b.config("0"))
		polled, records := poll(t, s, 10)
		if got, want := len(polled.Assigned), 2; got != want {
			t.Fatalf("assigned %d partitions, want %d", got, want)
		}
		for i, a := range polled.Assigned {
			want := kafka.Assigned{Partition: kafka.Partition{Topic: b.in, Partition: int32(i)}, Offset: -1}
			if a != want {
				t.Errorf("assigned %+v, want %+v", a, want)
			}
		}
		mustCommit(t, s, b.forward(records), func(p kafka.Partition) string { return fmt.Sprintf("mark %d", p.Partition) })
		s.Close(t.Context(), false)

		successor := b.open(t, b.config("0"))
		polled, _ = poll(t, successor, 0)
		for i, a := range polled.Assigned {
			want := kafka.Assigned{Partition: kafka.Partition{Topic: b.in, Partition: int32(i)}, Offset: 5, Start: 5, Metadata: fmt.Sprintf("mark %d", i)}
			if a != want {
				t.Errorf("assigned %+v, want %+v", a, want)
			}
		}
		audit(t, b, nil)
	})
}

// tooLarge is a value no topic with max.message.bytes=2000 takes.
func tooLarge() []byte {
	v := make([]byte, 5000)
	rand.Read(v)
	return v
}

func TestKafkaCommitAbortsWholeWhenOneRecordIsRefused(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		b := newBench(t, c, 1, "max.message.bytes=2000")
		b.fill(t, 5, 1)
		s := b.open(t, b.config("0"))
		_, records := poll(t, s, 5)
		out := b.forward(records)
		good := out[2].Value
		out[2].Value = tooLarge()
		ok, err := s.Commit(t.Context(), out, nil)
		var refused *kafka.ProduceError
		if ok || !errors.As(err, &refused) || !errors.Is(err, kerr.MessageTooLarge) {
			t.Fatalf("commit = %t, %v, want a ProduceError of MESSAGE_TOO_LARGE", ok, err)
		}
		culprit := false
		for _, r := range refused.Refused {
			culprit = culprit || r.Index == 2
		}
		if !culprit {
			t.Errorf("refused %v, want record 2 among them", refused.Refused)
		}
		if got := count(b.ReadAll(t, b.out)); got != 0 {
			t.Errorf("%d records in the output after the abort, want 0", got)
		}
		if o, ok := b.committed(t)[0]; ok && o.At != -1 {
			t.Errorf("committed offset %d after the abort, want none", o.At)
		}
		_, records = poll(t, s, 5)
		if got := records[kafka.Partition{Topic: b.in}][0].Offset; got != 0 {
			t.Errorf("first offset after the abort is %d, want 0", got)
		}
		out = b.forward(records)
		if !bytes.Equal(out[2].Value, good) {
			t.Errorf("record 2 after the abort is %q, want %q", out[2].Value, good)
		}
		mustCommit(t, s, out, nil)
		audit(t, b, nil)
	})
}

func TestKafkaCommitFitsBatchesToTheOutputsLimit(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		b := newBench(t, c, 1, "max.message.bytes=2000")
		var rs []*kgo.Record
		for range 20 {
			rs = append(rs, &kgo.Record{Topic: b.in, Value: tooLarge()[:1000]})
		}
		b.Produce(t, rs...)
		cfg := b.config("0")
		cfg.Outputs = []string{b.out}
		s := b.open(t, cfg)
		_, records := poll(t, s, 20)
		mustCommit(t, s, b.forward(records), nil)
		audit(t, b, nil)
	})
}

func TestKafkaCommitWithoutRecordsCommitsOffsets(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		b := newBench(t, c, 1)
		b.fill(t, 5, 1)
		s := b.open(t, b.config("0"))
		poll(t, s, 5)
		mustCommit(t, s, nil, nil)
		if got, want := b.committed(t)[0].At, int64(5); got != want {
			t.Errorf("committed offset %d, want %d", got, want)
		}
	})
}

func TestKafkaCommitAtIsRefusedToAMemberThatWasThrownOut(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		b := newBench(t, c, 1)
		b.fill(t, 2, 1)
		s := b.open(t, b.config("0"))
		_, records := poll(t, s, 2)
		mustCommit(t, s, b.forward(records), nil)
		p := kafka.Partition{Topic: b.in}
		word := func() []*kgo.Record { return []*kgo.Record{{Topic: b.out, Value: []byte("idle")}} }
		if ok, err := s.CommitAt(t.Context(), word(), map[kafka.Partition]int64{p: 1}, nil); ok || err != nil {
			t.Fatalf("at an offset where the partition does not stand: %v, %v, want false", ok, err)
		}
		if ok, err := s.CommitAt(t.Context(), word(), map[kafka.Partition]int64{p: 2}, func(kafka.Partition) string { return "mark" }); !ok || err != nil {
			t.Fatalf("as the owner: %v, %v, want a commit", ok, err)
		}
		if o := b.committed(t)[0]; o.At != 2 || o.Metadata != "mark" {
			t.Errorf("committed %d with %q, want 2 with the metadata", o.At, o.Metadata)
		}
		leave := kadm.LeaveGroup(b.group).InstanceIDs(b.config("0").ID)
		if _, err := kadm.NewClient(c.Client(t)).LeaveGroup(t.Context(), leave); err != nil {
			t.Fatal(err)
		}
		ok, err := s.CommitAt(t.Context(), word(), map[kafka.Partition]int64{p: 2}, nil)
		if ok {
			t.Errorf("thrown out: committed, want it refused (%v)", err)
		}
		if got := len(c.ReadAll(t, b.out)[0]); got != 3 {
			t.Errorf("got %d records, want the 2 forwarded and the owner's word", got)
		}
	})
}

func TestKafkaCommitProducesWithoutAnythingPolled(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		b := newBench(t, c, 1)
		s := b.open(t, b.config("0"))
		poll(t, s, 0)
		for range 2 {
			mustCommit(t, s, []*kgo.Record{{Topic: b.out, Value: []byte("idle")}}, nil)
		}
		mustCommit(t, s, nil, nil)
		if got, want := count(b.ReadAll(t, b.out)), 2; got != want {
			t.Errorf("%d records in the output, want %d", got, want)
		}
		if o, ok := b.committed(t)[0]; ok && o.At >= 0 {
			t.Errorf("committed offset %d, want none", o.At)
		}
	})
}

// The broker commits and answers UNKNOWN_SERVER_ERROR, which kgo takes for an abort: going on would double the records.
func TestSessionEndsWhenAnAbortTurnsOutToBeACommit(t *testing.T) {
	b := newBench(t, Fake(t), 1)
	b.fill(t, 5, 1)
	s := b.open(t, b.config("0"))
	_, records := poll(t, s, 5)
	other := b.Client(t, kgo.MaxVersions(kversion.V3_5_0()))
	b.Fake.ControlKey(int16(kmsg.EndTxn), func(r kmsg.Request) (kmsg.Response, error, bool) {
		if r.GetVersion() < 5 {
			return nil, nil, false // the other client's
		}
		end := *r.(*kmsg.EndTxnRequest)
		b.Fake.SleepControl(func() {
			if resp, err := end.RequestWith(context.Background(), other); err != nil || resp.ErrorCode != 0 {
				t.Errorf("commit in the session's stead: %v, %v", resp, err)
			}
		})
		resp := r.ResponseKind().(*kmsg.EndTxnResponse)
		resp.ErrorCode = kerr.UnknownServerError.Code
		return resp, nil, true
	})
	ok, err := s.Commit(t.Context(), b.forward(records), nil)
	if ok || err == nil {
		t.Fatalf("commit = %t, %v, want an error: the broker has committed", ok, err)
	}
	s.Close(t.Context(), false)
	polled, _ := poll(t, b.open(t, b.config("0")), 0)
	if got, want := polled.Assigned[0].Offset, int64(5); got != want {
		t.Errorf("the successor begins at %d, want %d", got, want)
	}
	audit(t, b, nil)
}

func TestCommitReportsAnUnknownOutcomeAsAnError(t *testing.T) {
	for _, answer := range []*kerr.Error{kerr.InvalidTxnState, kerr.InvalidProducerEpoch, kerr.InvalidProducerIDMapping} {
		t.Run(answer.Message, func(t *testing.T) {
			b := newBench(t, Fake(t), 1)
			b.fill(t, 5, 1)
			s := b.open(t, b.config("0"))
			_, records := poll(t, s, 5)
			b.FailEndTxn(b.config("0").ID, 1, kfake.Fault{Err: answer})
			ok, err := s.Commit(t.Context(), b.forward(records), nil)
			if ok || !errors.Is(err, answer) {
				t.Errorf("commit = %t, %v, want an error of %s", ok, err, answer.Message)
			}
		})
	}
}

func TestCommitIsNotStoppedByACancelledContext(t *testing.T) {
	b := newBench(t, Fake(t), 1)
	b.fill(t, 5, 1)
	s := b.open(t, b.config("0"))
	_, records := poll(t, s, 5)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if ok, err := s.Commit(ctx, b.forward(records), nil); !ok || err != nil {
		t.Errorf("commit = %t, %v, want true", ok, err)
	}
	audit(t, b, nil)
}

func TestCommitAbortsWhenItsOffsetsAreRefused(t *testing.T) {
	b := newBench(t, Fake(t), 1)
	b.fill(t, 5, 1)
	s := b.open(t, b.config("0"))
	_, records := poll(t, s, 5)
	b.FailTxnOffsetCommit(b.group, 1, kfake.Fault{Err: kerr.TransactionAbortable})
	if ok, err := s.Commit(t.Context(), b.forward(records), nil); ok || err != nil {
		t.Errorf("commit = %t, %v, want a harmless abort", ok, err)
	}
	_, records = poll(t, s, 5)
	mustCommit(t, s, b.forward(records), nil)
	audit(t, b, nil)
}

func TestCommitNamesTheTopicThatIsGone(t *testing.T) {
	b := newBench(t, Fake(t), 1)
	b.fill(t, 5, 1)
	s := b.open(t, b.config("0"))
	_, records := poll(t, s, 5)
	b.FailProduce(b.out, 1, kfake.Fault{Err: kerr.TopicAuthorizationFailed})
	_, err := s.Commit(t.Context(), b.forward(records), nil)
	var refused *kafka.ProduceError
	if !errors.As(err, &refused) || !errors.Is(err, kerr.TopicAuthorizationFailed) {
		t.Errorf("commit: %v, want a ProduceError of TOPIC_AUTHORIZATION_FAILED", err)
	}
	_, records = poll(t, s, 5)
	mustCommit(t, s, b.forward(records), nil)
	audit(t, b, nil)
}

// kgo's End waits for a heartbeat or the news that the membership is lost, and the news for the end of the commit.
func TestCommitEndsSoonOnceTheGroupHasThrownTheMemberOut(t *testing.T) {
	b := newBench(t, Fake(t), 1)
	b.fill(t, 5, 1)
	s := b.open(t, b.config("0"))
	_, records := poll(t, s, 5)
	heartbeats := b.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Heartbeat}, TopLevel: true, Err: kerr.UnknownMemberID, Count: 1})
	if err := heartbeats.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // until the client has digested the answer
	began := time.Now()
	ok, err := s.Commit(t.Context(), b.forward(records), nil)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("commit took %s", took)
	}
	if ok || err != nil {
		t.Errorf("commit = %t, %v, want a harmless abort", ok, err)
	}
	polled, records := poll(t, s, 5)
	if len(polled.Lost) != 1 || len(polled.Assigned) != 1 {
		t.Errorf("lost %v and assigned %v, want the partition lost and regained", polled.Lost, polled.Assigned)
	}
	mustCommit(t, s, b.forward(records), nil)
	audit(t, b, nil)
}
