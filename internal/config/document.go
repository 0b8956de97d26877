package config

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// document is one YAML file being read: its lines for excerpts, its anchors, and the texts no excerpt may show.
type document struct {
	file    string
	lines   []string
	anchors map[string]ast.Node
	hidden  []hiding // literal secrets and values of unknown keys
	env     func(string) (string, bool)
	faults  *[]pending // of the file outside routes
	warns   *[]pending
}

// hiding is a text not to be shown in lines from to to.
type hiding struct {
	from, to int
	text     string
}

// pending is a fault whose excerpt is drawn when the whole document is known, so that secrets found later in the
// line are masked too.
type pending struct {
	doc *document
	Problem
}

// seal draws the excerpts.
func seal(ps []pending) []Problem {
	out := make([]Problem, len(ps))
	for i, p := range ps {
		out[i] = p.Problem
		if p.Line > 0 {
			out[i].Excerpt = p.doc.excerpt(p.Line, p.Column)
		}
	}
	return out
}

// parse reads a file's bytes as one YAML document. The root is invalid (ok false) after a syntax error.
func parse(file string, text []byte, env func(string) (string, bool), faults, warns *[]pending) (root value, ok bool) {
	d := &document{file: file, lines: strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n"),
		anchors: map[string]ast.Node{}, env: env, faults: faults, warns: warns}
	f, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntaxFault(err)
		return value{}, false
	}
	var bodies []ast.Node
	for _, doc := range f.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		*faults = append(*faults, pending{d, Problem{File: file, Message: "the file is empty", Remedy: "see the README for a configuration to start from"}})
		return value{}, false
	case 1:
		return value{doc: d, node: bodies[0], faults: faults}, true
	}
	value{doc: d, node: bodies[1], faults: faults}.fault("keep one document per file and use include for the others",
		"a second YAML document begins here")
	return value{}, false
}

// syntaxFault reports what the parser could not read. Without a tree no secret is known: whatever follows a key that
// may name one is masked.
func (d *document) syntaxFault(err error) {
	p := Problem{File: d.file, Message: "not YAML: " + strings.TrimSpace(firstLine(err.Error())),
		Remedy: "check indentation, quotes and brackets here and in the line above"}
	var se *yaml.SyntaxError
	if errors.As(err, &se) {
		p.Message = "not YAML: " + se.GetMessage()
		p.Line, p.Column = position(se.GetToken())
	}
	for i, line := range d.lines {
		if m := mayBeSecret.FindStringSubmatch(line); m != nil {
			d.hidden = append(d.hidden, hiding{i + 1, i + 1, cmp.Or(m[1], m[2])})
		}
	}
	*d.faults = append(*d.faults, pending{d, p})
}

var mayBeSecret = regexp.MustCompile(`(?i)(?:pass\w*|secret|token|key)["']?\s*[:=]\s*(\S.*)|^\s*([A-Za-z0-9+/=]{40,})\s*$`)

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// hide keeps a scalar, as it is written, out of every excerpt.
func (d *document) hide(n ast.Node) {
	tk := n.GetToken()
	if l, ok := n.(*ast.LiteralNode); ok {
		tk = l.Value.GetToken()
	}
	if tk == nil {
		return
	}
	line, _ := position(n.GetToken())
	parts := strings.Split(tk.Origin, "\n")
	for _, part := range parts {
		if part = strings.Trim(part, " \t\r\"'"); part != "" {
			d.hidden = append(d.hidden, hiding{line, line + len(parts), part})
		}
	}
}

// masked is a part of a line without what is hidden in it.
func (d *document) masked(line int, part string) string {
	var hidden []string
	for _, h := range d.hidden {
		if h.from <= line && line <= h.to {
			hidden = append(hidden, h.text)
		}
	}
	slices.SortFunc(hidden, func(a, b string) int { return len(b) - len(a) }) // the longest first: one may contain another
	for _, h := range hidden {
		part = strings.ReplaceAll(part, h, mask)
	}
	return part
}

// excerpt is the line with its number and a caret below the column.
func (d *document) excerpt(line, column int) string {
	if line > len(d.lines) {
		return ""
	}
	text := []rune(d.lines[line-1])
	at := min(max(column-1, 0), len(text))
	before, after := d.masked(line, string(text[:at])), d.masked(line, string(text[at:]))
	lead := strings.Map(func(r rune) rune {
		if r == '\t' { // kept, so that the caret stands right
			return r
		}
		return ' '
	}, before)
	number := fmt.Sprintf("%5d", line)
	return fmt.Sprintf("%s | %s%s\n%s | %s^", number, before, after, strings.Repeat(" ", len(number)), lead)
}

func position(tk *token.Token) (line, column int) {
	if tk == nil || tk.Position == nil {
		return 0, 0
	}
	return tk.Position.Line, tk.Position.Column
}

// path resolves a path written in this file.
func (d *document) path(p string) string {
	if filepath.IsAbs(p) {
		return filepath.Clean(p)
	}
	return filepath.Join(filepath.Dir(d.file), p)
}
