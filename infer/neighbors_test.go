package infer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/packet"
)

// TestNeighborsAreDrawnAgain: what was drawn before an address came is not what is
// drawn with it.
func TestNeighborsAreDrawnAgain(t *testing.T) {
	r := rand.New(rand.NewPCG(96, 97))
	grown, fresh := candidates{max: 1 << 20}, candidates{max: 1 << 20}
	for i := range 40 {
		a := packet.AddrOf(addr(fmt.Sprintf("2001:db8:%x::%x", 1+r.IntN(30), 1+r.IntN(30))))
		grown.add(a, 0, isSeen)
		fresh.add(a, 0, isSeen)
		if i%10 == 9 {
			grown.arrange()
			before := grown.neighborhoods()
			if again := grown.neighborhoods(); !slices.Equal(again.hits, before.hits) {
				t.Fatalf("%d addresses: drawn twice, they differ", i+1)
			}
		}
	}
	fresh.arrange()
	if got, want := grown.neighborhoods(), fresh.neighborhoods(); !slices.Equal(got.hits, want.hits) {
		t.Error("neighbors of a table that grew: they differ from those of one that began so")
	}
}
