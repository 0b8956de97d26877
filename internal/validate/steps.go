package validate

import (
	"encoding/json"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// walker counts the steps that the library would take to judge a value, without judging it: it goes the library's way
// through schemas and values, and adds up what each visit is known to cost. Where telling whether a keyword holds is
// cheap it tells, elsewhere it assumes both, so that it never counts too little. It stops when the budget is used up.
type walker struct {
	*meter
	costs   *costs
	scope   []scopeEntry
	deepest int
}

// scopeEntry is a schema on the way to the one visited. The library writes the whole way, step by step, into every
// error: the lengths of what it writes are kept here.
type scopeEntry struct {
	schema  *jsonschema.Schema
	left    bool // by `if`, for $dynamicRef
	anchors []*jsonschema.Schema
	length  int // of the way so far
	sum     int // of the lengths of all its beginnings
}

// outcome is what a visit can come to.
type outcome uint8

const (
	passes outcome = 1 << iota
	fails

	either = passes | fails
)

func outcomeOf(ok bool) outcome {
	if ok {
		return passes
	}
	return fails
}

// Steps of a visit, measured: see BenchmarkSteps.
const (
	visitSteps  = 42  // a schema applied to a value
	childSteps  = 8   // going down to a member or an item
	errorSteps  = 60  // an error, besides the way it quotes
	errorBytes  = 400 // with its place in the error above it
	memberSteps = 5   // each member of a container, applying one more schema to it in place
	frameSteps  = 300 // the stack of one more schema inside the others
)

// count adds up what s costs on doc, a part of a record. It says whether the library may look.
func (v *Validator) count(m *meter, s *jsonschema.Schema, doc any) bool {
	w := walker{meter: m, costs: v.costs, scope: m.scope}
	w.visit(s, doc, 0, 0, 0)
	m.scope = w.scope
	if m.over() {
		return false
	}
	m.reserve(int64(m.used) * bytesPerStep)
	return true
}

// visit counts s applied to v. step is the length of the step from the schema above, at that of the value's location,
// inPlace the number of schemas above that apply to the same value.
func (w *walker) visit(s *jsonschema.Schema, v any, step, at, inPlace int) outcome {
	depth := len(w.scope)
	if w.over() {
		return either
	}
	for i := depth - inPlace; i < depth; i++ {
		if w.scope[i].schema == s {
			return either // a loop: the library gives up
		}
	}
	w.enter(s, step, inPlace)
	x := visit{walker: w, s: s, v: v, at: at, inPlace: inPlace + 1}
	x.judge()
	w.scope = w.scope[:depth]
	switch {
	case x.certain > 0:
		return fails
	case x.errors > 0:
		return either
	}
	return passes
}

func (w *walker) enter(s *jsonschema.Schema, step, inPlace int) {
	e := scopeEntry{schema: s, length: 1 + step}
	if len(w.costs.anchors) > 0 {
		e.anchors = w.costs.anchors[s]
	}
	depth := len(w.scope)
	if depth > 0 {
		e.length += w.scope[depth-1].length
		e.sum = w.scope[depth-1].sum
	}
	e.sum += e.length
	w.scope = append(w.scope, e)
	w.take(visitSteps + inPlace/4 + step/bytesPerStep + scopeGrowth(depth+1))
	if depth > w.deepest {
		w.deepest = depth
		w.take(frameSteps)
	}
}

// visit is one schema applied to one value.
type visit struct {
	*walker
	s               *jsonschema.Schema
	v               any
	at, inPlace     int
	members         int // of a container
	errors, certain int // what the visit can return, and must
}

func (x *visit) judge() {
	s := x.s
	switch v := x.v.(type) {
	case map[string]any:
		x.members = len(v)
		x.take(namesSteps(len(v)))
	case []any:
		x.members = len(v)
		x.take(itemsSteps(len(v)))
	}
	if s.Always != nil {
		if !*s.Always {
			x.fail(0, 0, fails)
		}
		return
	}
	if !x.types() {
		return
	}
	x.literals()
	switch v := x.v.(type) {
	case map[string]any:
		x.object(v)
	case []any:
		x.array(v)
	case string:
		x.text(v)
	case json.Number:
		x.number(string(v))
	}
	x.references()
	x.combinations()
	x.condition()
	x.unevaluated()
	if x.errors > 1 {
		x.take(x.errorCost(0, 0))
	}
}

// fail counts the error of a keyword that o says can fail. path is the keyword's length, message that of what the error
// quotes.
func (x *visit) fail(path, message int, o outcome) {
	if o&fails == 0 {
		return
	}
	x.take(x.errorCost(path, message))
	x.add(o)
}

func (x *visit) errorCost(path, message int) int {
	top := x.scope[len(x.scope)-1]
	bytes := errorBytes + top.sum + top.length + len(x.s.Location) + 2*path + 4*message
	if text, ok := x.v.(string); ok {
		message += len(text) / 4 // its length is told
	}
	return max(bytes/bytesPerStep, errorSteps+4*len(x.scope)+message)
}

// add counts an error that needs no further one around it.
func (x *visit) add(o outcome) {
	if o&fails != 0 {
		x.errors++
	}
	if o == fails {
		x.certain++
	}
}

// child goes down to a member or an item, whose name in locations is so long.
func (x *visit) child(sub *jsonschema.Schema, step int, v any, name int) outcome {
	x.take(childSteps + (x.at+1+name)/bytesPerStep)
	return x.visit(sub, v, step, x.at+1+name, 0)
}

// apply applies one more schema to the same value.
func (x *visit) apply(sub *jsonschema.Schema, step int) outcome {
	o := x.visit(sub, x.v, step, x.at, x.inPlace)
	x.take(memberSteps * x.members)
	return o
}

// types counts the keyword type. Where it says false, the library looks at nothing else.
func (x *visit) types() bool {
	if len(x.s.Types) == 0 {
		return true
	}
	o, length := fails, 0
	kind := kindOf(x.v)
	for _, t := range x.s.Types {
		length += len(t) + 4
		if n, ok := x.v.(json.Number); t == "integer" && ok {
			x.take(ratSteps(string(n)))
			if _, ok := shortInteger(string(n)); ok {
				o = passes
			} else {
				o |= passes
			}
		} else if kind&typesOf(&jsonschema.Schema{Types: []string{t}}) != 0 {
			o = passes
		}
		if o == passes {
			return true
		}
	}
	x.fail(4, length, o)
	return o != fails
}

func (x *visit) references() {
	s := x.s
	if s.Ref != nil {
		x.fail(4, len(s.Ref.Location), x.apply(s.Ref, 4))
	}
	if s.RecursiveRef != nil {
		x.fail(13, len(s.RecursiveRef.Location), x.apply(x.recursive(), 13))
	}
	if s.DynamicRef != nil {
		sub := x.dynamic()
		x.fail(11, len(sub.Location), x.apply(sub, 11))
	}
}

// recursive is where a $recursiveRef leads, as the library decides it.
func (x *visit) recursive() *jsonschema.Schema {
	if x.s.RecursiveRef.RecursiveAnchor {
		x.take(len(x.scope) / 4)
		for _, e := range x.scope {
			if e.schema.RecursiveAnchor {
				return e.schema
			}
		}
	}
	return x.s.RecursiveRef
}

// dynamic is where a $dynamicRef leads, as the library decides it.
func (x *visit) dynamic() *jsonschema.Schema {
	found := x.s.DynamicRef
	if anchor := x.costs.anchor[x.s]; anchor == "" || found.DynamicAnchor != anchor {
		return found
	}
	x.take(len(x.scope) / 4)
	for i := len(x.scope) - 1; i >= 0 && !x.scope[i].left; i-- {
		x.take(len(x.scope[i].anchors))
		for _, a := range x.scope[i].anchors {
			if a.DynamicAnchor == x.s.DynamicRef.DynamicAnchor && a != x.s.DynamicRef {
				found = a
				break
			}
		}
	}
	return found
}

func (x *visit) combinations() {
	s := x.s
	if s.Not != nil {
		x.fail(3, 0, opposite(x.apply(s.Not, 3)))
	}
	for _, sub := range s.AllOf {
		x.fail(8, 0, x.apply(sub, 8))
	}
	if len(s.AnyOf) > 0 {
		x.fail(5, 0, x.anyOf())
	}
	if len(s.OneOf) > 0 {
		x.fail(5, 8, x.oneOf())
	}
}

func opposite(o outcome) outcome {
	if o == either {
		return either
	}
	return o ^ either
}

func (x *visit) anyOf() outcome {
	o := fails
	for _, sub := range x.s.AnyOf {
		switch branch := x.apply(sub, 8); {
		case branch == passes:
			o = passes
		case o != passes:
			o |= branch
		}
	}
	return o
}

func (x *visit) oneOf() outcome {
	sure, possible := 0, 0
	for _, sub := range x.s.OneOf {
		o := x.apply(sub, 8)
		if o&passes != 0 {
			possible++
		}
		if o == passes {
			sure++
		}
		if sure == 2 { // the library stops
			return fails
		}
	}
	switch {
	case possible == 0:
		return fails
	case sure == 1 && possible == 1:
		return passes
	}
	return either
}

func (x *visit) condition() {
	s := x.s
	if s.If == nil {
		return
	}
	o := x.apply(s.If, 2)
	top := len(x.scope) - 1
	x.scope[top].left = true
	if o&passes != 0 && s.Then != nil {
		then := x.apply(s.Then, 4)
		if o == either {
			then |= passes
		}
		x.fail(4, 0, then)
	}
	if o&fails != 0 && s.Else != nil {
		otherwise := x.apply(s.Else, 4)
		if o == either {
			otherwise |= passes
		}
		x.fail(4, 0, otherwise)
	}
	x.scope[top].left = false
}

// unevaluated counts what is left for unevaluatedProperties and unevaluatedItems: all that the schema's own keywords
// do not name. What the schemas it applies in place name is left to be counted too.
func (x *visit) unevaluated() {
	s := x.s
	switch v := x.v.(type) {
	case map[string]any:
		if s.UnevaluatedProperties == nil || s.AdditionalProperties != nil {
			return
		}
		for name, value := range v {
			if x.over() {
				return
			}
			if s.Properties[name] == nil {
				n := escapedLength(name)
				x.take(nameSteps(n))
				x.add(x.child(s.UnevaluatedProperties, 21, value, n) | passes)
			}
		}
	case []any:
		if s.UnevaluatedItems == nil || s.Items != nil {
			return
		}
		for i := len(s.PrefixItems); i < len(v) && s.Items2020 == nil && !x.over(); i++ {
			x.add(x.child(s.UnevaluatedItems, 16, v[i], 6) | passes)
		}
	}
}
