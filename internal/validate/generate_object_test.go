package validate

import (
	"encoding/json"
	"slices"
	"strings"
)

// object is a JSON object as written: in order, names repeated if need be. A document is made of nil, bool, string,
// json.Number, []any and object.
type object []named

type named struct {
	name  string
	value any
}

func (o object) has(name string) bool {
	return slices.ContainsFunc(o, func(m named) bool { return m.name == name })
}

// toTree turns a constant of a schema into a document.
func toTree(v any) any {
	switch v := v.(type) {
	case map[string]any:
		o := object{}
		for _, name := range sorted(v) {
			o = append(o, named{name, toTree(v[name])})
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = toTree(v[i])
		}
		return list
	}
	return v
}

// canonical writes equal values, as JSON Schema sees them, in the same way.
func canonical(v any) string {
	switch v := v.(type) {
	case json.Number:
		if !exponentWithin(string(v), 2000) {
			return string(v)
		}
		return rat(string(v)).RatString()
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = canonical(v[i])
		}
		return "[" + strings.Join(parts, ",") + "]"
	case map[string]any:
		return canonical(toTree(v))
	case object:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = canonical(v[i].name) + ":" + canonical(v[i].value)
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	}
	return string(mustJSON(v))
}

// fitObject decides for names first, then for their values.
func (f *fitter) fitObject(layers []spec, depth int) any {
	present := map[string]bool{}
	required := func(layers []spec) {
		for _, s := range layers {
			names, _ := s["required"].([]any)
			for _, name := range names {
				present[name.(string)] = true
			}
		}
	}
	required(layers)
	needed := len(present)
	wanted := 0
	most := 1000
	for _, s := range layers {
		properties, _ := s["properties"].(spec)
		for _, name := range sorted(properties) {
			if f.budget > 0 && f.chance(65) {
				present[name] = true
			}
		}
		byPattern, _ := s["patternProperties"].(spec)
		for _, pattern := range sorted(byPattern) {
			if name := pick(f.dice, propertyNames); matchesText(pattern, name) {
				present[name] = true
			}
		}
		if n, ok := asInt(s["minProperties"]); ok {
			wanted = max(wanted, n)
		}
		if n, ok := asInt(s["maxProperties"]); ok {
			most = min(most, n)
		}
	}
	if f.chance(25) {
		present[pick(f.dice, propertyNames)] = true
	}
	for range 3 * (wanted - len(present)) {
		present[pick(f.dice, f.names)] = true
	}
	for range 2 {
		more, _ := f.flatten(f.dependents(layers, present))
		required(more)
		layers = append(layers, more...)
	}
	names := sorted(present)
	f.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	if len(names) > max(most, needed) {
		names = names[:max(most, needed)]
	}
	o := object{}
	for _, name := range names {
		if schemas, ok := f.memberSchemas(layers, name); ok {
			if v, ok := f.value(schemas, depth+1); ok {
				o = append(o, named{name, v})
			}
		}
	}
	return o
}

// dependents adds the names that present names ask for and returns the schemas they bring in.
func (f *fitter) dependents(layers []spec, present map[string]bool) (schemas []any) {
	for _, s := range layers {
		for _, word := range []string{"dependentRequired", "dependencies", "dependentSchemas"} {
			triggers, _ := s[word].(spec)
			for _, trigger := range sorted(triggers) {
				if !present[trigger] {
					continue
				}
				names, are := triggers[trigger].([]any)
				for _, name := range names {
					present[name.(string)] = true
				}
				if !are {
					schemas = append(schemas, triggers[trigger])
				}
			}
		}
	}
	return schemas
}

// memberSchemas lists what holds for the value of a name; ok is false when the name itself is not to be there.
func (f *fitter) memberSchemas(layers []spec, name string) (schemas []any, ok bool) {
	evaluated := false
	var rest []any
	for _, s := range layers {
		if word := s["propertyNames"]; word != nil {
			about, possible := f.flatten([]any{word})
			if !possible || !meets(about, name) {
				return nil, false
			}
		}
		if not, is := s["not"].(spec); is && len(not) == 1 && slices.Contains(asList(not["required"]), any(name)) {
			return nil, false
		}
		declared := false
		properties, _ := s["properties"].(spec)
		if one, is := properties[name]; is {
			schemas, declared = append(schemas, one), true
		}
		byPattern, _ := s["patternProperties"].(spec)
		for _, pattern := range sorted(byPattern) {
			if matchesText(pattern, name) {
				schemas, declared = append(schemas, byPattern[pattern]), true
			}
		}
		if additional := s["additionalProperties"]; additional != nil && !declared {
			schemas, declared = append(schemas, additional), true
		}
		evaluated = evaluated || declared
		if others := s["unevaluatedProperties"]; others != nil {
			rest = append(rest, others)
		}
	}
	if !evaluated {
		schemas = append(schemas, rest...)
	}
	return schemas, true
}

func asList(v any) []any {
	list, _ := v.([]any)
	return list
}
