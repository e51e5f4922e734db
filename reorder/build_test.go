package reorder

import (
	"math/rand/v2"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// Where a search begins must not change what it finds.
func TestBehindFromAnywhere(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		start := tcp.Seq(random.Uint32()) // also across the wrap
		list := make([]numbered, random.IntN(40))
		for i, at := 0, start; i < len(list); i++ {
			at = at.Add(random.Uint32N(3)) // some are equal
			list[i] = numbered{node(i), at}
		}
		number, want := start.Add(random.Uint32N(90)), 0
		for want < len(list) && list[want].number.Less(number) {
			want++
		}
		for near := range len(list) + 1 {
			if got := countBefore(list, number, near); got != want {
				t.Fatalf("%d among %v from %d: got %d, want %d", number, list, near, got, want)
			}
		}
	}
}
