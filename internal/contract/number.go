package contract

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

var (
	jsonNumber   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)
	looseNumber  = regexp.MustCompile(`^[-+]?[0-9]*(\.[0-9]*)?([eE][-+]?[0-9]+)?$`)
	prefixNumber = regexp.MustCompile(`^[-+]?0[xob][0-9a-fA-F]+$`)
)

// number keeps the digits as written. What YAML 1.1 and 1.2 read differently (010, 1_000) is refused.
func (d *docReader) number(out *node, n ast.Node) {
	text := n.GetToken().Value
	out.kind = numberNode
	switch {
	case jsonNumber.MatchString(text):
		out.text = text
	case prefixNumber.MatchString(text):
		i, err := strconv.ParseInt(text, 0, 64)
		if err != nil {
			d.stop(n, "write it in decimal", "the number %.40s is too large", text)
			return
		}
		out.text = strconv.FormatInt(i, 10)
	case looseNumber.MatchString(text) && !leadingZero(text):
		out.text = tidyNumber(text)
	default:
		d.stop(n, "write a plain decimal number, or put it in quotes if it is text", "%.40s is not a number that YAML 1.1, YAML 1.2 and JSON read alike", text)
		return
	}
	if !boundedNumber(out.text) {
		d.stop(n, "write a smaller number", "the number %.20s… is beyond %d digits or an exponent of %d", text, maxNumberText, maxExponent)
	}
}

func leadingZero(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9'
}

// tidyNumber makes "+1", ".5" and "1." JSON numbers.
func tidyNumber(s string) string {
	s = strings.TrimPrefix(s, "+")
	sign := ""
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		sign, s = "-", rest
	}
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		mantissa, exponent = s[:i], s[i:]
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole == "" {
		whole = "0"
	}
	if fraction != "" {
		fraction = "." + fraction
	}
	return sign + whole + fraction + exponent
}

// boundedNumber says whether exact arithmetic on the number is cheap.
func boundedNumber(s string) bool {
	if len(s) > maxNumberText {
		return false
	}
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return true
	}
	e, err := strconv.Atoi(s[i+1:])
	return err == nil && e >= -maxExponent && e <= maxExponent
}
