package internal_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers is the import order: a package under internal imports only packages that stand before it.
var layers = []string{
	"window",
	"contract",
	"columns",
	"files",
	"validate",
	"profile",
	"drift",
	"kafka",
	"telemetry",
	"config",
	"deadletter",
	"gate",
	"monitor",
	"web",
	"demo",
	"kafkatest",
}

// strangers never import each other, tests included: they meet in Kafka.
var strangers = [2]string{"internal/gate", "internal/monitor"}

// reserved lists who may import a module or package outside of tests, by the folder of the importing package.
var reserved = []struct{ prefix, importers string }{
	{"github.com/apache/arrow/", "internal/columns internal/files internal/profile"},
	{"github.com/santhosh-tekuri/jsonschema/", "internal/contract internal/validate benchmarks/validate"},
	{"github.com/twmb/franz-go/pkg/kfake", "internal/demo internal/kafkatest"},
	{"github.com/twmb/franz-go/", "internal/kafka internal/gate internal/monitor internal/deadletter " +
		"internal/files internal/demo internal/kafkatest cmd/weir"},
	{"github.com/spf13/cobra", "cmd/weir"},
	{"testing", "internal/kafkatest"},
}

// source is one parsed Go file.
type source struct {
	name  string // slash-separated, from the module's root
	dir   string // its folder, the package's name in this test
	test  bool
	lines int
	set   *token.FileSet
	file  *ast.File
}

// at is the place of a node, for messages.
func (s source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.name, s.set.Position(n.Pos()).Line)
}

// imports returns the paths that the file imports.
func (s source) imports() (paths []string) {
	for _, i := range s.file.Imports {
		p, _ := strconv.Unquote(i.Path.Value) // the parser has seen a string literal
		paths = append(paths, p)
	}
	return paths
}

// sources parses every Go file of the module, the hidden folders' too.
func sources(t *testing.T) (all []source) {
	t.Helper()
	set := token.NewFileSet()
	err := filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == ".git" || d.Name() == ".weir"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		file, err := parser.ParseFile(set, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		rel := strings.TrimPrefix(filepath.ToSlash(name), "../")
		all = append(all, source{
			name:  rel,
			dir:   path.Dir(rel),
			test:  strings.HasSuffix(rel, "_test.go"),
			lines: set.File(file.FileStart).LineCount(),
			set:   set,
			file:  file,
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < len(layers) {
		t.Fatalf("read %d Go files, want those of the whole module", len(all))
	}
	return all
}

func TestPackagesImportOnlyWhatStandsBeforeThem(t *testing.T) {
	missing := slices.Clone(layers)
	for _, s := range sources(t) {
		from, inside := strings.CutPrefix(s.dir, "internal/")
		if !inside {
			continue
		}
		if !slices.Contains(layers, from) {
			t.Errorf("%s: package %s has no place in the import order", s.name, s.dir)
			continue
		}
		missing = slices.DeleteFunc(missing, func(layer string) bool { return layer == from })
		if s.test {
			continue // a test may bring a later package to bear on its own; go refuses cycles
		}
		for _, imported := range s.imports() {
			to, inside := strings.CutPrefix(imported, "weir/internal/")
			if inside && slices.Index(layers, to) >= slices.Index(layers, from) {
				t.Errorf("%s imports %s, which does not stand before %s", s.name, imported, from)
			}
			if strings.HasPrefix(imported, "weir/cmd/") || imported == "weir/benchmarks" {
				t.Errorf("%s imports %s, which is built on it", s.name, imported)
			}
		}
	}
	if len(missing) > 0 {
		t.Errorf("layers without a package: %v", missing)
	}
}

func TestGateAndMonitorNeverImportEachOther(t *testing.T) {
	for _, s := range sources(t) {
		for i, dir := range strangers {
			other := "weir/" + strangers[1-i]
			if s.dir == dir && slices.Contains(s.imports(), other) {
				t.Errorf("%s imports %s: the stages meet in topics only", s.name, other)
			}
		}
	}
}

func TestLibrariesAreImportedWhereTheyBelong(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, imported := range s.imports() {
			// The first prefix that fits decides: kfake before the rest of franz-go.
			for _, r := range reserved {
				if imported != r.prefix && !strings.HasPrefix(imported, strings.TrimSuffix(r.prefix, "/")+"/") {
					continue
				}
				if !slices.Contains(strings.Fields(r.importers), s.dir) {
					t.Errorf("%s imports %s, which is for %s", s.name, imported, r.importers)
				}
				break
			}
		}
	}
}

var journey = regexp.MustCompile(`([a-z]+/[a-z_]+\.go):([A-Za-z0-9]+)`)

func TestArchitectureNamesFunctionsThatExist(t *testing.T) {
	functions := map[string]bool{} // "gate/judge.go:Judge"
	var text string
	for _, s := range sources(t) {
		if s.name == "internal/doc.go" {
			text = s.file.Doc.Text()
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok {
				functions[strings.TrimPrefix(s.name, "internal/")+":"+f.Name.Name] = true
			}
		}
	}
	named := journey.FindAllString(text, -1)
	if len(named) == 0 {
		t.Error("doc.go names no function: the record's journey is missing")
	}
	for _, name := range named {
		if !functions[name] {
			t.Errorf("doc.go names %s, which does not exist", name)
		}
	}
	for _, layer := range layers {
		if !strings.Contains(text, "\n\t"+layer+" ") {
			t.Errorf("doc.go does not list package %s", layer)
		}
	}
}

func TestNoInitFunctions(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: func init: wire it where it can be read", s.at(f))
			}
		}
	}
}

func TestPackageNamesSayWhatIsInThem(t *testing.T) {
	nothing := []string{"util", "utils", "common", "helper", "helpers", "misc", "shared", "base", "types", "lib"}
	for _, s := range sources(t) {
		if slices.Contains(nothing, s.file.Name.Name) || slices.Contains(nothing, path.Base(s.dir)) {
			t.Errorf("%s: package %s names nothing", s.name, s.file.Name.Name)
		}
	}
}

func TestEveryPackageHasAComment(t *testing.T) {
	commented := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test {
			commented[s.dir] = commented[s.dir] || len(strings.TrimSpace(s.file.Doc.Text())) > 0
		}
	}
	for dir, ok := range commented {
		if !ok {
			t.Errorf("%s: no file has a package comment", dir)
		}
	}
}

func TestFilesStayUnder500Lines(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test && s.lines > 500 {
			t.Errorf("%s has %d lines: split it by concept", s.name, s.lines)
		}
	}
}

func TestNothingIsLeftUnwritten(t *testing.T) {
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) != 1 {
				return true
			}
			what, isPanic := call.Fun.(*ast.Ident)
			why, isText := call.Args[0].(*ast.BasicLit)
			if !isPanic || what.Name != "panic" || !isText {
				return true
			}
			for _, excuse := range []string{"being written", "not implemented", "unimplemented", "todo"} {
				if strings.Contains(strings.ToLower(why.Value), excuse) {
					t.Errorf("%s: panic(%s)", s.at(call), why.Value)
				}
			}
			return true
		})
	}
}

// Only kafkatest skips: without WEIR_KAFKA there is no real broker to test on.
func TestNoTestIsSkipped(t *testing.T) {
	for _, s := range sources(t) {
		if s.dir == "internal/kafkatest" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			skip, ok := n.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, skip.Sel.Name) {
				return true
			}
			if x, ok := skip.X.(*ast.Ident); ok && slices.Contains([]string{"t", "b", "f", "tb"}, x.Name) {
				t.Errorf("%s: %s.%s", s.at(skip), x.Name, skip.Sel.Name)
			}
			return true
		})
	}
}
