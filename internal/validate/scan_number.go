package validate

import (
	"math"
	"math/bits"
	"strconv"

	"weir/internal/contract"
)

// number reads a number.
func (s *scan) number(p *plan, i int) int {
	digits := i
	negative := s.b[i] == '-'
	if negative {
		digits++
	}
	if len(s.b)-digits > 8 { // up to seven digits and nothing else, the common case, are one word
		w := load(s.b, digits) ^ zeros
		marks := notDigits(w)
		k := bits.TrailingZeros64(marks) / 8
		if k >= 1 && k <= 7 && (k == 1 || w&0xff != 0) {
			switch c := s.b[digits+k]; {
			case c == '.' && marks&(marks-1) == 0: // the fraction goes on beyond the word
			case c == '.':
				if d, end := s.shortDecimal(w, k, digits); end != failed {
					d.negative = negative
					return s.judgeNumber(p, i, end, d)
				}
			case c|0x20 != 'e':
				n := int64(eightDigits(w << (64 - 8*k)))
				if negative {
					n = -n
				}
				if n >= p.low && n <= p.high { // see plan.plainIntegers
					if p.column >= 0 {
						s.row.SetInt(p.column, n)
					}
					return digits + k
				}
				return s.integer(p, i, digits+k, n, negative)
			}
		}
	}
	return s.decimal(p, i, digits, negative)
}

// shortDecimal reads a number of up to seven digits, k of them before the point, from the word that begins at digits. It
// fails where the number goes on, or has no digit after the point.
func (s *scan) shortDecimal(w uint64, k, digits int) (d decimal, end int) {
	before := uint64(1)<<(8*k) - 1
	w = w&before | w>>8&^before | 0xff<<56 // without the point
	n := bits.TrailingZeros64(notDigits(w)) / 8
	end = digits + n + 1
	if c := s.b[end]; n == k || c-'0' <= 9 || c|0x20 == 'e' {
		return d, failed
	}
	return decimal{digits: eightDigits(w << (64 - 8*n)), exp: k - n}, end
}

const zeros = 0x3030303030303030 // "00000000"

// notDigits marks the bytes of a word that are not 0 to 9. Bits above the lowest one set may be wrong.
func notDigits(w uint64) uint64 { return (w + 0x7676767676767676 | w) & 0x8080808080808080 }

// eightDigits is the number whose eight digits, first digit lowest, are the bytes of a word.
func eightDigits(w uint64) uint64 {
	w = w*10 + w>>8 // pairs
	return ((w&0x000000ff000000ff)*0x000f424000000064 + (w>>16&0x000000ff000000ff)*0x0000271000000001) >> 32
}

// integer stages and judges a number of few digits, without fraction and exponent.
func (s *scan) integer(p *plan, i, end int, n int64, negative bool) int {
	switch {
	case p.column < 0:
	case p.kind == contract.Integer:
		s.row.SetInt(p.column, n)
	case p.kind == contract.Number:
		f := float64(n)
		if negative {
			f = -math.Abs(f) // minus zero too
		}
		s.row.SetFloat(p.column, f)
	default:
		s.row.SetUnreadable(p.column)
	}
	s.noObject(p)
	if r := p.numbers; r != nil {
		if n < r.low || n > r.high || !r.onlyBounds {
			return s.verdict(p, i, end, decimal{negative, magnitude(n), 0}, isInteger)
		}
	}
	if p.accepts&isInteger == 0 {
		return s.verdict(p, i, end, decimal{negative, magnitude(n), 0}, isInteger)
	}
	return end
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return uint64(-n)
	}
	return uint64(n)
}

// decimal reads any number.
func (s *scan) decimal(p *plan, i, digits int, negative bool) int {
	d := decimal{negative: negative}
	n, end := s.digits(digits, &d.digits) // n counts the digits from the first that is not zero
	if end == digits || s.b[digits] == '0' && end > digits+1 {
		return failed
	}
	if end < len(s.b) && s.b[end] == '.' {
		from := end + 1
		if s.b[digits] == '0' {
			n = 0
		}
		var more int
		more, end = s.fraction(from, &d, n)
		if end == from {
			return failed
		}
		n = more
	}
	if end < len(s.b) && s.b[end]|0x20 == 'e' {
		var exp int
		if exp, end = s.exponent(end + 1); end == failed {
			return failed
		}
		d.exp += exp
	}
	if end-i > maxNumberBytes {
		return failed
	}
	if n > maxDigits { // more digits than a decimal holds
		s.stageNumber(p, d, aliased(s.b[i:end]), false)
		if p.numbers == nil && p.accepts&isNumber == isNumber {
			return end
		}
		return s.unsure(p, i, end)
	}
	return s.judgeNumber(p, i, end, d)
}

// judgeNumber stages and judges a number.
func (s *scan) judgeNumber(p *plan, i, end int, d decimal) int {
	s.stageNumber(p, d, aliased(s.b[i:end]), true)
	kind := isInteger
	if !d.isInteger() {
		kind = isFraction
	}
	return s.verdict(p, i, end, d, kind)
}

// verdict judges a number of a kind.
func (s *scan) verdict(p *plan, i, end int, d decimal, kind kinds) int {
	broken := p.refuses(kind)
	if p.numbers != nil {
		if !s.affords(p.numbers.steps) {
			return s.unsure(p, i, end)
		}
		broken |= p.numbers.breaks(d)
	}
	if broken == 0 {
		return end
	}
	of := ofInteger
	if kind == isFraction {
		of = ofFraction
	}
	return s.leave(&event{question: wholeValue, plan: p, via: p.via, from: i, to: end, breaks: broken | of}, s.depth, end)
}

// digits reads digits into sum, which overflows beyond 19 of them.
func (s *scan) digits(i int, sum *uint64) (n, end int) {
	end = i
	for end < len(s.b) && s.b[end]-'0' <= 9 {
		*sum = *sum*10 + uint64(s.b[end]-'0')
		end++
	}
	return end - i, end
}

// fraction reads the digits after the point. n is the number of digits before, counted from the first that is not zero;
// it returns that of all.
func (s *scan) fraction(i int, d *decimal, n int) (all, end int) {
	b, end := s.b, i
	for len(b)-end >= 8 && n <= maxDigits-8 {
		w := load(b, end) ^ zeros
		k := bits.TrailingZeros64(notDigits(w)) / 8
		if k == 0 {
			break
		}
		d.digits = d.digits*powersOfTen[k] + eightDigits(w<<(64-8*k))
		end += k
		if n > 0 || d.digits > 0 {
			n += k
		}
		if k < 8 {
			d.exp = -(end - i)
			return n, end
		}
	}
	for end < len(b) && b[end]-'0' <= 9 {
		d.digits = d.digits*10 + uint64(b[end]-'0')
		end++
		if n > 0 || d.digits > 0 {
			n++
		}
	}
	d.exp = -(end - i)
	return n, end
}

// exponent reads what follows the e; one beyond the limits fails.
func (s *scan) exponent(i int) (exp, end int) {
	negative := false
	if i < len(s.b) && (s.b[i] == '-' || s.b[i] == '+') {
		negative = s.b[i] == '-'
		i++
	}
	var sum uint64
	n, end := s.digits(i, &sum)
	if n == 0 || n > maxDigits || sum > maxExponent {
		return 0, failed
	}
	if negative {
		return -int(sum), end
	}
	return int(sum), end
}

// stageNumber fills the number's column. exact says that d is the number.
func (s *scan) stageNumber(p *plan, d decimal, text string, exact bool) {
	s.noObject(p)
	if p.column < 0 {
		return
	}
	switch p.kind {
	case contract.Integer:
		n, ok := int64(d.digits), exact && d.exp == 0 && d.digits <= math.MaxInt64
		if ok && d.negative {
			n = -n
		}
		if !ok {
			n, ok = parseInteger(text)
		}
		if ok {
			s.row.SetInt(p.column, n)
			return
		}
	case contract.Number:
		if exact && d.digits < 1<<53 && d.exp <= 0 && d.exp >= -maxExactPower {
			// Both are exact doubles, so that the one rounding of the division is the right one (W. D. Clinger, 1990).
			f := float64(d.digits) / exactPowers[-d.exp]
			if d.negative {
				f = -f
			}
			s.row.SetFloat(p.column, f)
			return
		}
		if f, ok := parseNumber(text); ok {
			s.row.SetFloat(p.column, f)
			return
		}
	}
	s.row.SetUnreadable(p.column)
}

// maxExactPower is the largest power of ten that is a double.
const maxExactPower = 22

var exactPowers = func() (powers [maxExactPower + 1]float64) {
	for i := range powers {
		powers[i], _ = strconv.ParseFloat("1e"+strconv.Itoa(i), 64)
	}
	return powers
}()
