package main

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

const (
	seed    = 42
	perData = 5000 // records of a data set
)

// shares are the percentages of invalid records that each shape is made with.
var shares = []int{0, 1, 10, 100}

// shape is one sort of record with the schema that judges it.
type shape struct {
	name     string
	contract string // ODCS file from the module's root, "" where the schema stands alone
	schema   string // JSON Schema 2020-12; "" where the contract's is taken
	fewer    int    // divides the number of records, where one of them is worth several; 0 is 1
	records  func(r *rand.Rand, n int) ([]*object, error)
	faults   []fault
}

// fault makes a valid record invalid in one place. Weights are percent of the invalid records of a shape; what they
// leave to 100 is records cut short, truncatedPercent everywhere.
type fault struct {
	what   string
	weight int
	apply  func(r *rand.Rand, o *object)
}

const (
	truncated        = "truncated"
	truncatedPercent = 5
)

// dataset is records of a shape of which some are invalid. The valid ones are the same at every share.
type dataset struct {
	shape   string
	percent int
	lines   [][]byte
	faults  []string // what was done to each record, "" when it is valid
	bytes   int
}

func (d *dataset) name() string { return fmt.Sprintf("%s at %d %% invalid", d.shape, d.percent) }

// invalid counts the records with a fault.
func (d *dataset) invalid() (n int) {
	for _, f := range d.faults {
		if f != "" {
			n++
		}
	}
	return n
}

// Draws of a data set: the records that are measured, and as many others of the same sort that came before them.
const (
	measured uint64 = iota
	before
)

// dataset makes n records, percent of which get one fault each. The same arguments give the same bytes.
func (s *shape) dataset(n, percent int, draw uint64) (*dataset, error) {
	h := fnv.New64a()
	h.Write([]byte(s.name))
	records, err := s.records(rand.New(rand.NewPCG(seed, h.Sum64()+draw)), n)
	if err != nil {
		return nil, fmt.Errorf("make records of shape %s: %w", s.name, err)
	}
	d := &dataset{shape: s.name, percent: percent, lines: make([][]byte, n), faults: make([]string, n)}
	r := rand.New(rand.NewPCG(seed+uint64(percent), h.Sum64()+draw))
	chosen := make([]bool, n)
	for _, i := range r.Perm(n)[:n*percent/100] {
		chosen[i] = true
	}
	for i, o := range records {
		cut := false
		if chosen[i] {
			f := s.pick(r)
			d.faults[i], cut = f.what, f.apply == nil
			if !cut {
				f.apply(r, o)
			}
		}
		line := render(nil, o)
		if cut {
			line = line[:1+r.IntN(len(line)-1)]
		}
		d.lines[i] = line
		d.bytes += len(line)
	}
	return d, nil
}

// pick draws a fault by weight.
func (s *shape) pick(r *rand.Rand) fault {
	at := r.IntN(100)
	for _, f := range s.faults {
		if at -= f.weight; at < 0 {
			return f
		}
	}
	return fault{what: truncated, weight: truncatedPercent}
}

func one[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// between returns a number from low to high, both included.
func between(r *rand.Rand, low, high int) int { return low + r.IntN(high-low+1) }

func uuid(r *rand.Rand) leaf {
	return text("%08x-%04x-4%03x-%04x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), 0x8000|r.IntN(1<<14), r.Uint64N(1<<48))
}

// moment is a date-time of 2026, with and without a fraction, in UTC and with an offset.
func moment(r *rand.Rand) leaf {
	return text("2026-%02d-%02dT%02d:%02d:%02d%s%s", between(r, 1, 12), between(r, 1, 28), r.IntN(24), r.IntN(60), r.IntN(60),
		one(r, "", fmt.Sprintf(".%03d", r.IntN(1000)), fmt.Sprintf(".%06d", r.IntN(1_000_000))), one(r, "Z", "Z", "+02:00", "-05:00"))
}

// each makes records one by one.
func each(make func(r *rand.Rand) *object) func(*rand.Rand, int) ([]*object, error) {
	return func(r *rand.Rand, n int) ([]*object, error) {
		var list []*object
		for range n {
			list = append(list, make(r))
		}
		return list, nil
	}
}
