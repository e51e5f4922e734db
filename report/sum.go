package report

import "math"

// plus adds two counts. A sum beyond int64 is the largest or the least one: what
// a stored report counts may be any number.
func plus(a, b int64) int64 {
	switch sum := a + b; {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	default:
		return sum
	}
}

// less subtracts b from a, within int64 likewise.
func less(a, b int64) int64 {
	if b == math.MinInt64 {
		return plus(plus(a, math.MaxInt64), 1)
	}
	return plus(a, -b)
}

// sum adds up counts.
func sum(counts map[string]int64) (n int64) {
	for _, name := range sortedKeys(counts) { // sums beyond int64 depend on the order
		n = plus(n, counts[name])
	}
	return n
}
