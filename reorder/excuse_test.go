package reorder

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// Repeated ACKs that came before the higher segment was sent say nothing of a hole
// below it: what the capture swapped is repaired.
func TestEarlierRepeatedAcksExcuseNothing(t *testing.T) {
	s := newScript().handshake().disordered(true)
	for range 3 {
		s.in(s.next[1], s.next[0], 0) // keep-alives' answers, say
		s.wait(ms)
	}
	s.upload(1)
	swapLate(s.segs, len(s.segs)-3, ms/50)
	wantTruth(t, withoutSACK(s.segs), "out-seq")
}

// An ACK whose SACK option is full says nothing of blocks that it has no room for:
// what it leaves out may have arrived.
func TestFullSACKOptionShowsNoHole(t *testing.T) {
	s := newScript()
	s.tsval = true
	s.handshake().disordered(true)
	at := s.next[1] // lost in the network
	for _, from := range []uint32{1000, 3000, 5000, 7000} {
		s.in(at+from, s.next[0], 500)
		s.in(at+from+500, s.next[0], 500)
		s.wait(ms / 50)
		ack := s.out(s.next[0], at, 0)
		for block := range min(from/2000+1, 3) { // the latest ones first
			s.sacks(ack, at+from-2000*block, at+from-2000*block+1000)
		}
		s.wait(ms)
	}
	swap(s.segs, len(s.segs)-12) // the first two, whose block the last ACK leaves out
	s.segs[len(s.segs)-11].Stamp++
	wantTruth(t, s.segs, "in-seq")
}

// The host repeats its ACK for a segment that it has already. That excuses no
// other one beside it; a second repetition does.
func TestOneRepeatedACKIsForOneSegment(t *testing.T) {
	for _, again := range []bool{false, true} {
		s := newScript().handshake().disordered(false)
		old, at := s.next[1]-1000, s.next[1]
		before := len(s.segs)
		s.in(at, s.next[0], 1000)
		s.wait(ms / 50)
		s.out(s.next[0], at+1000, 0)
		s.wait(ms / 50)
		swapLate(s.segs, before, ms/50)
		if again {
			s.out(s.next[0], at+1000, 0)
			s.wait(ms / 50)
		}
		s.in(old, s.next[0], 1000)
		s.wait(ms / 50)
		s.out(s.next[0], at+1000, 0)
		if _, placed, _ := repaired(t, withoutSACK(s.segs), Options{}); inPlace(placed, before) != again {
			t.Errorf("repeated once more %v: got the segment moved %v, want %v", again, !inPlace(placed, before), !again)
		}
	}
}

// A FIN that comes again is a copy that a D-SACK may be for.
func TestDSACKForACopyOfAFINExcusesNothing(t *testing.T) {
	s := newScript().handshake().disordered(false)
	fin := s.next[1]
	before := len(s.segs)
	s.add(1, tcp.FIN|tcp.ACK, fin, s.next[0], 0)
	s.wait(ms / 50)
	s.out(s.next[0], fin+1, 0)
	s.wait(50 * ms)
	swapLate(s.segs, before, ms/50)
	s.add(1, tcp.FIN|tcp.ACK, fin, s.next[0], 0)
	s.wait(ms / 50)
	s.sacks(s.out(s.next[0], fin+1, 0), fin, fin+1)
	wantTruth(t, s.segs, "ack")
}

// What a handful of packets comes too late by shows no jitter of that size: a
// capture that lacks packets looks so.
func TestFewViolationsOpenNoWideGate(t *testing.T) {
	for _, c := range []struct {
		late  int64
		moved bool
	}{{ms, true}, {8 * ms, false}} {
		s := newScript().handshake().download(30)
		before := len(s.segs) - 2
		swapLate(s.segs, before, c.late)
		if _, placed, _ := repaired(t, s.segs, Options{}); inPlace(placed, before) == c.moved {
			t.Errorf("late by %d ns: got moved %v, want %v", c.late, !c.moved, c.moved)
		}
	}
}

// A segment that is recorded long after its ACK, by more than the gate, is late all the same
// where the host answers it as a new one. Where the host says that it had it already, the
// capture dropped an original. Beyond five milliseconds nothing is proved.
func TestTakenAsNewIsLate(t *testing.T) {
	for _, c := range []struct {
		name  string
		late  int64
		sack  bool
		again string // how the host answers
		moved bool
	}{
		{"new, with SACK", 2 * ms, true, "", true},
		{"new, without SACK", 2 * ms, false, "", true},
		{"by 6 ms", 6 * ms, true, "", false},
		{"D-SACK", 2 * ms, true, "D-SACK", false},
		{"repeated ACK", 2 * ms, false, "ACK", false},
		{"repeated ACK of a host with SACK, which says no more", 2 * ms, true, "ACK", false},
		{"sent again", 2 * ms, true, "copy", false},
		{"repeated ACK, of another window", 2 * ms, false, "window", false},
		{"repeated ACK after data that was on its way", 2 * ms, false, "data, ACK", false},
		{"new, and data on its way", 2 * ms, false, "data", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScript().handshake()
			for range 6 {
				s.disordered(false) // so that one alone is no measure of the jitter
			}
			at, before := s.next[1], len(s.segs)
			s.download(1)
			swapLate(s.segs, before, c.late)
			s.wait(c.late)
			switch c.again {
			case "D-SACK":
				s.sacks(s.out(s.next[0], s.next[1], 0), at, at+1000)
			case "ACK":
				s.out(s.next[0], s.next[1], 0)
			case "window":
				s.out(s.next[0], s.next[1], 0).Window++
			case "data", "data, ACK":
				s.out(s.next[0], s.next[1], 100)
				s.next[0] += 100
				if c.again == "data, ACK" {
					s.wait(ms / 50)
					s.out(s.next[0], s.next[1], 0)
				}
			case "copy":
				s.in(at, s.next[0], 1000)
			}
			s.wait(ms)
			s.download(20)
			if !c.sack {
				s.segs = withoutSACK(s.segs)
			}
			if _, placed, p := repaired(t, s.segs, Options{}); inPlace(placed, before) == c.moved || p.Gate >= c.late {
				t.Errorf("moved: got %v, want %v; the gate is %d ns, want less than %d", !c.moved, c.moved, p.Gate, c.late)
			}
		})
	}
}

// The host repeats its ACK for segments that it had already, and these repetitions are
// recorded before all that they are for. That excuses a segment which came too late only if
// the host had not asked for it before.
func TestWhatTheHostAskedForIsNoRepetition(t *testing.T) {
	const again = 2 * excuseAhead
	for _, asked := range []bool{false, true} {
		s := newScript().handshake().disordered(false)
		at := s.next[1]
		for number := at + 2000; number <= at+3000; number += 1000 {
			s.in(number-1000, s.next[0], 1000)
			s.wait(ms / 50)
			if asked {
				s.out(s.next[0], at, 0)
			} else {
				s.out(s.next[0], number, 0)
			}
			s.wait(ms / 50)
		}
		if asked {
			s.out(s.next[0], at+3000, 0)
		}
		late := len(s.segs)
		s.in(at, s.next[0], 1000)
		for range again {
			s.wait(ms / 1000)
			s.out(s.next[0], at+3000, 0)
		}
		for range again {
			s.wait(ms / 1000)
			s.in(at+1000, s.next[0], 1000)
		}
		wantExcused(t, "asked for", s.segs, late, asked)
	}
}

// An ACK that is repeated much later, as keep-alives are answered, does not excuse a segment
// that came too late.
func TestACKsRepeatedMuchLaterExcuseNothing(t *testing.T) {
	for _, test := range []struct {
		name  string
		later int64
		moved bool
	}{{"at once", ms / 50, false}, {"much later", 5 * ms, true}} {
		s := newScript().handshake().disordered(false)
		late, next := len(s.segs), s.next[1]+1000
		s.download(1)
		swapLate(s.segs, late, ms/50)
		s.now = s.segs[late+1].Stamp + test.later
		s.out(s.next[0], next, 0)
		wantExcused(t, test.name, s.segs, late+1, test.moved)
	}
}

// wantExcused checks of a packet of a host without SACK that it is moved, or excused.
func wantExcused(t *testing.T, name string, segs []tcp.Segment, at int, moved bool) {
	t.Helper()
	_, placed, _ := repaired(t, withoutSACK(segs), Options{})
	for _, p := range placed {
		if p.Index == int64(at) && (p.Moved != moved || p.Excused == moved) {
			t.Errorf("%s: got moved %v, excused %v, want %v and %v", name, p.Moved, p.Excused, moved, !moved)
		}
	}
}
