package witness_test

import (
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/internal/lab/witness"
)

// The order in which the host's TCP logs what it receives tells what completion ports have
// swapped from what the network has: at most half of the flags are left that a repair
// leaves without a trace, and half of the genuine ones hidden. Lab accuracy with the bars
// of events has more recordings.
func TestEventsTellOrder(t *testing.T) {
	tshark.Need(t)
	names := []string{"plain-tcp", "cross-plain", "cross-no-timestamps", "cross-no-sack"}
	if testing.Short() {
		names = names[:1]
	}
	var with, without judge.Score
	for _, name := range names {
		truth := recording(t, name)
		for _, kind := range []string{"ports-stamped", "ports-heavy"} {
			written := lab.Degrade(truth, degradation(t, kind), 5)
			given, taken := lab.Socket(truth, degradation(t, kind), 5)
			trace, _ := witness.Trace(truth, witness.Trouble{Seed: 3, Given: given, Taken: taken})
			c, err := witness.NewCase(t.Context(), t.TempDir(), truth, written)
			if err != nil {
				t.Fatal(err)
			}
			for score, trace := range map[*judge.Score][]byte{&with: trace, &without: nil} {
				s, err := c.Judge(t.Context(), trace)
				if err != nil {
					t.Fatal(err)
				}
				score.Add(s)
			}
		}
	}
	hidden := func(s judge.Score) int { return s.Genuine - s.Kept }
	t.Logf("with events %d flags are left and %d hidden, without %d and %d",
		with.SpuriousAfter, hidden(with), without.SpuriousAfter, hidden(without))
	if 2*with.SpuriousAfter > without.SpuriousAfter || 2*hidden(with) > hidden(without) || hidden(without) == 0 {
		t.Errorf("with events %d flags are left and %d hidden, without %d and %d",
			with.SpuriousAfter, hidden(with), without.SpuriousAfter, hidden(without))
	}
}
