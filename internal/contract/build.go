package contract

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"

	"weir/internal/window"
)

// builder turns one sound ODCS document into a Contract.
type builder struct {
	*reporter
	doc  *node
	root *os.Root // the contract's folder
	c    *Contract

	// The document breaks the standard: it is only searched for further faults, and never compiled.
	shaky bool

	ids map[string]int // index of the rule that has the id
}

func (b *builder) build() {
	c, doc := b.c, b.doc
	b.ids = map[string]int{}
	b.identity()
	c.Status = strings.ToLower(doc.str("status"))
	if c.Status == "" {
		c.Status = "active" // ODCS 3.2 made the status optional
	}
	c.Owner = owner(doc)
	objects := doc.list("schema")
	if len(objects) != 1 {
		at := doc
		if s := doc.get("schema"); s != nil {
			at = s
		}
		b.lacks(at, "describe the records of one topic, one schema object per contract", "the contract has %d schema objects, weir wants one", len(objects))
		return
	}
	object := objects[0]
	if object.str("logicalType") == "blob" {
		b.on(object.get("logicalType"), "use object", "weir checks JSON objects, not blobs")
		return
	}
	schema := b.object(object, place{})
	w := b.weir(object)
	b.objectQuality(object)
	b.serviceLevels(doc)
	b.needWindows()
	if len(b.found) > 0 {
		return
	}
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	c.root = recordURL
	if w.jsonSchema != nil {
		schema["allOf"] = []any{map[string]any{"$ref": folderURL + w.jsonSchema.text}}
		c.attached = true
	}
	c.resources[recordURL] = mustJSON(schema)
	b.attach(w.jsonSchema)
	if len(b.found) > 0 {
		return
	}
	c.Digest = digestOf(doc.value(), c.resources)
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
var plainVersion = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]*$`)

// identity takes name and version. The name is the document's name where that is one plain word, else its id.
func (b *builder) identity() {
	name := b.doc.get("name")
	if name == nil || !plainName.MatchString(name.text) {
		name = b.doc.get("id")
	}
	const remedy = "use letters, digits, dot, dash and underscore"
	if name == nil || !plainName.MatchString(name.text) || len(name.text) > 200 {
		b.on(b.doc, "give it a name of letters, digits, dot, dash and underscore", "the contract has neither a name nor an id that can stand in a file name")
		return
	}
	version := b.doc.get("version")
	if version == nil || !plainVersion.MatchString(version.text) || len(version.text) > 100 {
		at := b.doc
		if version != nil {
			at = version
		}
		b.on(at, remedy+", such as 1.0.0", "the version cannot stand in a file name")
		return
	}
	b.c.ID = ID{Name: name.text, Version: version.text}
}

// owner reads team and support. ODCS 3.0 has a list of people as team: it names no team.
func owner(doc *node) (o Owner) {
	if team := doc.get("team"); team != nil && team.kind == mapNode {
		o.Team = team.str("name")
	}
	for _, s := range doc.list("support") {
		if o.Channel == "" {
			o.Channel = s.str("channel")
		}
		if o.Runbook == "" {
			o.Runbook = s.str("url")
		}
	}
	return o
}

// weirProperty is the custom property "weir" of the schema object.
type weirProperty struct {
	jsonSchema *node
}

func customProperty(n *node, name string) *node {
	for _, p := range n.list("customProperties") {
		if p.str("property") == name {
			return p.get("value")
		}
	}
	return nil
}

func (b *builder) weir(object *node) (w weirProperty) {
	c := b.c
	c.Window, _ = defaultWindow()
	p := customProperty(object, "weir")
	if p == nil {
		return w
	}
	if p.kind != mapNode {
		b.on(p, "write {eventTime: …, window: 1d}", "the custom property weir is %s, not a mapping", p.kind)
		return w
	}
	for _, m := range p.members {
		v := m.value
		if v.kind == listNode || v.kind == mapNode || v.kind == nullNode {
			b.at(m.line, m.column, "write plain text", "weir.%s is %s", m.name, v.kind)
			continue
		}
		var err error
		switch m.name {
		case "eventTime":
			b.eventTime(v)
		case "window":
			c.Window.Size, err = window.ParseSize(v.text)
		case "timezone":
			c.Window.Zone, err = zone(v.text)
		case "lateness":
			c.Window.Lateness, err = lateness(v.text)
		case "baseline":
			c.Baseline = v.text
			if !plainName.MatchString(v.text) {
				err = fmt.Errorf("baseline %q: want the name of a file in the folder baselines, without .json", v.text)
			}
		case "jsonSchema":
			w.jsonSchema = v
		default:
			b.at(m.line, m.column, "the keys are eventTime, window, timezone, lateness, baseline, jsonSchema", "weir has no key %q", m.name)
		}
		if err != nil {
			b.on(v, "", "%v", err)
		}
	}
	return w
}

// lacks reports what is missing or not of the kind wanted. After faults against the standard nothing is said: it may
// only be misspelled.
func (b *builder) lacks(n *node, remedy, format string, args ...any) {
	if !b.shaky {
		b.on(n, remedy, format, args...)
	}
}

// needWindows takes the window rules out of a contract without event time: no window of it ever closes by its data.
func (b *builder) needWindows() {
	if b.c.EventTime != "" {
		return
	}
	for i := range b.c.Rules {
		if r := &b.c.Rules[i]; r.Scope == PerWindow {
			r.Scope, r.Window = NotEnforced, nil
			r.Why = "without eventTime in the custom property weir there are no windows"
		}
	}
}

// eventTime binds the named property: an RFC 3339 timestamp outside arrays that every record has.
func (b *builder) eventTime(v *node) {
	f, always := findField(b.c.Fields, v.text)
	switch {
	case f == nil:
		b.lacks(v, "name a property of the schema (a nested one as outer.inner)", "eventTime names %q, which the schema does not have", v.text)
	case f.Kind != Timestamp:
		b.lacks(v, "name a property with logicalType: timestamp and no format of its own", "eventTime names %q, which is %s, not an RFC 3339 timestamp", v.text, f.Kind)
	case !always:
		b.lacks(v, "add required: true to the property, and to the objects around it", "eventTime names %q, which is not required", v.text)
	default:
		b.c.EventTime = f.Path
	}
}

// findField looks a field up by JSON pointer or by its names joined with dots. always says that it and the objects
// around it are required.
func findField(fields []Field, name string) (found *Field, always bool) {
	for i := range fields {
		f := &fields[i]
		if f.Path == name || f.Name == name {
			return f, f.Required
		}
		rest, dotted := strings.CutPrefix(name, f.Name+".")
		if !dotted && !strings.HasPrefix(name, f.Path+"/") {
			continue
		}
		if inner, always := findField(f.Fields, rest); inner != nil {
			return inner, always && f.Required
		}
	}
	return nil, false
}

func mustJSON(v any) []byte {
	out, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("encode compiled schema: %v", err)) // maps, lists, text and checked numbers only
	}
	return out
}
