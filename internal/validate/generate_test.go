package validate

import (
	"encoding/json"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// spec is a JSON Schema being made; members are spec, bool, string, int, json.Number, []any, map[string]any.
type spec = map[string]any

// wish is what the values at one place are meant to be, so that several schemas about the place can be met at once.
type wish struct {
	kind   string
	number string // bounds lie around it, divisors mostly divide it
	text   string // lengths lie around it
	rule   textMaker
	word   string // keyword of the rule: pattern, format or ""
}

type definition struct {
	ref  string
	kind string
}

// generator makes one schema and remembers what a generator of documents has to know about it.
type generator struct {
	dice
	draft  int              // 2020, 2019 or 7
	names  []string         // the schema's property names; few, so that layers meet
	wishes map[string]wish  // by property name
	done   []definition     // that any later schema may refer to
	open   []definition     // being made: only a schema of a deeper value may refer to them
	loops  int              // references left to an open definition
	specs  map[string]any   // by reference
	byName map[string][]any // by discriminator name: constants in use, so that several conditions meet
	used   []textMaker      // patterns and formats that the schema names
}

const (
	maxSchemaDepth = 4
	// maxLoops bounds the references of a schema to itself: with n of them about the same value the library looks at
	// a document n to the power of its depth times.
	maxLoops = 2
)

// newSchema makes a schema. Most are about objects, as records are.
func newSchema(d dice) (*generator, any) {
	g := &generator{dice: d, draft: 2020, wishes: map[string]wish{}, specs: map[string]any{}, byName: map[string][]any{}}
	if d.chance(25) {
		g.draft = pick(d, []int{2019, 7})
	}
	g.names = some(d, propertyNames, d.between(2, 8))
	for _, name := range g.names {
		g.wishes[name] = g.newWish("")
	}
	kind := "object"
	if d.chance(12) {
		kind = pick(d, jsonTypes)
	}
	if d.chance(1) {
		return g, d.chance(50)
	}
	root := spec{}
	g.specs["#"] = root
	word := "$defs"
	if g.draft == 7 {
		word = "definitions"
	}
	if n := d.IntN(4); n > 0 && d.chance(70) {
		defs := spec{}
		for i := range n {
			name := pick(d, []string{"d", "d/", "d~", "d%", "é", "a b"}) + strconv.Itoa(i)
			g.define(word, name, defs)
		}
		root[word] = defs
	}
	g.open, g.loops = []definition{{"#", kind}}, maxLoops
	g.fill(root, g.newWish(kind), d.between(1, maxSchemaDepth), false)
	switch {
	case g.draft == 2019:
		root["$schema"] = "https://json-schema.org/draft/2019-09/schema"
	case g.draft == 7:
		root["$schema"] = "http://json-schema.org/draft-07/schema#"
	case d.chance(30):
		root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	}
	return g, root
}

func (g *generator) define(word, name string, defs spec) {
	ref := "#/" + word + "/" + url.PathEscape(escapeToken(name))
	w := g.newWish(pick(g.dice, append(jsonTypes, "object", "object")))
	s := spec{}
	defs[name], g.specs[ref] = s, s
	g.open, g.loops = []definition{{ref, w.kind}}, maxLoops
	g.fill(s, w, g.between(0, 2), false)
	g.done = append(g.done, definition{ref, w.kind})
}

func (g *generator) newWish(kind string) wish {
	w := wish{kind: kind}
	if kind == "" {
		w.kind = pick(g.dice, append(jsonTypes, "string", "integer", "number", "object"))
	}
	switch {
	case w.kind == "number" && g.chance(60):
		w.number = pick(g.dice, decimals)
	default:
		w.number = pick(g.dice, integers)
	}
	w.text = pick(g.dice, words)
	if g.chance(50) {
		w.word, w.rule = "pattern", pick(g.dice, patterns)
		if g.chance(50) {
			w.word, w.rule = "format", pick(g.dice, formats)
		}
		w.text = pick(g.dice, w.rule.fits)
	}
	return w
}

// at is the wish for the values of a property. A few schemas go against it.
func (g *generator) at(name string) wish {
	if w, ok := g.wishes[name]; ok && !g.chance(6) {
		return w
	}
	return g.newWish("")
}

// schema makes a schema for a value as wished. below says that the value lies inside the value the open definitions
// are about, so that a reference to them is no endless loop.
func (g *generator) schema(w wish, depth int, below bool) any {
	switch n := g.IntN(100); {
	case n < 3:
		return true
	case n < 4:
		return false
	case n < 5:
		return spec{}
	}
	s := spec{}
	if g.chance(14) {
		if ref, ok := g.reference(w.kind, below); ok {
			s["$ref"] = ref
			if g.chance(55) {
				return s
			}
		}
	}
	g.fill(s, w, depth, below)
	return s
}

func (g *generator) reference(kind string, below bool) (string, bool) {
	known := g.done
	if below && g.loops > 0 {
		known = slices.Concat(g.done, g.open)
	}
	var fit []definition
	for _, d := range known {
		if d.kind == kind || g.chance(5) {
			fit = append(fit, d)
		}
	}
	if len(fit) == 0 {
		return "", false
	}
	ref := pick(g.dice, fit).ref
	if g.open[0].ref == ref {
		g.loops--
	}
	return ref, true
}

// fill adds keywords for a value as wished.
func (g *generator) fill(s spec, w wish, depth int, below bool) {
	switch n := g.IntN(100); {
	case n < 60:
		s["type"] = w.kind
	case n < 78:
		s["type"] = g.typeList(w.kind, "null")
	case n < 86:
		s["type"] = g.typeList(w.kind, pick(g.dice, jsonTypes))
	case n < 88:
		s["type"] = g.typeList(w.kind, pick(g.dice, jsonTypes), pick(g.dice, jsonTypes), "string")
	}
	if g.chance(9) && w.kind != "object" || g.chance(2) {
		g.constants(s, w)
	}
	switch w.kind {
	case "integer", "number":
		g.number(s, w)
	case "string":
		g.text(s, w)
	case "object":
		g.object(s, depth)
	case "array":
		g.array(s, depth)
	}
	if g.chance(4) { // keywords of another type do nothing, or something where several are allowed
		switch g.IntN(3) {
		case 0:
			g.number(s, g.newWish("number"))
		case 1:
			g.text(s, g.newWish("string"))
		case 2:
			s["minItems"], s["minProperties"] = g.size(1), g.size(1)
		}
	}
	if depth > 0 && g.chance(28) {
		g.combine(s, w, depth-1, below)
	}
}

func (g *generator) typeList(names ...string) []any {
	var list []any
	for _, i := range g.Perm(len(names)) {
		if !slices.Contains(list, any(names[i])) { // the meta-schema wants them distinct
			list = append(list, names[i])
		}
	}
	return list
}

// size writes a small count, sometimes as the decimal the meta-schema also takes.
func (g *generator) size(n int) any {
	if g.chance(3) {
		return json.Number(strconv.Itoa(n) + ".0")
	}
	return n
}

func (g *generator) constants(s spec, w wish) {
	if g.chance(40) {
		s["const"] = g.constant(w)
		return
	}
	var list []any
	for range g.between(1, 4) {
		list = append(list, g.constant(w))
	}
	switch g.IntN(8) {
	case 0:
		list = append(list, nil, json.Number("1"), "1", true)
	case 1:
		list = append(list, spec{}, []any{}, "")
	case 2:
		for i := range 20 {
			list = append(list, "word"+strconv.Itoa(i))
		}
	}
	s["enum"] = distinct(list)
}

// distinct drops repeated members: the older meta-schemas refuse them.
func distinct(list []any) []any {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(v any) bool {
		key := canonical(v)
		was := seen[key]
		seen[key] = true
		return was
	})
}

func (g *generator) constant(w wish) any {
	if g.chance(8) {
		w = g.newWish("")
	}
	switch w.kind {
	case "integer":
		return json.Number(pick(g.dice, []string{w.number, pick(g.dice, integers), "1", "1.0", "10e-1"}))
	case "number":
		return json.Number(pick(g.dice, []string{w.number, pick(g.dice, decimals), "1", "1.0", "2.50", "-0"}))
	case "string":
		return pick(g.dice, []string{w.text, w.text, pick(g.dice, words)})
	case "boolean":
		return g.chance(50)
	case "array":
		return pick(g.dice, [][]any{{}, {json.Number("1")}, {json.Number("1.0"), "a"}, {nil, []any{}}, {spec{"a": json.Number("1")}}})
	case "object":
		return pick(g.dice, []spec{{}, {"a": json.Number("1")}, {"é": "x", "a": nil}, {"a": spec{"b": []any{json.Number("1e0")}}}})
	}
	return nil
}

func (g *generator) number(s spec, w wish) {
	pivot := rat(w.number)
	bound := func() (json.Number, int) {
		text := pick(g.dice, []string{w.number, pick(g.dice, integers), pick(g.dice, integers), pick(g.dice, decimals)})
		return json.Number(text), rat(text).Cmp(pivot)
	}
	for range g.IntN(4) {
		switch text, side := bound(); {
		case side < 0:
			s[pick(g.dice, []string{"minimum", "minimum", "exclusiveMinimum"})] = text
		case side > 0:
			s[pick(g.dice, []string{"maximum", "maximum", "exclusiveMaximum"})] = text
		default:
			s[pick(g.dice, []string{"minimum", "maximum"})] = text
		}
	}
	if g.chance(20) {
		for range 4 {
			text := pick(g.dice, divisors)
			s["multipleOf"] = json.Number(text)
			if new(big.Rat).Quo(pivot, rat(text)).IsInt() {
				break
			}
		}
	}
	if g.chance(3) {
		s["format"] = pick(g.dice, formats).rule // of strings only
	}
}

func (g *generator) text(s spec, w wish) {
	n := utf8.RuneCountInString(w.text)
	if g.chance(25) {
		s["minLength"] = g.size(max(0, n-g.IntN(3)))
	}
	if g.chance(25) {
		s["maxLength"] = g.size(n + g.IntN(3))
	}
	if w.word != "" && g.chance(75) {
		s[w.word] = w.rule.rule
		g.used = append(g.used, w.rule)
	}
	if g.draft == 7 && g.chance(8) {
		s["contentEncoding"] = "base64"
		if g.chance(50) {
			s["contentMediaType"] = "application/json"
		}
	}
}

func (g *generator) object(s spec, depth int) {
	properties := spec{}
	for _, name := range some(g.dice, g.names, g.between(0, 5)) {
		if depth > 0 {
			properties[name] = g.schema(g.at(name), depth-1, true)
		} else if w := g.at(name); w.kind != "object" && w.kind != "array" {
			properties[name] = g.schema(w, 0, true)
		}
	}
	if len(properties) > 0 || g.chance(10) {
		s["properties"] = properties
	}
	if g.chance(50) {
		required := []any{}
		for _, name := range sorted(properties) {
			if properties[name] != false && g.chance(45) {
				required = append(required, name)
			}
		}
		if g.chance(5) {
			required = append(required, "undeclared")
		}
		s["required"] = required
	}
	switch n := g.IntN(100); {
	case n < 18:
		s["additionalProperties"] = false
	case n < 23:
		s["additionalProperties"] = true
	case n < 32:
		s["additionalProperties"] = g.schema(g.newWish(""), min(depth, 1)-1, true)
	}
	if g.chance(8) {
		byPattern := spec{}
		for _, pattern := range some(g.dice, namePatterns, g.between(1, 2)) {
			w := g.newWish("")
			for _, name := range g.names {
				if matchesText(pattern, name) {
					w = g.at(name)
				}
			}
			byPattern[pattern] = g.schema(w, min(depth, 1)-1, true)
		}
		s["patternProperties"] = byPattern
	}
	if g.chance(7) {
		s["propertyNames"] = g.nameSchema()
	}
	if g.chance(7) {
		s["minProperties"] = g.size(g.IntN(3))
	}
	if g.chance(7) {
		s["maxProperties"] = g.size(g.between(2, 8))
	}
	g.dependencies(s, depth)
	if g.draft >= 2019 && g.chance(8) {
		s["unevaluatedProperties"] = g.rest(depth)
	}
}

func (g *generator) array(s spec, depth int) {
	w := g.newWish("")
	if depth < 1 && (w.kind == "object" || w.kind == "array") {
		w.kind = "integer"
	}
	item := func() any { return g.schema(w, depth-1, true) }
	prefix := "prefixItems"
	if g.draft < 2020 {
		prefix = "items"
	}
	n := 0
	switch k := g.IntN(100); {
	case k < 50:
		s["items"] = item()
	case k < 80:
		list := []any{}
		for range g.between(1, 3) {
			list = append(list, g.schema(g.newWish(pick(g.dice, jsonTypes[:5])), 0, true))
		}
		s[prefix], n = list, len(list)
		switch rest := pick(g.dice, []any{nil, true, false, item()}); {
		case rest == nil:
		case g.draft < 2020:
			s["additionalItems"] = rest
		default:
			s["items"] = rest
		}
	}
	if g.chance(20) {
		s["minItems"] = g.size(g.IntN(3))
	}
	if g.chance(20) {
		s["maxItems"] = g.size(g.between(max(n, 1), 5))
	}
	if g.chance(15) {
		s["uniqueItems"] = g.chance(90)
	}
	if g.chance(15) {
		s["contains"] = item()
		if g.draft >= 2019 && g.chance(50) {
			s["minContains"] = g.size(g.IntN(3))
		}
		if g.draft >= 2019 && g.chance(40) {
			s["maxContains"] = g.size(g.between(1, 3))
		}
	}
	if g.draft >= 2019 && g.chance(10) {
		s["unevaluatedItems"] = g.rest(depth)
	}
}

func sorted[V any](m map[string]V) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func rat(number string) *big.Rat {
	r, ok := new(big.Rat).SetString(number)
	if !ok {
		panic("no number: " + strings.TrimSpace(number))
	}
	return r
}
