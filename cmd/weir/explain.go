package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/config"
	"weir/internal/drift"
	"weir/internal/kafka"
)

// explainOptions say where the results are. One of from, brokers and config is given.
type explainOptions struct {
	from    string
	brokers []string
	group   string
	config  string
	output  string
}

// savedResults is the folder the demo writes.
const savedResults = ".weir/demo"

func (a *app) explainCommand() *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use:   "explain INCIDENT[/RULE] | EVENT-ID",
		Short: "Show a finding: its figures, a picture, what was ruled out and what to do",
		Long: `Shows an incident, or one of its findings: the figures beside the baseline's, a picture, how sure it is, what else
belongs to the incident, what was ruled out, who owns it and what to do. Reads the reports and events that weir
wrote: from a folder with reports.ndjson and events.ndjson, as the demo leaves one, or from the topics of a group.`,
		Example: `  weir explain flights/2013-02-08/cancelled-share                of the demo
  weir explain flights/2013-02-08                                the whole incident
  weir explain flights/2013-02-08 -c weir.yaml                   from the topics of weir.yaml's group
  weir explain flights/2013-02-08 --brokers kafka:9092 --group weir-staging`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.output != "text" && o.output != "json" {
				return asUsage(fmt.Errorf("--output %q: want text or json", o.output))
			}
			if (len(o.brokers) > 0) != (o.group != "") && o.config == "" {
				return asUsage(errors.New("--brokers and --group go together: the group is the prefix of weir's topics"))
			}
			return a.explain(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.from, "from", savedResults, "folder with reports.ndjson and events.ndjson")
	f.StringSliceVar(&o.brokers, "brokers", nil, "read the topics from these brokers, without TLS or SASL")
	f.StringVar(&o.group, "group", "", "weir's group, the prefix of its topics (with --brokers)")
	f.StringVarP(&o.config, "config", "c", "", "read the topics from this configuration's brokers")
	f.StringVarP(&o.output, "output", "o", "text", "text or json")
	cmd.MarkFlagsMutuallyExclusive("from", "brokers", "config")
	cmd.MarkFlagsMutuallyExclusive("group", "config")
	return cmd
}

func (a *app) explain(ctx context.Context, id string, o explainOptions) error {
	s, err := o.read(ctx)
	if err != nil {
		return err
	}
	x, err := s.find(id)
	if err != nil {
		return exit(exitFindings, fmt.Errorf("%w\n%s", err, s.nearest(id)))
	}
	if x.window != "" {
		fmt.Fprintf(a.stderr, "%s is a window of the incident %s\n", x.window, x.Incident.ID)
	}
	if o.output == "json" {
		e := json.NewEncoder(a.stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(x)
	}
	v := view{out: a.stdout, explained: x, source: o.flags(), dead: s.dead[x.Incident.Contract]}
	v.print()
	return v.err
}

// flags are what a further command needs to read the same results.
func (o *explainOptions) flags() string {
	switch {
	case o.config != "":
		return " -c " + o.config
	case len(o.brokers) > 0:
		return " --brokers " + strings.Join(o.brokers, ",") + " --group " + o.group
	case o.from != savedResults:
		return " --from " + o.from
	}
	return ""
}

// results are what weir wrote, of any number of contracts.
type results struct {
	source    string
	dead      map[string]string // by contract name: the command that shows its dead letters, where it is known
	reports   []*drift.Report
	events    []*drift.Event
	incidents []drift.Incident
}

func (o *explainOptions) read(ctx context.Context) (*results, error) {
	s := &results{dead: map[string]string{}}
	switch {
	case o.config != "":
		c, err := config.Load(o.config)
		if err != nil {
			return nil, err
		}
		for _, route := range c.Routes {
			if name, _, _ := strings.Cut(route.Contract, "@"); route.Mode == config.Enforce {
				s.dead[name] = invocation() + " dead " + route.DeadLetters + " -c " + o.config
			}
		}
		if err := s.readTopics(ctx, c.Kafka.Client(nil), c.Group); err != nil {
			return nil, err
		}
	case len(o.brokers) > 0:
		if err := s.readTopics(ctx, kafka.Config{Brokers: o.brokers}, o.group); err != nil {
			return nil, err
		}
	default:
		if err := s.readFolder(o.from); err != nil {
			return nil, err
		}
	}
	s.incidents = drift.Incidents(s.reports)
	if o.config == "" && len(o.brokers) == 0 {
		for _, i := range s.incidents {
			if file := filepath.Join(o.from, i.Contract+".dead.ndjson"); isFile(file) {
				s.dead[i.Contract] = invocation() + " dead " + file
			}
		}
	}
	return s, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func (s *results) readTopics(ctx context.Context, c kafka.Config, group string) error {
	topics := kafka.TopicsOf(group)
	s.source = topics.Reports
	take := func(add func([]byte) error) func(*kgo.Record) error {
		return func(r *kgo.Record) error {
			if err := add(r.Value); err != nil {
				return fmt.Errorf("read %s/%d offset %d: %w", r.Topic, r.Partition, r.Offset, err)
			}
			return nil
		}
	}
	err := kafka.Read(ctx, c, topics.Reports, nil, take(s.addReport))
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return exit(exitUsage, fmt.Errorf("topic %s does not exist: is %q the group weir runs with?", topics.Reports, group))
	}
	if err != nil {
		return err
	}
	return kafka.Read(ctx, c, topics.Events, nil, take(s.addEvent))
}

// readFolder reads reports, which must be there, and events, without which only the owner is unknown.
func (s *results) readFolder(dir string) error {
	s.source = filepath.Join(dir, "reports.ndjson")
	err := eachLine(s.source, s.addReport)
	if errors.Is(err, fs.ErrNotExist) {
		return exit(exitUsage, fmt.Errorf("no saved results: %w\nRun %s demo first, or name a folder with --from, or the topics with -c weir.yaml or --brokers and --group", err, invocation()))
	}
	if err != nil {
		return err
	}
	if err := eachLine(filepath.Join(dir, "events.ndjson"), s.addEvent); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (s *results) addReport(b []byte) error {
	r, err := drift.DecodeReport(b)
	s.reports = append(s.reports, r)
	return err
}

// addEvent keeps the events of findings; the topic also holds those of routes.
func (s *results) addEvent(b []byte) error {
	var head struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return fmt.Errorf("decode event: %w", err)
	}
	if !strings.HasPrefix(head.Type, "io.weir.finding.") {
		return nil
	}
	e, err := drift.DecodeEvent(b)
	s.events = append(s.events, e)
	return err
}

func eachLine(path string, add func([]byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20) // a report of thousands of columns is megabytes
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		if err := add(lines.Bytes()); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}

// explained is an incident, cut to one rule where one was asked for, with all that was written about it.
type explained struct {
	Incident drift.Incident  `json:"incident"`
	Rule     string          `json:"rule,omitempty"` // "" is the whole incident
	Reports  []*drift.Report `json:"reports"`        // of the windows with an alarm, in order
	Events   []*drift.Event  `json:"events"`
	// Others are the first findings of the incident's further rules.
	Others []drift.IncidentFinding `json:"others,omitempty"`

	window string // contract and window that were asked for, "" when it was the incident itself
}

// find reads an id: incident, incident and rule, event, or a window during an incident in the place of the incident.
func (s *results) find(id string) (*explained, error) {
	for _, e := range s.events {
		if e.ID == id {
			id = e.Data.Incident + "/" + e.Data.Rule
			break
		}
	}
	for _, i := range s.incidents {
		rule, ok := strings.CutPrefix(id, i.ID)
		if ok && rule == "" {
			return s.gather(i, ""), nil
		}
		if rule, slash := strings.CutPrefix(rule, "/"); ok && slash {
			x := s.gather(i, rule)
			if len(x.Incident.Findings) == 0 {
				return nil, fmt.Errorf("incident %s has no finding of rule %q; it has %s", i.ID, rule, strings.Join(rulesOf(x.Others), ", "))
			}
			return x, nil
		}
	}
	if window, incident := s.covering(id); incident != "" {
		x, err := s.find(incident + strings.TrimPrefix(id, window))
		if x != nil {
			x.window = window
		}
		return x, err
	}
	return nil, fmt.Errorf("no incident, finding or event %q in %s", id, s.source)
}

// covering reads an id's beginning as contract and window, "flights/2013-02-09", and finds the incident that was open
// in that window.
func (s *results) covering(id string) (window, incident string) {
	name, rest, _ := strings.Cut(id, "/")
	day, _, _ := strings.Cut(rest, "/")
	for _, r := range s.reports {
		start, err := time.Parse(time.RFC3339, r.Window.Start)
		if r.Contract != name || err != nil {
			continue
		}
		at, err := time.Parse("2006-01-02T15:04Z07:00", day)
		if err != nil {
			at, err = time.ParseInLocation(time.DateOnly, day, start.Location())
		}
		if err != nil || at.Before(start) || !before(at, r.Window.End) {
			continue
		}
		for _, i := range s.incidents {
			if i.Contract == name && !before(start, i.Opened) && (i.Cleared == "" || before(start, i.Cleared)) {
				return name + "/" + day, i.ID
			}
		}
	}
	return "", ""
}

// before says whether t is before a time as reports write it.
func before(t time.Time, rfc3339 string) bool {
	u, err := time.Parse(time.RFC3339, rfc3339)
	return err == nil && t.Before(u)
}

func (s *results) gather(i drift.Incident, rule string) *explained {
	x := &explained{Incident: i, Rule: rule, Reports: []*drift.Report{}, Events: []*drift.Event{}}
	x.Incident.Findings = nil
	windows := map[string]bool{}
	for _, f := range i.Findings {
		if rule != "" && f.Rule != rule {
			if !slices.Contains(rulesOf(x.Others), f.Rule) {
				x.Others = append(x.Others, f)
			}
			continue
		}
		x.Incident.Findings = append(x.Incident.Findings, f)
		windows[f.WindowStart] = true
	}
	for _, r := range s.reports {
		if r.Contract == i.Contract && windows[r.Window.Start] {
			x.Reports = append(x.Reports, r)
		}
	}
	slices.SortStableFunc(x.Reports, func(a, b *drift.Report) int { return cmp.Compare(a.Key(), b.Key()) })
	for _, e := range s.events {
		if e.Data.Incident == i.ID && (rule == "" || e.Data.Rule == rule) {
			x.Events = append(x.Events, e)
		}
	}
	slices.SortStableFunc(x.Events, func(a, b *drift.Event) int { return cmp.Compare(a.Key(), b.Key()) })
	return x
}

// maxNearest is how many incidents an unknown id is answered with.
const maxNearest = 5

// nearest lists the incidents of the id's contract closest to its date, or else the last ones.
func (s *results) nearest(id string) string {
	if len(s.incidents) == 0 {
		return fmt.Sprintf("There are no incidents in %s reports.", drift.Count(uint64(len(s.reports))))
	}
	parts := strings.Split(id, "/")
	var at time.Time
	for _, p := range parts {
		if day, err := time.Parse(time.DateOnly, p[:min(len(p), len(time.DateOnly))]); err == nil {
			at = day
		}
	}
	list := slices.Clone(s.incidents)
	distance := func(i drift.Incident) time.Duration {
		opened, err := time.Parse(time.RFC3339, i.Opened)
		if err != nil || at.IsZero() {
			return -time.Duration(opened.Unix()) // the last first
		}
		return opened.Sub(at).Abs()
	}
	slices.SortStableFunc(list, func(a, b drift.Incident) int {
		foreign := func(i drift.Incident) int {
			if i.Contract == parts[0] {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(foreign(a), foreign(b)), cmp.Compare(distance(a), distance(b)))
	})
	var b strings.Builder
	b.WriteString("The nearest incidents:")
	for _, i := range list[:min(maxNearest, len(list))] {
		fmt.Fprintf(&b, "\n  %s  %s", i.ID, strings.Join(rulesOf(i.Findings), ", "))
	}
	return b.String()
}

// rulesOf lists the rules of findings in order of appearance.
func rulesOf(findings []drift.IncidentFinding) (rules []string) {
	for _, f := range findings {
		if !slices.Contains(rules, f.Rule) {
			rules = append(rules, f.Rule)
		}
	}
	return rules
}
