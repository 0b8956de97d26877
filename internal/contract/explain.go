package contract

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// explainer puts the standard's schema errors into words at the lines they are about.
type explainer struct {
	*reporter
	doc     *node
	version string
	known   map[string]bool // names that the standard declares anywhere
}

// declaredNames collects the names under "properties" of a schema's text.
func declaredNames(schema string) map[string]bool {
	names := map[string]bool{}
	_ = walkJSON([]byte(schema), func(p jsontext.Pointer, name string, _, _ int, _ jsontext.Token) bool {
		if p.Parent().LastToken() == "properties" {
			names[name] = true
		}
		return true
	})
	return names
}

// fault is one leaf of the library's error tree, or several alternatives of a choice in one.
type fault struct {
	at      string   // JSON pointer into the document
	keyword string   // the schema keyword; "unknown" for names that are not allowed, "choice" for one of several names
	words   []string // type: the types wanted; unknown, required, choice: names
	loose   bool     // unknown: said by unevaluatedProperties, which follows from other faults too
	message string   // the library's
}

func (e *explainer) explain(ve *jsonschema.ValidationError) {
	faults := collect(ve)
	for _, f := range faults {
		if f.loose {
			f.words = slices.DeleteFunc(slices.Clone(f.words), func(name string) bool { return e.known[name] && e.causedBy(faults, f) })
		}
		e.tell(f)
	}
}

// causedBy says whether another fault at or below the place explains why names look unknown: the library takes a
// name for unknown when the part of the schema that declares it fails for another reason, be it an unknown name
// further down or beside it.
func (e *explainer) causedBy(faults []fault, f fault) bool {
	stranger := func(name string) bool { return !e.known[name] }
	return slices.ContainsFunc(faults, func(o fault) bool {
		return strings.HasPrefix(o.at, f.at+"/") || o.at == f.at && (o.keyword != "unknown" || slices.ContainsFunc(o.words, stranger))
	})
}

var quoted = regexp.MustCompile(`'((?:[^'\\]|\\.)*)'`)

func quotedWords(s string) (words []string) {
	for _, m := range quoted.FindAllStringSubmatch(s, -1) {
		words = append(words, strings.ReplaceAll(m[1], `\'`, `'`))
	}
	return words
}

// collect flattens the error tree.
func collect(ve *jsonschema.ValidationError) []fault {
	at := unescapeURL(ve.InstanceLocation)
	keyword := ve.AbsoluteKeywordLocation[strings.LastIndexByte(ve.AbsoluteKeywordLocation, '/')+1:]
	if len(ve.Causes) == 0 {
		f := fault{at: at, keyword: keyword, message: ve.Message}
		switch keyword {
		case "unevaluatedProperties":
			names := splitPointer(at)
			f.keyword, f.loose, f.words = "unknown", true, names[len(names)-1:]
			f.at = at[:strings.LastIndexByte(at, '/')]
		case "additionalProperties":
			f.keyword, f.words = "unknown", quotedWords(ve.Message)
		case "required":
			f.words = quotedWords(ve.Message)
		case "type":
			want, _, _ := strings.Cut(strings.TrimPrefix(ve.Message, "expected "), ", but got ")
			f.words = strings.Split(want, " or ")
		}
		return []fault{f}
	}
	if keyword == "anyOf" || keyword == "oneOf" {
		branches := make([][]fault, len(ve.Causes))
		for i, c := range ve.Causes {
			branches[i] = collect(c)
		}
		return choose(at, branches)
	}
	var all []fault
	for _, c := range ve.Causes {
		all = append(all, collect(c)...)
	}
	return all
}

// choose says about a choice what its author most likely needs: the alternatives together where they differ in one
// name or in the type, else the alternative that got furthest.
func choose(at string, branches [][]fault) []fault {
	for merged, keyword := range map[string]string{"choice": "required", "type": "type"} {
		f := fault{at: at, keyword: merged}
		same := true
		for _, b := range branches {
			if len(b) != 1 || b[0].keyword != keyword || b[0].at != at {
				same = false
				break
			}
			f.words = append(f.words, b[0].words...)
		}
		if same {
			slices.Sort(f.words)
			f.words = slices.Compact(f.words)
			return []fault{f}
		}
	}
	best := branches[0]
	for _, b := range branches[1:] {
		if reach(b, at) > reach(best, at) {
			best = b
		}
	}
	return best
}

// reach is how deep an alternative got: one of another type got nowhere, few faults are better than many.
func reach(b []fault, at string) int {
	score := 0
	for _, f := range b {
		if f.at == at && f.keyword == "type" {
			return -1000
		}
		score = max(score, 10*strings.Count(f.at, "/"))
	}
	return score - len(b)
}

// tell words one fault.
func (e *explainer) tell(f fault) {
	n, line, column := e.doc.find(f.at)
	what := lastName(f.at)
	standard := " (ODCS " + e.version + ")"
	switch f.keyword {
	case "unknown":
		for _, name := range f.words {
			e.unknown(n, name, standard)
		}
		return
	case "required":
		for _, name := range f.words {
			e.at(n.line, n.column, fmt.Sprintf("add %s: …", name), "%s is missing%s%s", name, in(what), standard)
		}
		return
	case "choice":
		e.at(n.line, n.column, "add one of them", "one of %s is missing%s%s", strings.Join(f.words, ", "), in(what), standard)
		return
	case "oneOf":
		e.at(n.line, n.column, "keep one, and write a second entry for the other", "%s has several of the alternatives at once, such as two operators%s", what, standard)
		return
	}
	if n.line == line {
		column = n.column // the value, where it stands beside its name
	}
	switch f.keyword {
	case "type":
		remedy := ""
		switch {
		case slices.Contains(f.words, "string") && (n.kind == numberNode || n.kind == boolNode):
			remedy = fmt.Sprintf("put it in quotes: %q", n.text)
		case slices.Contains(f.words, "boolean") && n.kind == textNode:
			remedy = "write true or false, without quotes"
		case n.kind == textNode && jsonNumber.MatchString(n.text):
			remedy = "remove the quotes: " + n.text
		}
		e.at(line, column, remedy, "%s must be %s, this is %s%s", what, wantedTypes(f.words), n.kind, standard)
	case "enum":
		allowed := strings.ReplaceAll(strings.TrimPrefix(strings.TrimPrefix(f.message, "value must be "), "one of "), `"`, "")
		e.at(line, column, nearestRemedy(n.text, strings.Split(allowed, ", ")), "%s is %q, it must be one of %s%s", what, n.text, allowed, standard)
	case "const":
		e.at(line, column, "", "%s: %s%s", what, strings.ReplaceAll(f.message, `"`, ""), standard)
	case "pattern":
		e.at(line, column, "use letters, digits, dash and underscore", "%s %q has characters that the standard does not allow there%s", what, n.text, standard)
	default:
		e.at(line, column, "", "%s: %s%s", what, f.message, standard)
	}
}

func (e *explainer) unknown(n *node, name, standard string) {
	line, column := n.line, n.column
	if i, ok := n.index[name]; ok {
		line, column = n.members[i].line, n.members[i].column
	}
	remedy := nearestRemedy(name, slices.Sorted(maps.Keys(e.known)))
	if remedy == "" {
		remedy = fmt.Sprintf("remove it, or make it customProperties: [{property: %s, value: …}]", name)
	}
	e.at(line, column, remedy, "the standard has no %q here%s", name, standard)
}

// lastName is the last name of a pointer that is not a place in a list.
func lastName(pointer string) string {
	names := splitPointer(pointer)
	for i, name := range slices.Backward(names) {
		if strings.Trim(name, "0123456789") != "" {
			if i < len(names)-1 {
				return "an entry of " + name
			}
			return name
		}
	}
	return "the document"
}

func in(what string) string {
	if what == "the document" {
		return ""
	}
	return " in " + what
}

func wantedTypes(types []string) string {
	words := map[string]string{"string": "text", "boolean": "true or false", "object": "a mapping", "array": "a list",
		"number": "a number", "integer": "a whole number", "null": "empty"}
	out := make([]string, len(types))
	for i, t := range types {
		if out[i] = words[t]; out[i] == "" {
			out[i] = t
		}
	}
	return strings.Join(out, " or ")
}

// nearestRemedy suggests the name that was probably meant, "" when none is close.
func nearestRemedy(name string, known []string) string {
	best, distance := "", len(name)/3+1
	for _, k := range known {
		if d := editDistance(strings.ToLower(name), strings.ToLower(k), distance); d < distance {
			best, distance = k, d
		}
	}
	if best == "" || best == name {
		return ""
	}
	return "did you mean " + best + "?"
}

// editDistance is Levenshtein's, cut off at limit.
func editDistance(a, b string, limit int) int {
	if len(a) > 64 || len(b) > 64 || len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
