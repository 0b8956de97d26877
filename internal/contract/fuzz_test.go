package contract

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad: whatever an author writes, Load returns a contract that compiles, or problems with places inside the
// file; it neither panics nor hangs.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/odcs/*.yaml", "../../contracts/*/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no seeds in %s: %v", pattern, err)
		}
		for _, name := range files {
			src, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src, []byte(`{"$ref": "#/$defs/a", "$defs": {"a": {"pattern": "^a", "maximum": 1e2}}}`))
		}
	}
	f.Add([]byte(digested), []byte(`{"properties": {"p": {"multipleOf": 0.1}}, "allOf": [{"$ref": "s.json#/properties/p"}]}`))
	f.Fuzz(func(t *testing.T, document, schema []byte) {
		dir := t.TempDir()
		path := filepath.Join(dir, "c.odcs.yaml")
		for name, src := range map[string][]byte{"c.odcs.yaml": document, "s.json": schema} {
			if err := os.WriteFile(filepath.Join(dir, name), src, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for _, load := range []func() (*Contract, error){
			func() (*Contract, error) { return Load(path) },
			func() (*Contract, error) { return FromJSONSchema(filepath.Join(dir, "s.json")) },
		} {
			c, err := load()
			if err != nil {
				ps, ok := err.(Problems)
				if !ok || len(ps) == 0 {
					t.Fatalf("got %T %v, want problems", err, err)
				}
				for _, p := range ps {
					if p.Message == "" || p.Line < 0 || p.Column < 0 {
						t.Errorf("problem without a message or place: %+v", p)
					}
				}
				continue
			}
			for _, closed := range []bool{false, true} {
				if _, err := c.Compile(closed); err != nil {
					t.Errorf("a loaded contract does not compile (closed %v): %v", closed, err)
				}
			}
		}
	})
}
