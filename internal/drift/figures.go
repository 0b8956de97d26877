package drift

import "weir/internal/profile"

// topValues is how many of a column's most frequent values a report shows.
const topValues = 10

// quantileRanks returns the quantiles of every report.
func quantileRanks() []float64 { return []float64{.01, .05, .25, .5, .75, .95, .99} }

// figures is the column's row in the report; watched columns show their baseline beside them.
func (m *merged) figures(watched bool) Column {
	c := Column{
		Path: m.Path, Kind: m.Kind.String(), Unit: m.Unit,
		N: m.N, Null: m.Null, Absent: m.Absent, Unreadable: m.Unreadable, Rejected: m.Rejected, RejectedNull: m.RejectedNull,
		NullShare: finite(m.NullShare()), NullShareAll: finite(m.NullShareAll()),
		Min: finite(m.Min()), Max: finite(m.Max()), Mean: finite(m.Mean()), Variance: finite(m.Variance()), Std: finite(m.Std()),
		NotMerged: m.left,
	}
	for _, q := range quantileRanks() {
		if at, ok := m.Quantile(m.base, q); ok {
			c.Quantiles = append(c.Quantiles, quantile(q, at))
		}
	}
	if m.Values() > 0 {
		n, exact, stderr := m.Column.Distinct()
		c.Distinct = &Distinct{Count: n, Exact: exact, Stderr: stderr}
	}
	if m.Public {
		c.Top = m.Top(m.base, topValues)
	}
	if _, examples := m.Unseen(); m.Public && m.base != nil {
		c.Unseen = examples
	}
	if watched && m.base != nil {
		c.Baseline = baselineFigures(m.base)
	}
	return c
}

func baselineFigures(b *profile.BaselineColumn) *BaselineColumn {
	f := &BaselineColumn{N: b.N}
	if b.N > 0 {
		f.NullShare = finite(float64(b.Nulls())/float64(b.N), true)
	}
	if b.Min != "" {
		f.Mean = finite(b.Mean, true)
		f.Std = finite(b.Std, b.Values() > 1)
	}
	for _, q := range quantileRanks() {
		if at, ok := b.Quantile(q); ok {
			f.Quantiles = append(f.Quantiles, quantile(q, at))
		}
	}
	return f
}

// quantile keeps the interval's bounds; the cells' own bounds are finite because values and baselines are.
func quantile(q float64, at profile.Interval) Quantile { return Quantile{P: q, Lo: at.Lo, Hi: at.Hi} }
