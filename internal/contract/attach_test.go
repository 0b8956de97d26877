package contract

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// folderWith makes a contract folder whose contract attaches s.json, with more files beside it.
func folderWith(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a")
	files["1.0.0"+Suffix] = "apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: 1.0.0\nstatus: active\nschema:\n  - name: a\n" +
		"    customProperties: [{property: weir, value: {jsonSchema: s.json}}]\n    properties:\n      - {name: n, logicalType: integer}\n"
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func loadAttached(t *testing.T, files map[string]string) (*Contract, error) {
	t.Helper()
	return Load(filepath.Join(folderWith(t, files), "1.0.0"+Suffix))
}

func TestAttachedSchemaIsAppliedWithTheDocument(t *testing.T) {
	c, err := loadAttached(t, map[string]string{
		"s.json": `{"properties": {"zip": {"$ref": "common/defs.json#/$defs/zip"}, "n": {"maximum": 5}},
			"dependentRequired": {"zip": ["n"]}, "anyOf": [{"required": ["n"]}, {"required": ["m"]}]}`,
		"common/defs.json": `{"$defs": {"zip": {"type": "string", "pattern": "^[0-9]+$", "$ref": "more.json"}}}`,
		"common/more.json": `{"maxLength": 5}`,
	})
	if err != nil {
		t.Fatal(err)
	}
	for record, want := range map[string]string{
		`{"n": 3, "zip": "123"}`:    "",
		`{"n": "3"}`:                "n-type",
		`{"n": 6}`:                  "n-maximum",
		`{"n": 3, "zip": "a"}`:      "zip-pattern",
		`{"n": 3, "zip": "123456"}`: "record-maxLength",
		`{"m": 3, "zip": "1"}`:      "record-dependentRequired",
		`{}`:                        "m-required n-required",
	} {
		if got := strings.Join(broken(t, c, false, record), " "); got != want {
			t.Errorf("%s: got %q, want %q", record, got, want)
		}
	}
	if got := broken(t, c, true, `{"n": 3, "zip": "1"}`); len(got) != 0 {
		t.Errorf("closed: got %v for a name that the attached schema declares, want none", got)
	}
	if got := strings.Join(broken(t, c, true, `{"n": 3, "zap": "1"}`), " "); got != "record-unknown-field" {
		t.Errorf("closed: got %q, want record-unknown-field", got)
	}
}

func TestNothingOutsideTheFolderIsOpened(t *testing.T) {
	// Were the file opened, its faults would be told: it is not JSON.
	secret := filepath.Join(t.TempDir(), "secret.json")
	if err := os.WriteFile(secret, []byte("top secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, ref := range map[string]string{
		"absolute path":     secret,
		"file URL":          "file://" + secret,
		"File URL":          "FILE://" + secret,
		"up":                "../secret.json",
		"up and down":       "x/../../secret.json",
		"up inside":         "x/../t.json",
		"encoded up":        "%2e%2e/secret.json",
		"encoded slash":     "..%2fsecret.json",
		"backslash":         `..\\secret.json`,
		"network":           "http://127.0.0.1:1/secret.json",
		"network, relative": "//127.0.0.1:1/secret.json",
		"own scheme":        "weir://folder/secret.json",
		"own scheme, up":    "weir://folder/c/../../secret.json",
		"link":              "link.json",
		"link to a folder":  "linked/secret.json",
		"pipe":              "pipe.json",
		"folder":            "sub",
		"missing":           "missing.json",
		"data URL":          "data:application/json,{}",
	} {
		t.Run(name, func(t *testing.T) {
			dir := folderWith(t, map[string]string{"s.json": `{"properties": {"a": {"$ref": "` + ref + `"}}}`, "t.json": "{}", "sub/x.json": "{}"})
			for link, target := range map[string]string{"link.json": secret, "linked": filepath.Dir(secret)} {
				if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(filepath.Dir(dir), "secret.json"), []byte("top secret"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(filepath.Join(dir, "pipe.json"), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Load(filepath.Join(dir, "1.0.0"+Suffix))
			ps, ok := err.(Problems)
			if !ok || len(ps) == 0 {
				t.Fatalf("got %v, want problems", err)
			}
			for _, p := range ps {
				if strings.Contains(p.Message, "not valid JSON") {
					t.Errorf("the file was opened: %s", p)
				}
			}
			if p := ps[0]; !strings.HasSuffix(p.File, "s.json") || p.Line != 1 || !strings.Contains(p.Message, "$ref") {
				t.Errorf("got %q at %s, want the $ref in line 1 of s.json named", p.Message, p.Where())
			}
		})
	}
}

func TestTheAttachedFileItselfIsConfined(t *testing.T) {
	for _, name := range []string{"../s.json", "/etc/passwd", "x/../../s.json", "https://example.com/s.json", "."} {
		text := strings.Replace(document("v3.1.0", "      - {name: n, logicalType: integer}\n"), "    properties",
			"    customProperties: [{property: weir, value: {jsonSchema: \""+name+"\"}}]\n    properties", 1)
		ps := problems(t, text)
		if len(ps) != 1 || ps[0].Line != 8 || !strings.Contains(ps[0].Message, "the attached schema cannot be used") {
			t.Errorf("%s: got %v, want one problem on line 8", name, ps)
		}
	}
}

func TestAnIdDoesNotLeadReferencesOut(t *testing.T) {
	_, err := loadAttached(t, map[string]string{"s.json": `{"$id": "https://example.com/x/", "$ref": "t.json"}`, "t.json": "{}"})
	if err == nil || !strings.Contains(err.Error(), "nothing is fetched") {
		t.Errorf("got %v, want a refusal", err)
	}
	c, err := loadAttached(t, map[string]string{"s.json": `{"$id": "https://example.com/x", "$ref": "#/$defs/a",
		"$defs": {"a": {"$ref": "https://example.com/b"}, "b": {"$id": "https://example.com/b", "minProperties": 1}}}`})
	if err != nil {
		t.Fatalf("a reference to a schema that the file carries: %v", err)
	}
	if got := strings.Join(broken(t, c, false, `{}`), " "); got != "b-minProperties" {
		t.Errorf("got %q, want b-minProperties", got)
	}
}

func TestFaultsOfAttachedSchemasAreToldAtTheirPlace(t *testing.T) {
	cases := []struct{ name, schema, where, message string }{
		{"syntax", "{\n  \"type\": ,\n}", "s.json:2:11", "not valid JSON"},
		{"name twice", "{\"type\": \"object\",\n \"type\": \"object\"}", "s.json:2:", "not valid JSON"},
		{"two values", "{}\n{}", "s.json:", "not valid JSON"},
		{"type nobody knows", "{\"properties\": {\n  \"a\": {\"type\": \"text\"}}}", "s.json:2:17", "/properties/a/type"},
		{"pattern", "{\"properties\": {\n  \"a\": {\"pattern\": \"(?=a)\"}}}", "s.json:2:20", "the pattern cannot be used"},
		{"number bomb", "{\"maximum\":\n 1e1000001}", "s.json:2:2", "exponent"},
		{"missing definition", "{\"$ref\": \"#/$defs/a\"}", "s.json", "cannot be compiled"},
		{"circle", "{\"$defs\": {\"a\": {\"$ref\": \"#/$defs/b\"}, \"b\": {\"$ref\": \"#/$defs/a\"}}, \"$ref\": \"#/$defs/a\"}", "s.json", "refers to itself"},
		{"draft nobody knows", "{\n\"$schema\": \"https://example.com/draft\"}", "s.json:2:12", "$schema"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := loadAttached(t, map[string]string{"s.json": tc.schema})
			ps, _ := err.(Problems)
			if len(ps) == 0 || !strings.Contains(ps[0].Where(), tc.where) || !strings.Contains(ps[0].Message, tc.message) {
				t.Errorf("got %v, want %q at %s", err, tc.message, tc.where)
			}
		})
	}
}

func TestPropertyNamesThatLookLikeKeywordsAreLeftAlone(t *testing.T) {
	_, err := loadAttached(t, map[string]string{"s.json": `{"properties": {"$ref": {"type": "string"}, "pattern": {"type": "string"}},
		"enum": [{"$ref": "../x", "pattern": "("}], "const": {"$ref": "../x"}, "examples": [{"$ref": "/x"}], "default": {"$ref": "/x"}}`})
	if err != nil {
		t.Error(err)
	}
}
