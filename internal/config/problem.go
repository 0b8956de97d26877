package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one fault of a configuration, with where it is and what to do.
type Problem struct {
	File    string
	Line    int    // from 1, 0 when the fault has no line
	Column  int    // from 1, in characters
	Excerpt string // the line and a caret below the column, secrets masked; "" without a line
	Message string
	Remedy  string
}

// String is the problem as an editor's "file:line:column: message" with excerpt and remedy below, without a newline
// at the end.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.place() + ": " + p.Message)
	if p.Excerpt != "" {
		b.WriteString("\n" + p.Excerpt)
	}
	if p.Remedy != "" {
		b.WriteString("\n  → " + p.Remedy)
	}
	return b.String()
}

func (p Problem) place() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Error is every fault found, in the order of files and lines.
type Error struct {
	Problems []Problem
	Read     *Config // as far as it could be read, with the warnings; nil when nothing could
}

func (e *Error) Error() string {
	parts := make([]string, len(e.Problems), len(e.Problems)+1)
	for i, p := range e.Problems {
		parts[i] = p.String()
	}
	if n := len(parts); n > 1 {
		parts = append(parts, fmt.Sprintf("%d faults", n))
	}
	return strings.Join(parts, "\n\n")
}

// sortProblems orders by file as first seen in files, then by position.
func sortProblems(ps []Problem, files []string) {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(slices.Index(files, a.File), slices.Index(files, b.File)),
			cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// Nearest is the option a misspelled word most likely meant, "" when none is near.
func Nearest(word string, options []string) string {
	best, limit := "", max(len(word)/3, 1)+1
	for _, o := range options {
		if strings.EqualFold(word, o) {
			return o
		}
		if d := distance(strings.ToLower(word), strings.ToLower(o)); d < limit {
			best, limit = o, d
		}
	}
	return best
}

// distance is Levenshtein's, with a swap of neighbours counted once.
func distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

// didYouMean is a remedy for a misspelled word: the nearest option, or all of them.
func didYouMean(word string, options []string) string {
	if n := Nearest(word, options); n != "" {
		return fmt.Sprintf("did you mean %s?", n)
	}
	if len(options) == 1 {
		return "only " + options[0] + " may stand here"
	}
	return "use one of " + strings.Join(options, ", ")
}
