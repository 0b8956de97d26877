package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds on one document. They hold whatever its author intends: a contract of a thousand fields stays far below.
const (
	maxFileBytes  = 1 << 20
	maxNodes      = 100_000 // after aliases are expanded
	maxDepth      = 64      // of nesting, after aliases are expanded
	maxKeys       = 2_000   // of one block mapping: the YAML library takes time with the square of them
	maxNumberText = 64      // characters of a number
	maxExponent   = 400     // beyond it exact arithmetic on a number costs memory and time without bound
)

type kind uint8

const (
	nullNode kind = iota
	boolNode
	numberNode // text is a JSON number
	textNode
	listNode
	mapNode
)

func (k kind) String() string {
	return [...]string{"null", "true or false", "a number", "text", "a list", "a mapping"}[k]
}

// node is a YAML value reduced to what JSON knows, with the position of its first character.
type node struct {
	kind         kind
	text         string
	items        []*node
	members      []member       // in document order, names unique
	index        map[string]int // of members, by name
	line, column int
}

type member struct {
	name         string
	line, column int
	value        *node
}

// get returns the member's value, nil when n is not a mapping, has no such name, or holds null there.
func (n *node) get(name string) *node {
	v := n.raw(name)
	if v == nil || v.kind == nullNode {
		return nil
	}
	return v
}

func (n *node) raw(name string) *node {
	if n == nil {
		return nil
	}
	if i, ok := n.index[name]; ok {
		return n.members[i].value
	}
	return nil
}

// add appends a member unless the name is taken; it returns the member that has the name.
func (n *node) add(m member) (first member, ok bool) {
	if i, taken := n.index[m.name]; taken {
		return n.members[i], false
	}
	if n.index == nil {
		n.index = map[string]int{}
	}
	n.index[m.name] = len(n.members)
	n.members = append(n.members, m)
	return m, true
}

// scalar is the node's text, "" when there is no node.
func (n *node) scalar() string {
	if n == nil {
		return ""
	}
	return n.text
}

// str is the text of a scalar member, "" when there is none.
func (n *node) str(name string) string {
	if v := n.get(name); v != nil && v.kind != listNode && v.kind != mapNode {
		return v.text
	}
	return ""
}

// is says whether the member is the boolean true.
func (n *node) is(name string) bool {
	v := n.get(name)
	return v != nil && v.kind == boolNode && v.text == "true"
}

// list is the member's items, none when it is not a list.
func (n *node) list(name string) []*node {
	if v := n.get(name); v != nil {
		return v.items
	}
	return nil
}

// value is the node as encoding/json decodes it, numbers as json.Number.
func (n *node) value() any {
	switch n.kind {
	case boolNode:
		return n.text == "true"
	case numberNode:
		return json.Number(n.text)
	case textNode:
		return n.text
	case listNode:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.value()
		}
		return list
	case mapNode:
		m := make(map[string]any, len(n.members))
		for _, mem := range n.members {
			m[mem.name] = mem.value.value()
		}
		return m
	}
	return nil
}

// find follows a JSON pointer and stops at the deepest node that exists. The position is that of the name where
// the node is a member, of the value elsewhere.
func (n *node) find(pointer string) (found *node, line, column int) {
	found, line, column = n, n.line, n.column
	for _, name := range splitPointer(pointer) {
		var next *node
		switch found.kind {
		case mapNode:
			if i, ok := found.index[name]; ok {
				m := found.members[i]
				next, line, column = m.value, m.line, m.column
			}
		case listNode:
			if i, err := strconv.Atoi(name); err == nil && i >= 0 && i < len(found.items) {
				next = found.items[i]
				line, column = next.line, next.column
			}
		}
		if next == nil {
			return found, line, column
		}
		found = next
	}
	return found, line, column
}

// parseDocument reads one YAML document. It returns nil when the text cannot be understood; the reporter knows why.
func parseDocument(src []byte, r *reporter) (doc *node) {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if !utf8.Valid(src) {
		r.at(0, 0, "save it as UTF-8", "the file is not UTF-8 text")
		return nil
	}
	tokens := lexer.Tokenize(string(src))
	if !boundedTokens(tokens, r) {
		return nil
	}
	file, err := parseTokens(tokens)
	if err != nil {
		reportSyntax(err, r)
		return nil
	}
	docs := file.Docs[:0:0]
	for _, d := range file.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType && d.Body.Type() != ast.DirectiveType {
			docs = append(docs, d)
		}
	}
	switch {
	case len(docs) == 0:
		r.at(1, 1, "write a contract into it; contracts/README.md shows one", "the file is empty")
		return nil
	case len(docs) > 1:
		line, column := position(docs[1].Body)
		r.at(line, column, "keep one contract version per file", "the file holds %d YAML documents", len(docs))
		return nil
	}
	b := &docReader{reporter: r, anchors: map[string]ast.Node{}, open: map[string]bool{}}
	before := len(r.found)
	doc = b.read(docs[0].Body, 0)
	if len(r.found) > before {
		return nil
	}
	return doc
}

// parseTokens contains the parser: it must not take the process down, whatever the text.
func parseTokens(tokens token.Tokens) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the YAML cannot be understood (%v)", p)
		}
	}()
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // its own check is quadratic; docReader has one
}

func reportSyntax(err error, r *reporter) {
	const remedy = "mend the YAML at this place; indentation and unclosed quotes or brackets are the usual causes"
	var ye yaml.Error
	if errors.As(err, &ye) && ye.GetToken() != nil {
		p := ye.GetToken().Position
		r.at(p.Line, p.Column, remedy, "not valid YAML: %s", ye.GetMessage())
		return
	}
	r.at(1, 1, remedy, "not valid YAML: %s", firstLine(err.Error()))
}

// boundedTokens refuses what the parser would recurse into too deeply or take too long over.
func boundedTokens(tokens token.Tokens, r *reporter) bool {
	flow, run := 0, 0
	var keys keyCounter
	for _, t := range tokens {
		fault := func(remedy, format string, args ...any) bool {
			r.at(t.Position.Line, t.Position.Column, remedy, format, args...)
			return false
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
			run++
		case token.MappingEndType, token.SequenceEndType:
			flow--
			run = 0
		case token.MappingKeyType:
			return fault("write name: value", "a contract has plain names only, not explicit keys (?)")
		case token.SequenceEntryType, token.AnchorType, token.TagType, token.MappingValueType:
			run++
		case token.InvalidType:
			return fault("mend the YAML at this place", "not valid YAML: %s", t.Error)
		default:
			run = 0
		}
		if flow > maxDepth || run > 2*maxDepth || t.Position.IndentNum > 16*maxDepth {
			return fault("flatten the document", "nested more than %d deep", maxDepth)
		}
		if flow == 0 && keys.count(t) > maxKeys {
			return fault("split the contract", "a mapping has more than %d names", maxKeys)
		}
	}
	return true
}

// keyCounter counts the names of block mappings, which stand in one column.
type keyCounter []struct{ column, keys int }

// count returns how many names the token's mapping has so far, 0 when the token is not a name.
func (k *keyCounter) count(t *token.Token) int {
	key := t.Next != nil && t.Next.Type == token.MappingValueType
	if !key && t.Type != token.SequenceEntryType {
		return 0
	}
	for n := len(*k); n > 0 && (*k)[n-1].column > t.Position.Column; n-- {
		*k = (*k)[:n-1]
	}
	if !key {
		return 0
	}
	if n := len(*k); n == 0 || (*k)[n-1].column < t.Position.Column {
		*k = append(*k, struct{ column, keys int }{column: t.Position.Column})
	}
	last := &(*k)[len(*k)-1]
	last.keys++
	return last.keys
}

// docReader turns the syntax tree into nodes, within bounds.
type docReader struct {
	*reporter
	anchors map[string]ast.Node
	open    map[string]bool // aliases being expanded
	nodes   int
	stopped bool
}

func position(n ast.Node) (line, column int) {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return 1, 1
	}
	t := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 && !m.IsFlowStyle {
		t = m.Values[0].Key.GetToken()
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		t = m.Key.GetToken()
	}
	return t.Position.Line, t.Position.Column
}

func (d *docReader) stop(n ast.Node, remedy, format string, args ...any) *node {
	line, column := position(n)
	if !d.stopped {
		d.at(line, column, remedy, format, args...)
	}
	d.stopped = true
	return &node{line: line, column: column}
}

func (d *docReader) read(n ast.Node, depth int) *node {
	line, column := position(n)
	out := &node{line: line, column: column}
	if d.stopped {
		return out
	}
	if d.nodes++; d.nodes > maxNodes {
		return d.stop(n, "split the contract, or repeat less by aliases", "the document has more than %d values", maxNodes)
	}
	if depth > maxDepth {
		return d.stop(n, "flatten the document", "nested more than %d deep", maxDepth)
	}
	switch n := n.(type) {
	case nil, *ast.NullNode:
	case *ast.BoolNode:
		out.kind, out.text = boolNode, strconv.FormatBool(n.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		d.number(out, n)
	case *ast.StringNode:
		out.kind, out.text = textNode, n.Value
		if n.Token.Type == token.StringType && jsonNumber.MatchString(n.Value) {
			d.number(out, n) // the YAML library reads 3e2 as text; YAML 1.2 and JSON read a number
		}
	case *ast.LiteralNode:
		out.kind, out.text = textNode, n.Value.Value
	case *ast.SequenceNode:
		out.kind = listNode
		for _, v := range n.Values {
			out.items = append(out.items, d.read(v, depth+1))
		}
	case *ast.MappingNode:
		out.kind = mapNode
		for _, mv := range n.Values {
			d.member(out, mv, depth)
		}
	case *ast.MappingValueNode:
		out.kind = mapNode
		d.member(out, n, depth)
	case *ast.AnchorNode:
		d.anchors[n.Name.GetToken().Value] = n.Value
		return d.read(n.Value, depth+1)
	case *ast.AliasNode:
		return d.alias(n, depth)
	case *ast.TagNode:
		return d.tag(n, depth)
	default:
		return d.stop(n, "write plain YAML", "a contract cannot hold this kind of YAML (%s)", n.Type())
	}
	return out
}

func (d *docReader) alias(n *ast.AliasNode, depth int) *node {
	name := n.Value.GetToken().Value
	target, ok := d.anchors[name]
	if !ok {
		return d.stop(n, "define the anchor before it is used", "no anchor &%s stands before this alias", name)
	}
	if d.open[name] {
		return d.stop(n, "remove the alias", "the anchor &%s contains itself", name)
	}
	d.open[name] = true
	out := d.read(target, depth+1)
	delete(d.open, name)
	return out
}

func (d *docReader) tag(n *ast.TagNode, depth int) *node {
	switch n.Start.Value {
	case "!!str":
		out := d.read(n.Value, depth+1)
		if s, ok := n.Value.(ast.ScalarNode); ok {
			out.kind, out.text = textNode, s.GetToken().Value
		}
		return out
	case "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq":
		return d.read(n.Value, depth+1)
	}
	return d.stop(n, "remove the tag", "the YAML tag %s is not supported", n.Start.Value)
}

// member adds one name, or with "<<" the names of other mappings that are not there yet.
func (d *docReader) member(out *node, mv *ast.MappingValueNode, depth int) {
	if mv.Key.IsMergeKey() {
		from := d.read(mv.Value, depth+1)
		sources := []*node{from}
		if from.kind == listNode {
			sources = from.items
		}
		for _, s := range sources {
			if s.kind != mapNode {
				d.stop(mv.Value, "merge mappings only", "\"<<\" merges %s", s.kind)
				return
			}
			for _, m := range s.members {
				d.nodes++
				out.add(m) // names already there win
			}
		}
		return
	}
	t := mv.Key.GetToken()
	name := t.Value
	switch mv.Key.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
	default:
		d.stop(mv.Key, "use plain text as the name", "a name must be plain text")
		return
	}
	m := member{name: name, line: t.Position.Line, column: t.Position.Column}
	m.value = d.read(mv.Value, depth+1)
	if mv.Value == nil || m.value.kind == nullNode {
		m.value.line, m.value.column = m.line, m.column
	}
	if first, ok := out.add(m); !ok {
		d.at(m.line, m.column, "keep one of the two", "the name %q stands twice, first on line %d", name, first.line)
	}
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// splitPointer returns the unescaped names of a JSON pointer.
func splitPointer(p string) []string {
	if p == "" {
		return nil
	}
	names := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i := range names {
		names[i] = unescape.Replace(names[i])
	}
	return names
}

var (
	unescape = strings.NewReplacer("~1", "/", "~0", "~")
	escape   = strings.NewReplacer("~", "~0", "/", "~1")
)

// join appends a name to a JSON pointer.
func join(pointer, name string) string { return pointer + "/" + escape.Replace(name) }
