package validate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/columns"
	"weir/internal/contract"
)

// setup is a schema with all that shapes a Validator of it. It holds text only, so that a part can be taken away and
// the rest compiled again.
type setup struct {
	schema  []byte
	closed  []byte // nil unless unknown fields are not allowed
	fields  []contract.Field
	options Options
}

const documentsPerSchema = 20

// newSetup makes the schema of a seed and its documents.
func newSetup(seed uint64) (setup, [][]byte, *generator) {
	d := newDice(seed)
	g, root := newSchema(d)
	s := setup{options: Options{UnknownFields: Allow, MaxRecordBytes: DefaultMaxRecordBytes}}
	s.schema = mustJSON(root)
	s.fields = g.fields([]any{root}, "", 0)
	if d.chance(4) {
		s.options.MaxRecordBytes = pick(d, []int{16, 100, 300}) // which also bounds the number of values
	}
	// A schema that refers to its own root is not closed: a layer that fails inside because of a name the policy
	// refuses, and only because of that, hides the name (see knownLeaves), and the library's verdict with it.
	if d.chance(8) && !bytes.Contains(s.schema, []byte(`"$ref":"#"`)) {
		s.options.UnknownFields = pick(d, []UnknownFields{Notice, Reject})
		s.closed = mustJSON(closeSpec(root))
	}
	documents := make([][]byte, documentsPerSchema)
	f, m := fitter{generator: g}, mutator{g}
	for i := range documents {
		v := f.document(root)
		if d.chance(35) {
			v = m.document(v)
		}
		documents[i] = newWriter(d).write(v)
		if d.chance(4) {
			documents[i] = damage(d, documents[i])
		}
	}
	return s, documents, g
}

// mustJSON writes a schema. The names of an object are in order, so that a seed's text is always the same.
func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return text
}

// closeSpec refuses undeclared names of the outermost object and those right inside it, as a route's policy does.
func closeSpec(v any) any {
	s, ok := v.(spec)
	if !ok {
		return v
	}
	closed := maps.Clone(s)
	properties, ok := s["properties"].(spec)
	if ok {
		inside := maps.Clone(properties)
		for name, one := range inside {
			if sub, is := one.(spec); is && sub["properties"] != nil && sub["additionalProperties"] == nil {
				sub = maps.Clone(sub)
				sub["additionalProperties"] = false
				inside[name] = sub
			}
		}
		closed["properties"] = inside
	}
	switch {
	case s["allOf"] != nil && s["unevaluatedProperties"] == nil:
		closed["unevaluatedProperties"] = false
	case ok && s["additionalProperties"] == nil:
		closed["additionalProperties"] = false
	}
	return closed
}

var fieldKinds = map[string][]contract.Kind{
	"string":  {contract.String, contract.String, contract.Date, contract.Time, contract.Timestamp},
	"integer": {contract.Integer, contract.Integer, contract.Number},
	"number":  {contract.Number, contract.Number, contract.Integer},
	"boolean": {contract.Boolean},
	"null":    {contract.String, contract.Integer},
	"array":   {contract.Array, contract.Array, contract.String},
	"object":  {contract.Object, contract.Object, contract.Object, contract.String},
}

// fields declares most of what the schemas declare, now and then as something else.
func (g *generator) fields(schemas []any, path string, depth int) []contract.Field {
	declared := map[string][]any{}
	g.declared(schemas, declared, map[string]bool{})
	if depth == 0 && g.chance(30) || g.chance(5) {
		declared[pick(g.dice, propertyNames)] = nil
	}
	var fields []contract.Field
	for _, name := range sorted(declared) {
		if g.chance(15) {
			continue
		}
		layers, _ := (&fitter{generator: g}).flatten(declared[name])
		kind := pick(g.dice, fieldKinds[(&fitter{generator: g}).kind(layers)])
		if g.chance(8) {
			kind = contract.Kind(g.IntN(9))
		}
		f := contract.Field{Name: name, Path: path + "/" + escapeToken(name), Kind: kind, Public: g.chance(40)}
		if (kind == contract.Object || kind == contract.Array && g.chance(30)) && depth < 4 {
			f.Fields = g.fields(declared[name], f.Path, depth+1)
		}
		fields = append(fields, f)
	}
	g.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	return fields
}

// declared collects what schemas say about properties, by name, through everything that speaks of the same value.
func (g *generator) declared(schemas []any, by map[string][]any, seen map[string]bool) {
	for _, one := range schemas {
		s, ok := one.(spec)
		if !ok {
			continue
		}
		if ref, is := s["$ref"].(string); is && !seen[ref] {
			seen[ref] = true
			g.declared([]any{g.specs[ref]}, by, seen)
		}
		properties, _ := s["properties"].(spec)
		for name, sub := range properties {
			by[name] = append(by[name], sub)
		}
		for _, word := range []string{"allOf", "anyOf", "oneOf"} {
			g.declared(asList(s[word]), by, seen)
		}
		g.declared([]any{s["if"], s["then"], s["else"]}, by, seen)
	}
}

// compile compiles a JSON Schema as contracts are compiled: formats asserted, nothing fetched.
func compile(schema []byte) (s *jsonschema.Schema, err error) {
	defer func() {
		if r := recover(); r != nil { // of a schema the shrinker made
			err = fmt.Errorf("the library panicked: %v", r)
		}
	}()
	c := jsonschema.NewCompiler()
	c.AssertFormat = true
	c.LoadURL = func(url string) (io.ReadCloser, error) { return nil, fmt.Errorf("%s is not here", url) }
	if err := c.AddResource("weir://contract/record", bytes.NewReader(schema)); err != nil {
		return nil, err
	}
	return c.Compile("weir://contract/record")
}

func (s *setup) validator() (*Validator, *columns.Layout, error) {
	schema, err := compile(s.schema)
	if err != nil {
		return nil, nil, err
	}
	l := columns.NewLayout(&contract.Contract{Fields: s.fields})
	v := newValidator(schema, l, s.options)
	v.fields = newFieldTree(s.fields)
	if s.closed != nil {
		closed, err := compile(s.closed)
		if err != nil {
			return nil, nil, err
		}
		v.close(closed, l)
	}
	return v, l, nil
}

// keywordsOf lists the keywords, types and formats a schema uses, each once; a keyword with a list counts as another.
func schemaWords(schema any) []string {
	found := map[string]bool{}
	var walk func(v any)
	named := func(v any) {
		for _, sub := range v.(spec) {
			walk(sub)
		}
	}
	walk = func(v any) {
		s, ok := v.(spec)
		if !ok {
			if allowed, is := v.(bool); is {
				found[fmt.Sprintf("schema %v", allowed)] = true
			}
			return
		}
		for word, sub := range s {
			found[word] = true
			list, isList := sub.([]any)
			switch word {
			case "properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions":
				named(sub)
			case "type":
				found["type "+strings.Join(typeWords(s)[:1], "")] = true
				found["type, a list"] = found["type, a list"] || isList
			case "format":
				found["format "+sub.(string)] = true
			case "const", "enum", "required", "dependentRequired":
			default:
				if found[word+", a list"] = found[word+", a list"] || isList; !isList {
					walk(sub)
				}
				for _, one := range list {
					walk(one)
				}
			}
		}
	}
	walk(schema)
	maps.DeleteFunc(found, func(_ string, is bool) bool { return !is })
	return sorted(found)
}

func TestGeneratedSchemasAreTheSameForASeed(t *testing.T) {
	for seed := range uint64(50) {
		a, docsA, _ := newSetup(seed)
		b, docsB, _ := newSetup(seed)
		if !bytes.Equal(a.schema, b.schema) || !slices.EqualFunc(docsA, docsB, bytes.Equal) || fmt.Sprint(a.fields) != fmt.Sprint(b.fields) {
			t.Errorf("seed %d: got another schema, fields or documents the second time", seed)
		}
	}
}
