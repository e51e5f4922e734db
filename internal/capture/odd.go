package capture

// Oddity is what is unusual about a block, and yet no damage: bits, of which
// several may be set. A block is odd by what it holds; where it ends is proved by
// the blocks after it.
type Oddity uint16

const (
	OddNoOriginal Oddity = 1 << iota
	OddShortOriginal
	OddLongOriginal
	OddEmpty
	OddFraction
	OddSnap
	OddSimple
	OddOptions
	OddNames
	OddVersion
	Oddities = iota
)

// LongOriginal is the largest original length that is usual, bytes.
const LongOriginal = 1 << 30

// oddLengths says what is odd about the lengths of a packet on an interface with a
// snap length (0 = no limit), bytes.
func oddLengths(captured, original, snap uint32) (odd Oddity) {
	switch {
	case original > LongOriginal:
		odd = OddLongOriginal
	case original == 0 && captured > 0:
		odd = OddNoOriginal
	case original < captured:
		odd = OddShortOriginal
	}
	if captured == 0 {
		odd |= OddEmpty
	}
	if snap != 0 && captured > snap {
		odd |= OddSnap
	}
	return odd
}
