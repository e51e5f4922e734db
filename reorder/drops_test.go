package reorder

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// A few segments after their ACKs, and nothing that tells why: where the capture shows
// many more gaps that were acknowledged, drops explain those, too, and nothing moves.
// Without gaps, and where as many packets are out of order, it is disorder.
func TestRareViolationsBesideGaps(t *testing.T) {
	for _, c := range []struct {
		gaps, late int
		moved      bool
	}{
		{0, 1, true}, {0, 20, true}, {3, 1, true}, {4, 1, false}, {12, 3, false},
		{20, 4, true}, {40, 4, false}, {40, 20, true}, {200, 20, false},
	} {
		t.Run(fmt.Sprintf("%d gaps, %d late", c.gaps, c.late), func(t *testing.T) {
			s := newScript().handshake().download(1000)
			s.segs = slices.DeleteFunc(s.segs, func(seg tcp.Segment) bool { // of data, one in four
				n := int(seg.Frame) - 4
				return seg.Len > 0 && n%8 == 0 && n/8 < c.gaps
			})
			from := len(s.segs) - 8*c.late // after the gaps
			for i := from; i < len(s.segs); i += 8 {
				if s.segs[i].Len == 0 {
					t.Fatalf("packet %d: got no data", i)
				}
				swapLate(s.segs, i, ms/10)
			}
			_, placed, p := repaired(t, s.segs, Options{})
			if got := !inPlace(placed, 0); got != c.moved {
				t.Errorf("moved: got %v, want %v", got, c.moved)
			}
			if got := total(p.Explained); !c.moved && got != int64(c.late) {
				t.Errorf("explained by drops: got %d, want %d", got, c.late)
			}
		})
	}
}

// A sender goes back and sends all again; the host repeats its ACK for each segment
// that it has. One whose original was dropped is among them: what comes next, up to
// which the host has acknowledged, is no hole that the repeated ACK could be for.
func TestRepeatedACKsBeforeTheNextSegment(t *testing.T) {
	s := newScript().handshake().disordered(false)
	at := s.next[1]
	s.download(6)
	s.wait(2 * ms)
	s.segs = slices.DeleteFunc(s.segs, func(seg tcp.Segment) bool { // the fourth one was dropped
		return seg.Dir == 1 && seg.Len > 0 && seg.Seq == s.isn[1].Add(at+3000)
	})
	before := len(s.segs)
	for old := at; old < at+6000; old += 1000 {
		s.in(old, s.next[0], 1000)
		s.wait(ms / 100)
		s.out(s.next[0], s.next[1], 0)
		s.wait(ms / 100)
	}
	s.in(s.next[1], s.next[0], 1000)
	s.wait(ms / 100)
	s.out(s.next[0], s.next[1]+3000, 0) // it has those beyond
	s.wait(ms / 100)
	s.in(s.next[1]+1000, s.next[0], 1000)
	s.wait(ms / 100)
	s.out(s.next[0], s.next[1]+3000, 0)
	_, placed, _ := repaired(t, withoutSACK(s.segs), Options{})
	if !inPlace(placed, before) {
		t.Error("the segment that was sent again moved to where the dropped one had been")
	}
}

func TestGapsOfSeenBytes(t *testing.T) {
	s := seenBytes{edge: 100, islands: []tcp.Range{{Left: 200, Right: 300}, {Left: 400, Right: 500}}}
	for _, c := range []struct {
		left, right tcp.Seq
		gaps        int64
	}{
		{0, 100, 0}, {0, 101, 1}, {0, 300, 1}, {150, 160, 1}, {200, 300, 0}, {250, 350, 1}, {0, 400, 2},
		{0, 500, 2}, {0, 501, 3}, {600, 700, 1}, {600, 600, 0}, {300, 400, 1},
	} {
		if got := s.gaps(tcp.Range{Left: c.left, Right: c.right}); got != c.gaps {
			t.Errorf("gaps from %d to %d: got %d, want %d", c.left, c.right, got, c.gaps)
		}
	}
}
