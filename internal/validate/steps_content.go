package validate

import (
	"encoding/base64"
	"encoding/json"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// content counts contentEncoding, contentMediaType and contentSchema, which assert something in draft 7 only.
func (x *visit) content(text string) {
	s := x.s
	x.fail(15, 0, either)
	x.fail(16, 0, either)
	x.take(2*len(text) + 4)
	content := []byte(text)
	if s.ContentEncoding == "base64" {
		var err error
		if content, err = base64.StdEncoding.DecodeString(text); err != nil {
			return
		}
	}
	if s.ContentMediaType == "application/json" {
		x.take(jsonSteps * len(content))
	}
	if s.ContentSchema == nil {
		return
	}
	x.take(2 * jsonSteps * len(content)) // read by the library and here
	if x.over() {
		return
	}
	d := newDecoder(len(content) + 1)
	doc, fault := d.decode(content, x.meter)
	switch {
	case fault == nil:
		x.add(x.child(s.ContentSchema, 13, doc, 0) | passes)
	case fault.rule == ruleBudget || json.Valid(content): // nobody has bounded what the library would find there
		x.take(x.left + 1)
	default:
		x.fail(13, 0, fails)
	}
}

const jsonSteps = 8 // reading a byte of JSON inside a text

// leafSteps is what making violations of the library's error costs.
func leafSteps(p part, err *jsonschema.ValidationError) int {
	leaves, length := countLeaves(err)
	perLeaf := 300 + (len(p.at)+len(p.trail))/4
	return leaves*perLeaf + length/2
}

// countLeaves returns the number of leaves, those about several names once for each name, and the length of their locations together.
func countLeaves(e *jsonschema.ValidationError) (n, length int) {
	if len(e.Causes) == 0 || isAlternative(e) {
		return 1 + strings.Count(e.Message, "', '"), len(e.InstanceLocation) + len(e.KeywordLocation)
	}
	for _, cause := range e.Causes {
		more, longer := countLeaves(cause)
		n, length = n+more, length+longer
	}
	return n, length
}
