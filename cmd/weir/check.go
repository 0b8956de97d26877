package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/drift"
	"weir/internal/files"
	"weir/internal/gate"
	"weir/internal/monitor"
	"weir/internal/profile"
)

func (a *app) checkCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check --contract CONTRACT FILE…",
		Short: "Check files against a contract, with the engine that checks topics",
		Long: `Judge every record of the files against a contract, close its windows, compare them with the baseline,
and say what is wrong. The engine is the one of "weir run", so a file gives the reports its stream gave.

Files are NDJSON, CSV, Parquet or topic dumps of "kcat -J" (which keep partitions, and so reproduce a
partitioned topic exactly); gzip is recognised; - is standard input. Several files are read as one.

The format is told from the file's name and first bytes; CSV on standard input needs --format csv.

With --schema, check single JSON values, uncompressed, against a bare JSON Schema instead: one verdict per line.

Exit code: 0 nothing found, 1 records rejected or findings of severity error, 2 wrong usage.`,
		Example: `  weir check --contract contracts/flights/1.0.0.odcs.yaml january.parquet
  kcat -C -b localhost:9092 -t flights.raw -J -e | weir check --contract contracts/flights -
  weir check --schema order.schema.json --verdicts - orders.ndjson`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.schema != "" && o.contract != "" {
				return exit(exitUsage, errors.New("give --contract or --schema, not both"))
			}
			if o.schema != "" {
				return a.checkSchema(cmd.Context(), o.schema, o.verdicts, args)
			}
			return a.check(cmd.Context(), o, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.contract, "contract", "", "contract `file`, or a folder with one version")
	f.StringVar(&o.baseline, "baseline", "", "baseline `file` (default: the contract's own), or none")
	f.StringVar(&o.format, "format", "auto", "auto, ndjson, csv, parquet or kcat")
	f.StringVar(&o.topic, "topic", "", "topic `name` in reports (default: the dump's, else the file's name)")
	f.StringVar(&o.reports, "reports", "", "write every window's report to `file`, one per line (- is stdout)")
	f.StringVar(&o.events, "events", "", "write the events of findings to `file`, one per line")
	f.StringVar(&o.environment, "environment", "check", "environment in the events' source")
	f.StringVar(&o.failOn, "fail-on", "error", "exit with 1 on findings of this severity: error, warning or never")
	f.StringVarP(&o.output, "output", "o", "text", "text or json")
	f.StringVar(&o.schema, "schema", "", "bare JSON Schema `file` instead of a contract")
	f.StringVar(&o.verdicts, "verdicts", "-", "with --schema: where the verdicts go (`file`, - is stdout)")
	return cmd
}

type checkOptions struct {
	contract, baseline, format, topic    string
	reports, events, environment, failOn string
	output, schema, verdicts             string
}

func (a *app) check(ctx context.Context, o checkOptions, paths []string) error {
	switch {
	case o.contract == "":
		return exit(exitUsage, errors.New("--contract is required (or --schema for a bare JSON Schema)"))
	case len(paths) == 0:
		return exit(exitUsage, errors.New("no file given; - is standard input"))
	case o.output != "text" && o.output != "json":
		return exit(exitUsage, fmt.Errorf("--output %q: want text or json", o.output))
	case !slices.Contains([]string{"error", "warning", "never"}, o.failOn):
		return exit(exitUsage, fmt.Errorf("--fail-on %q: want error, warning or never", o.failOn))
	}
	c, err := loadOne(o.contract)
	if err != nil {
		return exit(exitUsage, err)
	}
	b, err := findBaseline(c, o.baseline)
	if err != nil {
		return exit(exitUsage, err)
	}
	out, closeOut, err := a.openLines(o)
	if err != nil {
		return exit(exitUsage, err)
	}
	var reports []*drift.Report
	e := newEngine(gate.Route{Input: o.topic, Contract: c, Baseline: b}, o.environment, func(w monitor.Closed) error {
		reports = append(reports, w.Report)
		return out.write(w)
	})
	if err := errors.Join(a.readAll(ctx, e, o, paths), closeOut()); err != nil {
		return err
	}
	result := checkResult{Contract: c.ID.String(), Digest: c.Digest}
	result.fill(e, reports)
	if result.Records == 0 {
		fmt.Fprintf(a.stderr, "weir: no record in %s\n", strings.Join(paths, ", "))
	}
	return a.printCheck(o, result)
}

// baseName is a file's name without folder and endings.
func baseName(path string) string {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return name
}

// readAll reads the files one after the other into the engine and closes its windows.
func (a *app) readAll(ctx context.Context, e *engine, o checkOptions, paths []string) error {
	layout := columns.NewLayout(e.route.Contract)
	for _, path := range paths {
		r, err := files.Open(path, files.Options{Format: files.Format(o.format), Layout: layout, Topic: baseName(path)})
		if err != nil {
			return exit(exitUsage, err)
		}
		_, total := r.Progress()
		bar := a.newProgress(filepath.Base(path), "records", 0)
		err = e.read(ctx, r, func() {
			done, _ := r.Progress()
			bar.set(int64(e.total()), share(done, total))
		})
		bar.finish()
		closed := r.Close()
		if err := cmp.Or(err, closed); err != nil { // closing what broke off only says so again
			return err
		}
	}
	return e.close(true)
}

func share(done, total int64) string {
	if total <= 0 {
		return ""
	}
	return fmt.Sprintf("%d %%", 100*done/total)
}

// loadOne loads a contract file, or the only version in a folder.
func loadOne(path string) (*contract.Contract, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return contract.Load(path)
	}
	set, err := contract.LoadDir(path)
	if err != nil {
		return nil, err
	}
	if len(set.Problems) > 0 {
		return nil, set.Problems
	}
	all := set.Contracts()
	if len(all) == 1 {
		return all[0], nil
	}
	var ids []string
	for _, c := range all {
		ids = append(ids, c.ID.String())
	}
	return nil, fmt.Errorf("%s holds %d contract versions (%s): name the file of one", path, len(all), strings.Join(ids, ", "))
}

// findBaseline is the baseline a flag names, the contract's own by default, nil for "none" or when it has none.
func findBaseline(c *contract.Contract, flag string) (*profile.Baseline, error) {
	switch flag {
	case "":
		return profile.FindBaseline(c)
	case "none":
		return nil, nil
	}
	return profile.LoadBaseline(flag)
}

// openLines opens the files that --reports and --events name.
func (a *app) openLines(o checkOptions) (lines, func() error, error) {
	var closers []io.Closer
	open := func(name string) (io.Writer, error) {
		switch name {
		case "":
			return nil, nil
		case "-":
			return a.stdout, nil
		}
		f, err := os.Create(name)
		if err == nil {
			closers = append(closers, f)
		}
		return f, err
	}
	var l lines
	var errs [2]error
	l.reports, errs[0] = open(o.reports)
	l.events, errs[1] = open(o.events)
	return l, func() error {
		var errs []error
		for _, c := range closers {
			errs = append(errs, c.Close())
		}
		return errors.Join(errs...)
	}, errors.Join(errs[:]...)
}

// checkResult is what check found.
type checkResult struct {
	Contract   string            `json:"contract"`
	Digest     contract.Digest   `json:"digest"`
	Records    uint64            `json:"records"`
	Valid      uint64            `json:"valid"`
	Dead       uint64            `json:"dead"`
	Late       uint64            `json:"late"`
	Tombstones uint64            `json:"tombstones"`
	DeadByRule map[string]uint64 `json:"dead_by_rule"`
	Warnings   map[string]uint64 `json:"warned_by_rule"`
	Windows    int               `json:"windows_closed"`
	Incidents  []drift.Incident  `json:"incidents"`
	Unjudged   []unjudgedRule    `json:"not_judged"`

	examples map[string][]profile.Coordinate
}

func (r *checkResult) fill(e *engine, reports []*drift.Report) {
	c := &e.counts
	r.Records, r.Valid, r.Dead, r.Late, r.Tombstones = e.total(), c.Valid, c.Dead, c.Late(), c.Tombstones
	r.DeadByRule, r.Warnings, r.examples = c.DeadBy, c.WarnedBy, c.Examples
	if r.DeadByRule == nil {
		r.DeadByRule = map[string]uint64{}
	}
	if r.Warnings == nil {
		r.Warnings = map[string]uint64{}
	}
	r.Windows, r.Incidents = len(reports), drift.Incidents(reports)
	r.Unjudged = unjudged(e.route.Contract, reports)
}

// unjudgedRule is a rule that the result says nothing about.
type unjudgedRule struct {
	Rule    string `json:"rule"`
	Because string `json:"because"`
}

// unjudged lists the rules that weir does not enforce, and the window rules that no window was compared by.
func unjudged(c *contract.Contract, reports []*drift.Report) []unjudgedRule {
	compared, because := map[string]bool{}, map[string]string{}
	for _, r := range reports {
		for _, t := range r.Tests {
			if t.Outcome != drift.NotCompared {
				compared[t.Rule] = true
			} else if because[t.Rule] == "" {
				because[t.Rule] = t.Because
			}
		}
	}
	list := []unjudgedRule{}
	for _, r := range c.Rules {
		switch {
		case r.Scope == contract.NotEnforced:
			list = append(list, unjudgedRule{r.ID, r.Why})
		case r.Scope == contract.PerWindow && !compared[r.ID] && because[r.ID] != "":
			list = append(list, unjudgedRule{r.ID, because[r.ID]})
		}
	}
	return list
}

// failed says whether the result is worth exit code 1.
func (r *checkResult) failed(on string) bool {
	if on == "never" {
		return false
	}
	for _, i := range r.Incidents {
		for _, f := range i.Findings {
			if f.Severity == contract.Error || on == "warning" && f.Severity == contract.Warning {
				return true
			}
		}
	}
	return r.Dead > 0 || on == "warning" && len(r.Warnings) > 0
}

func (a *app) printCheck(o checkOptions, r checkResult) error {
	out := a.stdout
	if o.reports == "-" || o.events == "-" {
		out = a.stderr // stdout carries the lines asked for
	}
	if o.output == "json" {
		if err := json.NewEncoder(out).Encode(r); err != nil {
			return err
		}
	} else {
		r.print(out)
	}
	if r.failed(o.failOn) {
		return exit(exitFindings, nil)
	}
	return nil
}

func (r *checkResult) print(out io.Writer) {
	r.printCounts(out, "dead letters by rule")
	fmt.Fprintf(out, "windows closed %d   incidents %d\n", r.Windows, len(r.Incidents))
	table := tabwriter.NewWriter(out, 2, 0, 3, ' ', 0)
	for _, i := range r.Incidents {
		fmt.Fprintf(table, "  %s\n", i.ID)
		for _, f := range i.Findings {
			fmt.Fprintf(table, "    %s\t%s\t%s\t%s %.4g\tlimit %.4g\tn %s\n", windowName(f.WindowStart), f.Severity, f.Rule, f.Statistic, f.Value, f.Threshold, count(f.N))
		}
	}
	for _, u := range r.Unjudged {
		fmt.Fprintf(table, "not judged   %s: %s\n", u.Rule, u.Because)
	}
	table.Flush()
}

// windowName is a window's start: the day, and the time where the window does not begin with the day.
func windowName(start string) string {
	at, err := time.Parse(time.RFC3339, start)
	if err != nil || at.Hour() == 0 && at.Minute() == 0 {
		return start[:min(len(start), len(time.DateOnly))]
	}
	return at.Format("2006-01-02 15:04")
}

// printCounts prints the fate of the records, and which rules were broken where.
func (r *checkResult) printCounts(out io.Writer, dead string) {
	fmt.Fprintf(out, "%s  %s\n", r.Contract, r.Digest.Short())
	fmt.Fprintf(out, "records %s   valid %s   dead %s   late %s   tombstones %s\n",
		count(r.Records), count(r.Valid), count(r.Dead), count(r.Late), count(r.Tombstones))
	table := tabwriter.NewWriter(out, 2, 0, 3, ' ', 0)
	r.rules(table, dead, r.DeadByRule)
	r.rules(table, "warnings by rule", r.Warnings)
	table.Flush()
}

func count(n uint64) string { return humanize.Comma(int64(n)) }

// rules prints how often each rule was broken and the first places.
func (r *checkResult) rules(out io.Writer, title string, by map[string]uint64) {
	if len(by) == 0 {
		return
	}
	fmt.Fprintln(out, title)
	for _, rule := range sortedKeys(by) {
		var at []string
		for _, e := range r.examples[rule] {
			at = append(at, fmt.Sprintf("%s/%d/%d", e.Topic, e.Partition, e.Offset))
		}
		fmt.Fprintf(out, "  %s\t%s\te.g. %s\n", rule, count(by[rule]), strings.Join(at, " "))
	}
}
