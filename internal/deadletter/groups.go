package deadletter

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// exampleCount is how many coordinates a Group keeps.
const exampleCount = 3

// Group is what dead letters of one cause (or rule) have in common.
type Group struct {
	Cause    string // 8 hex digits; "" when grouped by rule
	Rules    []string
	Records  int
	First    time.Time     // earliest and latest rejection; zero when no letter says
	Last     time.Time     //
	Examples []Coordinates // of the letters, the smallest few, ascending
}

// Groups collects letters as they are read; memory grows with causes, not with letters.
type Groups struct {
	byRule bool
	groups map[string]*Group
}

// ByCause collects letters under their cause.
func ByCause() *Groups { return &Groups{groups: map[string]*Group{}} }

// ByRule collects letters under each rule they broke: a letter with two counts twice.
func ByRule() *Groups { return &Groups{byRule: true, groups: map[string]*Group{}} }

// Add counts one letter.
func (g *Groups) Add(l Letter) {
	if !g.byRule {
		g.add(l.Cause, Group{Cause: l.Cause, Rules: l.Rules}, &l)
		return
	}
	for _, rule := range l.Rules {
		g.add(rule, Group{Rules: []string{rule}}, &l)
	}
}

func (g *Groups) add(key string, fresh Group, l *Letter) {
	p := g.groups[key]
	if p == nil {
		p = &fresh
		g.groups[key] = p
	}
	p.Records++
	if !l.At.IsZero() {
		if p.First.IsZero() || l.At.Before(p.First) {
			p.First = l.At
		}
		if l.At.After(p.Last) {
			p.Last = l.At
		}
	}
	i, _ := slices.BinarySearchFunc(p.Examples, l.Where(), Coordinates.Compare)
	if i < exampleCount {
		p.Examples = slices.Insert(p.Examples, i, l.Where())
		p.Examples = p.Examples[:min(len(p.Examples), exampleCount)]
	}
}

// List returns the groups, most records first.
func (g *Groups) List() []Group {
	list := make([]Group, 0, len(g.groups))
	for _, p := range g.groups {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), strings.Compare(a.Cause, b.Cause), slices.Compare(a.Rules, b.Rules))
	})
	return list
}
