package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"golang.org/x/sync/errgroup"

	"weir/internal/gate"
	"weir/internal/kafka"
	"weir/internal/monitor"
	"weir/internal/web"
)

// runBounded runs both stages until everything loaded has been judged and every window closed: gate sessions in this
// process with the broker inside, gate processes of their own on a real Kafka.
func (d *demonstration) runBounded(ctx context.Context, live *live) error {
	drained := make(chan struct{})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if !d.inside {
			if err := d.runGateProcesses(ctx, live); err != nil {
				return err
			}
		} else {
			c := d.service.gate()
			c.OnCommit = live.committed
			if err := gate.Run(ctx, c); err != nil {
				return err
			}
		}
		close(drained)
		return nil
	})
	g.Go(func() error {
		c := d.service.monitor()
		c.Until, c.OnClose = drained, live.closed
		return monitor.Run(ctx, c)
	})
	return g.Wait()
}

// runGateProcesses runs the gates as processes of this program and follows them by their group's offsets.
func (d *demonstration) runGateProcesses(ctx context.Context, live *live) error {
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program to start gates: %w", err)
	}
	g, ctx := errgroup.WithContext(ctx)
	watch, over := context.WithCancel(ctx)
	defer over()
	var gates sync.WaitGroup
	for i := range d.gates {
		gates.Add(1)
		g.Go(func() error {
			defer gates.Done()
			return d.runGateProcess(ctx, program, fmt.Sprintf("demo-%d", i))
		})
	}
	g.Go(func() error {
		gates.Wait()
		over()
		return nil
	})
	g.Go(func() error { return d.followOffsets(watch, live) })
	return g.Wait()
}

func (d *demonstration) runGateProcess(ctx context.Context, program, instance string) error {
	cmd := exec.CommandContext(ctx, program, "run", "--config", d.config, "--stage", "gate", "--until-end", "--instance", instance)
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 20 * time.Second
	if err := cmd.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("gate process %s: %w\n%s", instance, err, said.String())
	}
	return nil
}

// followOffsets tells the live view how far the group has committed, until ctx ends.
func (d *demonstration) followOffsets(ctx context.Context, live *live) error {
	cl, err := kafka.NewClient(ctx, d.kafka)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	every := time.NewTicker(250 * time.Millisecond)
	defer every.Stop()
	for {
		if offsets, err := adm.FetchOffsets(ctx, d.names.Group); err == nil {
			var done int64
			offsets.Each(func(o kadm.OffsetResponse) {
				if o.Topic == d.names.Input {
					done += max(o.At, 0)
				}
			})
			live.at(done)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

// serveHTTP serves probes and metrics when the demo is kept. The address falls back to a free port, because many
// programs want 8080.
func (d *demonstration) serveHTTP(ctx context.Context) (end func(), url string, err error) {
	if !d.keep {
		return func() {}, "", nil
	}
	listening, failed := make(chan net.Addr, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	serve := func(listen string) {
		failed <- web.Serve(ctx, listen, web.Options{
			Status: d.service.status, Metrics: d.service.telemetry.Metrics, Log: d.service.telemetry.Log,
			Listening: func(at net.Addr) { listening <- at },
		})
	}
	end = func() {
		cancel()
		<-failed
	}
	go serve(d.listen)
	select {
	case at := <-listening:
		return end, "http://" + at.String(), nil
	case err := <-failed:
		if !errors.Is(err, syscall.EADDRINUSE) {
			cancel()
			return nil, "", err
		}
	}
	go serve("127.0.0.1:0")
	select {
	case at := <-listening:
		fmt.Fprintf(d.people, "%s is taken, serving on http://%s instead\n", d.listen, at)
		return end, "http://" + at.String(), nil
	case err := <-failed:
		cancel()
		return nil, "", err
	}
}

// serveOn keeps both stages running over the topics, so that records produced now are checked, until Ctrl-C.
func (d *demonstration) serveOn(ctx context.Context) error {
	fmt.Fprintf(d.people, "\n  serving until Ctrl-C: records produced to %s on %s are checked as they come\n", d.names.Input, d.brokers[0])
	d.service.bound = false
	return d.service.runStages(ctx)
}
