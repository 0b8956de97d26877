package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"weir/internal/kafka"
)

// pump is the smallest gateway there is: it forwards every record but each fifth, which becomes a dead letter.
type pump struct {
	*bench
	dead             string
	commits, rebuilt atomic.Int64
}

func newPump(t *testing.T, c *Cluster, partitions int) *pump {
	t.Helper()
	p := &pump{bench: newBench(t, c, partitions), dead: Topic(t, "dead")}
	c.CreateTopic(t, p.dead, partitions)
	return p
}

func (p *pump) flow() Flow { return Flow{Group: p.group, Input: p.in, Output: p.out, Dead: p.dead} }

// run pumps under one id until ctx ends, opening the session again after every error that is not fatal.
func (p *pump) run(ctx context.Context, id string) error {
	for ctx.Err() == nil {
		err := p.session(ctx, id)
		var fatal *kafka.FatalError
		if errors.As(err, &fatal) {
			return err
		}
		if err != nil && ctx.Err() == nil {
			p.rebuilt.Add(1)
			time.Sleep(20 * time.Millisecond)
		}
	}
	return nil
}

func (p *pump) session(ctx context.Context, id string) error {
	s, err := kafka.Open(ctx, p.config(id))
	if err != nil {
		return err
	}
	defer s.Close(context.Background(), true)
	for ctx.Err() == nil {
		polled, err := s.Poll(ctx, 40)
		if err != nil {
			return err
		}
		ok, err := s.Commit(ctx, p.route(polled.Records), func(kafka.Partition) string { return "mark" })
		var refused *kafka.ProduceError
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		if ok && len(polled.Records) > 0 {
			p.commits.Add(1)
		}
	}
	return nil
}

func (p *pump) route(records map[kafka.Partition][]*kgo.Record) (out []*kgo.Record) {
	for _, rs := range records {
		for _, r := range rs {
			if r.Attrs.IsControl() {
				continue
			}
			o := &kgo.Record{Topic: p.out, Partition: r.Partition, Key: r.Key, Value: r.Value, Headers: r.Headers, Timestamp: r.Timestamp}
			if r.Offset%5 == 0 {
				o.Topic = p.dead
				o.Headers = append(o.Headers[:len(o.Headers):len(o.Headers)], kgo.RecordHeader{
					Key: sourceHeader, Value: fmt.Appendf(nil, "%s/%d/%d", r.Topic, r.Partition, r.Offset)})
			}
			out = append(out, o)
		}
	}
	return out
}

// drained waits until the group has committed the end of the input.
func (p *pump) drained(ctx context.Context, t *testing.T) {
	t.Helper()
	cl := p.Client(t, kgo.AlwaysRetryEOF())
	for {
		ends, err := kafka.EndOffsets(ctx, cl, p.in)
		var committed kadm.OffsetResponses
		if err == nil {
			committed, err = kadm.NewClient(cl).FetchOffsetsForTopics(ctx, p.group, p.in)
		}
		left := len(ends)
		for at, end := range ends {
			if o, ok := committed.Lookup(at.Topic, at.Partition); ok && o.At >= end {
				left--
			}
		}
		if err == nil && left == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the input is not drained: ends %v, committed %v (%v)", ends, committed, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// through pumps the whole input with sessions of the given ids and audits the result.
func (p *pump) through(t *testing.T, ids ...string) *Ledger {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	watch, err := StartWatch(ctx, p.Config(), p.flow())
	if err != nil {
		t.Fatal(err)
	}
	pumping, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	for _, id := range ids {
		all.Go(func() {
			if err := p.run(pumping, id); err != nil {
				t.Errorf("session %s: %v", id, err)
			}
		})
	}
	p.drained(ctx, t)
	stop()
	all.Wait()
	if _, err := watch.Stop(ctx); err != nil {
		t.Error(err)
	}
	l, err := Audit(ctx, p.Config(), p.flow())
	if err == nil {
		err = l.Err()
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// faults are protocol errors at each step of a transaction. Whatever the error says, each record is through once.
func TestSessionKeepsTheLedgerUnderProtocolErrors(t *testing.T) {
	steps := []kmsg.Key{kmsg.InitProducerID, kmsg.Produce, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn, kmsg.OffsetFetch, kmsg.Heartbeat, kmsg.JoinGroup}
	errs := []*kerr.Error{
		kerr.CoordinatorLoadInProgress, kerr.NotCoordinator, kerr.ConcurrentTransactions, kerr.UnknownServerError,
		kerr.TransactionAbortable, kerr.InvalidProducerEpoch, kerr.UnknownProducerID, kerr.InvalidTxnState, kerr.RequestTimedOut,
		kerr.MessageTooLarge, kerr.IllegalGeneration, kerr.UnknownMemberID, kerr.RebalanceInProgress, kerr.NotEnoughReplicasAfterAppend,
	}
	for _, step := range steps {
		for _, e := range errs {
			t.Run(fmt.Sprintf("step=%s/error=%s", step.Name(), e.Message), func(t *testing.T) {
				t.Parallel()
				p := newPump(t, Fake(t), 2)
				p.fill(t, 200, 2)
				for _, top := range []bool{false, true} { // some requests carry the error at the top, some per partition
					p.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{step}, Err: e, Count: 2, TopLevel: top, TxnID: txnOnly(step, p.group), When: ofSession})
				}
				if l := p.through(t, "0"); l.Output != 160 || l.Dead != 40 {
					t.Errorf("%s, want 160 out and 40 dead", l)
				}
			})
		}
	}
}

// ofSession spares the offset fetches of this test: a session's ask for stable offsets.
func ofSession(r kmsg.Request) bool {
	fetch, ok := r.(*kmsg.OffsetFetchRequest)
	return !ok || fetch.RequireStable
}

// txnOnly keeps a fault on Produce and InitProducerID away from the clients that fill the input.
func txnOnly(step kmsg.Key, group string) string {
	switch step {
	case kmsg.Produce, kmsg.InitProducerID, kmsg.TxnOffsetCommit, kmsg.EndTxn, kmsg.AddOffsetsToTxn:
		return group + ".test.0"
	}
	return ""
}

// The broker commits, but the answer is lost on the way: the client cannot know.
func TestSessionKeepsTheLedgerWhenTheAnswerToEndTxnIsLost(t *testing.T) {
	p := newPump(t, Fake(t), 2)
	p.fill(t, 400, 2)
	var n atomic.Int64
	p.Fake.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.RequestTimedOut, TopLevel: true, Count: -1,
		When: func(kmsg.Request) bool { return n.Add(1)%2 == 1 }})
	if l := p.through(t, "0"); l.Input != 400 {
		t.Errorf("%s, want 400 in", l)
	}
	if n.Load() == 0 {
		t.Error("no EndTxn was faulted")
	}
}

func TestKafkaSessionsKeepTheLedgerWhileMembersComeAndGo(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		p := newPump(t, c, 4)
		p.fill(t, 2000, 4)
		ctx, stop := context.WithCancel(t.Context())
		var guests sync.WaitGroup
		for i := range 2 {
			guests.Go(func() {
				for ctx.Err() == nil {
					stay, leave := context.WithTimeout(ctx, time.Duration(300+200*i)*time.Millisecond)
					if err := p.run(stay, fmt.Sprintf("guest%d", i)); err != nil {
						t.Errorf("guest %d: %v", i, err)
					}
					leave()
				}
			})
		}
		time.AfterFunc(3*time.Second, stop)
		l := p.through(t, "0")
		stop()
		guests.Wait()
		if l.Input != 2000 {
			t.Errorf("%s, want 2000 in", l)
		}
		t.Logf("%s, %d commits, %d sessions rebuilt", l, p.commits.Load(), p.rebuilt.Load())
	})
}

// pumpEnv tells a child process of this test binary to pump: "brokers group in out dead".
const pumpEnv = "WEIR_KAFKATEST_PUMP"

// TestPumpProcess is the child of the kill test; on its own it does nothing but check that it is no child.
func TestPumpProcess(t *testing.T) {
	args := strings.Fields(os.Getenv(pumpEnv))
	if len(args) == 0 {
		return
	}
	p := &pump{bench: &bench{&Cluster{Brokers: []string{args[0]}}, args[1], args[2], args[3]}, dead: args[4]}
	if err := p.run(context.Background(), "0"); err != nil {
		t.Fatal(err)
	}
}

func TestKafkaLedgerHoldsWhenTheGatewayIsKilled(t *testing.T) {
	Each(t, func(t *testing.T, c *Cluster) {
		p := newPump(t, c, 4)
		p.fill(t, 4000, 4)
		ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
		defer cancel()
		var child atomic.Pointer[process]
		over := make(chan struct{})
		var all sync.WaitGroup
		all.Go(func() {
			for kills := 0; ; kills++ {
				cmd := exec.Command(os.Args[0], "-test.run=^TestPumpProcess$")
				cmd.Env = append(os.Environ(), pumpEnv+"="+strings.Join([]string{c.Brokers[0], p.group, p.in, p.out, p.dead}, " "))
				proc, err := launch(cmd)
				if err != nil {
					t.Error(err)
					return
				}
				child.Store(proc)
				wait := time.Duration(150+(kills*137)%250) * time.Millisecond
				if kills >= 6 {
					wait = time.Hour // let the last one finish
				}
				select {
				case <-over:
				case <-time.After(wait):
				case <-proc.done:
				}
				_ = proc.cmd.Process.Kill()
				<-proc.done
				select {
				case <-over:
					return
				default:
				}
			}
		})
		p.drained(ctx, t)
		close(over)
		all.Wait()
		// The last one was killed as well, so somebody has to decide what it left open.
		if l := p.through(t, "0"); l.Input != 4000 {
			t.Errorf("%s, want 4000 in", l)
		}
	})
}

func TestKafkaLedgerHoldsWhenTheBrokerIsKilledAndFrozen(t *testing.T) {
	c := Own(t)
	p := newPump(t, c, 2)
	p.fill(t, 500, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 120*time.Second)
	defer cancel()
	pumping, stop := context.WithCancel(ctx)
	var all sync.WaitGroup
	all.Go(func() {
		if err := p.run(pumping, "0"); err != nil {
			t.Error(err)
		}
	})
	p.drained(ctx, t)
	c.Broker.Kill()
	if err := c.Broker.Restart(); err != nil {
		t.Fatal(err)
	}
	p.fill(t, 500, 2)
	c.Broker.Freeze()
	time.Sleep(2 * time.Second)
	c.Broker.Thaw()
	p.drained(ctx, t)
	stop()
	all.Wait()
	if l := p.through(t, "0"); l.Input != 1000 {
		t.Errorf("%s, want 1000 in", l)
	}
}

func TestKafkaBrokerDiesWithThePidItNames(t *testing.T) {
	c := Own(t)
	pid := c.Broker.Pid()
	c.Broker.Stop()
	if runtime.GOOS == "linux" {
		if _, err := os.Stat("/proc/" + strconv.Itoa(pid)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("process %d is still there: %v", pid, err)
		}
	}
}
