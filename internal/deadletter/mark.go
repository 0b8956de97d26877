package deadletter

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"weir/internal/validate"
)

// maxSpans bounds the marks of one letter: a hostile record may repeat a name without end.
const maxSpans = 64

// span is a half-open range of bytes of a value.
type span struct{ from, to int }

// faultSpans finds where the violations are in the value: the values their JSON pointers name (the opening bracket
// of an object or array), and the first byte that is no JSON. A fault that is an absence has no place.
func faultSpans(value []byte, vs []validate.Violation) []span {
	wanted := map[jsontext.Pointer]bool{}
	for i := range vs {
		if vs[i].Instance != "" {
			wanted[jsontext.Pointer(vs[i].Instance)] = true
		}
	}
	var spans []span
	lenient := jsontext.NewDecoder(bytes.NewReader(value), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	for len(spans) < maxSpans {
		from := int(lenient.InputOffset())
		token, err := lenient.ReadToken()
		if err != nil {
			break
		}
		to := int(lenient.InputOffset())
		if k := token.Kind(); k == '}' || k == ']' {
			continue
		}
		if !isName(lenient) && wanted[lenient.StackPointer()] {
			for from < to && strings.IndexByte(" \t\r\n,:", value[from]) >= 0 {
				from++
			}
			spans = append(spans, span{from, to})
		}
	}
	if at, bad := syntaxFault(value); bad {
		spans = append(spans, span{min(at, len(value)), min(at, len(value)) + 1})
	}
	return spans
}

// isName says whether the token just read was a member's name: within an object, names are the odd tokens.
func isName(d *jsontext.Decoder) bool {
	kind, read := d.StackIndex(d.StackDepth())
	return kind == '{' && read%2 == 1
}

// syntaxFault is the offset of the first byte that strict JSON forbids. A value cut short is at fault at its end.
func syntaxFault(value []byte) (at int, bad bool) {
	strict := jsontext.NewDecoder(bytes.NewReader(value))
	err := strict.SkipValue()
	if err == nil {
		end := int(strict.InputOffset())
		rest := bytes.TrimLeft(value[end:], " \t\r\n")
		return len(value) - len(rest), len(rest) > 0
	}
	var syntax *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntax):
		return int(syntax.ByteOffset), true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return len(value), true
	}
	return 0, false
}

// Cells of context kept around a mark, and of the value's beginning, when a value is too long to show whole.
const (
	contextCells = 48
	wholeLines   = 6
)

// writeMarked writes the value in lines of width with a line of marks below each that has any. Lines end after a
// comma where they can. A long value keeps its beginning and the surroundings of its marks.
func writeMarked(b *strings.Builder, value []byte, spans []span, width int) {
	texts, marked := cells(value, spans)
	keep := keptCells(marked, wholeLines*width)
	l := line{room: max(width-len(indent), 20)}
	gap := false
	for i, text := range texts {
		if keep != nil && !keep[i] {
			if !gap {
				l.put(b, "…", false)
			}
			gap = true
			continue
		}
		gap = false
		l.put(b, text, marked[i])
	}
	l.flush(b, len(l.texts))
}

const indent = "  "

// line collects the cells of one line.
type line struct {
	room   int // columns
	used   int
	texts  []string
	marked []bool
}

func (l *line) put(b *strings.Builder, text string, marked bool) {
	n := utf8.RuneCountInString(text)
	if l.used > 0 && l.used+n > l.room {
		l.flush(b, l.end())
	}
	l.texts, l.marked, l.used = append(l.texts, text), append(l.marked, marked), l.used+n
}

// end is how many cells make a full line: up to the last comma in its second half, else all.
func (l *line) end() int {
	for i := len(l.texts) - 1; i > len(l.texts)/2; i-- {
		if l.texts[i] == "," {
			return i + 1
		}
	}
	return len(l.texts)
}

// flush writes the first n cells and keeps the others for the next line.
func (l *line) flush(b *strings.Builder, n int) {
	if n == 0 {
		return
	}
	b.WriteString(indent + strings.Join(l.texts[:n], "") + "\n")
	var marks strings.Builder
	for i, text := range l.texts[:n] {
		under := " "
		if l.marked[i] {
			under = "▔"
		}
		marks.WriteString(strings.Repeat(under, utf8.RuneCountInString(text)))
	}
	if m := strings.TrimRight(marks.String(), " "); m != "" {
		b.WriteString(indent + m + "\n")
	}
	l.texts, l.marked = append([]string{}, l.texts[n:]...), append([]bool{}, l.marked[n:]...)
	l.used = utf8.RuneCountInString(strings.Join(l.texts, ""))
}

// cells splits the value into what one rune of it is shown as, with a last empty-handed cell when a mark lies past
// the end.
func cells(value []byte, spans []span) (texts []string, marked []bool) {
	inside := func(at int) bool {
		for _, s := range spans {
			if at >= s.from && at < s.to {
				return true
			}
		}
		return false
	}
	for at := 0; at < len(value); {
		r, n := utf8.DecodeRune(value[at:])
		texts = append(texts, cell(r, string(value[at:at+n])))
		marked = append(marked, inside(at))
		at += n
	}
	if inside(len(value)) {
		texts, marked = append(texts, " "), append(marked, true)
	}
	return texts, marked
}

// keptCells says which cells to show, nil for all when they fit.
func keptCells(marked []bool, fit int) []bool {
	if len(marked) <= fit {
		return nil
	}
	keep := make([]bool, len(marked))
	near := func(from, to int) {
		for i := max(from, 0); i < min(to, len(keep)); i++ {
			keep[i] = true
		}
	}
	near(0, contextCells)
	shown := 0
	for i := 0; i < len(marked) && shown < fit; i++ {
		if !marked[i] {
			continue
		}
		end := i
		for end < len(marked) && marked[end] {
			end++
		}
		near(i-contextCells, min(end, i+2*contextCells)+contextCells/2)
		shown += min(end-i, 2*contextCells) + contextCells
		i = end
	}
	return keep
}
