package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/contract"
	"weir/internal/profile"
	"weir/internal/validate"
)

// lintFile is what lint says about one file; the shape of --output json.
type lintFile struct {
	File     string             `json:"file"`
	Contract string             `json:"contract,omitempty"`
	Digest   contract.Digest    `json:"digest,omitempty"`
	Status   string             `json:"status,omitempty"`
	OK       bool               `json:"ok"`
	Rules    []lintRule         `json:"rules,omitempty"`
	Plan     *lintPlan          `json:"plan,omitempty"` // --explain-plan
	Notices  []contract.Problem `json:"notices,omitempty"`
	Problems []contract.Problem `json:"problems,omitempty"`
}

type lintRule struct {
	ID          string            `json:"id"`
	Scope       string            `json:"scope"`       // per record, per window, not enforced
	Consequence string            `json:"consequence"` // reject, forward and count; page, tell, record; none
	Severity    contract.Severity `json:"severity"`
	Path        string            `json:"path"`
	Keyword     string            `json:"keyword,omitempty"`
	Text        string            `json:"text"`
	Why         string            `json:"why,omitempty"`
	Line        int               `json:"line"`
}

func (a *app) lintCommand() *cobra.Command {
	var output string
	var explain bool
	cmd := &cobra.Command{
		Use:   "lint PATH...",
		Short: "Check contracts, and say for each rule when it is judged and what breaking it does",
		Long: `Check contract files and directories (<name>/<version>.odcs.yaml) against the Open Data Contract Standard
and against what weir can enforce. Prints each rule with its scope and consequence; rules that weir does not
enforce are named with the reason. Exit code 0: sound, 1: problems, 2: wrong usage.

A record is read once by a scan, which decides that values are valid. What it has no rule for goes to the JSON
Schema library, which is many times slower and comes to the same verdicts. --explain-plan says for each field:

  fast      the scan decides about every valid value. An invalid one always goes to the library, by itself, or
            "with all of" a value around it where a choice (oneOf, anyOf, if) or unevaluated… there sees it too.
            "by RE2": the scan decides, but runs an expression without a table.
  library   the keywords that send values to the library, and which values
  any       nothing is asked of the value;  refused: it may not be there

The plan is that of a route with unknown_fields: allow. Under notice and reject, names that are not declared go to
the library. So does, whatever the plan, what few records hold: numbers of more than 19 digits, empty names, values
nested more than 256 deep.`,
		Example: "  weir lint contracts\n  weir lint contracts/flights/1.0.0.odcs.yaml -o json\n  weir lint contracts/flights --explain-plan",
		RunE: func(cmd *cobra.Command, paths []string) error {
			if output != "text" && output != "json" {
				return exit(exitUsage, fmt.Errorf("--output %q: want text or json", output))
			}
			if len(paths) == 0 {
				return exit(exitUsage, errors.New("lint needs the path of a contract or of a contracts directory"))
			}
			return a.lint(paths, output, explain)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	cmd.Flags().BoolVar(&explain, "explain-plan", false, "say for each field whether it is on the fast path, or which keyword keeps it off")
	return cmd
}

func (a *app) lint(paths []string, output string, explain bool) error {
	var files []lintFile
	for _, p := range paths {
		found, err := lintPath(p, explain)
		if err != nil {
			return exit(exitUsage, fmt.Errorf("lint %s: %w", p, err))
		}
		files = append(files, found...)
	}
	sound := true
	for _, f := range files {
		sound = sound && f.OK
	}
	if output == "json" {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(files); err != nil {
			return fmt.Errorf("write lint result: %w", err)
		}
	} else {
		for i := range files {
			files[i].print(a.stdout)
		}
	}
	if !sound {
		return exit(exitFindings, nil)
	}
	return nil
}

// lintPath reads a file or a directory. A fault of a contract is a result; only a path that is not there is an error.
func lintPath(path string, explain bool) ([]lintFile, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, errors.Unwrap(err)
	}
	if !info.IsDir() {
		c, err := contract.Load(path)
		var ps contract.Problems
		if errors.As(err, &ps) {
			return lintBroken(ps), nil
		}
		if err != nil {
			return nil, err
		}
		f, err := lintOf(c, explain)
		return []lintFile{f}, err
	}
	set, err := contract.LoadDir(path)
	if err != nil {
		return nil, err
	}
	var files []lintFile
	for _, c := range set.Contracts() {
		f, err := lintOf(c, explain)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return append(files, lintBroken(set.Problems)...), nil
}

// lintBroken groups problems by file, in their order.
func lintBroken(ps contract.Problems) (files []lintFile) {
	at := map[string]int{}
	for _, p := range ps {
		i, ok := at[p.File]
		if !ok {
			i = len(files)
			at[p.File] = i
			files = append(files, lintFile{File: p.File})
		}
		files[i].Problems = append(files[i].Problems, p)
	}
	return files
}

func lintOf(c *contract.Contract, explain bool) (f lintFile, err error) {
	f = lintFile{File: c.File, Contract: c.ID.String(), Digest: c.Digest, Status: c.Status, OK: true, Notices: c.Notices}
	for _, r := range c.Rules {
		l := lintRule{ID: r.ID, Severity: r.Severity, Path: r.Path, Keyword: r.Keyword, Text: r.Text, Why: r.Why, Line: r.Line}
		l.Scope, l.Consequence = consequence(r)
		f.Rules = append(f.Rules, l)
	}
	if n := withoutBaseline(c); n != nil {
		f.Notices = append(slices.Clone(f.Notices), *n)
	}
	f.Notices = append(slices.Clip(f.Notices), validate.Costly(c)...)
	if explain {
		f.Plan, err = planOf(c)
	}
	return f, err
}

// withoutBaseline is a notice when rules compare with a baseline that is not there, or cannot be used.
func withoutBaseline(c *contract.Contract) *contract.Problem {
	var ids []string
	at := contract.Problem{File: c.File}
	for _, r := range c.Rules {
		if r.Window == nil || !slices.Contains([]contract.Metric{contract.Drift, contract.NullDrift, contract.Volume}, r.Window.Metric) {
			continue
		}
		if len(ids) == 0 {
			at.Line, at.Column = r.Line, r.Column
		}
		ids = append(ids, r.ID)
	}
	b, err := profile.FindBaseline(c)
	switch {
	case len(ids) == 0 || b != nil:
		return nil
	case err != nil:
		at.Message = fmt.Sprintf("not compared: %s, because the baseline cannot be used: %v", strings.Join(ids, ", "), err)
	default:
		at.Message = fmt.Sprintf("not compared: %s, because there is no baseline", strings.Join(ids, ", "))
	}
	at.Remedy = "weir baseline build --contract " + c.File + " makes it from training data"
	return &at
}

// consequence says when a rule is judged and what breaking it does.
func consequence(r contract.Rule) (scope, does string) {
	switch {
	case r.Scope == contract.NotEnforced:
		return "not enforced", "none"
	case r.Scope == contract.PerRecord && r.Severity == contract.Error:
		return "per record", "reject"
	case r.Scope == contract.PerRecord:
		return "per record", "forward and count"
	case r.Severity == contract.Error:
		return "per window", "page"
	case r.Severity == contract.Warning:
		return "per window", "tell"
	}
	return "per window", "record"
}

func (f *lintFile) print(w io.Writer) {
	if !f.OK {
		fmt.Fprintln(w, f.File)
		for _, p := range f.Problems {
			printProblem(w, "problem", p)
		}
		fmt.Fprintf(w, "%s\n\n", lintCount(len(f.Problems), "problem"))
		return
	}
	fmt.Fprintf(w, "%s   %s   %s   %s\n", f.File, f.Contract, f.Digest.Short(), lintCount(len(f.Rules), "rule"))
	for _, group := range [][2]string{{"per record", "reject"}, {"per record", "forward and count"},
		{"per window", "page"}, {"per window", "tell"}, {"per window", "record"}} {
		f.printGroup(w, group[0], group[1])
	}
	f.printUnenforced(w)
	if f.Plan != nil {
		f.Plan.print(w)
	}
	for _, n := range f.Notices {
		printProblem(w, "notice", n)
	}
	fmt.Fprint(w, "ok\n\n")
}

// printGroup prints the rules of one consequence: the rules an author named one by one, those derived from a
// field's keywords on one line per field.
func (f *lintFile) printGroup(w io.Writer, scope, does string) {
	type line struct{ path, text string }
	var lines []line
	n, width := 0, 0
	byPath := map[string]int{}
	for _, r := range f.Rules {
		if r.Scope != scope || r.Consequence != does {
			continue
		}
		n++
		path := r.Path
		if path == "" {
			path = "record"
		}
		width = max(width, len(path))
		if !isDerived(r) {
			lines = append(lines, line{path, r.ID + ": " + r.Text})
			continue
		}
		if i, ok := byPath[path]; ok {
			lines[i].text += ", " + r.ID
			continue
		}
		byPath[path] = len(lines)
		lines = append(lines, line{path, r.ID})
	}
	if n == 0 {
		return
	}
	fmt.Fprintf(w, "  %s   %s   %d\n", scope, does, n)
	for _, l := range lines {
		fmt.Fprintf(w, "      %-*s   %s\n", width, l.path, l.text)
	}
}

// isDerived says whether the rule's id was made of its field and keyword.
func isDerived(r lintRule) bool {
	id, _, _ := strings.Cut(r.ID, "~")
	return r.Keyword != "" && (strings.HasSuffix(id, "-"+r.Keyword) || strings.HasSuffix(id, "-format"))
}

func (f *lintFile) printUnenforced(w io.Writer) {
	n := 0
	for _, r := range f.Rules {
		if r.Scope == "not enforced" {
			n++
		}
	}
	fmt.Fprintf(w, "  not enforced   %d\n", n)
	for _, r := range f.Rules {
		if r.Scope == "not enforced" {
			fmt.Fprintf(w, "      line %-5d %s: %s – %s\n", r.Line, r.ID, r.Text, r.Why)
		}
	}
}

func printProblem(w io.Writer, kind string, p contract.Problem) {
	fmt.Fprintf(w, "  %s   %s   %s\n", kind, p.Where(), p.Message)
	for line := range strings.Lines(p.Excerpt) {
		fmt.Fprintf(w, "      %s\n", strings.TrimRight(line, "\n"))
	}
	if p.Remedy != "" {
		fmt.Fprintf(w, "      → %s\n", p.Remedy)
	}
}

func lintCount(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
