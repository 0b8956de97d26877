package validate

import (
	"fmt"
	"strings"
)

// variant is one rule of an object, and when it is that one.
type variant struct {
	*objectRule
	when string // "" always
}

// rules lists the rules that objects may come under.
func (v *plan) rules() []variant {
	switch {
	case v.objects == nil:
		return nil
	case v.objects.decider == nil:
		return []variant{{v.objects, ""}}
	}
	d := v.objects.decider
	var list []variant
	for _, c := range d.cases {
		list = append(list, variant{c.rule, fmt.Sprintf("objects whose %s is %s", printable(d.name), showLiteral(c.constant))})
	}
	return append(list, variant{d.other, fmt.Sprintf("objects with another %s", printable(d.name))})
}

// special is why all objects of one variant go to the library, nil where they do not.
func (r variant) special() *Reason {
	if !r.library {
		return nil
	}
	return &Reason{r.why, r.when}
}

// reasons lists what goes to the library of the plan's own values.
func (v *plan) reasons() (list []Reason) {
	possible := v.possible()
	switch sent := v.library & possible; {
	case sent == 0:
	case sent == possible:
		list = append(list, Reason{v.keywords(), everyValue})
	default:
		list = append(list, Reason{v.keywords(), sent.String()})
	}
	if v.library&possible&isObject == 0 {
		for _, r := range v.rules() {
			list = append(list, r.reasons()...)
		}
		if v.objects != nil && v.objects.decider != nil {
			list = append(list, v.objects.decider.reasons()...)
		}
	}
	if v.library&possible&isArray == 0 && v.arrays != nil && v.arrays.unique {
		var hard kinds
		for _, item := range append(v.arrays.places[:len(v.arrays.places):len(v.arrays.places)], v.arrays.rest) {
			hard |= item.possible() & (isFraction | isArray | isObject)
		}
		if hard != 0 {
			list = append(list, Reason{[]string{"uniqueItems"}, "arrays that hold " + hard.String()})
		}
	}
	return list
}

// possible is the kinds that a valid value may be of.
func (v *plan) possible() (found kinds) {
	for k := isNull; k != 0; k <<= 1 {
		ok := v.accepts&k != 0
		for _, l := range v.schemas {
			ok = ok && couldBe(l.schema, k, nil)
		}
		if ok {
			found |= k
		}
	}
	return found
}

// keywords is why the plan leaves kinds to the library.
func (v *plan) keywords() []string {
	if len(v.why) == 0 { // only then not even null, true and false are known beforehand
		return []string{"$dynamicRef"}
	}
	return v.why
}

// reasons lists which objects of a rule go to the library.
func (r variant) reasons() (list []Reason) {
	of := "objects"
	if r.when != "" {
		of = r.when
	}
	if r.library {
		return []Reason{{r.why, of}}
	}
	var triggers []string
	for i := range r.slots {
		if r.triggers[i/64]>>(i%64)&1 != 0 {
			triggers = append(triggers, printable(r.slots[i].name))
		}
	}
	if len(triggers) > 0 {
		list = append(list, Reason{[]string{"dependentSchemas"}, of + " with " + strings.Join(triggers, " or ")})
	}
	for _, keyword := range r.sealedBy {
		list = append(list, Reason{[]string{keyword}, of + " with other names"})
	}
	if len(r.patterns) > 1 {
		list = append(list, Reason{[]string{"patternProperties"}, of + " with a name that several patterns match"})
	}
	return list
}

// reasons names the objects that lack the deciding property, unless they are certain to be invalid.
func (d *decider) reasons() []Reason {
	needed := d.other.certain(d.name)
	for _, c := range d.cases {
		needed = needed && c.rule.certain(d.name)
	}
	if needed || d.demanded {
		return nil
	}
	return []Reason{{d.why, "objects without " + printable(d.name)}}
}

// certain says whether the rule refuses an object without the name.
func (r *objectRule) certain(name string) bool {
	i, ok := r.named[name]
	return r.refuses || len(r.unfit) > 0 || ok && r.required[i/64]>>(i%64)&1 != 0
}

// String names kinds in words.
func (k kinds) String() string {
	var words []string
	for _, w := range []struct {
		of   kinds
		word string
	}{
		{isNull, "null"}, {isTrue | isFalse, "booleans"}, {isNumber, "numbers"}, {isText, "texts"}, {isArray, "arrays"}, {isObject, "objects"},
	} {
		switch {
		case k&w.of == isFraction:
			words = append(words, "fractions")
		case k&w.of != 0:
			words = append(words, w.word)
		}
	}
	return strings.Join(words, ", ")
}

// showLiteral writes a constant as a decider has it.
func showLiteral(constant any) string {
	if n, ok := constant.(int64); ok {
		return fmt.Sprint(n)
	}
	return show(constant)
}

func nameOf(path string) string {
	if path == "" {
		return "the record"
	}
	return displayPointer(path)
}
