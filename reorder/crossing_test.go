package reorder

import (
	"slices"
	"testing"
)

// crossing appends n exchanges in which the network lets one of the peer's ACKs
// overtake two others, by 0.2 to 3.2 ms.
func (s *script) crossing(n int) *script {
	for i := range n {
		late := ms / 5 << (i % 4)
		at := s.next[0]
		for k := range uint32(3) {
			s.out(at+1000*k, s.next[1], 1000)
			s.wait(ms / 50)
		}
		s.next[0] += 3000
		s.wait(10 * ms)
		s.in(s.next[1], at+3000, 0)
		s.wait(late)
		s.in(s.next[1], at+1000, 0)
		s.wait(late)
		s.in(s.next[1], at+2000, 0)
		s.wait(10 * ms)
	}
	return s
}

// roughly appends swaps of the host's segments by 3 ms, which let the laws of threads
// reach so far.
func (s *script) roughly() *script {
	from := len(s.segs)
	s.upload(2)
	for i := from; i < len(s.segs); i += 3 {
		swapLate(s.segs, i, 3*ms)
	}
	return s
}

// An ACK that the network let others overtake stays where it is: the host's own packets
// are not swapped so often.
func TestOvertakenACKStays(t *testing.T) {
	s := newScript().handshake().disordered(true).roughly().crossing(8)
	frames, placed, p := repaired(t, s.segs, Options{})
	if p.ThreadJitter < 2*ms {
		t.Fatalf("jitter of threads: got %d ns, want it to reach across the ACKs", p.ThreadJitter)
	}
	wantOrder(t, frames, len(s.segs))
	from := len(s.segs) - 48
	if !inPlace(placed, from) {
		t.Error("got ACKs moved that the network had let others overtake")
	}
}

// What is before a packet that proves to be late comes before it still, however
// seldom the capture swaps two such packets.
func TestPredecessorsFollowALatePacket(t *testing.T) {
	s := newScript().handshake().disordered(true).roughly().crossing(8)
	at := s.next[1]
	s.out(s.next[0], at, 1000)
	s.out(s.next[0]+1000, at, 1000)
	s.wait(10 * ms)
	from := len(s.segs)
	s.in(at, s.next[0]+1000, 0)
	s.wait(ms / 100)
	s.in(at, s.next[0]+2000, 0)
	s.wait(ms / 100)
	s.in(at, s.next[0]+2000, 1000)
	s.wait(ms / 100)
	s.out(s.next[0]+2000, at+1000, 0) // recorded first
	response := s.segs[from+3]
	copy(s.segs[from+1:], s.segs[from:from+3])
	s.segs[from] = response
	for i := from + 1; i < len(s.segs); i++ {
		s.segs[i].Stamp += 2 * ms
	}
	frames, _, _ := repaired(t, s.segs, Options{})
	wantOrder(t, frames, len(s.segs))
}

// A host that echoes a timestamp, or fills a window, need not have had it from the
// packet that the network delayed: another one says the same.
func TestOvertakenPacketIsNotWhatWasEchoedOrOffered(t *testing.T) {
	for _, law := range []string{"tsecr", "window"} {
		s := newScript()
		s.tsval = law == "tsecr"
		s.handshake().disordered(false)
		for i := range s.segs {
			s.segs[i].WindowShift = 0 // both SYNs permit it
		}
		at := s.next[0]
		s.out(at, s.next[1], 1000)
		s.out(at+1000, s.next[1], 1000)
		s.wait(10*ms - (s.now+10*ms)%ms) // to the beginning of a tick of the timestamps
		from := len(s.segs)
		s.in(s.next[1], at+2000, 0).Window = 2000
		s.wait(ms / 50)
		answer := s.out(at+2000, s.next[1], 1000)
		answer.TSecr = s.segs[from].TSval
		s.wait(ms / 50)
		s.in(s.next[1], at+1000, 0).Window = 2000 // overtaken
		for i := range s.segs[:from] {
			s.segs[i].Window = min(s.segs[i].Window, 50)
		}
		if _, placed, _ := repaired(t, s.segs, Options{}); !inPlace(placed, from) {
			t.Errorf("%s: got packets moved, want the ACK to stay that others had overtaken", law)
		}
	}
}

// A soft law may be wrong about a packet that it moves, so the packet may have happened
// until it was stamped; what a moving law says bounds it.
func TestSoftLawsBoundNoTimes(t *testing.T) {
	s := newScript().handshake().disordered(true)
	at := s.next[0]
	s.out(at, s.next[1], 1000)
	s.out(at+1000, s.next[1], 1000)
	s.wait(10 * ms)
	from := len(s.segs)
	s.in(s.next[1], at+1000, 0)
	s.wait(ms / 50)
	s.in(s.next[1], at+2000, 0)
	swapLate(s.segs, from, ms/20)
	s.wait(ms)
	s.in(s.next[1], at+2000, 1000)
	s.wait(ms / 50)
	s.out(at+2000, s.next[1]+1000, 0)
	swapLate(s.segs, from+2, ms/20)
	_, placed, _ := repaired(t, s.segs, Options{})
	for _, test := range []struct {
		late int // its place in the file
		law  Law
		soft bool
	}{{from + 1, LawInAck, true}, {from + 3, LawAck, false}} {
		i := slices.IndexFunc(placed, func(pl Placement) bool { return pl.Index == int64(test.late) })
		pl := placed[i]
		if !pl.Moved || pl.Law.soft() != test.soft {
			t.Fatalf("%s: got moved %v by %s", test.law, pl.Moved, pl.Law)
		}
		if holds := pl.Latest >= s.segs[test.late].Stamp; holds != test.soft {
			t.Errorf("%s: got an interval that holds the stamp %v, want %v", test.law, holds, test.soft)
		}
	}
}
