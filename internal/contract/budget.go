package contract

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

const (
	// maxVisits bounds how many schemas may be applied to one value of a record. References that fan out over
	// allOf reach it in a few lines of schema: 24 levels of two are 16 million.
	maxVisits = 4096
	// maxCostWork bounds the search for the worst value itself.
	maxCostWork = 4_000_000
)

// budget refuses a contract whose schema can cost too much on some record.
func (b *builder) budget(s *jsonschema.Schema, attached *node) {
	at := attached
	if at == nil {
		at = b.doc
	}
	if why := costFault(s); why != "" {
		b.on(at, costRemedy, "%s", why)
	}
}

const costRemedy = "merge the branches of allOf, anyOf and oneOf, or let fewer of them refer to the same definition"

// costFault says why checking a record against s is not bounded well enough, "" when it is.
func costFault(s *jsonschema.Schema) string {
	c := &cost{ids: map[*jsonschema.Schema]int{}, seen: map[string]bool{}}
	visits, ok := c.worst(s)
	switch {
	case !ok:
		return "the schema is too entangled to tell what checking a record costs"
	case visits > maxVisits:
		return fmt.Sprintf("one value of a record could be checked against more than %d schemas: the schema's references fan out", maxVisits)
	}
	return ""
}

// applied counts how often each schema is applied to one value.
type applied map[*jsonschema.Schema]float64

func (a applied) add(s *jsonschema.Schema, n float64) {
	if s != nil {
		a[s] += n
	}
}

// cost walks from the record's root to every kind of value that the schema tells apart. A set of schemas met before
// is not followed again, so recursive schemas end; one that multiplies with each level ends at the budget.
type cost struct {
	ids  map[*jsonschema.Schema]int
	seen map[string]bool
	work int
}

func (c *cost) worst(root *jsonschema.Schema) (visits float64, ok bool) {
	level := []applied{{root: 1}}
	for len(level) > 0 {
		var next []applied
		for _, roots := range level {
			if key := c.key(roots); c.seen[key] {
				continue
			} else {
				c.seen[key] = true
			}
			all := c.inPlace(roots)
			sum := 0.0
			for _, n := range all {
				sum += n
			}
			if visits = max(visits, sum); visits > maxVisits {
				return visits, true
			}
			next = append(next, c.members(all)...)
			next = append(next, c.items(all)...)
			if c.work > maxCostWork {
				return visits, false
			}
		}
		level = next
	}
	return visits, true
}

// key identifies a set of schemas with its counts.
func (c *cost) key(a applied) string {
	parts := make([]string, 0, len(a))
	for s, n := range a {
		id, ok := c.ids[s]
		if !ok {
			id = len(c.ids)
			c.ids[s] = id
		}
		parts = append(parts, fmt.Sprintf("%d*%g", id, n))
	}
	slices.Sort(parts)
	c.work += len(parts)
	return strings.Join(parts, " ")
}

// inPlace adds the schemas that those of roots apply to the same value. A schema that applies itself to the same
// value costs +Inf: the library would not come back.
func (c *cost) inPlace(roots applied) applied {
	var order []*jsonschema.Schema
	state := map[*jsonschema.Schema]int{} // 1 open, 2 done
	loop := false
	var visit func(*jsonschema.Schema)
	visit = func(s *jsonschema.Schema) {
		switch c.work++; state[s] {
		case 1:
			loop = true
			return
		case 2:
			return
		}
		state[s] = 1
		for _, sub := range sameValue(s) {
			visit(sub)
		}
		state[s] = 2
		order = append(order, s)
	}
	for s := range roots {
		visit(s)
	}
	all := applied{}
	for s, n := range roots {
		all[s] = n
	}
	for _, s := range slices.Backward(order) {
		for _, sub := range sameValue(s) {
			all[sub] += all[s]
		}
		if loop {
			all[s] = math.Inf(1)
		}
	}
	return all
}

// sameValue lists the schemas that s applies to the value it is applied to.
func sameValue(s *jsonschema.Schema) []*jsonschema.Schema {
	list := []*jsonschema.Schema{s.Ref, s.RecursiveRef, s.DynamicRef, s.Not, s.If, s.Then, s.Else}
	list = append(list, s.AllOf...)
	list = append(list, s.AnyOf...)
	list = append(list, s.OneOf...)
	for _, sub := range s.DependentSchemas {
		list = append(list, sub)
	}
	for _, d := range s.Dependencies {
		if sub, ok := d.(*jsonschema.Schema); ok {
			list = append(list, sub)
		}
	}
	return slices.DeleteFunc(list, func(s *jsonschema.Schema) bool { return s == nil })
}

// members returns what is applied to each declared name of an object, to any other name's value, and to the names.
func (c *cost) members(all applied) []applied {
	byName := map[string]applied{}
	other, names := applied{}, applied{}
	var open []*jsonschema.Schema // those that say something about names they do not list
	for s, n := range all {
		for name, sub := range s.Properties {
			if byName[name] == nil {
				byName[name] = applied{}
			}
			byName[name].add(sub, n)
			c.work++
		}
		names.add(s.PropertyNames, n)
		extra, _ := s.AdditionalProperties.(*jsonschema.Schema)
		other.add(extra, n)
		other.add(s.UnevaluatedProperties, n)
		for _, sub := range s.PatternProperties {
			other.add(sub, n)
		}
		if extra != nil || s.UnevaluatedProperties != nil || len(s.PatternProperties) > 0 {
			open = append(open, s)
		}
	}
	list := []applied{other, names}
	for name, a := range byName {
		for _, s := range open {
			c.unlisted(a, s, name, all[s])
		}
		list = append(list, a)
	}
	return slices.DeleteFunc(list, func(a applied) bool { return len(a) == 0 })
}

// unlisted adds what s applies to a name by pattern or as the rest.
func (c *cost) unlisted(a applied, s *jsonschema.Schema, name string, n float64) {
	_, listed := s.Properties[name]
	for re, sub := range s.PatternProperties {
		if c.work++; re.MatchString(name) {
			a.add(sub, n)
			listed = true
		}
	}
	if extra, _ := s.AdditionalProperties.(*jsonschema.Schema); !listed {
		a.add(extra, n)
	}
	a.add(s.UnevaluatedProperties, n)
}

// items returns what is applied to each place of a list that some schema lists, and to the places after those.
func (c *cost) items(all applied) []applied {
	places := 0
	for s := range all {
		listed, _ := s.Items.([]*jsonschema.Schema)
		places = max(places, len(s.PrefixItems), len(listed))
	}
	list := make([]applied, places+1)
	for i := range list {
		list[i] = applied{}
		for s, n := range all {
			c.work++
			list[i].add(s.Contains, n)
			list[i].add(s.UnevaluatedItems, n)
			c.place(list[i], s, i, n)
		}
	}
	return slices.DeleteFunc(list, func(a applied) bool { return len(a) == 0 })
}

func (c *cost) place(a applied, s *jsonschema.Schema, i int, n float64) {
	if i < len(s.PrefixItems) {
		a.add(s.PrefixItems[i], n)
	} else {
		a.add(s.Items2020, n)
	}
	switch items := s.Items.(type) {
	case *jsonschema.Schema:
		a.add(items, n)
	case []*jsonschema.Schema:
		if extra, _ := s.AdditionalItems.(*jsonschema.Schema); i < len(items) {
			a.add(items[i], n)
		} else {
			a.add(extra, n)
		}
	}
}
