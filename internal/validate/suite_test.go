package validate

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// differencesFile lists every case whose result here is not the one the suite expects.
const differencesFile = "testdata/suite-differences.txt"

// Reasons that a test can tell from the case itself begin so; the words after it are the author's.
const (
	reasonCompile = "does not compile: "       // the schema, by the library; its fault follows
	reasonStrict  = "not strict JSON: "        // the document
	reasonLimit   = "beyond a limit of weir: " // the document
	reasonUnknown = "?"                        // printed for a new difference, refused in the file
)

// suiteLayouts is how many kinds a column takes in turn, where the schema leaves the kind open.
const suiteLayouts = 3

// tally counts one draft's cases for the log.
type tally struct {
	groups, cases, different, uncompiled int
	columns, cells                       int // columns of the widest schema, values read into columns over all layouts
}

func (n *tally) String() string {
	return fmt.Sprintf("%4d groups %5d cases, %4d not as the suite expects, %d of them without a schema; up to %d columns, %d values read",
		n.groups, n.cases, n.different, n.uncompiled, n.columns, n.cells)
}

func TestOfficialSuiteGetsTheLibrarysVerdictViolationsAndRow(t *testing.T) {
	found := map[string]string{} // the kind of reason, by name of the case
	counts := map[string]*tally{}
	for _, d := range suiteDrafts {
		counts[d.folder] = new(tally)
	}
	for _, group := range suiteCasesByGroup(t) {
		checkGroup(t, group, found, counts[group[0].Draft])
	}
	compareDifferences(t, readDifferences(t), found)
	for _, d := range suiteDrafts {
		n := counts[d.folder]
		t.Logf("%-12s %s", d.folder, n)
		if n.cases < 800 || n.cells < 57*suiteLayouts {
			t.Errorf("%s: %d cases with %d values in columns are not the whole suite", d.folder, n.cases, n.cells)
		}
	}
}

// checkGroup compares the cases of one schema, with each of its layouts.
func checkGroup(t *testing.T, group []suiteCase, found map[string]string, n *tally) {
	t.Helper()
	n.groups++
	n.cases += len(group)
	for _, c := range group {
		kind := reasonCompile + c.Fault
		if c.Schema == nil {
			n.uncompiled++
		} else {
			kind = suiteDifference(c)
		}
		if kind != "" {
			n.different++
			found[c.String()] = kind
		}
	}
	if group[0].Schema == nil {
		return
	}
	var records [][]byte
	for _, c := range group {
		records = append(records, c.Data)
	}
	for k := range suiteLayouts {
		turn := k * scalarKinds / suiteLayouts
		s := bareComparison(group[0].Schema, group[0].SchemaText, turn, records...)
		n.columns = max(n.columns, len(s.layout.Columns))
		for _, c := range group {
			for _, d := range s.differences(c.Data) {
				t.Errorf("%s: %s", c, d)
			}
			n.cells += s.present()
		}
	}
}

// suiteDifference says in what way a case's result is not the one the suite expects: "" when it is, reasonUnknown when
// the schema's verdict differs.
func suiteDifference(c suiteCase) string {
	_, valid, usable := oracle(c.Schema, c.Data)
	switch {
	case !utf8.Valid(c.Data) || !jsontext.Value(c.Data).IsValid():
		return reasonStrict
	case !usable:
		return reasonLimit
	case valid != c.Want:
		return reasonUnknown
	}
	return ""
}

// compareDifferences wants every difference listed, with a reason of its kind, and nothing else in the list.
func compareDifferences(t *testing.T, listed, found map[string]string) {
	t.Helper()
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(found)) {
		kind := found[name]
		reason, ok := listed[name]
		switch {
		case !ok:
			missing = append(missing, name+" | "+kind)
		case kind != reasonUnknown && !strings.HasPrefix(reason, kind):
			t.Errorf("%s: listed as %q, want %q and why", name, reason, kind)
		}
	}
	if len(missing) > 0 {
		t.Errorf("differences to be added to %s, the reason in place of a question mark:\n%s", differencesFile, strings.Join(missing, "\n"))
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if _, ok := found[name]; !ok {
			t.Errorf("listed, but the result is the suite's: %s", name)
		}
	}
}

// readDifferences returns the reasons by name of the case. The lines are in order, so that a change of the list is
// read as a change of the list.
func readDifferences(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(differencesFile)
	if err != nil {
		t.Fatal(err)
	}
	reasons := map[string]string{}
	last := ""
	for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		parts := strings.SplitN(line, " | ", 4)
		if len(parts) != 4 || parts[3] == "" || strings.Contains(parts[3], reasonUnknown) {
			t.Errorf("%s:%d: got %q, want draft/file.json | group | case | reason", differencesFile, i+1, line)
			continue
		}
		name := strings.Join(parts[:3], " | ")
		if line <= last {
			t.Errorf("%s:%d: out of order or twice", differencesFile, i+1)
		}
		reasons[name], last = parts[3], line
	}
	return reasons
}

// The suite's required cases take format for an annotation from draft 2019-09 on, and so do the library's own tests.
// That setting must give what the list says as well.
func TestRequiredCasesComeOutTheSameWithFormatsAsAnnotations(t *testing.T) {
	listed := readDifferences(t)
	var n tally
	for _, g := range suiteGroups(t) {
		if g.draft.formatAsserted || strings.HasPrefix(g.file, "optional/") {
			continue
		}
		n.groups++
		schema, err := g.compile(false)
		if err != nil {
			t.Errorf("%s/%s | %s: %v", g.draft.folder, g.file, g.Description, err)
			continue
		}
		s := bareComparison(schema, g.Schema, 0)
		for _, c := range g.cases(schema, "") {
			n.cases++
			for _, d := range s.differences(c.Data) {
				t.Errorf("%s: %s", c, d)
			}
			if got, want := suiteDifference(c) != "", listed[c.String()] != ""; got != want {
				t.Errorf("%s: got a difference %v, want %v", c, got, want)
			}
		}
	}
	t.Logf("formats as annotations: %d groups, %d cases", n.groups, n.cases)
	if n.cases == 0 {
		t.Error("no case was tried")
	}
}
