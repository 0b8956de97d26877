package demo

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"weir/internal/gate"
	"weir/internal/kafka"
	"weir/internal/monitor"
)

// TestShortRunAddsUp runs gates and monitor over the flights of February and March and audits them as the command does.
func TestShortRunAddsUp(t *testing.T) {
	january, stream := flights(t)
	end := slices.IndexFunc(stream, func(f Flight) bool { return f.Day >= "2013-04" })
	in, err := Inject(stream[:end], 42)
	if err != nil {
		t.Fatal(err)
	}
	broker, err := StartBroker(0)
	if err != nil {
		t.Fatal(err)
	}
	defer broker.Close()
	ctx, dir, n := t.Context(), t.TempDir(), NamesOf("")
	k := kafka.Config{Brokers: []string{broker.Addr()}}
	c, b, err := Prepare(dir, january)
	if err != nil {
		t.Fatal(err)
	}
	if err := CreateTopics(ctx, k, n, 4); err != nil {
		t.Fatal(err)
	}
	if err := CreateTopics(ctx, k, n, 4); err == nil {
		t.Error("the topics were created twice")
	}
	places, err := Load(ctx, k, n.Input, in.Stream, nil)
	if err != nil {
		t.Fatal(err)
	}
	drained := make(chan struct{})
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(drained)
		return gate.Run(gctx, gate.Config{
			Kafka: k, Group: n.Group, Instance: "test", Sessions: 2, UntilEnd: true,
			Routes: []gate.Route{{Input: n.Input, Contract: c, Baseline: b, Mode: gate.Enforce,
				Output: n.Output, DeadLetters: n.Dead, Annotate: true, IdleTimeout: time.Minute}},
		})
	})
	g.Go(func() error {
		return monitor.Run(gctx, monitor.Config{
			Kafka: k, Group: n.Group, Instance: "test", Environment: "demo", Until: drained,
			Sources: []monitor.Source{{Topic: n.Input, Contract: c, Baseline: b}},
		})
	})
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	out, err := ReadBack(ctx, k, n)
	if err != nil {
		t.Fatal(err)
	}
	a := Check(in, places, out, n, c.ID)
	for _, p := range a.Problems {
		t.Error(p)
	}
	for _, f := range a.Faults {
		if f.Found != f.Count() {
			t.Errorf("%s: found %d of %d: %v", f.Label, f.Found, f.Count(), f.Missed)
		}
	}
	if a.In != end || a.Dead != 806 || a.Windows != 59 {
		t.Errorf("got %d records, %d dead, %d windows, want %d, 806, 59", a.In, a.Dead, a.Windows, end)
	}
	if err := Delete(ctx, k, n); err != nil {
		t.Error(err)
	}
}
