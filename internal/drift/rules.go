package drift

import (
	"fmt"
	"strconv"

	"weir/internal/contract"
	"weir/internal/profile"
)

// judge holds what the rules of one window are judged on.
type judge struct {
	in      Closed
	report  *Report
	columns []merged // by path
}

// rule returns the tests of one window rule.
func (j *judge) rule(r contract.Rule) []Test {
	row := Test{Rule: r.ID, Metric: r.Window.Metric, Column: r.Path, Severity: r.Severity, Outcome: OK}
	switch r.Window.Metric {
	case contract.RowCount:
		return []Test{j.rowCount(row, r.Window)}
	case contract.Volume:
		return []Test{j.volume(row, r.Window)}
	}
	m, ok := j.column(r.Path)
	switch r.Window.Metric {
	case contract.NullValues:
		return []Test{nullValues(row, r.Window, m)}
	case contract.NullDrift:
		row.Statistic, row.Operator = statNullShare, contract.MustBeBetween
		row.Threshold = effectOf(r.Window, statNullShare)
		if ok {
			row.Level = level(baselineTests(j.in.Contract, m.Path, m.Kind))
		}
		return []Test{j.unlessMissing(row, m, ok, func() Test { return nullDrift(row, r.Window, m) })}
	}
	return j.drift(row, r, m, ok)
}

func (j *judge) column(path string) (*merged, bool) {
	for i := range j.columns {
		if j.columns[i].Path == path {
			return &j.columns[i], true
		}
	}
	return nil, false
}

func (t Test) notCompared(because string, args ...any) Test {
	t.Outcome, t.Because = NotCompared, fmt.Sprintf(because, args...)
	t.Cells = nil
	return t
}

// unlessMissing runs a comparison with the baseline, unless one side is not there.
func (j *judge) unlessMissing(t Test, m *merged, ok bool, compare func() Test) Test {
	switch {
	case j.in.Baseline == nil:
		return t.notCompared("no baseline")
	case !ok:
		return t.notCompared("no records")
	case m.base == nil:
		return t.notCompared("%s", m.because)
	case m.N == 0:
		return t.notCompared("no records")
	}
	return compare()
}

func (j *judge) rowCount(t Test, w *contract.WindowRule) Test {
	t.Statistic, t.N = statRecords, j.report.Counts.Valid
	t = t.limited(w.Operator, w.Limit, float64(t.N))
	if j.in.Partial {
		return t.notCompared("partial window")
	}
	return t
}

func (j *judge) volume(t Test, w *contract.WindowRule) Test {
	t.Statistic, t.N, t.Operator = statRecords, j.report.Counts.Valid, contract.MustBeBetween
	t.Value = finite(float64(t.N), true)
	if j.in.Baseline == nil {
		return t.notCompared("no baseline")
	}
	own := j.report.Baseline.Windows
	if own == nil || own.N < minWindows {
		return t.notCompared("the baseline has fewer than %d whole windows of %s in %s", minWindows, j.report.Window.Size, j.report.Window.Zone)
	}
	effect := effectOf(w, statVolume)
	t.BaselineValue, t.BaselineN = finite(own.Mean, true), uint64(own.N)
	t = t.limited(t.Operator, [2]float64{round(float64(own.Min) * (1 - effect)), round(float64(own.Max) * (1 + effect))}, float64(t.N))
	if j.in.Partial {
		return t.notCompared("partial window")
	}
	return t
}

func nullValues(t Test, w *contract.WindowRule, m *merged) Test {
	t.Statistic, t.Operator, t.Threshold = statNullCount, w.Operator, w.Limit[0]
	limit := w.Limit
	if w.Percent {
		t.Statistic = statNullShare
		limit = [2]float64{limit[0] / 100, limit[1] / 100}
		t.Threshold = limit[0]
	}
	if m == nil || m.N == 0 {
		return t.notCompared("no records")
	}
	nulls := m.Nulls()
	t.Count, t.N = &nulls, m.N
	value := float64(nulls)
	if w.Percent {
		value /= float64(m.N)
	}
	if m.base != nil && m.base.N > 0 {
		t.BaselineN = m.base.N
		t.BaselineValue = finite(float64(m.base.Nulls())/float64(m.base.N), w.Percent)
		t.Method = "fisher_exact"
		t.P = probability(fisherExact(nulls, m.N, m.base.Nulls(), m.base.N))
	}
	return t.limited(w.Operator, limit, value)
}

// limited judges a value by an ODCS comparison; between bounds are inclusive.
func (t Test) limited(op contract.Operator, limit [2]float64, value float64) Test {
	lo, hi := limit[0], limit[1]
	t.Value, t.Operator, t.Threshold = finite(value, true), op, lo
	var holds bool
	switch op {
	case contract.MustBe:
		holds = value == lo
	case contract.MustNotBe:
		holds = value != lo
	case contract.MustBeGreaterThan:
		holds = value > lo
	case contract.MustBeGreaterOrEqualTo:
		holds = value >= lo
	case contract.MustBeLessThan:
		holds = value < lo
	case contract.MustBeLessOrEqualTo:
		holds = value <= lo
	case contract.MustBeBetween, contract.MustNotBeBetween:
		inside := value >= lo && value <= hi
		holds = inside == (op == contract.MustBeBetween)
		t.Bounds = []float64{lo, hi}
		if hi-value < value-lo {
			t.Threshold = hi
		}
	default:
		return t.notCompared("operator %q is not one weir knows", op)
	}
	if t.Outcome = Alarm; holds {
		t.Outcome = OK
	}
	return t
}

// nullDrift compares the null share with the baseline's, both ways, over all valid records.
func nullDrift(t Test, w *contract.WindowRule, m *merged) Test {
	nulls, before := m.Nulls(), m.base.Nulls()
	t.Count, t.N, t.BaselineN = &nulls, m.N, m.base.N
	share := float64(nulls) / float64(m.N)
	t.Value = finite(share, true)
	if m.base.N == 0 {
		return t.notCompared("no records in the baseline")
	}
	effect := t.Threshold
	was := float64(before) / float64(m.base.N)
	t.BaselineValue = finite(was, true)
	t = t.limited(contract.MustBeBetween, [2]float64{round(max(0, was-effect)), round(min(1, was+effect))}, share)
	t.Method, t.P = "fisher_exact", probability(fisherExact(nulls, m.N, before, m.base.N))
	t.Smallest = finite(round(max(effect, shareDetectable(before, m.base.N, m.N, t.Level))), true)
	return t.significant(w)
}

// significant keeps an alarm only where the minimum sample and the level are met too.
func (t Test) significant(w *contract.WindowRule) Test {
	minimum := minSample(w)
	switch {
	case t.N < minimum:
		return t.notCompared("%s in the window, fewer than the minimum sample of %s", counted(t.N), strconv.FormatUint(minimum, 10))
	case t.BaselineN < minimum:
		return t.notCompared("%s in the baseline, fewer than the minimum sample of %s", counted(t.BaselineN), strconv.FormatUint(minimum, 10))
	}
	if t.Outcome == Alarm && *t.P >= t.Level {
		t.Outcome = OK
	}
	return t
}

func counted(n uint64) string {
	if n == 1 {
		return "1 value"
	}
	return strconv.FormatUint(n, 10) + " values"
}

// drift compares a column's distribution with the baseline's.
func (j *judge) drift(row Test, r contract.Rule, m *merged, ok bool) []Test {
	kind := field(j.in.Contract.Fields, r.Path).Kind
	statistics := driftStatistics(kind)
	if len(statistics) == 0 {
		row.Statistic, row.Operator, row.Threshold = statPSI, contract.MustBeLessOrEqualTo, effectOf(r.Window, statPSI)
		return []Test{row.notCompared("weir compares no distributions of %s columns", kind)}
	}
	var tests []Test
	alarm := false
	for _, s := range statistics {
		t := row
		t.Statistic, t.Operator, t.Threshold = s, contract.MustBeLessOrEqualTo, effectOf(r.Window, s)
		t.Level = level(baselineTests(j.in.Contract, r.Path, kind))
		t = j.unlessMissing(t, m, ok, func() Test { return driftTest(t, r.Window, m) })
		alarm = alarm || t.Outcome == Alarm
		tests = append(tests, t)
	}
	for i := range tests {
		if !alarm || tests[i].Statistic != statPSI {
			tests[i].Cells = nil
		}
	}
	return tests
}

func driftTest(t Test, w *contract.WindowRule, m *merged) Test {
	t.N, t.BaselineN = m.Values(), m.base.Values()
	switch {
	case t.N == 0:
		return t.notCompared("no values in the window")
	case t.BaselineN == 0:
		return t.notCompared("no values in the baseline")
	}
	var ok bool
	switch {
	case m.base.HasCuts():
		t, ok = numericTest(t, m)
	case m.base.HasCategories():
		t, ok = categoricalTest(t, m)
	default:
		return t.notCompared("the baseline keeps no categories of it: too many different values")
	}
	if !ok {
		return t.notCompared(otherBaseline)
	}
	return t.significant(w)
}

func numericTest(t Test, m *merged) (Test, bool) {
	if t.Statistic == statKS {
		fine, ok := m.base.CellsOf(m.Column)
		if !ok {
			return t, false
		}
		lo, hi := ksInterval(split(fine))
		t = t.limited(t.Operator, [2]float64{t.Threshold}, lo)
		t.Upper = finite(hi, true)
		t.Method, t.P = "ks_2samp", probability(ksPValue(lo, t.BaselineN, t.N))
		t.Smallest = finite(round(max(t.Threshold, ksDetectable(t.BaselineN, t.N, t.Level))), true)
		return t, true
	}
	deciles, ok := m.base.DecilesOf(m.Column)
	if !ok {
		return t, false
	}
	b, w := split(deciles)
	t = t.limited(t.Operator, [2]float64{t.Threshold}, round(psi(b, w)))
	_, _, p := chiSquare(pool(b, w))
	t.Method, t.P = "chi_square", probability(p)
	for _, c := range deciles {
		t.Cells = append(t.Cells, Cell{From: finite(c.Lo, true), To: finite(c.Hi, true), Window: c.Window, Baseline: c.Baseline})
	}
	return t, true
}

func split(cells []profile.Cell) (baseline, window []uint64) {
	for _, c := range cells {
		baseline, window = append(baseline, c.Baseline), append(window, c.Window)
	}
	return baseline, window
}
