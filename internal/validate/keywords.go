package validate

import "github.com/santhosh-tekuri/jsonschema/v5"

// keywordsOf lists the keywords of a compiled schema that can make a value invalid.
func keywordsOf(s *jsonschema.Schema) (list []string) {
	for _, k := range []struct {
		name string
		set  bool
	}{
		{"false", s.Always != nil && !*s.Always},
		{"type", len(s.Types) > 0}, {"enum", len(s.Enum) > 0}, {"const", len(s.Constant) > 0}, {"format", s.Format != ""},
		{"$ref", s.Ref != nil}, {"$recursiveRef", s.RecursiveRef != nil}, {"$dynamicRef", s.DynamicRef != nil},
		{"not", s.Not != nil}, {"allOf", len(s.AllOf) > 0}, {"anyOf", len(s.AnyOf) > 0}, {"oneOf", len(s.OneOf) > 0},
		{"if", s.If != nil}, {"minProperties", s.MinProperties != -1}, {"maxProperties", s.MaxProperties != -1},
		{"required", len(s.Required) > 0}, {"properties", len(s.Properties) > 0}, {"propertyNames", s.PropertyNames != nil},
		{"regexProperties", s.RegexProperties}, {"patternProperties", len(s.PatternProperties) > 0},
		{"additionalProperties", s.AdditionalProperties != nil}, {"dependencies", len(s.Dependencies) > 0},
		{"dependentRequired", len(s.DependentRequired) > 0}, {"dependentSchemas", len(s.DependentSchemas) > 0},
		{"unevaluatedProperties", s.UnevaluatedProperties != nil}, {"minItems", s.MinItems != -1}, {"maxItems", s.MaxItems != -1},
		{"uniqueItems", s.UniqueItems}, {"items", s.Items != nil || s.Items2020 != nil}, {"additionalItems", s.AdditionalItems != nil},
		{"prefixItems", len(s.PrefixItems) > 0}, {"unevaluatedItems", s.UnevaluatedItems != nil},
		{"contains", s.Contains != nil}, {"minContains", s.Contains != nil}, {"maxContains", s.Contains != nil},
		{"minLength", s.MinLength != -1}, {"maxLength", s.MaxLength != -1}, {"pattern", s.Pattern != nil},
		{"contentEncoding", s.ContentEncoding != ""}, {"contentMediaType", s.ContentMediaType != ""}, {"contentSchema", s.ContentSchema != nil},
		{"minimum", s.Minimum != nil}, {"exclusiveMinimum", s.ExclusiveMinimum != nil}, {"maximum", s.Maximum != nil},
		{"exclusiveMaximum", s.ExclusiveMaximum != nil}, {"multipleOf", s.MultipleOf != nil}, {"an extension", len(s.Extensions) > 0},
	} {
		if k.set {
			list = append(list, k.name)
		}
	}
	return list
}
