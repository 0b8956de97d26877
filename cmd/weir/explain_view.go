package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"weir/internal/contract"
	"weir/internal/drift"
)

// view prints what is explained for people.
type view struct {
	out io.Writer
	*explained
	source string // flags that let a further command read the same results
	dead   string // command that shows the contract's dead letters, "" when not known
	err    error  // the first that writing gave
}

func (v *view) line(format string, args ...any) {
	if _, err := fmt.Fprintln(v.out, strings.TrimRight(fmt.Sprintf(format, args...), " ")); err != nil && v.err == nil {
		v.err = err
	}
}

// labelled prints lines under one label in the left margin.
func (v *view) labelled(label string, lines ...string) {
	for i, l := range lines {
		if i > 0 {
			label = ""
		}
		v.line("  %s%s", paint(v.out, faint, fmt.Sprintf("%-11s", label)), l)
	}
}

func (v *view) print() {
	if v.Rule == "" {
		v.incident()
		return
	}
	first := v.Incident.Findings[0]
	r := v.report(first.WindowStart)
	v.headline(first, r)
	opened := v.event(drift.Opened, v.Rule)
	v.line("%s", v.summary(first))
	v.line("")
	v.picture(first, r)
	v.line("")
	v.sure(first, r)
	v.with(r)
	v.ruledOut(r, opened)
	v.todo(first, opened)
}

// headline is contract, rule, severity and time.
func (v *view) headline(first drift.IncidentFinding, r *drift.Report) {
	last := v.Incident.Findings[len(v.Incident.Findings)-1]
	status := "still open"
	if e := v.event(drift.Cleared, v.Rule); e != nil {
		status = "cleared after " + date(e.Data.Window.Start)
	} else if v.Incident.Cleared != "" {
		status = "cleared"
	}
	v.line("%s@%s · %s · %s · %s (%s windows, %s), %s", r.Contract, r.Version, paint(v.out, bold, first.Rule),
		v.severity(first.Severity), span(first.WindowStart, last.WindowStart), r.Window.Size, r.Window.Zone, status)
}

func (v *view) severity(s contract.Severity) string {
	style := faint
	switch s {
	case contract.Error:
		style = red
	case contract.Warning:
		style = yellow
	}
	return paint(v.out, style, strings.ToUpper(string(s)))
}

// sure says how likely chance is, and how small a change would have been seen.
func (v *view) sure(f drift.IncidentFinding, r *drift.Report) {
	var lines []string
	for _, t := range r.Tests {
		if t.Rule != f.Rule || t.Value == nil || t.P == nil {
			continue
		}
		lines = append(lines, certainty(&t), fmt.Sprintf("  %s, %s values against %s", methodName(t.Method), drift.Count(t.N), drift.Count(t.BaselineN)))
	}
	if lines == nil {
		lines = []string{"counted, not estimated: the limit is a number"}
	}
	v.labelled("sure?", lines...)
}

// certainty is a statistic with its p-value, and the smallest one that a window of this size would have shown.
func certainty(t *drift.Test) string {
	say := figureOf(t.Statistic)
	value := say(*t.Value)
	if t.Upper != nil && say(*t.Upper) != value {
		value += " to " + say(*t.Upper)
	}
	l := fmt.Sprintf("%s %s: chance under the baseline ", t.Statistic, value)
	if *t.P <= 1e-300 {
		l += "below 1e-300"
	} else {
		l += fmt.Sprintf("%.1e", *t.P)
	}
	if t.Smallest != nil {
		l += "; a change of " + say(*t.Smallest) + " would have shown"
	}
	return l
}

func methodName(method string) string {
	switch method {
	case "fisher_exact":
		return "Fisher's exact test"
	case "ks_2samp":
		return "two-sample Kolmogorov-Smirnov"
	case "chi_square":
		return "chi-square on pooled cells"
	case "binomial":
		return "binomial against the Good-Turing rate"
	}
	return method
}

// with lists what else the incident holds, and the window's records.
func (v *view) with(r *drift.Report) {
	var others []string
	for _, o := range v.Others {
		others = append(others, fmt.Sprintf("%s (%s %s, %s)", o.Rule, o.Statistic, figureOf(o.Statistic)(o.Value), date(o.WindowStart)))
	}
	if others != nil {
		v.labelled("with it", others...)
	}
	c := &r.Counts
	volume := drift.Count(c.Valid) + " valid records"
	if r.Baseline != nil && r.Baseline.Windows != nil {
		w := r.Baseline.Windows
		volume += fmt.Sprintf("; windows of baseline %s had %s to %s", r.Baseline.ID, drift.Count(w.Min), drift.Count(w.Max))
	}
	dead := drift.Count(c.Dead) + " dead"
	if len(c.DeadBy) > 0 {
		var by []string
		for _, rule := range slices.Sorted(maps.Keys(c.DeadBy)) {
			by = append(by, rule+" "+drift.Count(c.DeadBy[rule]))
		}
		dead += " (" + strings.Join(by, ", ") + ")"
	}
	lines := []string{volume, fmt.Sprintf("%s, %s late, %s tombstones", dead, drift.Count(c.Late()), drift.Count(c.Tombstones))}
	if r.Partial {
		lines = append(lines, "partial: the data begins or ends inside this window")
	}
	if len(r.ClosedWithout) > 0 {
		lines = append(lines, "closed without "+strings.Join(r.ClosedWithout, ", ")+", idle at the time")
	}
	v.labelled("records", lines...)
}

// ruledOut is the line of causes that the report excludes.
func (v *view) ruledOut(r *drift.Report, opened *drift.Event) {
	if opened == nil || len(opened.Data.RuledOut) == 0 {
		return
	}
	words := map[string]string{
		"contract_change": "contract unchanged",
		"dead_letters":    "dead letters normal",
		"idle_partitions": "no idle partitions",
		"late_records":    "no late records",
		"volume":          "volume normal",
	}
	var said []string
	for _, cause := range opened.Data.RuledOut {
		if w := words[cause]; w != "" {
			cause = w
		}
		said = append(said, cause)
	}
	v.labelled("not it", strings.Join(said, " · "))
}

// todo is who owns it and what to do. It names only commands that exist.
func (v *view) todo(f drift.IncidentFinding, opened *drift.Event) {
	var do []string
	if opened != nil {
		o := opened.Data.Owner
		var who []string
		for _, s := range []string{o.Team, o.Channel} {
			if s != "" {
				who = append(who, s)
			}
		}
		if opened.Data.Critical {
			who = append(who, "a critical data element")
		}
		if who != nil {
			v.labelled("owner", strings.Join(who, " · "))
		}
		if o.Runbook != "" {
			do = append(do, "runbook:             "+o.Runbook)
		}
	}
	if len(v.Others) > 0 {
		do = append(do, fmt.Sprintf("the whole incident:  %s explain %s%s", invocation(), v.Incident.ID, v.source))
	}
	if r := v.report(f.WindowStart); v.dead != "" && r.Counts.Dead > 0 {
		do = append(do, "the dead letters:    "+v.dead)
	}
	file, line := "CONTRACT", ""
	if opened != nil && opened.Data.Limit != nil {
		file, line, _ = strings.Cut(opened.Data.Limit.From, ":")
	}
	if t := v.test(f); t != nil && t.Level == 0 && t.Metric != contract.Volume {
		do = append(do, fmt.Sprintf("the new normal:      change %s in %s, then %s lint", f.Rule, strings.TrimSuffix(file+" line "+line, " line "), invocation()))
	} else {
		do = append(do, fmt.Sprintf("the new normal:      %s baseline build --contract %s --since %.10s FILE", invocation(), file, f.WindowStart))
	}
	v.labelled("do", do...)
}

// incident prints every rule of an incident and the commands that show each.
func (v *view) incident() {
	i := v.Incident
	status := "still open"
	if i.Cleared != "" {
		status = "cleared " + date(i.Cleared)
	}
	rules := rulesOf(i.Findings)
	v.line("%s · %s · opened %s, %s", paint(v.out, bold, i.ID), plural(len(rules), "finding"), date(i.Opened), status)
	for _, rule := range rules {
		var fs []drift.IncidentFinding
		for _, f := range i.Findings {
			if f.Rule == rule {
				fs = append(fs, f)
			}
		}
		v.line("")
		v.line("  %s  %s  %s", v.severity(fs[0].Severity), rule, span(fs[0].WindowStart, fs[len(fs)-1].WindowStart))
		v.line("    %s", v.summary(fs[0]))
		v.line("    %s explain %s/%s%s", invocation(), i.ID, rule, v.source)
	}
}

// report is that of the window; every finding came from one.
func (v *view) report(start string) *drift.Report {
	for _, r := range v.Reports {
		if r.Window.Start == start {
			return r
		}
	}
	return &drift.Report{}
}

// test is the row of a finding's leading statistic.
func (v *view) test(f drift.IncidentFinding) *drift.Test {
	r := v.report(f.WindowStart)
	for i := range r.Tests {
		if t := &r.Tests[i]; t.Rule == f.Rule && t.Column == f.Column && t.Statistic == f.Statistic {
			return t
		}
	}
	return nil
}

// summary is a rule's first finding in one sentence: the event's, which may show values, or else the report's.
func (v *view) summary(first drift.IncidentFinding) string {
	if e := v.event(drift.Opened, first.Rule); e != nil {
		return e.Data.Summary
	}
	return v.report(first.WindowStart).Describe(first.Rule, first.Column)
}

// event is a rule's event of that kind, nil when none was saved.
func (v *view) event(s drift.State, rule string) *drift.Event {
	for _, e := range v.Events {
		if e.Data.State == s && e.Data.Rule == rule {
			return e
		}
	}
	return nil
}

// date writes a window's start for people, with the time where it is not midnight.
func date(s string) string {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return s
	}
	if t.Hour() == 0 && t.Minute() == 0 {
		return t.Format("2 Jan 2006")
	}
	return t.Format("2 Jan 2006 15:04")
}

func span(first, last string) string {
	if first == last {
		return date(first)
	}
	return date(first) + " to " + date(last)
}

// pad fills s with spaces to a number of characters.
func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}
