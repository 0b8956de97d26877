package validate

import (
	"slices"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// cyclic finds the schemas that lead back to themselves (R. Tarjan, Depth-first search and linear graph algorithms,
// 1972). Only those can make a plan without end.
func (index schemaIndex) cyclic() map[*jsonschema.Schema]bool {
	t := tarjan{order: map[*jsonschema.Schema]int{}, low: map[*jsonschema.Schema]int{}, on: map[*jsonschema.Schema]bool{},
		found: map[*jsonschema.Schema]bool{}}
	for _, s := range index {
		if t.order[s] == 0 {
			t.visit(s)
		}
	}
	return t.found
}

type tarjan struct {
	order, low map[*jsonschema.Schema]int // order counts from 1
	stack      []*jsonschema.Schema
	on         map[*jsonschema.Schema]bool // the stack
	found      map[*jsonschema.Schema]bool
}

func (t *tarjan) visit(s *jsonschema.Schema) {
	t.order[s] = len(t.order) + 1
	t.low[s] = t.order[s]
	t.stack, t.on[s] = append(t.stack, s), true
	itself := false
	for _, sub := range subschemas(s) {
		itself = itself || sub == s
		if t.order[sub] == 0 {
			t.visit(sub)
			t.low[s] = min(t.low[s], t.low[sub])
		} else if t.on[sub] {
			t.low[s] = min(t.low[s], t.order[sub])
		}
	}
	if t.low[s] != t.order[s] {
		return
	}
	from := slices.Index(t.stack, s)
	for _, member := range t.stack[from:] {
		t.on[member] = false
		t.found[member] = itself || len(t.stack)-from > 1
	}
	t.stack = t.stack[:from]
}

// enter marks the schemas of a value that lead back to themselves, until leave. ok is false where one is marked already:
// a value inside the other would be planned like it, and so on.
func (p *planner) enter(schemas []applied) (marked []*jsonschema.Schema, ok bool) {
	seen := map[*jsonschema.Schema]bool{}
	ok = true
	var visit func(s *jsonschema.Schema)
	visit = func(s *jsonschema.Schema) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		if p.cyclic[s] {
			ok = ok && !p.open[s]
			marked = append(marked, s)
		}
		for _, sub := range onSameValue(s) {
			visit(sub)
		}
	}
	for _, a := range schemas {
		visit(a.schema)
	}
	if !ok {
		return nil, false
	}
	for _, s := range marked {
		p.open[s] = true
	}
	return marked, true
}

func (p *planner) leave(marked []*jsonschema.Schema) {
	for _, s := range marked {
		delete(p.open, s)
	}
}
