package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"weir/internal/contract"
	"weir/internal/drift"
)

// Incident is one incident with whether its findings were injected, and its findings in words.
type Incident struct {
	drift.Incident
	Injected bool
	Lines    []Line
}

// Line is one rule's findings in one incident.
type Line struct {
	First, Last string // New York days
	Severity    contract.Severity
	Rule        string
	Text        string // the figures in words, from the reports
	Fault       string // label of the injected fault it shows, "" when it is in the data
}

// column is the name of a field at the top of a record.
func column(pointer string) string { return strings.TrimPrefix(pointer, "/") }

// alarmed says whether the incident has an alarm of the rule on the column in the window of that day.
func (i *Incident) alarmed(rule, col, day string) bool {
	return slices.ContainsFunc(i.Findings, func(f drift.IncidentFinding) bool {
		return f.Rule == rule && column(f.Column) == col && dayOf(f.WindowStart) == day
	})
}

// incidentsOf rebuilds the incidents from the reports and marks those in which an injected fault alarmed.
func incidentsOf(reports []*drift.Report, in *Injection) []Incident {
	byStart := map[string]*drift.Report{}
	for _, r := range reports {
		byStart[r.Window.Start] = r
	}
	var list []Incident
	for _, found := range drift.Incidents(reports) {
		i := Incident{Incident: found}
		type key struct{ rule, column string }
		var order []key
		rows := map[key][]drift.IncidentFinding{}
		for _, f := range found.Findings {
			k := key{f.Rule, f.Column}
			if rows[k] == nil {
				order = append(order, k)
			}
			rows[k] = append(rows[k], f)
		}
		for _, k := range order {
			l := lineOf(rows[k], byStart)
			l.Fault = faultOf(rows[k], in)
			i.Injected = i.Injected || l.Fault != ""
			i.Lines = append(i.Lines, l)
		}
		list = append(list, i)
	}
	return list
}

// faultOf is the label of the injected fault that some of the findings show.
func faultOf(findings []drift.IncidentFinding, in *Injection) string {
	for i := range in.Faults {
		f := &in.Faults[i]
		for _, found := range findings {
			if f.PerWindow() && found.Rule == f.Rule && column(found.Column) == f.Column && slices.Contains(f.Days, dayOf(found.WindowStart)) {
				return f.Label
			}
		}
	}
	return ""
}

func lineOf(findings []drift.IncidentFinding, byStart map[string]*drift.Report) Line {
	first, last := findings[0], findings[len(findings)-1]
	l := Line{First: dayOf(first.WindowStart), Last: dayOf(last.WindowStart), Severity: first.Severity, Rule: first.Rule}
	for _, f := range findings {
		if f.Severity == contract.Error {
			l.Severity = contract.Error
		}
	}
	l.Text = explain(findings, byStart)
	return l
}

// explain puts the figures of one rule's findings into words, by what the rule measures.
func explain(findings []drift.IncidentFinding, byStart map[string]*drift.Report) string {
	f := findings[0]
	test, col := figures(byStart[f.WindowStart], f)
	if test == nil {
		return values(findings, number) + " " + f.Statistic
	}
	subject := column(f.Column)
	switch {
	case test.Metric == contract.NullValues || test.Metric == contract.NullDrift:
		text := subject + " null " + values(findings, percent)
		if test.Metric == contract.NullValues {
			return text + ", limit " + percent(test.Threshold)
		}
		if test.BaselineValue != nil {
			text += ", January " + percent(*test.BaselineValue)
		}
		return text
	case test.Metric == contract.RowCount || test.Metric == contract.Volume:
		return values(findings, number) + " flights, limit " + number(test.Threshold)
	case test.Statistic == "unseen":
		return subject + ": " + values(findings, percent) + " in values January did not have"
	}
	return subject + ": " + shape(test, col) + fmt.Sprintf(" (%s %s, limit %s)", test.Statistic, values(findings, figure), figure(test.Threshold))
}

// figures finds the test of a finding and its column's statistics.
func figures(r *drift.Report, f drift.IncidentFinding) (*drift.Test, *drift.Column) {
	if r == nil {
		return nil, nil
	}
	var test *drift.Test
	for i := range r.Tests {
		if t := &r.Tests[i]; t.Rule == f.Rule && t.Column == f.Column && t.Statistic == f.Statistic {
			test = t
		}
	}
	for i := range r.Columns {
		if r.Columns[i].Path == f.Column {
			return test, &r.Columns[i]
		}
	}
	return test, nil
}

// shape says what became of a distribution: one value for all, or another middle, or the cell that changed most.
func shape(t *drift.Test, c *drift.Column) string {
	if c == nil {
		return "distribution changed"
	}
	if c.Min != nil && c.Max != nil && *c.Min == *c.Max {
		return "every value is " + number(*c.Min)
	}
	if now, then := median(c.Quantiles), baselineMedian(c); now != "" && then != "" && now != then {
		return fmt.Sprintf("median %s → %s", then, now)
	}
	if text := largestChange(t.Cells); text != "" {
		return text
	}
	return "distribution changed"
}

// median writes the median, or the interval that holds it; "" when there is none.
func median(qs []drift.Quantile) string {
	for _, q := range qs {
		switch {
		case q.P != 0.5:
		case q.Lo == q.Hi:
			return number(q.Lo)
		default:
			return number(q.Lo) + "–" + number(q.Hi)
		}
	}
	return ""
}

func baselineMedian(c *drift.Column) string {
	if c.Baseline == nil {
		return ""
	}
	return median(c.Baseline.Quantiles)
}

// largestChange names the cell whose share changed most.
func largestChange(cells []drift.Cell) string {
	var n, m, most float64
	for _, c := range cells {
		n, m = n+float64(c.Window), m+float64(c.Baseline)
	}
	if n == 0 || m == 0 {
		return ""
	}
	text := ""
	for _, c := range cells {
		now, then := float64(c.Window)/n, float64(c.Baseline)/m
		change := max(now-then, then-now)
		if change <= most {
			continue
		}
		most = change
		text = fmt.Sprintf("%s %s → %s", cellName(c), percent(then), percent(now))
	}
	return text
}

func cellName(c drift.Cell) string {
	switch {
	case c.Category != "":
		return c.Category
	case c.From == nil && c.To == nil:
		return "all"
	case c.From == nil:
		return "up to " + number(*c.To)
	case c.To == nil:
		return "above " + number(*c.From)
	}
	return number(*c.From) + " to " + number(*c.To)
}

// values lists the findings' values: up to three in order, of more the smallest and the largest.
func values(findings []drift.IncidentFinding, format func(float64) string) string {
	if len(findings) > 3 {
		lo, hi := findings[0].Value, findings[0].Value
		for _, f := range findings {
			lo, hi = min(lo, f.Value), max(hi, f.Value)
		}
		return format(lo) + " to " + format(hi)
	}
	texts := make([]string, len(findings))
	for i, f := range findings {
		texts[i] = format(f.Value)
	}
	return strings.Join(slices.Compact(texts), " then ")
}

func percent(v float64) string {
	s := fmt.Sprintf("%.1f", v*100)
	return strings.TrimSuffix(s, ".0") + " %"
}

func figure(v float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", v), "0"), ".")
}
func number(v float64) string { return humanize.CommafWithDigits(v, 1) }

// shortDay writes "2013-02-08" as "08 Feb".
func shortDay(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.Format("02 Jan")
}
