package drift

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"weir/internal/contract"
)

// summary says a transition in one sentence. Values of a column appear only when its field is public.
func summary(t transition, r *Report, c *contract.Contract) string {
	lead := t.group.statistic(t.finding.Statistic)
	if lead == nil || lead.Value == nil {
		return fmt.Sprintf("%s is no longer judged: %s has no such rule", t.finding.Rule, c.ID)
	}
	f := field(c.Fields, t.finding.Column)
	if t.state == Cleared {
		return fmt.Sprintf("%s is quiet again: %d windows without an alarm after %d with one; now %s",
			t.finding.Rule, t.finding.Quiet, t.finding.Alarms, observed(lead, f.Path))
	}
	return sentence(lead, t.group, r, f)
}

// sentence is what an alarming test saw, what is allowed, and what the baseline had.
func sentence(t *Test, g group, r *Report, f contract.Field) string {
	name := FieldName(t.Column)
	switch t.Metric {
	case contract.NullValues:
		s := observed(t, t.Column) + "; the contract allows " + allows(t)
		if t.BaselineValue != nil && r.Baseline != nil {
			s += ", baseline " + r.Baseline.ID + " had " + Percent(*t.BaselineValue)
		}
		return s
	case contract.RowCount:
		return observed(t, "") + "; the contract allows " + allows(t)
	case contract.Volume:
		w := r.Baseline.Windows
		return fmt.Sprintf("%s; the windows of baseline %s had %s to %s", observed(t, ""), r.Baseline.ID, Count(w.Min), Count(w.Max))
	case contract.NullDrift:
		return fmt.Sprintf("%s; baseline %s had %s", observed(t, t.Column), r.Baseline.ID, Percent(*t.BaselineValue))
	}
	if t.Statistic == statUnseen {
		return fmt.Sprintf("%s%s; the contract allows %s", observed(t, t.Column), examples(r, f), allows(t))
	}
	return fmt.Sprintf("%s%s (%s over %s values, allowed %s)", name, change(g, r, f), figure(t), Count(t.N), Number(t.Threshold))
}

// Describe is the sentence about an alarming rule of the report, without values of its column; "" when the rule does
// not alarm.
func (r *Report) Describe(rule, column string) string {
	for _, g := range groups(r.Tests) {
		if t := g.lead(); t != nil && g.rule == rule && g.column == column {
			return sentence(t, g, r, contract.Field{Path: column})
		}
	}
	return ""
}

// observed is the value of a test in words.
func observed(t *Test, path string) string {
	name := FieldName(path)
	switch t.Statistic {
	case statRecords:
		return "the window had " + Count(t.N) + " valid records"
	case statNullShare:
		return fmt.Sprintf("%s was null in %s of %s records", name, Percent(*t.Value), Count(t.N))
	case statNullCount:
		return fmt.Sprintf("%s was null in %s of %s records", name, Number(*t.Value), Count(t.N))
	case statUnseen:
		return fmt.Sprintf("%s of %s values of %s were never seen in the baseline", Percent(*t.Value), Count(t.N), name)
	}
	return fmt.Sprintf("%s %s over %s values", name, figure(t), Count(t.N))
}

func figure(t *Test) string { return strings.ToUpper(t.Statistic) + " " + Number(*t.Value) }

// change says how the distribution differs from the baseline's, where the figures show it and may be shown.
func change(g group, r *Report, f contract.Field) string {
	since := " differs from baseline " + r.Baseline.ID
	col := r.column(g.column)
	if col == nil || !f.Public {
		return since
	}
	if d := col.Distinct; d != nil && d.Exact && d.Count == 1 {
		switch {
		case col.Min != nil:
			return " holds one single value, " + Number(*col.Min) + ", unlike baseline " + r.Baseline.ID
		case len(col.Top) == 1:
			return fmt.Sprintf(" holds one single value, %q, unlike baseline %s", col.Top[0].Value, r.Baseline.ID)
		}
	}
	if now, before := median(col.Quantiles), median(baselineQuantiles(col)); now != "" && before != "" {
		return since + ": median " + before + " → " + now
	}
	if c := largestChange(g); c != "" {
		return since + ": " + c
	}
	return since
}

func baselineQuantiles(c *Column) []Quantile {
	if c.Baseline == nil {
		return nil
	}
	return c.Baseline.Quantiles
}

// median is the median where it is known, "a–b" where only its interval is.
func median(qs []Quantile) string {
	for _, q := range qs {
		if q.P == 0.5 {
			if lo, hi := Number(q.Lo), Number(q.Hi); lo != hi {
				return lo + "–" + hi
			}
			return Number(q.Lo)
		}
	}
	return ""
}

// largestChange names the category whose share moved most.
func largestChange(g group) string {
	t := g.statistic(statPSI)
	if t == nil || t.N == 0 || t.BaselineN == 0 {
		return ""
	}
	best, text := 0.0, ""
	for _, c := range t.Cells {
		now, before := float64(c.Window)/float64(t.N), float64(c.Baseline)/float64(t.BaselineN)
		if d := math.Abs(now - before); c.Category != "" && d > best {
			best, text = d, fmt.Sprintf("%q %s → %s", c.Category, Percent(before), Percent(now))
		}
	}
	return text
}

// examples lists values that are no category, of a public field.
func examples(r *Report, f contract.Field) string {
	col := r.column(f.Path)
	if col == nil || !f.Public || len(col.Unseen) == 0 {
		return ""
	}
	var quoted []string
	for _, v := range col.Unseen[:min(3, len(col.Unseen))] {
		quoted = append(quoted, strconv.Quote(v))
	}
	if len(col.Unseen) > len(quoted) {
		quoted = append(quoted, "…")
	}
	return " (" + strings.Join(quoted, ", ") + ")"
}

func (r *Report) column(path string) *Column {
	for i := range r.Columns {
		if r.Columns[i].Path == path {
			return &r.Columns[i]
		}
	}
	return nil
}

// allows is the limit in words: "less than 20 %".
func allows(t *Test) string {
	say := func(x float64) string {
		if t.Statistic == statNullShare || t.Statistic == statUnseen {
			return Percent(x)
		}
		return Number(x)
	}
	switch t.Operator {
	case contract.MustBe:
		return "exactly " + say(t.Threshold)
	case contract.MustNotBe:
		return "anything but " + say(t.Threshold)
	case contract.MustBeGreaterThan:
		return "more than " + say(t.Threshold)
	case contract.MustBeGreaterOrEqualTo:
		return "at least " + say(t.Threshold)
	case contract.MustBeLessThan:
		return "less than " + say(t.Threshold)
	case contract.MustBeLessOrEqualTo:
		return "at most " + say(t.Threshold)
	}
	words := say(t.Bounds[0]) + " to " + say(t.Bounds[1])
	if t.Operator == contract.MustNotBeBetween {
		return "anything but " + words
	}
	return words
}

// FieldName is a JSON pointer as people write it: "/dep_time" is "dep_time", "/a/b" is "a.b".
func FieldName(path string) string {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return strings.Join(parts, ".")
}

// Percent writes a share for people: one decimal, "50.8 %", or two digits below 0.1 %.
func Percent(share float64) string {
	p := share * 100
	if a := math.Abs(p); a > 0 && a < 0.1 {
		return strconv.FormatFloat(p, 'g', 2, 64) + " %"
	}
	return strings.TrimSuffix(strconv.FormatFloat(p, 'f', 1, 64), ".0") + " %"
}

// Count writes a number of things for people: "27,004".
func Count(n uint64) string { return humanize.Comma(int64(min(n, math.MaxInt64))) }

// Number writes a figure for people: four significant digits of a fraction, every digit of whole numbers below 1e15.
func Number(x float64) string {
	switch a := math.Abs(x); {
	case a < 1e15 && x == math.Trunc(x):
		return humanize.Comma(int64(x))
	case a >= 1e15:
		return strconv.FormatFloat(x, 'g', 4, 64)
	case a >= 1000:
		return humanize.Comma(int64(math.Round(x)))
	}
	return strconv.FormatFloat(x, 'g', 4, 64)
}
