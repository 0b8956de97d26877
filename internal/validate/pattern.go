package validate

import (
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// pattern is a regular expression. Where it is one class of characters after another, each repeated so often that
// reading on never has to be taken back, ASCII texts are matched by counting; everything else is RE2's.
type pattern struct {
	re    *regexp.Regexp
	steps []step
	open  bool     // anything may follow
	set   *textSet // the pattern is a short list of texts, and this is it
}

// step is min to max characters of a class in a row; max is -1 for any number.
type step struct {
	class    [2]uint64 // a bit for each ASCII character
	min, max int
}

func (s *step) has(c byte) bool { return s.class[c>>6&1]>>(c&63)&1 != 0 }

// maxPatternTexts bounds the texts a pattern is written out as.
const maxPatternTexts = 64

func newPattern(re *regexp.Regexp) pattern {
	p := pattern{re: re}
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return p // regexp has parsed it: does not happen
	}
	parts := flatten(tree, nil)
	if len(parts) == 0 || parts[0].Op != syntax.OpBeginText {
		return p
	}
	parts = parts[1:]
	if n := len(parts); n > 0 && parts[n-1].Op == syntax.OpEndText {
		parts = parts[:n-1]
	} else {
		p.open = true
	}
	if texts := writeOut(parts); texts != nil && !p.open {
		p.set = newTextSet(texts)
		return p
	}
	var steps []step
	for _, part := range parts {
		more := stepsOf(part)
		if more == nil {
			return p
		}
		steps = append(steps, more...)
	}
	if neverTakesBack(steps) {
		p.steps = steps
	}
	return p
}

// flatten lists the parts of nested concatenations and groups.
func flatten(r *syntax.Regexp, parts []*syntax.Regexp) []*syntax.Regexp {
	switch r.Op {
	case syntax.OpConcat:
		for _, sub := range r.Sub {
			parts = flatten(sub, parts)
		}
		return parts
	case syntax.OpCapture:
		return flatten(r.Sub[0], parts)
	case syntax.OpEmptyMatch:
		return parts
	}
	return append(parts, r)
}

// stepsOf is a part as steps, nil where it is something else.
func stepsOf(r *syntax.Regexp) []step {
	low, high := 1, 1
	switch r.Op {
	case syntax.OpStar:
		low, high = 0, -1
	case syntax.OpPlus:
		low, high = 1, -1
	case syntax.OpQuest:
		low, high = 0, 1
	case syntax.OpRepeat:
		low, high = r.Min, r.Max
	case syntax.OpLiteral:
		return literalSteps(r)
	default:
		class, ok := classOf(r)
		if !ok {
			return nil
		}
		return []step{{class, 1, 1}}
	}
	inner := flatten(r.Sub[0], nil)
	if len(inner) != 1 {
		return nil
	}
	class, ok := classOf(inner[0])
	if !ok {
		return nil
	}
	return []step{{class, low, high}}
}

func literalSteps(r *syntax.Regexp) (steps []step) {
	for _, c := range r.Rune {
		if c >= utf8.RuneSelf || r.Flags&syntax.FoldCase != 0 {
			return nil
		}
		s := step{min: 1, max: 1}
		s.class[c>>6] = 1 << (c & 63)
		steps = append(steps, s)
	}
	return steps
}

// classOf is the ASCII part of what matches one character.
func classOf(r *syntax.Regexp) (class [2]uint64, ok bool) {
	var ranges []rune
	switch r.Op {
	case syntax.OpLiteral:
		if len(r.Rune) != 1 || r.Rune[0] >= utf8.RuneSelf || r.Flags&syntax.FoldCase != 0 {
			return class, false
		}
		ranges = []rune{r.Rune[0], r.Rune[0]}
	case syntax.OpCharClass:
		ranges = r.Rune
	case syntax.OpAnyChar:
		ranges = []rune{0, utf8.MaxRune}
	case syntax.OpAnyCharNotNL:
		ranges = []rune{0, '\n' - 1, '\n' + 1, utf8.MaxRune}
	default:
		return class, false
	}
	for i := 0; i < len(ranges); i += 2 {
		for c := ranges[i]; c <= ranges[i+1] && c < utf8.RuneSelf; c++ {
			class[c>>6] |= 1 << (c & 63)
		}
	}
	return class, true
}

// neverTakesBack says whether taking as many characters as a step can hold is always right: no character of a step of
// varying length could also begin what follows it.
func neverTakesBack(steps []step) bool {
	for i := range steps {
		if steps[i].min == steps[i].max {
			continue
		}
		for j := i + 1; j < len(steps); j++ {
			if steps[i].class[0]&steps[j].class[0] != 0 || steps[i].class[1]&steps[j].class[1] != 0 {
				return false
			}
			if steps[j].min > 0 {
				break
			}
		}
	}
	return true
}

// writeOut lists the texts that a pattern without repetition stands for, nil where there are too many or it is not of
// that sort.
func writeOut(parts []*syntax.Regexp) []any {
	texts := []string{""}
	for _, part := range parts {
		choices := textsOf(part)
		if choices == nil || len(texts)*len(choices) > maxPatternTexts {
			return nil
		}
		var longer []string
		for _, head := range texts {
			for _, tail := range choices {
				longer = append(longer, head+tail)
			}
		}
		texts = longer
	}
	list := make([]any, len(texts))
	for i, t := range texts {
		list[i] = t
	}
	return list
}

func textsOf(r *syntax.Regexp) (texts []string) {
	switch r.Op {
	case syntax.OpLiteral:
		if r.Flags&syntax.FoldCase == 0 {
			return []string{string(r.Rune)}
		}
	case syntax.OpEmptyMatch:
		return []string{""}
	case syntax.OpCapture:
		return textsOf(r.Sub[0])
	case syntax.OpQuest:
		if inner := textsOf(r.Sub[0]); inner != nil {
			return append(inner, "")
		}
	case syntax.OpAlternate:
		for _, sub := range r.Sub {
			inner := textsOf(sub)
			if inner == nil {
				return nil
			}
			texts = append(texts, inner...)
		}
		return texts
	case syntax.OpConcat:
		for _, t := range writeOut(r.Sub) {
			texts = append(texts, t.(string))
		}
		return texts
	case syntax.OpCharClass:
		for i := 0; i < len(r.Rune); i += 2 {
			for c := r.Rune[i]; c <= r.Rune[i+1]; c++ {
				if texts = append(texts, string(c)); len(texts) > maxPatternTexts {
					return nil
				}
			}
		}
		return texts
	}
	return nil
}

// matches judges a text; ascii says that it is ASCII throughout.
func (p *pattern) matches(text []byte, ascii bool) bool {
	if p.steps == nil || !ascii {
		return p.re.Match(text)
	}
	i := 0
	for k := range p.steps {
		s := &p.steps[k]
		end := len(text)
		if s.max >= 0 && s.max < end-i {
			end = i + s.max
		}
		from := i
		for i < end && s.has(text[i]) {
			i++
		}
		if i-from < s.min {
			return false
		}
	}
	return p.open || i == len(text)
}
