package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"weir/internal/contract"
	"weir/internal/drift"
)

const (
	barWidth  = 30 // characters of a full bar
	halfWidth = 16 // of one of two bars side by side
	maxBars   = 8  // windows drawn; the rest is counted
)

// bar draws a share of the width in eighths of a character. A share above nothing shows at least one eighth.
func bar(share float64, width int) string {
	eighths := int(min(1, max(0, share))*float64(8*width) + 0.5)
	if share > 0 {
		eighths = max(eighths, 1)
	}
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return s
}

// picture draws the finding: one bar per window for a share or a count, the cells of both sides for a distribution.
func (v *view) picture(first drift.IncidentFinding, r *drift.Report) {
	t := v.test(first)
	if t == nil {
		return
	}
	if t.Metric == contract.Drift {
		v.distribution(first, r)
		return
	}
	v.bars(t, r)
}

// bars draws the baseline, each alarming window and the limit on one scale.
func (v *view) bars(t *drift.Test, r *drift.Report) {
	type row struct {
		label string
		value float64
	}
	var rows []row
	if t.Metric == contract.Volume && r.Baseline != nil && r.Baseline.Windows != nil {
		w := r.Baseline.Windows
		rows = append(rows, row{r.Baseline.ID + " smallest", float64(w.Min)}, row{r.Baseline.ID + " largest", float64(w.Max)})
	} else if t.BaselineValue != nil && r.Baseline != nil {
		rows = append(rows, row{r.Baseline.ID, *t.BaselineValue})
	}
	findings := v.Incident.Findings
	for _, f := range findings[:min(maxBars, len(findings))] {
		rows = append(rows, row{date(f.WindowStart), f.Value})
	}
	scale, label := t.Threshold, 0
	for _, row := range rows {
		scale, label = max(scale, row.value), max(label, utf8.RuneCountInString(row.label))
	}
	if isShare(t.Statistic) {
		scale = max(scale, 0.5) // half of a bar is a quarter of the records, so that small shares look small
	}
	say := figureOf(t.Statistic)
	for _, row := range rows {
		v.line("    %s ▏%s %s", pad(row.label, label), pad(bar(row.value/scale, barWidth), barWidth), say(row.value))
	}
	if n := len(findings) - maxBars; n > 0 {
		v.line("    %s", "… and "+plural(n, "more window"))
	}
	if !slices.Contains([]contract.Operator{contract.MustBe, contract.MustNotBe}, t.Operator) {
		at := min(barWidth, int(t.Threshold/scale*barWidth+0.5))
		v.line("    %s ▏%s %s", pad("limit", label), paint(v.out, faint, pad(strings.Repeat("·", max(0, at-1))+"┊", barWidth)), say(t.Threshold))
	}
}

// figureOf is how values of a statistic are written.
func figureOf(statistic string) func(float64) string {
	if isShare(statistic) {
		return drift.Percent
	}
	return drift.Number
}

func isShare(statistic string) bool { return statistic == "null_share" || statistic == "unseen" }

// distribution draws the cells of baseline and window side by side, then the quantiles of numbers.
func (v *view) distribution(f drift.IncidentFinding, r *drift.Report) {
	if r.Baseline == nil {
		return
	}
	var cells []drift.Cell
	for _, t := range r.Tests {
		if t.Rule == f.Rule && len(t.Cells) > 0 {
			cells = t.Cells
		}
	}
	var n, m, most float64
	label := utf8.RuneCountInString("value")
	for _, c := range cells {
		n, m = n+float64(c.Window), m+float64(c.Baseline)
		label = max(label, utf8.RuneCountInString(cellLabel(c)))
	}
	share := func(c uint64, of float64) float64 {
		if of == 0 {
			return 0
		}
		return float64(c) / of
	}
	for _, c := range cells {
		most = max(most, share(c.Window, n), share(c.Baseline, m))
	}
	v.line("    %s  %s  %s", pad("", label), pad(r.Baseline.ID, halfWidth+9), date(f.WindowStart))
	for _, c := range cells {
		then, now := share(c.Baseline, m), share(c.Window, n)
		v.line("    %s ▏%s %s ▏%s %s", pad(cellLabel(c), label), pad(bar(then/most, halfWidth), halfWidth), pad(drift.Percent(then), 8),
			pad(bar(now/most, halfWidth), halfWidth), drift.Percent(now))
	}
	v.quantiles(f, r)
}

func cellLabel(c drift.Cell) string {
	switch {
	case c.Category != "":
		return c.Category
	case c.Rest != "":
		return c.Rest
	case c.From == nil && c.To == nil:
		return "all"
	case c.From == nil:
		return "≤ " + drift.Number(*c.To)
	case c.To == nil:
		return "> " + drift.Number(*c.From)
	}
	return "≤ " + drift.Number(*c.To)
}

// quantiles is a table of the column's quantiles in the baseline and in each alarming window.
func (v *view) quantiles(f drift.IncidentFinding, r *drift.Report) {
	now := columnOf(r, f.Column)
	if now == nil || now.Baseline == nil || len(now.Quantiles) == 0 {
		return
	}
	label := utf8.RuneCountInString(r.Baseline.ID)
	findings := v.Incident.Findings[:min(maxBars, len(v.Incident.Findings))]
	for _, f := range findings {
		label = max(label, utf8.RuneCountInString(date(f.WindowStart)))
	}
	v.line("")
	row := func(name string, cells func(drift.Quantile) string, qs []drift.Quantile) {
		l := "    " + pad(name, label)
		for _, q := range qs {
			l += fmt.Sprintf("  %13s", cells(q))
		}
		v.line("%s", l)
	}
	row("quantile", func(q drift.Quantile) string { return fmt.Sprintf("%g %%", 100*q.P) }, shown(now.Quantiles))
	row(r.Baseline.ID, between, shown(now.Baseline.Quantiles))
	for _, f := range findings {
		if c := columnOf(v.report(f.WindowStart), f.Column); c != nil {
			row(date(f.WindowStart), between, shown(c.Quantiles))
		}
	}
}

// shown are the quantiles that fit a terminal of 80 columns.
func shown(qs []drift.Quantile) (few []drift.Quantile) {
	for _, q := range qs {
		if slices.Contains([]float64{.05, .25, .5, .75, .95}, q.P) {
			few = append(few, q)
		}
	}
	return few
}

// between is a quantile's value, or its interval where that is all that is known.
func between(q drift.Quantile) string {
	lo, hi := drift.Number(q.Lo), drift.Number(q.Hi)
	if lo == hi {
		return lo
	}
	return lo + "–" + hi
}

func columnOf(r *drift.Report, path string) *drift.Column {
	for i := range r.Columns {
		if r.Columns[i].Path == path {
			return &r.Columns[i]
		}
	}
	return nil
}
