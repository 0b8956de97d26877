package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/deadletter"
	"weir/internal/validate"
)

// lintPlan is what --explain-plan adds: who decides about each field, the scan or the library.
type lintPlan struct {
	Summary string               `json:"summary"`
	Fields  int                  `json:"fields"`
	Fast    int                  `json:"fast"`
	Places  []validate.FieldPlan `json:"places"`
}

func planOf(c *contract.Contract) (*lintPlan, error) {
	v, err := validate.Compile(c, columns.NewLayout(c), validate.Options{})
	if err != nil {
		return nil, err
	}
	p := &lintPlan{Places: v.ExplainPlan()}
	p.count()
	return p, nil
}

// count counts fields. Items and names that are not declared are part of the field they are in.
func (p *lintPlan) count() {
	fields, slow := map[string]bool{"": true}, map[string]bool{}
	for _, f := range p.Places {
		path := f.Path
		if f.Star == "" {
			fields[path] = true
		}
		for !fields[path] {
			path = path[:strings.LastIndexByte(path, '/')]
		}
		if !f.Fast {
			slow[path] = true
		}
	}
	record := slow[""]
	delete(slow, "")
	p.Fields = len(fields) - 1
	p.Fast = p.Fields - len(slow)
	switch {
	case record:
		p.Summary = fmt.Sprintf("%d of %s on the fast path; whole records can go to the library too", p.Fast, lintCount(p.Fields, "field"))
	case p.Fast == p.Fields:
		p.Summary = "all fields on the fast path"
	default:
		p.Summary = fmt.Sprintf("%d of %s on the fast path", p.Fast, lintCount(p.Fields, "field"))
	}
}

func (p *lintPlan) print(w io.Writer) {
	fmt.Fprintf(w, "  plan   %s\n", p.Summary)
	labels, width := make([]string, len(p.Places)), 0
	for i, f := range p.Places {
		labels[i] = placeName(f)
		width = max(width, len(labels[i]))
	}
	for i, f := range p.Places {
		verdict, details := describePlan(f)
		line := fmt.Sprintf("      %-*s   %-7s   %s", width, labels[i], verdict, strings.Join(details, "; "))
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

func placeName(f validate.FieldPlan) string {
	switch {
	case f.Path == "":
		return "record"
	case f.Star == "" || f.Star == "items":
		return deadletter.Printable(f.Path)
	}
	return deadletter.Printable(f.Path + " " + f.Star)
}

// describePlan says who decides about the values of a place, and what more there is to say.
func describePlan(f validate.FieldPlan) (verdict string, details []string) {
	verdict = "fast"
	switch {
	case !f.Fast:
		verdict = "library"
	case f.Valid == "none":
		verdict = "refused"
	case f.Valid == "any" && f.Star != "":
		verdict = "any"
	}
	for _, r := range f.Why {
		details = append(details, strings.Join(r.Keywords, ", ")+": "+r.Values)
	}
	if f.JudgedAt != f.Path && f.Valid != "any" && !slices.ContainsFunc(f.Why, insideWhole) {
		around := "the record"
		if f.JudgedAt != "" {
			around = placeName(validate.FieldPlan{Path: f.JudgedAt})
		}
		with := "judged with all of " + around
		if f.Fast {
			with = "where invalid, " + with
		}
		details = append(details, with)
	}
	for _, re := range f.RE2 {
		details = append(details, "by RE2: "+deadletter.Printable(re))
	}
	return verdict, details
}

// insideWhole says whether the value goes to the library because one around it does.
func insideWhole(r validate.Reason) bool { return strings.HasPrefix(r.Values, "all of ") }
