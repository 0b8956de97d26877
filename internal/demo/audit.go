package demo

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"weir/internal/contract"
	"weir/internal/deadletter"
)

// Found is one injected fault with how much of it was found.
type Found struct {
	*Fault
	Found  int
	Missed []string // the first few places where it was not found
}

// Audit is the account of a run. Problems lists in words all that does not add up; a run is right when it is empty
// and every fault was found.
type Audit struct {
	In, Valid, Dead, Late, Tombstones int // records; Valid are those forwarded, late ones among them
	DeadBy                            map[string]int
	Faults                            []Found
	Windows                           int
	Incidents                         []Incident
	Problems                          []string
}

// OK says whether everything adds up and every injected fault was found.
func (a *Audit) OK() bool {
	for _, f := range a.Faults {
		if f.Found != f.Count() {
			return false
		}
	}
	return len(a.Problems) == 0
}

// Check accounts for every record and every fault of a run. id is the contract that the route enforces.
func Check(in *Injection, places []Place, o *Output, n Names, id contract.ID) *Audit {
	a := &Audit{DeadBy: map[string]int{}, Windows: len(o.Reports), Dead: len(o.Dead)}
	for _, l := range o.Dead {
		for _, rule := range l.Rules {
			a.DeadBy[rule]++
		}
	}
	a.checkInput(in, places, o)
	letters := a.checkLetters(o, n, id)
	a.checkOutput(o, letters, id)
	a.checkReports(in, places, o, letters)
	a.checkEvents(o)
	a.Incidents = incidentsOf(o.Reports, in)
	a.findRecordFaults(in, places, letters)
	a.findWindowFaults(in)
	return a
}

func (a *Audit) problem(format string, args ...any) {
	a.Problems = append(a.Problems, fmt.Sprintf(format, args...))
}

// checkInput compares the input topic with what was loaded.
func (a *Audit) checkInput(in *Injection, places []Place, o *Output) {
	for _, records := range o.Raw {
		a.In += len(records)
	}
	if a.In != len(in.Stream) {
		a.problem("the input topic has %d records, %d were loaded", a.In, len(in.Stream))
	}
	wrong := 0
	for i, p := range places {
		r, ok := at(o.Raw[p.Partition], p.Offset)
		f := in.Stream[i]
		if !ok || r.Content != fingerprintOf([]byte(f.Key), f.Value, nil, r.Timestamp) {
			wrong++
		}
	}
	if wrong > 0 {
		a.problem("%d records of the input topic differ from what was loaded", wrong)
	}
}

// at finds the record with an offset.
func at(records []Seen, offset int64) (Seen, bool) {
	i, ok := slices.BinarySearchFunc(records, offset, func(s Seen, o int64) int { return cmp.Compare(s.Offset, o) })
	if !ok {
		return Seen{}, false
	}
	return records[i], true
}

// checkLetters compares each dead letter with the record it was made of, and returns them by source.
func (a *Audit) checkLetters(o *Output, n Names, id contract.ID) map[Place]*deadletter.Letter {
	letters := map[Place]*deadletter.Letter{}
	var doubled, unknown, altered, foreign []string
	for i := range o.Dead {
		l := &o.Dead[i]
		from := Place{l.Source.Partition, l.Source.Offset}
		source, ok := at(o.Raw[from.Partition], from.Offset)
		switch {
		case !ok || l.Source.Topic != n.Input:
			unknown = append(unknown, l.Source.String())
			continue
		case letters[from] != nil:
			doubled = append(doubled, l.Source.String())
		case l.Shed != "" || source.Content != fingerprintOf(l.Record.Key, l.Record.Value, l.OriginalHeaders(), l.Timestamp.UnixMilli()):
			altered = append(altered, l.Source.String())
		case l.Contract != id.String():
			foreign = append(foreign, l.Source.String())
		}
		letters[from] = l
	}
	a.list("dead letters are doubled", doubled)
	a.list("dead letters come from no record of the input", unknown)
	a.list("dead letters differ from their records in key, value, headers or timestamp", altered)
	a.list("dead letters do not name contract "+id.String(), foreign)
	return letters
}

// list reports places, a few by name.
func (a *Audit) list(what string, places []string) {
	if len(places) > 0 {
		a.problem("%d %s: %s", len(places), what, fewOf(places))
	}
}

func fewOf(places []string) string {
	if len(places) > 3 {
		return strings.Join(places[:3], ", ") + ", …"
	}
	return strings.Join(places, ", ")
}

// checkOutput compares each partition of the output with the same partition of the input, dead letters taken out:
// the same records, each once, in the same order, unaltered.
func (a *Audit) checkOutput(o *Output, letters map[Place]*deadletter.Letter, id contract.ID) {
	for _, p := range slices.Sorted(maps.Keys(o.Raw)) {
		var want []Seen
		for _, r := range o.Raw[p] {
			if letters[Place{p, r.Offset}] == nil {
				want = append(want, r)
			}
		}
		a.comparePartition(p, o.Raw[p], want, o.Valid[p])
	}
	unmarked := 0
	for p, records := range o.Valid {
		a.Valid += len(records)
		if o.Raw[p] == nil {
			a.problem("output partition %d has %d records, the input partition none", p, len(records))
		}
		for _, r := range records {
			if r.Contract != id.String() {
				unmarked++
			}
		}
	}
	if unmarked > 0 {
		a.problem("%d records of the output do not carry %s: %s", unmarked, annotation, id)
	}
	if a.Valid+a.Dead != a.In {
		a.problem("in %d, output %d and dead letters %d: %+d", a.In, a.Valid, a.Dead, a.Valid+a.Dead-a.In)
	}
}

// comparePartition says in words how got differs from want, which is raw without its dead letters.
func (a *Audit) comparePartition(p int32, raw, want, got []Seen) {
	same := func(x, y Seen) bool { return x.Content == y.Content }
	if slices.EqualFunc(want, got, same) {
		return
	}
	surplus := map[fingerprint]int{}
	for _, r := range got {
		surplus[r.Content]++
	}
	inputs := map[fingerprint]bool{}
	for _, r := range raw {
		inputs[r.Content] = true
	}
	var lost []string
	for _, r := range want {
		if surplus[r.Content]--; surplus[r.Content] < 0 {
			lost = append(lost, fmt.Sprintf("%d/%d", p, r.Offset))
		}
	}
	var doubled, unknown []string
	for _, r := range got {
		if surplus[r.Content] > 0 {
			surplus[r.Content]--
			if inputs[r.Content] {
				doubled = append(doubled, fmt.Sprintf("%d/%d", p, r.Offset))
			} else {
				unknown = append(unknown, fmt.Sprintf("%d/%d", p, r.Offset))
			}
		}
	}
	a.list("records of the input are neither in the output nor dead", lost)
	a.list("records of the output are doubled, or dead as well", doubled)
	a.list("records of the output are not those of the input: altered", unknown)
	if len(lost)+len(doubled)+len(unknown) == 0 {
		a.problem("partition %d of the output is not in the order of the input", p)
	}
}
