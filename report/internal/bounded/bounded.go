// Package bounded adds up counts within int64: what a stored report counts may
// be any number.
package bounded

import (
	"maps"
	"math"
	"slices"
)

// Add adds two counts. A sum beyond int64 is the largest or the least one: what
// a stored report counts may be any number.
func Add(a, b int64) int64 {
	switch sum := a + b; {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	default:
		return sum
	}
}

// Sub subtracts b from a, within int64 likewise.
func Sub(a, b int64) int64 {
	if b == math.MinInt64 {
		return Add(Add(a, math.MaxInt64), 1)
	}
	return Add(a, -b)
}

// Sum adds up counts.
func Sum(counts map[string]int64) (n int64) {
	for _, name := range slices.Sorted(maps.Keys(counts)) { // sums beyond int64 depend on the order
		n = Add(n, counts[name])
	}
	return n
}
