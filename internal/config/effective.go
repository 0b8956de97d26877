package config

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Effective is the whole configuration as weir understood it: YAML with every default and every included route put
// in, secrets masked, stopped routes named in comments.
func (c *Config) Effective() ([]byte, error) {
	shown := *c
	for _, path := range []*string{&shown.Contracts, &shown.Kafka.TLS.CA.File, &shown.Kafka.TLS.Cert.File} {
		if abs, err := filepath.Abs(*path); err == nil && *path != "" {
			*path = abs
		}
	}
	if shown.HTTP.Listen == "" {
		shown.HTTP.Listen = "off"
	}
	out, err := yaml.MarshalWithOptions(shown, yaml.IndentSequence(true), yaml.CustomMarshaler[time.Duration](func(d time.Duration) ([]byte, error) { return []byte(plain(d)), nil }),
		yaml.CustomMarshaler[slog.Level](func(l slog.Level) ([]byte, error) { return []byte(strings.ToLower(l.String())), nil }))
	if err != nil {
		return nil, fmt.Errorf("render configuration: %w", err)
	}
	for _, s := range c.Stopped {
		out = fmt.Appendf(out, "# stopped: %s (%s): %s\n", s.Name, s.Problems[0].place(), s.Problems[0].Message)
	}
	return out, nil
}

// Masked is a file as it is written, with comments and references, secrets written in place masked.
func Masked(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	f, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, fmt.Errorf("read configuration %s: not YAML; weir config check shows where", path)
	}
	d := &document{file: path}
	for _, doc := range f.Docs {
		ast.Walk(secretKeys{d}, doc.Body)
	}
	lines := strings.Split(string(text), "\n")
	for i, line := range lines {
		lines[i] = d.masked(i+1, line)
	}
	return []byte(strings.Join(lines, "\n")), nil
}

// secretKeys hides the values of keys that hold secrets, or look like a misspelled one, wherever they stand.
type secretKeys struct{ doc *document }

func (s secretKeys) Visit(n ast.Node) ast.Visitor {
	if pair, ok := n.(*ast.MappingValueNode); ok {
		if Nearest(pair.Key.GetToken().Value, []string{"password", "key"}) != "" {
			s.doc.hideLiteral(pair.Value)
		}
	}
	return s
}
