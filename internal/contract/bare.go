package contract

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// FromJSONSchema makes a contract of a bare JSON Schema file and what it refers to in its folder. Its name is the
// file's, its version "0". Top-level scalar properties whose type is plain become fields; there are no window
// rules, and RuleAt derives the id of each violation. The error is of type Problems when the schema is at fault.
func FromJSONSchema(path string) (*Contract, error) {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("open schema folder: %w", err)
	}
	defer root.Close()
	file := filepath.Base(path)
	name := strings.TrimSuffix(strings.TrimSuffix(file, ".json"), ".schema")
	c := &Contract{ID: ID{Name: name, Version: "0"}, File: path, Status: "active", resources: map[string][]byte{},
		root: folderURL + escapePath(file), locations: map[string]int{}}
	c.Window, _ = defaultWindow()
	f := &folder{root: root, dir: filepath.Dir(path), resources: c.resources, reports: map[string]*reporter{}, refused: map[string]string{}}
	if _, err := f.load(c.root); err != nil {
		if ps := f.problems(); len(ps) > 0 {
			return nil, ps
		}
		return nil, Problems{{File: path, Message: "the schema cannot be read: " + err.Error()}}
	}
	schema, err := f.compile(c.root)
	if ps := f.problems(); len(ps) > 0 {
		return nil, ps
	}
	if err != nil {
		return nil, Problems{{File: path, Message: "the schema cannot be compiled: " + err.Error()}}
	}
	if why := costFault(schema); why != "" {
		return nil, Problems{{File: path, Message: why, Remedy: costRemedy}}
	}
	c.Fields = schemaFields(c.resources[c.root])
	c.Digest = digestOf(nil, c.resources)
	return c, nil
}

// schemaFields lists the top-level properties with one scalar type, null aside, in document order.
func schemaFields(src []byte) (fields []Field) {
	types := map[string][]string{}
	formats := map[string]string{}
	required := map[string]bool{}
	var order []string
	lines := map[string]int{}
	_ = walkJSON(src, func(p jsontext.Pointer, _ string, at, _ int, t jsontext.Token) bool {
		parts := splitPointer(string(p))
		switch {
		case len(parts) == 2 && parts[0] == "required" && t.Kind() == '"':
			required[t.String()] = true
		case len(parts) == 2 && parts[0] == "properties":
			order = append(order, parts[1])
			lines[parts[1]] = bytes.Count(src[:at], []byte{'\n'}) + 1
		case len(parts) >= 3 && len(parts) <= 4 && parts[0] == "properties" && parts[2] == "type" && t.Kind() == '"':
			types[parts[1]] = append(types[parts[1]], t.String())
		case len(parts) == 3 && parts[0] == "properties" && parts[2] == "format" && t.Kind() == '"':
			formats[parts[1]] = t.String()
		}
		return true
	})
	for _, name := range order {
		if kind, ok := scalarKind(types[name], formats[name]); ok {
			fields = append(fields, Field{Name: name, Path: join("", name), Kind: kind, Required: required[name], Line: lines[name]})
		}
	}
	return fields
}

func scalarKind(types []string, format string) (Kind, bool) {
	var one string
	for _, t := range types {
		if t == "null" {
			continue
		}
		if one != "" {
			return 0, false
		}
		one = t
	}
	switch one {
	case "integer":
		return Integer, true
	case "number":
		return Number, true
	case "boolean":
		return Boolean, true
	case "string":
		switch format {
		case "date-time":
			return Timestamp, true
		case "date":
			return Date, true
		case "time":
			return Time, true
		}
		return String, true
	}
	return 0, false
}
