package validate

import (
	"encoding/json"
	"slices"
)

// layer makes another schema about an object or a scalar that is described elsewhere already.
func (g *generator) layer(kind string, depth int) any {
	s := spec{}
	if g.chance(30) {
		s["type"] = kind
	}
	if kind == "object" {
		g.object(s, depth)
	}
	return s
}

// combine adds one applicator of the same value.
func (g *generator) combine(s spec, w wish, depth int, below bool) {
	switch n := g.IntN(100); {
	case n < 25:
		var layers []any
		for range g.between(1, 3) {
			layers = append(layers, g.part(w, depth, below))
		}
		s["allOf"] = layers
		if w.kind == "object" && g.chance(40) {
			g.close(s)
		}
	case n < 37:
		delete(s, "type")
		s[g.choice()] = g.byType(w, depth, below)
	case n < 55 && w.kind == "object":
		s[g.choice()] = g.byConstant(s, depth, below)
	case n < 65:
		var parts []any
		for range g.between(1, 3) {
			parts = append(parts, g.part(w, depth, below))
		}
		s[g.choice()] = parts
	case n < 85 && w.kind == "object":
		g.conditions(s, depth, below)
	case n < 90:
		s["if"], s["then"] = g.part(w, 0, below), g.part(w, depth, below)
		if g.chance(50) {
			s["else"] = g.part(w, depth, below)
		}
	default:
		s["not"] = g.negated(w, depth, below)
	}
}

func (g *generator) choice() string { return pick(g.dice, []string{"anyOf", "oneOf"}) }

// part makes a schema that mostly lets the wished value through and says a little about it.
func (g *generator) part(w wish, depth int, below bool) any {
	if g.chance(75) && w.kind != "array" {
		return g.schemaOf(w, min(depth, 1), below)
	}
	return g.schema(w, min(depth, 1), below)
}

func (g *generator) schemaOf(w wish, depth int, below bool) any {
	s := spec{}
	switch w.kind {
	case "integer", "number":
		g.number(s, w)
	case "string":
		g.text(s, w)
	case "object":
		g.object(s, depth)
	}
	if depth > 0 && g.chance(10) {
		g.combine(s, w, depth-1, below)
	}
	return s
}

// close makes a layer's or the whole schema's names the only ones, beside layers that are open.
func (g *generator) close(s spec) {
	closed := s
	if one, ok := pick(g.dice, s["allOf"].([]any)).(spec); ok && g.chance(60) {
		closed = one
	}
	if g.draft >= 2019 && g.chance(60) {
		closed["unevaluatedProperties"] = false
	} else {
		closed["additionalProperties"] = false
	}
}

// byType are alternatives that the type of the value decides between; integer and number overlap.
func (g *generator) byType(w wish, depth int, below bool) []any {
	branches := []any{}
	for _, kind := range some(g.dice, jsonTypes, g.between(1, 3)) {
		if kind == w.kind {
			continue
		}
		b := spec{"type": kind}
		switch kind {
		case "integer", "number":
			g.number(b, g.newWish(kind))
		case "string":
			g.text(b, g.newWish(kind))
		case "array":
			b["maxItems"] = 3
		case "object":
			g.object(b, min(depth, 1))
		}
		branches = append(branches, b)
	}
	own := spec{"type": w.kind}
	if w.kind == "object" {
		g.object(own, min(depth, 1))
	} else if g.chance(50) {
		own["$ref"] = ""
		if ref, ok := g.reference(w.kind, below); ok {
			own["$ref"] = ref
		} else {
			delete(own, "$ref")
		}
	}
	return slices.Insert(branches, g.IntN(len(branches)+1), any(own))
}

// tags are the constants a discriminator tells branches apart by; alike ones of different types among them.
func (g *generator) tags(name string) []any {
	if known := g.byName[name]; known != nil {
		return known
	}
	lists := [][]any{
		{"a", "b", "c", "ab"}, {"created", "deleted", "é", `q"`}, {json.Number("1"), json.Number("2"), json.Number("3.0"), json.Number("-0")},
		{true, false}, {"a", nil, json.Number("1")}, {true, "true", json.Number("1"), "1"}, {json.Number("1"), json.Number("1.5"), "1.5", false},
	}
	g.byName[name] = pick(g.dice, lists)
	return g.byName[name]
}

// byConstant are alternatives that a property decides between. It may be required in all, in some or nowhere.
func (g *generator) byConstant(s spec, depth int, below bool) []any {
	name := pick(g.dice, discriminators)
	tags := some(g.dice, g.tags(name), 4)
	wanted := pick(g.dice, []int{100, 100, 50, 0})
	enum := g.chance(25)
	var branches []any
	for len(tags) > 0 {
		b := spec{}
		g.object(b, min(depth, 1))
		n := 1
		if enum {
			n = min(len(tags), g.between(1, 2))
		}
		g.tell(b, name, tags[:n], enum, g.chance(wanted))
		tags = tags[n:]
		if ref, ok := g.reference("object", below); ok && g.chance(15) {
			b["$ref"] = ref
		}
		branches = append(branches, b)
		if g.chance(25) {
			break
		}
	}
	if g.chance(30) { // what the whole says about the discriminator, too
		declare(s, name, spec{"enum": distinct(slices.Clone(g.tags(name)))})
	}
	if g.chance(15) { // and a branch nothing decides
		branches = append(branches, g.layer("object", 0))
	}
	if s["additionalProperties"] == false {
		declare(s, name, true)
	}
	return branches
}

func declare(s spec, name string, schema any) {
	properties, ok := s["properties"].(spec)
	if !ok {
		properties = spec{}
		s["properties"] = properties
	}
	properties[name] = schema
}

// tell makes a schema one about objects whose property has one of the tags.
func (g *generator) tell(s spec, name string, tags []any, enum, wanted bool) {
	is := spec{"const": tags[0]}
	if enum {
		is = spec{"enum": distinct(slices.Clone(tags))}
	}
	declare(s, name, is)
	if required, _ := s["required"].([]any); wanted && !slices.Contains(required, any(name)) {
		s["required"] = append(required, name)
	}
	delete(s, "propertyNames")
}

// conditions adds if, then and else on a property; several of them through allOf.
func (g *generator) conditions(s spec, depth int, below bool) {
	name := pick(g.dice, discriminators)
	condition := func() spec {
		if g.chance(30) {
			name = pick(g.dice, discriminators)
		}
		c, is := spec{}, spec{}
		tags := g.tags(name)
		g.tell(is, name, some(g.dice, tags, g.between(1, 2)), g.chance(25), g.chance(60))
		c["if"] = is
		if g.chance(90) {
			c["then"] = g.schemaOf(wish{kind: "object"}, min(depth, 1), below)
		}
		if g.chance(40) {
			c["else"] = g.schemaOf(wish{kind: "object"}, min(depth, 1), below)
		}
		return c
	}
	if g.chance(50) {
		for word, part := range condition() {
			s[word] = part
		}
	} else {
		var all []any
		for range g.between(1, 3) {
			all = append(all, condition())
		}
		s["allOf"] = all
	}
	if s["additionalProperties"] == false {
		declare(s, name, true)
	}
}

// negated is a schema that the wished value mostly does not meet.
func (g *generator) negated(w wish, depth int, below bool) any {
	other := pick(g.dice, jsonTypes)
	for other == w.kind {
		other = pick(g.dice, jsonTypes)
	}
	switch g.IntN(7) {
	case 0:
		return spec{"type": other}
	case 1:
		return spec{"const": g.constant(g.newWish(other))}
	case 2:
		return spec{"enum": distinct([]any{g.constant(w), g.constant(w)})}
	case 3:
		return spec{"required": []any{pick(g.dice, g.names)}}
	case 4:
		return spec{"not": g.part(w, min(depth, 1), below)}
	case 5:
		return false
	}
	return g.schema(g.newWish(other), min(depth, 1), below)
}

// rest is a schema for what no other keyword covers: mostly false.
func (g *generator) rest(depth int) any {
	if g.chance(65) {
		return false
	}
	return g.schema(g.newWish(""), min(depth, 1)-1, true)
}

func (g *generator) dependencies(s spec, depth int) {
	names := func() []any {
		list := []any{}
		for _, name := range some(g.dice, g.names, g.between(0, 2)) {
			list = append(list, name)
		}
		return list
	}
	if g.draft >= 2019 && g.chance(6) {
		s["dependentRequired"] = spec{pick(g.dice, g.names): names(), pick(g.dice, g.names): names()}
	}
	if g.draft >= 2019 && depth > 0 && g.chance(6) {
		s["dependentSchemas"] = spec{pick(g.dice, g.names): g.layer("object", depth-1)}
	}
	if g.chance(2) || g.draft == 7 && g.chance(12) {
		s["dependencies"] = spec{pick(g.dice, g.names): names()}
		if depth > 0 && g.chance(50) {
			s["dependencies"].(spec)[pick(g.dice, g.names)] = g.layer("object", depth-1)
		}
	}
}

// nameSchema judges names. It refers to no definition that values are judged by too: of one keyword broken twice by
// one place, once as a name and once as a value, the library's order decides which is told.
func (g *generator) nameSchema() any {
	var names []any
	for _, name := range g.names {
		names = append(names, name)
	}
	return pick(g.dice, []any{
		true, spec{"maxLength": 17}, spec{"minLength": 1}, spec{"pattern": "^[^%]*$"}, spec{"enum": names}, spec{"type": "string"},
		spec{"not": spec{"const": pick(g.dice, g.names)}}, spec{"format": "json-pointer"}, spec{"anyOf": []any{spec{"maxLength": 3}, spec{"pattern": "_"}}},
		spec{"const": pick(g.dice, g.names)}, spec{"allOf": []any{spec{"maxLength": 20}, spec{"pattern": ".?"}}}, false,
	})
}
