package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"weir/internal/config"
	"weir/internal/contract"
	"weir/internal/gate"
	"weir/internal/kafka"
	"weir/internal/monitor"
	"weir/internal/profile"
	"weir/internal/telemetry"
	"weir/internal/validate"
	"weir/internal/web"
)

// service is the long-running part of a command: the stages of one configuration, with telemetry and HTTP.
type service struct {
	config *config.Config
	stages stages
	bound  bool // read to the end and return

	acceptGaps bool // go on with contracts stopped by a gap in their sources' progress

	telemetry *telemetry.Telemetry
	status    *telemetry.Status
	kafka     kafka.Config
	routes    []gate.Route
	stopped   map[string]string // routes that do not run, and why

	onCommit func(gate.Stats)
	ready    func() // called once the stages have been started; may be nil
}

// stages says which stages a process runs.
type stages struct{ gate, monitor bool }

// bind finds each route's contract and baseline and takes out the routes that cannot run, with the reason.
func bind(c *config.Config) (routes []gate.Route, stopped map[string]string, err error) {
	stopped = map[string]string{}
	for _, s := range c.Stopped {
		stopped[s.Name] = (&config.Error{Problems: s.Problems}).Error()
	}
	set, err := contract.LoadDir(c.Contracts)
	if err != nil {
		return nil, nil, exit(exitUsage, fmt.Errorf("load contracts: %w", err))
	}
	for _, r := range c.Routes {
		route, err := bindRoute(r, set, c.Limits)
		if err != nil {
			stopped[r.Name] = err.Error()
			continue
		}
		routes = append(routes, route)
	}
	return routes, stopped, nil
}

func bindRoute(r config.Route, set *contract.Set, limits config.Limits) (gate.Route, error) {
	id, _ := contract.ParseID(r.Contract)
	c, ok := set.Get(id)
	if !ok {
		return gate.Route{}, fmt.Errorf("%s:%d: contract %s is not in the contracts folder%s", r.File, r.Line, id, problemsOf(set, id))
	}
	if open := unenforced(c, r.AcceptUnenforced); r.Mode == config.Enforce && len(open) > 0 {
		return gate.Route{}, fmt.Errorf("%s:%d: mode enforce, but %s has rules that weir does not enforce: %s; list them under accept_unenforced to run without them",
			r.File, r.Line, id, strings.Join(open, ", "))
	}
	b, err := profile.FindBaseline(c)
	if err != nil {
		return gate.Route{}, fmt.Errorf("contract %s: %w", id, err)
	}
	return gate.Route{
		Name: r.Name, Input: r.Input, Contract: c, Baseline: b, Mode: gate.Mode(r.Mode),
		Output: r.Output, DeadLetters: r.DeadLetters, RejectTombstones: r.Tombstones == config.RejectTombstones,
		UnknownFields: validate.UnknownFields(r.UnknownFields), Annotate: r.Annotate, Latest: r.Start == config.Latest,
		IdleTimeout: r.IdleTimeout, MaxFuture: r.MaxFuture, MaxRecordBytes: int(limits.MaxRecordBytes),
	}, nil
}

// problemsOf lists what is wrong with the files of a contract that did not load.
func problemsOf(set *contract.Set, id contract.ID) string {
	var b strings.Builder
	for _, p := range set.Problems {
		if strings.Contains(p.File, id.Name) {
			b.WriteString("\n  " + p.String())
		}
	}
	return b.String()
}

// unenforced lists the rules of a contract that weir does not enforce and nobody has accepted, with their lines.
func unenforced(c *contract.Contract, accepted []string) (open []string) {
	for _, r := range c.Rules {
		if r.Scope == contract.NotEnforced && !slices.Contains(accepted, r.ID) {
			open = append(open, fmt.Sprintf("%s (line %d: %s)", r.ID, r.Line, r.Why))
		}
	}
	return open
}

// run starts the stages and HTTP, and returns when they have ended: with the context's error when a bounded run was
// interrupted before its end.
func (s *service) run(ctx context.Context) error {
	if err := s.tellStopped(ctx); err != nil {
		return err
	}
	for _, r := range s.routes {
		if open := unenforced(r.Contract, nil); len(open) > 0 {
			s.telemetry.Log.Warn("rules not enforced", "route", r.Name, "contract", r.Contract.ID.String(), "rules", open)
		}
	}
	interrupted := ctx.Err
	g, ctx := errgroup.WithContext(ctx)
	work, finish := context.WithCancel(ctx) // ends what only accompanies the stages
	g.Go(func() error {
		<-work.Done()
		s.status.Draining()
		return nil
	})
	if s.config.HTTP.Listen != "" {
		g.Go(func() error {
			return web.Serve(work, s.config.HTTP.Listen, web.Options{
				Status: s.status, Metrics: s.telemetry.Metrics, Log: s.telemetry.Log, AllowRemote: s.config.HTTP.AllowRemote,
			})
		})
	}
	g.Go(func() error { return s.tell(work) })
	g.Go(func() error {
		defer finish()
		return s.runStages(ctx)
	})
	if s.ready != nil {
		s.ready()
	}
	if err := g.Wait(); err != nil || !s.bound {
		return err
	}
	return interrupted()
}

// tellStopped shows the routes that do not run where an operator looks: probe, metric and log.
func (s *service) tellStopped(ctx context.Context) error {
	if len(s.stopped) == 0 {
		return nil
	}
	metrics, err := telemetry.NewGateMetrics(s.telemetry.Meter)
	if err != nil {
		return err
	}
	for name, why := range s.stopped {
		s.status.SetRoute(name, telemetry.Stopped, why)
		metrics.Route(ctx, name, telemetry.Stopped)
		s.telemetry.Log.Error("route does not run", "route", name, "reason", why)
	}
	return nil
}

func (s *service) runStages(ctx context.Context) error {
	drained := make(chan struct{}) // closed when the gate of a bounded run is done
	g, ctx := errgroup.WithContext(ctx)
	if s.stages.gate {
		g.Go(func() error {
			err := gate.Run(ctx, s.gate())
			if err == nil && s.bound {
				close(drained)
			}
			return err
		})
	} else if s.bound {
		close(drained)
	}
	if s.stages.monitor {
		g.Go(func() error {
			c := s.monitor()
			if s.bound {
				c.Until = drained
			}
			return monitor.Run(ctx, c)
		})
	}
	return g.Wait()
}

func (s *service) gate() gate.Config {
	return gate.Config{
		Kafka: s.kafka, Group: s.config.Group, Instance: s.config.Instance, Sessions: s.config.Sessions,
		Routes: s.routes, MaxRecords: s.config.Limits.MaxPollRecords, CommitInterval: s.config.Limits.CommitInterval,
		UntilEnd: s.bound, Log: s.telemetry.Log, Meter: s.telemetry.Meter, Tracer: s.telemetry.Tracer,
		Status: s.status, OnCommit: s.onCommit,
	}
}

func (s *service) monitor() monitor.Config {
	c := monitor.Config{
		Kafka: s.kafka, Group: s.config.Group, Instance: s.config.Instance, Environment: s.config.Environment,
		Log: s.telemetry.Log, Meter: s.telemetry.Meter, Tracer: s.telemetry.Tracer, Status: s.status,
	}
	for _, r := range s.routes {
		c.Sources = append(c.Sources, monitor.Source{Topic: r.Input, Contract: r.Contract, Baseline: r.Baseline})
	}
	c.Versions, c.AcceptGaps = s.versions(), s.acceptGaps
	return c
}

// versions are all contracts of the folder, with their baselines: windows opened under a version that no route uses any
// more are still to be judged. What does not load is missed only if such a window is open, and then named.
func (s *service) versions() (versions []monitor.Source) {
	set, err := contract.LoadDir(s.config.Contracts)
	if err != nil {
		return nil
	}
	for _, c := range set.Contracts() {
		b, _ := profile.FindBaseline(c) // without it the windows are reported, not compared
		versions = append(versions, monitor.Source{Contract: c, Baseline: b})
	}
	return versions
}

// newService sets up telemetry and reaches the cluster, so that a broker that is down or a wrong password is told at
// once instead of being retried behind a log.
func (a *app) newService(ctx context.Context, c *config.Config) (*service, error) {
	tel, err := a.startTelemetry(ctx, c)
	if err != nil {
		return nil, err
	}
	s := &service{config: c, telemetry: tel, status: telemetry.NewStatus(), kafka: c.Kafka.Client(tel.Log), stages: stages{true, true}}
	cl, err := kafka.NewClient(ctx, s.kafka)
	if err != nil {
		return nil, errors.Join(err, tel.Shutdown(ctx))
	}
	cl.Close()
	return s, nil
}
