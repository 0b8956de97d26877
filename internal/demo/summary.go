package demo

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"weir/internal/contract"
)

// Text writes the audit for people: every record accounted for, injected beside found, the incidents.
func (a *Audit) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "  records    in %s   valid %s   dead %s", comma(a.In), comma(a.Valid), comma(a.Dead))
	if a.Late > 0 {
		fmt.Fprintf(&b, "   (%s of the valid late)", comma(a.Late))
	}
	fmt.Fprintf(&b, "   in = valid + dead %s\n", tick(a.Valid+a.Dead == a.In && len(a.Problems) == 0))
	a.writeFaults(&b)
	a.writeIncidents(&b)
	for _, p := range a.Problems {
		fmt.Fprintf(&b, "  PROBLEM  %s\n", p)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (a *Audit) writeFaults(b *strings.Builder) {
	fmt.Fprintf(b, "  dead letters        injected   found\n")
	for _, f := range a.Faults {
		if !f.PerWindow() {
			fmt.Fprintf(b, "    %-18s%8s%8s %s   %s\n", f.Label, comma(f.Count()), comma(f.Found), verdict(f), rulesOf(f.Fault))
		}
	}
	for _, f := range a.Faults {
		for _, m := range f.Missed[:min(len(f.Missed), 3)] {
			if !f.PerWindow() {
				fmt.Fprintf(b, "    MISSED  %s: %s\n", f.Label, m)
			}
		}
	}
}

// rulesOf lists the rules that a per-record fault breaks.
func rulesOf(f *Fault) string {
	seen := map[string]bool{}
	var rules []string
	for _, r := range f.Rules {
		if !seen[r] {
			seen[r] = true
			rules = append(rules, r)
		}
	}
	if len(rules) > 3 {
		return fmt.Sprintf("%s and %d more", rules[0], len(rules)-1)
	}
	return strings.Join(rules, ", ")
}

func (a *Audit) writeIncidents(b *strings.Builder) {
	fmt.Fprintf(b, "\n  findings (%d windows closed, %s)\n", a.Windows, plural(len(a.Incidents), "incident"))
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, i := range a.Incidents {
		for _, l := range i.Lines {
			days := shortDay(l.First)
			if l.Last != l.First {
				days += " – " + shortDay(l.Last)
			}
			origin := "in the data, not injected"
			if l.Fault != "" {
				origin = "injected (" + l.Fault + ") ✔"
			}
			severity := strings.ToUpper(string(l.Severity))
			if l.Severity != contract.Error {
				severity = string(l.Severity)
			}
			fmt.Fprintf(t, "    %s\t%s\t%s\t%s\t%s\n", days, severity, l.Rule, l.Text, origin)
		}
	}
	t.Flush()
	for _, f := range a.Faults {
		if f.PerWindow() && f.Found < f.Count() {
			fmt.Fprintf(b, "    MISSED  %s: %d of %d windows alarmed, %s\n", f.Label, f.Found, f.Count(), strings.Join(f.Missed, ", "))
		}
	}
	injected, found, natural := 0, 0, 0
	for _, f := range a.Faults {
		if f.PerWindow() {
			injected++
			if f.Found == f.Count() {
				found++
			}
		}
	}
	for _, i := range a.Incidents {
		if !i.Injected {
			natural++
		}
	}
	fmt.Fprintf(b, "    injected %d, found %d · in the data %d\n", injected, found, natural)
}

func verdict(f Found) string {
	if f.Found == f.Count() {
		return "✔"
	}
	return fmt.Sprintf("MISSED %d", f.Count()-f.Found)
}

func tick(ok bool) string {
	if ok {
		return "✔"
	}
	return "✘"
}

func comma(n int) string { return humanize.Comma(int64(n)) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Plan writes what was injected, before anything is found.
func (in *Injection) Plan(w io.Writer) error {
	var parts []string
	records := 0
	for i := range in.Faults {
		f := &in.Faults[i]
		records += len(f.Records)
		if f.PerWindow() {
			parts = append(parts, fmt.Sprintf("%s on %s – %s", f.Label, shortDay(f.Days[0]), shortDay(f.Days[len(f.Days)-1])))
		}
	}
	_, err := fmt.Fprintf(w, "fault seed %d: %s faulty records on ordinary days, %s (every flight of these days)\n",
		in.Seed, comma(records), strings.Join(parts, ", "))
	return err
}

// The audit as JSON; the names are a promise to scripts.
type (
	jsonAudit struct {
		In        int            `json:"records_in"`
		Valid     int            `json:"records_valid"`
		Dead      int            `json:"records_dead"`
		DeadBy    map[string]int `json:"dead_by_rule"`
		Injected  []jsonFault    `json:"injected"`
		Windows   int            `json:"windows_closed"`
		Incidents []jsonIncident `json:"incidents"`
	}
	jsonFault struct {
		Fault string `json:"fault"`
		Count int    `json:"count"`
		Found int    `json:"found"`
	}
	jsonIncident struct {
		Contract string        `json:"contract"`
		Opened   string        `json:"opened"`
		Cleared  *string       `json:"cleared"` // null while open
		Injected bool          `json:"injected"`
		Findings []jsonFinding `json:"findings"`
	}
	jsonFinding struct {
		Column    string  `json:"column"`
		Rule      string  `json:"rule"`
		Start     string  `json:"window_start"`
		Statistic string  `json:"statistic"`
		Value     float64 `json:"value"`
		Threshold float64 `json:"threshold"`
		N         uint64  `json:"n"`
	}
)

// JSON writes the audit as one object on one line.
func (a *Audit) JSON(w io.Writer) error {
	out := jsonAudit{In: a.In, Valid: a.Valid, Dead: a.Dead, DeadBy: a.DeadBy, Windows: a.Windows,
		Injected: []jsonFault{}, Incidents: []jsonIncident{}}
	for _, f := range a.Faults {
		out.Injected = append(out.Injected, jsonFault{f.ID, f.Count(), f.Found})
	}
	for _, i := range a.Incidents {
		j := jsonIncident{Contract: i.Contract, Opened: i.Opened, Injected: i.Injected, Findings: []jsonFinding{}}
		if i.Cleared != "" {
			j.Cleared = &i.Cleared
		}
		for _, f := range i.Findings {
			j.Findings = append(j.Findings, jsonFinding{column(f.Column), f.Rule, f.WindowStart, f.Statistic, f.Value, f.Threshold, f.N})
		}
		out.Incidents = append(out.Incidents, j)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e.Encode(out)
}

// FirstOwn is the day of the first incident that nobody injected, for the commands to paste; "" when there is none.
func (a *Audit) FirstOwn() (incident, rule string) {
	for _, i := range a.Incidents {
		if !i.Injected && len(i.Lines) > 0 {
			return i.ID, i.Lines[0].Rule
		}
	}
	return "", ""
}
