package validate

import (
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// textRule is what the schemas of a value ask of strings.
type textRule struct {
	short, long int // lengths in code points, -1 for no bound
	enums       []*textSet
	patterns    []pattern
	formats     []format
	timestamp   bool // the one thing asked is the format date-time
	heavy       bool // see steps
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
	r.timestamp = len(r.formats) == 1 && r.formats[0].name == "date-time" && r.short == -1 && r.long == -1 &&
		len(r.enums) == 0 && len(r.patterns) == 0
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
	if points < r.short || r.long != -1 && points > r.long {
		return false
	}
	ascii := points == len(text)
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
