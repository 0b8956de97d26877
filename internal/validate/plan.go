package validate

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/columns"
	"weir/internal/contract"
)

// kinds is a set of kinds of JSON values, as far as the scan tells them apart.
type kinds uint8

const (
	isNull kinds = 1 << iota
	isTrue
	isFalse
	isInteger  // a number without a fractional part: 1, 1.0, 10e-1
	isFraction // any other number
	isText
	isArray
	isObject

	isNumber = isInteger | isFraction
	anyKind  = isNull | isTrue | isFalse | isNumber | isText | isArray | isObject
)

// plan is how the scan reads one value: what it checks while the bytes go by, and where the value goes in the row. It
// is compiled from all schemas that apply to the value, and only ever says valid or unsure: whatever it has no rule
// for goes to the library, which gets the same schemas.
type plan struct {
	accepts kinds // kinds that can be valid
	library kinds // kinds that only the library judges; the scan still reads them, for the row
	untold  kinds // kinds that are refused, and only the library knows what else is wrong with them
	numbers *numberRule
	texts   *textRule
	sole    sole        // of texts
	objects *objectRule // nil: any object
	arrays  *arrayRule  // nil: any array

	// Integers from low to high are valid and their column, if they have one, is of integers: nothing else is to be looked
	// at. Most often there are such; low is above high where not.
	low, high int64

	column int           // index in the row, -1 for none
	kind   contract.Kind // of the column
	inside []int         // columns below this value, which must be an object for them

	// alone says that the library may judge this value without the rest of the record. Otherwise a choice (oneOf,
	// anyOf, if) or an annotation (unevaluated…) above looks at it as well, and what is above is judged instead.
	alone   bool
	via     *branch // where it is not alone: the choice above, if only that looks at it
	watched bool    // something must be done after the value was read: see scan.watch
	schemas []layer
	answers []answer
	why     []string // for people: the keywords that send values to the library
	place
}

// place is where the values of a plan stand in records.
type place struct {
	path  string // JSON pointer, "*" for names and items of any kind
	exact bool   // the path has no such "*", and no empty name, below which the library's locations are not to be trusted
}

// property is the place of the value under a name.
func (p place) property(name string) place {
	return place{p.path + "/" + escapeToken(name), p.exact && name != ""}
}

// any is the place of items, or of values whose names only a record knows.
func (p place) any() place { return place{path: p.path + "/*"} }

// answer is what the library said, when the plan was made, of values of one kind: null, true and false, which are what
// they are, and the kinds that a schema's type refuses, of which it looks at nothing else.
type answer struct {
	kind   kinds
	schema *jsonschema.Schema
	err    *jsonschema.ValidationError // nil: it fits
}

// answer finds what the library said of a kind of values.
func (v *plan) answer(kind kinds, s *jsonschema.Schema) *answer {
	for i := range v.answers {
		if a := &v.answers[i]; a.kind == kind && a.schema == s {
			return a
		}
	}
	return nil
}

// layer is a schema that applies to a value, and the evaluation path that led to it, as the library writes it.
type layer struct {
	schema   *jsonschema.Schema
	trail    string
	integers *jsonschema.Schema // the same for values written as integers, nil where that is no other
}

func (l layer) child(schema *jsonschema.Schema, step string) layer {
	return layer{schema: schema, trail: l.trail + "/" + step}
}

// forIntegers leaves out the type of a schema that asks for integers: the library makes a fraction of big integers of
// each number to see whether it is one, which takes it longer than all the rest.
func forIntegers(s *jsonschema.Schema) *jsonschema.Schema {
	if typesOf(s)&isNumber != isInteger {
		return nil
	}
	integers := *s
	integers.Types = nil
	return &integers
}

// Bounds of a plan. What lies beyond goes to the library: unsure is never wrong, only slow.
const (
	maxPlans    = 20_000
	maxLayers   = 128 // schemas that apply to one value
	maxVariants = 64  // constants that decide a choice
)

// planner compiles plans. What applies to a value in place ($ref, allOf, anyOf, oneOf, if, not) is followed by inPlace.add;
// number, text, array and object each note the keywords of their kind, of enum and const what is of that kind.
type planner struct {
	dynamic bool // some reference depends on the way that led to it, so that nothing can be judged alone
	plans   int
	rules   int                         // slots given out so far: see objectRule.base
	cyclic  map[*jsonschema.Schema]bool // schemas that lead back to themselves
	open    map[*jsonschema.Schema]bool // of those, the schemas of the values around the one being planned
}

// newPlan compiles the plan of whole records.
func newPlan(root *jsonschema.Schema, schemas schemaIndex, l *columns.Layout) (*plan, int) {
	p := &planner{dynamic: schemas.dynamic(), cyclic: schemas.cyclic(), open: map[*jsonschema.Schema]bool{}}
	top := p.value([]applied{{layer: layer{schema: root}}}, newColumnTree(l), place{exact: true}, !p.dynamic)
	if p.dynamic && !top.alone { // there is nothing above the record: it is judged as a whole
		top.alone, top.via, top.watched = true, nil, true
	}
	return top, p.rules
}

// dynamic says whether some schema refers to others by the way that led to it.
func (index schemaIndex) dynamic() bool {
	for _, s := range index {
		if s.DynamicRef != nil || s.RecursiveRef != nil {
			return true
		}
	}
	return false
}

// columnTree is the layout's columns by the names that lead to them.
type columnTree struct {
	column   int // -1 for an object on the way
	kind     contract.Kind
	children map[string]*columnTree
}

func newColumnTree(l *columns.Layout) *columnTree {
	root := &columnTree{column: -1, children: map[string]*columnTree{}}
	for i, c := range l.Columns {
		t := root
		for _, name := range splitPointer(c.Path) {
			if t.children[name] == nil {
				t.children[name] = &columnTree{column: -1, children: map[string]*columnTree{}}
			}
			t = t.children[name]
		}
		t.column, t.kind = i, c.Kind
	}
	return root
}

func (t *columnTree) below() (list []int) {
	for _, child := range t.children {
		if child.column >= 0 {
			list = append(list, child.column)
		}
		list = append(list, child.below()...)
	}
	slices.Sort(list)
	return list
}

// value plans a value to which all of the given schemas apply.
func (p *planner) value(schemas []applied, at *columnTree, where place, alone bool) *plan {
	schemas = slices.DeleteFunc(schemas, func(a applied) bool { return a.schema.Always != nil && *a.schema.Always })
	if len(schemas) == 0 && (at == nil || at.column < 0 && len(at.children) == 0) {
		return anyValue
	}
	v := &plan{column: -1, alone: alone, place: where, low: 1}
	if at != nil {
		v.column, v.kind, v.inside = at.column, at.kind, at.below()
	}
	for i, a := range schemas {
		a.integers = forIntegers(a.schema)
		v.schemas = append(v.schemas, a.layer)
		switch {
		case i == 0:
			v.via = a.via
		case a.via != v.via:
			v.via = entangled
		}
	}
	if v.via == nil && !alone {
		v.via = entangled
	}
	v.alone = v.via == nil
	if p.plans++; p.plans > maxPlans {
		return p.unplanned(v, at, "the size of the schema")
	}
	marked, ok := p.enter(schemas)
	if !ok {
		return p.unplanned(v, at, "a $ref that comes back to itself")
	}
	defer p.leave(marked)
	p.ask(v)
	p.number(v)
	p.text(v)
	p.array(v)
	p.object(v, at)
	v.watched = v.watched || v.library != 0
	v.plainIntegers()
	return v
}

// plainIntegers notes the integers that need no second look.
func (v *plan) plainIntegers() {
	if v.column >= 0 && v.kind != contract.Integer || len(v.inside) > 0 || v.accepts&isInteger == 0 {
		return
	}
	switch {
	case v.numbers == nil:
		v.low, v.high = math.MinInt64, math.MaxInt64
	case v.numbers.onlyBounds:
		v.low, v.high = v.numbers.low, v.numbers.high
	}
}

// unplanned sends every value to the library; the scan reads its columns.
func (p *planner) unplanned(v *plan, at *columnTree, why string) *plan {
	v.accepts, v.library, v.watched = anyKind, anyKind, true
	v.why = []string{why}
	if len(v.inside) > 0 {
		v.objects = p.rule(v, &inPlace{accepts: isObject}, at)
	}
	return v
}

// known are the kinds of one value each.
const known = isNull | isTrue | isFalse

// ask asks the library, before any record, about null, true and false, and about the kinds that a schema's type refuses.
// Of those it is shown any value: it looks at nothing but the type.
func (p *planner) ask(v *plan) {
	for _, c := range []struct {
		kind  kinds
		value any
	}{
		{isNull, nil}, {isTrue, true}, {isFalse, false},
		{isText, ""}, {isNumber, json.Number("0")}, {isArray, []any{}}, {isObject, map[string]any{}},
	} {
		fits, usable := true, !p.dynamic
		for _, l := range v.schemas {
			if c.kind&known == 0 && typesOf(l.schema)&c.kind != 0 {
				continue
			}
			err, ok := libraryAnswer(l.schema, c.value)
			if usable = usable && ok; usable {
				v.answers = append(v.answers, answer{c.kind, l.schema, err})
			}
			fits = fits && err == nil
		}
		switch {
		case c.kind&known == 0:
		case !usable:
			v.library |= c.kind
			v.accepts |= c.kind
		case fits:
			v.accepts |= c.kind
		}
	}
}

// libraryAnswer asks the library about a value. usable is false when it cannot say.
func libraryAnswer(s *jsonschema.Schema, value any) (refused *jsonschema.ValidationError, usable bool) {
	defer func() {
		if recover() != nil {
			usable = false
		}
	}()
	err := s.Validate(value)
	refused, usable = err.(*jsonschema.ValidationError)
	return refused, usable || err == nil
}

// libraryRefuses says whether the library refuses a value, for certain.
func libraryRefuses(s *jsonschema.Schema, value any) bool {
	refused, usable := libraryAnswer(s, value)
	return usable && refused != nil
}

// applied is a schema that applies to the value in place: one of the value's own, or what $ref, allOf or a decided
// choice lead to.
type applied struct {
	layer
	via *branch // the choice that led to it, or to a schema above; nil for none
}

// inPlace is what applies to values of one kind.
type inPlace struct {
	owner    *plan
	list     []applied
	accepts  kinds
	why      []string  // keywords that the scan has no rule for
	choices  []choice  // objects only: not decided yet
	unfit    []*branch // the choices that offer nothing
	watching bool      // an annotation consumer looks at what the others evaluated
}

func (in *inPlace) unsure(keyword string) {
	if !slices.Contains(in.why, keyword) {
		in.why = append(in.why, keyword)
	}
}

// expand collects what applies to values of a kind. decided is the constant that decides choices between objects.
func (p *planner) expand(v *plan, kind kinds, decided *decision) *inPlace {
	in := &inPlace{owner: v, accepts: kind}
	for _, l := range v.schemas {
		in.add(applied{l, v.via}, kind, decided, nil)
	}
	return in
}

// add follows every keyword that applies further schemas to the same value.
func (in *inPlace) add(a applied, kind kinds, decided *decision, above []*jsonschema.Schema) {
	s := a.schema
	if s.Always != nil {
		if !*s.Always {
			in.accepts = 0
		}
		return
	}
	if len(in.list) == maxLayers || slices.Contains(above, s) {
		in.unsure("too many schemas for one value")
		return
	}
	above = append(above[:len(above):len(above)], s)
	in.list = append(in.list, a)
	in.accepts &= typesOf(s)
	follow := func(sub *jsonschema.Schema, step string, via *branch) {
		if a.via != nil && via != nil {
			via = entangled
		} else if via == nil {
			via = a.via
		}
		in.add(applied{a.child(sub, step), via}, kind, decided, above)
	}
	if s.Ref != nil {
		follow(s.Ref, "$ref", nil)
	}
	for i, sub := range s.AllOf {
		follow(sub, fmt.Sprintf("allOf/%d", i), nil)
	}
	in.choose(choice{a, "anyOf", s.AnyOf}, kind, decided, follow)
	in.choose(choice{a, "oneOf", s.OneOf}, kind, decided, follow)
	in.condition(a, kind, decided, follow)
	if s.Not != nil {
		in.unsure("not")
	}
	if s.DynamicRef != nil {
		in.unsure("$dynamicRef")
	}
	if s.RecursiveRef != nil {
		in.unsure("$recursiveRef")
	}
	if len(s.Extensions) > 0 {
		in.unsure("an extension")
	}
}

// typesOf is what the keyword type lets through.
func typesOf(s *jsonschema.Schema) (k kinds) {
	if len(s.Types) == 0 {
		return anyKind
	}
	for _, t := range s.Types {
		switch t {
		case "null":
			k |= isNull
		case "boolean":
			k |= isTrue | isFalse
		case "integer":
			k |= isInteger
		case "number":
			k |= isNumber
		case "string":
			k |= isText
		case "array":
			k |= isArray
		case "object":
			k |= isObject
		}
	}
	return k
}

// literals are the values that enum and const of one schema allow, nil where it has neither.
func literals(s *jsonschema.Schema) (lists [][]any) {
	if len(s.Enum) > 0 {
		lists = append(lists, s.Enum)
	}
	if len(s.Constant) > 0 {
		lists = append(lists, s.Constant)
	}
	return lists
}

// containers sends arrays or objects to the library where enum or const list any, and refuses them where not.
func (in *inPlace) containers(s *jsonschema.Schema, kind kinds) {
	for _, list := range literals(s) {
		found := false
		for _, item := range list {
			found = found || kindOf(item) == kind
		}
		if found {
			in.unsure("enum")
		} else {
			in.accepts = 0
		}
	}
}

// settle notes the outcome for values of a kind in the plan.
func (v *plan) settle(in *inPlace, kind kinds) {
	if len(in.unfit) > 0 {
		in.accepts = 0
	}
	v.accepts |= in.accepts
	switch {
	case len(in.why) > 0 && in.accepts == 0:
		v.untold |= kind
	case len(in.why) > 0:
		v.library |= kind
		for _, w := range in.why {
			if !slices.Contains(v.why, w) {
				v.why = append(v.why, w)
			}
		}
	}
}

// stepName writes a name as a step of an evaluation path, as the library does.
func stepName(keyword, name string) string { return keyword + "/" + escapeLocation(name) }

// watchInside makes the scan look, after it has read the value, whether something inside broke that only the library
// can judge from here.
func (v *plan) watchInside(in *inPlace, inside ...*plan) {
	if !v.alone {
		return
	}
	for _, child := range inside {
		v.watched = v.watched || !child.alone
	}
	for _, a := range in.list {
		v.watched = v.watched || a.via != nil
	}
}
