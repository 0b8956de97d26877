package demo

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// Fault is one kind of injected fault and where it was injected: the ground truth.
type Fault struct {
	ID    string // in JSON output, "carrier_missing"
	Label string // for people, "carrier missing"
	// Records lists the faulty records of a per-record fault, as indices into the stream, ascending. Rules says for
	// each which rule must reject it.
	Records []int
	Rules   []string
	// Days are the New York days of a window fault, all of whose records are faulty but valid. Rule must alarm on
	// Column in each of these windows.
	Days         []string
	Rule, Column string
}

// PerWindow says whether the fault shows only in the window, not in any record.
func (f *Fault) PerWindow() bool { return f.Days != nil }

// Count is how many findings the fault must produce: records, or windows.
func (f *Fault) Count() int { return len(f.Records) + len(f.Days) }

// recordFaults are the per-record faults with how many of each are injected.
var recordFaults = [...]struct {
	id, label, rule string
	count           int
	apply           func(value []byte, rng *rand.Rand) (faulty []byte, rule string)
}{
	{"malformed_json", "malformed JSON", "", 120, malform},
	{"carrier_missing", "carrier missing", "carrier-required", 200, func(v []byte, _ *rand.Rand) ([]byte, string) {
		return without(v, "carrier"), ""
	}},
	{"distance_text", "distance is text", "distance-type", 150, func(v []byte, _ *rand.Rand) ([]byte, string) {
		return set(v, "distance", fmt.Sprintf(`"%s mi"`, get(v, "distance"))), ""
	}},
	{"dep_time_2561", "dep_time 2561", "dep_time-maximum", 160, func(v []byte, _ *rand.Rand) ([]byte, string) {
		return set(v, "dep_time", "2561"), ""
	}},
	{"carrier_zz", `carrier "ZZ"`, "known-carrier", 176, func(v []byte, _ *rand.Rand) ([]byte, string) {
		return set(v, "carrier", `"ZZ"`), ""
	}},
}

// windowFaults are the faults of three whole days.
var windowFaults = [...]struct {
	id, label, rule, column string
	prepare                 func(before []Flight) func(value []byte) []byte
}{
	{"distance_unit", "distance × 1.609", "distance-drift", "distance", func([]Flight) func([]byte) []byte {
		return func(v []byte) []byte {
			miles, err := strconv.Atoi(string(get(v, "distance")))
			if err != nil {
				panic(err) // the data has no other distances
			}
			return set(v, "distance", strconv.Itoa(int(math.Round(float64(miles)*1.609))))
		}
	}},
	{"minute_stuck", "minute stuck", "minute-drift", "minute", func(before []Flight) func([]byte) []byte {
		last := string(get(before[len(before)-1].Value, "minute"))
		return func(v []byte) []byte { return set(v, "minute", last) }
	}},
}

// malform breaks a record's JSON in one of the ways that producers do.
func malform(v []byte, rng *rand.Rand) (faulty []byte, rule string) {
	switch rng.IntN(9) {
	case 0: // a producer that died, or a column that was too short
		return slices.Clone(v[:1+rng.IntN(len(v)-1)]), "json-truncated"
	case 1: // written by a template
		return slices.Concat(v[:len(v)-1], []byte(",}")), "json-malformed"
	case 2: // Python's json.dumps of a missing float
		return set(v, "air_time", "NaN"), "json-malformed"
	case 3: // Python's str of a dict
		return bytes.ReplaceAll(v, []byte(`"`), []byte(`'`)), "json-malformed"
	case 4: // two sources merged
		return slices.Concat(v[:len(v)-1], []byte(`,"dep_delay":0}`)), "json-duplicate-name"
	case 5: // Latin-1: "Reykjavík"
		return set(v, "dest", "\"Reykjav\xedk\""), "json-invalid-utf8"
	case 6: // two records in one message
		return slices.Concat(v, []byte("\n"), v), "json-trailing-bytes"
	case 7: // saved by a Windows editor
		return slices.Concat([]byte("\ufeff"), v), "json-byte-order-mark"
	default: // an emoji cut in half by UTF-16 code
		return set(v, "tailnum", `"N\ud83d"`), "json-lone-surrogate"
	}
}

// Injection is a stream with its ground truth.
type Injection struct {
	Seed   uint64
	Stream []Flight // values with the faults in them; keys and times as in the data
	Faults []Fault
}

// Inject puts the demo's faults into a copy of the stream. The same seed gives the same faults in the same records.
// Faults never share a record or a day, and stay away from the days that are unusual of themselves, so that what
// these show is what the data says.
func Inject(stream []Flight, seed uint64) (*Injection, error) {
	rng := rand.New(rand.NewPCG(seed, 0x77656972)) // second word: any constant
	in := &Injection{Seed: seed, Stream: slices.Clone(stream)}
	days := countDays(stream)
	starts, err := chooseBlocks(days, rng)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	var windows []Fault
	for i, w := range windowFaults {
		f := Fault{ID: w.id, Label: w.label, Rule: w.rule, Column: w.column}
		for _, d := range days[starts[i] : starts[i]+blockDays] {
			f.Days = append(f.Days, d.day)
			taken[d.day] = true
		}
		from, to := days[starts[i]].from, days[starts[i]+blockDays-1].to
		apply := w.prepare(stream[:from])
		for k := from; k < to; k++ {
			in.Stream[k].Value = apply(in.Stream[k].Value)
		}
		windows = append(windows, f)
	}
	for _, d := range days {
		taken[d.day] = taken[d.day] || !d.ordinary()
	}
	in.injectRecords(taken, rng)
	in.Faults = append(in.Faults, windows...)
	return in, nil
}

// injectRecords spreads the per-record faults evenly at random over the records of the days that are free.
func (in *Injection) injectRecords(taken map[string]bool, rng *rand.Rand) {
	used := map[int]bool{}
	draw := func() int {
		for {
			i := rng.IntN(len(in.Stream))
			if !used[i] && !taken[in.Stream[i].Day] {
				used[i] = true
				return i
			}
		}
	}
	for _, r := range recordFaults {
		f := Fault{ID: r.id, Label: r.label}
		for range r.count {
			f.Records = append(f.Records, draw())
		}
		slices.Sort(f.Records)
		for _, i := range f.Records {
			faulty, rule := r.apply(in.Stream[i].Value, rng)
			if rule == "" {
				rule = r.rule
			}
			in.Stream[i].Value = faulty
			f.Rules = append(f.Rules, rule)
		}
		in.Faults = append(in.Faults, f)
	}
}
