package reorder

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// What has deceived, or would deceive, a repair. Those that
// need whole captures are tested where captures are made, those of two clocks
// with the clocks.

// The original was dropped by the capture and its retransmission came later: it
// does not move, be that after a timeout or within the gate. Where nothing shows
// that it was sent again, it does.
func TestRetransmissionOfADroppedOriginal(t *testing.T) {
	tests := []struct {
		name      string
		pause     int64
		duplicate bool // the peer shows the hole in between
		moved     bool
	}{
		{"after a timeout", 200 * ms, false, false},
		{"fast, with the peer's SACK", ms / 20, true, false},
		{"nothing shows it", ms / 20, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newScript().handshake().disordered(true)
			at := s.next[0]
			before := len(s.segs)
			s.out(at+1000, s.next[1], 1000) // the one before it was dropped
			s.wait(test.pause)
			if test.duplicate {
				s.sacks(s.in(s.next[1], at, 0), at+1000, at+2000)
				s.wait(ms / 50)
			}
			s.out(at, s.next[1], 1000)
			s.wait(10 * ms)
			s.in(s.next[1], at+2000, 0)
			_, placed, _ := repaired(t, s.segs, Options{})
			if got := !inPlace(placed, before); got != test.moved {
				t.Errorf("moved: got %v, want %v", got, test.moved)
			}
		})
	}
}

// inPlace reports whether the packets from index from on are where they were.
func inPlace(placed []Placement, from int) bool {
	for i, p := range placed[from:] {
		if p.Moved || p.Index != int64(from+i) {
			return false
		}
	}
	return true
}

// The clock steps back one second in mid-file: one step, not a thousand
// violations. What is out of order on both sides is repaired, across it nothing.
func TestClockStep(t *testing.T) {
	for _, disorder := range []bool{false, true} {
		s := newScript().handshake().download(40)
		for i := 5; disorder && i < 75; i += 6 {
			swapLate(s.segs, i, ms/10)
		}
		for i := 41; i < len(s.segs); i++ {
			s.segs[i].Stamp -= 1000 * ms
		}
		frames, placed, p := repaired(t, s.segs, Options{})
		wantOrder(t, frames, len(s.segs))
		if !disorder {
			wantUntouched(t, s.segs, placed)
		}
		if p.Basis != FileOrder {
			t.Errorf("basis: got %v, want file", p.Basis)
		}
		for i, pl := range placed {
			if late := s.segs[pl.Index].Stamp - pl.Stamp; late < 0 || late > ms {
				t.Errorf("packet %d: got a shift of %d ns, want none across the step", i, late)
			}
		}
	}
}

// A clock that ticks every 15.6 ms: order inside a tick is repaired, no times are
// invented, a true one stays as it is.
func TestCoarseClock(t *testing.T) {
	const tick = 15600000
	s := newScript().handshake().download(2000)
	for i := range s.segs {
		s.segs[i].Stamp -= s.segs[i].Stamp % tick
	}
	truth := append([]tcp.Segment(nil), s.segs...)
	_, placed, _ := repaired(t, truth, Options{})
	wantUntouched(t, truth, placed)
	for i := 5; i < 700; i += 8 {
		if s.segs[i].Stamp == s.segs[i+1].Stamp {
			s.segs[i], s.segs[i+1] = s.segs[i+1], s.segs[i]
		}
	}
	wantTruth(t, s.segs, "ack")
	_, placed, p := repaired(t, s.segs, Options{})
	if p.Tick != tick {
		t.Errorf("tick: got %d, want %d", p.Tick, int64(tick))
	}
	for i, pl := range placed {
		if pl.Stamp != truth[i].Stamp {
			t.Errorf("packet %d: got stamp %d, want %d: no times are invented inside a tick", i, pl.Stamp, truth[i].Stamp)
		}
	}
}

// The reader stalls for 12 ms between the two packets of an inverted pair: the
// pair is repaired all the same. Without the run of packets that it then drains,
// the same gap is no stall.
func TestStallInsideAnInvertedPair(t *testing.T) {
	for _, drained := range []int{26, 1} {
		s := newScript().handshake().download(200)
		for i := 5; i < 300; i += 6 {
			swapLate(s.segs, i, ms/10)
		}
		s.segs[303], s.segs[304] = s.segs[304], s.segs[303]
		for i := 304; i < 304+drained; i++ {
			s.segs[i].Stamp = s.segs[303].Stamp + 12*ms + int64(i-304)*ms/1000
		}
		for i := 304 + drained; i < len(s.segs); i++ {
			s.segs[i].Stamp += 12 * ms
		}
		if drained > 1 {
			wantTruth(t, s.segs, "ack")
			continue
		}
		_, placed, _ := repaired(t, s.segs, Options{})
		if p := placed[304]; p.Moved || !p.Left {
			t.Errorf("12 ms late without a stall: got moved %v, left %v, want it left as it is", p.Moved, p.Left)
		}
	}
}

// Genuine reordering is preserved, with SACK and without, also where the capture
// itself swaps packets.
func TestGenuineReordering(t *testing.T) {
	for _, sack := range []bool{true, false} {
		for _, threads := range []bool{true, false} {
			s := newScript().handshake().disordered(threads)
			at, before := s.next[1], len(s.segs)
			s.in(at+1000, s.next[0], 1000) // overtook the one before it
			s.wait(ms / 50)
			dup := s.out(s.next[0], at, 0)
			if sack {
				s.sacks(dup, at+1000, at+2000)
			}
			s.wait(ms / 50)
			s.in(at, s.next[0], 1000)
			s.wait(ms / 50)
			s.out(s.next[0], at+2000, 0)
			segs := s.segs
			if !sack {
				segs = withoutSACK(segs)
			}
			_, placed, _ := repaired(t, segs, Options{})
			if !inPlace(placed, before) {
				t.Errorf("SACK %v, threads %v: got packets moved, want the network's order", sack, threads)
			}
		}
	}
}

// withoutSACK takes SACK from the handshake.
func withoutSACK(segs []tcp.Segment) []tcp.Segment {
	for i := range segs {
		segs[i].SACKPermitted = false
	}
	return segs
}

// Inbound segments that the host did not answer as out of order were swapped by
// the capture.
func TestInboundSwapWithoutDuplicateAck(t *testing.T) {
	s := newScript().handshake().disordered(true)
	for range 10 {
		at := s.next[1]
		s.in(at, s.next[0], 1000)
		s.wait(ms / 100)
		s.in(at+1000, s.next[0], 1000)
		s.wait(ms / 50)
		s.next[1] += 2000
		s.out(s.next[0], s.next[1], 0)
		s.wait(ms)
		swap(s.segs, len(s.segs)-3)
	}
	wantTruth(t, s.segs, "in-seq")
}

// swap exchanges the packets at i and i+1, but for their stamps.
func swap(segs []tcp.Segment, i int) {
	segs[i].Stamp, segs[i+1].Stamp = segs[i+1].Stamp, segs[i].Stamp
	segs[i], segs[i+1] = segs[i+1], segs[i]
}

// The host's ACKs stand inverted in the file: nothing is left over from state
// that was built in file order.
func TestInvertedAcks(t *testing.T) {
	s := newScript().handshake()
	for i := range uint32(60) {
		s.in(1+i*1000, 1, 1000)
		s.wait(ms / 100)
	}
	for i := range uint32(60) {
		s.out(1, 1001+i*1000, 0)
		s.wait(ms / 50)
	}
	for i := 65; i < 120; i += 4 {
		swapLate(s.segs, i, ms/20)
	}
	wantTruth(t, s.segs, "out-ack")
	_, placed, p := repaired(t, s.segs, Options{})
	if p.Violations[LawOutAck] == 0 {
		t.Errorf("violations of out-ack: got none, want some (%v)", p.Violations)
	}
	for i, pl := range placed {
		if pl.Left {
			t.Errorf("packet %d: got a violation of %v left, want none", i, pl.Law)
		}
	}
}

// Contradicting constraints: it ends, nothing moves, and it is said.
func TestContradiction(t *testing.T) {
	s := newScript().handshake().download(20)
	// Two packets that each acknowledge the other's bytes: no order satisfies both.
	s.out(1, 21001, 1000)
	s.in(20001, 1001, 1000)
	_, placed, _ := repaired(t, s.segs, Options{})
	wantUntouched(t, s.segs, placed)
	if countLeft(placed) == 0 {
		t.Error("violations left: got none, want the contradiction reported")
	}
}

func countLeft(placed []Placement) (n int) {
	for _, p := range placed {
		if p.Left {
			n++
		}
	}
	return n
}

// A soft law that contradicts moving ones is not believed: these move what they
// would without it.
func TestContradictionOfASoftLaw(t *testing.T) {
	s := newScript()
	s.tsval = true
	s.handshake().disordered(true)
	at, sent := s.next[1], s.next[0]
	first := len(s.segs)
	s.in(at, sent, 1000).TSval += 50 // the peer's clock falls behind it: in-tsval wants it last
	s.wait(ms / 50)
	s.out(sent, at+1000, 1000) // answers it
	s.wait(10 * ms)
	s.in(at+1000, sent+1000, 1000) // answers the answer
	s.wait(ms / 50)
	s.out(sent+1000, at+2000, 0)
	swapLate(s.segs, first+2, ms/20)
	wantTruth(t, s.segs, "ack")
}

// Sequence numbers wrap at 2^32, also in a flow of more than 4 GiB.
func TestSequenceWrap(t *testing.T) {
	s := newScript()
	s.isn = [2]tcp.Seq{0xFFFFF000, 0xFFFFE000}
	s.handshake().download(50)
	for i := 5; i < 95; i += 6 {
		swapLate(s.segs, i, ms/10)
	}
	wantTruth(t, s.segs, "ack")
}

func TestMoreThan4GiB(t *testing.T) {
	const size = 1 << 20
	s := newScript().handshake()
	at := uint32(1) // wraps
	for range 5 << 30 / size {
		s.in(at, 1, size)
		at += size
		s.wait(ms / 50)
		s.out(1, at, 0)
		s.wait(ms / 2)
	}
	truth := append([]tcp.Segment(nil), s.segs...)
	_, placed, _ := repaired(t, truth, Options{})
	wantUntouched(t, truth, placed)
	for i := 5; i+1 < len(s.segs); i += 6 {
		swapLate(s.segs, i, ms/10)
	}
	wantTruth(t, s.segs, "ack")
}

// A keep-alive one byte below the edge, and a zero-window probe with one byte
// beyond it, leave no hole and are no retransmissions.
func TestKeepAliveAndZeroWindowProbe(t *testing.T) {
	for _, length := range []uint32{0, 1} { // some keep-alives carry a byte of garbage
		s := newScript().handshake().disordered(true)
		before := len(s.segs)
		for range 3 {
			s.wait(2000 * ms)
			s.out(s.next[0]-1, s.next[1], length)
			s.wait(10 * ms)
			s.in(s.next[1], s.next[0], 0)
		}
		s.in(s.next[1], s.next[0], 0).Window = 0
		for range 3 {
			s.wait(300 * ms)
			s.out(s.next[0], s.next[1], 1)
			s.wait(10 * ms)
			s.in(s.next[1], s.next[0], 0).Window = 0
		}
		s.wait(ms)
		s.in(s.next[1], s.next[0], 0)
		s.wait(ms / 50)
		s.out(s.next[0], s.next[1], 1000)
		s.next[0] += 1000
		s.wait(10 * ms)
		s.in(s.next[1], s.next[0], 0)
		s.download(5)
		_, placed, _ := repaired(t, s.segs, Options{})
		if !inPlace(placed, before) {
			t.Errorf("keep-alive of %d bytes: got packets moved, want none", length)
		}
		for i, p := range placed[before:] {
			if p.Left || p.Excused {
				t.Errorf("packet %d: got left %v (%v), excused %v, want neither", before+i, p.Left, p.Law, p.Excused)
			}
		}
	}
}

// The port pair is used again with a new initial sequence number within a
// second: each incarnation is repaired by itself, nothing crosses.
func TestPortPairUsedAgain(t *testing.T) {
	for _, disorder := range []bool{false, true} {
		s := newScript()
		for i, isn := range [][2]tcp.Seq{{1000, 500000}, {0x70000000, 0x30000000}, {900, 499000}} {
			s.isn, s.next = isn, [2]uint32{1, 1}
			from := len(s.segs)
			s.handshake().download(30)
			s.add(0, tcp.FIN|tcp.ACK, 1, 30001, 0)
			s.wait(ms)
			s.add(1, tcp.FIN|tcp.ACK, 30001, 2, 0)
			s.wait(ms / 50)
			s.out(2, 30002, 0)
			s.wait(int64(1+i*400) * ms)
			for k := from + 5; disorder && k < from+60; k += 6 {
				swapLate(s.segs, k, ms/10)
			}
		}
		frames, placed, _ := repaired(t, s.segs, Options{})
		wantOrder(t, frames, len(s.segs))
		if !disorder {
			wantUntouched(t, s.segs, placed)
		}
		if n := countLeft(placed); n > 0 {
			t.Errorf("disorder %v: got %d violations left, want none", disorder, n)
		}
	}
}

// A capture that starts in mid-flow: its first ACKs cover bytes never seen, which
// are no drops and no reason to move.
func TestCaptureStartsInMidFlow(t *testing.T) {
	s := newScript().handshake().download(20).upload(20)
	s.disordered(false)
	for _, from := range []int{4, 15, 44, 51} {
		segs := append([]tcp.Segment(nil), s.segs[from:]...)
		frames, placed, _ := repaired(t, segs, Options{})
		for i, p := range placed {
			if p.Left || p.Excused {
				t.Errorf("from %d, packet %d: got left %v (%v), excused %v, want neither", from, i, p.Left, p.Law, p.Excused)
			}
		}
		for i, frame := range frames {
			if want := int64(from + i + 1); frame != want {
				t.Fatalf("from %d, packet %d: got frame %d, want %d", from, i, frame, want)
			}
		}
	}
}
