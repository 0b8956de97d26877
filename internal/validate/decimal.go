package validate

import (
	"math/big"
	"math/bits"
)

// decimal is the number ±digits·10^exp, exactly. Every JSON number of at most 19 significant digits is one.
type decimal struct {
	negative bool
	digits   uint64
	exp      int
}

// maxDigits is how many decimal digits a decimal holds for certain.
const maxDigits = 19

var powersOfTen = [maxDigits + 1]uint64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19}

// compare is -1, 0 or 1 as a is less than, equal to or greater than b.
func (a decimal) compare(b decimal) int {
	switch {
	case a.digits == 0 && b.digits == 0:
		return 0
	case a.digits == 0:
		return sign(!b.negative)
	case b.digits == 0 || a.negative != b.negative:
		return sign(a.negative)
	case a.negative:
		return -a.compareSize(b)
	}
	return a.compareSize(b)
}

func sign(negative bool) int {
	if negative {
		return -1
	}
	return 1
}

// compareSize compares without the signs. Neither is zero.
func (a decimal) compareSize(b decimal) int {
	shift := a.exp - b.exp
	if shift < 0 {
		return -b.compareSize(a)
	}
	if shift > maxDigits { // 10^20 is more than any digits
		return 1
	}
	over, size := bits.Mul64(a.digits, powersOfTen[shift])
	switch {
	case over > 0 || size > b.digits:
		return 1
	case size < b.digits:
		return -1
	}
	return 0
}

func (a decimal) isInteger() bool {
	if a.exp >= 0 || a.digits == 0 {
		return true
	}
	return -a.exp <= maxDigits && a.digits%powersOfTen[-a.exp] == 0
}

// isMultiple says whether a is an integer times b, which is not zero.
func (a decimal) isMultiple(b decimal) bool {
	if a.digits == 0 {
		return true
	}
	shift := a.exp - b.exp
	if shift < 0 {
		if -shift > maxDigits {
			return false // digits would have to be divisible by more than they hold
		}
		over, unit := bits.Mul64(b.digits, powersOfTen[-shift])
		return over == 0 && a.digits%unit == 0
	}
	rest := a.digits % b.digits
	for shift > 0 && rest > 0 {
		step := min(shift, maxDigits)
		over, size := bits.Mul64(rest, powersOfTen[step])
		rest = bits.Rem64(over, size, b.digits)
		shift -= step
	}
	return rest == 0
}

// newDecimal is a bound of a schema as a decimal, if it has few enough digits.
func newDecimal(r *big.Rat) (d decimal, ok bool) {
	ten := big.NewInt(10)
	n, unit := new(big.Int).Abs(r.Num()), new(big.Int).Set(r.Denom())
	d.negative = r.Sign() < 0
	for unit.Cmp(big.NewInt(1)) > 0 {
		if d.exp--; d.exp < -maxExponent-maxNumberBytes { // not a finite decimal
			return d, false
		}
		n.Mul(n, ten)
		common := new(big.Int).GCD(nil, nil, n, unit)
		n.Quo(n, common)
		unit.Quo(unit, common)
	}
	for rest := new(big.Int); n.Sign() > 0; d.exp++ {
		q, _ := new(big.Int).QuoRem(n, ten, rest)
		if rest.Sign() != 0 {
			break
		}
		n = q
	}
	d.digits = n.Uint64()
	return d, n.IsUint64()
}
