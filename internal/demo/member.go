package demo

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// member is where one member of a JSON object stands: name, and value, as half-open byte ranges.
type member struct{ nameFrom, nameTo, from, to int }

// find locates a member of the top-level object. The values it is used on come from the data, so that a missing
// member or broken JSON is a fault of this package.
func find(value []byte, name string) member {
	d := jsontext.NewDecoder(bytes.NewReader(value))
	at := func(separators string) int {
		i := int(d.InputOffset())
		for strings.IndexByte(separators, value[i]) >= 0 {
			i++
		}
		return i
	}
	if _, err := d.ReadToken(); err != nil {
		panic(fmt.Sprintf("find %s: %v", name, err))
	}
	for d.PeekKind() != '}' {
		var m member
		m.nameFrom = at(" \t\r\n,")
		token, err := d.ReadToken()
		if err != nil {
			panic(fmt.Sprintf("find %s: %v", name, err))
		}
		here := token.String() == name
		m.nameTo = int(d.InputOffset())
		m.from = at(" \t\r\n:")
		if err := d.SkipValue(); err != nil {
			panic(fmt.Sprintf("find %s: %v", name, err))
		}
		m.to = int(d.InputOffset())
		if here {
			return m
		}
	}
	panic(fmt.Sprintf("find %s: no such member in %s", name, value))
}

// get returns the raw JSON of a member.
func get(value []byte, name string) []byte {
	m := find(value, name)
	return value[m.from:m.to]
}

// set returns a copy of value with a member's raw JSON replaced.
func set(value []byte, name, raw string) []byte {
	m := find(value, name)
	return slices.Concat(value[:m.from], []byte(raw), value[m.to:])
}

// without returns a copy of value that lacks a member.
func without(value []byte, name string) []byte {
	m := find(value, name)
	before, after := bytes.TrimRight(value[:m.nameFrom], " \t\r\n"), bytes.TrimLeft(value[m.to:], " \t\r\n")
	if bytes.HasPrefix(after, []byte(",")) {
		after = after[1:]
	} else {
		before = bytes.TrimSuffix(before, []byte(","))
	}
	return slices.Concat(before, after)
}
