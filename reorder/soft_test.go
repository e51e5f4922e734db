package reorder

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// local makes both ends the capturing host's.
func local(segs []tcp.Segment) []tcp.Segment {
	for i := range segs {
		segs[i].Outbound = tcp.Both
	}
	return segs
}

// On loopback a bare ACK comes before the data that it does not acknowledge;
// through a network it may be under way meanwhile.
func TestBareACKBeforeWhatItDoesNotAcknowledge(t *testing.T) {
	swapped := func() []tcp.Segment {
		s := newScript().handshake().disordered(false)
		for range 2 {
			s.out(s.next[0], s.next[1], 1000)
			s.next[0] += 1000
			s.wait(ms / 100)
			s.in(s.next[1], s.next[0], 0)
			s.wait(ms / 100)
		}
		swapLate(s.segs, len(s.segs)-3, ms/50) // the first ACK comes after the second data
		return s.segs
	}
	wantTruth(t, local(swapped()), "not-yet")
	segs := swapped()
	before := len(segs) - 4
	if _, placed, _ := repaired(t, segs, Options{}); !inPlace(placed, before) {
		t.Error("through a network: got packets moved, want an ACK that was under way to stay")
	}
}

// The host reports a segment as there twice only after its second copy.
func TestDSACKBehindTheSecondCopy(t *testing.T) {
	s := newScript().handshake().disordered(false)
	at := s.next[1]
	s.in(at, s.next[0], 1000) // the ACK for it is delayed
	s.wait(ms / 50)
	s.in(at, s.next[0], 1000)
	s.wait(ms / 50)
	s.sacks(s.out(s.next[0], at+1000, 0), at, at+1000)
	swapLate(s.segs, len(s.segs)-2, ms/50)
	wantTruth(t, s.segs, "dsack")
}

// A bare ACK is not said again after the same with a D-SACK, by either side.
func TestPlainACKBeforeTheSameWithDSACK(t *testing.T) {
	for dir, law := range []string{"out-once", "in-once"} {
		s := newScript().handshake().disordered(true)
		s.upload(1).download(1)
		own, at := s.next[dir], s.next[1-dir]
		s.add(uint8(1-dir), tcp.ACK, at, own, 1000)
		s.wait(ms / 50)
		s.add(uint8(dir), tcp.ACK, own, at+1000, 0)
		s.wait(ms / 100)
		s.sacks(s.add(uint8(dir), tcp.ACK, own, at+1000, 0), at, at+1000)
		s.wait(ms / 50)
		swapLate(s.segs, len(s.segs)-2, ms/50)
		wantTruth(t, s.segs, law)
	}
}

// Of two offers with the same edge, the one that acknowledges the data itself
// can't be what let it through.
func TestOfferThatAcknowledgesTheDataIsNotItsOwn(t *testing.T) {
	s := newScript()
	s.add(0, tcp.SYN, 0, 0, 0).WindowShift = 0
	s.wait(10 * ms)
	s.add(1, tcp.SYN|tcp.ACK, 0, 1, 0).WindowShift = 0
	s.wait(ms / 100)
	s.out(1, 1, 0)
	s.wait(ms)
	s.disordered(true)
	at := s.next[0]
	s.in(s.next[1], at, 0).Window = 1000
	s.wait(ms / 50)
	s.out(at, s.next[1], 1000)
	s.wait(ms / 50)
	s.in(s.next[1], at+1000, 0).Window = 0
	// The first offer is recorded last.
	offer := s.segs[len(s.segs)-3]
	copy(s.segs[len(s.segs)-3:], s.segs[len(s.segs)-2:])
	offer.Stamp = s.now + ms/100
	s.segs[len(s.segs)-1] = offer
	for i := range s.segs {
		if s.segs[i].Dir == 1 && s.segs[i].Window == 65535 {
			s.segs[i].Window = 100 // no earlier offer reaches as far
		}
	}
	wantTruth(t, s.segs, "")
}

// A timestamp that is echoed comes first, also in the connection's first window.
func TestEchoedTimestampInTheFirstWindow(t *testing.T) {
	s := newScript()
	s.tsval = true
	s.handshake().disordered(false).wait(2 * ms)
	s.in(s.next[1], s.next[0], 0) // a window update, say
	echoed := s.segs[len(s.segs)-1].TSval
	s.wait(ms / 50)
	s.out(s.next[0], s.next[1], 1000).TSecr = echoed
	swapLate(s.segs, len(s.segs)-2, ms/50)
	wantTruth(t, s.segs, "tsecr")
}

// What the host does not acknowledge it can't echo: where the packet that it did
// echo was dropped by the capture, one of the same tick after it stays.
func TestEchoOfADroppedPacketMovesNothing(t *testing.T) {
	s := newScript()
	s.tsval = true
	s.handshake().disordered(false).wait(2 * ms)
	before := len(s.segs)
	at := s.next[1]
	echoed := s.in(at, s.next[0], 1000).TSval // will be dropped
	s.wait(ms / 50)
	s.out(s.next[0], at+1000, 0).TSecr = echoed
	s.wait(ms / 50)
	s.in(at+1000, s.next[0], 1000).TSval = echoed
	s.segs = append(s.segs[:before], s.segs[before+1:]...)
	if _, placed, _ := repaired(t, s.segs, Options{}); !inPlace(placed, before) {
		t.Error("got packets moved, want none")
	}
}

// The host sends nothing again that is acknowledged: its retransmission comes
// before the ACK. A keep-alive repeats the last byte and stays.
func TestRetransmissionBeforeItsACK(t *testing.T) {
	for _, c := range []struct {
		length uint32
		moved  bool
	}{{1000, true}, {1, false}} {
		s := newScript().handshake().disordered(true)
		at := s.next[0]
		s.out(at, s.next[1], 1000)
		s.wait(ms)
		before := len(s.segs)
		s.out(at+1000-c.length, s.next[1], c.length)
		s.wait(ms / 100)
		s.in(s.next[1], at+1000, 0)
		s.wait(ms / 100)
		swapLate(s.segs, before, ms/50)
		if _, placed, _ := repaired(t, s.segs, Options{}); inPlace(placed, before) == c.moved {
			t.Errorf("%d bytes: got moved %v, want %v", c.length, !c.moved, c.moved)
		}
		if c.moved {
			wantTruth(t, s.segs, "unacked")
		}
	}
}

// The first ACK after a second copy tells of it, so the bare ACK before that came before
// the copy.
func TestBareACKBeforeTheSecondCopy(t *testing.T) {
	s := newScript().handshake().disordered(true)
	at := s.next[1]
	s.in(at, s.next[0], 1000)
	s.wait(ms / 50)
	s.out(s.next[0], at+1000, 0)
	s.wait(ms / 50)
	s.in(at, s.next[0], 1000)
	s.wait(ms / 50)
	s.sacks(s.out(s.next[0], at+1000, 0), at, at+1000)
	swapLate(s.segs, len(s.segs)-3, ms/100) // the first ACK after the copy
	wantTruth(t, s.segs, "arrival")
}

// A bare ACK that comes much later is no answer to what a D-SACK told of before.
func TestSameACKMuchLaterStays(t *testing.T) {
	s := newScript().handshake().disordered(true)
	own, at := s.next[0], s.next[1]
	s.in(at, own, 1000)
	s.wait(ms / 50)
	s.out(own, at+1000, 0)
	s.wait(ms / 50)
	s.in(at, own, 1000)
	s.wait(ms / 50)
	s.sacks(s.out(own, at+1000, 0), at, at+1000)
	s.wait(50 * ms)
	s.out(own, at+1000, 0)
	swapLate(s.segs, len(s.segs)-4, ms/100) // the first ACK after the copy
	wantTruth(t, s.segs, "arrival")
}
