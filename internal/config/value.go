package config

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// value is one node of a document with its name, and the list its faults go to. The readers below leave their
// destination alone when the node is null (the default stays) or at fault, and report whether they have set it.
type value struct {
	doc    *document
	node   ast.Node
	name   string // "routes[1].mode"
	faults *[]pending
}

func (v value) fault(remedy, format string, args ...any) {
	line, column := position(firstToken(v.node))
	*v.faults = append(*v.faults, pending{v.doc, v.problem(line, column, remedy, fmt.Sprintf(format, args...))})
}

func (v value) warn(remedy, format string, args ...any) {
	line, column := position(firstToken(v.node))
	*v.doc.warns = append(*v.doc.warns, pending{v.doc, v.problem(line, column, remedy, fmt.Sprintf(format, args...))})
}

func (v value) problem(line, column int, remedy, message string) Problem {
	if v.name != "" {
		message = v.name + ": " + message
	}
	return Problem{File: v.doc.file, Line: line, Column: column, Message: message, Remedy: remedy}
}

// firstToken returns the token a node starts with. A block mapping's own token is its first colon.
func firstToken(n ast.Node) *token.Token {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return n.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return n.GetToken()
}

// keys maps each permitted key to its reader.
type keys map[string]func(value)

// mapping reads a mapping: each key by its reader, in the order of the file. given has the keys that stand there, also
// by the names that misspelled ones probably mean, so that they are not missed; nil when it is no mapping. Unknown and repeated keys are faults; the values of unknown keys are hidden from excerpts,
// since a misspelled key may hold a secret.
func (v value) mapping(known keys) (given map[string]value) {
	pairs, ok := v.pairs()
	if !ok {
		v.fault("", "wants a mapping (key: value), not %s", kindOf(v.node))
		return nil
	}
	given = map[string]value{}
	meant := map[string]value{} // known keys that were probably misspelled
	for _, pair := range pairs {
		key := pair.Key.GetToken().Value
		at := value{v.doc, pair.Key, v.name, v.faults}
		child := value{v.doc, v.doc.resolve(pair.Value), join(v.name, key), v.faults}
		read, isKnown := known[key]
		switch _, twice := given[key]; {
		case twice:
			at.fault("keep one of them", "the key %q stands here a second time", key)
		case !isKnown:
			v.doc.hideAll(pair.Value)
			at.fault(didYouMean(key, sortedKeys(known)), "unknown key %q", key)
			meant[Nearest(key, sortedKeys(known))] = child
		default:
			given[key] = child
			if _, null := child.node.(*ast.NullNode); !null {
				read(child)
			}
		}
	}
	for key, child := range meant {
		if _, ok := given[key]; !ok && key != "" {
			given[key] = child
		}
	}
	return given
}

// pairs are a mapping's entries with merge keys (<<) put in place.
func (v value) pairs() ([]*ast.MappingValueNode, bool) {
	var own []*ast.MappingValueNode
	switch n := v.node.(type) {
	case *ast.MappingNode:
		own = n.Values
	case *ast.MappingValueNode:
		own = []*ast.MappingValueNode{n}
	default:
		return nil, false
	}
	var out []*ast.MappingValueNode
	for _, p := range own {
		if !p.Key.IsMergeKey() {
			out = append(out, p)
			continue
		}
		merged, ok := value{v.doc, v.doc.resolve(p.Value), v.name, v.faults}.pairs()
		if !ok {
			value{v.doc, p.Value, v.name, v.faults}.fault("merge an anchored mapping: <<: *name", "nothing to merge")
		}
		for _, m := range merged { // what stands in the mapping itself wins
			key := m.Key.GetToken().Value
			if !slices.ContainsFunc(own, func(o *ast.MappingValueNode) bool { return o.Key.GetToken().Value == key }) {
				out = append(out, m)
			}
		}
	}
	return out, true
}

// resolve follows anchors and aliases. An alias stands behind its anchor, so there are no cycles; one used inside its
// own anchor is not known yet and stays an alias, which no reader accepts.
func (d *document) resolve(n ast.Node) ast.Node {
	switch t := n.(type) {
	case *ast.AnchorNode:
		inner := d.resolve(t.Value)
		d.anchors[t.Name.GetToken().Value] = inner
		return inner
	case *ast.AliasNode:
		if to, ok := d.anchors[t.Value.GetToken().Value]; ok {
			return to
		}
	case *ast.TagNode:
		return d.resolve(t.Value)
	case nil:
		return ast.Null(nil)
	}
	if text := scalarWithColon(n); text != nil {
		return ast.String(text)
	}
	return n
}

// scalarWithColon puts together what the parser takes apart: in {brokers: [localhost:9092]} it reads a mapping, where
// YAML 1.2 has a text because no space follows the colon. It returns nil for everything else.
func scalarWithColon(n ast.Node) *token.Token {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) == 1 && !m.IsFlowStyle {
		n = m.Values[0]
	}
	pair, ok := n.(*ast.MappingValueNode)
	if !ok {
		return nil
	}
	key, colon, after := pair.Key.GetToken(), pair.Start, pair.Value.GetToken()
	if inner := scalarWithColon(pair.Value); inner != nil {
		after = inner
	} else if _, ok := pair.Value.(ast.ScalarNode); !ok {
		return nil
	}
	if colon == nil || after == nil || key.Type != token.StringType || !touch(key, colon) || !touch(colon, after) {
		return nil
	}
	text := key.Value + ":" + after.Value
	return token.New(text, text, key.Position)
}

// touch says that b follows a without a space.
func touch(a, b *token.Token) bool {
	return a.Position.Line == b.Position.Line && a.Position.Column+utf8.RuneCountInString(a.Value) == b.Position.Column
}

// hideAll hides every scalar below a node, keys apart.
func (d *document) hideAll(n ast.Node) {
	switch n := n.(type) {
	case *ast.MappingNode:
		for _, pair := range n.Values {
			d.hideAll(pair.Value)
		}
	case *ast.MappingValueNode:
		d.hideAll(n.Value)
	case *ast.SequenceNode:
		for _, e := range n.Values {
			d.hideAll(e)
		}
	case *ast.AnchorNode:
		d.hideAll(n.Value)
	case *ast.TagNode:
		d.hideAll(n.Value)
	case ast.ScalarNode:
		d.hide(n)
	}
}

// list reads each element of a sequence.
func (v value) list(read func(value)) {
	seq, ok := v.node.(*ast.SequenceNode)
	if !ok {
		v.fault("", "wants a list, not %s", kindOf(v.node))
		return
	}
	for i, n := range seq.Values {
		read(value{v.doc, v.doc.resolve(n), fmt.Sprintf("%s[%d]", v.name, i), v.faults})
	}
}

func join(parent, key string) string {
	if parent == "" {
		return key
	}
	return parent + "." + key
}

func kindOf(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.BoolNode:
		return "true or false"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "a number"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.NullNode, nil:
		return "nothing"
	case *ast.AliasNode:
		return "an alias without an anchor before it"
	}
	return "something else"
}
