package validate

import (
	"github.com/santhosh-tekuri/jsonschema/v5"

	"weir/internal/contract"
)

// textRule is what the schemas of a value ask of strings.
type textRule struct {
	short, long int // lengths in code points, -1 for no bound
	enums       []*textSet
	patterns    []pattern
	formats     []format
	heavy       bool // see steps
	costly      bool // the library's work on a text of maxKnownText may be beyond a record's budget
}

// sole is the one thing that is asked of a text, but for its length, if scan.usual has a way of its own for it.
type sole uint8

const (
	severalThings sole = iota // or one that it has not
	onlyEnum                  // of any length
	onlyPattern
	onlyURL // uri, or iri
	onlyEmail
	onlyUUID
	onlyTimestamp // of any length, and the column is one
)

func (r *textRule) soleOf(v *plan) sole {
	anyLength := r.short == -1 && r.long == -1
	switch {
	case r.heavy || len(r.enums)+len(r.patterns)+len(r.formats) != 1:
	case len(r.enums) == 1:
		if anyLength { // else a member's code points matter
			return onlyEnum
		}
	case len(r.patterns) == 1:
		return onlyPattern
	default:
		switch r.formats[0].name {
		case "uri", "iri":
			return onlyURL
		case "email":
			return onlyEmail
		case "uuid":
			return onlyUUID
		case "date-time":
			if v.column >= 0 && v.kind == contract.Timestamp && anyLength {
				return onlyTimestamp
			}
		}
	}
	return severalThings
}

// text plans strings.
func (p *planner) text(v *plan) {
	in := p.expand(v, isText, nil)
	r := &textRule{short: -1, long: -1}
	plain := true
	for _, a := range in.list {
		s := a.schema
		if s.MinLength != -1 {
			r.short, plain = max(r.short, s.MinLength), false
		}
		if s.MaxLength != -1 {
			if r.long, plain = shorter(r.long, s.MaxLength), false; s.MaxLength < 0 {
				in.unsure("maxLength")
			}
		}
		for _, list := range literals(s) {
			set := newTextSet(list)
			if set == nil {
				in.accepts = 0
				continue
			}
			r.enums, plain = append(r.enums, set), false
		}
		if s.Pattern != nil {
			r.patterns, plain = append(r.patterns, newPattern(s.Pattern)), false
		}
		if s.Format != "" && jsonschema.Formats[s.Format] != nil {
			r.formats, plain = append(r.formats, newFormat(s.Format)), false
		}
		if s.ContentEncoding != "" || s.ContentMediaType != "" || s.ContentSchema != nil {
			in.unsure("contentEncoding")
		}
	}
	r.heavy, r.costly = r.isHeavy(), r.isCostly()
	if !plain {
		v.texts, v.sole = r, r.soleOf(v)
	}
	v.settle(in, isText)
}

func shorter(a, b int) int {
	if a == -1 {
		return b
	}
	return min(a, b)
}

// breaks tells which checks a string of so many code points does not pass.
func (r *textRule) breaks(text []byte, points int) (broken breaks) {
	if points < r.short || r.long != -1 && points > r.long {
		broken = breaksLength
	}
	ascii := points == len(text)
	check := firstCheck
	for _, set := range r.enums {
		broken |= check.unless(set.has(text))
		check = check.next()
	}
	for i := range r.patterns {
		broken |= check.unless(r.patterns[i].matches(text, ascii))
		check = check.next()
	}
	for i := range r.formats {
		broken |= check.unless(r.formats[i].holds(text, ascii))
		check = check.next()
	}
	return broken
}
