package validate

import (
	"encoding/json"
	"math/big"
	"unicode/utf8"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// literals counts enum and const.
func (x *visit) literals() {
	s := x.s
	if len(s.Constant) > 0 {
		x.fail(5, 32+x.costs.quoted[s], x.equals(x.v, s.Constant[0]))
	}
	if len(s.Enum) > 0 {
		x.fail(4, 8+x.costs.quoted[s], x.oneOfMembers())
	}
	if text, ok := x.v.(string); ok && jsonschema.Formats[s.Format] != nil {
		x.take(formatSteps(s.Format, text))
		x.fail(6, 2*len(text), either)
	}
}

func (x *visit) oneOfMembers() outcome {
	o := fails
	for _, member := range x.s.Enum {
		switch x.equals(x.v, member) {
		case passes:
			return passes
		case either:
			o = either
		}
		if x.over() {
			break
		}
	}
	return o
}

func (x *visit) object(v map[string]any) {
	s := x.s
	if s.MinProperties != -1 {
		x.fail(13, 0, outcomeOf(len(v) >= s.MinProperties))
	}
	if s.MaxProperties != -1 {
		x.fail(13, 0, outcomeOf(len(v) <= s.MaxProperties))
	}
	if missing, length := x.missing(v); missing > 0 {
		x.take(missing * quoteSteps)
		x.fail(8, 2*length, fails)
	}
	x.properties(v)
	if s.PropertyNames != nil || s.RegexProperties || len(s.PatternProperties) > 0 || s.AdditionalProperties != nil {
		x.names(v)
	}
	x.dependencies(v)
}

// missing is the number of required names that are not there, and their length together.
func (x *visit) missing(v map[string]any) (n, length int) {
	x.take(3 * len(x.s.Required))
	for _, name := range x.s.Required {
		if _, ok := v[name]; !ok {
			n++
			length += len(name)
		}
	}
	return n, length
}

func (x *visit) properties(v map[string]any) {
	x.take(4 * len(x.s.Properties))
	inBoth(x.s.Properties, v, func(name string, sub *jsonschema.Schema) {
		n := escapedLength(name)
		x.take(nameSteps(n))
		x.add(x.child(sub, 11+n, v[name], n))
	})
}

// inBoth calls do for the names that both the schema and the object have.
func inBoth[T any](named map[string]T, object map[string]any, do func(name string, t T)) {
	if len(object) < len(named) {
		for name := range object {
			if t, ok := named[name]; ok {
				do(name, t)
			}
		}
		return
	}
	for name, t := range named {
		if _, ok := object[name]; ok {
			do(name, t)
		}
	}
}

// names counts the keywords that look at every name.
func (x *visit) names(v map[string]any) {
	s := x.s
	more, _ := s.AdditionalProperties.(*jsonschema.Schema)
	extra, length := 0, 0
	for name, value := range v {
		if x.over() {
			return
		}
		n := escapedLength(name)
		x.take(nameSteps(n))
		if s.PropertyNames != nil {
			x.add(x.child(s.PropertyNames, 13, name, n))
		}
		if s.RegexProperties {
			x.take(formatSteps("regex", name))
			x.fail(0, 2*len(name), either)
		}
		if x.patterns(name, n, value) || s.Properties[name] != nil {
			continue
		}
		extra++
		length += len(name)
		if more != nil {
			x.add(x.child(more, 20, value, n))
		}
	}
	if allowed, ok := s.AdditionalProperties.(bool); ok && !allowed && extra > 0 {
		x.take(extra * quoteSteps)
		x.fail(20, 2*length, fails)
	}
}

// patterns counts patternProperties for one name, and says whether one matches. Matching is the one thing that is done
// here as in the library, and perhaps again when violations are made, so it is counted three times.
func (x *visit) patterns(name string, length int, value any) (matched bool) {
	for re, sub := range x.s.PatternProperties {
		if x.take(3 * x.costs.match(re, len(name))); x.over() {
			return true
		}
		if re.MatchString(name) {
			matched = true
			x.take(nameSteps(len(re.String())))
			x.add(x.child(sub, 18+3*len(re.String()), value, length))
		}
	}
	return matched
}

func (x *visit) dependencies(v map[string]any) {
	s := x.s
	x.take(4 * (len(s.Dependencies) + len(s.DependentRequired) + len(s.DependentSchemas)))
	lacks := func(name string, list []string) {
		x.take(3 * len(list))
		for _, required := range list {
			if _, ok := v[required]; !ok {
				x.take(2 * quoteSteps)
				x.fail(24+3*len(name), len(name)+len(required), fails)
			}
		}
	}
	inBoth(s.Dependencies, v, func(name string, d any) {
		if sub, ok := d.(*jsonschema.Schema); ok {
			x.add(x.apply(sub, 13+3*len(name)))
		} else if list, ok := d.([]string); ok {
			lacks(name, list)
		}
	})
	inBoth(s.DependentRequired, v, lacks)
	inBoth(s.DependentSchemas, v, func(name string, sub *jsonschema.Schema) {
		x.add(x.apply(sub, 17+3*len(name)))
	})
}

func (x *visit) array(v []any) {
	s := x.s
	if s.MinItems != -1 {
		x.fail(8, 0, outcomeOf(len(v) >= s.MinItems))
	}
	if s.MaxItems != -1 {
		x.fail(8, 0, outcomeOf(len(v) <= s.MaxItems))
	}
	if s.UniqueItems {
		x.fail(11, 16, x.unique(v))
	}
	listed, _ := s.Items.([]*jsonschema.Schema)
	if closed, ok := s.AdditionalItems.(bool); ok && !closed && listed != nil {
		x.fail(15, 8, outcomeOf(len(v) <= len(listed)))
	}
	for i, item := range v {
		if x.over() {
			return
		}
		if sub, ok := s.Items.(*jsonschema.Schema); ok {
			x.item(sub, item)
		} else if i < len(listed) {
			x.item(listed[i], item)
		} else if sub, ok := s.AdditionalItems.(*jsonschema.Schema); ok && listed != nil {
			x.item(sub, item)
		}
		if i < len(s.PrefixItems) {
			x.item(s.PrefixItems[i], item)
		} else if s.Items2020 != nil {
			x.item(s.Items2020, item)
		}
	}
	if s.Contains != nil && (s.MinContains != -1 || s.MaxContains != -1) {
		x.contains(v)
	}
}

const indexLength = 6 // of the index of an item, at most

func (x *visit) item(sub *jsonschema.Schema, item any) {
	x.take(2)
	x.add(x.child(sub, 16, item, indexLength))
}

func (x *visit) contains(v []any) {
	s := x.s
	sure, possible := 0, 0
	for _, item := range v {
		o := x.child(s.Contains, 8, item, indexLength)
		if o&passes != 0 {
			possible++
		}
		if o == passes {
			sure++
		}
		if x.over() {
			return
		}
	}
	within := func(few, many bool) outcome {
		switch {
		case few:
			return passes
		case many:
			return fails
		}
		return either
	}
	if s.MinContains != -1 {
		x.take(2 * (len(v) - sure))
		x.fail(11, 16, within(sure >= s.MinContains, possible < s.MinContains))
	}
	if s.MaxContains != -1 {
		x.fail(11, 16, within(possible <= s.MaxContains, sure > s.MaxContains))
	}
}

func (x *visit) text(v string) {
	s := x.s
	if s.MinLength != -1 || s.MaxLength != -1 {
		x.take(2 + len(v)/8)
		n := utf8.RuneCountInString(v)
		if s.MinLength != -1 {
			x.fail(9, 16, outcomeOf(n >= s.MinLength))
		}
		if s.MaxLength != -1 {
			x.fail(9, 16, outcomeOf(n <= s.MaxLength))
		}
	}
	if s.Pattern != nil {
		x.take(x.costs.match(s.Pattern, len(v)))
		x.fail(7, len(s.Pattern.String()), either)
	}
	if s.ContentEncoding != "" || s.ContentMediaType != "" {
		x.content(v)
	}
}

func (x *visit) number(text string) {
	s := x.s
	n, whole := shortInteger(text)
	size := numberSize(text)
	needed := false
	bound := func(limit *big.Rat, path int, holds func(n, limit int64) bool) {
		if limit == nil {
			return
		}
		needed = true
		x.take(compareSteps(size, limit))
		o := either
		if whole && limit.IsInt() && limit.Num().IsInt64() {
			o = outcomeOf(holds(n, limit.Num().Int64()))
		}
		if o != passes {
			x.take(compareSteps(0, limit)) // it is rounded for the message
		}
		x.fail(path, len(text)+24, o)
	}
	bound(s.Minimum, 7, func(n, limit int64) bool { return n >= limit })
	bound(s.ExclusiveMinimum, 16, func(n, limit int64) bool { return n > limit })
	bound(s.Maximum, 7, func(n, limit int64) bool { return n <= limit })
	bound(s.ExclusiveMaximum, 16, func(n, limit int64) bool { return n < limit })
	if s.MultipleOf != nil {
		x.take(divideSteps(size, s.MultipleOf))
		bound(s.MultipleOf, 10, func(n, unit int64) bool { return unit != 0 && n%unit == 0 })
	}
	if needed {
		x.take(ratSteps(text))
	}
}

// equals counts the comparison of two values, and says whether they are equal as far as that is cheap to tell.
func (x *visit) equals(a, b any) outcome {
	x.take(4)
	switch a := a.(type) {
	case json.Number:
		b, ok := b.(json.Number)
		if !ok {
			return fails
		}
		x.take(ratSteps(string(a)) + ratSteps(string(b)) + (numberSize(string(a))+numberSize(string(b)))/6)
		m, okM := shortInteger(string(a))
		n, okN := shortInteger(string(b))
		if okM && okN {
			return outcomeOf(m == n)
		}
		return either
	case string:
		b, ok := b.(string)
		if ok && len(a) == len(b) {
			x.take(len(a) / 64)
		}
		return outcomeOf(ok && a == b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return fails
		}
		return x.equalItems(a, b)
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return fails
		}
		return x.equalMembers(a, b)
	}
	return outcomeOf(kindOf(a) == kindOf(b))
}

func (x *visit) equalItems(a, b []any) outcome {
	o := passes
	for i := range a {
		switch x.equals(a[i], b[i]) {
		case fails:
			return fails
		case either:
			o = either
		}
		if x.over() {
			break
		}
	}
	return o
}

// equalMembers counts every member: the library takes them in any order and may come to the one that differs last.
func (x *visit) equalMembers(a, b map[string]any) outcome {
	o := passes
	for name, value := range a {
		x.take(6 + len(name)/32)
		other, ok := b[name]
		same := fails
		if ok {
			same = x.equals(value, other)
		}
		if same == fails || o != fails && same == either {
			o = same
		}
		if x.over() {
			break
		}
	}
	return o
}
