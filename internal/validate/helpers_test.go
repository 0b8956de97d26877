package validate

import (
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/columns"
	"weir/internal/contract"
)

// compileSchema compiles a JSON Schema 2020-12 with formats asserted, by the library alone.
func compileSchema(t testing.TB, schema string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat = true
	if err := c.AddResource("weir://contract/record", strings.NewReader(schema)); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("weir://contract/record")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func bySchema(t testing.TB, schema string) *Validator {
	t.Helper()
	return newValidator(compileSchema(t, schema), columns.NewLayout(&contract.Contract{}), Options{}.withDefaults())
}

// lines writes violations as "rule at schema | expected | found", one per line.
func lines(vs []Violation) string {
	var b strings.Builder
	for _, v := range vs {
		b.WriteString(v.Rule + " " + v.Instance + " " + v.Schema + " | " + v.Expected + " | " + v.Found + "\n")
	}
	return b.String()
}

func rules(vs []Violation) string {
	names := make([]string, len(vs))
	for i, v := range vs {
		names[i] = v.Rule
	}
	return strings.Join(names, " ")
}
