package validate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"weir/internal/contract"
)

// trial is a schema and the records judged by it, of which the last one makes the ways to judge disagree.
type trial struct {
	setup
	documents [][]byte
	check     check
}

// differs says what the ways to judge disagree on about the last record, "" when they agree or the schema does not
// compile. What the library itself says differently from one time to the next counts as well.
func (t *trial) differs() string {
	c, err := newRivals(&t.setup, t.check)
	if err != nil {
		return ""
	}
	what := ""
	for _, value := range t.documents {
		_, what = c.of(value)
	}
	return what
}

func (t trial) String() string {
	s := t.differs()
	if s == "" {
		return "gone when judged again: the answer depends on an order that is random"
	}
	s = fmt.Sprintf("%s\nschema: %s\n", s, t.schema)
	if t.closed != nil {
		s += fmt.Sprintf("closed: %s\n", t.closed)
	}
	for _, value := range t.documents {
		s += fmt.Sprintf("record: %q\n", value)
	}
	return s + fmt.Sprintf("options: %+v\nfields: %+v", t.options, t.fields)
}

// shrinkFor bounds the time spent on one disagreement.
const shrinkFor = 20 * time.Second

// shrink takes away what the disagreement does not need: earlier records, then parts of the record, of the schema and
// of the fields, greedily and one at a time until nothing more can go.
func shrink(t trial) trial {
	deadline := time.Now().Add(shrinkFor)
	try := func(smaller trial) bool {
		if time.Now().After(deadline) || smaller.differs() == "" {
			return false
		}
		t = smaller
		return true
	}
	last := len(t.documents) - 1
	smaller := t
	if smaller.documents = t.documents[last:]; !try(smaller) {
		for i := last - 1; i >= 0; i-- {
			smaller = t
			smaller.documents = slices.Delete(slices.Clone(t.documents), i, i+1)
			try(smaller)
		}
	}
	for again := true; again && time.Now().Before(deadline); {
		again = false
		reduceText(func() []byte { return t.schema }, func(text []byte) bool {
			smaller := t
			smaller.schema = text
			return try(smaller)
		}, &again)
		if t.closed != nil {
			reduceText(func() []byte { return t.closed }, func(text []byte) bool {
				smaller := t
				smaller.closed = text
				return try(smaller)
			}, &again)
		}
		last := len(t.documents) - 1
		withRecord := func(text []byte) bool {
			smaller := t
			smaller.documents = slices.Clone(t.documents)
			smaller.documents[last] = text
			return try(smaller)
		}
		reduceText(func() []byte { return t.documents[last] }, withRecord, &again)
		for size := len(t.documents[last]) / 2; size > 0; size /= 2 {
			for i := 0; i+size <= len(t.documents[last]); {
				if withRecord(slices.Delete(bytes.Clone(t.documents[last]), i, i+size)) {
					again = true
				} else {
					i += size
				}
			}
		}
		reduceFields(t.fields, func(fields []contract.Field) bool {
			smaller := t
			smaller.fields = fields
			return try(smaller)
		}, &again)
	}
	return t
}

// reduceText reduces a JSON text as a tree; text that is none is left alone.
func reduceText(text func() []byte, try func([]byte) bool, reduced *bool) {
	for at := 0; ; {
		tree, ok := parseTree(text())
		if !ok || at >= countValues(tree) {
			return
		}
		took := false
		for _, smaller := range reductions(tree, at) {
			plain := (&writer{dice: newDice(0)}).write(smaller)
			if len(plain) < len(text()) && try(plain) {
				took, *reduced = true, true
				break
			}
		}
		if !took {
			at++
		}
	}
}

// reductions lists smaller trees that differ at one place: without a member or an item, or with a part in the place of
// the whole.
func reductions(tree any, at int) (smaller []any) {
	put := func(v any) {
		n := at
		smaller = append(smaller, replaceAt(tree, &n, v))
	}
	switch v := valueAt(tree, at).(type) {
	case object:
		for i := range v {
			put(slices.Delete(slices.Clone(v), i, i+1))
		}
		for i := range v {
			put(v[i].value)
		}
	case []any:
		for i := range v {
			put(slices.Delete(slices.Clone(v), i, i+1))
		}
	case string:
		put("")
		if runes := []rune(v); len(runes) > 1 {
			put(string(runes[:len(runes)/2]))
		}
	case json.Number:
		put(json.Number("1"))
	}
	return smaller
}

func valueAt(tree any, at int) (found any) {
	var walk func(v any)
	walk = func(v any) {
		if at--; at == -1 {
			found = v
		}
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case object:
			for _, one := range v {
				walk(one.value)
			}
		}
	}
	walk(tree)
	return found
}

func replaceAt(tree any, at *int, with any) any {
	if *at--; *at == -1 {
		return with
	}
	switch v := tree.(type) {
	case []any:
		v = slices.Clone(v)
		for i := range v {
			v[i] = replaceAt(v[i], at, with)
		}
		return v
	case object:
		v = slices.Clone(v)
		for i := range v {
			v[i].value = replaceAt(v[i].value, at, with)
		}
		return v
	}
	return tree
}

func reduceFields(fields []contract.Field, try func([]contract.Field) bool, reduced *bool) {
	for i := 0; i < len(fields); {
		smaller := slices.Delete(slices.Clone(fields), i, i+1)
		if try(smaller) {
			fields, *reduced = smaller, true
			continue
		}
		reduceFields(fields[i].Fields, func(inside []contract.Field) bool {
			smaller := slices.Clone(fields)
			smaller[i].Fields = inside
			if try(smaller) {
				fields = smaller
				return true
			}
			return false
		}, reduced)
		i++
	}
}

// parseTree reads JSON as a tree that keeps order, repeated names and the spelling of numbers.
func parseTree(text []byte) (any, bool) {
	d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))
	v, err := readTree(d)
	if err != nil {
		return nil, false
	}
	return v, len(bytes.TrimSpace(text[d.InputOffset():])) == 0
}

func readTree(d *jsontext.Decoder) (any, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return token.Bool(), nil
	case '"':
		return token.String(), nil
	case '0':
		return json.Number(token.String()), nil
	case '[':
		list := []any{}
		for d.PeekKind() != ']' {
			v, err := readTree(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.ReadToken()
		return list, err
	}
	o := object{}
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		v, err := readTree(d)
		if err != nil {
			return nil, err
		}
		o = append(o, named{key, v})
	}
	_, err = d.ReadToken()
	return o, err
}
