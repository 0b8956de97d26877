package drift

import (
	"cmp"
	"slices"
	"time"

	"weir/internal/columns"
	"weir/internal/contract"
	"weir/internal/profile"
	"weir/internal/window"
)

// Compare judges a closed window. It changes none of the profiles.
func Compare(in Closed) *Report {
	c := in.Contract
	profiles := slices.Clone(in.Profiles)
	slices.SortStableFunc(profiles, func(a, b *profile.Profile) int { return a.Key.Compare(b.Key) })

	r := &Report{
		Format:        reportFormat,
		Contract:      c.Name,
		Version:       c.Version,
		Versions:      versions(profiles),
		Baseline:      baseline(in.Baseline, c.Window),
		Window:        windowOf(in.Window, c.Window),
		Partial:       in.Partial,
		ClosedWithout: append([]string{}, in.ClosedWithout...),
		Gap:           in.Gap,
		Counts:        profile.Counts{DeadBy: map[string]uint64{}, WarnedBy: map[string]uint64{}},
		Columns:       []Column{},
		Tests:         []Test{},
	}
	for _, p := range profiles {
		r.Counts.Add(&p.Counts)
	}
	m := merge(c, in.Baseline, profiles)
	r.Grid = m.grid
	j := judge{in: in, report: r, columns: m.columns}
	for _, rule := range c.Rules {
		if rule.Scope == contract.PerWindow && rule.Window != nil {
			r.Tests = append(r.Tests, j.rule(rule)...)
		}
		if rule.Scope == contract.NotEnforced {
			r.NotEnforced = append(r.NotEnforced, rule.ID)
		}
	}
	slices.Sort(r.NotEnforced)
	slices.SortStableFunc(r.Tests, func(a, b Test) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Statistic, b.Statistic))
	})
	for _, m := range m.columns {
		r.Columns = append(r.Columns, m.figures(baselineTests(c, m.Path, m.Kind) > 0))
	}
	return r
}

// versions lists who was counted, merging the grids of one version.
func versions(profiles []*profile.Profile) []Version {
	vs := []Version{}
	for _, p := range profiles {
		if n := len(vs); n > 0 && vs[n-1].Version == p.Contract.Version && vs[n-1].Digest == p.Digest {
			vs[n-1].Valid += p.Counts.Valid
			continue
		}
		vs = append(vs, Version{p.Contract.Version, p.Digest, p.Counts.Valid})
	}
	return vs
}

// baseline names the baseline, with the range of its windows where they are cut as the contract's.
func baseline(b *profile.Baseline, spec window.Spec) *Baseline {
	if b == nil {
		return nil
	}
	ref := &Baseline{ID: b.ID, Digest: string(b.Digest())}
	if w := b.Windows; w.Count > 0 && w.Size == spec.Size.String() && w.Zone == spec.Zone.String() {
		ref.Windows = &WindowCounts{N: w.Count, Min: w.Min, Max: w.Max, Mean: w.Mean}
	}
	return ref
}

func windowOf(w window.Window, spec window.Spec) Window {
	at := func(ms int64) string { return time.UnixMilli(ms).In(spec.Zone).Format(time.RFC3339Nano) }
	return Window{Start: at(w.Start), End: at(w.End), Size: spec.Size.String(), Zone: spec.Zone.String()}
}

// merged is one column over the versions that agree on it.
type merged struct {
	*profile.Column
	base    *profile.BaselineColumn // nil: nothing to compare with, because
	because string
	left    []NotMerged
}

type mergedColumns struct {
	grid    profile.Digest // of the judged version, "" when it has no profile
	columns []merged       // by path
}

// merge sums each column over the profiles, which are sorted by key. The judged version's own column takes in those
// of the others that have its path, kind, unit, classification and cells; a column only other versions have is taken
// from the one with the most valid records. What is left out is named.
func merge(c *contract.Contract, b *profile.Baseline, profiles []*profile.Profile) mergedColumns {
	var out mergedColumns
	order := slices.Clone(profiles)
	expected := gridOf(c, b)
	own := func(p *profile.Profile) bool { return p.Contract == c.ID && p.Digest == c.Digest }
	slices.SortStableFunc(order, func(x, y *profile.Profile) int {
		rank := func(p *profile.Profile) int {
			switch {
			case own(p) && p.Grid == expected:
				return 0
			case own(p):
				return 1
			}
			return 2
		}
		return cmp.Or(cmp.Compare(rank(x), rank(y)), cmp.Compare(y.Counts.Valid, x.Counts.Valid), y.Key.Compare(x.Key))
	})
	if len(order) > 0 && own(order[0]) {
		out.grid = order[0].Grid
	}
	regridded := regrids(profiles)
	first := map[string]*profile.Profile{} // whose column others are merged into, by path
	at := map[string]*merged{}
	for _, p := range order {
		for _, col := range p.Columns {
			m, seen := at[col.Path]
			if !seen {
				first[col.Path] = p
				m = &merged{Column: col.Clone()}
				m.bind(b, own(p) && p.Grid != expected || !own(p) && regridded[version(p)])
				at[col.Path] = m
				continue
			}
			f := first[col.Path]
			because := mismatch(m.Column, col)
			if because == "" && (version(p) == version(f) && p.Grid != f.Grid || regridded[version(p)] && !own(p)) {
				because = otherBaseline
			}
			if because == "" && m.Merge(col) != nil {
				because = otherBaseline
			}
			if because != "" {
				m.left = append(m.left, NotMerged{p.Contract.Version, col.N, because})
			}
		}
	}
	for _, m := range at {
		slices.SortFunc(m.left, func(a, b NotMerged) int {
			return cmp.Or(cmp.Compare(a.Version, b.Version), cmp.Compare(a.Because, b.Because), cmp.Compare(a.N, b.N))
		})
		out.columns = append(out.columns, *m)
	}
	slices.SortFunc(out.columns, func(a, b merged) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

const otherBaseline = "counted on the cells of another baseline"

// gridOf is the grid that profiles of the contract are counted on now.
func gridOf(c *contract.Contract, b *profile.Baseline) profile.Digest {
	layout := columns.NewLayout(c)
	if b == nil {
		return profile.DefaultGrid(layout).Digest()
	}
	return b.Grid(layout).Digest()
}

type versionKey struct {
	id     contract.ID
	digest contract.Digest
}

func version(p *profile.Profile) versionKey { return versionKey{p.Contract, p.Digest} }

// regrids finds the versions whose baseline changed within the window. Which of their grids is the current one can
// only be told for the judged version, whose contract is at hand.
func regrids(profiles []*profile.Profile) map[versionKey]bool {
	grids := map[versionKey]profile.Digest{}
	twice := map[versionKey]bool{}
	for _, p := range profiles {
		if g, seen := grids[version(p)]; seen && g != p.Grid {
			twice[version(p)] = true
		}
		grids[version(p)] = p.Grid
	}
	return twice
}

// mismatch says why d is not the same column as c, "" when it is.
func mismatch(c, d *profile.Column) string {
	switch {
	case c.Kind != d.Kind:
		return "its kind is " + d.Kind.String() + ", not " + c.Kind.String()
	case c.Unit != d.Unit:
		return "its unit is " + orNone(d.Unit) + ", not " + orNone(c.Unit)
	case c.Public != d.Public:
		return "its classification differs"
	}
	return ""
}

func orNone(unit string) string {
	if unit == "" {
		return "none"
	}
	return unit
}

// bind finds the baseline's column, or why there is none to compare with.
func (m *merged) bind(b *profile.Baseline, regridded bool) {
	if b == nil {
		m.because = "no baseline"
		return
	}
	base, ok := b.Column(m.Path, m.Kind, m.Unit)
	switch {
	case ok && regridded:
		m.because = otherBaseline
	case ok:
		m.base = base
	default:
		m.because = "column not in the baseline"
		for _, other := range b.Columns {
			if other.Path == m.Path {
				m.because = "in the baseline " + mismatch(m.Column, &profile.Column{Kind: other.Kind, Unit: other.Unit, Public: m.Public})
			}
		}
	}
}
