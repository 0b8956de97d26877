package profile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"
)

const (
	maxTallies = 1024 // different texts of a column without categories that are counted one by one
	maxUnseen  = 16   // unseen texts kept by name
	maxLabel   = 64   // bytes of a text that are kept for display
)

// textID identifies a text: its XXH64. The hash is part of the profile and baseline formats. Two texts of one
// column share an id with probability below 1e-12 at 4,096 values, unless someone makes them collide on purpose.
func textID(s string) uint64 { return xxhash.Sum64String(s) }

// label is how a text is shown and stored: cut to maxLabel bytes when its column is public, else "#" and its id in
// hexadecimal. That hides a value from readers, not from someone who can guess it and hash the guess.
func label(s string, id uint64, public bool) string {
	switch {
	case !public:
		return hashLabel(id)
	case len(s) <= maxLabel:
		return s
	}
	cut := maxLabel - len("…")
	for cut > maxLabel-len("…")-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

func hashLabel(id uint64) string { return fmt.Sprintf("#%016x", id) }

// tally counts one text.
type tally struct {
	label string // "" when the column is not public: hashLabel tells it
	n     uint64
}

// tallies count every text of a column without categories, until there are more than maxTallies different ones;
// then all are dropped. Whether they are dropped depends on the union only.
type tallies struct {
	by      map[uint64]tally
	dropped bool
}

func (t *tallies) add(id uint64, label string, n uint64) {
	if t.dropped {
		return
	}
	old, ok := t.by[id]
	if !ok && len(t.by) == maxTallies {
		*t = tallies{dropped: true}
		return
	}
	if t.by == nil {
		t.by = map[uint64]tally{}
	}
	if ok {
		label = min(label, old.label) // equal unless ids collide; then order-free
	}
	t.by[id] = tally{label, old.n + n}
}

func (t *tallies) merge(u *tallies) {
	if u.dropped {
		*t = tallies{dropped: true}
	}
	for id, x := range u.by {
		t.add(id, x.label, x.n)
	}
}

func (t *tallies) clone() tallies { return tallies{maps.Clone(t.by), t.dropped} }

// unseen keeps the lexicographically smallest labels of texts that are no category.
type unseen []string

func (u *unseen) add(label string) {
	i, twice := slices.BinarySearch(*u, label)
	if twice || i == maxUnseen {
		return
	}
	s := slices.Insert(*u, i, strings.Clone(label))
	*u = s[:min(len(s), maxUnseen)]
}

// wants says whether add would keep the label s; it saves work for texts that are dropped.
func (u unseen) wants(s string) bool {
	return len(u) < maxUnseen || s < u[maxUnseen-1]
}

// Value is one value of a column and how many records held it.
type Value struct {
	Value string `json:"value"` // a text cut to 64 bytes, "#" and a hash when the column is not public, or a number
	Count uint64 `json:"count"`
}

// top orders by count, largest first, then by value, and cuts to k.
func top(vs []Value, k int) []Value {
	slices.SortFunc(vs, func(a, b Value) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return vs[:min(k, len(vs))]
}
