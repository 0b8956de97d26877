package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"

	"weir/internal/drift"
	"weir/internal/kafkatest"
)

// calm is what a single undisturbed process publishes on kfake: what every other run of the same input is held against.
func calm(t *testing.T, prefix string, partitions, n int) []string {
	t.Helper()
	w := newWorld(t, kafkatest.Fake(t), prefix, partitions, n, "")
	w.run(exitDone, "run", "-c", w.config, "--until-end")
	w.audit()
	return w.published()
}

func TestEveryRecordIsAccountedFor(t *testing.T) {
	kafkatest.Each(t, func(t *testing.T, c *kafkatest.Cluster) {
		const n = 10_000
		w := newWorld(t, c, kafkatest.Topic(t, "")+".", 4, n, "")
		w.run(exitDone, "run", "-c", w.config, "--until-end")
		l := w.audit()
		if l.Input != n || l.Dead != (n-5+96)/97 {
			t.Errorf("got %s, want %d in and %d dead", l, n, (n-5+96)/97)
		}
		var valid, dead uint64
		for _, v := range w.values(w.names.Reports) {
			r, err := drift.DecodeReport([]byte(v))
			if err != nil {
				t.Fatal(err)
			}
			valid, dead = valid+r.Counts.Valid, dead+r.Counts.Dead
		}
		if int(valid) != l.Output || int(dead) != l.Dead {
			t.Errorf("reports count %d valid and %d dead, the topics hold %d and %d", valid, dead, l.Output, l.Dead)
		}
	})
}

func TestReportsAreTheSameForAnyNumberOfGates(t *testing.T) {
	const prefix, n = "same.", 12_000
	want := calm(t, prefix, 4, n)
	t.Run("3 sessions on kfake", func(t *testing.T) {
		w := newWorld(t, kafkatest.Fake(t), prefix, 4, n, "sessions: 3\nlimits: {max_poll_records: 300}\n")
		w.run(exitDone, "run", "-c", w.config, "--until-end")
		w.audit()
		sameLines(t, w.published(), want)
	})
	t.Run("3 processes on kafka", func(t *testing.T) {
		w := newWorld(t, kafkatest.Real(t), prefix, 4, n, "limits: {max_poll_records: 500}\n")
		var gates []*process
		for i := range 3 {
			gates = append(gates, w.start("run", "-c", w.config, "--stage", "gate", "--until-end", "--instance", fmt.Sprintf("gate-%d", i)))
		}
		for _, p := range gates {
			w.wait(p, 2*time.Minute)
		}
		w.run(exitDone, "run", "-c", w.config, "--stage", "monitor", "--until-end")
		w.audit()
		sameLines(t, w.published(), want)
	})
}

// TestKillsLoseAndDoubleNothing kills gates and the monitor with SIGKILL at random moments, every other time while a
// transaction is open, starts them again, and wants
// the topics and reports of a calm run. WEIR_KILLS says how often (default 3), WEIR_SEED repeats a run.
func TestKillsLoseAndDoubleNothing(t *testing.T) {
	c := kafkatest.Real(t)
	kills, seed := fromEnv(t, "WEIR_KILLS", 3), uint64(fromEnv(t, "WEIR_SEED", int(time.Now().UnixNano()&0xffff)))
	t.Logf("WEIR_SEED=%d WEIR_KILLS=%d", seed, kills)
	const prefix = "kills."
	n := 4_000 + 5_000*kills // enough work to be killed in
	want := calm(t, prefix, 4, n)
	w := newWorld(t, c, prefix, 4, n, "limits: {max_poll_records: 100}\n")
	watch, err := kafkatest.StartWatch(t.Context(), c.Config(), kafkatest.Flow{Group: w.names.Group, Input: w.names.Input, Output: w.names.Output, Dead: w.names.Dead})
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 1))
	commands := [][]string{
		{"run", "-c", w.config, "--stage", "gate", "--instance", "a"},
		{"run", "-c", w.config, "--stage", "gate", "--instance", "b"},
		{"run", "-c", w.config, "--stage", "monitor", "--instance", "m"},
	}
	running := make([]*process, len(commands))
	for i, args := range commands {
		running[i] = w.start(args...)
	}
	time.Sleep(3 * time.Second) // so that the first kill meets work
	for i := range kills {
		time.Sleep(time.Duration(500+random.IntN(2000)) * time.Millisecond)
		victims := []int{random.IntN(len(commands))}
		if i%2 == 1 { // every other time both gates, as soon as a transaction is seen open
			w.awaitOpenTransaction(2 * time.Second)
			victims = []int{0, 1}
		}
		for _, v := range victims {
			running[v].kill()
			running[v] = w.start(commands[v]...)
		}
	}
	for _, p := range running {
		p.kill()
	}
	// The survivors of the last round finish the work under the same names.
	for _, args := range commands {
		w.wait(w.start(append(slices.Clone(args), "--until-end")...), 3*time.Minute)
	}
	l := w.audit()
	t.Logf("%s", l)
	if kills >= 10 && l.Uncommitted == l.Output+l.Dead {
		t.Error("no transaction was cut short: the kills proved nothing")
	}
	if _, err := watch.Stop(t.Context()); err != nil {
		t.Errorf("the concurrent reader: %v", err)
	}
	sameLines(t, w.published(), want)
}

// awaitOpenTransaction waits, not for ever, until the output holds records that are not committed yet.
func (w *world) awaitOpenTransaction(limit time.Duration) {
	w.t.Helper()
	adm := kadm.NewClient(w.cluster.Client(w.t))
	for began := time.Now(); time.Since(began) < limit; {
		ends, err := adm.ListEndOffsets(w.t.Context(), w.names.Output)
		if err != nil {
			w.t.Fatal(err)
		}
		stable, err := adm.ListCommittedOffsets(w.t.Context(), w.names.Output)
		if err != nil {
			w.t.Fatal(err)
		}
		open := false
		ends.Each(func(o kadm.ListedOffset) {
			s, _ := stable.Lookup(o.Topic, o.Partition)
			open = open || s.Offset < o.Offset
		})
		if open {
			return
		}
	}
}

func fromEnv(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func TestFaultsOfTheProtocolLoseAndDoubleNothing(t *testing.T) {
	const prefix, n = "faults.", 3_000
	want := calm(t, prefix, 2, n)
	for _, e := range []*kerr.Error{
		kerr.UnknownServerError, kerr.NotCoordinator, kerr.CoordinatorLoadInProgress, kerr.ConcurrentTransactions,
		kerr.InvalidProducerEpoch, kerr.TransactionAbortable, kerr.NotLeaderForPartition, kerr.NotEnoughReplicas,
	} {
		for _, rpc := range []string{"Produce", "TxnOffsetCommit", "EndTxn"} {
			t.Run(rpc+"/"+e.Message, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, kafkatest.Fake(t), prefix, 2, n, "limits: {max_poll_records: 200}\n")
				hit := faulted(w, rpc, e)
				w.run(exitDone, "run", "-c", w.config, "--until-end")
				w.audit()
				sameLines(t, w.published(), want)
				if hit.Hits() == 0 {
					t.Error("the fault never happened")
				}
			})
		}
	}
}

func faulted(w *world, rpc string, e *kerr.Error) *kfake.FaultHandle {
	f := kfake.Fault{Err: e}
	switch rpc {
	case "Produce":
		return w.cluster.FailProduce(w.names.Output, 3, f)
	case "TxnOffsetCommit":
		return w.cluster.FailTxnOffsetCommit(w.names.Group, 3, f)
	}
	return w.cluster.FailEndTxn("", 3, f)
}

func TestCheckOfADumpPrintsTheStreamsReports(t *testing.T) {
	w := newWorld(t, kafkatest.Fake(t), "", 4, 12_000, "")
	w.run(exitDone, "run", "-c", w.config, "--until-end")
	reports, events := w.folder+"/reports", w.folder+"/events"
	w.run(exitFindings, "check", "--contract", w.folder+"/contracts/flights", "--environment", "demo",
		"--reports", reports, "--events", events, w.dump())
	sameLines(t, slices.Sorted(slices.Values(w.lines(reports))), w.values(w.names.Reports))
	sameLines(t, slices.Sorted(slices.Values(w.lines(events))), w.values(w.names.Events))
}

func TestCheckOfPlainLinesPrintsTheReportsOfOnePartition(t *testing.T) {
	const n = 8_000
	w := newWorld(t, kafkatest.Fake(t), "", 1, n, "")
	w.run(exitDone, "run", "-c", w.config, "--until-end")
	var text []byte
	for _, f := range brokenStream(n) {
		text = append(append(text, f.Value...), '\n')
	}
	reports := w.folder + "/reports"
	w.run(exitFindings, "check", "--contract", w.folder+"/contracts/flights", "--topic", w.names.Input, "--reports", reports, w.file("lines.ndjson", text))
	sameLines(t, slices.Sorted(slices.Values(w.lines(reports))), w.values(w.names.Reports))
}

func TestObserveTouchesNothingAndCountsWhatEnforceRejects(t *testing.T) {
	const n = 6_000
	c := kafkatest.Fake(t)
	w := newWorld(t, c, "", 3, n, "")
	adm := kadm.NewClient(c.Client(t))
	topics := func() []string {
		t.Helper()
		all, err := adm.ListTopics(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return all.Names()
	}
	before := topics()
	stdout, _ := w.run(exitDone, "observe", "--brokers", c.Brokers[0], "--topic", w.names.Input,
		"--contract", w.folder+"/contracts/flights", "--group", "watcher", "--until-end")
	for _, name := range topics() {
		if !slices.Contains(before, name) && !strings.HasPrefix(name, "watcher.") {
			t.Errorf("observe made topic %s", name)
		}
	}
	for _, topic := range []string{w.names.Output, w.names.Dead} {
		if got := len(w.values(topic)); got != 0 {
			t.Errorf("observe wrote %d records to %s", got, topic)
		}
	}
	w.run(exitDone, "run", "-c", w.config, "--until-end")
	l := w.audit()
	if want := fmt.Sprintf("dead %d ", l.Dead); !strings.Contains(stdout, want) {
		t.Errorf("observe printed no %q:\n%s", want, stdout)
	}
	byRule := map[string]uint64{}
	for _, v := range w.values(w.names.Reports) {
		r, err := drift.DecodeReport([]byte(v))
		if err != nil {
			t.Fatal(err)
		}
		for rule, n := range r.Counts.DeadBy {
			byRule[rule] += n
		}
	}
	for rule, n := range byRule {
		if want := fmt.Sprintf("  %s", rule); !strings.Contains(stdout, want) || !strings.Contains(stdout, fmt.Sprint(n)) {
			t.Errorf("observe does not tell %d × %s:\n%s", n, rule, stdout)
		}
	}
}
