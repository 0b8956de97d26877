package contract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree writes files below a new directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
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

func version(name, version string) string {
	s := document("v3.1.0", "      - {name: p, logicalType: string}\n")
	return strings.Replace(strings.Replace(s, "id: a\n", "id: "+name+"\n", 1), "1.0.0", version, 1)
}

func ids(s *Set) string {
	var out []string
	for _, c := range s.Contracts() {
		out = append(out, c.ID.String())
	}
	return strings.Join(out, " ")
}

func TestOneBrokenContractDoesNotHideTheOthers(t *testing.T) {
	dir := tree(t, map[string]string{
		"a/1.0.0.odcs.yaml": version("a", "1.0.0"), "a/1.1.0.odcs.yaml": version("a", "1.1.0"),
		"b/1.0.0.odcs.yaml": "kind: [", "b/1.0.1.odcs.yaml": version("b", "1.0.1"),
		"b/README.md": "x", "b/baselines/x.json": "{}", ".hidden/1.0.0.odcs.yaml": "x",
	})
	s, err := LoadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := ids(s), "a@1.0.0 a@1.1.0 b@1.0.1"; got != want {
		t.Errorf("contracts: got %s, want %s", got, want)
	}
	if len(s.Problems) != 1 || s.Problems[0].File != filepath.Join(dir, "b/1.0.0.odcs.yaml") {
		t.Errorf("problems: got %v, want one of b/1.0.0", s.Problems)
	}
	if c, ok := s.Get(ID{"a", "1.1.0"}); !ok || c.Version != "1.1.0" {
		t.Errorf("get a@1.1.0: got %v, %v", c, ok)
	}
	if _, ok := s.Get(ID{"b", "1.0.0"}); ok {
		t.Error("get b@1.0.0: got a contract, want none")
	}
}

func TestASingleFolderIsTakenAsWell(t *testing.T) {
	dir := tree(t, map[string]string{"x/1.0.0.odcs.yaml": version("a", "1.0.0")})
	s, err := LoadDir(filepath.Join(dir, "x"))
	if err != nil || ids(s) != "a@1.0.0" || len(s.Problems) != 0 {
		t.Errorf("got %v %v %v, want a@1.0.0", ids(s), s.Problems, err)
	}
}

func TestFilesLieWhereTheirNameAndVersionSay(t *testing.T) {
	s, err := LoadDir(tree(t, map[string]string{
		"a/2.0.0.odcs.yaml": version("a", "1.0.0"), "b/1.0.0.odcs.yaml": version("a", "1.0.0"),
	}))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Contracts()) != 0 || len(s.Problems) != 2 ||
		!strings.Contains(s.Problems[0].Remedy, "rename the file to 1.0.0.odcs.yaml") || !strings.Contains(s.Problems[1].Remedy, "folder a") {
		t.Errorf("got %v, %+v", ids(s), s.Problems)
	}
}

func TestLinksOfAConfigMapAreFollowedAndLinksOutAreNot(t *testing.T) {
	dir := tree(t, map[string]string{"a/..2026/1.0.0.odcs.yaml": version("a", "1.0.0")})
	outside := write(t, "1.1.0.odcs.yaml", version("a", "1.1.0"))
	for link, target := range map[string]string{"a/..data": "..2026", "a/1.0.0.odcs.yaml": "..data/1.0.0.odcs.yaml", "a/1.1.0.odcs.yaml": outside} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	s, err := LoadDir(dir)
	if err != nil || ids(s) != "a@1.0.0" {
		t.Errorf("contracts: got %v %v, want a@1.0.0", ids(s), err)
	}
	if len(s.Problems) != 1 || !strings.Contains(s.Problems[0].File, "1.1.0") || !strings.Contains(s.Problems[0].Message, "cannot be read") {
		t.Errorf("problems: got %v, want the link out refused", s.Problems)
	}
}

func TestAMissingDirectoryIsAnErrorAndAnEmptyOneAProblem(t *testing.T) {
	if _, err := LoadDir(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("missing: got no error")
	}
	if s, err := LoadDir(t.TempDir()); err != nil || len(s.Problems) != 1 || s.Problems[0].Remedy == "" {
		t.Errorf("empty: got %+v, %v, want one problem with a remedy", s, err)
	}
}

func TestNameIsTheDocumentsNameWhereItIsOneWordElseItsId(t *testing.T) {
	for names, want := range map[string]string{
		"id: 53581432-6c55\nname: orders\n": "orders", "id: orders\nname: Orders of the shop\n": "orders", "id: orders\n": "orders",
	} {
		c, err := Load(write(t, "c.odcs.yaml", strings.Replace(version("a", "1.0.0"), "id: a\n", names, 1)))
		if err != nil || c.Name != want {
			t.Errorf("%q: got %v %v, want %s", names, c, err, want)
		}
	}
	ps := problems(t, strings.Replace(version("a", "1.0.0"), "id: a\n", "id: the orders\n", 1))
	if !strings.Contains(ps[0].Message, "neither a name nor an id") {
		t.Errorf("got %v", ps)
	}
}

const digested = `apiVersion: v3.2.0
kind: DataContract
id: a
version: 1.0.0
schema:
  - name: a
    customProperties: [{property: weir, value: {jsonSchema: s.json}}]
    properties:
      - {name: p, logicalType: number, logicalTypeOptions: {minimum: 1, maximum: 20}}
`

func digestWith(t *testing.T, document, schema string) Digest {
	t.Helper()
	dir := tree(t, map[string]string{"1.0.0.odcs.yaml": document, "s.json": schema, "t.json": "{}"})
	c, err := Load(filepath.Join(dir, "1.0.0.odcs.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return c.Digest
}

func TestDigestIgnoresLayoutAndSeesEveryChangeOfMeaning(t *testing.T) {
	const schema = `{"minProperties": 1, "$comment": "x"}`
	base := digestWith(t, digested, schema)
	if want := Digest("sha256:"); !strings.HasPrefix(string(base), string(want)) || len(base) != len(want)+64 {
		t.Errorf("digest: got %s", base)
	}
	for name, d := range map[string]Digest{
		"comments": digestWith(t, "# a comment\n"+strings.ReplaceAll(digested, "\nid: a", "\n\nid: a # here"), schema),
		"quotes":   digestWith(t, strings.Replace(digested, "id: a", `id: "a"`, 1), schema),
		"order":    digestWith(t, strings.Replace(digested, "kind: DataContract\nid: a\n", "id: a\nkind: DataContract\n", 1), schema),
		"blocks":   digestWith(t, strings.Replace(digested, "{name: p, logicalType: number, logicalTypeOptions: {minimum: 1, maximum: 20}}", "name: p\n        logicalType: number\n        logicalTypeOptions:\n          minimum: 1\n          maximum: 20", 1), schema),
		"numbers":  digestWith(t, strings.Replace(digested, "maximum: 20", "maximum: 2.0e1", 1), schema),
		"aliases":  digestWith(t, strings.Replace(strings.Replace(digested, "id: a", "id: &n a", 1), "name: a", "name: *n", 1), schema),
		"schema":   digestWith(t, digested, "{\n\"$comment\": \"\\u0078\", \"minProperties\": 1.0}"),
	} {
		if d != base {
			t.Errorf("%s: the digest changed with the layout", name)
		}
	}
	seen := map[Digest]string{base: "base"}
	for name, d := range map[string]Digest{
		"limit":        digestWith(t, strings.Replace(digested, "maximum: 20", "maximum: 21", 1), schema),
		"sign":         digestWith(t, strings.Replace(digested, "minimum: 1", "minimum: -1", 1), schema),
		"text":         digestWith(t, strings.Replace(digested, "version: 1.0.0", "version: 1.0.1", 1), schema),
		"schema":       digestWith(t, digested, `{"minProperties": 2, "$comment": "x"}`),
		"more schemas": digestWith(t, digested, `{"minProperties": 1, "$comment": "x", "$ref": "t.json"}`),
		"new name":     digestWith(t, digested+"        # \n      - {name: q, logicalType: string}\n", schema),
		"description":  digestWith(t, digested+"description: {purpose: x}\n", schema),
	} {
		if other, ok := seen[d]; ok {
			t.Errorf("%s: got the digest of %s", name, other)
		}
		seen[d] = name
	}
}

func TestByteOrderMarksAndWindowsLineEndsDoNotMatter(t *testing.T) {
	base := digestWith(t, digested, "{}")
	if got := digestWith(t, "\ufeff"+digested, "{}"); got != base {
		t.Error("a byte order mark changes the digest")
	}
	if got := digestWith(t, strings.ReplaceAll(digested, "\n", "\r\n"), "{}"); got != base {
		t.Error("Windows line ends change the digest")
	}
}

func TestEqualNumbersAreDigestedAlike(t *testing.T) {
	for _, group := range [][]string{{"1", "1.0", "10e-1", "0.1e1", "1E0"}, {"0", "0.0", "-0", "0e5"}, {"-12.5", "-125e-1", "-0.125E+2"}, {"1200", "12e2", "1.2e3"}} {
		for _, s := range group {
			if got, want := canonicalNumber(s), canonicalNumber(group[0]); got != want {
				t.Errorf("%s: got %s, want %s", s, got, want)
			}
		}
	}
	if canonicalNumber("12") == canonicalNumber("1.2") || canonicalNumber("5") == canonicalNumber("-5") {
		t.Error("different numbers are digested alike")
	}
}

func TestTheContractOfTheReadmeLoadsWithoutNotices(t *testing.T) {
	readme, err := os.ReadFile("../../contracts/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, _ := strings.Cut(string(readme), "```yaml\n")
	block, _, found := strings.Cut(block, "```")
	c, err := Load(write(t, "orders.odcs.yaml", block))
	if !found || err != nil || c.ID.String() != "orders@1.0.0" || c.EventTime != "/placed_at" || len(c.Notices) > 0 {
		t.Errorf("got %+v, %v", c, err)
	}
}
