package capture

import (
	"math"
	"math/big"
	"math/bits"
	"strconv"
)

// binaryResol is the bit of if_tsresol that makes it a power of two.
const binaryResol = 0x80

// maxDecimal and maxBinary are the finest resolutions whose ticks per second
// fit 64 bits.
const (
	maxDecimal = 19
	maxBinary  = 63
)

// Resolution names the length of one tick: "10^-6 s", "2^-10 s", "1 s".
func (i *Interface) Resolution() string {
	n := int(i.Resol &^ binaryResol)
	switch {
	case n == 0:
		return "1 s"
	case i.Resol&binaryResol != 0:
		return "2^-" + strconv.Itoa(n) + " s"
	}
	return "10^-" + strconv.Itoa(n) + " s"
}

// Nanos gives the instant of a stamp in nanoseconds since 1970, if_tsoffset
// added: rounded down, and held at the ends of int64.
func (i *Interface) Nanos(ticks uint64) int64 {
	if i.Offset == 0 && i.Resol == 9 && ticks <= math.MaxInt64 {
		return int64(ticks)
	}
	if i.Offset == 0 && i.Resol == 6 && ticks <= math.MaxInt64/1000 {
		return int64(ticks) * 1000
	}
	const far = 4_000_000_000 // seconds; twice as many fit int64
	if n, ok := rescale(ticks, i.Resol, 9); ok && n < far*1e9 && i.Offset < far && i.Offset > -far {
		return int64(n) + i.Offset*1e9
	}
	v := (&Interface{Resol: 9}).exactly(ticks, i)
	switch {
	case v.IsInt64():
		return v.Int64()
	case v.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}

// Rebase gives the instant of a stamp of another interface in the ticks of i:
// exactly where that is possible, else rounded down, and held within uint64.
func (i *Interface) Rebase(ticks uint64, from *Interface) uint64 {
	if i.Offset == from.Offset {
		if i.Resol == from.Resol {
			return ticks
		}
		if n, ok := rescale(ticks, from.Resol, i.Resol); ok {
			return n
		}
	}
	v := i.exactly(ticks, from)
	switch {
	case v.IsUint64():
		return v.Uint64()
	case v.Sign() < 0:
		return 0
	}
	return math.MaxUint64
}

// rescale turns ticks of one resolution to ticks of another, rounded down. It is not
// ok where they, or those of a second, don't fit 64 bits.
func rescale(ticks uint64, from, to uint8) (n uint64, ok bool) {
	a, okFrom := perSecond(from)
	b, okTo := perSecond(to)
	hi, lo := bits.Mul64(ticks, b)
	if !okFrom || !okTo || hi >= a {
		return 0, false
	}
	n, _ = bits.Div64(hi, lo, a)
	return n, true
}

// perSecond gives the ticks per second of a resolution, and whether they fit.
func perSecond(resol uint8) (uint64, bool) {
	n := int(resol &^ binaryResol)
	if resol&binaryResol != 0 {
		return 1 << (n & 63), n <= maxBinary
	}
	if n > maxDecimal {
		return 0, false
	}
	return powersOfTen[n], true
}

var powersOfTen = [maxDecimal + 1]uint64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9,
	1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// exactly is Rebase of any size, for stamps, offsets and resolutions that no clock has.
func (i *Interface) exactly(ticks uint64, from *Interface) *big.Int {
	seconds := new(big.Int).Sub(big.NewInt(from.Offset), big.NewInt(i.Offset))
	v := new(big.Int).SetUint64(ticks)
	v.Add(v, seconds.Mul(seconds, rateOf(from.Resol)))
	return v.Mul(v, rateOf(i.Resol)).Div(v, rateOf(from.Resol))
}

// rateOf is perSecond without a limit.
func rateOf(resol uint8) *big.Int {
	base := big.NewInt(10)
	if resol&binaryResol != 0 {
		base.SetInt64(2)
	}
	return base.Exp(base, big.NewInt(int64(resol&^binaryResol)), nil)
}
