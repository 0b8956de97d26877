package contract

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"regexp/syntax"
	"strings"
)

// place is where a property stands: in the record, in the compiled schema, and in the ids of derived rules.
type place struct {
	path   string // JSON pointer in the record; inside arrays and maps that of the array or map
	schema string // JSON pointer in the compiled schema
	id     string // names joined with dots
	inside bool   // within an array or a map: no column
}

// property compiles one property. required is the caller's: it stands in the parent's keyword.
func (b *builder) property(p *node, at place, required bool) (map[string]any, Field) {
	f := Field{Name: p.str("name"), Path: at.path, Required: required, Key: p.is("primaryKey"), Line: p.line,
		Public: strings.EqualFold(p.str("classification"), "public"), Critical: p.is("criticalDataElement")}
	if u := customProperty(p, "unit"); u != nil {
		f.Unit = u.text
	}
	s := map[string]any{}
	k := &keywords{b: b, p: p, at: at, schema: s, options: p.get("logicalTypeOptions"), nullable: !required}
	logical := p.get("logicalType")
	if logical == nil {
		logical = k.implied()
	}
	switch logical.scalar() {
	case "":
		b.c.Notices = append(b.c.Notices, b.notice(p, "add logicalType", "%s has no logicalType: any value passes and it is not counted", at.id))
		f.Kind = untyped
	case "string":
		f.Kind = String
		k.text(logical)
	case "integer", "number":
		f.Kind = Integer
		if logical.text == "number" {
			f.Kind = Number
		}
		k.number(logical)
	case "boolean":
		f.Kind = Boolean
		k.typed(logical, "boolean", "is true or false")
	case "timestamp", "date", "time":
		f.Kind = k.temporal(logical)
	case "object":
		f.Kind = Object
		f.Fields = k.object(logical)
	case "map":
		f.Kind = Object
		k.mapping(logical)
	case "array":
		f.Kind = Array
		k.array(logical)
	case "vector":
		f.Kind = Array
		k.vector(logical)
	default: // not of the standard, which has said so
		f.Kind = untyped
	}
	k.enum()
	k.unenforced()
	b.propertyQuality(p, k, &f)
	return s, f
}

// untyped marks a property whose type is not known; it becomes no field.
const untyped Kind = 255

// object compiles the properties of a schema object or of a property of type object.
func (b *builder) object(o *node, at place) map[string]any {
	s := map[string]any{"type": "object"}
	b.rule(Rule{ID: derived(at.id, "type"), Severity: Error, Path: at.path, Keyword: "type", Schema: at.schema + "/type",
		Text: "is an object", Line: o.line, Column: o.column})
	b.c.Fields = b.members(o, at, s)
	return s
}

// members adds "properties" and "required" to the schema and returns the fields.
func (b *builder) members(o *node, at place, s map[string]any) (fields []Field) {
	props := map[string]any{}
	required := []any{}
	names := map[string]int{}
	demanded := map[string]*node{}
	for _, r := range o.get("logicalTypeOptions").list("required") {
		demanded[r.text] = r
	}
	for _, p := range o.list("properties") {
		name := p.str("name")
		if physical := p.str("physicalName"); physical != "" {
			name = physical // the record's own name, as datacontract-cli reads it
		}
		if first, ok := names[name]; ok {
			b.on(p, "rename one of them", "two properties are called %q, the first on line %d", name, first)
			continue
		}
		names[name] = p.line
		in := place{path: join(at.path, name), schema: at.schema + "/properties/" + escape.Replace(name),
			id: dotted(at.id, p.str("name")), inside: at.inside}
		if at.inside {
			in.path = at.path
		}
		why := p.get("required")
		must := p.is("required") || p.is("primaryKey") || demanded[name] != nil
		delete(demanded, name)
		if must {
			required = append(required, name)
			if why == nil {
				why = p
			}
			b.required(at, in, name, why)
		}
		schema, f := b.property(p, in, must)
		props[name] = schema
		f.Name = p.str("name")
		if f.Kind != untyped && !at.inside {
			fields = append(fields, f)
		}
	}
	for _, r := range o.get("logicalTypeOptions").list("required") {
		if demanded[r.text] != nil {
			required = append(required, r.text)
			b.required(at, place{path: join(at.path, r.text), id: dotted(at.id, r.text)}, r.text, r)
		}
	}
	if len(props) > 0 {
		s["properties"] = props
	}
	if len(required) > 0 {
		s["required"] = required
	}
	return fields
}

func (b *builder) required(parent, in place, name string, at *node) {
	b.ruleAt(requiredLocation(parent.schema+"/required", name), Rule{ID: derived(in.id, "required"), Severity: Error, Path: in.path,
		Keyword: "required", Schema: parent.schema + "/required", Text: "is there", Line: at.line, Column: at.column})
}

// keywords writes the JSON Schema keywords of one property and a rule for each.
type keywords struct {
	b        *builder
	p        *node
	at       place
	schema   map[string]any
	options  *node
	nullable bool
}

// set writes a keyword and its rule. A keyword that is taken goes into an allOf of its own.
func (k *keywords) set(keyword string, value any, r Rule) {
	schema, pointer := k.schema, k.at.schema
	if _, taken := schema[keyword]; taken {
		more, _ := schema["allOf"].([]any)
		pointer += fmt.Sprintf("/allOf/%d", len(more))
		schema = map[string]any{}
		k.schema["allOf"] = append(more, schema)
	}
	schema[keyword] = value
	r.Path, r.Keyword, r.Schema = k.at.path, keyword, pointer+"/"+keyword
	if r.Severity == "" {
		r.Severity = Error
	}
	if r.ID == "" {
		r.ID = derived(k.at.id, keyword)
	}
	k.b.rule(r)
}

func here(n *node, text string, args ...any) Rule {
	return Rule{Line: n.line, Column: n.column, Text: fmt.Sprintf(text, args...)}
}

// typed writes "type", with null unless the property is required.
func (k *keywords) typed(at *node, name, text string) {
	if k.nullable {
		k.set("type", []any{name, "null"}, here(at, "%s or null", text))
		return
	}
	k.set("type", name, here(at, "%s", text))
}

func (k *keywords) option(name string) *node { return k.options.get(name) }

// formats are those of ODCS strings that jsonschema/v5 asserts.
var formats = map[string]string{"email": "an e-mail address", "uuid": "a UUID", "uri": "a URI", "hostname": "a host name",
	"ipv4": "an IPv4 address", "ipv6": "an IPv6 address", "date": "a date (RFC 3339)", "time": "a time (RFC 3339)",
	"date-time": "a date-time (RFC 3339)", "duration": "an ISO 8601 duration", "json-pointer": "a JSON pointer",
	"regex": "a regular expression", "uri-reference": "a URI reference", "iri": "an IRI"}

func (k *keywords) text(at *node) {
	k.typed(at, "string", "is text")
	k.count("minLength", "has at least %s characters")
	k.count("maxLength", "has at most %s characters")
	if p := k.option("pattern"); p != nil {
		k.pattern(p, here(p, "matches %s", p.text))
	}
	f := k.option("format")
	switch {
	case f == nil:
	case formats[f.text] != "":
		k.set("format", f.text, here(f, "is %s", formats[f.text]))
	default:
		k.cannot("format", f, "has format "+f.text, "weir cannot tell whether text has the format "+f.text)
	}
}

// pattern takes a regular expression that the library can compile. It is searched for, not anchored: JSON Schema
// and datacontract-cli read it so.
func (k *keywords) pattern(p *node, r Rule) {
	if _, err := regexp.Compile(p.text); err != nil {
		remedy := "mend the expression; https://github.com/google/re2/wiki/Syntax lists what may stand in one"
		var fault *syntax.Error
		if errors.As(err, &fault) && (fault.Code == syntax.ErrInvalidPerlOp || fault.Code == syntax.ErrInvalidEscape) {
			remedy = "rewrite it without look-around and back-references: weir matches in linear time (RE2)"
		}
		k.b.on(p, remedy, "the pattern cannot be used: %v", err)
		return
	}
	if !strings.HasPrefix(p.text, "^") || !strings.HasSuffix(p.text, "$") {
		k.b.c.Notices = append(k.b.c.Notices, k.b.notice(p, "write ^…$ if the whole text must match", "the pattern %s matches anywhere in the text", p.text))
	}
	k.set("pattern", p.text, r)
}

func (k *keywords) count(name, text string) {
	if n := k.option(name); n != nil {
		k.set(name, json.Number(n.text), here(n, text, n.text))
	}
}

func (k *keywords) number(at *node) {
	if at.text == "integer" {
		k.typed(at, "integer", "is an integer")
	} else {
		k.typed(at, "number", "is a number")
	}
	k.bounds()
	if n := k.option("multipleOf"); n != nil {
		k.set("multipleOf", json.Number(n.text), here(n, "is a multiple of %s", n.text))
	}
	f := k.option("format")
	if f == nil {
		return
	}
	low, high, ok := formatBounds(f.text)
	if !ok {
		k.b.on(f, "use i8, i16, i32, i64, i128, u8, u16, u32, u64, u128, f32 or f64", "the number format %q is not one of the standard", f.text)
		return
	}
	r := here(f, "fits %s", f.text)
	r.ID = derived(k.at.id, "format")
	k.set("minimum", json.Number(low), r) // in an allOf of its own where the author gave one, so that each keeps its rule
	k.set("maximum", json.Number(high), r)
}

// bounds reads both spellings: in ODCS 3.0 exclusiveMinimum is a boolean beside minimum, later a number.
func (k *keywords) bounds() {
	for _, side := range []struct{ plain, strict, text, strictText string }{
		{"minimum", "exclusiveMinimum", "is at least %s", "is greater than %s"},
		{"maximum", "exclusiveMaximum", "is at most %s", "is less than %s"},
	} {
		plain, strict := k.option(side.plain), k.option(side.strict)
		switch {
		case strict != nil && strict.kind == boolNode && strict.text == "true":
			if plain == nil {
				k.b.lacks(strict, "add "+side.plain, "%s is true, but there is no %s", side.strict, side.plain)
				continue
			}
			k.set(side.strict, json.Number(plain.text), here(plain, side.strictText, plain.text))
			continue
		case strict != nil && strict.kind == numberNode:
			k.set(side.strict, json.Number(strict.text), here(strict, side.strictText, strict.text))
		}
		if plain != nil {
			k.set(side.plain, json.Number(plain.text), here(plain, side.text, plain.text))
		}
	}
}

// formatBounds are the ends of the standard's number formats.
func formatBounds(format string) (low, high string, ok bool) {
	bits := map[string]uint{"8": 8, "16": 16, "32": 32, "64": 64, "128": 128}
	switch format {
	case "f32":
		return "-3.4028234663852886e+38", "3.4028234663852886e+38", true
	case "f64":
		return "-1.7976931348623157e+308", "1.7976931348623157e+308", true
	case "":
		return "", "", false
	}
	n, known := bits[format[1:]]
	one := big.NewInt(1)
	switch {
	case known && format[0] == 'i':
		half := new(big.Int).Lsh(one, n-1)
		return new(big.Int).Neg(half).String(), new(big.Int).Sub(half, one).String(), true
	case known && format[0] == 'u':
		return "0", new(big.Int).Sub(new(big.Int).Lsh(one, n), one).String(), true
	}
	return "", "", false
}
