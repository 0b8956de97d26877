package validate

import (
	"encoding/binary"
	"encoding/json"
	"net/url"
	"strings"
)

// key is a name as it stands in a compact record, `"name":`, cut up for comparing words instead of bytes.
type key struct {
	head, mask uint64 // the first eight bytes, fewer where mask has zeros
	text       string // the whole
	last       uint64 // the last eight bytes, where there are more than eight
}

// newKey cuts up a name. One that a record can only write with escapes matches nothing.
func newKey(name string) key {
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' }) {
		return key{head: 1}
	}
	k := key{text: `"` + name + `":`, mask: ^uint64(0)}
	padded := append([]byte(k.text), make([]byte, 8)...)
	if n := len(k.text); n < 8 {
		k.mask = 1<<(8*n) - 1
	} else {
		k.last = binary.LittleEndian.Uint64(padded[n-8:])
	}
	k.head = binary.LittleEndian.Uint64(padded) & k.mask
	return k
}

// at says whether the key stands at b[i:]. Near the end of b it may say no although it does.
func (k *key) at(b []byte, i int) bool {
	n := len(k.text)
	if len(b)-i < max(n, 8) || load(b, i)&k.mask != k.head {
		return false
	}
	return n <= 8 || load(b, i+n-8) == k.last && (n <= 16 || string(b[i+8:i+n-8]) == k.text[8:n-8])
}

// load reads the eight bytes at b[i:], the first in the lowest bits.
func load(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8]) }

// pointerToken is a JSON pointer, or one step of it, and the same as the library writes it in its locations.
type pointerToken struct{ pointer, location string }

// newToken is the step to a name.
func newToken(name string) pointerToken {
	return pointerToken{"/" + escapeToken(name), "/" + escapeLocation(name)}
}

func escapeLocation(name string) string { return url.PathEscape(escapeToken(name)) }

// literalOf is a constant as a decider compares it.
func literalOf(constant any) any {
	if n, ok := constant.(json.Number); ok {
		i, _ := parseInteger(string(n)) // decisive has seen that it can
		return i
	}
	return constant
}
