package bounded

import (
	"math"
	"math/big"
	"testing"
)

// TestSumsStayWithinInt64 compares each result with that of whole numbers
// without bounds.
func TestSumsStayWithinInt64(t *testing.T) {
	within := func(n *big.Int) int64 {
		switch {
		case n.IsInt64():
			return n.Int64()
		case n.Sign() > 0:
			return math.MaxInt64
		}
		return math.MinInt64
	}
	values := []int64{math.MinInt64, math.MinInt64 + 1, -1, 0, 1, math.MaxInt64 - 1, math.MaxInt64}
	for _, a := range values {
		for _, b := range values {
			x, y := big.NewInt(a), big.NewInt(b)
			if got, want := Add(a, b), within(new(big.Int).Add(x, y)); got != want {
				t.Errorf("Add(%d, %d): got %d, want %d", a, b, got, want)
			}
			if got, want := Sub(a, b), within(new(big.Int).Sub(x, y)); got != want {
				t.Errorf("Sub(%d, %d): got %d, want %d", a, b, got, want)
			}
		}
	}
}

// TestSumIsTheSameEachTime: what lies beyond int64 is cut where it is met, so the
// order of the names decides.
func TestSumIsTheSameEachTime(t *testing.T) {
	counts := map[string]int64{"a": math.MaxInt64, "b": math.MaxInt64, "c": -1}
	for range 20 {
		if got, want := Sum(counts), int64(math.MaxInt64-1); got != want {
			t.Fatalf("got %d, want %d", got, want)
		}
	}
}
