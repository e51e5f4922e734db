package etl

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestClock(t *testing.T) {
	const year = int64(365 * 24 * 3600)
	for _, test := range []struct {
		header       Header
		first, ticks int64
		want         int64
	}{
		{Header{Clock: 1, Start: 1000, Frequency: 10_000_000}, 50, 50, 1000},
		{Header{Clock: 1, Start: 1000, Frequency: 10_000_000}, 50, 57, 1007},
		{Header{Clock: 1, Start: 1000, Frequency: 10_000_000}, 50, 43, 993},
		{Header{Clock: 0, Start: 1000, Frequency: 1_000_000}, 50, 57, 1070},
		// 385 ns a tick: 1 tick is 3.85 units, -1 tick is -3.85.
		{Header{Clock: 1, Start: 1000, Frequency: 2_597_656}, 50, 51, 1003},
		{Header{Clock: 1, Start: 1000, Frequency: 2_597_656}, 50, 49, 996},
		{Header{Clock: 2, Start: 1000, Frequency: 2_597_656}, 50, madeStart, madeStart},
		{Header{Clock: 3, Start: 1000, Frequency: 10_000_000, MHz: 2400}, 0, 2_400_000_000 * year, 1000 + year*10_000_000},
		{Header{Clock: 3, Start: 1000, Frequency: 20_000_000}, 0, 20, 1010}, // no speed is stated
		// A counter that began below zero, and times that FILETIME does not have.
		{Header{Clock: 1, Start: 1000, Frequency: 10_000_000}, -5, 5, 1010},
		{Header{Clock: 1, Start: 1000, Frequency: 1}, math.MinInt64, math.MaxInt64, math.MaxInt64},
		{Header{Clock: 1, Start: 1000, Frequency: 1}, math.MaxInt64, math.MinInt64, math.MinInt64},
		{Header{Clock: 1, Start: madeStart, Frequency: 10_000_000}, 0, math.MaxInt64, math.MaxInt64},
		{Header{Clock: 1, Start: madeStart, Frequency: 5_000_000}, 0, math.MinInt64, math.MinInt64},
	} {
		clock, err := newTicker(&test.header, test.first)
		if err != nil {
			t.Fatal(err)
		}
		if got := clock.fileTime(test.ticks); got != test.want {
			t.Errorf("%+v, from %d to %d: got %d, want %d", test.header, test.first, test.ticks, got, test.want)
		}
	}
}

func TestClockIsExact(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	number := func() int64 { return int64(rng.Uint64() >> rng.IntN(64)) }
	saturatedTimes, whole := 0, 0
	for range 200_000 {
		h := Header{Clock: 1, Start: number(), Frequency: number()}
		first, ticks := number(), number()
		clock, err := newTicker(&h, first)
		if err != nil {
			continue
		}
		want := new(big.Int).Sub(big.NewInt(ticks), big.NewInt(first))
		want.Mul(want, big.NewInt(10_000_000))
		rest := new(big.Int)
		want.DivMod(want, big.NewInt(h.Frequency), rest) // Euclid's: it rounds down
		want.Add(want, big.NewInt(h.Start))
		got := clock.fileTime(ticks)
		if want.IsInt64() {
			whole++
			if got != want.Int64() {
				t.Fatalf("%+v, from %d to %d: got %d, want %v", h, first, ticks, got, want)
			}
			continue
		}
		saturatedTimes++
		limit := int64(math.MinInt64)
		if want.Sign() > 0 {
			limit = math.MaxInt64
		}
		if got != limit {
			t.Fatalf("%+v, from %d to %d: got %d, want %d for %v", h, first, ticks, got, limit, want)
		}
	}
	if whole < 10_000 || saturatedTimes < 1_000 {
		t.Errorf("%d times were compared, %d of them beyond FILETIME: too few", whole+saturatedTimes, saturatedTimes)
	}
}
