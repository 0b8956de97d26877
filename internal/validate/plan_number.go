package validate

import (
	"encoding/json"
	"math"
	"math/big"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// numberRule is what the schemas of a value ask of numbers.
type numberRule struct {
	// Integers from low to high keep all bounds. Where onlyBounds is set they need no other check.
	low, high  int64
	onlyBounds bool

	bounds    []bound
	multiples []decimal   // multipleOf
	enums     [][]decimal // of each enum and const the numbers, in order
	steps     int         // see scan.affords; 0 for few checks
}

// bound is one end of the range: a number compared with it must not give refused, nor 0 where it is exclusive.
type bound struct {
	limit     decimal
	refused   int
	exclusive bool
}

// number plans numbers.
func (p *planner) number(v *plan) {
	in := p.expand(v, isNumber, nil)
	r := &numberRule{low: math.MinInt64, high: math.MaxInt64}
	for _, a := range in.list {
		s := a.schema
		r.bound(in, "minimum", s.Minimum, -1, false)
		r.bound(in, "exclusiveMinimum", s.ExclusiveMinimum, -1, true)
		r.bound(in, "maximum", s.Maximum, 1, false)
		r.bound(in, "exclusiveMaximum", s.ExclusiveMaximum, 1, true)
		if s.MultipleOf != nil {
			if d, ok := newDecimal(s.MultipleOf); ok {
				r.multiples = append(r.multiples, d)
			} else { // what is left of it in d may be zero, by which nothing can be divided
				in.unsure("multipleOf")
			}
		}
		r.enum(in, s)
	}
	r.steps = stepsOfChecks(len(r.bounds) + 4*len(r.multiples) + 2*len(r.enums))
	r.onlyBounds = len(r.multiples) == 0 && len(r.enums) == 0
	if len(r.bounds) > 0 || !r.onlyBounds {
		v.numbers = r
	}
	v.settle(in, isNumber)
}

func (r *numberRule) bound(in *inPlace, keyword string, limit *big.Rat, refused int, exclusive bool) {
	if limit == nil {
		return
	}
	d, ok := newDecimal(limit)
	if !ok {
		in.unsure(keyword)
		return
	}
	r.bounds = append(r.bounds, bound{d, refused, exclusive})
	// The nearest integer that keeps the bound. Euclidean division by a positive number rounds down.
	whole, rest := new(big.Int).DivMod(limit.Num(), limit.Denom(), new(big.Int))
	exact := rest.Sign() == 0
	one := big.NewInt(1)
	if refused < 0 {
		if !exact || exclusive {
			whole.Add(whole, one)
		}
		r.low = max(r.low, clamp(whole))
		if whole.Sign() > 0 && !whole.IsInt64() {
			r.high = math.MinInt64 // no int64 is large enough
		}
		return
	}
	if exact && exclusive {
		whole.Sub(whole, one)
	}
	r.high = min(r.high, clamp(whole))
	if whole.Sign() < 0 && !whole.IsInt64() {
		r.low = math.MaxInt64
	}
}

// clamp is the nearest int64.
func clamp(n *big.Int) int64 {
	switch {
	case n.IsInt64():
		return n.Int64()
	case n.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// enum notes the numbers that enum and const allow; without one no number fits.
func (r *numberRule) enum(in *inPlace, s *jsonschema.Schema) {
	for _, list := range literals(s) {
		var numbers []decimal
		for _, item := range list {
			n, ok := item.(json.Number)
			if !ok {
				continue
			}
			exact, ok := new(big.Rat).SetString(string(n))
			var d decimal
			if ok {
				d, ok = newDecimal(exact)
			}
			if !ok {
				in.unsure("enum")
			}
			numbers = append(numbers, d)
		}
		if len(numbers) == 0 {
			in.accepts = 0
		}
		slices.SortFunc(numbers, decimal.compare)
		r.enums = append(r.enums, numbers)
	}
}

// breaks tells which checks a number does not pass.
func (r *numberRule) breaks(d decimal) (broken breaks) {
	check := firstCheck
	for _, b := range r.bounds {
		c := d.compare(b.limit)
		broken |= check.unless(c != b.refused && (c != 0 || !b.exclusive))
		check = check.next()
	}
	for _, m := range r.multiples {
		broken |= check.unless(d.isMultiple(m))
		check = check.next()
	}
	for _, list := range r.enums {
		_, found := slices.BinarySearchFunc(list, d, decimal.compare)
		broken |= check.unless(found)
		check = check.next()
	}
	return broken
}
