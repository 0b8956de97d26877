package profile

import (
	"cmp"
	"slices"
)

// Coordinate is where a record stands in the log.
type Coordinate struct {
	Topic     string `json:"topic"`
	Partition int32  `json:"partition"`
	Offset    int64  `json:"offset"`
}

func (a Coordinate) compare(b Coordinate) int {
	return cmp.Or(cmp.Compare(a.Topic, b.Topic), cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
}

// maxExamples is how many coordinates a rule keeps.
const maxExamples = 3

// Counts are the records of a window by fate: Valid + Dead + Late() + Tombstones are the records read.
type Counts struct {
	Valid      uint64            `json:"valid"`       // counted into the columns
	Dead       uint64            `json:"dead"`        // rejected, in the window of their partition's watermark
	LateBehind uint64            `json:"late_behind"` // valid, forwarded, but their window had passed
	LateAhead  uint64            `json:"late_ahead"`  // valid, forwarded, but stamped further ahead than max_future
	Tombstones uint64            `json:"tombstones"`
	DeadBy     map[string]uint64 `json:"dead_by_rule"` // dead records by each error rule they broke (a record may count under several)
	WarnedBy   map[string]uint64 `json:"warned_by_rule"`
	// Examples are, per rule (error or warning), the 3 smallest coordinates of records that broke it.
	Examples map[string][]Coordinate `json:"examples,omitempty"`
}

// Late is the number of valid records outside the column statistics.
func (c *Counts) Late() uint64 { return c.LateBehind + c.LateAhead }

// Read is the number of records of every fate.
func (c *Counts) Read() uint64 { return c.Valid + c.Dead + c.Late() + c.Tombstones }

// Add sums d into c.
func (c *Counts) Add(d *Counts) {
	c.Valid += d.Valid
	c.Dead += d.Dead
	c.LateBehind += d.LateBehind
	c.LateAhead += d.LateAhead
	c.Tombstones += d.Tombstones
	c.DeadBy = addByRule(c.DeadBy, d.DeadBy)
	c.WarnedBy = addByRule(c.WarnedBy, d.WarnedBy)
	for rule, at := range d.Examples {
		for _, a := range at {
			c.Example(rule, a)
		}
	}
}

// Example offers the coordinate of a record that broke the rule. Of all that are offered the smallest three stay,
// whatever the order; the same coordinate counts once.
func (c *Counts) Example(rule string, at Coordinate) {
	kept := c.Examples[rule]
	i, twice := slices.BinarySearchFunc(kept, at, Coordinate.compare)
	if twice || i == maxExamples {
		return
	}
	if c.Examples == nil {
		c.Examples = map[string][]Coordinate{}
	}
	kept = slices.Insert(kept, i, at)
	c.Examples[rule] = kept[:min(len(kept), maxExamples)]
}

func addByRule(into, from map[string]uint64) map[string]uint64 {
	if into == nil && len(from) > 0 {
		into = make(map[string]uint64, len(from))
	}
	for rule, n := range from {
		into[rule] += n
	}
	return into
}
