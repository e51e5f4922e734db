package reorder

import (
	"testing"

	"pgregory.net/rapid"
)

// TestAfterLast compares with a search place by place.
func TestAfterLast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		times := rapid.SliceOfN(rapid.Int64Range(-5, 5), 1, 70).Draw(t, "times")
		var e earliest
		for place := range times {
			for limit := int64(-6); limit <= 6; limit++ {
				want := place
				for want > 0 && times[want-1] > limit {
					want--
				}
				if got := e.afterLast(node(place), limit, times); int(got) != want {
					t.Fatalf("before %d of %v, at most %d: got %d, want %d", place, times, limit, got, want)
				}
			}
		}
	})
}
