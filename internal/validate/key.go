package validate

import (
	"encoding/binary"
	"encoding/json"
	"net/url"
	"strings"
)

// key is a name as it stands in a compact record, `"name":`, or a constant, `"text"`, cut up for comparing words instead
// of bytes.
type key struct {
	size           int
	head, mask     uint64 // the first eight bytes, fewer where mask has zeros
	back           int    // where the last eight bytes begin, 0 where there are no more than eight in all
	last, lastMask uint64 // those
	middle         string // what neither covers
}

// noKey matches nothing.
var noKey = key{head: 1}

// isWrittenPlain says whether a record can write a string without escapes.
func isWrittenPlain(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' })
}

// newKey cuts up a name and its colon. One that a record can only write with escapes matches nothing.
func newKey(name string) key { return newQuoted(name, ":") }

// newQuoted cuts up a string in quotes, and what follows it.
func newQuoted(name, after string) key {
	if !isWrittenPlain(name) {
		return noKey
	}
	text := `"` + name + `"` + after
	k := key{size: len(text), mask: ^uint64(0)}
	if k.size < 8 {
		k.mask = 1<<(8*k.size) - 1
	}
	padded := append([]byte(text), make([]byte, 8)...)
	k.head = load(padded, 0) & k.mask
	k.last, k.lastMask = k.head, k.mask
	if k.size > 8 {
		k.back = k.size - 8
		k.last = load(padded, k.back)
	}
	if k.size > 16 {
		k.middle = text[8:k.back]
	}
	return k
}

// at says whether the key stands at b[i:]. Near the end of b it may say no although it does.
func (k *key) at(b []byte, i int) bool {
	return len(b)-i >= k.back+8 && load(b, i)&k.mask == k.head && load(b, i+k.back)&k.lastMask == k.last &&
		(k.middle == "" || string(b[i+8:i+k.back]) == k.middle)
}

// load reads the eight bytes at b[i:], the first in the lowest bits.
func load(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i : i+8]) }

func escapeLocation(name string) string { return url.PathEscape(escapeToken(name)) }

// literalOf is a constant as a decider compares it.
func literalOf(constant any) any {
	if n, ok := constant.(json.Number); ok {
		i, _ := parseInteger(string(n)) // decisive has seen that it can
		return i
	}
	return constant
}

// quotedOf is a string constant as records write it; of others it matches nothing.
func quotedOf(constant any) key {
	if text, ok := constant.(string); ok {
		return newQuoted(text, "")
	}
	return noKey
}
