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
	sole        sole // what is asked, if it is one thing
	heavy       bool // see steps
}

// sole says which one thing is asked of a text, most often; it spares looking for the others.
type sole uint8

const (
	severalThings sole = iota
	onlyLength
	onlyEnum
	onlyPattern
	onlyFormat
	onlyURL // uri, or iri
	onlyUUID
	onlyTimestamp // and the column is one
)

func (r *textRule) soleOf(v *plan) sole {
	length, parts := r.short != -1 || r.long != -1, len(r.enums)+len(r.patterns)+len(r.formats)
	switch {
	case r.heavy || parts > 1 || length == (parts == 1):
	case length:
		return onlyLength
	case len(r.enums) == 1:
		return onlyEnum
	case len(r.patterns) == 1:
		return onlyPattern
	case r.formats[0].name == "date-time" && v.kind == contract.Timestamp && v.column >= 0:
		return onlyTimestamp
	case r.formats[0].name == "uuid":
		return onlyUUID
	case r.formats[0].name == "uri" || r.formats[0].name == "iri":
		return onlyURL
	default:
		return onlyFormat
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
	r.heavy = r.isHeavy()
	r.sole = r.soleOf(v)
	if !plain {
		v.texts = r
	}
	v.settle(in, isText)
}

func shorter(a, b int) int {
	if a == -1 {
		return b
	}
	return min(a, b)
}

// holds judges a string of so many code points.
func (r *textRule) holds(text []byte, points int) bool {
	ascii := points == len(text)
	switch r.sole {
	case onlyEnum:
		return r.enums[0].has(text)
	case onlyPattern:
		return r.patterns[0].matches(text, ascii)
	case onlyFormat, onlyURL, onlyUUID:
		return r.formats[0].holds(text, ascii)
	}
	if points < r.short || r.long != -1 && points > r.long {
		return false
	}
	for _, set := range r.enums {
		if !set.has(text) {
			return false
		}
	}
	for i := range r.patterns {
		if !r.patterns[i].matches(text, ascii) {
			return false
		}
	}
	for i := range r.formats {
		if !r.formats[i].holds(text, ascii) {
			return false
		}
	}
	return true
}
