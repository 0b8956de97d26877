package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// JSONSchema is the compiled document, JSON Schema 2020-12, for display. Attached schemas stand in it by reference.
func (c *Contract) JSONSchema() []byte {
	var out bytes.Buffer
	if err := json.Indent(&out, c.resources[c.root], "", "  "); err != nil {
		return c.resources[c.root]
	}
	return out.Bytes()
}

// Compile compiles the contract's schema with formats asserted. closed refuses names that the contract does not
// declare, in every object that declares any. Everything it needs was read by Load: it opens nothing.
func (c *Contract) Compile(closed bool) (s *jsonschema.Schema, err error) {
	defer func() {
		if p := recover(); p != nil { // jsonschema panics on some malformed schemas
			s, err = nil, fmt.Errorf("compile contract %s: %v", c.ID, p)
		}
	}()
	k := jsonschema.NewCompiler()
	k.AssertFormat = true
	k.LoadURL = func(url string) (io.ReadCloser, error) {
		return nil, fmt.Errorf("%s is not in the contract's folder, and nothing is fetched", url)
	}
	for url, body := range c.resources {
		if closed && url == c.root {
			body = closeObjects(body, c.attached)
		}
		if err := k.AddResource(url, bytes.NewReader(body)); err != nil {
			return nil, fmt.Errorf("compile contract %s: %w", c.ID, err)
		}
	}
	if s, err = k.Compile(c.root); err != nil {
		return nil, fmt.Errorf("compile contract %s: %w", c.ID, err)
	}
	return s, nil
}

// closeObjects adds additionalProperties: false wherever properties are declared. Where a schema is attached, the
// outermost object gets unevaluatedProperties instead, so that names declared there are known too.
func closeObjects(body []byte, attached bool) []byte {
	var schema map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&schema); err != nil {
		return body // a boolean schema declares nothing
	}
	closeObject(schema)
	if _, there := schema["additionalProperties"]; attached && there {
		schema["unevaluatedProperties"] = false
		delete(schema, "additionalProperties")
	}
	return mustJSON(schema)
}

func closeObject(schema map[string]any) {
	props, declared := schema["properties"].(map[string]any)
	if _, there := schema["additionalProperties"]; declared && !there {
		schema["additionalProperties"] = false
	}
	for _, p := range props {
		if sub, ok := p.(map[string]any); ok {
			closeObject(sub)
		}
	}
	for _, keyword := range []string{"items", "additionalProperties"} {
		if sub, ok := schema[keyword].(map[string]any); ok {
			closeObject(sub)
		}
	}
}
