package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/contract"
	"weir/internal/gate"
	"weir/internal/kafka"
	"weir/internal/profile"
)

func (a *app) observeCommand() *cobra.Command {
	var o observeOptions
	cmd := &cobra.Command{
		Use:   "observe --brokers BROKERS --topic TOPIC --contract CONTRACT",
		Short: "Watch a topic against a contract without touching anything of yours",
		Long: `Read a topic, judge every record against a contract, and tell what would be rejected, by rule and with
the coordinates of examples. Nothing is forwarded and nothing of yours is written: weir keeps its profiles,
reports, events and state in topics of its own, <group>.profiles, .reports, .events and .state, which it
creates, and commits the offsets of its own consumer group.

It goes on until Ctrl-C, or with --until-end until it has read what the topic holds now. Started again it goes
on where it stopped: give another --group to judge the topic anew, such as after a change of the contract.
The password for --user is taken from the environment variable WEIR_KAFKA_PASSWORD.`,
		Example: `  weir observe --brokers kafka:9092 --topic orders.raw --contract contracts/orders --until-end`,
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.observe(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.brokers, "brokers", nil, "`host:port` of one or more brokers")
	f.StringVar(&o.topic, "topic", "", "topic to read")
	f.StringVar(&o.contract, "contract", "", "contract `file`, or a folder with one version")
	f.StringVar(&o.group, "group", "", "consumer group, also the prefix of weir's own topics (default: weir-observe-<topic>)")
	f.StringVar(&o.listen, "http", "", "serve /metrics, /livez and /readyz on `host:port`")
	f.BoolVar(&o.latest, "latest", false, "begin at the end of the topic instead of its beginning")
	f.BoolVar(&o.untilEnd, "until-end", false, "stop at what is now the end of the topic")
	f.BoolVar(&o.tls, "tls", false, "connect with TLS")
	f.StringVar(&o.ca, "ca", "", "trust this PEM `file` instead of the system's authorities")
	f.StringVar(&o.mechanism, "sasl", "", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
	f.StringVar(&o.user, "user", "", "SASL user")
	return cmd
}

type observeOptions struct {
	brokers                        []string
	topic, contract, group, listen string
	latest, untilEnd, tls          bool
	ca, mechanism, user            string
}

func (a *app) observe(ctx context.Context, o observeOptions) error {
	for flag, missing := range map[string]bool{"--brokers": len(o.brokers) == 0, "--topic": o.topic == "", "--contract": o.contract == ""} {
		if missing {
			return exit(exitUsage, errors.New(flag+" is required"))
		}
	}
	if err := checkSASL(o.mechanism, o.user); err != nil {
		return err
	}
	c, err := loadOne(o.contract)
	if err != nil {
		return exit(exitUsage, err)
	}
	b, err := profile.FindBaseline(c)
	if err != nil {
		return exit(exitUsage, err)
	}
	s, err := a.newService(ctx, o.config())
	if err != nil {
		return err
	}
	defer s.telemetry.Shutdown(ctx)
	d := config.DefaultRoute(o.topic, c.ID.String())
	s.routes = []gate.Route{{
		Name: o.topic, Input: o.topic, Contract: c, Baseline: b, Mode: gate.Observe, Latest: o.latest,
		IdleTimeout: d.IdleTimeout, MaxFuture: d.MaxFuture,
	}}
	s.bound = o.untilEnd
	if err := s.ensureTopics(ctx, o.topic); err != nil {
		return err
	}
	seen := &observed{}
	bar := a.newProgress("observing "+o.topic, "records", 0)
	s.onCommit = func(st gate.Stats) { bar.set(seen.add(st), "") }
	err = s.run(ctx)
	bar.finish()
	if err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	if seen.print(a, c) == 0 {
		fmt.Fprintf(a.stderr, "nothing new in %s for the group %s; it goes on where it stopped, another --group begins anew\n", o.topic, s.config.Group)
	}
	return err
}

// checkSASL says what --sasl lacks.
func checkSASL(mechanism, user string) error {
	if mechanism != "" && (user == "" || os.Getenv("WEIR_KAFKA_PASSWORD") == "") {
		return exit(exitUsage, errors.New("--sasl needs --user, and the password in the environment variable WEIR_KAFKA_PASSWORD"))
	}
	return nil
}

// config is the configuration the flags stand for.
func (o observeOptions) config() *config.Config {
	c := config.Default()
	c.Environment = "observe"
	c.Group = o.group
	if c.Group == "" {
		c.Group = "weir-observe-" + o.topic
	}
	c.Kafka.Brokers = o.brokers
	c.Kafka.TLS.Enabled = o.tls || o.ca != ""
	c.Kafka.TLS.CA.File = o.ca
	c.Kafka.SASL.Mechanism, c.Kafka.SASL.User = o.mechanism, o.user
	c.Kafka.SASL.Password = config.NewSecret(os.Getenv("WEIR_KAFKA_PASSWORD"))
	c.HTTP.Listen = o.listen
	c.Telemetry.LogLevel = c.Telemetry.LogLevel + 4 // warnings only: the progress is the message
	return c
}

// ensureTopics creates weir's own topics where they are missing, after making sure that there is something to read.
func (s *service) ensureTopics(ctx context.Context, input string) error {
	cl, err := kafka.NewClient(ctx, s.kafka)
	if err != nil {
		return err
	}
	defer cl.Close()
	counts, err := kafka.Partitions(ctx, cl, input)
	if err != nil {
		return err
	}
	if counts[input] == 0 {
		return exit(exitUsage, fmt.Errorf("topic %s does not exist", input))
	}
	_, err = kafka.EnsureOwn(ctx, cl, s.config.Group, 1)
	return err
}

// observed adds up what an observation has seen. Sessions call add from their own goroutines.
type observed struct {
	mu     sync.Mutex
	counts profile.Counts
}

func (o *observed) add(s gate.Stats) (total int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counts.Add(&s.Counts)
	c := &o.counts
	return int64(c.Valid + c.Dead + c.Late() + c.Tombstones)
}

func (o *observed) print(a *app, of *contract.Contract) (records uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := &o.counts
	r := checkResult{Contract: of.ID.String(), Digest: of.Digest, Valid: c.Valid, Dead: c.Dead, Late: c.Late(), Tombstones: c.Tombstones, DeadByRule: c.DeadBy, Warnings: c.WarnedBy, examples: c.Examples}
	r.Records = r.Valid + r.Dead + r.Late + r.Tombstones
	r.printCounts(a.stdout, "would reject")
	return r.Records
}
