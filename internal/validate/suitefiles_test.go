package validate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// The suite comes from the library's own module: v5.2.0 is the last version whose zip holds it, as its submodule stood
// then. The sum is go's, so that another suite is another test.
const (
	suiteModule = "github.com/santhosh-tekuri/jsonschema/v5@v5.2.0"
	suiteSum    = "h1:WCcC4vZDS1tYNxjWlwRJZQy28r8CMoggKnxNzxsVDMQ="
	suiteServer = "http://localhost:1234/" // where the suite's schemas expect its remotes
)

type suiteDraft struct {
	folder         string
	draft          *jsonschema.Draft
	formatAsserted bool // by the specification, whatever the compiler is told
}

var suiteDrafts = []suiteDraft{
	{"draft4", jsonschema.Draft4, true},
	{"draft6", jsonschema.Draft6, true},
	{"draft7", jsonschema.Draft7, true},
	{"draft2019-09", jsonschema.Draft2019, false},
	{"draft2020-12", jsonschema.Draft2020, false},
}

// suiteCase is one case of the JSON-Schema-Test-Suite. The cases of a group follow each other and share its schema.
type suiteCase struct {
	Draft, File, Group, Name string             // File is "enum.json" or "optional/format/date.json"
	Schema                   *jsonschema.Schema // formats asserted; nil when the library does not compile it
	SchemaText               []byte
	Data                     []byte // as it stands in the file
	Want                     bool   // valid, says the suite
	Fault                    string // why Schema is nil
}

// String is the case's name in the list of differences.
func (c suiteCase) String() string {
	return c.Draft + "/" + c.File + " | " + strings.TrimSpace(c.Group) + " | " + strings.TrimSpace(c.Name)
}

// suiteCases returns every case of the suite for the drafts the library knows, optional ones and formats included.
func suiteCases(t testing.TB) (all []suiteCase) {
	t.Helper()
	for _, g := range suiteGroups(t) {
		schema, err := g.compile(true)
		fault := ""
		if err != nil {
			schema, fault = nil, compileFault(err)
		}
		all = append(all, g.cases(schema, fault)...)
	}
	return all
}

// suiteCasesByGroup returns the cases of one schema together.
func suiteCasesByGroup(t testing.TB) (groups [][]suiteCase) {
	t.Helper()
	rest := suiteCases(t)
	for len(rest) > 0 {
		n := slices.IndexFunc(rest, func(c suiteCase) bool {
			return c.Draft != rest[0].Draft || c.File != rest[0].File || c.Group != rest[0].Group
		})
		if n < 0 {
			n = len(rest)
		}
		groups, rest = append(groups, rest[:n]), rest[n:]
	}
	return groups
}

// compileFault is the innermost cause, without the places the library puts before it.
func compileFault(err error) string {
	var invalid *jsonschema.ValidationError // the schema does not fit its draft's own schema
	if !errors.As(err, &invalid) {
		return err.Error()
	}
	for len(invalid.Causes) > 0 {
		invalid = invalid.Causes[0]
	}
	return invalid.Message
}

// suiteGroup is a schema with its cases, as the suite's files have them.
type suiteGroup struct {
	draft       suiteDraft
	remotes     string // folder
	file        string
	Description string
	Schema      json.RawMessage
	Tests       []struct {
		Description string
		Data        json.RawMessage
		Valid       bool
	}
}

func (g suiteGroup) cases(schema *jsonschema.Schema, fault string) (cases []suiteCase) {
	for _, c := range g.Tests {
		cases = append(cases, suiteCase{
			Draft: g.draft.folder, File: g.file, Group: g.Description, Name: c.Description,
			Schema: schema, SchemaText: g.Schema, Data: c.Data, Want: c.Valid, Fault: fault,
		})
	}
	return cases
}

// compile opens nothing but the suite's remotes; the drafts' own schemas are in the library.
func (g suiteGroup) compile(assertFormat bool) (s *jsonschema.Schema, err error) {
	defer func() {
		if p := recover(); p != nil {
			s, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	const at = "weir://suite/schema.json"
	k := jsonschema.NewCompiler()
	k.Draft = g.draft.draft
	k.AssertFormat = assertFormat
	k.LoadURL = func(url string) (io.ReadCloser, error) {
		name, ok := strings.CutPrefix(url, suiteServer)
		if !ok {
			return nil, fmt.Errorf("%s is none of the suite's remotes", url)
		}
		return os.OpenInRoot(g.remotes, filepath.FromSlash(name))
	}
	if err := k.AddResource(at, bytes.NewReader(g.Schema)); err != nil {
		return nil, err
	}
	return k.Compile(at)
}

func suiteGroups(t testing.TB) (all []suiteGroup) {
	t.Helper()
	folder := suiteFolder(t)
	for _, draft := range suiteDrafts {
		base := filepath.Join(folder, "tests", draft.folder)
		err := filepath.WalkDir(base, func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(name) != ".json" {
				return err
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			var groups []suiteGroup
			if err := json.Unmarshal(text, &groups); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			file, err := filepath.Rel(base, name)
			for i := range groups {
				groups[i].draft, groups[i].remotes, groups[i].file = draft, filepath.Join(folder, "remotes"), filepath.ToSlash(file)
			}
			all = append(all, groups...)
			return err
		})
		if err != nil {
			t.Fatalf("read the JSON-Schema-Test-Suite: %v", err)
		}
	}
	return all
}

// suiteFolder finds the suite in go's module cache; go fetches the module when it is not there yet.
func suiteFolder(t testing.TB) string {
	t.Helper()
	download := exec.Command("go", "mod", "download", "-json", suiteModule)
	download.Dir = t.TempDir() // outside of weir's module, which requires another version
	out, err := download.Output()
	var module struct{ Dir, Sum, Error string }
	if e := json.Unmarshal(out, &module); err != nil || e != nil || module.Error != "" {
		t.Fatalf("the JSON-Schema-Test-Suite is missing: it is part of module %s, and go cannot download that: %s (%v, %v)",
			suiteModule, module.Error, err, e)
	}
	if module.Sum != suiteSum {
		t.Fatalf("module %s has sum %s, want %s: another JSON-Schema-Test-Suite", suiteModule, module.Sum, suiteSum)
	}
	folder := filepath.Join(module.Dir, "testdata", "JSON-Schema-Test-Suite")
	if _, err := os.Stat(filepath.Join(folder, "tests")); err != nil {
		t.Fatalf("module %s holds no JSON-Schema-Test-Suite: %v", suiteModule, err)
	}
	return folder
}
