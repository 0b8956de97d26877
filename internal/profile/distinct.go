package profile

import (
	"math"
	"math/bits"
	"slices"
)

const (
	// maxExact is how many different values are held one by one; more go into registers.
	maxExact = 4096

	registerBits  = 14 // HyperLogLog precision p: standard error 1.04/sqrt(2^14) = 0.81 %
	registers     = 1 << registerBits
	maxRank       = 64 - registerBits + 1
	distinctError = 1.04 / 128 // relative standard error of an estimate
)

// distinct is the set of different values seen: their 64-bit ids while there are at most maxExact, HyperLogLog
// registers of the ids' hashes beyond. Which of the two, and its content, depend on the union of all values only.
// Ids of numbers are the ordered keys, so that counts of numbers are free of collisions; ids of texts are hashes.
type distinct struct {
	table    []uint64 // open addressing, a power of two, at most half full; 0 is empty
	n        int      // ids in table
	zero     bool     // id 0 was seen
	register []uint8  // len registers instead of the table, once more than maxExact
}

func (d *distinct) add(id uint64) {
	switch {
	case d.register != nil:
		d.rank(id)
	case id == 0:
		d.zero = true
		d.overflow()
	default:
		d.insert(id)
	}
}

func (d *distinct) insert(id uint64) {
	if 2*d.n >= len(d.table) {
		d.grow()
	}
	mask := uint64(len(d.table) - 1)
	for i := mix(id) & mask; ; i = (i + 1) & mask {
		switch d.table[i] {
		case id:
			return
		case 0:
			d.table[i] = id
			d.n++
			d.overflow()
			return
		}
	}
}

func (d *distinct) grow() {
	old := d.table
	d.table, d.n = make([]uint64, max(16, 2*len(old))), 0
	for _, id := range old {
		if id != 0 {
			d.insert(id)
		}
	}
}

// overflow turns the set into registers when it has become too large.
func (d *distinct) overflow() {
	if d.n+b2i(d.zero) <= maxExact {
		return
	}
	ids := d.ids()
	*d = distinct{register: make([]uint8, registers)}
	for _, id := range ids {
		d.rank(id)
	}
}

func (d *distinct) rank(id uint64) {
	h := mix(id)
	r := &d.register[h>>(64-registerBits)]
	*r = max(*r, uint8(bits.LeadingZeros64(h<<registerBits|1<<(registerBits-1))+1))
}

// ids are the exact set's members, ascending.
func (d *distinct) ids() []uint64 {
	ids := make([]uint64, 0, d.n+1)
	if d.zero {
		ids = append(ids, 0)
	}
	for _, id := range d.table {
		if id != 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (d *distinct) merge(e *distinct) {
	if e.register == nil {
		if e.zero {
			d.add(0)
		}
		for _, id := range e.table {
			if id != 0 {
				d.add(id)
			}
		}
		return
	}
	if d.register == nil {
		ids := d.ids()
		*d = distinct{register: make([]uint8, registers)}
		for _, id := range ids {
			d.rank(id)
		}
	}
	for i, r := range e.register {
		d.register[i] = max(d.register[i], r)
	}
}

func (d *distinct) clone() distinct {
	return distinct{slices.Clone(d.table), d.n, d.zero, slices.Clone(d.register)}
}

// estimate is the number of different values: exact, or Ertl's improved raw estimate from the registers (O. Ertl,
// "New cardinality estimation algorithms for HyperLogLog sketches", arXiv 1702.01284, algorithm 6).
func (d *distinct) estimate() (n uint64, exact bool) {
	if d.register == nil {
		return uint64(d.n + b2i(d.zero)), true
	}
	var count [maxRank + 1]float64
	for _, r := range d.register {
		count[r]++
	}
	const m = registers
	z := m * tau(1-count[maxRank]/m)
	for k := maxRank - 1; k >= 1; k-- {
		z = 0.5 * float64(z+count[k])
	}
	z += float64(m * sigma(count[0]/m))
	return uint64(math.Round(m / (2 * math.Ln2) * (m / z))), false
}

// sigma and tau are the series of the estimator; the conversions keep compilers from fusing operations, so that
// every machine gets the same number.
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	y, z := 1.0, x
	for last := math.NaN(); z != last; {
		x *= x
		last = z
		z += float64(x * y)
		y += y
	}
	return z
}

func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	y, z := 1.0, 1-x
	for last := math.NaN(); z != last; {
		x = math.Sqrt(x)
		last = z
		y *= 0.5
		d := 1 - x
		z -= float64(float64(d*d) * y)
	}
	return z / 3
}

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood 2014): a bijection that spreads ids evenly. It is part of
// the profile format.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (d *distinct) empty() bool { return d.n == 0 && !d.zero && d.register == nil }
