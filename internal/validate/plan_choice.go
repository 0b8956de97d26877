package validate

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// choice is an anyOf, oneOf or if. Where the type of an object does not decide it, a constant property may.
type choice struct {
	applied  // the schema it belongs to
	keyword  string
	branches []*jsonschema.Schema // of an if, the condition
}

// branch is the branch of a choice that alone can fit. A value that does not fit it leaves the choice without any, and
// the library then reports the choice and nothing that lies in it.
type branch struct {
	choice
	owner  *plan // the value that the choice is about
	proven bool  // the library has refused the other branches, whatever else the value holds

	constants *jsonschema.Schema // where no branch can fit: see among
}

// among is a schema for the constants that the branches allow for the deciding property: what the library refuses by it,
// it refuses by each branch, with one look instead of one for each. nil where a branch has none.
func (b *branch) among(name string) *jsonschema.Schema {
	all := &jsonschema.Schema{}
	for _, sub := range b.branches {
		if !couldBe(sub, isObject, nil) {
			continue
		}
		pins := pinned(sub, nil)[name]
		if pins == nil {
			return nil
		}
		if len(all.Enum) == 0 {
			all = emptySchema(sub)
		}
		all.Enum = append(all.Enum, pins...)
	}
	return all
}

// demands says whether the library refuses an object without the property in every branch that an object could fit.
func (b *branch) demands(name string) bool {
	for _, sub := range b.branches {
		if couldBe(sub, isObject, nil) && !demandedInPlace(sub, name, nil) {
			return false
		}
	}
	return true
}

func demandedInPlace(s *jsonschema.Schema, name string, above []*jsonschema.Schema) bool {
	if slices.Contains(above, s) {
		return false
	}
	if slices.Contains(s.Required, name) {
		return libraryRefuses(requiring(s, name), map[string]any{})
	}
	above = append(above[:len(above):len(above)], s)
	demanded := func(sub *jsonschema.Schema) bool { return demandedInPlace(sub, name, above) }
	return s.Ref != nil && demanded(s.Ref) || slices.ContainsFunc(s.AllOf, demanded)
}

// entangled stands for any choice, or other keyword, from which a value cannot be told apart.
var entangled = &branch{}

// below is a schema applied to something inside the value.
func (in *inPlace) below(a applied, sub *jsonschema.Schema, step string) applied {
	via := a.via
	if via == nil && in.watching {
		via = entangled
	}
	return applied{a.child(sub, step), via}
}

// decision is what is known of an object before its branches are chosen: the value of one property.
type decision struct {
	name     string
	constant any  // string, json.Number, bool or nil
	other    bool // it is none of the known
	known    []any
	unknown  []any // constants that other would have to exclude too: choices inside branches name them
}

// excludes says whether the decided value is none of the constants, which other is not where it does not know them.
func (d *decision) excludes(constants []any) bool {
	if !d.other {
		return !contains(constants, d.constant)
	}
	excluded := true
	for _, c := range constants {
		if !contains(d.known, c) {
			d.unknown = addConstants(d.unknown, c)
			excluded = false
		}
	}
	return excluded
}

func contains(constants []any, c any) bool {
	return slices.ContainsFunc(constants, func(known any) bool { return sameConstant(known, c) })
}

func addConstants(list []any, constants ...any) []any {
	for _, c := range constants {
		if !contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// choose follows the one branch of an anyOf or oneOf that a value can fit, if it is just one.
func (in *inPlace) choose(c choice, kind kinds, decided *decision, follow func(*jsonschema.Schema, string, *branch)) {
	if len(c.branches) == 0 {
		return
	}
	var fit []int
	refused := 0
	for i, sub := range c.branches {
		switch {
		case !couldBe(sub, kind, nil):
			if libraryRefuses(sub, map[string]any{}) {
				refused++
			}
		case decided != nil && !decided.fits(sub):
			if decided.isRefused(sub) {
				refused++
			}
		default:
			fit = append(fit, i)
		}
	}
	b := &branch{choice: c, owner: in.owner, proven: refused+len(fit) == len(c.branches) && c.via == nil}
	switch {
	case len(fit) == 0 && c.via != nil: // the choice above is lost, and the library reports no more than that
		in.accepts = 0
	case len(fit) == 0:
		in.unfit = append(in.unfit, b)
	case len(fit) == 1:
		follow(c.branches[fit[0]], fmt.Sprintf("%s/%d", c.keyword, fit[0]), b)
	case kind == isObject && decided == nil:
		in.choices = append(in.choices, c)
	default:
		in.unsure(c.keyword)
	}
}

// isRefused says whether the library refuses the decided property in a branch.
func (d *decision) isRefused(branch *jsonschema.Schema) bool {
	return !d.other && slices.ContainsFunc(propertyInPlace(branch, d.name, nil), func(s *jsonschema.Schema) bool {
		return libraryRefuses(s, d.constant)
	})
}

// propertyInPlace lists the schemas that a schema applies to the value of a name.
func propertyInPlace(s *jsonschema.Schema, name string, above []*jsonschema.Schema) (list []*jsonschema.Schema) {
	if slices.Contains(above, s) {
		return nil
	}
	above = append(above[:len(above):len(above)], s)
	if sub := s.Properties[name]; sub != nil {
		list = append(list, sub)
	}
	if s.Ref != nil {
		list = append(list, propertyInPlace(s.Ref, name, above)...)
	}
	for _, sub := range s.AllOf {
		list = append(list, propertyInPlace(sub, name, above)...)
	}
	return list
}

// couldBe says whether some value of a kind could fit the schema. false is certain, true is not.
func couldBe(s *jsonschema.Schema, kind kinds, above []*jsonschema.Schema) bool {
	if s.Always != nil {
		return *s.Always
	}
	if typesOf(s)&kind == 0 {
		return false
	}
	for _, list := range literals(s) {
		if !slices.ContainsFunc(list, func(v any) bool { return kindOf(v)&kind != 0 }) {
			return false
		}
	}
	if slices.Contains(above, s) {
		return true
	}
	above = append(above[:len(above):len(above)], s)
	if s.Ref != nil && !couldBe(s.Ref, kind, above) {
		return false
	}
	return !slices.ContainsFunc(s.AllOf, func(sub *jsonschema.Schema) bool { return !couldBe(sub, kind, above) })
}

// kindOf is the kind of a decoded value; a number may be of either kind.
func kindOf(v any) kinds {
	switch v := v.(type) {
	case nil:
		return isNull
	case bool:
		if v {
			return isTrue
		}
		return isFalse
	case json.Number:
		return isNumber
	case string:
		return isText
	case []any:
		return isArray
	}
	return isObject
}

// condition follows then or else where the condition is decided: by the type, or by a constant property.
func (in *inPlace) condition(a applied, kind kinds, decided *decision, follow func(*jsonschema.Schema, string, *branch)) {
	s := a.schema
	if s.If == nil || s.Then == nil && s.Else == nil {
		return
	}
	name, ok := aboutOneName(s.If)
	types := typesOf(s.If) & kind
	holds := false
	switch {
	case !ok || types != 0 && types != kind:
		in.unsure("if")
		return
	case types == 0:
	case kind != isObject: // it speaks of objects only
		holds = true
	case decided == nil:
		in.choices = append(in.choices, choice{a, "if", []*jsonschema.Schema{s.If}})
		return
	case decided.name != name:
		in.unsure("if")
		return
	case decided.other:
		if constants := literals(s.If.Properties[name])[0]; !decisive(constants) || !decided.excludes(constants) {
			in.unsure("if")
			return
		}
	default:
		refused, usable := libraryAnswer(s.If, map[string]any{name: decided.constant})
		if holds = refused == nil; !usable {
			in.unsure("if")
			return
		}
	}
	if holds && s.Then != nil {
		follow(s.Then, "then", entangled)
	}
	if !holds && s.Else != nil {
		follow(s.Else, "else", entangled)
	}
}

// aboutOneName says whether a schema only asks that one property be a constant.
func aboutOneName(s *jsonschema.Schema) (name string, ok bool) {
	if s.Always != nil || len(s.Properties) != 1 {
		return "", false
	}
	for name = range s.Properties {
	}
	for _, required := range s.Required {
		if required != name {
			return "", false
		}
	}
	for _, k := range keywordsOf(s) {
		if k != "properties" && k != "required" && k != "type" {
			return "", false
		}
	}
	constant := s.Properties[name]
	for _, k := range keywordsOf(constant) {
		if k != "const" && k != "enum" && k != "type" {
			return "", false
		}
	}
	return name, len(literals(constant)) > 0
}

// fits says whether an object with the decided property could fit the branch. false is certain.
func (d *decision) fits(branch *jsonschema.Schema) bool {
	pins := pinned(branch, nil)[d.name]
	return pins == nil || !d.excludes(pins)
}

// sameConstant compares constants that can decide a choice.
func sameConstant(a, b any) bool {
	x, isNumber := a.(json.Number)
	y, both := b.(json.Number)
	if !isNumber || !both {
		return a == b
	}
	m, okM := parseInteger(string(x))
	n, okN := parseInteger(string(y))
	return okM && okN && m == n
}

// pinned lists the properties that a schema allows only constants for, and those.
func pinned(s *jsonschema.Schema, above []*jsonschema.Schema) map[string][]any {
	if slices.Contains(above, s) {
		return nil
	}
	above = append(above[:len(above):len(above)], s)
	pins := map[string][]any{}
	for name, sub := range s.Properties {
		if lists := literalsInPlace(sub, nil); len(lists) > 0 && decisive(lists[0]) {
			pins[name] = lists[0]
		}
	}
	inner := s.AllOf
	if s.Ref != nil {
		inner = append(slices.Clip(inner), s.Ref)
	}
	for _, sub := range inner {
		for name, list := range pinned(sub, above) {
			pins[name] = list
		}
	}
	return pins
}

func literalsInPlace(s *jsonschema.Schema, above []*jsonschema.Schema) [][]any {
	if slices.Contains(above, s) {
		return nil
	}
	lists := literals(s)
	above = append(above[:len(above):len(above)], s)
	if s.Ref != nil {
		lists = append(lists, literalsInPlace(s.Ref, above)...)
	}
	for _, sub := range s.AllOf {
		lists = append(lists, literalsInPlace(sub, above)...)
	}
	return lists
}

// decisive says whether constants can be told apart while an object is read.
func decisive(list []any) bool {
	for _, v := range list {
		switch v := v.(type) {
		case nil, bool, string:
		case json.Number:
			if _, ok := parseInteger(string(v)); !ok {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// decidingName finds a property whose constants decide all choices, and the constants.
func decidingName(choices []choice) (name string, constants []any, ok bool) {
	var common map[string][]any
	for _, c := range choices {
		for _, branch := range c.branches {
			if !couldBe(branch, isObject, nil) {
				continue
			}
			pins := pinned(branch, nil)
			for n, list := range common {
				if pins[n] == nil {
					delete(common, n)
				} else {
					common[n] = append(list[:len(list):len(list)], pins[n]...)
				}
			}
			if common == nil {
				common = pins
			}
		}
	}
	for n := range common {
		if !ok || n < name {
			name, ok = n, true
		}
	}
	return name, addConstants(nil, common[name]...), ok
}
