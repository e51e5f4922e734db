package reorder

import "testing"

// The host sent a segment again, and the ACK that had asked for it was stamped after
// that. Its SACK blocks show the segment missing, so it came before.
func TestSentAgainAfterTheACKThatAsks(t *testing.T) {
	s := newScript()
	s.tsval = true
	s.handshake().disordered(false)
	first, ack := s.next[0], s.next[1]
	for i := range uint32(3) {
		s.out(first+1000*i, ack, 1000)
		s.wait(ms / 100)
	}
	s.wait(10 * ms)
	s.in(ack, first, 0) // with the same timestamp
	s.wait(ms / 100)
	s.sacks(s.in(ack, first, 0), first+1000, first+2000)
	echo := uint32(s.now / ms)
	s.wait(ms / 100)
	s.out(first, ack, 1000).TSecr = echo
	s.wait(ms / 100)
	s.sacks(s.in(ack, first, 0), first+1000, first+3000)
	swapLate(s.segs, len(s.segs)-3, ms/200)
	wantTruth(t, s.segs, "recovery")
}

// The last segment may be sent again as a probe, before any ACK asks for it: one that
// does so right after that stays there.
func TestProbesOfATailStay(t *testing.T) {
	s := newScript().handshake().disordered(false)
	first, ack := s.next[0], s.next[1]
	s.out(first, ack, 1000)
	s.wait(ms / 100)
	s.out(first+1000, ack, 1000)
	s.wait(20 * ms)
	s.out(first+1000, ack, 1000)
	s.wait(ms / 100)
	s.sacks(s.in(ack, first, 0), first+1000, first+2000)
	wantTruth(t, s.segs, "")
}

// The host sent a segment before a bare ACK with a later timestamp arrived, and was
// stamped after it. It echoes an older one, so it came before.
func TestWhatIsNotEchoedCameLater(t *testing.T) {
	s := newScript()
	s.tsval = true
	s.handshake().disordered(true).wait(ms)
	echo, first := uint32(s.now/ms), s.next[0]
	s.in(s.next[1], first, 0)
	s.wait(ms / 100)
	s.out(first, s.next[1], 1000).TSecr = echo
	s.wait(ms + ms/100)
	s.out(first+1000, s.next[1], 1000).TSecr = echo
	s.wait(ms / 100)
	s.in(s.next[1], first+1000, 0)
	s.wait(ms)
	s.out(first+2000, s.next[1], 1000).TSecr = uint32(s.now/ms) - 1
	swapLate(s.segs, len(s.segs)-3, ms/200)
	wantTruth(t, s.segs, "unechoed")
}

// A bare ACK that begins beyond what the host had acknowledged is not echoed at once
// (RFC 7323, section 4.3): what was sent after it may echo an older timestamp.
func TestDelayedACKsEchoOlderTimestamps(t *testing.T) {
	s := newScript()
	s.tsval = true
	s.handshake().disordered(true).wait(ms)
	echo, first, next := uint32(s.now/ms), s.next[0], s.next[1]
	s.in(next, first, 0)
	s.wait(ms / 100)
	s.out(first, next, 1000).TSecr = echo
	s.wait(ms + ms/100)
	s.in(next, first, 1000)
	s.wait(ms + ms/100)
	s.in(next+1000, first+1000, 0)
	s.wait(ms / 100)
	s.out(first+1000, next+1000, 1000).TSecr = echo + 1
	wantTruth(t, s.segs, "")
}

// twice appends a segment that the network hands on twice, the second time so much later.
func (s *script) twice(later int64) {
	seg := *s.in(s.next[1], s.next[0], 1000)
	s.next[1] += 1000
	s.wait(later)
	seg.Stamp, seg.Frame = s.now, int64(len(s.segs)+1)
	s.segs = append(s.segs, seg)
	s.wait(ms / 100)
}

// Where the network hands segments on twice at once, a copy that was stamped after the
// next segment came before it; where copies come some time later, it may have come so.
func TestCopiesComeAtOnceWhereMostDo(t *testing.T) {
	for _, test := range []struct {
		name  string
		later int64
		moved bool
	}{{"at once", ms / 200, true}, {"later", 2 * ms, false}} {
		t.Run(test.name, func(t *testing.T) {
			s := newScript()
			s.tsval = true
			s.handshake().disordered(true)
			for range 5 {
				s.twice(test.later)
				s.wait(ms)
				s.out(s.next[0], s.next[1], 0)
				s.wait(ms)
			}
			s.twice(ms / 200)
			s.in(s.next[1], s.next[0], 1000)
			s.wait(ms)
			s.out(s.next[0], s.next[1]+1000, 0)
			n := len(s.segs)
			swapLate(s.segs, n-3, ms/200) // the copy and the segment after it
			frames, _, _ := repaired(t, s.segs, Options{})
			if moved := frames[n-3] < frames[n-2]; moved != test.moved {
				t.Errorf("frames %d and %d stand in this order at the end, want the copy moved: %v", frames[n-3], frames[n-2], test.moved)
			}
		})
	}
}

// The peer sent two segments again that the host had, and the host's D-SACK for the second
// was stamped before the one for the first. Peers send again in sequence order, so the
// D-SACKs come in that order, too, each after its segment.
func TestDSACKsTellOfRepetitionsInSequence(t *testing.T) {
	s := newScript().handshake().disordered(true)
	end := s.next[1]
	for _, again := range []uint32{end - 4000, end - 2000} {
		s.in(again, s.next[0], 1000)
		s.wait(ms / 100)
		s.sacks(s.out(s.next[0], end, 0), again, again+1000)
		s.wait(ms / 100)
	}
	n := len(s.segs)
	first, second := s.segs[n-3], s.segs[n-1]
	second.Stamp = first.Stamp - ms/200
	s.segs[n-3], s.segs[n-2], s.segs[n-1] = second, first, s.segs[n-2]
	wantTruth(t, s.segs, "arrival")
}
