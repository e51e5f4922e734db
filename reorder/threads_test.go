package reorder

import "testing"

// Inbound segments that are the wrong way round, and of which the host has answered
// none before both were there, show that threads stamp, if some of the host's own
// packets are out of order, too.
func TestQuietSwapsShowThreads(t *testing.T) {
	for _, test := range []struct {
		name   string
		own    bool // two of the host's segments are swapped
		answer bool // the host answers the first of each two swapped
		want   bool
	}{
		{"threads", true, false, true},
		{"none of the host's is out of order", false, false, false},
		{"the network", true, true, false},
	} {
		s := newScript().handshake().disordered(false)
		for range mandateFrom {
			first := len(s.segs)
			s.in(s.next[1], s.next[0], 1000)
			s.wait(ms / 50)
			if test.answer {
				s.in(s.next[1]+1000, s.next[0], 1000)
				s.segs[first], s.segs[first+1] = s.segs[first+1], s.segs[first]
				s.segs[first].Stamp, s.segs[first+1].Stamp = s.segs[first+1].Stamp, s.segs[first].Stamp+ms/50
				late := s.segs[first+1]
				s.segs = s.segs[:first+1]
				s.out(s.next[0], s.next[1], 0)
				s.segs = append(s.segs, late)
			} else {
				s.in(s.next[1]+1000, s.next[0], 1000)
				swapLate(s.segs, first, ms/50)
			}
			s.wait(ms / 10)
			s.next[1] += 2000
			s.out(s.next[0], s.next[1], 0)
			s.wait(ms)
		}
		if test.own {
			first := len(s.segs)
			s.upload(1)
			swapLate(s.segs, first, ms/50)
		}
		if _, _, p := repaired(t, s.segs, Options{}); p.ThreadMandate != test.want {
			t.Errorf("%s: got thread mandate %v, want %v", test.name, p.ThreadMandate, test.want)
		}
	}
}

// Two ACKs with one number have the same blocks but for one, which is the first of the
// later ACK: the latest arrival. No right edge has grown.
func TestBlockOfTheLatestArrivalComesLast(t *testing.T) {
	s := newScript().handshake().disordered(true)
	hole := s.next[1]
	s.beyondHole(hole, 2)
	first := len(s.segs)
	s.sacks(s.out(s.next[0], hole, 0), hole+5000, hole+6000, hole+1000, hole+3000)
	s.wait(ms / 100)
	s.sacks(s.out(s.next[0], hole, 0), hole+8000, hole+9000, hole+5000, hole+6000, hole+1000, hole+3000)
	swapLate(s.segs, first, ms/50)
	wantTruth(t, s.segs, "out-sack")
}
