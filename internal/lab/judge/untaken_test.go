package judge

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// TestPacketsThatTheStackDidNotTake has segments of 100 bytes arrive, and the host
// acknowledge.
func TestPacketsThatTheStackDidNotTake(t *testing.T) {
	for _, c := range []struct {
		name string
		ack  tcp.Seq // the host's, between the third segment and the copy of the second
		want bool
	}{
		{"it asks for the second, and has the third", 100, true},
		{"it has both", 300, false},
		{"it asks for the first", 0, false},
	} {
		said := tcp.Segment{Dir: 1, Bits: tcp.ACK, Outbound: tcp.Out, Ack: c.ack, SACKs: 1, SACK: [tcp.MaxSACK]tcp.Range{{Left: 200, Right: 300}}}
		p := &passages{streams: map[stream][]passage{}, of: map[int]stream{}, events: map[int]string{}, lives: map[uint64]int{},
			syns: map[uint64]tcp.Seq{}, refused: map[stream][]int{}, said: map[stream][]answer{}}
		for i, s := range []*tcp.Segment{{Len: 100}, {Seq: 100, Len: 100}, {Seq: 200, Len: 100}, &said, {Seq: 100, Len: 100}} {
			if s != &said {
				s.Outbound = tcp.In
			}
			p.add(i, s)
		}
		p.findUntaken()
		if got := p.streams[stream{}][1].untaken; got != c.want {
			t.Errorf("%s: got %t, want %t", c.name, got, c.want)
		}
	}
}
