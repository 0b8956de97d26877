package demo

import (
	"maps"
	"slices"

	"weir/internal/deadletter"
	"weir/internal/drift"
)

// checkReports compares the counts of all reports with the records themselves: in sum by fate and rule, and per
// window the valid ones, each of which must be counted in the window of its event time.
func (a *Audit) checkReports(in *Injection, places []Place, o *Output, letters map[Place]*deadletter.Letter) {
	var valid, dead uint64
	byRule, byDay := map[string]int{}, map[string]int{}
	for _, r := range o.Reports {
		valid, dead = valid+r.Counts.Valid, dead+r.Counts.Dead
		a.Late += int(r.Counts.Late())
		a.Tombstones += int(r.Counts.Tombstones)
		for rule, n := range r.Counts.DeadBy {
			byRule[rule] += int(n)
		}
		day := dayOf(r.Window.Start)
		if _, twice := byDay[day]; twice {
			a.problem("window %s was reported twice", day)
		}
		byDay[day] = int(r.Counts.Valid)
	}
	if got := int(valid+dead) + a.Late + a.Tombstones; got != a.In {
		a.problem("the reports count %d records (valid %d, dead %d, late %d, tombstones %d), the input has %d", got, valid, dead, a.Late, a.Tombstones, a.In)
	}
	if int(dead) != a.Dead || !maps.Equal(byRule, a.DeadBy) {
		a.problem("the reports count %d dead records by rule %v, the dead letters are %d by rule %v", dead, byRule, a.Dead, a.DeadBy)
	}
	if a.Late > 0 {
		return // a late record is in no window, so the comparison below would only repeat the figure
	}
	want := map[string]int{}
	for i, p := range places {
		want[in.Stream[i].Day] += 0
		if letters[p] == nil {
			want[in.Stream[i].Day]++
		}
	}
	for _, day := range slices.Sorted(maps.Keys(want)) {
		if byDay[day] != want[day] {
			a.problem("window %s: the report counts %d valid records, %d left with that event time", day, byDay[day], want[day])
		}
	}
}

// dayOf is the date of a time that a report gives in the contract's zone.
func dayOf(rfc3339 string) string { return rfc3339[:min(len(rfc3339), len("2013-02-08"))] }

// checkEvents compares the events with the incidents that the reports imply.
func (a *Audit) checkEvents(o *Output) {
	ids, told := map[string]bool{}, map[string]bool{}
	for _, e := range o.Events {
		if ids[e.ID] {
			a.problem("event %s was sent twice", e.ID)
		}
		ids[e.ID] = true
		told[e.Data.Incident] = true
	}
	for _, i := range drift.Incidents(o.Reports) {
		if !told[i.ID] {
			a.problem("no event tells of incident %s", i.ID)
		}
		delete(told, i.ID)
	}
	for _, id := range slices.Sorted(maps.Keys(told)) {
		a.problem("events tell of incident %s, which the reports do not show", id)
	}
}

// findRecordFaults looks for the dead letter of each faulty record, rejected by the rule that its fault breaks. A
// dead letter of a record without an injected fault is a problem.
func (a *Audit) findRecordFaults(in *Injection, places []Place, letters map[Place]*deadletter.Letter) {
	injected := map[Place]bool{}
	for i := range in.Faults {
		f := &in.Faults[i]
		if f.PerWindow() {
			continue
		}
		found := Found{Fault: f}
		for k, record := range f.Records {
			p := places[record]
			injected[p] = true
			if l := letters[p]; l != nil && slices.Contains(l.Rules, f.Rules[k]) {
				found.Found++
			} else {
				found.Missed = append(found.Missed, missed(p, f.Rules[k], l))
			}
		}
		a.Faults = append(a.Faults, found)
	}
	var sound []string
	for p, l := range letters {
		if !injected[p] {
			sound = append(sound, l.Source.String())
		}
	}
	slices.Sort(sound)
	a.list("records without an injected fault were rejected", sound)
}

func missed(p Place, rule string, l *deadletter.Letter) string {
	at := deadletter.Coordinates{Topic: "flights.raw", Partition: p.Partition, Offset: p.Offset}.String()
	if l == nil {
		return at + " was forwarded, expected " + rule
	}
	return at + " was rejected, but not by " + rule
}

// findWindowFaults looks for an alarm of the right rule in each window of each window fault.
func (a *Audit) findWindowFaults(in *Injection) {
	for i := range in.Faults {
		f := &in.Faults[i]
		if !f.PerWindow() {
			continue
		}
		found := Found{Fault: f}
		for _, day := range f.Days {
			if slices.ContainsFunc(a.Incidents, func(i Incident) bool { return i.alarmed(f.Rule, f.Column, day) }) {
				found.Found++
			} else {
				found.Missed = append(found.Missed, day+" without an alarm of "+f.Rule)
			}
		}
		a.Faults = append(a.Faults, found)
	}
}
