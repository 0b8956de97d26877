package validate

import (
	"strconv"
	"strings"
)

// splitExponent cuts a JSON number into mantissa and exponent digits ("" when it has none).
func splitExponent(number string) (mantissa, exponent string) {
	if i := strings.IndexAny(number, "eE"); i >= 0 {
		return number[:i], number[i+1:]
	}
	return number, ""
}

// exponentWithin says whether the number's exponent as written lies within ±limit.
func exponentWithin(number string, limit int) bool {
	_, exponent := splitExponent(number)
	if exponent == "" {
		return true
	}
	n, err := strconv.Atoi(exponent)
	return err == nil && -limit <= n && n <= limit
}

// parseInteger reads a JSON number exactly; ok is false when it has a fractional part or lies outside int64.
// 1.0, 1e2 and -0 are integers.
func parseInteger(number string) (n int64, ok bool) {
	if n, err := strconv.ParseInt(number, 10, 64); err == nil {
		return n, true
	}
	mantissa, exponent := splitExponent(number)
	whole, fraction, _ := strings.Cut(mantissa, ".")
	whole, negative := strings.CutPrefix(whole, "-")
	digits := strings.TrimLeft(whole+fraction, "0")
	point := len(whole) - (len(whole) + len(fraction) - len(digits)) // digits before the decimal point
	digits = strings.TrimRight(digits, "0")
	if digits == "" {
		return 0, true
	}
	if exponent != "" {
		e, err := strconv.Atoi(exponent)
		if err != nil {
			return 0, false
		}
		point += e
	}
	if point < len(digits) || point > 19 { // a fraction, or more digits than an int64 has
		return 0, false
	}
	text := digits + strings.Repeat("0", point-len(digits))
	if negative {
		text = "-" + text
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, true
	}
	return 0, false
}

// parseNumber rounds a JSON number to the nearest float64; ok is false beyond the largest.
func parseNumber(number string) (f float64, ok bool) {
	f, err := strconv.ParseFloat(number, 64)
	return f, err == nil
}
