package diagnose

import (
	"math/rand/v2"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// TestHistoryKnowsWhatItHas: a segment that is remembered is never said not to
// be, and of those that never were nearly all are.
func TestHistoryKnowsWhatItHas(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var h history
	f := &flow{}
	var added []tcp.Segment
	denied := 0
	for n := range 3 * historyLength {
		s := tcp.Segment{Seq: tcp.Seq(rng.Uint32()), Sum: uint16(rng.Uint32())}
		if h.marks != nil && !h.mayHave(&s) {
			denied++
		}
		h.add(&moment{f: f, s: &s, p: &Packet{Segment: &s}})
		added = append(added, s)
		for _, back := range []int{0, 1, historyPage, rng.IntN(historyLength)} {
			if at := n - back; at >= 0 && back < historyLength && !h.mayHave(&added[at]) {
				t.Fatalf("after %d segments the one %d before is not known", n+1, back)
			}
		}
	}
	if share := float64(denied) / float64(3*historyLength-markedFrom); share < .999 {
		t.Errorf("of segments that are not remembered %.4f are known not to be, want at least .999", share)
	}
}
