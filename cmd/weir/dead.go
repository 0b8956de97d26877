package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/config"
	"weir/internal/deadletter"
	"weir/internal/files"
	"weir/internal/kafka"
)

func (a *app) deadCommand() *cobra.Command {
	var o deadOptions
	cmd := &cobra.Command{
		Use:   "dead TOPIC [PARTITION/OFFSET]",
		Short: "Group the dead letters of a topic by cause, or show one with its faults marked",
		Long: `Read the dead letters of a topic, from its beginning to its end, and group them by cause: the rules
they broke and where. With PARTITION/OFFSET show one letter, its value with the faults underlined.

TOPIC may be a file instead: a dump as kcat -J writes it, such as weir demo leaves.`,
		Example: `  weir dead flights.dead --brokers kafka:9092
  weir dead flights.dead 3/118 -c weir.yaml
  weir dead .weir/demo/flights.dead.ndjson --by rule`,
		Args: cobra.MaximumNArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runDead(cmd.Context(), o, args) },
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.brokers, "brokers", nil, "`host:port,…` of the cluster")
	f.StringVarP(&o.config, "config", "c", "", "configuration `file` that says how to reach the cluster")
	f.StringVar(&o.from, "from", "", "`file` to read instead of a topic")
	f.StringVar(&o.by, "by", "cause", "group by cause or rule")
	f.StringVarP(&o.output, "output", "o", "text", "text, or json: one object per line")
	f.BoolVar(&o.showValues, "show-values", true, "with PARTITION/OFFSET: show key and value; without, only what the headers say")
	cmd.MarkFlagsMutuallyExclusive("brokers", "config", "from")
	return cmd
}

type deadOptions struct {
	brokers                  []string
	config, from, by, output string
	showValues               bool
}

// deadSource is where dead letters are read: a topic, or a file when kafka is nil.
type deadSource struct {
	name  string
	kafka *kafka.Config
}

// place is one letter's partition and offset.
type place struct {
	partition int32
	offset    int64
}

var placePattern = regexp.MustCompile(`^([0-9]{1,9})/([0-9]{1,18})$`)

func parsePlace(s string) (*place, bool) {
	m := placePattern.FindStringSubmatch(s)
	if m == nil {
		return nil, false
	}
	p, _ := strconv.ParseInt(m[1], 10, 32) // nine digits fit
	o, _ := strconv.ParseInt(m[2], 10, 64)
	return &place{int32(p), o}, true
}

func (a *app) runDead(ctx context.Context, o deadOptions, args []string) error {
	if o.output != "text" && o.output != "json" {
		return asUsage(fmt.Errorf("--output %q: want text or json", o.output))
	}
	if o.by != "cause" && o.by != "rule" {
		return asUsage(fmt.Errorf("--by %q: want cause or rule", o.by))
	}
	source, one, err := deadSourceOf(o, args)
	if err != nil {
		return err
	}
	if one != nil {
		l, err := source.letter(ctx, *one)
		if err != nil {
			return source.explain(err)
		}
		return a.showLetter(l, o)
	}
	return a.showGroups(ctx, source, o)
}

// deadSourceOf decides from flags and arguments what is read.
func deadSourceOf(o deadOptions, args []string) (s deadSource, one *place, err error) {
	if n := len(args); n > 0 {
		var ok bool
		if one, ok = parsePlace(args[n-1]); ok {
			args = args[:n-1]
		} else if n == 2 {
			return s, nil, asUsage(fmt.Errorf("%q is not PARTITION/OFFSET, for example 3/118", args[1]))
		}
	}
	switch {
	case o.from != "" && len(args) > 0:
		return s, nil, asUsage(errors.New("give a topic or --from a file, not both"))
	case o.from != "":
		return deadSource{name: o.from}, one, nil
	case len(args) == 0:
		return s, nil, asUsage(errors.New("which topic? give its name, or --from a file"))
	}
	s.name = args[0]
	switch {
	case len(o.brokers) > 0:
		s.kafka = &kafka.Config{Brokers: o.brokers}
	case o.config != "":
		c, err := config.Load(o.config)
		if err != nil {
			return s, nil, err
		}
		k := c.Kafka.Client(nil)
		s.kafka = &k
	default:
		if info, err := os.Stat(s.name); err != nil || info.IsDir() {
			return s, nil, asUsage(fmt.Errorf("%s is not a file; for a topic say where it is: --brokers or -c", s.name))
		}
	}
	return s, one, nil
}

// each hands every record of the source to fn, in order per partition.
func (s deadSource) each(ctx context.Context, fn func(*kgo.Record) error) error {
	if s.kafka != nil {
		return kafka.Read(ctx, *s.kafka, s.name, nil, fn)
	}
	r, err := files.Open(s.name, files.Options{Format: files.Kcat})
	if err != nil {
		return err
	}
	defer r.Close()
	for ctx.Err() == nil {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := fn(record); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// errFound ends reading early.
var errFound = errors.New("found")

// letter reads one dead letter.
func (s deadSource) letter(ctx context.Context, at place) (deadletter.Letter, error) {
	var found *kgo.Record
	if s.kafka != nil {
		r, err := recordAt(ctx, *s.kafka, s.name, at)
		if err != nil {
			return deadletter.Letter{}, err
		}
		found = r
	} else {
		err := s.each(ctx, func(r *kgo.Record) error {
			if r.Partition == at.partition && r.Offset == at.offset {
				found = r
				return errFound
			}
			return nil
		})
		if err != nil && !errors.Is(err, errFound) {
			return deadletter.Letter{}, err
		}
	}
	if found == nil {
		return deadletter.Letter{}, fmt.Errorf("%s has no record at %d/%d", s.name, at.partition, at.offset)
	}
	return deadletter.Read(found)
}

// recordAt fetches one committed record, nil when there is none at that offset.
func recordAt(ctx context.Context, c kafka.Config, topic string, at place) (*kgo.Record, error) {
	cl, err := kafka.NewClient(ctx, c, kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	starts, err := adm.ListStartOffsets(ctx, topic)
	if err == nil {
		err = starts.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("list offsets of %s: %w", topic, err)
	}
	ends, err := adm.ListCommittedOffsets(ctx, topic)
	if err == nil {
		err = ends.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("list offsets of %s: %w", topic, err)
	}
	start, okStart := starts.Lookup(topic, at.partition)
	end, okEnd := ends.Lookup(topic, at.partition)
	if !okStart || !okEnd || at.offset < start.Offset || at.offset >= end.Offset {
		return nil, nil
	}
	cl.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: {at.partition: kgo.NewOffset().At(at.offset)}})
	for {
		fetches := cl.PollRecords(ctx, 1)
		if err := fetches.Err0(); err != nil {
			return nil, err
		}
		if errs := fetches.Errors(); len(errs) > 0 {
			return nil, fmt.Errorf("read %s/%d: %w", topic, at.partition, errs[0].Err)
		}
		for _, r := range fetches.Records() {
			if r.Offset == at.offset && !r.Attrs.IsControl() {
				return r, nil
			}
			return nil, nil
		}
	}
}

// explain adds to an error what the operator can do about it.
func (s deadSource) explain(err error) error {
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return exit(exitUsage, fmt.Errorf("topic %s does not exist on %s", s.name, strings.Join(s.kafka.Brokers, ",")))
	}
	return err
}

func (a *app) showGroups(ctx context.Context, s deadSource, o deadOptions) error {
	groups := deadletter.ByCause()
	if o.by == "rule" {
		groups = deadletter.ByRule()
	}
	letters, strangers := 0, 0
	var stranger error
	var bar *progress
	if isTerminal(a.stderr) {
		bar = a.newProgress("read "+s.name, "letters", 0)
	}
	err := s.each(ctx, func(r *kgo.Record) error {
		l, err := deadletter.Read(r)
		if err != nil {
			strangers, stranger = strangers+1, err
			return nil
		}
		groups.Add(l)
		if letters++; bar != nil {
			bar.set(int64(letters), "")
		}
		return nil
	})
	if bar != nil {
		bar.finish()
	}
	if err != nil {
		return s.explain(err)
	}
	if strangers > 0 {
		fmt.Fprintf(a.stderr, "weir: %d records of %s are no dead letters, the last of them: %v\n", strangers, s.name, stranger)
	}
	if o.output == "json" {
		return writeGroupsJSON(a.stdout, groups.List())
	}
	if letters == 0 {
		fmt.Fprintf(a.stderr, "weir: no dead letters in %s\n", s.name)
		return nil
	}
	list := groups.List()
	if err := writeGroups(a.stdout, list, o.by); err != nil {
		return err
	}
	example := list[0].Examples[0]
	fmt.Fprintf(a.stderr, "\n%s dead %s %d/%d%s shows that one with its faults marked\n", invocation(), s.name, example.Partition, example.Offset, o.flags())
	return nil
}

// flags are what a further command needs to read the same letters.
func (o *deadOptions) flags() string {
	switch {
	case o.config != "":
		return " -c " + o.config
	case len(o.brokers) > 0:
		return " --brokers " + strings.Join(o.brokers, ",")
	}
	return ""
}
