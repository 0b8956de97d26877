package contract

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Problem is one fault of a contract's files, told so that its author can mend it without reading weir's source.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"` // from 1; 0 when the file as a whole is at fault
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
	Excerpt string `json:"excerpt,omitempty"` // the source line with a caret under the column
	Remedy  string `json:"remedy,omitempty"`
}

// Where is "file:line:column", as editors and terminals link it.
func (p Problem) Where() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

func (p Problem) String() string { return p.Where() + ": " + p.Message }

// Problems are all faults found at once, in order of file and position. It is the error of Load and FromJSONSchema.
type Problems []Problem

func (ps Problems) Error() string {
	switch len(ps) {
	case 0:
		return "no problems"
	case 1:
		return ps[0].String()
	}
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return fmt.Sprintf("%d problems:\n%s", len(ps), strings.Join(lines, "\n"))
}

// maxProblems bounds what one file can make weir say.
const maxProblems = 50

// reporter collects the problems of one file.
type reporter struct {
	file  string
	lines []string
	found Problems
}

func newReporter(file string, src []byte) *reporter {
	return &reporter{file: file, lines: strings.Split(string(src), "\n")}
}

// at records a fault at a position; line 0 blames the file as a whole.
func (r *reporter) at(line, column int, remedy, format string, args ...any) {
	if len(r.found) >= maxProblems {
		return
	}
	p := Problem{File: r.file, Line: line, Column: column, Message: fmt.Sprintf(format, args...), Remedy: remedy,
		Excerpt: r.excerpt(line, column)}
	if !slices.Contains(r.found, p) {
		r.found = append(r.found, p)
	}
}

// on records a fault at a node's value.
func (r *reporter) on(n *node, remedy, format string, args ...any) {
	r.at(n.line, n.column, remedy, format, args...)
}

func (r *reporter) sorted() Problems {
	slices.SortStableFunc(r.found, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return r.found
}

// excerptWidth bounds the source shown of one line, in bytes.
const excerptWidth = 120

func (r *reporter) excerpt(line, column int) string {
	if line < 1 || line > len(r.lines) {
		return ""
	}
	text := strings.ToValidUTF8(strings.TrimRight(r.lines[line-1], "\r"), "�")
	text = strings.ReplaceAll(text, "\t", " ")
	runes := []rune(text)
	col := min(max(column, 1), len(runes)+1) - 1
	from := 0
	if col > excerptWidth*2/3 {
		from = col - excerptWidth/3
	}
	to := min(len(runes), from+excerptWidth)
	number := fmt.Sprintf("%5d | ", line)
	return number + string(runes[from:to]) + "\n" + strings.Repeat(" ", utf8.RuneCountInString(number)+col-from) + "^"
}
