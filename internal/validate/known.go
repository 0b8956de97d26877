package validate

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// knownParts remembers the violations of records of which one small part was in doubt, so that neither the library nor
// the wording is needed a second time. Any of them makes room for a new one. Steps need no remembering: what a known part
// costs the library is far below a record's budget (see maxKnownText and textRule.costly).
type knownParts map[onlyPart][]Violation

const (
	maxKnownParts = 1024
	maxKnownText  = 1 << 10 // bytes of a text, or of an array: the library's work on longer ones of one size may differ too much
	maxKnownItems = 64
)

// onlyPart is all that the violations of such a record depend on.
type onlyPart struct {
	plan    *plan   // of the part; it says where in the record it stands
	at      string  // if the plan does not: the JSON pointer
	choice  *branch // that is lost, if the part is the proof of that
	asked   *asked  // whose name is missing or unwanted, if that is what is wrong
	name    string  // unwanted
	written string  // the value as the record writes it; under an unwanted name "0" for any number, "" for a text without escapes
	breaks  breaks  // instead of that, where what is wrong with the value is known
	shown   bool    // the violations show such a value: see again
	size    int     // see event; 0 where violations do not depend on it
}

// onlyPart describes the only part in doubt. ok is false where there are several, or where it is not small.
func (v *Validator) onlyPart(s *scan, record []byte) (only onlyPart, ok bool) {
	if len(s.events) != 1 {
		return only, false
	}
	e := &s.events[0]
	if !e.plan.exact {
		only.at = e.at
	}
	if e.question == noBranch {
		only.choice, only.size = e.choice, e.size
		if e.proof == noProof { // the value that decides fits none of its branches, and violations do not tell it
			return only, only.isSmall()
		}
		e = &s.proofs[e.proof]
	}
	only.plan = e.plan
	switch e.question {
	case wholeValue, itemsTogether:
		told := e.breaks != 0 && e.breaks&untold == 0
		switch {
		case told && only.choice != nil:
			only.breaks = e.breaks
		case told && (e.question == itemsTogether || !v.isPublic(e.at)):
			only.breaks, only.size = e.breaks, e.size
		case told && bytes.IndexByte(record[e.from:e.to], '\\') < 0:
			only.breaks, only.shown = e.breaks, true
			if e.breaks&breaksLength != 0 { // of several bounds it may break some
				only.size = e.size
			}
		case e.question == itemsTogether:
			return only, false
		default:
			only.written = aliased(record[e.from:e.to])
		}
	case missingNames, unwantedName:
		if only.asked, only.name = e.asked[0], e.name; len(e.asked) > 1 {
			return only, false
		}
		if only.choice == nil { // as a proof an unwanted name is one whatever its value
			only.alike(record[e.valueFrom:e.valueTo])
		}
	default:
		return only, false
	}
	return only, only.isSmall()
}

func (o *onlyPart) isSmall() bool {
	return len(o.at) <= maxMemoBytes && len(o.name) <= maxMemoBytes && len(o.written) <= maxMemoBytes
}

// alike describes the value of an unwanted name by what a violation tells of it: that it is a number, or how long a text.
func (o *onlyPart) alike(value []byte) {
	o.written = aliased(value)
	if len(value) == 0 { // a missing one
		return
	}
	switch kindAt(value[0]) {
	case isNumber:
		o.written = "0"
	case isText:
		if r := runOf(nil, value[1:len(value)-1]); r.size == len(value)-2 { // without escapes
			o.written, o.size = "", r.size-r.continuing
		}
	}
}

// shown is how violations show the part, a number or a text without escapes.
func (e *event) shown(record []byte) string {
	if record[e.from] == '"' {
		return show(aliased(record[e.from+1 : e.to-1]))
	}
	return show(json.Number(record[e.from:e.to]))
}

// canBeAgain says whether violations of a value show it as again does.
func canBeAgain(violations []Violation, shown string) bool {
	return !slices.ContainsFunc(violations, func(x Violation) bool {
		return x.Found != shown || !strings.HasSuffix(x.Message, shown+".")
	})
}

// again repeats known violations of another value of the same kind, which they show.
func again(known []Violation, shown string) []Violation {
	vs := slices.Clone(known)
	for i := range vs {
		x := &vs[i]
		end := len(x.Message) - len(x.Found) - len(".")
		x.Message = x.Message[:end] + shown + "."
		x.Found = x.Message[end : end+len(shown)]
	}
	return vs
}

// keep remembers a part whose violations are small.
func (k knownParts) keep(only onlyPart, violations []Violation) {
	size := 0
	for i := range violations {
		v := &violations[i]
		size += len(v.Instance) + len(v.Schema) + len(v.Expected) + len(v.Message)
	}
	if size > maxMemoError || len(violations) == 0 && only.breaks != 0 {
		return
	}
	if len(k) == maxKnownParts {
		for other := range k {
			delete(k, other)
			break
		}
	}
	only.name, only.written = strings.Clone(only.name), strings.Clone(only.written)
	k[only] = violations[:len(violations):len(violations)]
}
