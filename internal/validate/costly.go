package validate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp/syntax"
	"strings"

	"weir/internal/columns"
	"weir/internal/contract"
)

// Costly names what in a contract can make a valid record, of no more than the default MaxRecordBytes, go over the
// budget of steps: keywords that only the library judges where nothing bounds how many values it judges, and expressions
// that only RE2 runs where nothing bounds the text. It tells the author what to bound.
func Costly(c *contract.Contract) []contract.Problem {
	v, err := Compile(c, columns.NewLayout(c), Options{})
	if err != nil {
		return nil // no record is judged by such a contract
	}
	k := costly{v: v, contract: c, said: map[string]bool{}}
	k.value(v.plan, 1, "")
	return k.found
}

type costly struct {
	v        *Validator
	contract *contract.Contract
	said     map[string]bool
	found    []contract.Problem
}

const (
	mostValues   = DefaultMaxRecordBytes / bytesPerValue // of a record
	maxNotices   = 20
	sampleLength = 32
)

// value looks at the values of a plan, of which a record can have so many. judged is the keyword because of which the
// library judges them, or a value around them.
func (k *costly) value(p *plan, times int, judged string) {
	outside := judged
	if judged == "" && p.alone {
		judged = k.asks(p)
	}
	items, names := mostValues, mostValues
	if r := p.arrays; r != nil && r.long >= 0 {
		items = min(items, r.long)
	}
	if r := p.objects; r != nil && r.decider == nil && (r.many >= 0 || len(r.closed) > 0) {
		names = min(names, max(r.many, len(r.slots)))
	}
	if judged != "" && k.judged(p, times, items, names, judged) {
		return // what is in it is bounded when it is
	}
	if outside == "" && p.library&isText == 0 {
		k.text(p, times, "") // the keyword is about values of other kinds
	} else {
		k.text(p, times, judged)
	}
	if r := p.arrays; r != nil {
		for _, place := range r.places {
			k.value(place, times, judged)
		}
		k.value(r.rest, min(mostValues, times*items), judged)
	}
	for _, r := range p.objects.rules() {
		for i := range r.slots {
			k.value(r.hot[i].value, times, judged)
		}
		for i := range r.patterns {
			k.value(r.patterns[i].value, min(mostValues, times*names), judged)
		}
		if r.other != nil && r.other.path != "" {
			k.value(r.other, min(mostValues, times*names), judged)
		}
	}
}

// rules are the rules for objects, one for each constant that decides.
func (r *objectRule) rules() (list []*objectRule) {
	switch {
	case r == nil:
		return nil
	case r.decider == nil:
		return []*objectRule{r}
	}
	for i := range r.decider.cases {
		list = append(list, r.decider.cases[i].rule.rules()...)
	}
	return append(list, r.decider.other.rules()...)
}

// asks is the keyword because of which a valid value goes to the library, "" where none does. What values that are not
// alone ask for is asked of the value around them.
func (k *costly) asks(p *plan) string {
	if p.library&p.accepts != 0 {
		return cmp.Or(strings.Join(p.why, ", "), "a keyword")
	}
	if r := p.arrays; r != nil {
		if r.unique && r.rest.accepts&(isArray|isObject|isFraction) != 0 {
			return "uniqueItems"
		}
		for _, item := range append(r.places[:len(r.places):len(r.places)], r.rest) {
			if why := k.asksAround(item); why != "" {
				return why
			}
		}
	}
	for _, r := range p.objects.rules() {
		if why := k.asksOfNames(r, p); why != "" {
			return why
		}
	}
	return ""
}

func (k *costly) asksOfNames(r *objectRule, p *plan) string {
	switch {
	case r.library:
		return cmp.Or(strings.Join(r.why, ", "), "a keyword")
	case len(r.sealedBy) > 0:
		return strings.Join(r.sealedBy, ", ")
	}
	for _, trigger := range r.triggers {
		if trigger != 0 {
			return "dependentSchemas"
		}
	}
	for i := range r.slots {
		if why := k.asksAround(r.hot[i].value); why != "" {
			return why
		}
	}
	for i := range r.patterns {
		if why := k.asksAround(r.patterns[i].value); why != "" {
			return why
		}
	}
	if r.other == nil {
		return ""
	}
	return k.asksAround(r.other)
}

func (k *costly) asksAround(inside *plan) string {
	if inside.alone {
		return ""
	}
	return k.asks(inside)
}

// judged says so where the values of a plan, with so many items or names each, can cost more than there is.
func (k *costly) judged(p *plan, times, items, names int, keyword string) bool {
	one := k.sample(p, nil)
	for _, v := range []any{json.Number("0"), "x", true} {
		one = max(one, k.sample(p, v))
	}
	member := 0
	for _, v := range []any{json.Number("0"), "x", []any{}, map[string]any{}} {
		array, object := []any{}, map[string]any{}
		for i := range sampleLength {
			array = append(array, v)
			object[fmt.Sprintf("sample%d", i)] = v
		}
		if p.accepts&isArray != 0 {
			member = max(member, k.sample(p, array)/sampleLength*min(items, mostValues/times))
		}
		if p.accepts&isObject != 0 {
			member = max(member, k.sample(p, object)/sampleLength*min(names, mostValues/times))
		}
	}
	if times*(one+member) <= maxSteps {
		return false
	}
	remedy := "bound the number of values with maxItems or maxProperties, or write the rule without " + keyword
	k.say(p.path, keyword, remedy, "%s can be over budget where it holds many values: only the library judges %s", subject(p.path), keyword)
	return true
}

// sample is what the library takes for a value of a plan, decoding included.
func (k *costly) sample(p *plan, value any) int {
	m := meter{left: maxSteps, limit: maxSteps, memory: k.v.options.Memory}
	m.take(valueSteps)
	if object, ok := value.(map[string]any); ok {
		m.take(len(object) * (nameMany + valueSteps))
	}
	for _, l := range p.schemas {
		k.v.count(&m, l.schema, value)
	}
	m.release()
	return m.used
}

// text says so where matching a text that fits can cost more than there is.
func (k *costly) text(p *plan, times int, judged string) {
	if p.texts == nil {
		return
	}
	longest := DefaultMaxRecordBytes
	if p.texts.long >= 0 {
		longest = min(longest, times*4*p.texts.long) // a character has at most four bytes
	}
	for i := range p.texts.patterns {
		x := &p.texts.patterns[i]
		most, ascii := longest, false
		if n, only, ok := matchLength(x.re.String()); ok {
			most, ascii = min(most, times*n), only
		}
		if ascii && x.table != nil && judged == "" || matchSteps(x.size, most) <= maxSteps {
			continue
		}
		k.say(p.path, "pattern", "add maxLength, or write an expression that needs fewer steps",
			"%s can be over budget where it is long: its pattern has %d steps for each byte of some texts", subject(p.path), x.size)
	}
}

func (k *costly) say(path, keyword, remedy, format string, args ...any) {
	if k.said[path+" "+keyword] || len(k.found) == maxNotices {
		return
	}
	k.said[path+" "+keyword] = true
	line := 0
	for _, f := range fieldsOn(k.contract.Fields, path) {
		line = f.Line
	}
	k.found = append(k.found, contract.Problem{File: k.contract.File, Line: line, Column: 1, Remedy: remedy, Message: fmt.Sprintf(format, args...)})
}

// fieldsOn are the declared fields on the way that a path leads.
func fieldsOn(fields []contract.Field, path string) (way []contract.Field) {
	for _, f := range fields {
		if path == f.Path || strings.HasPrefix(path, f.Path+"/") {
			return append([]contract.Field{f}, fieldsOn(f.Fields, path)...)
		}
	}
	return nil
}

// matchLength is the greatest number of bytes that a text can have that fits an expression, and whether it is ASCII then;
// ok is false where nothing bounds it.
func matchLength(expression string) (n int, ascii, ok bool) {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil || tree.Op != syntax.OpConcat || len(tree.Sub) < 2 ||
		tree.Sub[0].Op != syntax.OpBeginText || tree.Sub[len(tree.Sub)-1].Op != syntax.OpEndText {
		return 0, false, false
	}
	n, ascii = lengthOf(tree)
	return n, ascii, true
}

// lengthOf is the number of bytes of the longest match, no more than a record has.
func lengthOf(r *syntax.Regexp) (n int, ascii bool) {
	ascii = true
	for i, sub := range r.Sub {
		more, only := lengthOf(sub)
		if ascii = ascii && only; r.Op == syntax.OpAlternate && i > 0 {
			n = max(n, more)
		} else {
			n += more
		}
	}
	switch r.Op {
	case syntax.OpLiteral:
		for _, c := range r.Rune {
			ascii = ascii && c < 0x80 && (r.Flags&syntax.FoldCase == 0 || c != 'k' && c != 'K' && c != 's' && c != 'S')
		}
		n = 4 * len(r.Rune)
	case syntax.OpCharClass:
		ascii, n = len(r.Rune) == 0 || r.Rune[len(r.Rune)-1] < 0x80, 4
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		ascii, n = false, 4
	case syntax.OpStar, syntax.OpPlus:
		n = DefaultMaxRecordBytes
	case syntax.OpRepeat:
		if n *= r.Max; r.Max < 0 {
			n = DefaultMaxRecordBytes
		}
	}
	return min(n, DefaultMaxRecordBytes), ascii
}
