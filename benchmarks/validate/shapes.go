package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"

	"weir/internal/contract"
)

// shapes returns all shapes in the order of the table.
func shapes() []*shape { return []*shape{flights(), orders(), wide(), events(), texts()} }

// schemaFiles are what a shape is judged by: weir's own notation, and the JSON Schema that it amounts to.
type schemaFiles struct{ weir, schema string }

// write puts the schema into dir. root is the module's folder.
func (s *shape) write(dir, root string) (schemaFiles, error) {
	f := schemaFiles{schema: filepath.Join(dir, s.name+".schema.json")}
	f.weir = f.schema
	body := []byte(s.schema)
	if s.contract != "" {
		f.weir = filepath.Join(root, filepath.FromSlash(s.contract))
		c, err := contract.Load(f.weir)
		if err != nil {
			return f, fmt.Errorf("load contract of shape %s: %w", s.name, err)
		}
		body = c.JSONSchema()
	}
	return f, os.WriteFile(f.schema, body, 0o644)
}

// beforeSuffix names the file of the records that came before those of a data file.
const beforeSuffix = ".before"

// write puts the records into a file, one per line.
func (d *dataset) write(name string) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for _, line := range d.lines {
		w.Write(line) // a bufio.Writer keeps its first error for Flush
		w.WriteByte('\n')
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
