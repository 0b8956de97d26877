package validate

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/contract"
)

// keywordFalse stands for a boolean schema false, which has no keyword.
const keywordFalse = "false"

// messageFalse is how the library reports a boolean schema false; nothing else in its error tells.
const messageFalse = "not allowed"

// leaf is one broken keyword at one place, as the library reports it.
type leaf struct {
	*promise
	instance string // JSON pointer
	trail    string // evaluation path of the part's schema
	err      *jsonschema.ValidationError
	doc      any      // what the library was given: the record or a part of it
	local    string   // JSON pointer into doc
	missing  []string // the names that required found missing, where doc does not show it
}

// part is what the library is given to judge: the record, or a value in it, and where it stands.
type part struct {
	doc   any
	at    string // JSON pointer
	trail string // evaluation path of the schema
}

// leaves lists the keywords a part breaks. $ref, allOf, if and dependent schemas lead to the keywords in them;
// anyOf, oneOf and contains are broken as a whole, because no single alternative was promised.
func (v *Validator) leaves(found []leaf, p part, err *jsonschema.ValidationError) []leaf {
	var walk func(*jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 || isAlternative(e) {
			found = append(found, v.newLeaf(p, e))
			return
		}
		for _, cause := range e.Causes {
			walk(cause)
		}
	}
	walk(err)
	return found
}

// isAlternative says whether e reports a choice none of whose branches fits. Errors without a message only group.
func isAlternative(e *jsonschema.ValidationError) bool {
	if e.Message == "" {
		return false
	}
	switch e.KeywordLocation[strings.LastIndexByte(e.KeywordLocation, '/')+1:] {
	case "anyOf", "oneOf", "minContains":
		return true
	}
	return false
}

func (v *Validator) newLeaf(p part, e *jsonschema.ValidationError) leaf {
	l := leaf{err: e, doc: p.doc, local: decodePointer(e.InstanceLocation)}
	l.instance = p.at + l.local
	l.trail = p.trail
	if known := v.promises[e.AbsoluteKeywordLocation]; known != nil && e.Message != messageFalse {
		l.promise = known
		return l
	}
	trail := splitPointer(decodePointer(l.path()))
	keyword, own := keywordOf(trail, e.Message)
	location := cutTokens(e.AbsoluteKeywordLocation, own)
	l.promise = v.newPromise(v.schemas[location], location, keyword, e.AbsoluteKeywordLocation, e.Message == messageFalse)
	return l
}

// path is the evaluation path of the keyword, through $ref.
func (l *leaf) path() string { return l.trail + l.err.KeywordLocation }

// promise is what one keyword of one schema asks for: all that a violation of it says, whatever the record.
type promise struct {
	keyword  string
	location string // as the library escapes it: a pointer, or a URL with one in another document than the root's
	sub      *jsonschema.Schema
	expected string
	rule     contract.Rule
	ruleOf   map[string]contract.Rule // of required, by name: each has a rule of its own
	closing  bool                     // the keyword is the unknown fields policy's, not the contract's
}

// newPromises prepares what can be said of each keyword.
func (v *Validator) newPromises() {
	v.promises = make(map[string]*promise)
	for location, s := range v.schemas {
		for _, keyword := range keywordsOf(s) {
			absolute := location + "/" + keyword
			v.promises[absolute] = v.newPromise(s, location, keyword, absolute, false)
		}
	}
}

// newPromise describes a keyword; of a schema false, which has none, what stands for it.
func (v *Validator) newPromise(s *jsonschema.Schema, location, keyword, absolute string, isFalse bool) *promise {
	p := &promise{keyword: keyword, location: location, sub: s, expected: "absent", closing: v.closing[absolute]}
	if !isFalse {
		p.location += "/" + keyword
		p.expected = expected(s, keyword)
	}
	if document, pointer, _ := strings.Cut(p.location, "#"); document == documentOf(v.schema) {
		p.location = pointer
	}
	p.rule = v.ruleAt(p.location, "")
	if keyword == "required" && s != nil {
		p.ruleOf = make(map[string]contract.Rule, len(s.Required))
		for _, name := range s.Required {
			p.ruleOf[name] = v.ruleAt(p.location, "/"+escapeLocation(name))
		}
	}
	return p
}

// keywordOf finds the keyword at the end of an evaluation path, and how many tokens are the keyword's own.
func keywordOf(trail []string, message string) (keyword string, own int) {
	n := len(trail)
	if message == messageFalse {
		return falseKeyword(trail), 0
	}
	if n >= 3 && (trail[n-3] == "dependentRequired" || trail[n-3] == "dependencies") && strings.HasPrefix(message, "property ") {
		return trail[n-3], 3
	}
	if n == 0 {
		return keywordFalse, 0
	}
	return trail[n-1], 1
}

// falseKeyword names the keyword that a schema false stands under: additionalProperties, items and the like by
// their name, a named or numbered schema as false.
func falseKeyword(trail []string) string {
	n := len(trail)
	if n == 0 || n >= 2 && holdsNames(trail[n-2]) {
		return keywordFalse
	}
	switch last := trail[n-1]; last {
	case "additionalProperties", "unevaluatedProperties", "propertyNames", "items", "additionalItems", "unevaluatedItems":
		return last
	}
	return keywordFalse
}

// holdsNames says whether the token after this keyword is a name of the schema author's choice.
func holdsNames(keyword string) bool {
	switch keyword {
	case "properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions":
		return true
	}
	return false
}

// judgesName says whether the keyword judges a name rather than the value under it.
func (l *leaf) judgesName() bool {
	if !strings.Contains(l.err.KeywordLocation, "propertyNames") && !strings.Contains(l.trail, "propertyNames") {
		return false
	}
	trail := splitPointer(decodePointer(l.path()))
	for i := 0; i < len(trail); i++ {
		if holdsNames(trail[i]) {
			i++
		} else if trail[i] == "propertyNames" {
			return true
		}
	}
	return false
}

func documentOf(s *jsonschema.Schema) string {
	document, _, _ := strings.Cut(s.Location, "#")
	return document
}

// decodePointer undoes the URL escaping the library applies to the names in its locations.
func decodePointer(location string) string {
	if !strings.Contains(location, "%") {
		return location
	}
	if decoded, err := url.PathUnescape(location); err == nil {
		return decoded
	}
	return location
}

// cutTokens takes the last n tokens off a location.
func cutTokens(location string, n int) string {
	for range n {
		location = location[:max(0, strings.LastIndexByte(location, '/'))]
	}
	return location
}

// lookup finds the value a pointer leads to.
func lookup(doc any, pointer string) (value any, ok bool) {
	for _, name := range splitPointer(pointer) {
		switch container := doc.(type) {
		case map[string]any:
			if doc, ok = container[name]; !ok {
				return nil, false
			}
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(container) {
				return nil, false
			}
			doc = container[i]
		default:
			return nil, false
		}
	}
	return doc, true
}
