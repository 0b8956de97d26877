package profile

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestExactSumsOfDoublesEqualRationalArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	terms := []float64{0, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64,
		1, -1, 1e16, 1, -1e16, 0.1, 0x1p-1022, -0x1.fffffffffffffp-1023}
	for range 3000 {
		if x := math.Float64frombits(r.Uint64()); finite(x) {
			terms = append(terms, x)
		}
	}
	var sum, squares exactSum
	wantSum, wantSquares := new(big.Rat), new(big.Rat)
	for i, x := range terms {
		sum.expect(1, floatLimbs)
		sum.addFloat(x)
		squares.expect(1, floatSquareLimbs)
		squares.addFloatSquare(x)
		exact := new(big.Rat).SetFloat64(x)
		wantSum.Add(wantSum, exact)
		wantSquares.Add(wantSquares, exact.Mul(exact, exact))
		if i%500 == 0 || i < 13 {
			checkRat(t, "sum", &sum, floatLow, wantSum)
			checkRat(t, "sum of squares", &squares, floatSquareLow, wantSquares)
		}
	}
}

func TestExactSumsOfIntegersEqualBigIntegers(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	terms := []int64{0, math.MinInt64, math.MinInt64, math.MaxInt64, -1, 1}
	for range 3000 {
		terms = append(terms, r.Int64()-r.Int64())
	}
	var sum, squares exactSum
	wantSum, wantSquares := new(big.Int), new(big.Int)
	for _, x := range terms {
		sum.expect(1, intLimbs)
		sum.addInt(x)
		squares.expect(1, intSquareLimbs)
		squares.addIntSquare(x)
		exact := big.NewInt(x)
		wantSum.Add(wantSum, exact)
		wantSquares.Add(wantSquares, new(big.Int).Mul(exact, exact))
		checkRat(t, "sum", &sum, 0, new(big.Rat).SetInt(wantSum))
		checkRat(t, "sum of squares", &squares, 0, new(big.Rat).SetInt(wantSquares))
	}
}

func checkRat(t *testing.T, what string, s *exactSum, low int, want *big.Rat) {
	t.Helper()
	if got := s.rat(low); got.Cmp(want) != 0 {
		t.Fatalf("%s differs from the exact value: %s, want %s", what, got, want)
	}
	var again exactSum
	if v := s.scaled(); !again.setScaled(v, len(s.limbs)) || again.scaled().Cmp(v) != 0 {
		t.Fatalf("%s does not survive setScaled", what)
	}
}

func TestExactSumCarriesBeforeItsLimbsOverflow(t *testing.T) {
	var s exactSum
	for range 5 { // 5 * 2^30 additions of the largest term, announced in bulk
		s.expect(carryAfter, intLimbs)
		s.limbs[0] += limbMask * carryAfter
		s.limbs[1] += (math.MaxInt64 >> limbBits) * carryAfter
	}
	want := new(big.Int).Mul(big.NewInt(math.MaxInt64), big.NewInt(5*carryAfter))
	if got := s.scaled(); got.Cmp(want) != 0 {
		t.Errorf("sum %s, want %s", got, want)
	}
}

func TestSumsOfTheLargestCountStayInRange(t *testing.T) {
	// 2^63 doublings of the extreme term: what 2^64 records could sum to still fits.
	var s, q exactSum
	s.expect(1, floatLimbs)
	s.addFloat(-math.MaxFloat64)
	q.expect(1, floatSquareLimbs)
	q.addFloatSquare(math.MaxFloat64)
	for range 63 {
		s.add(&s)
		q.add(&q)
	}
	exact := new(big.Rat).SetFloat64(math.MaxFloat64)
	times := new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), 63))
	checkRat(t, "sum", &s, floatLow, new(big.Rat).Neg(new(big.Rat).Mul(exact, times)))
	checkRat(t, "sum of squares", &q, floatSquareLow, new(big.Rat).Mul(exact, new(big.Rat).Mul(exact, times)))
}

func TestStdIsTheRootOfTheExactVariance(t *testing.T) {
	// 1e15+{0,1,2}: a variance of exactly 1 that naive float sums of squares lose altogether.
	c := Column{Kind: 1, N: 3}
	for i := range int64(3) {
		c.sum.expect(1, intLimbs)
		c.sum.addInt(1e15 + i)
		c.squares.expect(1, intSquareLimbs)
		c.squares.addIntSquare(1e15 + i)
	}
	v, _ := c.Variance()
	s, _ := c.Std()
	if v != 1 || s != 1 {
		t.Errorf("variance %v, std %v, want 1, 1", v, s)
	}
}
