package validate

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// FieldPlan says who decides about the values in one place of a record: the scan, or the library. It speaks of values
// that may be valid; what is wrong with an invalid one is the library's to say, once.
type FieldPlan struct {
	Path     string   `json:"path"`            // JSON pointer, "" for the record; a last step "*" stands for several
	Star     string   `json:"star,omitempty"`  // what a last step "*" stands for: items, or names in words
	Fast     bool     `json:"fast"`            // the scan decides about every valid value
	Why      []Reason `json:"why,omitempty"`   // otherwise: what goes to the library
	JudgedAt string   `json:"judged_at"`       // the path of the value the library gets: this one, or the one it has to be judged with
	Valid    string   `json:"valid,omitempty"` // "any" where nothing is asked of the value, "none" where it may not be there
	RE2      []string `json:"re2,omitempty"`   // expressions without a table: the scan decides, but more slowly
}

// Reason is what goes to the library, and the keywords that the scan has no rule for.
type Reason struct {
	Keywords []string `json:"keywords"`
	Values   string   `json:"values"`
}

// Values and names in words.
const (
	everyValue = "every value"
	starItems  = "items"
	starNames  = "other names"
)

// ExplainPlan lists the places of a record that the schema knows, each once: fields in the contract's order before
// others, which are sorted, and an object before what is in it.
func (v *Validator) ExplainPlan() []FieldPlan {
	e := explainer{at: map[[2]string]int{}}
	e.value(v.plan, e.place("", ""), v.fields, around{})
	return e.list
}

// explainer walks a plan. One place may have several plans, where a property decides about the rule of an object.
type explainer struct {
	list []FieldPlan
	at   map[[2]string]int // index into list, by path and star
}

// around is what lies around a value.
type around struct {
	alone int     // place of the nearest value outwards that the library judges by itself
	owner *plan   // of that one, where it is an object: a choice about it is lost by a part
	whole *Reason // why it always goes to the library, and then not what is inside
}

// place finds the entry of a place, or makes one.
func (e *explainer) place(path, star string) int {
	key := [2]string{path, star}
	i, ok := e.at[key]
	if !ok {
		i = len(e.list)
		e.at[key] = i
		e.list = append(e.list, FieldPlan{Path: path, Star: star, Fast: true, JudgedAt: path, Valid: "?"})
	}
	return i
}

// value adds one plan of the place i, and of all places inside.
func (e *explainer) value(p *plan, i int, fields *fieldTree, a around) {
	if p.alone && a.whole == nil {
		a.alone, a.owner = i, p
	}
	f := &e.list[i]
	reasons := p.reasons()
	apart := p.alone || p.via.proven && p.via.owner == a.owner && len(reasons) == 0
	if outer := e.list[a.alone].Path; (!apart || a.whole != nil) && len(outer) < len(f.JudgedAt) {
		f.JudgedAt = outer
	}
	valid := ""
	switch {
	case len(p.schemas) == 0 && a.whole == nil:
		valid = "any"
	case p.accepts == 0:
		valid = "none"
	}
	f.allow(valid)
	if p.texts != nil {
		for _, re := range p.texts.patterns {
			if re.table == nil {
				f.matchedByRE2(re.re.String())
			}
		}
	}
	if a.whole != nil {
		f.leave(*a.whole)
	}
	for _, r := range reasons {
		f.leave(r)
		if !p.alone && a.whole == nil {
			e.list[a.alone].leave(Reason{r.Keywords, "what holds " + displayPointer(f.Path)})
		}
	}
	e.objects(p, i, fields, a)
	e.items(p, i, a)
}

// allow notes which values are valid; plans that differ leave it open.
func (f *FieldPlan) allow(valid string) {
	if f.Valid == "?" {
		f.Valid = valid
	}
	if f.Valid != valid {
		f.Valid = ""
	}
}

// leave notes a reason, values of the same keywords together.
func (f *FieldPlan) leave(r Reason) {
	f.Fast, f.Valid = false, ""
	if !slices.ContainsFunc(f.Why, func(w Reason) bool { return w.Values == r.Values && slices.Equal(w.Keywords, r.Keywords) }) {
		f.Why = append(f.Why, r)
	}
}

func (f *FieldPlan) matchedByRE2(expression string) {
	if !slices.Contains(f.RE2, expression) {
		f.RE2 = append(f.RE2, expression)
	}
}

// within is what the values inside a value of a kind have around them; special says which objects always go to the
// library, nil that only the plan's own kinds do.
func (e *explainer) within(p *plan, kind kinds, a around, special *Reason) around {
	switch {
	case a.whole != nil:
	case p.library&kind != 0:
		a.whole = &Reason{p.keywords(), "all of " + nameOf(e.list[a.alone].Path)}
	case special != nil:
		a.whole = &Reason{special.Keywords, "all of " + nameOf(e.list[a.alone].Path) + ", of " + special.Values}
	}
	return a
}

// objects adds the names of objects, those of all rules together.
func (e *explainer) objects(p *plan, i int, fields *fieldTree, a around) {
	rules := p.rules()
	for _, name := range orderedNames(rules, fields) {
		var below *fieldTree
		if fields != nil {
			below = fields.children[name]
		}
		at := e.place(e.list[i].Path+"/"+escapeToken(name), "")
		for _, r := range rules {
			k, ok := r.named[name]
			if !ok || r.slots[k].guest {
				continue
			}
			e.value(r.hot[k].value, at, below, e.within(p, isObject, a, r.special()))
			if len(r.slots[k].closed) > 0 {
				e.list[at].Valid = "none"
			}
		}
	}
	for _, r := range rules {
		e.unnamed(r, e.list[i].Path+"/*", e.within(p, isObject, a, r.special()))
	}
}

// unnamed adds the names without a slot.
func (e *explainer) unnamed(r variant, path string, a around) {
	for _, p := range r.patterns {
		at := e.place(path, "names matching "+p.re.String())
		e.value(p.value, at, nil, a)
		e.list[at].matchedByRE2(p.re.String())
	}
	named := slices.ContainsFunc(r.slots, func(s slot) bool { return !s.guest })
	if !named && len(r.patterns)+len(r.closed)+len(r.other.schemas) == 0 {
		return
	}
	at := e.place(path, starNames)
	e.value(r.other, at, nil, a)
	if len(r.closed) > 0 {
		e.list[at].Valid = "none"
	}
}

// orderedNames lists the names of the rules' slots but for guests.
func orderedNames(rules []variant, fields *fieldTree) []string {
	names := map[string]bool{}
	for _, r := range rules {
		for _, s := range r.slots {
			if !s.guest {
				names[s.name] = true
			}
		}
	}
	order := func(name string) int {
		if fields != nil && fields.children[name] != nil {
			return fields.children[name].order
		}
		return math.MaxInt
	}
	return slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a, b))
	})
}

func (e *explainer) items(p *plan, i int, a around) {
	if p.arrays == nil {
		return
	}
	if a.owner == p {
		a.owner = nil
	}
	at := e.place(e.list[i].Path+"/*", starItems)
	for _, item := range append(slices.Clone(p.arrays.places), p.arrays.rest) {
		e.value(item, at, nil, e.within(p, isArray, a, nil))
	}
}
