package contract

import (
	"fmt"
	"strings"
)

// URLs of the resources of one contract. Nothing is ever fetched from them.
const (
	recordURL = "weir://contract/record"
	folderURL = "weir://folder/c/"
)

func derived(id, keyword string) string {
	if id == "" {
		id = "record"
	}
	return id + "-" + keyword
}

func dotted(id, name string) string {
	if id == "" {
		return name
	}
	return id + "." + name
}

func requiredLocation(pointer, name string) string { return pointer + "\x00" + name }

// rule adds a rule under its schema pointer.
func (b *builder) rule(r Rule) { b.ruleAt(r.Schema, r) }

// ruleAt adds a rule under a location. Derived ids are made unique in document order; newQuality refuses a given id
// that is taken.
func (b *builder) ruleAt(location string, r Rule) {
	if first, taken := b.ids[r.ID]; taken {
		if f := b.c.Rules[first]; r.Keyword != "" && r.Path == f.Path && r.Text == f.Text && r.Line == f.Line && r.Column == f.Column {
			b.c.locations[location] = first // the two bounds of one number format are one rule
			return
		}
		for i := 2; ; i++ {
			id := fmt.Sprintf("%s~%d", r.ID, i)
			if _, taken := b.ids[id]; !taken {
				r.ID = id
				break
			}
		}
	}
	b.ids[r.ID] = len(b.c.Rules)
	if location != "" {
		b.c.locations[location] = len(b.c.Rules)
	}
	b.c.Rules = append(b.c.Rules, r)
}

// cannot names a promise of the contract that weir does not keep.
func (k *keywords) cannot(keyword string, at *node, text, why string) {
	k.b.rule(Rule{ID: derived(k.at.id, keyword), Scope: NotEnforced, Severity: Error, Path: k.at.path, Text: text, Why: why,
		Line: at.line, Column: at.column})
}

func (b *builder) notice(at *node, remedy, format string, args ...any) Problem {
	return Problem{File: b.file, Line: at.line, Column: at.column, Message: fmt.Sprintf(format, args...), Remedy: remedy}
}

// unenforced names the promises of a property that need more than one record.
func (k *keywords) unenforced() {
	if u := k.p.get("unique"); u != nil && u.text == "true" {
		k.cannot("unique", u, "is unique", "uniqueness needs all records; weir sees one window at a time")
	}
	if u := k.p.get("primaryKey"); u != nil && u.text == "true" {
		k.cannot("primaryKey", u, "is unique as the primary key", "uniqueness needs all records; weir sees one window at a time")
	}
	for i, r := range k.p.list("relationships") {
		k.cannot(fmt.Sprintf("relationship-%d", i+1), r, "refers to other data", "weir does not join topics")
	}
}

// RuleAt finds the rule that a violation broke. location is the JSON pointer of the keyword in the compiled schema,
// or jsonschema's AbsoluteKeywordLocation; instance is the JSON pointer of the value, for the keyword required that of
// the missing name. Both may be percent-encoded, as jsonschema writes them. Where the
// contract has no rule of its own (attached schemas, unknown fields) one is derived from the location, so that ids
// never depend on the data.
func (c *Contract) RuleAt(location, instance string) Rule {
	if i, ok := c.lookup(location, instance); ok {
		return c.Rules[i]
	}
	location, instance = unescapeURL(location), unescapeURL(instance)
	if i, ok := c.lookup(location, instance); ok {
		return c.Rules[i]
	}
	location = strings.TrimPrefix(strings.TrimPrefix(location, recordURL+"#"), folderURL)
	id, keyword := staticNames(location)
	if names := splitPointer(instance); len(names) > 0 && keyword == "required" {
		id = dotted(id, names[len(names)-1])
	}
	word := keyword
	switch keyword {
	case "additionalProperties", "unevaluatedProperties":
		word = "unknown-field"
	case "":
		word = "not-allowed" // the schema false
	}
	return Rule{ID: derived(id, word), Severity: Error, Path: instance, Keyword: keyword, Schema: location}
}

func (c *Contract) lookup(location, instance string) (int, bool) {
	pointer := strings.TrimPrefix(strings.TrimPrefix(location, recordURL), "#")
	if strings.HasSuffix(pointer, "/required") {
		names := splitPointer(instance)
		if len(names) > 0 {
			pointer = requiredLocation(pointer, names[len(names)-1])
		}
	}
	i, ok := c.locations[pointer]
	return i, ok
}

// staticNames reads the property names out of a keyword's location, joined with dots, and the keyword itself, "" where
// the location ends at a schema.
func staticNames(location string) (id, keyword string) {
	_, fragment, cut := strings.Cut(location, "#")
	if !cut {
		fragment = location
	}
	parts := splitPointer(fragment)
	var names []string
	for i := 0; i < len(parts); i++ {
		keyword = parts[i]
		switch parts[i] {
		case "properties", "patternProperties", "$defs", "definitions", "dependentSchemas":
			if i++; i < len(parts) {
				names = append(names, parts[i])
				keyword = ""
			}
		case "allOf", "anyOf", "oneOf", "prefixItems":
			if i+1 < len(parts) {
				i++
				keyword = ""
			}
		case "dependentRequired", "dependencies":
			i = len(parts)
		case "items", "additionalItems", "contains", "not", "if", "then", "else", "propertyNames":
			if i == len(parts)-1 && parts[i] != "not" && parts[i] != "contains" && parts[i] != "additionalItems" {
				keyword = ""
			}
		}
	}
	return strings.Join(names, "."), keyword
}
