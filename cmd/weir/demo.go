package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/demo"
	"weir/internal/kafka"
)

func (a *app) demoCommand() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run weir on a year of real flights with faults injected, and account for every record",
		Long: `Replay the flights of New York in 2013 through gate and monitor. January is the baseline, the rest
the stream. Faults are injected on a seed; the summary sets what was injected beside what was found.

The broker is inside the process and its data is lost on exit, unless --brokers names a real Kafka.
Exit code 0 says that every record is accounted for and every injected fault was found.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(o.brokers) > 0 && !cmd.Flags().Changed("prefix") {
				o.prefix = demo.Prefix(time.Now())
			}
			return a.runDemo(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.Uint64Var(&o.seed, "seed", 42, "`number` that decides which records and days get faults")
	f.StringSliceVar(&o.brokers, "brokers", nil, "`host:port,…` of a real Kafka to use instead of the broker inside")
	f.StringVar(&o.prefix, "prefix", "", "`text` before the names of all topics and groups (default with --brokers: demo-<time>.)")
	f.IntVar(&o.partitions, "partitions", 4, "partitions of the flights topics")
	f.IntVar(&o.gates, "gates", 1, "gates that share the work: sessions with the broker inside, processes with --brokers")
	f.BoolVar(&o.keep, "keep", false, "go on serving until Ctrl-C; with --brokers, leave the topics")
	f.StringVar(&o.listen, "http", "127.0.0.1:8080", "with --keep: `host:port` of probes and metrics")
	f.StringVar(&o.save, "save", filepath.Join(".weir", "demo"), "`folder` for input, dead letters, reports and events; empty for none")
	f.StringVar(&o.output, "output", "text", "text, or json: one JSON object on stdout")
	return cmd
}

type demoOptions struct {
	seed              uint64
	brokers           []string
	prefix, listen    string
	save, output      string
	partitions, gates int
	keep              bool

	doubt func() bool // of the gate's route: see gate.Route; only tests set it
}

func (o *demoOptions) check() error {
	switch {
	case o.output != "text" && o.output != "json":
		return exit(exitUsage, fmt.Errorf("--output %q: want text or json", o.output))
	case o.partitions < 1 || o.partitions > 100:
		return exit(exitUsage, fmt.Errorf("--partitions %d: want 1 to 100", o.partitions))
	case o.gates < 1 || o.gates > 16:
		return exit(exitUsage, fmt.Errorf("--gates %d: want 1 to 16", o.gates))
	}
	return nil
}

// demonstration is one run of the demo.
type demonstration struct {
	*app
	demoOptions
	people  io.Writer // where ordinary text goes: stdout, or stderr when stdout is for JSON
	folder  string    // save, or a temporary folder
	inside  bool      // the broker is in this process
	names   demo.Names
	created bool // the topics are ours, to be deleted
	kafka   kafka.Config
	config  string // path of the weir.yaml of the run
	in      *demo.Injection
	places  []demo.Place
	service *service
}

func (a *app) runDemo(ctx context.Context, o demoOptions) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	d := &demonstration{app: a, demoOptions: o, people: a.stdout}
	if o.output == "json" {
		d.people = a.stderr
	}
	if d.folder = o.save; d.folder == "" {
		if d.folder, err = os.MkdirTemp("", "weir-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(d.folder)) }()
	}
	stop, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer stop()
	defer func() {
		if d.created && !d.inside && !d.keep {
			err = errors.Join(err, demo.Delete(context.WithoutCancel(ctx), d.kafka, d.names))
		}
	}()
	if err := d.prepare(ctx); err != nil {
		return err
	}
	return d.perform(ctx)
}

// connect starts the broker inside, or takes the one that was named, and says which.
func (d *demonstration) connect(ctx context.Context) (stop func(), err error) {
	stop = func() {}
	if d.inside = len(d.brokers) == 0; d.inside {
		b, err := demo.StartBroker(0)
		if err != nil {
			return nil, err
		}
		d.brokers, stop = []string{b.Addr()}, b.Close
		fmt.Fprintf(d.people, "weir %s · in-process broker on %s, data is lost on exit\n", version(), b.Addr())
	} else {
		fmt.Fprintf(d.people, "weir %s · Kafka at %s · topics %sflights.*\n", version(), d.brokers[0], d.prefix)
	}
	d.names = demo.NamesOf(d.prefix)
	d.kafka = kafka.Config{Brokers: d.brokers}
	cl, err := kafka.NewClient(ctx, d.kafka)
	if err != nil {
		stop()
		return nil, err
	}
	cl.Close()
	return stop, nil
}

// prepare reads the data, injects the faults, writes contract, baseline and configuration, and loads the input topic.
func (d *demonstration) prepare(ctx context.Context) error {
	began := time.Now()
	january, stream, err := demo.Flights()
	if err != nil {
		return err
	}
	c, _, err := demo.Prepare(d.folder, january)
	if err != nil {
		return err
	}
	if d.in, err = demo.Inject(stream, d.seed); err != nil {
		return err
	}
	fmt.Fprintf(d.people, "flights of New York, 2013 · baseline: January (%s flights) · contract %s %s\n", comma(len(january)), c.ID, c.Digest.Short())
	if err := d.in.Plan(d.people); err != nil {
		return err
	}
	if d.config, err = demo.SaveConfig(d.folder, d.names, d.brokers); err != nil {
		return err
	}
	if err := demo.CreateTopics(ctx, d.kafka, d.names, d.partitions); err != nil {
		return err
	}
	d.created = true
	prepared := time.Since(began)
	began = time.Now()
	bar := d.newProgress("load "+d.names.Input, "flights", int64(len(stream)))
	d.places, err = demo.Load(ctx, d.kafka, d.names.Input, d.in.Stream, func(done int) { bar.set(int64(done), "") })
	bar.finish()
	if err != nil {
		return err
	}
	fmt.Fprintf(d.people, "prepared in %s, %s flights loaded in %s (not part of the run)\n", clock(prepared), comma(len(stream)), clock(time.Since(began)))
	return nil
}

// perform runs the stages over the loaded topic, accounts for what came out and tells it.
func (d *demonstration) perform(ctx context.Context) error {
	if err := d.newStages(ctx); err != nil {
		return err
	}
	defer func() { _ = d.service.telemetry.Shutdown(context.WithoutCancel(ctx)) }()
	endHTTP, url, err := d.serveHTTP(ctx)
	if err != nil {
		return err
	}
	defer endHTTP()
	began := time.Now()
	live := d.newLive()
	err = d.runBounded(ctx, live)
	live.finish()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	took := time.Since(began)
	out, err := demo.ReadBack(ctx, d.kafka, d.names)
	if err != nil {
		return err
	}
	audit := demo.Check(d.in, d.places, out, d.names, d.service.routes[0].Contract.ID)
	if d.save != "" {
		if err := d.saveAll(ctx, out); err != nil {
			return err
		}
	}
	fmt.Fprintf(d.people, "\n  run took %s, %s records/s; read back and audited in %s\n\n", clock(took),
		comma(int(float64(audit.In)/took.Seconds())), clock(time.Since(began)-took))
	if err := d.tell(audit, url); err != nil {
		return err
	}
	if d.keep {
		if err := d.serveOn(ctx); err != nil {
			return err
		}
	}
	if !audit.OK() {
		return exit(exitFindings, nil)
	}
	return nil
}

// newStages binds the saved configuration to its contract as weir run does.
func (d *demonstration) newStages(ctx context.Context) error {
	c, err := config.Load(d.config)
	if err != nil {
		return err
	}
	c.Instance, c.Sessions = "demo", 1
	if d.inside {
		c.Sessions = d.gates
	}
	routes, stopped, err := bind(c)
	if err != nil {
		return err
	}
	if len(routes) != 1 {
		return refused(stopped)
	}
	if d.service, err = d.newService(ctx, c); err != nil {
		return err
	}
	routes[0].Doubt = d.doubt
	d.service.routes, d.service.bound = routes, true
	return nil
}

func (d *demonstration) saveAll(ctx context.Context, out *demo.Output) error {
	return errors.Join(
		demo.SaveInput(d.folder, d.names, d.in, d.places, out),
		demo.SaveDead(d.folder, out),
		demo.SaveTopic(ctx, d.kafka, d.folder, demo.ReportsFile, d.names.Reports),
		demo.SaveTopic(ctx, d.kafka, d.folder, demo.EventsFile, d.names.Events),
	)
}

func comma(n int) string { return humanize.Comma(int64(n)) }
