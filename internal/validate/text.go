package validate

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of what a violation quotes from a record or a schema.
const (
	maxTextRunes    = 64   // of a value, a name or one enum member
	maxPointerRunes = 1024 // of a whole pointer
	maxListed       = 8    // enum members named
)

// describe says what kind of value it is without giving it away.
func describe(value any) string { return string(appendDescription(nil, value)) }

// appendDescription appends what describe says.
func appendDescription(text []byte, value any) []byte {
	switch value := value.(type) {
	case nil:
		return append(text, "null"...)
	case bool:
		return append(text, "boolean"...)
	case json.Number:
		return append(text, "number"...)
	case string:
		return appendCount(append(text, "string of "...), utf8.RuneCountInString(value), "character")
	case []any:
		return appendCount(append(text, "array of "...), len(value), "item")
	case map[string]any:
		return appendCount(append(text, "object with "...), len(value), "name")
	case nameCount:
		return appendCount(append(text, "object with "...), int(value), "name")
	}
	return append(text, "value"...)
}

// show writes a scalar as JSON would, control and invisible characters escaped, cut to a bounded length; arrays
// and objects are described.
func show(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(value)
	case json.Number:
		return cut(string(value), maxTextRunes)
	case string:
		return quote(value)
	}
	return describe(value)
}

func quote(s string) string {
	short := cut(s, maxTextRunes)
	return strconv.Quote(short)
}

// printable escapes a name from a record and cuts it to a bounded length; ordinary names stay as they are.
func printable(s string) string {
	quoted := strconv.Quote(cut(s, maxTextRunes))
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// cut shortens s to at most n runes, the last of them an ellipsis.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	runes := 0
	end := 0 // of the first n-1 runes
	for i := range s {
		if runes == n-1 {
			end = i
		}
		if runes++; runes > n {
			return s[:end] + "…"
		}
	}
	return s
}

func count(n int, noun string) string { return string(appendCount(nil, n, noun)) }

// appendCount appends what count says.
func appendCount(text []byte, n int, noun string) []byte {
	text = append(append(strconv.AppendInt(text, int64(n), 10), ' '), noun...)
	if n != 1 {
		text = append(text, 's')
	}
	return text
}

// displayPointer makes a pointer with names from a record fit to print.
func displayPointer(pointer string) string {
	if isPlain(pointer) {
		return pointer
	}
	tokens := strings.Split(pointer, "/")
	for i, token := range tokens {
		tokens[i] = printable(token)
	}
	return cut(strings.Join(tokens, "/"), maxPointerRunes)
}

// isPlain says whether a pointer can be printed as it is: short, of visible ASCII, no escapes needed.
func isPlain(pointer string) bool {
	if len(pointer) > maxTextRunes {
		return false
	}
	for i := range len(pointer) {
		if c := pointer[i]; c <= ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

// subject begins a sentence about the value at a pointer.
func subject(pointer string) string {
	if pointer == "" {
		return "The record"
	}
	return pointer
}

// showList lists the members of an enum.
func showList(values []any) string {
	shown := make([]string, 0, maxListed)
	for _, v := range values[:min(len(values), maxListed)] {
		shown = append(shown, show(v))
	}
	list := strings.Join(shown, ", ")
	switch {
	case len(values) == 1:
		return list
	case len(values) <= maxListed:
		return "one of " + list
	}
	return fmt.Sprintf("one of %d values: %s, …", len(values), list)
}
