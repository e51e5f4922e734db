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
	sec, rest := split(ticks, i.Resol)
	return instant(sec, i.Offset, rescale(rest, i.Resol, 9))
}

// instant is (sec+offset) seconds and nanos, as nanoseconds held within int64.
func instant(sec uint64, offset int64, nanos uint64) int64 {
	// Two's complement in 128 bits: sec < 2^64, so that the sum fits 66 bits
	// and 10^9 times the sum fits 96.
	lo, carry := bits.Add64(sec, uint64(offset), 0)
	hi, _ := bits.Add64(0, uint64(offset>>63), carry)
	high, low := bits.Mul64(lo, 1e9)
	high += hi * 1e9
	low, carry = bits.Add64(low, nanos, 0)
	high += carry
	switch {
	case int64(high) < 0 && (high != math.MaxUint64 || int64(low) >= 0):
		return math.MinInt64
	case int64(high) >= 0 && (high != 0 || int64(low) < 0):
		return math.MaxInt64
	}
	return int64(low)
}

// Rebase gives the instant of a stamp of another interface in the ticks of i:
// exactly where that is possible, else rounded down, and held within uint64.
func (i *Interface) Rebase(ticks uint64, from *Interface) uint64 {
	if i.Resol == from.Resol && i.Offset == from.Offset {
		return ticks
	}
	sec, rest := split(ticks, from.Resol)
	whole, sign := shiftSeconds(sec, from.Offset, i.Offset)
	if sign < 0 {
		return 0
	}
	if sign > 0 {
		return math.MaxUint64
	}
	part := rescale(rest, from.Resol, i.Resol)
	if whole == 0 {
		return part
	}
	rate, ok := perSecond(i.Resol)
	if !ok {
		return math.MaxUint64
	}
	hi, lo := bits.Mul64(whole, rate)
	sum, carry := bits.Add64(lo, part, 0)
	if hi != 0 || carry != 0 {
		return math.MaxUint64
	}
	return sum
}

// shiftSeconds is sec+plus-minus; sign says on which side of uint64 it lies:
// -1 below zero, 1 above, 0 within.
func shiftSeconds(sec uint64, plus, minus int64) (whole uint64, sign int) {
	lo, carry := bits.Add64(sec, uint64(plus), 0)
	hi := uint64(plus>>63) + carry
	lo, borrow := bits.Sub64(lo, uint64(minus), 0)
	hi -= uint64(minus>>63) + borrow
	switch {
	case int64(hi) < 0:
		return 0, -1
	case hi > 0:
		return 0, 1
	}
	return lo, 0
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

// split divides a stamp into whole seconds and the ticks that remain.
func split(ticks uint64, resol uint8) (sec, rest uint64) {
	rate, ok := perSecond(resol)
	if !ok { // all of uint64 is less than a second
		return 0, ticks
	}
	return ticks / rate, ticks % rate
}

// rescale turns a fraction of a second from ticks of one resolution to ticks
// of another, rounded down.
func rescale(rest uint64, from, to uint8) uint64 {
	a, okFrom := perSecond(from)
	b, okTo := perSecond(to)
	if !okFrom || !okTo {
		return rescaleFine(rest, from, to)
	}
	hi, lo := bits.Mul64(rest, b)
	quo, _ := bits.Div64(hi, lo, a) // rest < a, hence hi < a
	return quo
}

// rescaleFine is rescale for resolutions that no clock has, where the ticks of
// a second do not fit 64 bits.
func rescaleFine(rest uint64, from, to uint8) uint64 {
	v := new(big.Int).SetUint64(rest)
	v.Mul(v, rateOf(to)).Quo(v, rateOf(from))
	if !v.IsUint64() {
		return math.MaxUint64
	}
	return v.Uint64()
}

// rateOf is perSecond without a limit.
func rateOf(resol uint8) *big.Int {
	base := big.NewInt(10)
	if resol&binaryResol != 0 {
		base.SetInt64(2)
	}
	return base.Exp(base, big.NewInt(int64(resol&^binaryResol)), nil)
}
