package contract

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// patience is how long a hostile contract may occupy a load; far above what any takes, far below what an
// unbounded one would.
const patience = 10 * time.Second

func refused(t *testing.T, want string, load func() error) {
	t.Helper()
	start := time.Now()
	err := load()
	if took := time.Since(start); took > patience {
		t.Errorf("took %v, want less than %v", took, patience)
	}
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %.300v, want a refusal with %q", err, want)
	}
}

func TestHostileDocumentsAreRefused(t *testing.T) {
	repeat := strings.Repeat
	lines := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format+"\n", i)
		}
		return b.String()
	}
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := range 20 {
		bomb += fmt.Sprintf("a%d: &a%d [%s*a%d]\n", i+1, i+1, repeat(fmt.Sprintf("*a%d,", i), 9), i)
	}
	steps := ""
	for i := range 1200 {
		steps += repeat(" ", i) + "a:\n"
	}
	for name, tc := range map[string]struct{ text, want string }{
		"10 MB":              {repeat("# hello\n", 10<<20/8), "larger than"},
		"brackets":           {repeat("[", 1<<20), "nested more than"},
		"braces":             {repeat("{a: ", 1<<18), "nested more than"},
		"dashes":             {repeat("- ", 1<<19), "nested more than"},
		"tags":               {repeat("!a ", 1<<18), "nested more than"},
		"anchors":            {repeat("&a ", 1<<18), ""},
		"explicit keys":      {repeat("? a\n: b\n", 1<<16), "explicit keys"},
		"steps":              {steps, "nested more than"},
		"keys":               {lines(50_000, "k%d: 1"), "more than 2000 names"},
		"keys in flow":       {"{" + strings.ReplaceAll(lines(60_000, "k%d: 1,"), "\n", " ") + "}", "apiVersion is missing"},
		"items":              {repeat("- 1\n", 200_000), "more than 100000 values"},
		"12,000 properties":  {document("v3.1.0", lines(12_000, "      - {name: p%d, logicalType: string}")), "declares 12000 properties"},
		"alias bomb":         {bomb, "more than 100000 values"},
		"alias to itself":    {"a: &a [*a]\n", "contains itself"},
		"alias to nothing":   {"a: *b\n", "no anchor"},
		"number bomb":        {document("v3.1.0", "      - {name: p, logicalType: number, logicalTypeOptions: {minimum: 1e1000001}}\n"), "exponent"},
		"long number":        {"a: " + repeat("9", 100_000) + "\n", "digits"},
		"binary":             {"\x00\x01\xff\xfe", "not UTF-8"},
		"nested properties":  {document("v3.1.0", "      - "+repeat("{name: a, logicalType: object, properties: [", 40)+repeat("]}", 40)+"\n"), "nested more than"},
		"two documents":      {"a: 1\n---\nb: 2\n", "2 YAML documents"},
		"nothing":            {"", "empty"},
		"only a comment":     {"# a\n", "empty"},
		"custom tag":         {"a: !!python/object:os.system x\n", "tag"},
		"merge of text":      {"<<: a\n", "merges"},
		"octal":              {"a: 010\n", "read alike"},
		"not a number":       {"a: .nan\n", "read alike"},
		"name twice":         {"a: 1\na: 2\n", "stands twice"},
		"regular expression": {document("v3.1.0", `      - {name: p, logicalType: string, logicalTypeOptions: {pattern: "((a{1000}){1000}){1000}"}}`+"\n"), "pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "c.odcs.yaml", tc.text)
			refused(t, tc.want, func() error { _, err := Load(path); return err })
		})
	}
}

func TestFanOutOfReferencesIsRefused(t *testing.T) {
	var defs []string
	for i := range 24 {
		defs = append(defs, fmt.Sprintf(`"d%d": {"allOf": [{"$ref": "#/$defs/d%d"}, {"$ref": "#/$defs/d%d"}]}`, i, i+1, i+1))
	}
	fan := `{"$ref": "#/$defs/d0", "$defs": {` + strings.Join(defs, ",") + `, "d24": {"type": "object"}}}`
	for name, schema := range map[string]string{
		"24 levels of two":      fan,
		"through anyOf":         strings.ReplaceAll(fan, "allOf", "anyOf"),
		"multiplied by nesting": `{"allOf": [{"properties": {"a": {"$ref": "#"}}}, {"properties": {"a": {"$ref": "#"}}}]}`,
		"by pattern as well":    `{"properties": {"a": {"$ref": "#"}}, "patternProperties": {"^a": {"$ref": "#"}}}`,
		"list items":            `{"items": {"$ref": "#"}, "contains": {"$ref": "#"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, "fan out", func() error { _, err := FromJSONSchema(write(t, "s.json", schema)); return err })
			refused(t, "fan out", func() error { _, err := loadAttached(t, map[string]string{"s.json": schema}); return err })
		})
	}
}

func TestRecursiveSchemasThatCostLittleAreTaken(t *testing.T) {
	for name, schema := range map[string]string{
		"tree":        `{"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "value": {"type": "integer"}}}`,
		"list":        `{"properties": {"next": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}}`,
		"meta-schema": `{"$ref": "https://json-schema.org/draft/2020-12/schema"}`,
		"dynamic":     `{"$id": "https://example.com/tree", "$dynamicAnchor": "node", "properties": {"children": {"items": {"$dynamicRef": "#node"}}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := FromJSONSchema(write(t, "s.json", schema)); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHostileSchemasAreRefused(t *testing.T) {
	var chain []string
	for i := range 4500 {
		chain = append(chain, fmt.Sprintf(`"d%d": {"$ref": "#/$defs/d%d"}`, i, i+1))
	}
	for name, tc := range map[string]struct{ schema, want string }{
		"deep":     {strings.Repeat(`{"not":`, 100_000), "nested more than"},
		"lists":    {strings.Repeat("[", 1<<20), "nested more than"},
		"chain":    {`{"$ref": "#/$defs/d0", "$defs": {` + strings.Join(chain, ",") + `, "d4500": {}}}`, "fan out"},
		"number":   {`{"type": "string"}`[:8] + strings.Repeat("1", 1000) + "}", ""},
		"objects":  {"[" + strings.Repeat("{},", 200_000) + "{}]", "more than 5000 objects"},
		"10 MB":    {strings.Repeat(" ", 10<<20), "larger than"},
		"nothing":  {"", "the file is empty"},
		"a list":   {"[]", ""},
		"text":     {`"a"`, ""},
		"id loops": {`{"$ref": "#"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "s.json", tc.schema)
			refused(t, tc.want, func() error { _, err := FromJSONSchema(path); return err })
		})
	}
}
