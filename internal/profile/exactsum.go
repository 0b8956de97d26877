package profile

import (
	"math"
	"math/big"
	"math/bits"
)

// exactSum adds integers or doubles, or their squares, without rounding: a fixed-point number wide enough for every
// term (Kulisch's accumulator), kept as signed 64-bit limbs of 32 bits each so that carries can wait (Neal 2015,
// arXiv 1505.05571). Addition of such numbers is exact and therefore order-free. The value is the sum of
// limbs[i] * 2^(32i + low), where low is the least exponent of the kind of term.
type exactSum struct {
	limbs   []int64 // nil is zero
	pending int     // additions since the last carry, at most carryAfter
}

// Limbs needed for 2^64 terms of each kind, and one for the sign.
const (
	limbBits = 32
	limbMask = 1<<limbBits - 1

	intLimbs         = (64+64)/limbBits + 1
	intSquareLimbs   = (126+64)/limbBits + 2
	floatLimbs       = (2098+64)/limbBits + 2 // bits 2^-1074 to 2^1023
	floatSquareLimbs = (4196+64)/limbBits + 2 // bits 2^-2148 to 2^2047

	floatLow       = -1074
	floatSquareLow = 2 * floatLow

	// A term adds less than 2^32 to a limb of less than 2^32: 2^30 of them stay below 2^63.
	carryAfter = 1 << 30
)

// expect prepares for n more terms of a kind that takes the given number of limbs.
func (s *exactSum) expect(n, limbs int) {
	if s.limbs == nil {
		s.limbs = make([]int64, limbs)
	}
	if s.pending+n > carryAfter {
		s.carry()
	}
	s.pending += n
}

func (s *exactSum) addInt(x int64) {
	s.limbs[0] += x & limbMask
	s.limbs[1] += x >> limbBits
}

func (s *exactSum) addIntSquare(x int64) {
	u := magnitude(x)
	hi, lo := bits.Mul64(u, u)
	l := s.limbs[:4]
	l[0] += int64(lo & limbMask)
	l[1] += int64(lo >> limbBits)
	l[2] += int64(hi & limbMask)
	l[3] += int64(hi >> limbBits)
}

// addFloat adds a finite double.
func (s *exactSum) addFloat(x float64) {
	m, e, negative := parts(x)
	l := s.limbs[e/limbBits:][:3]
	off := e % limbBits
	a, b, c := int64(m<<off&limbMask), int64(m>>(limbBits-off)&limbMask), int64(m>>(2*limbBits-off))
	if negative {
		a, b, c = -a, -b, -c
	}
	l[0] += a
	l[1] += b
	l[2] += c
}

func (s *exactSum) addFloatSquare(x float64) {
	m, e, _ := parts(x)
	e *= 2
	hi, lo := bits.Mul64(m, m)
	l := s.limbs[e/limbBits:][:5]
	off := e % limbBits
	mid, top := hi<<off|lo>>(64-off), hi>>(64-off)
	lo <<= off
	l[0] += int64(lo & limbMask)
	l[1] += int64(lo >> limbBits)
	l[2] += int64(mid & limbMask)
	l[3] += int64(mid >> limbBits)
	l[4] += int64(top)
}

// parts splits a finite double into mantissa * 2^(exponent + floatLow).
func parts(x float64) (mantissa uint64, exponent uint, negative bool) {
	b := math.Float64bits(x)
	mantissa, exponent, negative = b&(1<<52-1), uint(b>>52&0x7ff), b>>63 != 0
	if exponent == 0 {
		return mantissa, 0, negative
	}
	return mantissa | 1<<52, exponent - 1, negative
}

// add adds t, which must be of the same kind of terms.
func (s *exactSum) add(t *exactSum) {
	if t.limbs == nil {
		return
	}
	if s.limbs == nil {
		s.limbs = make([]int64, len(t.limbs))
	}
	s.carry()
	u := t.clone()
	u.carry()
	for i, l := range u.limbs {
		s.limbs[i] += l
	}
	s.pending = 2
}

func (s *exactSum) clone() exactSum {
	return exactSum{append([]int64(nil), s.limbs...), s.pending}
}

// carry brings every limb but the last, which holds the sign, into [0, 2^32).
func (s *exactSum) carry() {
	s.pending = 1
	if len(s.limbs) == 0 {
		return
	}
	var c int64
	last := len(s.limbs) - 1
	for i, l := range s.limbs[:last] {
		l += c
		s.limbs[i] = l & limbMask
		c = l >> limbBits
	}
	s.limbs[last] += c
}

// scaled is the sum as an integer multiple of 2^low.
func (s *exactSum) scaled() *big.Int {
	t := s.clone()
	t.carry()
	negative := len(t.limbs) > 0 && t.limbs[len(t.limbs)-1] < 0
	if negative {
		for i := range t.limbs {
			t.limbs[i] = -t.limbs[i]
		}
		t.carry()
	}
	b := make([]byte, 0, 4*len(t.limbs)+4)
	for i := len(t.limbs) - 1; i >= 0; i-- {
		l := uint64(t.limbs[i])
		if i == len(t.limbs)-1 {
			b = append(b, byte(l>>56), byte(l>>48), byte(l>>40), byte(l>>32))
		}
		b = append(b, byte(l>>24), byte(l>>16), byte(l>>8), byte(l))
	}
	v := new(big.Int).SetBytes(b)
	if negative {
		v.Neg(v)
	}
	return v
}

// setScaled makes the sum v * 2^low; ok is false when v does not fit into so many limbs.
func (s *exactSum) setScaled(v *big.Int, limbs int) (ok bool) {
	if v.BitLen() > limbBits*(limbs-1)+limbBits-2 {
		return false
	}
	s.limbs, s.pending = make([]int64, limbs), 1
	b := new(big.Int).Abs(v).Bytes()
	for i := range b {
		s.limbs[i/4] |= int64(b[len(b)-1-i]) << (8 * (i % 4))
	}
	if v.Sign() < 0 {
		for i := range s.limbs {
			s.limbs[i] = -s.limbs[i]
		}
		s.carry()
	}
	return true
}

// rat is the exact value of the sum.
func (s *exactSum) rat(low int) *big.Rat {
	v := s.scaled()
	if low == 0 || v.Sign() == 0 {
		return new(big.Rat).SetInt(v)
	}
	tz := v.TrailingZeroBits()
	v.Rsh(v, tz)
	if e := low + int(tz); e >= 0 {
		return new(big.Rat).SetInt(v.Lsh(v, uint(e)))
	} else {
		return new(big.Rat).SetFrac(v, new(big.Int).Lsh(big.NewInt(1), uint(-e)))
	}
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}
