package drift

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// z80 is the normal quantile of 0.8, the power of every smallest detectable effect.
const z80 = 0.8416212335729143

// fisherExact is the two-sided p-value of k of n against b of m: the hypergeometric probability, given both totals,
// of every table at most as likely as the one seen (ties within 1e-7), as scipy.stats.fisher_exact and R.
// Relative accuracy 1e-9 up to a million records, 1e-5 up to a billion.
func fisherExact(k, n, b, m uint64) float64 {
	h := newHypergeometric(k+b, n, n+m)
	x := float64(k)
	seen := h.log(x)
	limit := seen + 1e-7
	tail := func(from, step float64) float64 { return h.tail(from, step) }
	if x <= h.mode {
		p := tail(x, -1)
		// The first k right of the mode that is at most as likely.
		width := int(h.hi-h.mode) + 1
		i := sort.Search(width, func(i int) bool { return h.mode+float64(i) > x && h.log(h.mode+float64(i)) <= limit })
		if i < width {
			p += tail(h.mode+float64(i), 1)
		}
		return min(1, p)
	}
	p := tail(x, 1)
	width := int(h.mode-h.lo) + 1
	i := sort.Search(width, func(i int) bool { return h.log(h.mode-float64(i)) <= limit })
	if i < width {
		p += tail(h.mode-float64(i), -1)
	}
	return min(1, p)
}

// hypergeometric is the number of marked records in draws from total, of which marked are marked.
type hypergeometric struct{ marked, draws, total, lo, hi, mode float64 }

func newHypergeometric(marked, draws, total uint64) hypergeometric {
	h := hypergeometric{marked: float64(marked), draws: float64(draws), total: float64(total)}
	h.lo = max(0, h.draws+h.marked-h.total)
	h.hi = min(h.draws, h.marked)
	h.mode = min(h.hi, max(h.lo, math.Floor((h.draws+1)*(h.marked+1)/(h.total+2))))
	return h
}

// log is the logarithm of the probability of k.
func (h hypergeometric) log(k float64) float64 {
	return lchoose(h.marked, k) + lchoose(h.total-h.marked, h.draws-k) - lchoose(h.total, h.draws)
}

// tail sums the probabilities from k outwards; step is 1 or -1 and leads away from the mode, so terms fall.
func (h hypergeometric) tail(k, step float64) float64 {
	rest := h.total - h.marked - h.draws
	term, s := 1.0, 1.0 // relative to the probability of k
	for i := k; i+step >= h.lo && i+step <= h.hi; i += step {
		if step > 0 {
			term *= (h.marked - i) * (h.draws - i) / ((i + 1) * (rest + i + 1))
		} else {
			term *= i * (rest + i) / ((h.marked - i + 1) * (h.draws - i + 1))
		}
		s += term
		if term < s*1e-17 {
			break
		}
	}
	return math.Exp(h.log(k)) * s
}

// binomialTail is P(X >= k) for X binomial with n trials of the given rate: the regularised incomplete beta function.
func binomialTail(k, n uint64, rate float64) float64 {
	switch {
	case k == 0 || rate >= 1:
		return 1
	case rate <= 0:
		return 0
	}
	return mathext.RegIncBeta(float64(k), float64(n-k)+1, rate)
}

// chiSquare is Pearson's test of a 2 x len(cells) table of counts without correction, as
// scipy.stats.chi2_contingency(correction=False). Fewer than two cells that hold anything cannot differ: p is 1.
func chiSquare(baseline, window []uint64) (statistic float64, dof int, p float64) {
	n, m := float64(sum(baseline)), float64(sum(window))
	cells := 0
	for i := range baseline {
		both := float64(baseline[i]) + float64(window[i])
		if both == 0 {
			continue
		}
		cells++
		eb, ew := both*n/(n+m), both*m/(n+m)
		db, dw := float64(baseline[i])-eb, float64(window[i])-ew
		statistic += db*db/eb + dw*dw/ew
	}
	if cells < 2 || n == 0 || m == 0 {
		return 0, 0, 1
	}
	return statistic, cells - 1, distuv.ChiSquared{K: float64(cells - 1)}.Survival(statistic)
}

// minExpected is the smallest expected window count of a cell in the chi-square test. Below it the test fires too
// often: 1.25 % at a nominal 0.1 % on the flights' categories (reference statistics, section 2.4).
const minExpected = 5

// pool joins the cells whose expected window count, by the baseline's shares, is below minExpected into one, so that
// which cells are joined depends on the baseline and the window's size only. A pool that stays too small joins the
// largest cell, where it hides least.
func pool(baseline, window []uint64) (b, w []uint64) {
	n, m := float64(sum(baseline)), float64(sum(window))
	small := func(c uint64) bool { return float64(c)*m/n < minExpected }
	var pb, pw uint64
	largest, pooled := 0, false
	for i, c := range baseline {
		if small(c) {
			pb, pw, pooled = pb+c, pw+window[i], true
			continue
		}
		b, w = append(b, c), append(w, window[i])
		if c > b[largest] {
			largest = len(b) - 1
		}
	}
	switch {
	case !pooled:
	case small(pb) && len(b) > 0:
		b[largest] += pb
		w[largest] += pw
	default:
		b, w = append(b, pb), append(w, pw)
	}
	return b, w
}

// psi is the population stability index over cells, each count raised by one half so that empty cells are defined
// and bounded: sum of (q-p) ln(q/p), p and q = (count + 1/2) / (total + cells/2).
func psi(baseline, window []uint64) float64 {
	half := float64(len(baseline)) / 2
	n, m := float64(sum(baseline))+half, float64(sum(window))+half
	var s float64
	for i := range baseline {
		p, q := (float64(baseline[i])+0.5)/n, (float64(window[i])+0.5)/m
		s += (q - p) * math.Log(q/p)
	}
	return s
}

// shareDetectable is the smallest rise above the baseline's share (b of m) that the two-sample test of two shares at
// the level finds with probability 0.8 in a window of n: the usual normal approximation, solved for the share.
func shareDetectable(b, m, n uint64, level float64) float64 {
	p0, fm, fn := float64(b)/float64(m), float64(m), float64(n)
	z := -distuv.UnitNormal.Quantile(level / 2)
	found := func(p1 float64) bool {
		pooled := (p0*fm + p1*fn) / (fm + fn)
		null := z * math.Sqrt(pooled*(1-pooled)*(1/fm+1/fn))
		return p1-p0 >= null+z80*math.Sqrt(p0*(1-p0)/fm+p1*(1-p1)/fn)
	}
	lo, hi := p0, 1.0
	if !found(hi) {
		return 1 - p0
	}
	for range 60 {
		if mid := (lo + hi) / 2; found(mid) {
			hi = mid
		} else {
			lo = mid
		}
	}
	return hi - p0
}
