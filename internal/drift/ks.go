package drift

import "math"

// ksInterval bounds the two-sample Kolmogorov-Smirnov statistic of two samples counted on one grid. Cells alternate
// open, atom, open, …, open: both samples are known exactly at the cuts, so the largest difference there is a lower
// bound, and a difference inside an open cell is at most the one between its opposite corners. lo and hi are equal
// when no open cell holds values of both samples.
func ksInterval(baseline, window []uint64) (lo, hi float64) {
	n, m := float64(sum(baseline)), float64(sum(window))
	if n == 0 || m == 0 {
		return 0, 0
	}
	var cb, cw uint64
	var fb, fw float64 // the distribution functions at the cell's left corner
	for i := range baseline {
		cb += baseline[i]
		cw += window[i]
		b, w := float64(cb)/n, float64(cw)/m
		lo = max(lo, math.Abs(b-w))
		if i%2 == 0 {
			hi = max(hi, math.Abs(b-fw), math.Abs(w-fb))
		}
		fb, fw = b, w
	}
	return lo, max(lo, hi)
}

// ksPValue is the probability of a two-sample Kolmogorov-Smirnov statistic of at least d between samples of n and m
// values of one continuous distribution: P(D_N >= d) of the one-sample statistic with N = n m / (n + m) rounded, as
// scipy.stats.ks_2samp(method="asymp"). On distributions with ties it is conservative.
func ksPValue(d float64, n, m uint64) float64 {
	en := math.RoundToEven(float64(n) / (float64(n) + float64(m)) * float64(m))
	switch {
	case en < 1 || d*en <= 0.5:
		return 1
	case d >= 1:
		return 0
	case en*d*d < 2.2:
		return min(1, max(0, 1-pelzGood(en, d)))
	case en > 1e5:
		// Maag and Dicaire (1971), within 2 % down to 1e-70 from here on; the sum would cost n terms.
		return math.Min(1, 2*math.Exp(-(6*en*d+1)*(6*en*d+1)/(18*en)))
	}
	return math.Min(1, 2*smirnov(en, d))
}

// smirnov is P(D+ >= d) for n values: the exact sum of Birnbaum and Tingey (1951). Twice it is the two-sided
// probability wherever that is small (Miller 1956; Simard and L'Ecuyer 2011, section 3).
func smirnov(n, d float64) float64 {
	logs := make([]float64, 0, int(n*(1-d))+1)
	top := math.Inf(-1)
	for j := 0.0; j <= n*(1-d); j++ {
		l := lchoose(n, j) + math.Log(d) + (j-1)*math.Log(d+j/n)
		if rest := 1 - d - j/n; rest > 0 {
			l += (n - j) * math.Log(rest)
		} else if n > j {
			continue
		}
		logs = append(logs, l)
		top = max(top, l)
	}
	var s float64
	for _, l := range logs {
		s += math.Exp(l - top)
	}
	return math.Exp(top) * s
}

// pelzGood is P(D_n <= d) by the expansion of Pelz and Good (1976) in the form for small z = d sqrt(n)
// (Simard and L'Ecuyer 2011, equations 9 to 13). Good to about 1e-5 from n = 100 on, where p is not small.
func pelzGood(n, d float64) float64 {
	const p2, p4, p6 = math.Pi * math.Pi, math.Pi * math.Pi * math.Pi * math.Pi, math.Pi * math.Pi * math.Pi * math.Pi * math.Pi * math.Pi
	z := d * math.Sqrt(n)
	z2 := z * z
	z3, z4, z6 := z2*z, z2*z2, z2*z2*z2
	var k0, k1, k2, k3, e2, e3 float64
	for k := 1.0; k <= math.Ceil(16*z/math.Pi)+1; k++ {
		m2 := (2*k - 1) * (2*k - 1)
		m4, m6 := m2*m2, m2*m2*m2
		q := math.Exp(-p2 * m2 / (8 * z2))
		k0 += q
		k1 += q * (-z2 + p2/4*m2)
		k2 += q * (6*z6 + 2*z4 + (2*z4-5*z2)*p2/4*m2 + p4*(1-2*z2)/16*m4)
		k3 += q * (-30*z6 - 90*z4*z4 + p2*(135*z4-96*z6)/4*m2 + p4*(-60*z2+212*z4)/16*m4 + p6*(5-30*z2)/64*m6)
		r := math.Exp(-p2 * k * k / (2 * z2))
		e2 += k * k * r
		e3 += (3*z2 - p2*k*k) * k * k * r
	}
	root := math.Sqrt(2 * math.Pi)
	k0 *= root / z
	k1 *= root / (6 * z4)
	k2 = k2*root/(72*z6*z) - e2*p2*root/(36*z3)
	k3 = k3*root/(6480*z4*z4*z2) + e3*p2*root/(216*z6)
	return k0 + k1/math.Sqrt(n) + k2/n + k3/(n*math.Sqrt(n))
}

// ksDetectable is the smallest D between distributions that a test at the level finds with probability 0.8: the
// critical value plus 0.8416 standard deviations of the difference at its largest, where both are one half.
func ksDetectable(n, m uint64, level float64) float64 {
	en := float64(n) * float64(m) / float64(n+m)
	return min(1, (math.Sqrt(-math.Log(level/2)/2)+z80/2)/math.Sqrt(en))
}

func sum(c []uint64) (n uint64) {
	for _, x := range c {
		n += x
	}
	return n
}

// lchoose is the logarithm of the binomial coefficient.
func lchoose(n, k float64) float64 {
	a, _ := math.Lgamma(n + 1)
	b, _ := math.Lgamma(k + 1)
	c, _ := math.Lgamma(n - k + 1)
	return a - b - c
}
