package contract

import (
	_ "embed"
	"errors"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// The standard's own JSON Schemas; odcs/NOTICE says where they come from.
var (
	//go:embed odcs/odcs-3.0.2.schema.json
	odcs30 string
	//go:embed odcs/odcs-3.1.0.schema.json
	odcs31 string
	//go:embed odcs/odcs-3.2.0.schema.json
	odcs32 string
)

// Compiled on first use, then never changed.
var (
	schema30 = sync.OnceValue(func() *jsonschema.Schema { return jsonschema.MustCompileString("odcs-3.0.2.json", odcs30) })
	schema31 = sync.OnceValue(func() *jsonschema.Schema { return jsonschema.MustCompileString("odcs-3.1.0.json", odcs31) })
	schema32 = sync.OnceValue(func() *jsonschema.Schema { return jsonschema.MustCompileString("odcs-3.2.0.json", odcs32) })
)

// edition is one version of the standard.
type edition struct {
	version, text string
	schema        func() *jsonschema.Schema
}

// checkODCS checks the document against the standard's schema of the version it names.
func checkODCS(doc *node, r *reporter) {
	if doc.kind != mapNode {
		r.on(doc, "begin with apiVersion: v3.1.0 and kind: DataContract", "a contract is a mapping, this is %s", doc.kind)
		return
	}
	version := doc.raw("apiVersion")
	if version == nil {
		r.on(doc, "add apiVersion: v3.1.0", "apiVersion is missing: it says which version of the Open Data Contract Standard the contract follows")
		return
	}
	var editions []edition
	switch v := version.text; {
	case strings.HasPrefix(v, "v3.0."):
		editions = []edition{{"v3.0.2", odcs30, schema30}, {"v3.1.0", odcs31, schema31}, {"v3.2.0", odcs32, schema32}}
	case v == "v3.1.0":
		editions = []edition{{"v3.1.0", odcs31, schema31}, {"v3.2.0", odcs32, schema32}}
	case v == "v3.2.0":
		editions = []edition{{"v3.2.0", odcs32, schema32}}
	default:
		r.on(version, "write v3.1.0, or another of v3.0.0, v3.0.1, v3.0.2, v3.2.0", "apiVersion %q is not one that weir reads", v)
		return
	}
	value := doc.value()
	err := editions[0].schema().Validate(value)
	if err == nil {
		return
	}
	for _, later := range editions[1:] {
		if later.schema().Validate(value) == nil {
			r.on(version, "write apiVersion: "+later.version, "the contract says %s, but uses words that came with %s", version.text, later.version)
			return
		}
	}
	var ve *jsonschema.ValidationError
	if !errors.As(err, &ve) {
		r.on(doc, "simplify the document", "the document cannot be checked against the standard: %v", err)
		return
	}
	e := &explainer{reporter: r, doc: doc, version: version.text, known: declaredNames(editions[0].text)}
	e.explain(ve)
}
