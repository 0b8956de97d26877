package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// attached is a contract with a JSON Schema beside it that says what the scan has no rule for.
const attached = `apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.0.0
status: active
schema:
  - name: orders
    customProperties: [{property: weir, value: {jsonSchema: orders.json}}]
    properties:
      - {name: id, logicalType: integer, required: true}
      - {name: note, logicalType: string}
      - {name: code, logicalType: string, logicalTypeOptions: {pattern: "^A\\b"}}
      - {name: tags, logicalType: array, items: {logicalType: string}}
      - {name: customer, logicalType: object, properties: [{name: zip, logicalType: string}, {name: age, logicalType: integer}]}
`

const attachedSchema = `{
  "properties": {
    "note": {"not": {"const": "x"}},
    "tags": {"contains": {"const": "new"}},
    "tree": {"$ref": "#/$defs/node"},
    "size": {"type": "number", "anyOf": [{"minimum": 10}, {"multipleOf": 2}]},
    "customer": {"if": {"properties": {"age": {"const": 0}}, "required": ["age"]}, "then": {"properties": {"zip": {"maxLength": 5}}}}
  },
  "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "additionalProperties": false}}
}`

func attachedContract(t *testing.T, schema string) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "1.0.0.odcs.yaml")
	for name, text := range map[string]string{file: attached, filepath.Join(dir, "orders.json"): schema} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return file
}

func TestLintExplainsThePlanOfFlights(t *testing.T) {
	out, code, err := runLint("--explain-plan", "../../contracts")
	if code != exitDone || err != nil {
		t.Fatalf("exit %d, %v\n%s", code, err, out)
	}
	_, plan, _ := strings.Cut(out, "  plan   ")
	if !strings.HasPrefix(plan, "all fields on the fast path\n      record            fast\n      /year             fast\n      /month            fast\n") ||
		!strings.HasSuffix(plan, "      /time_hour        fast\n      /* other names    any\nok\n\n") || strings.Contains(plan, "library") {
		t.Errorf("got plan   %s", plan)
	}
	if plain, _, _ := runLint("../../contracts"); strings.Contains(plain, "  plan ") {
		t.Errorf("without --explain-plan:\n%s", plain)
	}
}

func TestLintExplainPlanNamesTheKeywordsOfTheLibrary(t *testing.T) {
	out, code, err := runLint("--explain-plan", attachedContract(t, attachedSchema))
	if code != exitDone || err != nil {
		t.Fatalf("exit %d, %v\n%s", code, err, out)
	}
	_, plan, _ := strings.Cut(out, "  plan   ")
	want := `5 of 10 fields on the fast path
      record                    fast
      /id                       fast
      /note                     library   not: texts
      /code                     fast      by RE2: ^A\b
      /tags                     library   contains: arrays
      /tags/*                   library   contains: all of /tags
      /customer                 library   if: objects without age
      /customer/zip             fast      where invalid, judged with all of /customer
      /customer/age             fast
      /customer/* other names   any
      /size                     library   anyOf: every value
      /tree                     fast
      /tree/next                library   a $ref that comes back to itself: every value
      /tree/* other names       refused
      /* other names            any
`
	if got, _, _ := strings.Cut(plan, "  notice"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	out, _, _ = runLint("--explain-plan", attachedContract(t, `{"not": {"required": ["id", "note"]}}`))
	for _, want := range []string{"  plan   0 of 7 fields on the fast path; whole records can go to the library too\n", "  library   not: every value\n", "  library   not: all of the record\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("output lacks %q:\n%s", want, out)
		}
	}
}

func TestLintExplainPlanAsJSON(t *testing.T) {
	out, code, err := runLint("--explain-plan", "-o", "json", attachedContract(t, attachedSchema))
	var files []lintFile
	if jsonErr := json.Unmarshal([]byte(out), &files); jsonErr != nil || code != exitDone || len(files) != 1 || files[0].Plan == nil {
		t.Fatalf("exit %d, %v, %v\n%s", code, err, jsonErr, out)
	}
	p := files[0].Plan
	if p.Fields != 10 || p.Fast != 5 || p.Summary != "5 of 10 fields on the fast path" {
		t.Errorf("got %d of %d, %s", p.Fast, p.Fields, p.Summary)
	}
	for _, f := range p.Places {
		if f.Path == "/note" && !f.Fast && len(f.Why) == 1 && f.Why[0].Keywords[0] == "not" && f.JudgedAt == "/note" {
			return
		}
	}
	t.Errorf("note is not among the places: %+v", p.Places)
}
