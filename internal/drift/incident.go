package drift

import (
	"cmp"
	"slices"

	"weir/internal/contract"
)

// Incident is a time during which one contract had findings: it opens with the first and clears with the last.
type Incident struct {
	ID       string            `json:"id"` // "flights/2013-02-08"
	Contract string            `json:"contract"`
	Opened   string            `json:"opened"`  // RFC 3339: start of the window that opened it
	Cleared  string            `json:"cleared"` // RFC 3339: end of the window that cleared it, "" while open
	Findings []IncidentFinding `json:"findings"`
}

// IncidentFinding is one window in which one rule alarmed, by its leading statistic.
type IncidentFinding struct {
	Column      string            `json:"column"`
	Rule        string            `json:"rule"`
	WindowStart string            `json:"window_start"` // RFC 3339
	Statistic   string            `json:"statistic"`
	Value       float64           `json:"value"`
	Threshold   float64           `json:"threshold"`
	N           uint64            `json:"n"`
	Severity    contract.Severity `json:"severity"`
}

// Incidents rebuilds the incidents of a sequence of reports, which may be of several contracts and in any order,
// sorted by opening and contract. It is the same state machine as Step. Findings are in order of window and rule.
func Incidents(reports []*Report) []Incident {
	reports = slices.Clone(reports)
	slices.SortStableFunc(reports, func(a, b *Report) int {
		return cmp.Or(cmp.Compare(a.Contract, b.Contract), parseTime(a.Window.Start).Compare(parseTime(b.Window.Start)))
	})
	incidents := []Incident{}
	var f Findings
	for i, r := range reports {
		if i == 0 || r.Contract != reports[i-1].Contract {
			f = Findings{}
		}
		wasOpen := f.Incident != ""
		s := f.advance(r)
		if s.incident == "" {
			continue
		}
		if !wasOpen {
			incidents = append(incidents, Incident{ID: s.incident, Contract: r.Contract, Opened: r.Window.Start})
		}
		open := &incidents[len(incidents)-1]
		for _, g := range s.alarms {
			open.Findings = append(open.Findings, incidentFinding(g, r))
		}
		if s.over {
			open.Cleared = r.Window.End
		}
	}
	slices.SortStableFunc(incidents, func(a, b Incident) int {
		return cmp.Or(parseTime(a.Opened).Compare(parseTime(b.Opened)), cmp.Compare(a.Contract, b.Contract))
	})
	return incidents
}

func incidentFinding(g group, r *Report) IncidentFinding {
	t := g.lead()
	return IncidentFinding{
		Column: g.column, Rule: g.rule, WindowStart: r.Window.Start, Statistic: t.Statistic,
		Value: *t.Value, Threshold: t.Threshold, N: t.N, Severity: t.Severity,
	}
}
