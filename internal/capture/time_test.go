package capture

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestResolution(t *testing.T) {
	for resol, want := range map[uint8]string{
		0: "1 s", 0x80: "1 s", 6: "10^-6 s", 0x80 | 10: "2^-10 s", 127: "10^-127 s", 255: "2^-127 s",
	} {
		if got := (&Interface{Resol: resol}).Resolution(); got != want {
			t.Errorf("%#x: got %q, want %q", resol, got, want)
		}
	}
}

func TestNanos(t *testing.T) {
	for _, test := range []struct {
		resol  uint8
		offset int64
		ticks  uint64
		want   int64
	}{
		{6, 0, 1_600_000_000_123_456, 1_600_000_000_123_456_000},
		{9, 0, 1_600_000_000_123_456_789, 1_600_000_000_123_456_789},
		{9, 3600, 7, 3600_000_000_007},
		{9, -1, 1, -999_999_999},
		{0, 0, 7, 7_000_000_000},
		{0x80 | 10, 0, 1025, 1_000_976_562},
		{12, 0, 1999, 1},
		{12, -1, 999, -1_000_000_000},
		{6, 0, math.MaxUint64, math.MaxInt64},
		{0, math.MaxInt64, math.MaxUint64, math.MaxInt64},
		{0, math.MinInt64, 0, math.MinInt64},
		{0, math.MinInt64, math.MaxUint64, math.MaxInt64},
		{127, 0, math.MaxUint64, 0},
	} {
		i := &Interface{Resol: test.resol, Offset: test.offset}
		if got := i.Nanos(test.ticks); got != test.want {
			t.Errorf("%d ticks of %s, offset %d: got %d, want %d", test.ticks, i.Resolution(), test.offset, got, test.want)
		}
	}
}

// exact gives an instant in ticks of 1/rate seconds since 1970 + base, rounded
// down, in numbers without a limit.
func exact(ticks uint64, i *Interface, rate *big.Int, base int64) *big.Int {
	r := new(big.Rat).SetFrac(new(big.Int).SetUint64(ticks), slowRate(i.Resol))
	r.Add(r, new(big.Rat).SetInt64(i.Offset))
	r.Sub(r, new(big.Rat).SetInt64(base))
	r.Mul(r, new(big.Rat).SetInt(rate))
	return new(big.Int).Div(r.Num(), r.Denom()) // Div rounds down for a positive divisor
}

// slowRate is the ticks per second of a resolution.
func slowRate(resol uint8) *big.Int {
	rate := big.NewInt(1)
	for range resol & 0x7F {
		if resol >= 0x80 {
			rate.Mul(rate, big.NewInt(2))
		} else {
			rate.Mul(rate, big.NewInt(10))
		}
	}
	return rate
}

// within holds a number between two bounds.
func within(v, low, high *big.Int) *big.Int {
	switch {
	case v.Cmp(low) < 0:
		return low
	case v.Cmp(high) > 0:
		return high
	}
	return v
}

func drawInterface(t *rapid.T, name string) *Interface {
	resol := rapid.OneOf(rapid.Uint8Range(0, 20), rapid.Uint8Range(0x80, 0x80|65), rapid.Uint8())
	offset := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(-1e6, 1e6), rapid.Int64Range(-2e9, 2e9), rapid.Int64())
	return &Interface{Resol: resol.Draw(t, name+" resolution"), Offset: offset.Draw(t, name+" offset")}
}

func drawTicks(t *rapid.T) uint64 {
	return rapid.OneOf(rapid.Uint64Range(0, 1e6), rapid.Uint64Range(1e15, 2e18), rapid.Uint64()).Draw(t, "ticks")
}

func TestNanosIsExact(t *testing.T) {
	low, high := big.NewInt(math.MinInt64), big.NewInt(math.MaxInt64)
	rapid.Check(t, func(t *rapid.T) {
		i, ticks := drawInterface(t, "own"), drawTicks(t)
		want := within(exact(ticks, i, big.NewInt(1e9), 0), low, high)
		if got := i.Nanos(ticks); !want.IsInt64() || got != want.Int64() {
			t.Fatalf("got %d, want %v", got, want)
		}
	})
}

func TestRebaseIsExact(t *testing.T) {
	low, high := new(big.Int), new(big.Int).SetUint64(math.MaxUint64)
	rapid.Check(t, func(t *rapid.T) {
		i, from, ticks := drawInterface(t, "own"), drawInterface(t, "other"), drawTicks(t)
		want := within(exact(ticks, from, slowRate(i.Resol), i.Offset), low, high)
		if got := i.Rebase(ticks, from); got != want.Uint64() {
			t.Fatalf("got %d, want %v", got, want)
		}
	})
}
