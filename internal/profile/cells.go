package profile

import (
	"iter"
	"maps"
	"math"
	"math/bits"
	"slices"
)

// cells counts values by grid cell: the size cells of a baseline's grid, or the default cells when size is 0.
type cells struct {
	size   int
	dense  []uint64 // len size, once enough cells are occupied
	sparse map[uint32]uint64
}

// densify makes counting fast for a cost of 8 bytes per cell of the grid; the counts stay what they are.
func (c *cells) densify() {
	if c.dense != nil || c.size == 0 {
		return
	}
	c.dense = make([]uint64, c.size)
	for i, n := range c.sparse {
		c.dense[i] = n
	}
	c.sparse = nil
}

func (c *cells) add(i uint32, n uint64) {
	if c.dense != nil {
		c.dense[i] += n
		return
	}
	if c.sparse == nil {
		c.sparse = map[uint32]uint64{}
	}
	c.sparse[i] += n
	if len(c.sparse) > c.size/16 {
		c.densify()
	}
}

func (c *cells) count(i int) uint64 {
	if c.dense != nil {
		return c.dense[i]
	}
	return c.sparse[uint32(i)]
}

// occupied yields the cells that hold values, in order.
func (c *cells) occupied() iter.Seq2[uint32, uint64] {
	return func(yield func(uint32, uint64) bool) {
		for i, n := range c.dense {
			if n > 0 && !yield(uint32(i), n) {
				return
			}
		}
		for _, i := range slices.Sorted(maps.Keys(c.sparse)) {
			if !yield(i, c.sparse[i]) {
				return
			}
		}
	}
}

func (c *cells) merge(d *cells) {
	for i, n := range d.dense {
		if n > 0 {
			c.add(uint32(i), n)
		}
	}
	for i, n := range d.sparse {
		c.add(i, n)
	}
}

func (c *cells) clone() cells {
	return cells{c.size, slices.Clone(c.dense), maps.Clone(c.sparse)}
}

// Numbers are handled as ordered keys: an integer is its own key, a double the integer that orders as it does and
// whose neighbours are the neighbouring doubles. The zeros share key 0 (key -1 is negative zero, never counted).

func floatKey(x float64) int64 {
	k := int64(math.Float64bits(x + 0)) // -0 + 0 is 0
	return k ^ int64(uint64(k>>63)>>1)
}

func keyFloat(k int64) float64 {
	return math.Float64frombits(uint64(k^int64(uint64(k>>63)>>1))) + 0
}

// cutCell is the cell of a key among ascending cuts: 2i+1 is the atom {cuts[i]}, 2i the open cell below it, and
// 2*len(cuts) the one above the last.
func cutCell(cuts []int64, key int64) uint32 {
	lo, n := 0, len(cuts)
	for n > 1 {
		half := n >> 1
		if cuts[lo+half-1] < key {
			lo += half
		}
		n -= half
	}
	if n == 1 && cuts[lo] < key {
		lo++
	}
	cell := 2 * lo
	if lo < len(cuts) && cuts[lo] == key {
		cell++
	}
	return uint32(cell)
}

// cutBounds is the least and the greatest key of a cell among cuts.
func cutBounds(cuts []int64, cell uint32) (lo, hi int64) {
	i := int(cell / 2)
	if cell%2 == 1 {
		return cuts[i], cuts[i]
	}
	lo, hi = math.MinInt64, math.MaxInt64
	if i > 0 {
		lo = cuts[i-1] + 1
	}
	if i < len(cuts) {
		hi = cuts[i] - 1
	}
	return lo, hi
}

// The default cells need no baseline: zero, and per sign and binary exponent 32 equal sub-cells, each at most 1/32
// of its least value wide. They are numbered in the order of their values around zeroCell.
const (
	zeroCell    = 1 << 17
	subCellBits = 5
	cellShift   = 52 - subCellBits
)

func floatCell(x float64) uint32 {
	if x == 0 {
		return zeroCell
	}
	m := uint32(math.Float64bits(math.Abs(x))>>cellShift) + 1
	if x < 0 {
		return zeroCell - m
	}
	return zeroCell + m
}

// intCell is floatCell without the rounding of large integers, which could lift them into the next cell.
func intCell(x int64) uint32 {
	u := magnitude(x)
	if over := bits.Len64(u) - 53; over > 0 {
		u = u >> over << over
	}
	if x < 0 {
		return floatCell(-float64(u))
	}
	return floatCell(float64(u))
}

// defaultBounds is the least and the greatest value of a default cell, as keys of integers or of doubles.
func defaultBounds(cell uint32, integer bool) (lo, hi int64) {
	if cell == zeroCell {
		return 0, 0
	}
	m := uint64(cell) - zeroCell - 1
	if cell < zeroCell {
		m = zeroCell - uint64(cell) - 1
	}
	lo, hi = int64(max(m<<cellShift, 1)), int64((m+1)<<cellShift)-1
	if integer {
		lo = clampInt(math.Ceil(math.Float64frombits(uint64(lo))))
		hi = clampInt(math.Ceil(math.Float64frombits(uint64(hi + 1)))) // 2^63 becomes the greatest integer, which is the bound
		if hi != math.MaxInt64 {
			hi--
		}
	} else if cell < zeroCell {
		return floatKey(-math.Float64frombits(uint64(hi))), floatKey(-math.Float64frombits(uint64(lo)))
	}
	if cell < zeroCell {
		if hi == math.MaxInt64 {
			return math.MinInt64, -lo
		}
		return -hi, -lo
	}
	return lo, hi
}

func clampInt(x float64) int64 {
	if x >= 1<<63 {
		return math.MaxInt64
	}
	return int64(x)
}
