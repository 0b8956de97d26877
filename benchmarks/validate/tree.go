package main

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf16"

	"github.com/go-json-experiment/json/jsontext"
)

// A record is made as a tree of these, so that a fault can be put into one place of it and everything else stays as
// the generator wrote it: leaf is JSON text, the others keep their order.
type (
	leaf   string
	array  []any // of leaf, array and *object
	object struct{ members []member }
	member struct {
		name  string
		value any // leaf, array or *object
	}
)

// record makes an object of names and values in turn.
func record(namesAndValues ...any) *object {
	o := new(object)
	for pair := range slices.Chunk(namesAndValues, 2) {
		o.set(pair[0].(string), pair[1])
	}
	return o
}

func (o *object) index(name string) int {
	return slices.IndexFunc(o.members, func(m member) bool { return m.name == name })
}

// set replaces the value of a name, or adds the name at the end.
func (o *object) set(name string, value any) {
	if i := o.index(name); i >= 0 {
		o.members[i].value = value
		return
	}
	o.members = append(o.members, member{name, value})
}

func (o *object) remove(name string) {
	o.members = slices.DeleteFunc(o.members, func(m member) bool { return m.name == name })
}

func (o *object) get(name string) any        { return o.members[o.index(name)].value }
func (o *object) object(name string) *object { return o.get(name).(*object) }
func (o *object) array(name string) array    { return o.get(name).(array) }
func (a array) object(i int) *object         { return a[i].(*object) }
func integer(n int) leaf                     { return leaf(strconv.Itoa(n)) }
func decimal(f float64, places int) leaf     { return leaf(strconv.FormatFloat(f, 'f', places, 64)) }
func boolean(b bool) leaf                    { return leaf(strconv.FormatBool(b)) }
func text(format string, args ...any) leaf   { return quote(fmt.Sprintf(format, args...), false) }

// quote writes s as JSON text: with what JSON demands escaped, or with everything outside ASCII escaped as well, as
// Python's json.dumps does when nobody asks it otherwise.
func quote(s string, ascii bool) leaf {
	raw, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		panic(err) // the generators write UTF-8
	}
	if !ascii {
		return leaf(raw)
	}
	var out []byte
	for _, c := range string(raw) {
		switch {
		case c < 0x80:
			out = append(out, byte(c))
		case c < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, c)
		default:
			high, low := utf16.EncodeRune(c)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		}
	}
	return leaf(out)
}

// render appends the tree as JSON without spaces.
func render(out []byte, v any) []byte {
	switch v := v.(type) {
	case leaf:
		return append(out, v...)
	case array:
		out = append(out, '[')
		for i, item := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = render(out, item)
		}
		return append(out, ']')
	case *object:
		out = append(out, '{')
		for i, m := range v.members {
			if i > 0 {
				out = append(out, ',')
			}
			out = append(out, quote(m.name, false)...)
			out = append(out, ':')
			out = render(out, m.value)
		}
		return append(out, '}')
	}
	panic(fmt.Sprintf("a record has a %T in it", v))
}

// flat reads an object of scalars back into a tree.
func flat(value []byte) (*object, error) {
	d := jsontext.NewDecoder(bytes.NewReader(value))
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	o := new(object)
	for d.PeekKind() == '"' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		v, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		o.members = append(o.members, member{key, leaf(v)})
	}
	return o, nil
}
