package validate

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// mutator breaks documents that fit.
type mutator struct{ *generator }

// document changes one to three places.
func (m mutator) document(v any) any {
	for range m.between(1, 3) {
		at := m.IntN(countValues(v))
		v = m.change(v, &at)
	}
	return v
}

func countValues(v any) int {
	n := 1
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			n += countValues(item)
		}
	case object:
		for _, one := range v {
			n += countValues(one.value)
		}
	}
	return n
}

// change replaces the value at a place, counted in document order. It shares nothing it changes with v.
func (m mutator) change(v any, at *int) any {
	if *at--; *at == -1 {
		return m.replace(v)
	}
	switch v := v.(type) {
	case []any:
		v = slices.Clone(v)
		for i := range v {
			v[i] = m.change(v[i], at)
		}
		return v
	case object:
		v = slices.Clone(v)
		for i := range v {
			v[i].value = m.change(v[i].value, at)
		}
		return v
	}
	return v
}

func (m mutator) replace(v any) any {
	if m.chance(20) {
		return m.anything()
	}
	switch v := v.(type) {
	case bool:
		return !v
	case json.Number:
		return m.number(v)
	case string:
		return m.text(v)
	case []any:
		return m.array(slices.Clone(v))
	case object:
		return m.object(slices.Clone(v))
	}
	return m.anything()
}

func (m mutator) anything() any {
	return pick(m.dice, []any{nil, nil, true, false, "", pick(m.dice, words), json.Number(pick(m.dice, oddNumbers)), json.Number(pick(m.dice, integers)),
		[]any{}, object{}, []any{nil}, object{{pick(m.dice, m.names), nil}}, toTree(m.constant(m.newWish("")))})
}

func (m mutator) number(v json.Number) any {
	if m.chance(20) || !exponentWithin(string(v), 1000) {
		return json.Number(pick(m.dice, oddNumbers))
	}
	step := pick(m.dice, []string{"1", "-1", "0.1", "0.001", "-0.001", "1e-20", "-1e-30", "1e20"})
	return writeRat(new(big.Rat).Add(rat(string(v)), rat(step)))
}

func (m mutator) text(v string) any {
	runes := []rune(v)
	switch m.IntN(6) {
	case 0:
		return v + pick(m.dice, []string{"a", "é", "\n", " ", "0", "😀"})
	case 1:
		return string(runes[:max(0, len(runes)-1)])
	case 2:
		return pick(m.dice, words)
	case 3:
		return strings.ToUpper(v)
	default:
		if len(m.used) > 0 {
			if not := pick(m.dice, m.used).not; len(not) > 0 {
				return pick(m.dice, not)
			}
		}
		return v + v
	}
}

func (m mutator) array(v []any) any {
	n := len(v)
	if n == 0 || m.chance(20) {
		return append(v, m.anything())
	}
	i := m.IntN(n)
	switch m.IntN(5) {
	case 0:
		return append(v, v[i])
	case 1:
		return slices.Delete(v, i, i+1)
	case 2:
		j := m.IntN(n)
		v[i], v[j] = v[j], v[i]
	case 3:
		return slices.Insert(v, i, m.anything())
	case 4:
		if n < 30 && m.chance(20) {
			return slices.Concat(slices.Repeat(v, 1+22/n), v)
		}
		return v[:i]
	}
	return v
}

func (m mutator) object(v object) any {
	name := pick(m.dice, m.names)
	if len(v) == 0 || m.chance(20) {
		if v.has(name) {
			name = pick(m.dice, propertyNames)
		}
		if !v.has(name) {
			v = append(v, named{name, m.anything()})
		}
		return v
	}
	i := m.IntN(len(v))
	switch m.IntN(12) {
	case 0, 1, 2, 3:
		return slices.Delete(v, i, i+1)
	case 4:
		v[i].value = nil
	case 5:
		v = slices.Insert(v, m.IntN(len(v)+1), v[i]) // the name twice
	case 6, 7:
		near := pick(m.dice, []string{v[i].name + "x", v[i].name[:len(v[i].name)/2], strings.ToUpper(v[i].name), v[i].name + " ", "\u0130"})
		if near = strings.ToValidUTF8(near, ""); !v.has(near) {
			v[i].name = near
		}
	case 8, 9:
		for j := range v {
			if tags := m.byName[v[j].name]; tags != nil {
				v[j].value = toTree(pick(m.dice, append(slices.Clone(tags), "no tag", nil)))
			}
		}
	default:
		v[i].value = m.anything()
	}
	return v
}

// writer writes documents in one of the many ways they may be written.
type writer struct {
	dice
	style   int // of whitespace
	escape  int // percent of texts with characters escaped that need not be
	respell int // percent of numbers written another way
	out     []byte
}

func newWriter(d dice) *writer {
	w := &writer{dice: d, style: d.IntN(5)}
	if d.chance(30) {
		w.escape = pick(d, []int{10, 100})
	}
	if d.chance(40) {
		w.respell = pick(d, []int{20, 100})
	}
	return w
}

func (w *writer) write(v any) []byte {
	w.out = []byte{}
	w.gap(0, "")
	w.value(v, 1)
	w.gap(0, "")
	return w.out
}

// gap writes what stands between tokens: nothing, Python's single spaces, lines with tabs or spaces, or any mixture.
func (w *writer) gap(depth int, after string) {
	w.out = append(w.out, after...)
	switch {
	case w.style == 1 && (after == "," || after == ":"), w.style == 2 && after == ":", w.style == 3 && after == ":":
		w.out = append(w.out, ' ')
	case w.style == 2 && depth > 0:
		w.out = append(append(w.out, '\n'), strings.Repeat("\t", depth-1)...)
	case w.style == 3 && depth > 0:
		w.out = append(append(w.out, "\r\n"...), strings.Repeat("  ", depth-1)...)
	case w.style == 4 && w.chance(30):
		w.out = append(w.out, pick(w.dice, []string{" ", "\t", "\n", "\r", "  \n\t ", "        "})...)
	}
}

func (w *writer) value(v any, depth int) {
	switch v := v.(type) {
	case json.Number:
		w.number(string(v))
	case string:
		w.text(v)
	case []any:
		w.gap(0, "[")
		for i, item := range v {
			w.value(item, depth+1)
			if i < len(v)-1 {
				w.gap(depth+1, ",")
			}
		}
		w.gap(0, "")
		w.out = append(w.out, ']')
	case object:
		w.gap(depth+1, "{")
		for i, one := range v {
			w.text(one.name)
			w.gap(0, "")
			w.gap(0, ":")
			w.value(one.value, depth+1)
			if i < len(v)-1 {
				w.gap(depth+1, ",")
			}
		}
		w.gap(depth, "")
		w.out = append(w.out, '}')
	default:
		w.out = fmt.Append(w.out, map[any]string{nil: "null", true: "true", false: "false"}[v])
	}
}

func (w *writer) text(s string) {
	all := w.chance(w.escape)
	w.out = append(w.out, '"')
	for _, r := range s {
		switch short := strings.IndexRune("\"\\/\b\f\n\r\t", r); {
		case all && w.chance(40), r < ' ' && (short < 0 || w.chance(50)):
			w.escaped(r)
		case r == '/' && !all || short < 0:
			w.out = append(w.out, string(r)...)
		default:
			w.out = append(w.out, '\\', `"\/bfnrt`[short])
		}
	}
	w.out = append(w.out, '"')
}

func (w *writer) escaped(r rune) {
	units := []rune{r}
	if high, low := utf16.EncodeRune(r); r > 0xffff {
		units = []rune{high, low}
	}
	format := pick(w.dice, []string{`\u%04x`, `\u%04X`})
	for _, u := range units {
		w.out = fmt.Appendf(w.out, format, u)
	}
}

// number writes the same number, mostly as it stands.
func (w *writer) number(text string) {
	if !w.chance(w.respell) || len(text) > 40 || !exponentWithin(text, 900) {
		w.out = append(w.out, text...)
		return
	}
	mantissa, exponentText := splitExponent(text)
	exponent, _ := strconv.Atoi(exponentText)
	whole, fraction, _ := strings.Cut(mantissa, ".")
	whole, negative := strings.CutPrefix(whole, "-")
	digits := whole + fraction + strings.Repeat("0", w.IntN(3))
	exponent -= len(digits) - len(whole)
	point := w.between(1, len(digits)) // digits before the point
	if w.chance(20) {
		digits, point = "0"+digits, 1
	}
	exponent += len(digits) - point
	whole = strings.TrimLeft(digits[:point], "0")
	if whole == "" {
		whole = "0"
	}
	if negative {
		whole = "-" + whole
	}
	w.out = append(w.out, whole...)
	if point < len(digits) {
		w.out = append(append(w.out, '.'), digits[point:]...)
	}
	if exponent != 0 || w.chance(30) {
		w.out = append(w.out, pick(w.dice, []string{"e", "E"})...)
		if exponent >= 0 {
			w.out = append(w.out, pick(w.dice, []string{"", "+", "0", "+00"})...)
		}
		w.out = strconv.AppendInt(w.out, int64(exponent), 10)
	}
}

// damage breaks the text, or almost: whitespace at the end is none.
func damage(d dice, text []byte) []byte {
	i := 0
	if len(text) > 0 {
		i = d.IntN(len(text))
	}
	switch d.IntN(7) {
	case 0:
		return text[:i]
	case 1:
		if len(text) > 0 {
			text[i] ^= 1 << d.IntN(8)
		}
		return text
	case 2:
		return slices.Insert(text, i, pick(d, []byte("\"\\{}[],:0-.eE \x00\n\tn/\x80\xc3\xed\xf4")))
	case 3:
		return slices.Insert(text, i, []byte(pick(d, []string{"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82", `\ud800`, `\udc00\ud800`, `\ud83d\u0041`, `\x`, `\u12`}))...)
	case 4:
		return append([]byte("\xef\xbb\xbf"), text...)
	case 5:
		return append(text, pick(d, []string{" ", "\n", "\x00", "{}", ",", "null", "]", "}", "\xff", "//"})...)
	}
	return slices.Delete(text, i, min(len(text), i+d.between(1, 3)))
}
