package validate

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// fitter makes documents that mostly meet the generator's schema. It decides for one alternative wherever the schema
// leaves a choice and collects what all schemas about a value ask for; it promises nothing.
type fitter struct {
	*generator
	budget int // values left to the document; bounds what a recursive schema grows
}

// maxDocumentLayers bounds the schemas about one value that are looked at: where a schema refers to itself from several
// places they multiply with depth.
const maxDocumentLayers = 16

func (f *fitter) document(root any) any {
	f.budget = pick(f.dice, []int{4, 30, 30, 60})
	v, _ := f.value([]any{root}, 0)
	return v
}

// flatten lists the schemas that hold for a value once every choice is made; ok is false when nothing can meet them.
func (f *fitter) flatten(schemas []any) (layers []spec, ok bool) {
	ok = true
	also := func(more ...any) {
		below, fine := f.flatten(more)
		layers, ok = append(layers, below...), ok && fine
	}
	for _, s := range schemas {
		s, isSpec := s.(spec)
		if !isSpec {
			ok = ok && !slices.Contains(schemas, any(false))
			continue
		}
		if ref, is := s["$ref"].(string); is {
			also(f.specs[ref])
			if f.draft == 7 { // siblings of a reference do not count
				continue
			}
		}
		layers = append(layers, s)
		if all, is := s["allOf"].([]any); is {
			also(all...)
		}
		for _, word := range []string{"anyOf", "oneOf"} {
			if choices, is := s[word].([]any); is {
				also(pick(f.dice, choices))
			}
		}
		switch condition := s["if"]; {
		case condition == nil:
		case f.chance(60):
			also(condition)
			if then := s["then"]; then != nil {
				also(then)
			}
		default:
			also(otherwise(condition))
			if or := s["else"]; or != nil {
				also(or)
			}
		}
	}
	return layers, ok
}

// otherwise is a schema for objects that do not meet a condition on properties.
func otherwise(condition any) any {
	s, _ := condition.(spec)
	properties, _ := s["properties"].(spec)
	not := spec{}
	for name, is := range properties {
		not[name] = spec{"not": is}
	}
	return spec{"properties": not}
}

func (f *fitter) value(schemas []any, depth int) (any, bool) {
	f.budget--
	if depth > 7 || f.budget < -30 { // a recursion that is required, or too wide
		return nil, true
	}
	layers, ok := f.flatten(schemas)
	if !ok {
		return nil, false
	}
	layers = layers[:min(len(layers), maxDocumentLayers)]
	if v, decided := f.chosen(layers); decided {
		return v, true
	}
	switch kind := f.kind(layers); kind {
	case "null":
		return nil, true
	case "boolean":
		return f.chance(50), true
	case "integer", "number":
		return f.fitNumber(layers, kind), true
	case "string":
		return f.fitText(layers), true
	case "array":
		return f.fitArray(layers, depth), true
	default:
		return f.fitObject(layers, depth), true
	}
}

// chosen is a constant that all schemas with constants share, else any of them.
func (f *fitter) chosen(layers []spec) (v any, decided bool) {
	var all []any
	for _, s := range layers {
		all = append(all, constants(s)...)
	}
	if len(all) == 0 {
		return nil, false
	}
	v = pick(f.dice, all)
	for range 6 {
		if meets(layers, v) {
			break
		}
		v = pick(f.dice, all)
	}
	return toTree(v), true
}

// constants lists the values a schema allows one by one, nil when it does not.
func constants(s spec) []any {
	if list, ok := s["enum"].([]any); ok {
		return list
	}
	if v, ok := s["const"]; ok {
		return []any{v}
	}
	return nil
}

// meets says whether a scalar, or a constant, meets the keywords that are judged without looking inside.
func meets(layers []spec, v any) bool {
	for _, s := range layers {
		if list := constants(s); list != nil && !containsValue(list, v) {
			return false
		}
		if !typeAllows(s, v) {
			return false
		}
		if not, ok := s["not"].(spec); ok && len(not) > 0 && (constants(not) != nil || len(not) == 1 && not["type"] != nil) && meets([]spec{not}, v) {
			return false
		}
		switch v := v.(type) {
		case json.Number:
			if !numberMeets(s, rat(string(v))) {
				return false
			}
		case string:
			if !textMeets(s, v) {
				return false
			}
		}
	}
	return true
}

func containsValue(list []any, v any) bool {
	text := canonical(v)
	return slices.ContainsFunc(list, func(one any) bool { return canonical(one) == text })
}

func typeWords(s spec) []string {
	switch t := s["type"].(type) {
	case string:
		return []string{t}
	case []any:
		names := make([]string, len(t))
		for i := range t {
			names[i] = t[i].(string)
		}
		return names
	}
	return nil
}

func typeAllows(s spec, v any) bool {
	names := typeWords(s)
	if names == nil {
		return true
	}
	switch v := v.(type) {
	case nil:
		return slices.Contains(names, "null")
	case bool:
		return slices.Contains(names, "boolean")
	case json.Number:
		return slices.Contains(names, "number") || slices.Contains(names, "integer") && rat(string(v)).IsInt()
	case string:
		return slices.Contains(names, "string")
	case []any:
		return slices.Contains(names, "array")
	}
	return slices.Contains(names, "object")
}

// about says which keywords hint at the type that a schema without one is made for.
var about = map[string][]string{
	"object":  {"properties", "required", "additionalProperties", "patternProperties", "propertyNames", "minProperties", "dependentRequired", "unevaluatedProperties", "dependencies"},
	"array":   {"items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains", "unevaluatedItems"},
	"string":  {"minLength", "maxLength", "pattern", "format", "contentEncoding"},
	"number":  {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
	"integer": {"multipleOf"},
}

func (f *fitter) kind(layers []spec) string {
	var weighted []string
	for _, kind := range jsonTypes {
		weight := 1
		for _, s := range layers {
			if names := typeWords(s); names != nil && !slices.Contains(names, kind) && !(kind == "integer" && slices.Contains(names, "number")) {
				weight = 0
				break
			}
			if not, ok := s["not"].(spec); ok && len(not) == 1 && slices.Contains(typeWords(not), kind) {
				weight = 0
				break
			}
			for _, word := range about[kind] {
				if s[word] != nil {
					weight += 6
					break
				}
			}
		}
		for range weight {
			weighted = append(weighted, kind)
		}
	}
	if weighted == nil {
		return pick(f.dice, jsonTypes)
	}
	return pick(f.dice, weighted)
}

func numberMeets(s spec, r *big.Rat) bool {
	for word, fits := range map[string]func(int) bool{
		"minimum":          func(c int) bool { return c >= 0 },
		"exclusiveMinimum": func(c int) bool { return c > 0 },
		"maximum":          func(c int) bool { return c <= 0 },
		"exclusiveMaximum": func(c int) bool { return c < 0 },
	} {
		if bound, ok := s[word].(json.Number); ok && !fits(r.Cmp(rat(string(bound)))) {
			return false
		}
	}
	step, ok := s["multipleOf"].(json.Number)
	return !ok || new(big.Rat).Quo(r, rat(string(step))).IsInt()
}

// fitNumber tries the bounds and what lies beside them.
func (f *fitter) fitNumber(layers []spec, kind string) json.Number {
	tries := []*big.Rat{rat("0"), rat("1"), rat("7"), big.NewRat(int64(f.IntN(1e6)), 1)}
	if kind == "number" {
		tries = append(tries, rat("0.5"), big.NewRat(int64(f.IntN(1e6))-500000, 100))
	}
	bound := false
	var steps []*big.Rat
	for _, s := range layers {
		for _, word := range about["number"] {
			text, ok := s[word].(json.Number)
			if !ok {
				continue
			}
			b := rat(string(text))
			bound = true
			if word == "multipleOf" {
				steps = append(steps, b)
				continue
			}
			for _, near := range []string{"1", "-1", "0.001", "-0.001", "1e-20"} {
				tries = append(tries, new(big.Rat).Add(b, rat(near)))
			}
			tries = append(tries, b, b)
		}
	}
	for _, step := range steps[:min(len(steps), 2)] {
		for _, t := range some(f.dice, tries, 8) {
			n := new(big.Rat).Quo(t, step)
			whole := new(big.Rat).SetInt(new(big.Int).Quo(n.Num(), n.Denom()))
			tries = append(tries, whole.Mul(whole, step))
		}
	}
	if !bound && f.chance(30) {
		if n := json.Number(pick(f.dice, oddNumbers)); kind == "number" || exponentWithin(string(n), 1000) && rat(string(n)).IsInt() {
			return n
		}
	}
	for range 12 {
		if r := pick(f.dice, tries); (kind == "number" || r.IsInt()) && meets(layers, writeRat(r)) {
			return writeRat(r)
		}
	}
	return writeRat(pick(f.dice, tries))
}

// writeRat writes a decimal in full; what has no end is cut.
func writeRat(r *big.Rat) json.Number {
	if r.IsInt() {
		return json.Number(r.Num().String())
	}
	digits, _ := r.FloatPrec()
	return json.Number(r.FloatString(min(digits, 1000)))
}

func asInt(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case json.Number:
		f, err := v.Float64()
		return int(f), err == nil
	}
	return 0, false
}

func textMeets(s spec, text string) bool {
	n := utf8.RuneCountInString(text)
	if least, ok := asInt(s["minLength"]); ok && n < least {
		return false
	}
	if most, ok := asInt(s["maxLength"]); ok && n > most {
		return false
	}
	if pattern, ok := s["pattern"].(string); ok && !matchesText(pattern, text) {
		return false
	}
	if format, ok := s["format"].(string); ok && jsonschema.Formats[format] != nil && !jsonschema.Formats[format](text) {
		return false
	}
	if s["contentEncoding"] != nil {
		content, err := base64.StdEncoding.DecodeString(text)
		return err == nil && (s["contentMediaType"] == nil || json.Valid(content))
	}
	return true
}

// regexps holds the patterns of the tables compiled; it is not written after the package is loaded.
var regexps = func() map[string]*regexp.Regexp {
	all := map[string]*regexp.Regexp{}
	for _, p := range patterns {
		all[p.rule] = regexp.MustCompile(p.rule)
	}
	for _, p := range namePatterns {
		all[p] = regexp.MustCompile(p)
	}
	return all
}()

func matchesText(pattern, text string) bool {
	if r := regexps[pattern]; r != nil {
		return r.MatchString(text)
	}
	return regexp.MustCompile(pattern).MatchString(text)
}

func (f *fitter) fitText(layers []spec) string {
	tries := []string{pick(f.dice, words), pick(f.dice, words), pick(f.dice, words)}
	for _, s := range layers {
		for _, word := range []string{"pattern", "format"} {
			name, _ := s[word].(string)
			rule, _ := findRule(patterns, name)
			if word == "format" {
				rule, _ = findRule(formats, name)
			}
			if len(rule.not) > 0 && f.chance(12) { // the near misses that no random change of a text comes upon
				return pick(f.dice, rule.not)
			}
			tries = append(tries, rule.fits...)
			tries = append(tries, rule.fits...)
		}
		for _, word := range []string{"minLength", "maxLength"} {
			if n, ok := asInt(s[word]); ok {
				tries = append(tries, strings.Repeat(pick(f.dice, []string{"a", "é", "😀", "Z"}), min(n, 100)))
			}
		}
		if s["contentEncoding"] != nil {
			tries = append(tries, "aGk=", "e30=", "MQ==", "")
		}
	}
	for range 12 {
		if text := pick(f.dice, tries); meets(layers, text) {
			return text
		}
	}
	return pick(f.dice, tries)
}

func (f *fitter) fitArray(layers []spec, depth int) any {
	least, most, unique := 0, 1000, false
	var wanted []any // schemas that some item is to meet
	for _, s := range layers {
		if n, ok := asInt(s["minItems"]); ok {
			least = max(least, n)
		}
		if n, ok := asInt(s["maxItems"]); ok {
			most = min(most, n)
		}
		unique = unique || s["uniqueItems"] == true
		if contains := s["contains"]; contains != nil {
			n, ok := asInt(s["minContains"])
			if !ok {
				n = 1
			}
			for range n {
				wanted = append(wanted, contains)
			}
		}
	}
	least = max(least, min(len(wanted), most))
	n := f.between(least, max(least, min(most, least+pick(f.dice, []int{0, 1, 2, 3}))))
	if f.budget <= 0 {
		n = least
	} else if most > 30 && f.chance(2) {
		n += 25 // where the library looks for equal items another way
	}
	items := []any{}
	seen := map[string]bool{}
	for i := range n {
		schemas := itemSchemas(layers, i)
		if i < len(wanted) {
			schemas = append(schemas, wanted[i])
		}
		for range 4 {
			v, ok := f.value(schemas, depth+1)
			if key := canonical(v); ok && (!unique || !seen[key]) {
				seen[key] = true
				items = append(items, v)
				break
			}
		}
	}
	if (unique || f.chance(2)) && len(items) > 0 && f.chance(8) {
		items = append(items, pick(f.dice, items)) // one item twice, or more than are allowed
	}
	return items
}

// itemSchemas lists what holds for the item at an index.
func itemSchemas(layers []spec, i int) (schemas []any) {
	for _, s := range layers {
		prefix, isList := s["prefixItems"].([]any)
		rest := s["items"]
		if old, is := rest.([]any); is {
			prefix, isList, rest = old, true, s["additionalItems"]
		}
		switch {
		case isList && i < len(prefix):
			schemas = append(schemas, prefix[i])
		case rest != nil:
			schemas = append(schemas, rest)
		case s["unevaluatedItems"] != nil && s["contains"] == nil:
			schemas = append(schemas, s["unevaluatedItems"])
		}
	}
	return schemas
}
