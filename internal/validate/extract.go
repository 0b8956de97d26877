package validate

import (
	"encoding/json"
	"strings"

	"weir/internal/columns"
	"weir/internal/contract"
)

// source is where a column's value lies in a record.
type source struct {
	names []string // of the objects on the way, then the value's own
	kind  contract.Kind
}

func newSources(l *columns.Layout) []source {
	sources := make([]source, len(l.Columns))
	for i, c := range l.Columns {
		sources[i] = source{names: splitPointer(c.Path), kind: c.Kind}
	}
	return sources
}

// unreadable marks all n columns of a record nothing could be read of.
func unreadable(row *columns.Row, n int) {
	if row == nil {
		return
	}
	row.Reset()
	for i := range n {
		row.SetUnreadable(i)
	}
}

// extract fills row from a decoded record. A column is absent when its name, or an object on the way to it, is
// missing or that object is null; it is unreadable when something else than an object is on the way.
func (v *Validator) extract(doc any, row *columns.Row) {
	if row == nil {
		return
	}
	row.Reset()
	for i := range v.columns {
		value, state := v.columns[i].find(doc)
		switch state {
		case columns.Null:
			row.SetNull(i)
		case columns.Unreadable:
			row.SetUnreadable(i)
		case columns.Present:
			stage(row, i, v.columns[i].kind, value)
		}
	}
}

func (s *source) find(doc any) (any, columns.State) {
	for depth, name := range s.names {
		object, ok := doc.(map[string]any)
		switch {
		case ok:
		case doc == nil && depth > 0:
			return nil, columns.Absent
		default:
			return nil, columns.Unreadable
		}
		if doc, ok = object[name]; !ok {
			return nil, columns.Absent
		}
	}
	if doc == nil {
		return nil, columns.Null
	}
	return doc, columns.Present
}

// stage sets column i to value if it is of the column's kind.
func stage(row *columns.Row, i int, kind contract.Kind, value any) {
	switch value := value.(type) {
	case json.Number:
		switch kind {
		case contract.Integer:
			if n, ok := parseInteger(string(value)); ok {
				row.SetInt(i, n)
				return
			}
		case contract.Number:
			if f, ok := parseNumber(string(value)); ok {
				row.SetFloat(i, f)
				return
			}
		}
	case bool:
		if kind == contract.Boolean {
			n := int64(0)
			if value {
				n = 1
			}
			row.SetInt(i, n)
			return
		}
	case string:
		if kind == contract.Timestamp {
			if ms, ok := parseTimestamp(value); ok {
				row.SetInt(i, ms)
				return
			}
		} else if kind == contract.String || kind == contract.Date && isDate(value) || kind == contract.Time && isTime(value) {
			row.SetText(i, value)
			return
		}
	}
	row.SetUnreadable(i)
}

// splitPointer cuts an RFC 6901 JSON pointer into names.
func splitPointer(pointer string) []string {
	if pointer == "" {
		return nil
	}
	names := strings.Split(pointer[1:], "/")
	for i, name := range names {
		names[i] = unescapeToken(name)
	}
	return names
}

func unescapeToken(token string) string {
	if !strings.Contains(token, "~") {
		return token
	}
	return strings.ReplaceAll(strings.ReplaceAll(token, "~1", "/"), "~0", "~")
}

func escapeToken(name string) string {
	if !strings.ContainsAny(name, "~/") {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "~", "~0"), "/", "~1")
}
