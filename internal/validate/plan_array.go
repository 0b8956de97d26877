package validate

import (
	"fmt"
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// arrayRule is what the schemas of a value ask of arrays.
type arrayRule struct {
	short, long int     // numbers of items, -1 for no bound
	unique      bool    // no two items may be equal
	places      []*plan // of the first items
	rest        *plan   // of all further items

	itemless []*jsonschema.Schema // the plan's schemas without what they ask of items; nil where that is not the rest of them
}

// array plans arrays.
func (p *planner) array(v *plan) {
	in := p.expand(v, isArray, nil)
	r := &arrayRule{short: -1, long: -1}
	places, plain := 0, true
	for _, a := range in.list {
		s := a.schema
		if s.MinItems != -1 {
			r.short, plain = max(r.short, s.MinItems), false
		}
		if s.MaxItems != -1 {
			r.atMost(in, "maxItems", s.MaxItems)
			plain = false
		}
		if s.UniqueItems {
			r.unique, plain = true, false
		}
		listed, _ := s.Items.([]*jsonschema.Schema)
		if closed, ok := s.AdditionalItems.(bool); ok && !closed && listed != nil {
			r.atMost(in, "additionalItems", len(listed))
			plain = false
		}
		if s.Contains != nil {
			in.unsure("contains")
		}
		if s.UnevaluatedItems != nil {
			in.unsure("unevaluatedItems")
			in.watching = true
		}
		in.containers(s, isArray)
		places = max(places, len(s.PrefixItems), len(listed))
	}
	v.settle(in, isArray)
	where := v.any()
	for i := range places {
		r.places = append(r.places, p.value(in.items(i), nil, where, v.alone))
	}
	if r.rest = p.value(in.items(places), nil, where, v.alone); !plain || places > 0 || r.rest != anyValue {
		v.arrays = r
	}
	v.watchInside(in, append(r.places, r.rest)...)
	for _, l := range v.schemas {
		r.itemless = append(r.itemless, withoutItems(l.schema))
	}
	if slices.Contains(r.itemless, nil) {
		r.itemless = nil
	}
}

// withoutItems is a schema cut down to what it asks of an array besides its items, nil where the two cannot be told apart.
// What the scan has no rule for sends every array to the library anyway.
func withoutItems(s *jsonschema.Schema) *jsonschema.Schema {
	_, listed := s.Items.([]*jsonschema.Schema)
	inPlace := slices.ContainsFunc(onSameValue(s), func(sub *jsonschema.Schema) bool { return sub != nil })
	if listed || inPlace {
		return nil
	}
	only := emptySchema(s)
	only.MinItems, only.MaxItems, only.UniqueItems = s.MinItems, s.MaxItems, s.UniqueItems
	return only
}

func (r *arrayRule) atMost(in *inPlace, keyword string, n int) {
	if r.long = shorter(r.long, n); n < 0 {
		in.unsure(keyword)
	}
}

// items is what applies to the item at a place.
func (in *inPlace) items(place int) (list []applied) {
	for _, a := range in.list {
		add := func(sub *jsonschema.Schema, step string) {
			if sub != nil {
				list = append(list, in.below(a, sub, step))
			}
		}
		s := a.schema
		if place < len(s.PrefixItems) {
			add(s.PrefixItems[place], fmt.Sprintf("prefixItems/%d", place))
		} else {
			add(s.Items2020, "items")
		}
		switch items := s.Items.(type) {
		case *jsonschema.Schema:
			add(items, "items")
		case []*jsonschema.Schema:
			if place < len(items) {
				add(items[place], fmt.Sprintf("items/%d", place))
			} else if more, ok := s.AdditionalItems.(*jsonschema.Schema); ok {
				add(more, "additionalItems")
			}
		}
	}
	return list
}
