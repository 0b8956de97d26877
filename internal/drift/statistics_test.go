package drift

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// reference holds values computed by scipy; "about" in the file says how.
type reference struct {
	KS []struct {
		D, P float64
		N, M uint64
	}
	Fisher []struct {
		K, N, B, M uint64
		P          float64
	}
	Binomial []struct {
		K, N    uint64
		Rate, P float64
	}
	Chi []struct {
		Baseline, Window []uint64
		Chi2, P, PSI     float64
		Dof              int
	}
	Grid []struct {
		Kind             string
		Baseline, Window []uint64
		KS               float64
		OpenShare        float64 `json:"open_share"`
	}
}

func scipy(t *testing.T) reference {
	t.Helper()
	b, err := os.ReadFile("testdata/scipy.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// near compares probabilities relatively; below minP both only need to be that small.
func near(got, want, relative float64) bool {
	if want < minP {
		return got < minP*10
	}
	return math.Abs(got-want) <= relative*want
}

func TestKSPValueAgreesWithScipy(t *testing.T) {
	for _, c := range scipy(t).KS {
		tolerance := 1e-6
		switch en := float64(c.N) * float64(c.M) / float64(c.N+c.M); {
		case en > 1e5: // one term instead of the sum
			tolerance = 0.02
		case en < 200: // scipy uses the exact distribution where p is large
			tolerance = 1e-3
		}
		if got := ksPValue(c.D, c.N, c.M); !near(got, c.P, tolerance) {
			t.Errorf("ksPValue(%v, %d, %d): got %v, want %v (off by %.1e)", c.D, c.N, c.M, got, c.P, math.Abs(got/c.P-1))
		}
	}
}

func TestFisherExactAgreesWithScipy(t *testing.T) {
	for _, c := range scipy(t).Fisher {
		if got := fisherExact(c.K, c.N, c.B, c.M); !near(got, c.P, 1e-8) {
			t.Errorf("fisherExact(%d, %d, %d, %d): got %v, want %v", c.K, c.N, c.B, c.M, got, c.P)
		}
	}
}

func TestBinomialTailAgreesWithScipy(t *testing.T) {
	for _, c := range scipy(t).Binomial {
		if got := binomialTail(c.K, c.N, c.Rate); !near(got, c.P, 1e-9) {
			t.Errorf("binomialTail(%d, %d, %v): got %v, want %v", c.K, c.N, c.Rate, got, c.P)
		}
	}
}

func TestChiSquareAndPSIAgreeWithScipy(t *testing.T) {
	for i, c := range scipy(t).Chi {
		got, dof, p := chiSquare(c.Baseline, c.Window)
		if !near(got, c.Chi2, 1e-10) || dof != c.Dof || !near(p, c.P, 1e-8) {
			t.Errorf("case %d: got %v, %d, %v, want %v, %d, %v", i, got, dof, p, c.Chi2, c.Dof, c.P)
		}
		if got := psi(c.Baseline, c.Window); !near(got, c.PSI, 1e-10) {
			t.Errorf("case %d: psi got %v, want %v", i, got, c.PSI)
		}
	}
}

func TestKSIntervalHoldsTheExactStatisticOfTheRawValues(t *testing.T) {
	for _, c := range scipy(t).Grid {
		lo, hi := ksInterval(c.Baseline, c.Window)
		if c.KS < lo-1e-12 || c.KS > hi+1e-12 || hi-lo > c.OpenShare+1e-12 {
			t.Errorf("%s: got [%v, %v], want it to hold %v and to be at most %v wide", c.Kind, lo, hi, c.KS, c.OpenShare)
		}
	}
}

func TestPoolingDependsOnTheBaselineAndTheWindowSizeOnly(t *testing.T) {
	baseline := []uint64{4000, 10, 3000, 0, 2500, 300}
	for _, window := range [][]uint64{{100, 0, 0, 0, 0, 0}, {0, 0, 0, 100, 0, 0}, {20, 20, 20, 20, 10, 10}} {
		b, w := pool(baseline, window)
		// Expected: 40.8, 0.1, 30.6, 0, 25.5, 3.06 of 100: three small cells, which together stay below 5.
		if got, want := len(b), 3; got != want || b[0] != 4310 || sum(w) != 100 {
			t.Errorf("pool(%v): got %v, %v, want %d cells, the first of 4310", window, b, w, want)
		}
	}
}

func TestSmallestDetectableNullShareOfADayOfFlights(t *testing.T) {
	// Reference: 1.9 % to 4.7 % at level 5e-6, power 0.8, n = 930 against 521 of 27,004.
	got := 521.0/27004 + shareDetectable(521, 27004, 930, 5e-6)
	if math.Abs(got-0.047) > 0.0005 {
		t.Errorf("got %v, want 0.047", got)
	}
}
