package drift

import (
	"bytes"
	"encoding/json"
	"fmt"

	"weir/internal/contract"
	"weir/internal/profile"
)

// reportFormat is the version of the report's JSON. Release N reads N-1; 1 is the first.
const reportFormat = 1

// Report is what weir says about one closed window of one contract: counts, columns, and every test with its
// figures. It holds facts of the data only. Rows are sorted: Versions by version, Columns by path, Tests by rule,
// column and statistic.
type Report struct {
	Format        int            `json:"format"`
	Contract      string         `json:"contract"` // name
	Version       string         `json:"version"`  // whose window rules were judged
	Versions      []Version      `json:"versions"` // every version with counts in the window
	Grid          profile.Digest `json:"grid"`     // of the judged version; "" when the window has no record of it
	Baseline      *Baseline      `json:"baseline"` // null: there is none
	Window        Window         `json:"window"`
	Partial       bool           `json:"partial"`
	ClosedWithout []string       `json:"closed_without"`
	Gap           int            `json:"gap"`
	Counts        profile.Counts `json:"counts"` // over all versions
	Columns       []Column       `json:"columns"`
	Tests         []Test         `json:"tests"`
	NotEnforced   []string       `json:"not_enforced,omitempty"` // ids of the judged version's rules that weir cannot judge
}

// Version is one contract version with records in the window. Digests of one version differ only when somebody
// edited a version in place; each is a row then.
type Version struct {
	Version string          `json:"version"`
	Digest  contract.Digest `json:"digest"`
	Valid   uint64          `json:"valid"`
}

// Baseline names what the window was compared with, and the range of its own windows' valid counts.
type Baseline struct {
	ID      string        `json:"id"`
	Digest  string        `json:"digest"`
	Windows *WindowCounts `json:"windows,omitempty"` // complete windows of the contract's size; absent when it has none
}

// WindowCounts is the range of valid records per window of a baseline.
type WindowCounts struct {
	N    int     `json:"n"`
	Min  uint64  `json:"min"`
	Max  uint64  `json:"max"`
	Mean float64 `json:"mean"`
}

// Window is a span of event time, half open, as RFC 3339 in the contract's zone.
type Window struct {
	Start string `json:"start"`
	End   string `json:"end"`
	Size  string `json:"size"` // "1d"
	Zone  string `json:"timezone"`
}

// Column is the statistics of one column over the valid records of the window, merged over the versions in which
// its path, kind, unit and grid are the same. Shares are null when there is nothing to take a share of, figures
// when the column holds no value or the figure does not fit a float64.
type Column struct {
	Path         string `json:"column"`
	Kind         string `json:"kind"`
	Unit         string `json:"unit,omitempty"`
	N            uint64 `json:"n"` // valid records
	Null         uint64 `json:"null"`
	Absent       uint64 `json:"absent"`
	Unreadable   uint64 `json:"unreadable"`
	Rejected     uint64 `json:"rejected"`      // dead letters in which the column could be read
	RejectedNull uint64 `json:"rejected_null"` // of those, null or absent

	NullShare    *float64 `json:"null_share"`     // null and absent, of the valid records
	NullShareAll *float64 `json:"null_share_all"` // the same with the dead letters that could be read

	Min       *float64        `json:"min,omitempty"` // timestamps in Unix milliseconds
	Max       *float64        `json:"max,omitempty"`
	Mean      *float64        `json:"mean,omitempty"`
	Variance  *float64        `json:"variance,omitempty"` // n-1 in the denominator
	Std       *float64        `json:"std,omitempty"`
	Quantiles []Quantile      `json:"quantiles,omitempty"` // .01 .05 .25 .5 .75 .95 .99
	Distinct  *Distinct       `json:"distinct,omitempty"`
	Top       []profile.Value `json:"top,omitempty"`    // most frequent values, public columns only
	Unseen    []string        `json:"unseen,omitempty"` // values that are no category of the baseline, at most 16, public columns only

	Baseline *BaselineColumn `json:"baseline,omitempty"` // of columns with a rule against the baseline
	// NotMerged says why records of other versions are not in these figures, sorted by version.
	NotMerged []NotMerged `json:"not_merged,omitempty"`
}

// NotMerged is a version whose column of this path was left out.
type NotMerged struct {
	Version string `json:"version"`
	N       uint64 `json:"n"`
	Because string `json:"because"`
}

// BaselineColumn is the same column at training time.
type BaselineColumn struct {
	N         uint64     `json:"n"`
	NullShare *float64   `json:"null_share"`
	Mean      *float64   `json:"mean,omitempty"`
	Std       *float64   `json:"std,omitempty"`
	Quantiles []Quantile `json:"quantiles,omitempty"`
}

// Quantile is the interval that holds the P quantile (inverted CDF, as numpy's inverted_cdf).
type Quantile struct {
	P  float64 `json:"p"`
	Lo float64 `json:"lo"`
	Hi float64 `json:"hi"`
}

// Distinct is the number of distinct values; Stderr is the estimate's relative standard error, 0 when exact.
type Distinct struct {
	Count  uint64  `json:"count"`
	Exact  bool    `json:"exact"`
	Stderr float64 `json:"stderr,omitempty"`
}

// Outcome of a test.
type Outcome string

const (
	OK          Outcome = "ok"
	Alarm       Outcome = "alarm"
	NotCompared Outcome = "not_compared" // Because says why
)

// Test is one statistic of one rule. A limit (nullValues, rowCount, volume) alarms when the value breaks the operator;
// P, if any, only tells how likely the value is at the baseline's rate. A comparison of distributions or null shares
// (with a Level) alarms when the value breaks the operator, N and BaselineN reach the rule's minimum sample, and P is
// below Level.
type Test struct {
	Rule      string            `json:"rule"`
	Metric    contract.Metric   `json:"metric"`
	Column    string            `json:"column"` // JSON pointer; "" for the whole window
	Statistic string            `json:"statistic"`
	Severity  contract.Severity `json:"severity"`

	Value     *float64          `json:"value"`           // null: could not be measured
	Upper     *float64          `json:"upper,omitempty"` // the true value lies in [value, upper]; value decides
	Operator  contract.Operator `json:"operator"`        // the rule holds while value <operator> threshold
	Threshold float64           `json:"threshold"`       // of two bounds the one nearer to the value
	Bounds    []float64         `json:"bounds,omitempty"`
	Count     *uint64           `json:"count,omitempty"` // values counted by a share
	N         uint64            `json:"n"`

	BaselineValue *float64 `json:"baseline_value,omitempty"`
	BaselineN     uint64   `json:"baseline_n,omitempty"`

	Method   string   `json:"method,omitempty"` // of P: "ks_2samp", "chi_square", "fisher_exact", "binomial"
	P        *float64 `json:"p,omitempty"`      // never below 1e-300, which stands for anything smaller
	Level    float64  `json:"level,omitempty"`
	Smallest *float64 `json:"smallest_detectable,omitempty"` // effect found in 4 of 5 windows of this size
	Cells    []Cell   `json:"cells,omitempty"`               // of psi, where a statistic of its rule alarms

	Outcome Outcome `json:"outcome"`
	Because string  `json:"because,omitempty"`
}

// Cell is one bar of a distribution: counts of the window and of the baseline. Numeric cells are (From, To], an
// absent side is unbounded. Categories of columns that are not public go by their hash.
type Cell struct {
	From     *float64 `json:"from,omitempty"`
	To       *float64 `json:"to,omitempty"`
	Category string   `json:"category,omitempty"`
	Rest     string   `json:"rest,omitempty"` // "others": categories that changed less; "unseen": values of no category
	Window   uint64   `json:"window"`
	Baseline uint64   `json:"baseline"`
}

// Key is the report's record key: contract name and window start in UTC, "flights/2013-02-08T05:00:00Z". Reports
// are unique by it and share it with the events of their window.
func (r *Report) Key() string { return streamKey(r.Contract, r.Window.Start) }

// Encode is the report as canonical JSON: sorted rows, shortest round-trip numbers, no clock, no instance.
func (r *Report) Encode() []byte { return canonical(r) }

// DecodeReport reads a report of this format; another format, an unknown field or a test without its figures is an
// error.
func DecodeReport(b []byte) (*Report, error) {
	var head struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return nil, fmt.Errorf("decode report: %w", err)
	}
	if head.Format != reportFormat {
		return nil, fmt.Errorf("decode report: format %d, this build reads %d", head.Format, reportFormat)
	}
	var r Report
	if err := decodeStrict(b, &r); err != nil {
		return nil, fmt.Errorf("decode report: %w", err)
	}
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("decode report: %w", err)
	}
	return &r, nil
}

// check finds what readers of reports rely on and JSON alone does not say.
func (r *Report) check() error {
	for _, s := range []string{r.Window.Start, r.Window.End} {
		if parseTime(s).IsZero() {
			return fmt.Errorf("window %q is not a time", s)
		}
	}
	for _, t := range r.Tests {
		between := t.Operator == contract.MustBeBetween || t.Operator == contract.MustNotBeBetween
		against := t.Metric == contract.Drift || t.Metric == contract.NullDrift || t.Metric == contract.Volume
		switch {
		case t.Outcome != OK && t.Outcome != Alarm && t.Outcome != NotCompared:
			return fmt.Errorf("test %s %s: outcome %q", t.Rule, t.Statistic, t.Outcome)
		case t.Outcome == NotCompared:
		case t.Value == nil,
			between && len(t.Bounds) != 2,
			against && r.Baseline == nil,
			t.Metric == contract.NullDrift && t.BaselineValue == nil,
			t.Metric == contract.Volume && r.Baseline.Windows == nil:
			return fmt.Errorf("test %s %s was compared, but lacks its value, bounds or baseline", t.Rule, t.Statistic)
		}
	}
	return nil
}

// canonical encodes plain structs: fields in declared order, map keys sorted, shortest round-trip floats, no HTML
// escapes, no trailing newline.
func canonical(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(fmt.Sprintf("encode %T: %v", v, err)) // plain fields, figures checked finite: cannot fail
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func decodeStrict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return fmt.Errorf("bytes after the JSON value")
	}
	return nil
}
