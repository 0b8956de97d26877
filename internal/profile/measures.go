package profile

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"

	"weir/internal/contract"
)

// Mean is the mean of the values, correctly rounded; ok is false without values and for columns that are not
// numeric. Timestamps are Unix milliseconds.
func (c *Column) Mean() (mean float64, ok bool) {
	if !numeric(c.Kind) || c.Values() == 0 {
		return 0, false
	}
	return exactMean(c.sum.rat(c.sumLow()), c.Values()), true
}

// Variance is the sample variance (divisor n-1) of the values, correctly rounded; ok is false below two values.
func (c *Column) Variance() (variance float64, ok bool) {
	v, ok := c.exactVariance()
	if !ok {
		return 0, false
	}
	variance, _ = v.Float64()
	return variance, true
}

// Std is the square root of the exact Variance, rounded once.
func (c *Column) Std() (std float64, ok bool) {
	v, ok := c.exactVariance()
	if !ok {
		return 0, false
	}
	return sqrt(v), true
}

func (c *Column) exactVariance() (*big.Rat, bool) {
	n := c.Values()
	if !numeric(c.Kind) || n < 2 {
		return nil, false
	}
	return exactVariance(c.sum.rat(c.sumLow()), c.squares.rat(2*c.sumLow()), n), true
}

func (c *Column) sumLow() int {
	if c.Kind == contract.Number {
		return floatLow
	}
	return 0
}

func exactMean(sum *big.Rat, n uint64) float64 {
	mean, _ := new(big.Rat).Quo(sum, ratUint(n)).Float64()
	return mean
}

// exactVariance is (n*squares - sum^2) / (n*(n-1)).
func exactVariance(sum, squares *big.Rat, n uint64) *big.Rat {
	v := new(big.Rat).Mul(squares, ratUint(n))
	v.Sub(v, new(big.Rat).Mul(sum, sum))
	return v.Quo(v, new(big.Rat).Mul(ratUint(n), ratUint(n-1)))
}

// sqrt takes the root at 256 bits, then rounds to a double.
func sqrt(v *big.Rat) float64 {
	const precision = 256
	f, _ := new(big.Float).Sqrt(new(big.Float).SetPrec(precision).SetRat(v)).Float64()
	return f
}

func ratUint(n uint64) *big.Rat { return new(big.Rat).SetUint64(n) }

// Min is the smallest value; ok is false without values and for columns that are not numeric. Integers beyond 2^53
// are rounded to a double.
func (c *Column) Min() (least float64, ok bool) {
	return c.number(c.min), numeric(c.Kind) && c.Values() > 0
}

// Max is the greatest value, under the same conditions as Min.
func (c *Column) Max() (greatest float64, ok bool) {
	return c.number(c.max), numeric(c.Kind) && c.Values() > 0
}

func (c *Column) number(key int64) float64 { return keyNumber(c.Kind, key) }

func keyNumber(k contract.Kind, key int64) float64 {
	if k == contract.Number {
		return keyFloat(key)
	}
	return float64(key)
}

// keyText writes a key as the JSON number it stands for.
func keyText(k contract.Kind, key int64) string {
	if k == contract.Number {
		return strconv.FormatFloat(keyFloat(key), 'g', -1, 64)
	}
	return strconv.FormatInt(key, 10)
}

// Distinct is the number of different values: exact up to 4,096, else estimated with the relative standard error
// stderr (0.0081).
func (c *Column) Distinct() (n uint64, exact bool, stderr float64) {
	n, exact = c.distinct.estimate()
	if exact {
		return n, true, 0
	}
	return n, false, distinctError
}

// Nulls is the number of valid records in which the column was null or absent.
func (c *Column) Nulls() uint64 { return c.Null + c.Absent }

// NullShare is the share of nulls and absent values among the valid records; ok is false when there is none.
func (c *Column) NullShare() (share float64, ok bool) {
	return ratio(c.Nulls(), c.N)
}

// NullShareAll is the null share over valid and rejected records together, as far as the column could be read.
func (c *Column) NullShareAll() (share float64, ok bool) {
	return ratio(c.Nulls()+c.RejectedNull, c.N+c.Rejected)
}

func ratio(part, whole uint64) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return float64(part) / float64(whole), true
}

// Interval is a closed interval that surely holds a quantile; Lo == Hi when it is known exactly.
type Interval struct {
	Lo float64 `json:"lo"`
	Hi float64 `json:"hi"`
}

// Quantile bounds the q-quantile by the inverted-cdf rule, the value at rank ceil(q*n), with q taken to 6 decimals.
// b is the baseline column whose cells c was counted on, nil for the default cells. ok is false without values, for
// columns without numeric cells (timestamps, texts, booleans), and when b has other cells.
func (c *Column) Quantile(b *BaselineColumn, q float64) (at Interval, ok bool) {
	if (c.Kind != contract.Integer && c.Kind != contract.Number) || c.Values() == 0 || !c.countedOn(b) {
		return Interval{}, false
	}
	left := quantileRank(c.Values(), q)
	for cell, n := range c.cells.occupied() {
		if n < left {
			left -= n
			continue
		}
		lo, hi := c.bounds(b, cell)
		return Interval{c.number(lo), c.number(hi)}, true
	}
	return Interval{}, false
}

// countedOn says whether b's cells are c's; nil stands for the default cells.
func (c *Column) countedOn(b *BaselineColumn) bool {
	if c.cells.size == 0 {
		return true // default cells are the same everywhere
	}
	return b != nil && b.Kind == c.Kind && c.cells.size == b.size()
}

// bounds are the least and greatest keys that values of c in the cell can have.
func (c *Column) bounds(b *BaselineColumn, cell uint32) (lo, hi int64) {
	if c.cells.size == 0 {
		lo, hi = defaultBounds(cell, c.Kind == contract.Integer)
	} else {
		lo, hi = cutBounds(b.keys, cell)
	}
	return max(lo, c.min), min(hi, c.max)
}

// quantileRank is ceil(q*n), at least 1 and at most n, in integers.
func quantileRank(n uint64, q float64) uint64 {
	const scale = 1_000_000
	hi, lo := bits.Mul64(n, uint64(math.Round(min(max(q, 0), 1)*scale)))
	lo, carry := bits.Add64(lo, scale-1, 0)
	rank, _ := bits.Div64(hi+carry, lo, scale)
	return max(rank, 1)
}

// Top lists up to k values by count: categories, tallied texts, and of numeric columns the values that have a cell
// of their own. b is as for Quantile. It is empty when a text column had more different values than are tallied.
func (c *Column) Top(b *BaselineColumn, k int) []Value {
	if !c.countedOn(b) && c.Kind != contract.Boolean {
		return nil
	}
	var vs []Value
	for id, t := range c.tallies.by {
		l := t.label
		if !c.Public {
			l = hashLabel(id)
		}
		vs = append(vs, Value{l, t.n})
	}
	for cell, n := range c.cells.occupied() {
		if l, ok := c.cellLabel(b, cell); ok {
			vs = append(vs, Value{l, n})
		}
	}
	return top(vs, k)
}

func (c *Column) cellLabel(b *BaselineColumn, cell uint32) (string, bool) {
	switch {
	case c.Kind == contract.Boolean:
		return strconv.FormatBool(cell == 1), true
	case text(c.Kind):
		return b.label(int(cell), c.Public)
	}
	lo, hi := c.bounds(b, cell)
	return keyText(c.Kind, lo), lo == hi
}

// label names a category, by its hash unless both the baseline and the reader hold it public.
func (b *BaselineColumn) label(cell int, public bool) (string, bool) {
	if cell >= len(b.ids) {
		return "", false
	}
	if !public || !b.Public {
		return hashLabel(b.ids[cell]), true
	}
	return b.Categories[cell].Value, true
}

// Unseen is the number of values that are no category of the baseline, and up to 16 of them, the lexicographically
// smallest, by label (see Value). Columns without categories have none.
func (c *Column) Unseen() (count uint64, examples []string) {
	if !text(c.Kind) || c.cells.size == 0 {
		return 0, nil
	}
	return c.cells.count(c.cells.size - 1), c.unseen
}
