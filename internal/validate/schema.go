package validate

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// schemaIndex finds a compiled subschema by its absolute location. An error of the library names the location only,
// and its text quotes values; what was expected is read from the subschema instead.
type schemaIndex map[string]*jsonschema.Schema

func indexSchemas(root *jsonschema.Schema) schemaIndex {
	index := make(schemaIndex)
	index.add(root)
	return index
}

func (index schemaIndex) add(s *jsonschema.Schema) {
	if index[s.Location] != nil {
		return
	}
	index[s.Location] = s
	for _, sub := range subschemas(s) {
		index.add(sub)
	}
}

// subschemas lists the schemas that a schema refers to or holds.
func subschemas(s *jsonschema.Schema) []*jsonschema.Schema {
	list := []*jsonschema.Schema{s.RecursiveRef, s.DynamicRef, s.Not, s.PropertyNames, s.Contains,
		s.UnevaluatedProperties, s.UnevaluatedItems, s.Items2020, s.ContentSchema}
	list = append(list, onSameValue(s)...)
	list = append(list, s.PrefixItems...)
	for _, sub := range s.Properties {
		list = append(list, sub)
	}
	for _, sub := range s.PatternProperties {
		list = append(list, sub)
	}
	for _, either := range []any{s.AdditionalProperties, s.AdditionalItems, s.Items} { // booleans, too
		switch either := either.(type) {
		case *jsonschema.Schema:
			list = append(list, either)
		case []*jsonschema.Schema:
			list = append(list, either...)
		}
	}
	return slices.DeleteFunc(list, func(s *jsonschema.Schema) bool { return s == nil })
}

// onSameValue lists those that may be applied to the value that the schema is applied to; some may be nil.
func onSameValue(s *jsonschema.Schema) []*jsonschema.Schema {
	list := []*jsonschema.Schema{s.Ref, s.If, s.Then, s.Else}
	list = append(list, s.AllOf...)
	list = append(list, s.AnyOf...)
	list = append(list, s.OneOf...)
	for _, sub := range s.DependentSchemas {
		list = append(list, sub)
	}
	for _, either := range s.Dependencies { // names, too
		if sub, ok := either.(*jsonschema.Schema); ok {
			list = append(list, sub)
		}
	}
	return list
}

// expected says what a keyword of the schema asks for, to follow "must be". A nil schema knows only the keyword.
func expected(s *jsonschema.Schema, keyword string) string {
	if s != nil {
		for _, describe := range []func(*jsonschema.Schema, string) string{expectedAny, expectedNumber, expectedText, expectedItems} {
			if text := describe(s, keyword); text != "" {
				return text
			}
		}
	}
	return "what the keyword " + keyword + " asks for"
}

func expectedAny(s *jsonschema.Schema, keyword string) string {
	switch keyword {
	case "type":
		return strings.Join(s.Types, " or ")
	case "enum":
		return showList(s.Enum)
	case "const":
		return showList(s.Constant)
	case "not":
		return "none of what `not` describes"
	case "anyOf":
		return fmt.Sprintf("one of %d alternatives", len(s.AnyOf))
	case "oneOf":
		return fmt.Sprintf("exactly one of %d alternatives", len(s.OneOf))
	}
	return ""
}

func expectedNumber(s *jsonschema.Schema, keyword string) string {
	switch keyword {
	case "minimum":
		return "at least " + writeBound(s.Minimum)
	case "exclusiveMinimum":
		return "more than " + writeBound(s.ExclusiveMinimum)
	case "maximum":
		return "at most " + writeBound(s.Maximum)
	case "exclusiveMaximum":
		return "less than " + writeBound(s.ExclusiveMaximum)
	case "multipleOf":
		return "a multiple of " + writeBound(s.MultipleOf)
	}
	return ""
}

func expectedText(s *jsonschema.Schema, keyword string) string {
	switch keyword {
	case "minLength":
		return "at least " + count(s.MinLength, "character") + " long"
	case "maxLength":
		return "at most " + count(s.MaxLength, "character") + " long"
	case "pattern":
		return "text matching " + printable(s.Pattern.String())
	case "format":
		return "a valid " + printable(s.Format)
	case "contentEncoding":
		return printable(s.ContentEncoding) + " encoded"
	case "contentMediaType":
		return "of media type " + printable(s.ContentMediaType)
	}
	return ""
}

func expectedItems(s *jsonschema.Schema, keyword string) string {
	switch keyword {
	case "minItems":
		return "an array of at least " + count(s.MinItems, "item")
	case "maxItems":
		return "an array of at most " + count(s.MaxItems, "item")
	case "uniqueItems":
		return "an array of distinct items"
	case "minContains":
		return "an array with at least " + count(s.MinContains, "matching item")
	case "maxContains":
		return "an array with at most " + count(s.MaxContains, "matching item")
	case "required":
		return "an object with every required name"
	case "additionalProperties":
		return "an object without undeclared names"
	case "minProperties":
		return "an object with at least " + count(s.MinProperties, "name")
	case "maxProperties":
		return "an object with at most " + count(s.MaxProperties, "name")
	case "additionalItems":
		if items, ok := s.Items.([]*jsonschema.Schema); ok {
			return "an array of at most " + count(len(items), "item")
		}
	}
	return ""
}

// writeBound writes a bound: exactly when it is an integer of moderate size, else as the nearest float64.
func writeBound(r *big.Rat) string {
	if r.IsInt() && r.Num().BitLen() <= 128 {
		return r.Num().String()
	}
	f, _ := r.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// matchesPattern says whether a name is matched by one of the schema's patternProperties.
func matchesPattern(s *jsonschema.Schema, name string) bool {
	for pattern := range s.PatternProperties {
		if pattern.MatchString(name) {
			return true
		}
	}
	return false
}
