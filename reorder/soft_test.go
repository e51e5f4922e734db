package reorder

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// local makes both ends the capturing host's.
func local(segs []Segment) []Segment {
	for i := range segs {
		segs[i].Outbound = tcp.Both
	}
	return segs
}

// On loopback a bare ACK comes before the data that it does not acknowledge;
// through a network it may be under way meanwhile.
func TestBareACKBeforeWhatItDoesNotAcknowledge(t *testing.T) {
	swapped := func() []Segment {
		s := newScript().handshake().disordered(false)
		for range 2 {
			s.out(s.next[0], s.next[1], 1000)
			s.next[0] += 1000
			s.wait(ms / 100)
			s.in(s.next[1], s.next[0], 0)
			s.wait(ms / 100)
		}
		swapLate(s.segs, len(s.segs)-3, ms/50) // the first ACK stands behind the second data
		return s.segs
	}
	wantTruth(t, local(swapped()), "not-yet")
	segs := swapped()
	before := len(segs) - 4
	if _, placed, _ := repaired(t, segs, Options{}); !inPlace(placed, before) {
		t.Error("through a network: got packets moved, want an ACK that was under way to stay")
	}
}
