package drift

import (
	"math"
	"strconv"

	"weir/internal/contract"
)

// Names of statistics, as contracts write them under effect and reports print them.
const (
	statKS        = "ks"         // two-sample Kolmogorov-Smirnov distance of a numeric column, 0 to 1
	statPSI       = "psi"        // population stability index over deciles or categories
	statUnseen    = "unseen"     // share of values that are no category of the baseline
	statNullShare = "null_share" // null and absent values of the valid records
	statNullCount = "null_count"
	statRecords   = "records" // valid records of the window
	statVolume    = "volume"  // the effect's name of volume rules; the statistic is records
)

// defaultEffect is the effect a statistic must exceed where a rule does not say. An effect keeps large windows from
// alarming on differences that are certain but do not matter. Measured on the 334 New York days of February to
// December 2013 against January, on columns that nobody would say have drifted (distance, minute, carrier, origin):
func defaultEffect(statistic string) float64 {
	switch statistic {
	case statKS:
		return 0.15 // largest natural 0.104
	case statPSI:
		return 0.1 // largest natural 0.063; also the customary line of a moderate shift
	case statUnseen:
		return 0.02 // one value in fifty; largest natural 0.017 (new destinations)
	case statNullShare:
		return 0.05 // of all records, up or down
	case statVolume:
		return 0.5 // half below the smallest or above the largest window of the baseline; natural 6 % and 8 %
	}
	return 0
}

// defaultMinSample is how many values window and baseline must both have. At 200, chance alone lifts the PSI of a
// numeric column over 0.1 in 1.1 % of windows (at 30 in 79 %), and less than a mean shift of 0.39 standard
// deviations goes unseen; a smaller window would be judged on noise or not see anything short of disaster.
const defaultMinSample = 200

// minWindows is how many whole windows a baseline needs to have a range of volumes.
const minWindows = 3

const (
	// alpha is the chance of a false alarm per column and window, at the worst.
	alpha = 1e-4
	// scales is how many window lengths (1, 2, 4, 8, 16) share a column's alpha. Only single windows are judged so
	// far, but the level is that of the whole rule, so that its alarms stay alarms.
	scales = 5
)

// minP stands for every smaller probability, so that no figure in a report underflows to an impossible zero.
const minP = 1e-300

// level is the significance level of each of a column's tests.
func level(tests int) float64 { return round(alpha / float64(tests*scales)) }

// baselineTests counts the tests with a p-value that the contract's rules make on a column of the kind.
func baselineTests(c *contract.Contract, path string, k contract.Kind) (n int) {
	for _, r := range c.Rules {
		if r.Window == nil || r.Path != path {
			continue
		}
		switch r.Window.Metric {
		case contract.NullDrift:
			n++
		case contract.Drift:
			n += len(driftStatistics(k))
		}
	}
	return n
}

// driftStatistics are what a drift rule measures on a column of the kind, none where weir cannot compare it.
func driftStatistics(k contract.Kind) []string {
	switch k {
	case contract.Integer, contract.Number:
		return []string{statKS, statPSI}
	case contract.Boolean:
		return []string{statPSI}
	case contract.String, contract.Date, contract.Time:
		return []string{statPSI, statUnseen}
	}
	return nil
}

func effectOf(w *contract.WindowRule, statistic string) float64 {
	if e, ok := w.Effect[statistic]; ok {
		return e
	}
	return defaultEffect(statistic)
}

func minSample(w *contract.WindowRule) uint64 {
	if w.MinSample > 0 {
		return uint64(w.MinSample)
	}
	return defaultMinSample
}

// round keeps 12 significant digits of a figure that went through logarithms or exponentials: their last bits differ
// between processors, and reports must not.
func round(x float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 12, 64), 64)
	if err != nil {
		return x
	}
	return r
}

// probability is a p-value as reported.
func probability(p float64) *float64 {
	p = max(minP, min(1, round(p)))
	return &p
}

// finite is a figure as reported: nothing where JSON cannot hold it.
func finite(x float64, ok bool) *float64 {
	if !ok || math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
