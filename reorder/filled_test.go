package reorder

import "testing"

// What the host asks for again after a first copy was recorded its stack had not taken. The
// ACK that goes on from there comes after the copy that brings it, unless another one may
// have brought it, or the host says that it had it already.
func TestWhatWasNotTakenIsBroughtAgain(t *testing.T) {
	for _, test := range []struct {
		name         string
		asks         int   // how often the host asks for it
		block        bool  // with a SACK block
		wait         int64 // from then on, until it is brought again
		between, had bool  // another copy comes shortly before the ACK; the host had it already
		others       int   // bare ACKs that come after that copy
		want         bool
	}{
		{"asked for by a SACK block", 1, true, 20 * ms, false, false, 0, true},
		{"asked for again", 2, false, 20 * ms, false, false, 0, true},
		{"perhaps brought by the copy before", 1, true, 20 * ms, true, false, 0, false},
		{"perhaps brought by the copy before, many others ago", 1, true, 20 * ms, true, false, 2 * excuseReach, false},
		{"perhaps brought by the first copy", 1, true, 0, false, false, 0, false},
		{"had it already", 1, true, 20 * ms, false, true, 0, false},
		{"asked for once", 1, false, 20 * ms, false, false, 0, false},
	} {
		s := newScript().handshake().disordered(false)
		s.in(s.next[1], s.next[0], 1000)
		s.wait(ms / 50)
		at := s.next[1] + 1000
		s.in(at, s.next[0], 1000) // which the stack does not take
		s.wait(ms / 50)
		s.in(at+1000, s.next[0], 1000)
		s.wait(test.wait)
		for range test.asks {
			ask := s.out(s.next[0], at, 0)
			if test.block {
				s.sacks(ask, at+1000, at+2000)
			}
			s.wait(ms / 50)
		}
		if test.between {
			s.in(at, s.next[0], 1000)
			s.wait(ms / 50)
		}
		for range test.others {
			s.in(at+2000, s.next[0], 0)
			s.wait(ms / 1000)
		}
		again := len(s.segs)
		s.in(at, s.next[0], 1000)
		s.wait(ms / 50)
		s.out(s.next[0], at+2000, 0)
		s.wait(ms / 50)
		if test.had {
			s.sacks(s.out(s.next[0], at+2000, 0), at, at+1000)
		}
		swapLate(s.segs, again, ms/50)
		if test.want {
			wantTruth(t, s.segs, "filled")
			continue
		}
		for i, p := range placedAs(t, s.segs, Profile{Gate: ms, QueueMandate: true, Violations: [NumLaws]int64{LawAck: 5}}) {
			if i >= again && p.Index != int64(i) {
				t.Errorf("%s: packet %d: got %d in its place, want it left there", test.name, i+1, p.Index+1)
			}
		}
	}
}
