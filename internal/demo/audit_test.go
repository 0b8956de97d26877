package demo

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"weir/internal/contract"
	"weir/internal/deadletter"
	"weir/internal/drift"
	"weir/internal/profile"
	"weir/internal/validate"
)

var testContract = contract.ID{Name: "flights", Version: "1.0.0"}

// world is a small run whose account is right: 40 records on two partitions and two days, four of them faulty.
type world struct {
	in     *Injection
	places []Place
	out    *Output
	names  Names
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{in: &Injection{Seed: 7}, names: NamesOf(""), out: &Output{Raw: map[int32][]Seen{}, Valid: map[int32][]Seen{}}}
	fault := Fault{ID: "carrier_zz", Label: `carrier "ZZ"`}
	counts := map[string]*profile.Counts{}
	for i := range 40 {
		day := fmt.Sprintf("2013-02-%02d", 1+i/20)
		w.in.Stream = append(w.in.Stream, Flight{Key: fmt.Sprintf("UA-%d", i), Value: fmt.Appendf(nil, `{"n":%d}`, i), Day: day})
		p := Place{int32(i % 2), int64(i / 2)}
		w.places = append(w.places, p)
		r := w.record(i)
		w.out.Raw[p.Partition] = append(w.out.Raw[p.Partition], SeenOf(r, false))
		if counts[day] == nil {
			counts[day] = &profile.Counts{DeadBy: map[string]uint64{}}
		}
		if i%10 != 3 {
			counts[day].Valid++
			w.out.Valid[p.Partition] = append(w.out.Valid[p.Partition], SeenOf(w.annotated(r), true))
			continue
		}
		fault.Records, fault.Rules = append(fault.Records, i), append(fault.Rules, "known-carrier")
		counts[day].Dead++
		counts[day].DeadBy["known-carrier"]++
		w.out.Dead = append(w.out.Dead, w.letter(t, r))
	}
	w.in.Faults = []Fault{fault}
	for day, c := range counts {
		w.out.Reports = append(w.out.Reports, &drift.Report{Contract: "flights", Counts: *c,
			Window: drift.Window{Start: day + "T00:00:00-05:00", End: day + "T23:59:59-05:00"}})
	}
	slices.SortFunc(w.out.Reports, func(a, b *drift.Report) int { return strings.Compare(a.Key(), b.Key()) })
	return w
}

// record is the input record of a flight, as it was read.
func (w *world) record(i int) *kgo.Record {
	p := w.places[i]
	return &kgo.Record{Topic: w.names.Input, Partition: p.Partition, Offset: p.Offset, Key: []byte(w.in.Stream[i].Key),
		Value: w.in.Stream[i].Value, Timestamp: time.UnixMilli(1_700_000_000_000 + int64(i))}
}

func (w *world) annotated(r *kgo.Record) *kgo.Record {
	out := *r
	out.Headers = append(slices.Clone(r.Headers), kgo.RecordHeader{Key: annotation, Value: []byte(testContract.String())})
	return &out
}

func (w *world) letter(t *testing.T, r *kgo.Record) deadletter.Letter {
	t.Helper()
	d := deadletter.New(r, testContract, "sha256:0", []validate.Violation{{Rule: "known-carrier", Severity: contract.Error, Instance: "/carrier"}}, time.Unix(0, 0))
	d.Topic, d.Offset = w.names.Dead, int64(len(w.out.Dead))
	l, err := deadletter.Read(d)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (w *world) check() *Audit { return Check(w.in, w.places, w.out, w.names, testContract) }

func TestAuditPassesWhatAddsUp(t *testing.T) {
	a := newWorld(t).check()
	if !a.OK() || a.In != 40 || a.Valid != 36 || a.Dead != 4 || a.DeadBy["known-carrier"] != 4 || a.Windows != 2 || a.Faults[0].Found != 4 {
		t.Errorf("got %+v", a)
	}
}

func TestAuditNamesWhatDoesNotAddUp(t *testing.T) {
	for name, m := range map[string]struct {
		mutate func(t *testing.T, w *world)
		want   string // part of a problem, or "MISSED"
	}{
		"a record lost": {func(_ *testing.T, w *world) {
			w.out.Valid[0] = slices.Delete(w.out.Valid[0], 5, 6)
		}, "1 records of the input are neither in the output nor dead: 0/5"},
		"the last record lost": {func(_ *testing.T, w *world) {
			w.out.Valid[1] = w.out.Valid[1][:len(w.out.Valid[1])-1]
		}, "1 records of the input are neither in the output nor dead"},
		"a record doubled": {func(_ *testing.T, w *world) {
			w.out.Valid[0] = slices.Insert(w.out.Valid[0], 5, w.out.Valid[0][4])
		}, "1 records of the output are doubled"},
		"a record lost and another doubled": {func(_ *testing.T, w *world) {
			w.out.Valid[0][5].Content = w.out.Valid[0][4].Content
		}, "1 records of the output are doubled"},
		"a value altered": {func(_ *testing.T, w *world) {
			r := w.record(0)
			r.Value = []byte(`{"n": 0}`)
			w.out.Valid[0][0] = SeenOf(w.annotated(r), true)
		}, "1 records of the output are not those of the input"},
		"a null key made empty": {func(_ *testing.T, w *world) {
			r := w.record(0)
			r.Key = nil
			w.out.Raw[0][0] = SeenOf(r, false)
			r.Key = []byte{}
			w.out.Valid[0][0] = SeenOf(w.annotated(r), true)
		}, "1 records of the output are not those of the input"},
		"a timestamp altered": {func(_ *testing.T, w *world) {
			r := w.record(0)
			r.Timestamp = r.Timestamp.Add(time.Millisecond)
			w.out.Valid[0][0] = SeenOf(w.annotated(r), true)
		}, "1 records of the output are not those of the input"},
		"a header added": {func(_ *testing.T, w *world) {
			r := w.record(0)
			r.Headers = []kgo.RecordHeader{{Key: "extra"}}
			w.out.Valid[0][0] = SeenOf(w.annotated(r), true)
		}, "1 records of the output are not those of the input"},
		"the annotation missing": {func(_ *testing.T, w *world) {
			w.out.Valid[0][0] = SeenOf(w.record(0), true)
		}, "1 records of the output do not carry weir.contract"},
		"two records swapped": {func(_ *testing.T, w *world) {
			v := w.out.Valid[0]
			v[3], v[4] = v[4], v[3]
		}, "partition 0 of the output is not in the order"},
		"partitions swapped": {func(_ *testing.T, w *world) {
			w.out.Valid[0], w.out.Valid[1] = w.out.Valid[1], w.out.Valid[0]
		}, "records of the input are neither in the output nor dead"},
		"a dead letter lost": {func(_ *testing.T, w *world) {
			w.out.Dead = w.out.Dead[1:]
		}, "1 records of the input are neither in the output nor dead"},
		"a dead letter doubled": {func(_ *testing.T, w *world) {
			w.out.Dead = append(w.out.Dead, w.out.Dead[0])
		}, "1 dead letters are doubled"},
		"a dead letter forwarded too": {func(_ *testing.T, w *world) {
			w.out.Valid[1] = slices.Insert(w.out.Valid[1], 1, SeenOf(w.annotated(w.record(3)), true))
		}, "1 records of the output are doubled, or dead as well"},
		"a dead letter altered": {func(t *testing.T, w *world) {
			r := w.record(3)
			r.Value = []byte("{}")
			w.out.Dead[0] = w.letter(t, r)
		}, "1 dead letters differ from their records"},
		"a dead letter of nothing": {func(t *testing.T, w *world) {
			r := w.record(3)
			r.Offset = 999
			w.out.Dead = append(w.out.Dead, w.letter(t, r))
		}, "1 dead letters come from no record"},
		"a sound record rejected": {func(t *testing.T, w *world) {
			w.out.Dead = append(w.out.Dead, w.letter(t, w.record(0)))
			w.out.Valid[0] = w.out.Valid[0][1:]
		}, "1 records without an injected fault were rejected: flights.raw/0/0"},
		"a fault forwarded": {func(_ *testing.T, w *world) {
			w.out.Dead = w.out.Dead[1:]
			w.out.Valid[1] = slices.Insert(w.out.Valid[1], 1, SeenOf(w.annotated(w.record(3)), true))
		}, "MISSED"},
		"a fault rejected by another rule": {func(_ *testing.T, w *world) {
			w.out.Dead[0].Rules = []string{"other"}
		}, "MISSED"},
		"a count one short": {func(_ *testing.T, w *world) {
			w.out.Reports[0].Counts.Valid--
		}, "the reports count 39 records"},
		"counts in the wrong window": {func(_ *testing.T, w *world) {
			w.out.Reports[0].Counts.Valid--
			w.out.Reports[1].Counts.Valid++
		}, "window 2013-02-01: the report counts 17 valid records, 18 left"},
		"dead counted under another rule": {func(_ *testing.T, w *world) {
			w.out.Reports[0].Counts.DeadBy = map[string]uint64{"other": 2}
		}, "by rule"},
		"a window reported twice": {func(_ *testing.T, w *world) {
			w.out.Reports = append(w.out.Reports, w.out.Reports[0])
		}, "window 2013-02-01 was reported twice"},
		"an event of nothing": {func(_ *testing.T, w *world) {
			w.out.Events = []*drift.Event{{ID: "x", Data: drift.EventData{Incident: "flights/2013-02-01"}}}
		}, "events tell of incident flights/2013-02-01"},
		"an input record lost": {func(_ *testing.T, w *world) {
			w.out.Raw[0] = w.out.Raw[0][:len(w.out.Raw[0])-1]
		}, "the input topic has 39 records, 40 were loaded"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			m.mutate(t, w)
			a := w.check()
			if a.OK() {
				t.Fatal("the audit passed")
			}
			said := strings.Join(a.Problems, "\n")
			if a.Faults[0].Found < a.Faults[0].Count() {
				said += "\nMISSED"
			}
			if !strings.Contains(said, m.want) {
				t.Errorf("got\n%s\nwant it to say %q", said, m.want)
			}
		})
	}
}
