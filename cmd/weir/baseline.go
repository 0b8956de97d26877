package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/files"
	"weir/internal/profile"
	"weir/internal/validate"
)

func (a *app) baselineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Record what a contract's columns looked like at training time",
	}
	cmd.AddCommand(a.baselineBuildCommand())
	return cmd
}

func (a *app) baselineBuildCommand() *cobra.Command {
	var o baselineOptions
	cmd := &cobra.Command{
		Use:   "build --contract CONTRACT {FILE… | --brokers BROKERS --topic TOPIC}",
		Short: "Build a baseline from files or from a range of a topic",
		Long: `Read training data, keep the records that are valid under the contract, and write what their columns look
like to contracts/<name>/baselines/<id>.json. Windows of the stream are compared with that file; it is meant
to be committed beside the contract.

Files are NDJSON, CSV, Parquet or dumps of "kcat -J"; gzip is recognised; - is standard input. A topic is read
up to its present end, committed records only, without a consumer group.

Columns that are not public (classification: public) keep hashes of their texts, not the texts.`,
		Example: `  weir baseline build --contract contracts/flights/1.0.0.odcs.yaml --id 2013-01 january.parquet
  weir baseline build --contract contracts/flights --since 2013-01-01 --until 2013-02-01 flights2013.parquet
  weir baseline build --contract contracts/orders --brokers kafka:9092 --topic orders.raw --from 2026-10-01T00:00:00Z`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.files = args
			return a.buildBaseline(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.contract, "contract", "", "contract `file`, or a folder with one version")
	f.StringVar(&o.id, "id", "", "`name` of the baseline (default: the month or the days of its event times)")
	f.StringVarP(&o.out, "output", "o", "", "write to `file` instead (- is stdout)")
	f.BoolVar(&o.force, "force", false, "replace a baseline of that name that says something else")
	f.StringVar(&o.format, "format", "auto", "auto, ndjson, csv, parquet or kcat")
	f.StringVar(&o.since, "since", "", "take event times from this `time` on (RFC 3339, or a day of the contract's zone)")
	f.StringVar(&o.until, "until", "", "take event times before this `time`")
	f.StringSliceVar(&o.topic.brokers, "brokers", nil, "`host:port` of one or more brokers")
	f.StringVar(&o.topic.name, "topic", "", "topic to read")
	f.StringVar(&o.topic.from, "from", "", "begin at this `offset` of every partition, or at this Kafka timestamp (RFC 3339)")
	f.StringVar(&o.topic.to, "to", "", "end before this `offset` or Kafka timestamp (default: the present end)")
	f.BoolVar(&o.topic.tls, "tls", false, "connect with TLS")
	f.StringVar(&o.topic.ca, "ca", "", "trust this PEM `file` instead of the system's authorities")
	f.StringVar(&o.topic.mechanism, "sasl", "", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; the password is in WEIR_KAFKA_PASSWORD")
	f.StringVar(&o.topic.user, "user", "", "SASL user")
	return cmd
}

type baselineOptions struct {
	contract, id, out, format, since, until string
	force                                   bool
	files                                   []string
	topic                                   topicRange
}

func (o *baselineOptions) validate() error {
	topic := o.topic.name != "" || len(o.topic.brokers) > 0 || o.topic.from != "" || o.topic.to != ""
	switch {
	case o.contract == "":
		return errors.New("--contract is required")
	case o.id != "" && !baselineID.MatchString(o.id):
		return fmt.Errorf("--id %q: want letters, digits, dots, dashes and underscores", o.id)
	case topic && len(o.files) > 0:
		return errors.New("give files or --topic, not both")
	case topic && (o.topic.name == "" || len(o.topic.brokers) == 0):
		return errors.New("--brokers and --topic go together")
	case !topic && len(o.files) == 0:
		return errors.New("no file given; - is standard input, --brokers and --topic read a topic")
	}
	return nil
}

// baselineID keeps ids usable as file names.
var baselineID = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)

func (a *app) buildBaseline(ctx context.Context, o baselineOptions) error {
	if err := o.validate(); err != nil {
		return exit(exitUsage, err)
	}
	c, err := loadOne(o.contract)
	if err != nil {
		return exit(exitUsage, err)
	}
	b, err := newBaselineBuild(c, o)
	if err != nil {
		return exit(exitUsage, err)
	}
	if o.topic.name != "" {
		err = a.addTopic(ctx, b, o.topic)
	} else {
		err = a.addFiles(ctx, b, o)
	}
	if err != nil {
		return err
	}
	out, err := b.build(o.id)
	if err != nil {
		b.printRejected(a.stderr)
		return err
	}
	return a.writeBaseline(o, c, b, out)
}

// baselineBuild sends the valid records of a time range into a builder and counts the others.
type baselineBuild struct {
	contract     *contract.Contract
	layout       *columns.Layout
	validator    *validate.Validator
	builder      *profile.BaselineBuilder
	batch        *columns.Batch
	row          *columns.Row
	since, until int64 // Unix ms; both 0 without a range
	ranged       bool

	records, tombstones, outside uint64
	rejected                     profile.Counts
}

// batchOfBaseline is how many rows are handed over at a time.
const batchOfBaseline = 4096

func newBaselineBuild(c *contract.Contract, o baselineOptions) (*baselineBuild, error) {
	l := columns.NewLayout(c)
	v, err := validate.Compile(c, l, validate.Options{})
	if err != nil {
		return nil, err
	}
	b := &baselineBuild{
		contract: c, layout: l, validator: v, builder: profile.NewBaselineBuilder(c, l),
		batch: l.NewBatch(), row: l.NewRow(),
		since: -1 << 62, until: 1 << 62, ranged: o.since != "" || o.until != "",
	}
	if b.ranged && l.EventTime < 0 {
		return nil, fmt.Errorf("--since and --until need an event time, which %s does not have", c.ID)
	}
	for _, bound := range []struct {
		flag, text string
		ms         *int64
	}{{"--since", o.since, &b.since}, {"--until", o.until, &b.until}} {
		if bound.text == "" {
			continue
		}
		if *bound.ms, err = parseInstant(bound.text, c.Window.Zone); err != nil {
			return nil, fmt.Errorf("%s: %w", bound.flag, err)
		}
	}
	if b.since >= b.until {
		return nil, fmt.Errorf("--since %s is not before --until %s", o.since, o.until)
	}
	return b, nil
}

// parseInstant reads an RFC 3339 time, or a day as its beginning in the zone, as Unix milliseconds.
func parseInstant(s string, zone *time.Location) (int64, error) {
	if t, err := time.ParseInLocation(time.DateOnly, s, zone); err == nil {
		return t.UnixMilli(), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0, fmt.Errorf("%q is neither RFC 3339 (2013-01-01T00:00:00Z) nor a day (2013-01-01)", s)
	}
	return t.UnixMilli(), nil
}

// add judges one record.
func (b *baselineBuild) add(r *files.Record) error {
	b.records++
	if r.Value == nil {
		b.tombstones++
		return nil
	}
	violations := b.validator.Check(r.Value, b.row)
	if at, ok := b.row.EventTime(b.layout); b.ranged && ok && (at < b.since || at >= b.until) {
		b.outside++
		return nil
	}
	if validate.Rejects(violations) {
		b.reject(r, violations)
		return nil
	}
	if _, ok := b.row.EventTime(b.layout); b.ranged && !ok {
		b.outside++
		return nil
	}
	b.batch.Append(b.row)
	if b.batch.Len() >= batchOfBaseline {
		return b.flush()
	}
	return nil
}

func (b *baselineBuild) reject(r *files.Record, violations []validate.Violation) {
	b.rejected.Dead++
	by := map[string]uint64{}
	for _, v := range violations {
		if v.Severity == contract.Error {
			by[v.Rule] = 1
			b.rejected.Example(v.Rule, profile.Coordinate{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset})
		}
	}
	b.rejected.Add(&profile.Counts{DeadBy: by})
}

func (b *baselineBuild) flush() error {
	batch := b.batch.Finish()
	defer batch.Record.Release()
	return b.builder.Add(batch)
}

func (b *baselineBuild) build(id string) (*profile.Baseline, error) {
	if err := b.flush(); err != nil {
		return nil, err
	}
	if b.outside > 0 && b.outside+b.tombstones == b.records {
		return nil, fmt.Errorf("all %s records were outside the time range of --since and --until", count(b.outside))
	}
	if id != "" {
		return b.builder.Build(id)
	}
	out, err := b.builder.Build("unnamed")
	if err != nil {
		return nil, err
	}
	if out.ID, err = spanID(out.From, out.To, b.contract.Window.Zone); err != nil {
		return nil, exit(exitUsage, err)
	}
	return out, nil
}

// spanID names a baseline after the month, the day, or the first and last day of its event times.
func spanID(from, to string, zone *time.Location) (string, error) {
	first, err := time.Parse(time.RFC3339, from)
	if err != nil {
		return "", errors.New("--id is required: the records have no event time to name the baseline after")
	}
	last, err := time.Parse(time.RFC3339, to)
	if err != nil {
		return "", fmt.Errorf("name baseline: %w", err)
	}
	a, z := first.In(zone).Format(time.DateOnly), last.In(zone).Format(time.DateOnly)
	switch {
	case a == z:
		return a, nil
	case a[:7] == z[:7]:
		return a[:7], nil
	}
	return a + "_" + z, nil
}

// addFiles reads the files one after the other.
func (a *app) addFiles(ctx context.Context, b *baselineBuild, o baselineOptions) error {
	for _, path := range o.files {
		name := filepath.Base(path)
		options := files.Options{Format: files.Format(o.format), Layout: b.layout, Topic: name}
		var r *files.Reader
		var err error
		if path == "-" {
			r, err = files.OpenStream("stdin", a.stdin, options)
		} else {
			r, err = files.Open(path, options)
		}
		if err != nil {
			return exit(exitUsage, err)
		}
		if err := errors.Join(a.addFile(ctx, b, name, r), r.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) addFile(ctx context.Context, b *baselineBuild, name string, r *files.Reader) error {
	_, total := r.Progress()
	bar := a.newProgress(name, r.Unit(), total)
	defer bar.finish()
	for n := 0; ; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		rec, err := r.Next()
		done, _ := r.Progress()
		if n%256 == 0 || err != nil {
			bar.set(done, "")
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := b.add(rec); err != nil {
			return err
		}
	}
}

// writeBaseline writes the file and the summary. A file that says something else is only replaced with --force: a
// baseline is what a model was trained on, not the latest data.
func (a *app) writeBaseline(o baselineOptions, c *contract.Contract, b *baselineBuild, out *profile.Baseline) error {
	data := out.Encode()
	if o.out == "-" {
		if _, err := a.stdout.Write(data); err != nil {
			return fmt.Errorf("write baseline: %w", err)
		}
		return b.print(a.stderr, out, "stdout")
	}
	path := o.out
	if path == "" {
		path = filepath.Join(profile.BaselineFolder(c), out.ID+".json")
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("write baseline: %w", err)
		}
	}
	if old, err := os.ReadFile(path); err == nil && !bytes.Equal(old, data) && !o.force {
		return exit(exitUsage, fmt.Errorf("%s exists and says something else: choose another --id, or replace it with --force", path))
	}
	if err := replaceFile(path, data); err != nil {
		return fmt.Errorf("write baseline: %w", err)
	}
	return b.print(a.stdout, out, path)
}

// replaceFile writes beside the file and renames, so that no reader sees half a file.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
