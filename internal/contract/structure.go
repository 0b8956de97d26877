package contract

import (
	"encoding/json"
	"strings"
)

// rfc3339 maps the notations of ODCS (JDK DateTimeFormatter) that RFC 3339 covers to JSON Schema's formats.
var rfc3339 = map[string]string{
	"date": "date", "yyyy-MM-dd": "date",
	"time": "time", "HH:mm:ssXXX": "time", "HH:mm:ssX": "time",
	"date-time": "date-time", "yyyy-MM-dd'T'HH:mm:ssXXX": "date-time", "yyyy-MM-dd'T'HH:mm:ssX": "date-time",
	"yyyy-MM-dd'T'HH:mm:ss.SSSXXX": "date-time", "yyyy-MM-dd'T'HH:mm:ss.SSSX": "date-time",
	"yyyy-MM-dd'T'HH:mm:ss'Z'": "date-time", "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'": "date-time",
}

// epochTypes are physical types that hold a timestamp as a number.
var epochTypes = map[string]bool{"long": true, "bigint": true, "int64": true, "integer": true, "int": true}

// temporal compiles a date, time or timestamp. ODCS 3.0 knows date only: there the format or the physical type
// tells a timestamp.
func (k *keywords) temporal(at *node) Kind {
	for _, name := range []string{"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} {
		if n := k.option(name); n != nil {
			k.cannot(name, n, name+" "+n.text, "bounds on dates and times are not checked yet")
		}
	}
	physical := strings.ToLower(k.p.str("physicalType"))
	if at.text == "timestamp" && epochTypes[physical] {
		k.typed(at, "integer", "is an integer")
		return Integer
	}
	k.typed(at, "string", "is text")
	format := map[string]string{"timestamp": "date-time", "date": "date", "time": "time"}[at.text]
	if at.text == "date" && (strings.HasPrefix(physical, "timestamp") || strings.HasPrefix(physical, "datetime")) {
		format = "date-time"
	}
	own := k.option("format")
	if own == nil {
		own = k.zoneless()
	}
	if own != nil {
		if format = rfc3339[own.text]; format == "" {
			k.cannot("format", own, "has format "+own.text, "weir reads RFC 3339 only; the values are kept as text")
			return String
		}
		if own.text != format && format != "date" {
			k.b.c.Notices = append(k.b.c.Notices, k.b.notice(own, "leave the format out", "the format %s is checked as RFC 3339 %s, which allows fractions and any offset", own.text, format))
		}
		at = own
	}
	k.set("format", format, here(at, "is %s", formats[format]))
	return map[string]Kind{"date-time": Timestamp, "date": Date, "time": Time}[format]
}

// zoneless finds the option that says the values carry no zone, which RFC 3339 demands.
func (k *keywords) zoneless() *node {
	if z := k.option("timezone"); z != nil && z.kind == boolNode && z.text == "false" {
		return &node{kind: textNode, text: "without time zone", line: z.line, column: z.column}
	}
	return nil
}

// implied is the type that a property's parts give away when logicalType is missing.
func (k *keywords) implied() *node {
	for name, logical := range map[string]string{"properties": "object", "items": "array"} {
		if n := k.p.get(name); n != nil {
			return &node{kind: textNode, text: logical, line: n.line, column: n.column}
		}
	}
	return nil
}

func (k *keywords) object(at *node) []Field {
	k.typed(at, "object", "is an object")
	k.count("minProperties", "has at least %s names")
	k.count("maxProperties", "has at most %s names")
	return k.b.members(k.p, k.at, k.schema)
}

// inner is the place of an array's items or a map's values: no column, its rules named after the whole.
func (k *keywords) inner(keyword, word string) place {
	return place{path: k.at.path, schema: k.at.schema + "/" + keyword, id: k.at.id + "." + word, inside: true}
}

func (k *keywords) array(at *node) {
	k.typed(at, "array", "is a list")
	k.count("minItems", "has at least %s items")
	k.count("maxItems", "has at most %s items")
	if u := k.option("uniqueItems"); u != nil && u.text == "true" {
		k.set("uniqueItems", true, here(u, "has no item twice"))
		if k.option("maxItems") == nil {
			k.b.c.Notices = append(k.b.c.Notices, k.b.notice(u, "add maxItems", "uniqueItems without maxItems compares every pair: a long list is slow to check"))
		}
	}
	if items := k.p.get("items"); items != nil {
		k.schema["items"], _ = k.b.property(items, k.inner("items", "items"), items.is("required"))
	}
}

func (k *keywords) vector(at *node) {
	k.typed(at, "array", "is a list of numbers")
	if n := k.option("dimensions"); n != nil {
		k.set("minItems", json.Number(n.text), here(n, "has %s dimensions", n.text))
		k.set("maxItems", json.Number(n.text), here(n, "has %s dimensions", n.text))
	}
	in := k.inner("items", "items")
	k.schema["items"] = map[string]any{"type": "number"}
	k.b.rule(Rule{ID: derived(in.id, "type"), Severity: Error, Path: in.path, Keyword: "type", Schema: in.schema + "/type",
		Text: "is a number", Line: at.line, Column: at.column})
}

// mapping compiles an ODCS 3.2 map: any names that fit the key, values that fit the value.
func (k *keywords) mapping(at *node) {
	k.typed(at, "object", "is a mapping")
	k.count("minProperties", "has at least %s names")
	k.count("maxProperties", "has at most %s names")
	parts := k.p.get("map")
	if key := parts.get("key"); key != nil {
		names, _ := k.b.property(key, k.inner("propertyNames", "keys"), true)
		if names["type"] == "string" {
			k.schema["propertyNames"] = names
		} else {
			k.b.lacks(key, "make the key's logicalType string", "the key of a map in JSON is text")
		}
	}
	if value := parts.get("value"); value != nil {
		k.schema["additionalProperties"], _ = k.b.property(value, k.inner("additionalProperties", "values"), value.is("required"))
	}
}

// enum compiles the allowed values of ODCS 3.2.
func (k *keywords) enum() {
	list := k.p.get("enum")
	if list == nil {
		return
	}
	values := make([]any, 0, len(list.items)+1)
	for _, e := range list.items {
		if v := e.raw("value"); v != nil {
			values = append(values, v.value())
		}
	}
	k.set("enum", k.orNull(values), here(list, "is one of %d values", len(values)))
}

// orNull adds null for a property that may be null.
func (k *keywords) orNull(values []any) []any {
	if !k.nullable {
		return values
	}
	for _, v := range values {
		if v == nil {
			return values
		}
	}
	return append(values, nil)
}
