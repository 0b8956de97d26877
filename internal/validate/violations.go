package validate

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/contract"
)

// maxPerKeyword bounds the violations one keyword of the schema lists per record: an array of 100,000 wrong items
// is one mistake. The last one listed says how many more there are; every broken rule is still named.
const maxPerKeyword = 1000

// violations turns what the library reports into one violation per broken rule and place.
func (v *Validator) violations(leaves []leaf) []Violation {
	if len(leaves) == 1 { // most often
		return v.appendKeyword(nil, leaves)
	}
	leaves = knownLeaves(leaves)
	slices.SortFunc(leaves, func(a, b leaf) int {
		if order := cmp.Or(strings.Compare(a.location, b.location), strings.Compare(a.instance, b.instance),
			strings.Compare(a.err.AbsoluteKeywordLocation, b.err.AbsoluteKeywordLocation)); order != 0 {
			return order
		}
		return strings.Compare(a.path(), b.path())
	})
	// Two paths to one definition may report the same keyword at the same place twice.
	leaves = slices.CompactFunc(leaves, func(a, b leaf) bool {
		return a.err.AbsoluteKeywordLocation == b.err.AbsoluteKeywordLocation && a.instance == b.instance && a.judgesName() == b.judgesName()
	})
	var vs []Violation
	for i := 0; i < len(leaves); {
		n := 1
		for i+n < len(leaves) && leaves[i+n].location == leaves[i].location {
			n++
		}
		vs = v.appendKeyword(vs, leaves[i:i+n])
		i += n
	}
	sortViolations(vs)
	return vs
}

// knownLeaves are the leaves without the unknown fields that cannot be known: when an attached schema fails, the
// library takes none of the names it declares as declared.
func knownLeaves(leaves []leaf) []leaf {
	if !slices.ContainsFunc(leaves, func(l leaf) bool { return strings.HasPrefix(l.path(), "/allOf/") }) {
		return leaves
	}
	cannotBeKnown := func(l leaf) bool { return l.closing && l.keyword == "unevaluatedProperties" }
	if !slices.ContainsFunc(leaves, func(l leaf) bool { return !cannotBeKnown(l) }) {
		return leaves // they are all that is wrong
	}
	return slices.DeleteFunc(leaves, cannotBeKnown)
}

// appendKeyword adds the violations of one keyword, at most maxPerKeyword.
func (v *Validator) appendKeyword(vs []Violation, leaves []leaf) []Violation {
	first, more := len(vs), 0
	for i := range leaves {
		if len(vs)-first == maxPerKeyword {
			more += len(leaves) - i
			break
		}
		room := maxPerKeyword - (len(vs) - first)
		var left int
		vs, left = v.appendLeaf(vs, &leaves[i], room)
		more += left
	}
	if more > 0 {
		last := &vs[len(vs)-1]
		last.Message += fmt.Sprintf(" At least %d more places break the same rule.", more)
	}
	return vs
}

// appendLeaf adds a leaf's violations, at most room, and says how many were left out. A missing or an unwanted name
// is a violation each.
func (v *Validator) appendLeaf(vs []Violation, l *leaf, room int) (_ []Violation, left int) {
	value, ok := lookup(l.doc, l.local)
	names := l.names(value)
	if names == nil {
		return append(vs, v.newViolation(l, value, ok)), 0
	}
	for i, name := range names {
		if i == room {
			return vs, len(names) - i
		}
		vs = append(vs, v.nameViolation(l, name, value))
	}
	return vs, 0
}

// names lists the names a keyword about names is broken by, in order; nil for the other keywords.
func (l *leaf) names(value any) []string {
	if l.missing != nil {
		return l.missing
	}
	object, ok := value.(map[string]any)
	if !ok || l.sub == nil {
		return nil
	}
	var names []string
	switch l.keyword {
	case "required":
		for _, name := range l.sub.Required {
			if _, ok := object[name]; !ok {
				names = append(names, name)
			}
		}
	case "additionalProperties":
		for name := range object {
			if l.sub.Properties[name] == nil && !matchesPattern(l.sub, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (v *Validator) newViolation(l *leaf, value any, known bool) Violation {
	if l.keyword == "dependentRequired" || l.keyword == "dependencies" {
		return v.dependentViolation(l)
	}
	x := v.violation(l, "")
	at := subject(x.Instance)
	x.Expected = l.expected
	if l.judgesName() {
		name := unescapeToken(l.instance[strings.LastIndexByte(l.instance, '/')+1:])
		x.Found = "name of " + count(utf8.RuneCountInString(name), "character")
		x.Message = fmt.Sprintf("%s: the name must be %s.", at, x.Expected)
		return x
	}
	message := make([]byte, 0, 256) // most are shorter
	for _, part := range []string{at, " must be ", x.Expected, ", found "} {
		message = append(message, part...)
	}
	from := len(message)
	switch {
	case !known: // inside text that holds JSON itself
		message = append(message, "value"...)
	case v.isPublic(l.instance):
		message = append(message, show(value)...)
	default:
		message = appendDescription(message, value)
	}
	to := len(message)
	x.Message = string(append(message, '.'))
	x.Found = x.Message[from:to]
	return x
}

// nameViolation is about one name an object lacks or should not have.
func (v *Validator) nameViolation(l *leaf, name string, object any) Violation {
	x := v.violation(l, name)
	if l.keyword == "required" {
		x.Expected, x.Found = "present", "nothing"
		x.Message = x.Instance + " is required but missing."
		return x
	}
	x.Expected, x.Found = "absent", describe(object.(map[string]any)[name])
	x.Message = x.Instance + " is not a declared name, found " + x.Found + "."
	return x
}

// dependentViolation is about a name that another name asks for; both are the schema author's.
func (v *Validator) dependentViolation(l *leaf) Violation {
	trail := splitPointer(decodePointer(l.path()))
	n := len(trail)
	trigger := trail[n-2]
	x := v.violation(l, dependent(l.sub, trigger, trail[n-1]))
	x.Expected, x.Found = "present when "+printable(trigger)+" is", "nothing"
	x.Message = fmt.Sprintf("%s must be %s, found %s.", subject(x.Instance), x.Expected, x.Found)
	return x
}

// dependent is the name at an index of the schema's list, "" where the schema is not known.
func dependent(s *jsonschema.Schema, trigger, index string) string {
	if s == nil {
		return ""
	}
	names := s.DependentRequired[trigger]
	if old, ok := s.Dependencies[trigger].([]string); ok {
		names = old
	}
	if i, err := strconv.Atoi(index); err == nil && i < len(names) {
		return names[i]
	}
	return ""
}

// violation starts a violation of the leaf's rule: about the name in its object, or about the value itself when name
// is "". A rule is found by the names of the schema only, so that no record can make up rule ids.
func (v *Validator) violation(l *leaf, name string) Violation {
	instance, rule := l.instance, l.rule
	if name != "" {
		instance += "/" + escapeToken(name)
		if own, ok := l.ruleOf[name]; ok {
			rule = own
		}
	}
	x := Violation{Rule: rule.ID, Severity: rule.Severity, Instance: displayPointer(instance), Schema: rule.Schema, Keyword: l.keyword}
	if strings.Contains(x.Schema, "://") { // a schema with an id of its own is named by the path that led to it
		x.Schema = decodePointer(l.path())
	}
	if l.closing {
		x.Rule, x.Severity = ruleUnknownField, contract.Warning
		if v.options.UnknownFields == Reject {
			x.Severity = contract.Error
		}
	}
	return x
}

func sortViolations(vs []Violation) {
	slices.SortFunc(vs, func(a, b Violation) int {
		return cmp.Or(strings.Compare(a.Instance, b.Instance), strings.Compare(a.Schema, b.Schema),
			strings.Compare(a.Rule, b.Rule), strings.Compare(a.Message, b.Message))
	})
}
