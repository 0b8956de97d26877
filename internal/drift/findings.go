package drift

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"weir/internal/contract"
)

// State is what an event says happened to a finding.
type State string

const (
	Opened  State = "opened"
	Worse   State = "worse"
	Cleared State = "cleared"
)

const (
	// clearAfter is how many judged windows without an alarm clear a finding. Windows that could not judge the rule
	// (no data, fewer than the minimum sample, partial) neither count nor reset the count: silence is no proof that a
	// fault is over. A rule that the judged contract version no longer has clears at once.
	clearAfter = 3

	// worseFactor is how far an alarming value must have moved away, against the last announced value and the
	// threshold both, for another event: half as much again. A finding that only wavers stays quiet, and a fault
	// that keeps growing speaks at most once per factor.
	worseFactor = 1.5
)

// Findings is the memory of a contract between windows: its open findings, incident and their counters.
// It is kept as JSON in the state topic. The zero value is a contract without history.
type Findings struct {
	Incident string          `json:"incident,omitempty"` // id of the open incident
	Open     []Finding       `json:"open,omitempty"`     // by rule and column
	Digest   contract.Digest `json:"digest,omitempty"`   // judged in the previous window, if it was the only one
}

// Finding is one rule that is broken on one column. A rule with several statistics makes one finding; the first
// alarming one of ks, unseen, psi leads, because people can picture it.
type Finding struct {
	Rule      string             `json:"rule"`
	Column    string             `json:"column"`
	Severity  contract.Severity  `json:"severity"`
	Statistic string             `json:"statistic"` // that led in the last event
	Opened    string             `json:"opened"`    // start of the window it opened in
	Last      string             `json:"last"`      // start of the last window with an alarm
	Alarms    int                `json:"alarms"`    // windows with an alarm
	Quiet     int                `json:"quiet"`     // windows judged without an alarm since
	Announced map[string]float64 `json:"announced"` // values of the last event by statistic
}

// step is what one window did to the findings of its contract.
type step struct {
	incident    string       // open during the window, "" when none was
	over        bool         // the window cleared the incident's last finding
	alarms      []group      // by rule and column
	transitions []transition // by rule and column
}

// transition is one event to be.
type transition struct {
	state   State
	finding Finding // as the window left it
	group   group   // empty when the rule is gone
}

// group is the tests of one rule on one column in a report.
type group struct {
	rule, column string
	tests        []Test
}

// groups cuts a report's tests, which are sorted by rule and column.
func groups(tests []Test) []group {
	var gs []group
	for i, t := range tests {
		if i == 0 || t.Rule != tests[i-1].Rule || t.Column != tests[i-1].Column {
			gs = append(gs, group{rule: t.Rule, column: t.Column})
		}
		g := &gs[len(gs)-1]
		g.tests = append(g.tests, t)
	}
	return gs
}

func (g group) has(o Outcome) bool {
	return slices.ContainsFunc(g.tests, func(t Test) bool { return t.Outcome == o })
}

// lead is the alarming test that speaks for the group, nil when none alarms.
func (g group) lead() *Test {
	for _, s := range []string{statKS, statUnseen} {
		if t := g.statistic(s); t != nil && t.Outcome == Alarm {
			return t
		}
	}
	for i := range g.tests {
		if g.tests[i].Outcome == Alarm {
			return &g.tests[i]
		}
	}
	return nil
}

func (g group) statistic(s string) *Test {
	for i := range g.tests {
		if g.tests[i].Statistic == s {
			return &g.tests[i]
		}
	}
	return nil
}

// advance is the state machine: it takes the findings over one window. Findings open before others clear, so an
// incident goes on when one fault hands over to another in the same window.
func (f *Findings) advance(r *Report) step {
	var s step
	gs := groups(r.Tests)
	judged := make(map[[2]string]bool, len(gs))
	for _, g := range gs {
		judged[[2]string{g.rule, g.column}] = true
		i, open := f.find(g.rule, g.column)
		switch {
		case g.has(Alarm):
			if f.Incident == "" {
				f.Incident = incidentID(r)
			}
			s.alarms = append(s.alarms, g)
			if !open {
				f.Open = slices.Insert(f.Open, i, Finding{Rule: g.rule, Column: g.column, Opened: r.Window.Start})
			}
			if state := f.Open[i].alarm(g, r.Window.Start, !open); state != "" {
				s.transitions = append(s.transitions, transition{state, f.Open[i].clone(), g})
			}
		case open && g.has(OK):
			f.Open[i].Quiet++
			if f.Open[i].Quiet == clearAfter {
				s.transitions = append(s.transitions, transition{Cleared, f.Open[i].clone(), g})
			}
		}
	}
	for _, o := range f.Open {
		if !judged[[2]string{o.Rule, o.Column}] {
			s.transitions = append(s.transitions, transition{state: Cleared, finding: o.clone()})
		}
	}
	s.incident = f.Incident
	f.clear(&s)
	return s
}

// clear drops the findings the step cleared, and the incident with the last of them.
func (f *Findings) clear(s *step) {
	for _, t := range s.transitions {
		if i, open := f.find(t.finding.Rule, t.finding.Column); open && t.state == Cleared {
			f.Open = slices.Delete(f.Open, i, i+1)
		}
	}
	if len(f.Open) == 0 {
		s.over = f.Incident != ""
		f.Incident, f.Open = "", nil
	}
	slices.SortStableFunc(s.transitions, func(a, b transition) int {
		return cmp.Or(cmp.Compare(a.finding.Rule, b.finding.Rule), cmp.Compare(a.finding.Column, b.finding.Column))
	})
}

// alarm notes one more window with an alarm and returns the transition it is, "" for none.
func (o *Finding) alarm(g group, start string, isNew bool) State {
	lead := g.lead()
	o.Severity, o.Last, o.Quiet = lead.Severity, start, 0
	o.Alarms++
	state := Opened
	if !isNew {
		state = ""
		for i := range g.tests {
			if g.tests[i].Outcome == Alarm && o.worse(&g.tests[i]) {
				state, lead = Worse, &g.tests[i]
				break
			}
		}
	}
	if state == "" {
		return ""
	}
	o.Statistic, o.Announced = lead.Statistic, map[string]float64{}
	for _, t := range g.tests {
		if t.Value != nil {
			o.Announced[t.Statistic] = *t.Value
		}
	}
	return state
}

// worse says whether an alarming test has moved on by worseFactor since the last event.
func (o *Finding) worse(t *Test) bool {
	last, ok := o.Announced[t.Statistic]
	if !ok {
		last = t.Threshold
	}
	switch t.side() {
	case above:
		return *t.Value >= worseFactor*max(last, t.Threshold) && *t.Value > last
	case below:
		return *t.Value <= min(last, t.Threshold)/worseFactor && *t.Value < last
	}
	return false
}

func (o Finding) clone() Finding {
	announced := make(map[string]float64, len(o.Announced))
	for s, v := range o.Announced {
		announced[s] = v
	}
	o.Announced = announced
	return o
}

func (f *Findings) find(rule, column string) (int, bool) {
	return slices.BinarySearchFunc(f.Open, rule, func(o Finding, _ string) int {
		return cmp.Or(cmp.Compare(o.Rule, rule), cmp.Compare(o.Column, column))
	})
}

// side is where a broken limit was crossed.
type side int

const (
	neither side = iota // the forbidden value itself, or inside a forbidden range
	above
	below
)

func (t *Test) side() side {
	switch t.Operator {
	case contract.MustBeLessThan, contract.MustBeLessOrEqualTo:
		return above
	case contract.MustBeGreaterThan, contract.MustBeGreaterOrEqualTo:
		return below
	case contract.MustBe, contract.MustBeBetween:
		if *t.Value > t.Threshold {
			return above
		}
		return below
	}
	return neither
}

// incidentID is contract and local date of the window that opens an incident, with time and offset where windows are
// shorter than a day: "flights/2013-02-08", "flights/2013-02-08T05:00-05:00".
func incidentID(r *Report) string {
	layout := "2006-01-02T15:04Z07:00"
	if strings.HasSuffix(r.Window.Size, "d") || strings.HasSuffix(r.Window.Size, "w") {
		layout = time.DateOnly
	}
	return r.Contract + "/" + parseTime(r.Window.Start).Format(layout)
}
