package validate

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// objectRule is what the schemas of a value ask of objects.
type objectRule struct {
	hot   []hotSlot // what reading takes of each slot, a cache line each
	slots []slot
	named map[string]int // index into slots
	words int            // of a bit set with a bit for each slot

	// base is where the scan remembers which name followed which: at base the first, at base+1+i the one after slot i.
	base int

	required   []uint64 // bit set of slots
	few, many  int      // numbers of names, -1 for no bound
	counts     bool     // few, many, dependents or triggers ask for something
	dependents []dependency
	triggers   []uint64 // slots whose presence sends the object to the library: dependentSchemas

	patterns []patternPlan // of names without a slot
	other    *plan         // of names without a slot that no pattern matches
	closed   []*asked      // schemas that allow no name without a slot; see also slot.closed
	sealed   bool          // names without a slot send the object to the library: propertyNames, unevaluatedProperties
	together bool          // the names cannot be judged apart from the rest: something above looks at what they evaluate
	steps    int           // see scan.affords; 0 for few checks
	program  int           // instructions of all expressions that a name without a slot is matched with
	library  bool          // every object goes to the library
	refuses  bool          // no object fits
	unfit    []*branch     // choices that offer nothing for the constant that decides them

	decider *decider

	// For people: the keywords that library comes from, and those for which sealed sends objects that may be valid.
	why, sealedBy []string
}

// slot is a name that the schemas or the columns know.
type slot struct {
	name string
	step string // of a JSON pointer

	requiredBy []*asked
	closed     []*asked // schemas that do not allow the name
	sealed     bool     // the name sends the object to the library
	guest      bool     // only branches know the name that are no part of this rule
}

// hotSlot is how a name is found, and the plan of its value.
type hotSlot struct {
	key
	value *plan
	wary  bool // the name is closed or sealed
}

// asked is a schema that the library can be asked about the names of an object, and nothing else.
type asked struct {
	applied
	only    *jsonschema.Schema          // the schema without its other keywords
	name    string                      // that is required
	refused *jsonschema.ValidationError // of a required name: what the library said of an object without it
}

// requiring is a schema cut down to one required name.
func requiring(s *jsonschema.Schema, name string) *jsonschema.Schema {
	only := emptySchema(s)
	only.Required = []string{name}
	return only
}

// newDemand asks the library about an object without a required name. Whether it may be without does not depend on
// what else it holds.
func newDemand(a applied, name string) *asked {
	only := requiring(a.schema, name)
	refused, _ := libraryAnswer(only, map[string]any{})
	return &asked{a, only, name, refused}
}

// closing is a schema cut down to the names it allows.
func closing(s *jsonschema.Schema) *jsonschema.Schema {
	yes := true
	anything := &jsonschema.Schema{Always: &yes}
	only := emptySchema(s)
	only.AdditionalProperties = false
	only.Properties = make(map[string]*jsonschema.Schema, len(s.Properties))
	for name := range s.Properties {
		only.Properties[name] = anything
	}
	only.PatternProperties = make(map[*regexp.Regexp]*jsonschema.Schema, len(s.PatternProperties))
	for re := range s.PatternProperties {
		only.PatternProperties[re] = anything
	}
	return only
}

// emptySchema asks nothing, in the place of s.
func emptySchema(s *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{
		Location: s.Location, Draft: s.Draft, MinProperties: -1, MaxProperties: -1, MinItems: -1, MaxItems: -1,
		MinContains: 1, MaxContains: -1, MinLength: -1, MaxLength: -1,
	}
}

// dependency is a slot whose presence requires others.
type dependency struct {
	slot     int
	required []uint64
}

// patternPlan is the plan of names that one pattern matches and no other.
type patternPlan struct {
	re    *regexp.Regexp
	value *plan
}

// decider chooses a rule by the value of one property.
type decider struct {
	name  string
	key   key
	cases []decidedCase
	other *objectRule
	why   []string // for people: the keywords it decides

	// Without the property no branch of any choice fits.
	demanded bool
}

type decidedCase struct {
	constant any // string, bool or nil; int64 for a number
	quoted   key // of a string
	rule     *objectRule
}

// object plans objects.
func (p *planner) object(v *plan, at *columnTree) {
	in := p.expand(v, isObject, nil)
	if len(in.choices) > 0 {
		p.decide(v, in, at)
		return
	}
	r := p.rule(v, in, at)
	v.settle(in, isObject)
	if len(r.slots) > 0 || r.few != -1 || r.many != -1 || r.other != anyValue || len(r.patterns) > 0 || len(r.closed) > 0 || r.sealed {
		v.objects = r
	}
}

// decide plans objects whose branches depend on a constant property: one rule for each constant, and one for the rest.
func (p *planner) decide(v *plan, in *inPlace, at *columnTree) {
	name, constants, ok := decidingName(in.choices)
	var other *decision
	for more := true; more; more = len(other.unknown) > 0 { // choices inside the branches may name further constants
		if ok = ok && len(constants) <= maxVariants; !ok {
			break
		}
		other = &decision{name: name, other: true, known: constants}
		p.expand(v, isObject, other)
		constants = append(constants, other.unknown...)
	}
	if !ok {
		for _, c := range in.choices {
			in.unsure(c.keyword)
		}
		v.objects = p.rule(v, in, at)
		v.settle(in, isObject)
		return
	}
	d := &decider{name: name, key: newKey(name)}
	for _, c := range in.choices {
		d.why = append(d.why, c.keyword)
	}
	ruleOf := func(decided *decision) *objectRule {
		in := p.expand(v, isObject, decided)
		r := p.rule(v, in, at)
		r.library, r.refuses, r.unfit, r.why = len(in.why) > 0, in.accepts == 0, in.unfit, in.why
		for _, b := range r.unfit {
			b.constants = b.among(name)
		}
		return r
	}
	for _, c := range constants {
		r := ruleOf(&decision{name: name, constant: c})
		d.cases = append(d.cases, decidedCase{literalOf(c), quotedOf(c), r})
	}
	d.other = ruleOf(other)
	d.demanded = !slices.ContainsFunc(d.other.unfit, func(b *branch) bool { return !b.demands(name) })
	for _, c := range in.choices { // an if is none of them, and takes a missing name for any constant
		d.demanded = d.demanded && slices.ContainsFunc(d.other.unfit, func(b *branch) bool {
			return b.keyword == c.keyword && b.trail == c.trail
		})
	}
	v.objects = &objectRule{decider: d}
	v.accepts |= isObject
	v.watched = v.watched || v.alone
}

// rule compiles what applies to objects.
func (p *planner) rule(v *plan, in *inPlace, at *columnTree) *objectRule {
	r := &objectRule{few: -1, many: -1, named: map[string]int{}}
	add := func(name string, guest bool) {
		r.named[name] = len(r.slots)
		r.slots = append(r.slots, slot{name: name, step: "/" + escapeToken(name), guest: guest})
		r.hot = append(r.hot, hotSlot{key: newKey(name)})
	}
	names := namesOf(in, at)
	for _, name := range names {
		add(name, false)
	}
	for _, name := range guestsOf(in, names) {
		add(name, true)
	}
	r.base = p.rules
	p.rules += len(r.slots) + 1
	r.words = (len(r.slots) + 63) / 64
	r.required, r.triggers = make([]uint64, r.words), make([]uint64, r.words)
	for _, a := range in.list {
		r.keywords(in, a)
	}
	r.together = in.watching
	r.counts = r.few > 0 || r.many != -1 || len(r.dependents) > 0 || slices.ContainsFunc(r.triggers, func(w uint64) bool { return w != 0 })
	r.steps = stepsOfChecks(2*r.words + 2*len(r.dependents))
	var inside []*plan
	for i := range r.slots {
		s := &r.slots[i]
		var below *columnTree
		if at != nil {
			below = at.children[s.name]
		}
		h := &r.hot[i]
		h.value = p.value(in.property(s.name), below, v.property(s.name), v.alone)
		h.wary = len(s.closed) > 0 || s.sealed
		inside = append(inside, h.value)
	}
	r.unnamed(p, v, in)
	for i := range r.patterns {
		inside = append(inside, r.patterns[i].value)
	}
	v.watchInside(in, append(inside, r.other)...)
	return r
}

// namesOf lists the names that the schemas and the columns know.
func namesOf(in *inPlace, at *columnTree) []string {
	names := map[string]bool{}
	add := func(list ...string) {
		for _, name := range list {
			names[name] = true
		}
	}
	for _, a := range in.list {
		s := a.schema
		add(slices.Collect(maps.Keys(s.Properties))...)
		add(s.Required...)
		for name, list := range s.DependentRequired {
			add(name)
			add(list...)
		}
		for name, required := range s.Dependencies {
			add(name)
			list, _ := required.([]string)
			add(list...)
		}
		add(slices.Collect(maps.Keys(s.DependentSchemas))...)
	}
	if at != nil {
		add(slices.Collect(maps.Keys(at.children))...)
	}
	return slices.Sorted(maps.Keys(names))
}

// guestsOf lists the names that only branches know which are no part of the rule. An object that has lost its choice is full of them,
// and a name is read faster where it has a slot.
func guestsOf(in *inPlace, names []string) []string {
	guests := map[string]bool{}
	for _, a := range in.list {
		for _, branch := range slices.Concat(a.schema.OneOf, a.schema.AnyOf) {
			if branch.Ref != nil {
				branch = branch.Ref
			}
			for name := range branch.Properties {
				if _, known := slices.BinarySearch(names, name); !known {
					guests[name] = true
				}
			}
		}
	}
	if len(names)+len(guests) > 64 { // beyond a word of bits they would cost the others time
		return nil
	}
	return slices.Sorted(maps.Keys(guests))
}

// keywords notes what one schema asks of the names of an object.
func (r *objectRule) keywords(in *inPlace, a applied) {
	s := a.schema
	if s.MinProperties != -1 {
		r.few = max(r.few, s.MinProperties)
	}
	if s.MaxProperties != -1 {
		if r.many = shorter(r.many, s.MaxProperties); s.MaxProperties < 0 {
			in.unsure("maxProperties")
		}
	}
	for _, name := range slices.Compact(slices.Sorted(slices.Values(s.Required))) {
		i := r.named[name]
		r.required[i/64] |= 1 << (i % 64)
		r.slots[i].requiredBy = append(r.slots[i].requiredBy, newDemand(a, name))
	}
	for name, list := range s.DependentRequired {
		r.depends(name, list)
	}
	for name, required := range s.Dependencies {
		if list, ok := required.([]string); ok {
			r.depends(name, list)
		} else {
			r.trigger(name)
		}
	}
	for name := range s.DependentSchemas {
		r.trigger(name)
	}
	for i := range r.slots {
		sl := &r.slots[i]
		if allowed, ok := s.AdditionalProperties.(bool); ok && !allowed && !declares(s, sl.name) {
			sl.closed = append(sl.closed, &asked{applied: a, only: closing(s)})
		}
		if s.PropertyNames != nil {
			refused, usable := libraryAnswer(s.PropertyNames, sl.name)
			sl.sealed = sl.sealed || refused != nil || !usable
		}
	}
	if s.PropertyNames != nil {
		r.sealed = true
		r.sealedBy = append(r.sealedBy, "propertyNames")
	}
	if s.UnevaluatedProperties != nil {
		in.watching = true
		r.unevaluated(in, a)
	}
	if s.RegexProperties {
		in.unsure("regexProperties")
	}
	in.containers(s, isObject)
}

// declares says whether a schema has something to say on a name before additionalProperties is asked.
func declares(s *jsonschema.Schema, name string) bool {
	return s.Properties[name] != nil || matchesPattern(s, name)
}

func (r *objectRule) depends(name string, list []string) {
	d := dependency{slot: r.named[name], required: make([]uint64, r.words)}
	for _, required := range list {
		i := r.named[required]
		d.required[i/64] |= 1 << (i % 64)
	}
	r.dependents = append(r.dependents, d)
}

func (r *objectRule) trigger(name string) {
	i := r.named[name]
	r.triggers[i/64] |= 1 << (i % 64)
}

// unevaluated notes the names that nothing below the schema evaluates in place: they go to the library. What an if
// evaluates is not counted, which errs on the side of the library.
func (r *objectRule) unevaluated(in *inPlace, a applied) {
	var below []*jsonschema.Schema
	for _, other := range in.list {
		if strings.HasPrefix(other.trail+"/", a.trail+"/") {
			below = append(below, other.schema)
		}
	}
	if slices.ContainsFunc(below, func(s *jsonschema.Schema) bool { return s.AdditionalProperties != nil }) {
		return
	}
	r.sealed = true
	always := a.schema.UnevaluatedProperties.Always
	unseen := func(s *jsonschema.Schema) bool { return s.If != nil || len(s.PatternProperties) > 0 }
	if always == nil || *always || slices.ContainsFunc(below, unseen) {
		r.sealedBy = append(r.sealedBy, "unevaluatedProperties")
	}
	for i := range r.slots {
		sl := &r.slots[i]
		if !slices.ContainsFunc(below, func(s *jsonschema.Schema) bool { return declares(s, sl.name) }) {
			sl.sealed = true
		}
	}
}

// property is what applies to the value of a name.
func (in *inPlace) property(name string) (list []applied) {
	for _, a := range in.list {
		s := a.schema
		add := func(sub *jsonschema.Schema, step string) {
			list = append(list, in.below(a, sub, step))
		}
		if sub := s.Properties[name]; sub != nil {
			add(sub, stepName("properties", name))
		}
		for re, sub := range s.PatternProperties {
			if re.MatchString(name) {
				add(sub, stepName("patternProperties", re.String()))
			}
		}
		if more, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && !declares(s, name) {
			add(more, "additionalProperties")
		}
	}
	return list
}

// unnamed plans the values of names without a slot.
func (r *objectRule) unnamed(p *planner, v *plan, in *inPlace) {
	where := v.any()
	var other []applied
	patterns := map[string]*regexp.Regexp{}
	for _, a := range in.list {
		s := a.schema
		for re := range s.PatternProperties {
			patterns[re.String()] = re
		}
		switch more := s.AdditionalProperties.(type) {
		case bool:
			if !more {
				r.closed = append(r.closed, &asked{applied: a, only: closing(s)})
			}
		case *jsonschema.Schema:
			other = append(other, in.below(a, more, "additionalProperties"))
		}
	}
	r.other = p.value(other, nil, where, v.alone)
	for _, text := range slices.Sorted(maps.Keys(patterns)) {
		var list []applied
		for _, a := range in.list {
			s, matched := a.schema, false
			for re, sub := range s.PatternProperties {
				if re.String() == text {
					list = append(list, in.below(a, sub, stepName("patternProperties", text)))
					matched = true
				}
			}
			if more, ok := s.AdditionalProperties.(*jsonschema.Schema); ok && !matched {
				list = append(list, in.below(a, more, "additionalProperties"))
			}
		}
		r.patterns = append(r.patterns, patternPlan{patterns[text], p.value(list, nil, where, v.alone)})
		r.program += 2 * programSize(patterns[text]) // once more where names are closed
	}
}
