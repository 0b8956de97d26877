package drift

import (
	"fmt"
	"path/filepath"

	"weir/internal/contract"
)

// Step advances the findings by one closed window, in window order, and returns the events of the transitions
// (opened, worse, cleared) by rule and column. environment goes into the events' source, "/weir/<environment>".
// c is the contract version the report judged.
func (f *Findings) Step(r *Report, c *contract.Contract, environment string) []Event {
	before := f.Digest
	if len(r.Versions) > 0 {
		f.Digest = r.digest()
	}
	s := f.advance(r)
	var events []Event
	for i, t := range s.transitions {
		data := eventData(t, r, c)
		data.Incident = s.incident
		data.Explain = "weir explain " + s.incident + "/" + t.finding.Rule
		if t.state != Cleared {
			data.RuledOut = ruledOut(r, t.group, before)
		}
		data.Also = also(s.transitions, i)
		subject := r.Contract
		if name := FieldName(t.finding.Column); name != "" {
			subject += "." + name
		}
		events = append(events, Event{
			SpecVersion:     "1.0",
			ID:              eventID(c.Digest, r.Grid, r.Window, t.finding.Column, t.finding.Rule, t.state),
			Source:          "/weir/" + environment,
			Type:            eventType(t.state),
			Subject:         subject,
			Time:            utc(r.Window.End),
			DataContentType: "application/json",
			Data:            data,
		})
	}
	return events
}

// eventData is all of an event's data but what it has in common with the others of its window.
func eventData(t transition, r *Report, c *contract.Contract) EventData {
	o := t.finding
	d := EventData{
		Summary:  summary(t, r, c),
		State:    t.state,
		Severity: o.Severity,
		Page:     o.Severity == contract.Error && t.state != Cleared,
		Contract: c.ID.String(),
		Digest:   c.Digest,
		Rule:     o.Rule,
		Column:   o.Column,
		Owner:    c.Owner,
		Critical: field(c.Fields, o.Column).Critical,
		Window:   r.Window,
		Opened:   o.Opened,
		Windows:  o.Alarms,
		Evidence: evidence(t.group),
		RuledOut: []string{},
	}
	lead := t.group.statistic(o.Statistic)
	if lead == nil || lead.Value == nil {
		return d
	}
	d.Observed = &Observed{Statistic: lead.Statistic, Value: *lead.Value, Count: lead.Count, N: lead.N}
	d.Limit = &Limit{
		Operator: lead.Operator, Value: lead.Threshold, Bounds: lead.Bounds,
		From: origin(c, o.Rule),
	}
	if r.Baseline != nil && lead.BaselineN > 0 {
		d.Baseline = &BaselineValue{ID: r.Baseline.ID, Value: lead.BaselineValue, N: lead.BaselineN}
	}
	return d
}

// origin is where the contract states the rule: file name, without its folder, and line.
func origin(c *contract.Contract, rule string) string {
	for _, r := range c.Rules {
		if r.ID == rule && r.Window != nil {
			return fmt.Sprintf("%s:%d", filepath.Base(c.File), r.Line)
		}
	}
	return filepath.Base(c.File)
}

// evidence is every statistic of the rule that could be measured.
func evidence(g group) []Evidence {
	rows := []Evidence{}
	for _, t := range g.tests {
		if t.Value == nil {
			continue
		}
		e := Evidence{
			Statistic: t.Statistic, Value: *t.Value, Threshold: t.Threshold, Alarm: t.Outcome == Alarm,
			Test: t.Method, P: t.P, Level: t.Level, N: t.N, Smallest: t.Smallest,
		}
		if t.P != nil && *t.P <= minP {
			e.P, e.PBelow = nil, t.P
		}
		rows = append(rows, e)
	}
	return rows
}

// also lists the other findings that opened in the same window, and so belong to the same incident.
func also(ts []transition, self int) []Also {
	rows := []Also{}
	for i, t := range ts {
		if i == self || t.state != Opened {
			continue
		}
		lead := t.group.lead()
		rows = append(rows, Also{Rule: t.finding.Rule, Column: t.finding.Column, Statistic: lead.Statistic, Value: *lead.Value})
	}
	return rows
}

// fewDead is the share of dead letters below which they explain no finding.
const fewDead = 0.01

// ruledOut lists what the report shows to be no cause: "volume" (valid records within the range of the baseline's
// own windows), "dead_letters" (under 1 % of the records read), "late_records" (none), "idle_partitions" (every
// source partition had passed the window) and "contract_change" (the same single version as in the window before).
// What the report cannot tell is not listed.
func ruledOut(r *Report, g group, before contract.Digest) []string {
	out := []string{}
	if r.digest() != "" && r.digest() == before {
		out = append(out, "contract_change")
	}
	if read := r.Counts.Read(); read > 0 && float64(r.Counts.Dead) < fewDead*float64(read) {
		out = append(out, "dead_letters")
	}
	if len(r.ClosedWithout) == 0 {
		out = append(out, "idle_partitions")
	}
	if r.Counts.Late() == 0 {
		out = append(out, "late_records")
	}
	if g.column != "" && r.Baseline != nil && r.Baseline.Windows != nil && !r.Partial {
		if w := r.Baseline.Windows; r.Counts.Valid >= w.Min && r.Counts.Valid <= w.Max {
			out = append(out, "volume")
		}
	}
	return out
}

// digest is that of the only version in the window, "" when there are several or none.
func (r *Report) digest() contract.Digest {
	if len(r.Versions) != 1 {
		return ""
	}
	return r.Versions[0].Digest
}

// field finds the declared field of a JSON pointer; none is a zero Field.
func field(fields []contract.Field, path string) contract.Field {
	for _, f := range fields {
		if f.Path == path {
			return f
		}
		if sub := field(f.Fields, path); sub.Path != "" {
			return sub
		}
	}
	return contract.Field{}
}
