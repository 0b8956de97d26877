package validate

import (
	"strings"

	"weir/internal/contract"
)

// fieldTree is the contract's declared fields by the names they have in records.
type fieldTree struct {
	children map[string]*fieldTree
	public   bool
	array    bool
	order    int // among its siblings, as the contract has them
}

func newFieldTree(fields []contract.Field) *fieldTree {
	t := &fieldTree{children: make(map[string]*fieldTree, len(fields))}
	for i, f := range fields {
		child := newFieldTree(f.Fields)
		child.public, child.array, child.order = f.Public, f.Kind == contract.Array, i
		if names := splitPointer(f.Path); len(names) > 0 { // Name may be the author's word for it
			t.children[names[len(names)-1]] = child
		}
	}
	return t
}

// isPublic says whether the value at a pointer may be shown: a public field, or what lies in a public array whose
// items have no fields of their own.
func (v *Validator) isPublic(pointer string) bool {
	t := v.fields
	rest, more := strings.CutPrefix(pointer, "/")
	for more {
		if t.array {
			return t.public && len(t.children) == 0
		}
		var name string
		name, rest, more = strings.Cut(rest, "/")
		if t = t.children[unescapeToken(name)]; t == nil {
			return false
		}
	}
	return t.public
}
