package reorder

import (
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// burst appends n segments of the peer's that a driver hands up at once, in
// reverse, and the host's ACK for all of them. Frames tell the true order.
func (s *script) burst(n int) {
	from := len(s.segs)
	for range n {
		s.in(s.next[1], s.next[0], 1000)
		s.next[1] += 1000
	}
	slices.Reverse(s.segs[from:])
	s.wait(ms / 25)
	s.out(s.next[0], s.next[1], 0)
	s.wait(ms)
}

// A driver that reverses bursts: the host's ACK shows that its stack got them in
// sequence.
func TestReversedBursts(t *testing.T) {
	for n := 2; n <= 6; n++ {
		s := newScript().handshake().download(3)
		for range 5 {
			s.burst(n)
			s.download(2)
		}
		wantTruth(t, s.segs, "in-burst")
	}
}

// What may be the network's stays: a hole that the host shows, by SACK or by a
// duplicate ACK alone, packets of different times, a burst that nobody answers, one
// burst alone, and what a coarse clock stamps at one time.
func TestBurstsThatStay(t *testing.T) {
	for _, c := range []struct {
		name   string
		bursts int
		edit   func(s *script, from int)
	}{
		{"a hole shown by SACK", 6, func(s *script, from int) {
			late, ack := s.segs[from+1], s.segs[from+2]
			shown := ack
			shown.Ack = late.Seq
			shown.SACK[0].Left, shown.SACK[0].Right, shown.SACKs = s.segs[from].Seq, s.segs[from].End(), 1
			s.segs[from+2] = shown
			ack.Stamp += ms / 10
			s.segs = append(s.segs, ack)
		}},
		{"a duplicate ACK", 6, func(s *script, from int) {
			shown, ack := s.segs[from+2], s.segs[from+2]
			shown.Ack = s.segs[from+1].Seq
			s.segs[from+2] = shown
			ack.Stamp += ms / 10
			s.segs = append(s.segs, ack)
		}},
		{"apart", 6, func(s *script, from int) { s.segs[from+1].Stamp += 1000 }},
		{"not answered", 6, func(s *script, from int) { s.segs[from+2].Ack = s.segs[from+1].Seq }},
		{"alone", 1, func(*script, int) {}},
		{"a coarse clock", 40, coarse},
		{"a coarse clock, and few packets", 4, coarse},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScript().handshake().download(3)
			for range c.bursts {
				from := len(s.segs)
				s.burst(2)
				c.edit(s, from)
				s.wait(20 * ms)
			}
			_, placed, p := repaired(t, s.segs, Options{})
			wantUntouched(t, s.segs, placed)
			if p.Bursts {
				t.Error("got bursts that are reversed, want none")
			}
		})
	}
}

// coarse stamps all packets with the tick of 16 ms.
func coarse(s *script, _ int) {
	for i := range s.segs {
		s.segs[i].Stamp -= s.segs[i].Stamp % (16 * ms)
	}
}

// Bursts of several connections that are answered late are held for the answer.
func TestReversedBurstsOfManyConnections(t *testing.T) {
	var segs []tcp.Segment
	for flow := range uint64(50) {
		s := newScript().handshake().download(1)
		s.burst(3)
		for i := range s.segs {
			s.segs[i].Flow = flow
		}
		segs = append(segs, s.segs...)
	}
	slices.SortStableFunc(segs, func(a, b tcp.Segment) int { return int(a.Stamp - b.Stamp) })
	frames, placed, _ := repaired(t, segs, Options{})
	seen := map[uint64]int64{}
	for i, p := range placed {
		flow := segs[p.Index].Flow
		if frames[i] != seen[flow]+1 {
			t.Fatalf("connection %d: got frame %d after frame %d", flow, frames[i], seen[flow])
		}
		seen[flow] = frames[i]
	}
}
