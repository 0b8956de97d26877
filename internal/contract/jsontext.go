package contract

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxSchemaDepth bounds the nesting of an attached schema; a level of properties takes two.
const maxSchemaDepth = 256

// maxObjects bounds the objects of one attached schema: the library compiles in time with the square of them.
const maxObjects = 5_000

// checkSchemaText refuses what would cost memory or time without bound, or reach out, before the library sees it.
func checkSchemaText(src []byte, r *reporter) {
	nodes, objects := 0, 0
	err := walkJSON(src, func(pointer jsontext.Pointer, name string, offset int, depth int, t jsontext.Token) bool {
		fault := func(remedy, format string, args ...any) bool {
			line, column := lineColumn(src, offset)
			r.at(line, column, remedy, format, args...)
			return true
		}
		if nodes++; nodes > maxNodes {
			fault("split the schema", "the schema has more than %d values", maxNodes)
			return false
		}
		if depth > maxSchemaDepth {
			fault("flatten the schema", "nested more than %d deep", maxSchemaDepth)
			return false
		}
		switch t.Kind() {
		case '{':
			if objects++; objects > maxObjects {
				fault("split the schema", "the schema has more than %d objects", maxObjects)
				return false
			}
		case '0':
			if text := t.String(); !boundedNumber(text) {
				return fault("write a smaller number", "the number %.20s… is beyond %d digits or an exponent of %d", text, maxNumberText, maxExponent)
			}
		case '"':
			if isData(pointer) {
				return true
			}
			text := t.String()
			switch name {
			case "$ref", "$dynamicRef", "$recursiveRef":
				if why := refusedRef(text); why != "" {
					return fault("refer only to JSON files in the contract's folder", "%s %q cannot be used: %s", name, text, why)
				}
			case "pattern":
				if _, err := regexp.Compile(text); err != nil {
					return fault("rewrite it without look-around and back-references: weir matches in linear time (RE2)", "the pattern cannot be used: %v", err)
				}
			}
		}
		return true
	})
	if err != nil {
		line, column := lineColumn(src, syntaxOffset(err, len(src)))
		r.at(line, column, "mend the JSON at this place", "not valid JSON: %s", strings.TrimPrefix(firstLine(err.Error()), "jsontext: "))
	}
}

func syntaxOffset(err error, end int) int {
	var se *jsontext.SyntacticError
	if errors.As(err, &se) {
		return int(se.ByteOffset)
	}
	return end
}

// refusedRef says why a reference must not be followed, "" when it may be. Whole URLs are left to the library:
// they are fine where a schema carries that $id, and refused where something would have to be fetched.
func refusedRef(ref string) string {
	path, _, _ := strings.Cut(ref, "#")
	decoded := unescapeURL(path)
	switch {
	case strings.HasPrefix(strings.ToLower(decoded), "file:"):
		return "it is a file URL"
	case strings.HasPrefix(decoded, "/"), strings.ContainsRune(decoded, '\\'):
		return "it is outside the contract's folder (absolute)"
	}
	for _, part := range strings.Split(decoded, "/") {
		if part == ".." {
			return "it goes up (..)"
		}
	}
	return ""
}

// isData says whether the pointer leads into values that a schema quotes, which are not schemas.
func isData(p jsontext.Pointer) bool {
	for name := range p.Tokens() {
		switch name {
		case "enum", "const", "default", "examples":
			return true
		}
	}
	return false
}

// walkJSON calls visit for each value (for objects and lists: their beginning), with the name it stands under and
// the offset of its first byte. visit returns false to stop.
func walkJSON(src []byte, visit func(p jsontext.Pointer, name string, offset, depth int, t jsontext.Token) bool) error {
	d := jsontext.NewDecoder(bytes.NewReader(src))
	for first := true; ; first = false {
		t, err := d.ReadToken()
		if err == io.EOF && first {
			return errors.New("the file is empty")
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		end := int(d.InputOffset())
		if k := t.Kind(); k != '}' && k != ']' && !readName(d, k) {
			offset := end - 1
			if k != '{' && k != '[' {
				offset = startOf(src, end, t)
			}
			if p := d.StackPointer(); !visit(p, p.LastToken(), offset, d.StackDepth(), t) {
				return nil
			}
		}
		if d.StackDepth() == 0 && d.PeekKind() != 0 {
			return errors.New("more follows after the end of the schema")
		}
	}
}

// readName says whether the token just read, of kind k, is the name of an object's member.
func readName(d *jsontext.Decoder, k jsontext.Kind) bool {
	in, n := d.StackIndex(d.StackDepth())
	return k == '"' && in == '{' && n%2 == 1
}

// startOf finds where the scalar that ends at end begins.
func startOf(src []byte, end int, t jsontext.Token) int {
	if t.Kind() != '"' {
		return max(0, end-len(t.String()))
	}
	for i := end - 2; i >= 0; i-- {
		if src[i] == '"' {
			slashes := 0
			for j := i - 1; j >= 0 && src[j] == '\\'; j-- {
				slashes++
			}
			if slashes%2 == 0 {
				return i
			}
		}
	}
	return 0
}

// locateJSON finds the value at a JSON pointer.
func locateJSON(src []byte, pointer string) (offset int, ok bool) {
	_ = walkJSON(src, func(p jsontext.Pointer, _ string, at, _ int, _ jsontext.Token) bool {
		if string(p) == pointer {
			offset, ok = at, true
		}
		return !ok
	})
	return offset, ok
}

// reference is a $ref in a schema's text.
type reference struct {
	keyword, text string
	offset        int
}

func references(src []byte) (refs []reference) {
	_ = walkJSON(src, func(p jsontext.Pointer, name string, at, _ int, t jsontext.Token) bool {
		if t.Kind() == '"' && !isData(p) && (name == "$ref" || name == "$dynamicRef" || name == "$schema") {
			refs = append(refs, reference{name, t.String(), at})
		}
		return true
	})
	return refs
}

// lineColumn counts from 1; the column counts characters.
func lineColumn(src []byte, offset int) (line, column int) {
	before := src[:min(max(offset, 0), len(src))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte{'\n'}) + 1, len(bytes.Runes(before[start:])) + 1
}
