package validate

import (
	"encoding/binary"
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// pattern is a regular expression. ASCII texts run through a table with a state for every set of places in the
// expression that a text can have come to, where there are few enough; everything else is RE2's.
type pattern struct {
	re     *regexp.Regexp
	table  []uint8 // the next state, at 128 * state + character; nil where RE2 has to match
	first  uint8
	accept []bool // by state, at the end of the text
	empty  bool   // the empty text matches; only there a text begins and ends at one place
	size   int    // of RE2's program
}

// States that are never left.
const (
	dead    = 0 // nothing can match any more
	matched = 1 // whatever follows
)

// maxStates bounds a table, 128 bytes each.
const maxStates = 200

func newPattern(re *regexp.Regexp) pattern {
	p := pattern{re: re, empty: re.MatchString(""), size: programSize(re)}
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return p // regexp has parsed it: does not happen
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return p
	}
	b := tableBuilder{prog: prog, states: map[string]uint8{}}
	if table, first, ok := b.build(); ok {
		p.table, p.first, p.accept = table, first, b.accept
	}
	return p
}

// matches judges a text; ascii says that it is ASCII throughout.
func (p *pattern) matches(text []byte, ascii bool) bool {
	if p.table == nil || !ascii {
		return p.re.Match(text)
	}
	if len(text) == 0 {
		return p.empty
	}
	state := p.first
	for _, c := range text {
		state = p.table[int(state)<<7|int(c&0x7f)]
	}
	return p.accept[state]
}

// quoted judges the text that begins at b, of plain ASCII up to a quote, by the table; size is the text's. ok is false also
// where the text is another.
func (p *pattern) quoted(b []byte) (size int, ok bool) {
	state, plain := p.first, uint8(plainText)
	for i, c := range b {
		if c == '"' {
			return i, plain != 0 && p.accept[state]
		}
		plain &= characters[c]
		state = p.table[int(state)<<7|int(c&0x7f)]
	}
	return 0, false
}

// tableBuilder makes the table of a compiled expression by the subset construction (M. O. Rabin and D. Scott, 1959). A
// state is the set of the program's instructions that a text can have come to.
type tableBuilder struct {
	prog   *syntax.Prog
	states map[string]uint8
	places [][]uint32 // of each state
	accept []bool
}

// build returns the table and its first state; ok is false where the expression needs too many states, or looks at
// more of a text's surroundings than its ends.
func (b *tableBuilder) build() (table []uint8, first uint8, ok bool) {
	for i := range b.prog.Inst {
		if in := &b.prog.Inst[i]; in.Op == syntax.InstEmptyWidth && syntax.EmptyOp(in.Arg)&^(syntax.EmptyBeginText|syntax.EmptyEndText) != 0 {
			return nil, 0, false
		}
	}
	b.add("dead", nil, false)
	b.add("matched", nil, true)
	start := b.reach(nil, []uint32{uint32(b.prog.Start)}, syntax.EmptyBeginText)
	if first, ok = b.state(start); !ok {
		return nil, 0, false
	}
	for state := 0; state < len(b.places); state++ {
		for c := range rune(utf8.RuneSelf) {
			next := uint8(state)
			if state != dead && state != matched {
				if next, ok = b.state(b.step(b.places[state], c)); !ok {
					return nil, 0, false
				}
			}
			table = append(table, next)
		}
	}
	return table, first, true
}

// step is where a character leads to. A match may begin at every character.
func (b *tableBuilder) step(places []uint32, c rune) []uint32 {
	var next []uint32
	for _, pc := range places {
		switch in := &b.prog.Inst[pc]; in.Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			if in.MatchRune(c) {
				next = append(next, in.Out)
			}
		}
	}
	return b.reach(nil, append(next, uint32(b.prog.Start)), 0)
}

// reach adds all places that can be reached without a character where the given assertions hold.
func (b *tableBuilder) reach(found, from []uint32, holds syntax.EmptyOp) []uint32 {
	for _, pc := range from {
		if slices.Contains(found, pc) {
			continue
		}
		found = append(found, pc)
		switch in := &b.prog.Inst[pc]; in.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			found = b.reach(found, []uint32{in.Out, in.Arg}, holds)
		case syntax.InstCapture, syntax.InstNop:
			found = b.reach(found, []uint32{in.Out}, holds)
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(in.Arg)&^holds == 0 {
				found = b.reach(found, []uint32{in.Out}, holds)
			}
		}
	}
	return found
}

// state finds or makes the state of a set of places.
func (b *tableBuilder) state(places []uint32) (uint8, bool) {
	if b.hasMatch(places) {
		return matched, true
	}
	// What neither reads a character nor waits for the end leads nowhere.
	places = slices.DeleteFunc(places, func(pc uint32) bool {
		switch b.prog.Inst[pc].Op {
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			return false
		case syntax.InstEmptyWidth:
			return syntax.EmptyOp(b.prog.Inst[pc].Arg)&syntax.EmptyBeginText != 0
		}
		return true
	})
	if len(places) == 0 {
		return dead, true
	}
	slices.Sort(places)
	var key []byte
	for _, pc := range places {
		key = binary.AppendUvarint(key, uint64(pc))
	}
	if known, ok := b.states[string(key)]; ok {
		return known, true
	}
	if len(b.places) == maxStates {
		return dead, false
	}
	// At the end of the text what waited for it goes on.
	return b.add(string(key), places, b.hasMatch(b.reach(nil, places, syntax.EmptyEndText))), true
}

func (b *tableBuilder) add(key string, places []uint32, accept bool) uint8 {
	state := uint8(len(b.places))
	b.states[key] = state
	b.places, b.accept = append(b.places, places), append(b.accept, accept)
	return state
}

func (b *tableBuilder) hasMatch(places []uint32) bool {
	return slices.ContainsFunc(places, func(pc uint32) bool { return b.prog.Inst[pc].Op == syntax.InstMatch })
}
