package reorder

import (
	"cmp"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

func TestTrueOrderStays(t *testing.T) {
	s := newScript().handshake().download(50)
	_, placed, p := repaired(t, s.segs, Options{})
	wantUntouched(t, s.segs, placed)
	if p.Broken() {
		t.Errorf("violations in a true capture: got %v, want none", p.Violations)
	}
}

func TestResponseBeforeItsCause(t *testing.T) {
	s := newScript().handshake().download(50)
	for i := 5; i < 95; i += 6 {
		swapLate(s.segs, i, ms/10)
	}
	frames, placed, _ := repaired(t, s.segs, Options{})
	wantOrder(t, frames, len(s.segs))
	for i := 1; i < len(placed); i++ {
		if placed[i].Stamp < placed[i-1].Stamp {
			t.Errorf("packet %d: stamp %d is before that of the one in front", i, placed[i].Stamp)
		}
	}
}

func TestResponseBeforeAWholeBatch(t *testing.T) {
	s := newScript().handshake()
	for i := range uint32(40) {
		at := 1 + i*4000
		for k := range uint32(4) {
			s.in(at+k*1000, 1, 1000)
			s.wait(ms / 1000)
		}
		s.out(1, at+4000, 0)
		s.wait(ms)
	}
	truth := append([]Segment(nil), s.segs...)
	for at := 3; at+4 < len(s.segs); at += 10 { // the ACK overtakes its batch
		ack := s.segs[at+4]
		copy(s.segs[at+1:at+5], s.segs[at:at+4])
		ack.Stamp = s.segs[at].Stamp
		s.segs[at] = ack
	}
	frames, _, _ := repaired(t, s.segs, Options{})
	wantOrder(t, frames, len(truth))
}

// Trap 1.
func TestRetransmissionOfADroppedOriginalStays(t *testing.T) {
	s := newScript().handshake().download(20)
	s.out(1, 20001, 1000)    // dropped by the capture below
	s.out(1001, 20001, 1000) // seen
	s.wait(200 * ms)
	s.out(1, 20001, 1000)
	s.wait(10 * ms)
	s.in(20001, 2001, 0)
	n := len(s.segs)
	segs := append(s.segs[:n-4:n-4], s.segs[n-3:]...)
	_, placed, _ := repaired(t, segs, Options{})
	wantUntouched(t, segs, placed)
}

// Trap 2.
func TestClockStepBack(t *testing.T) {
	s := newScript().handshake().download(40)
	for i := 40; i < len(s.segs); i++ {
		s.segs[i].Stamp -= 1000 * ms
	}
	_, placed, p := repaired(t, s.segs, Options{})
	wantUntouched(t, s.segs, placed)
	if p.Basis != FileOrder {
		t.Errorf("basis: got %v, want file", p.Basis)
	}
}

// Trap 3.
func TestCoarseClockIsRepairedInsideATick(t *testing.T) {
	const tick = 15600000
	s := newScript().handshake().download(2000)
	for i := range s.segs {
		s.segs[i].Stamp -= s.segs[i].Stamp % tick
	}
	truth := append([]Segment(nil), s.segs...)
	_, placed, _ := repaired(t, truth, Options{})
	wantUntouched(t, truth, placed)
	for i := 5; i < 700; i += 8 {
		if s.segs[i].Stamp == s.segs[i+1].Stamp {
			s.segs[i], s.segs[i+1] = s.segs[i+1], s.segs[i]
		}
	}
	frames, placed, p := repaired(t, s.segs, Options{})
	wantOrder(t, frames, len(s.segs))
	if p.Tick != tick {
		t.Errorf("tick: got %d, want %d", p.Tick, int64(tick))
	}
	for i, pl := range placed {
		if pl.Stamp != truth[i].Stamp {
			t.Errorf("packet %d: got stamp %d, want %d: no times are invented inside a tick", i, pl.Stamp, truth[i].Stamp)
		}
	}
}

// Trap 4.
func TestStallBetweenAnInvertedPair(t *testing.T) {
	s := newScript().handshake().download(200)
	for i := 5; i < 300; i += 6 {
		swapLate(s.segs, i, ms/10)
	}
	// The reader stalls after the response at 303 and then drains 20 packets.
	s.segs[303], s.segs[304] = s.segs[304], s.segs[303]
	for i := 304; i < 330; i++ {
		s.segs[i].Stamp = s.segs[303].Stamp + 12*ms + int64(i-304)*ms/1000
	}
	for i := 330; i < len(s.segs); i++ {
		s.segs[i].Stamp += 12 * ms
	}
	frames, _, _ := repaired(t, s.segs, Options{})
	wantOrder(t, frames, len(s.segs))
}

// Trap 5.
func TestGenuineReorderingStays(t *testing.T) {
	for _, sack := range []bool{true, false} {
		s := newScript().handshake().download(20)
		s.in(21001, 1, 1000) // overtook 20001
		s.wait(ms / 50)
		dup := s.out(1, 20001, 0)
		if sack {
			s.sacks(dup, 21001, 22001)
		}
		s.wait(ms / 10)
		s.in(20001, 1, 1000)
		s.wait(ms / 50)
		s.out(1, 22001, 0)
		_, placed, _ := repaired(t, s.segs, Options{})
		wantUntouched(t, s.segs, placed)
	}
}

// Trap 7.
func TestInvertedAcksLeaveNothingBehind(t *testing.T) {
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
	frames, _, p := repaired(t, s.segs, Options{})
	wantOrder(t, frames, len(s.segs))
	if p.Violations[OutAck] == 0 {
		t.Errorf("violations of out-ack: got none, want some (%v)", p.Violations)
	}
}

// Trap 8.
func TestContradictionMovesNothing(t *testing.T) {
	s := newScript().handshake().download(20)
	// Two packets that each acknowledge the other's bytes: no order satisfies both.
	s.out(1, 21001, 1000)
	s.in(20001, 1001, 1000)
	_, placed, _ := repaired(t, s.segs, Options{})
	wantUntouched(t, s.segs, placed)
	left := 0
	for _, p := range placed {
		if p.Left {
			left++
		}
	}
	if left == 0 {
		t.Error("violations left: got none, want the contradiction reported")
	}
}

// Trap 9.
func TestSequenceWrap(t *testing.T) {
	s := newScript()
	s.isn = [2]tcp.Seq{0xFFFFF000, 0xFFFFE000}
	s.handshake().download(50)
	for i := 5; i < 95; i += 6 {
		swapLate(s.segs, i, ms/10)
	}
	frames, _, _ := repaired(t, s.segs, Options{})
	wantOrder(t, frames, len(s.segs))
}

// Trap 11.
func TestPortPairUsedAgain(t *testing.T) {
	s := newScript().handshake().download(10)
	s.add(0, tcp.FIN|tcp.ACK, 1, 10001, 0)
	s.wait(ms)
	s.add(1, tcp.FIN|tcp.ACK, 10001, 2, 0)
	s.wait(ms / 50)
	s.out(2, 10002, 0)
	s.wait(500 * ms)
	s.isn = [2]tcp.Seq{0x70000000, 0x30000000}
	s.handshake().download(10)
	_, placed, _ := repaired(t, s.segs, Options{})
	wantUntouched(t, s.segs, placed)
}

// Trap 13.
func TestOffloadRecordAckedInPieces(t *testing.T) {
	s := newScript().handshake()
	for i := range uint32(10) {
		at := 1 + i*64000
		s.out(at, 1, 64000)
		s.wait(ms)
		for k := uint32(1); k <= 40; k++ {
			s.in(1, at+k*1600, 0)
			s.wait(ms / 100)
		}
	}
	truth := append([]Segment(nil), s.segs...)
	_, placed, _ := repaired(t, truth, Options{})
	wantUntouched(t, truth, placed)
	for at := 3; at < len(s.segs); at += 41 {
		swapLate(s.segs, at, ms/20)
	}
	frames, _, _ := repaired(t, s.segs, Options{})
	wantOrder(t, frames, len(s.segs))
}

// Trap 16.
func TestInboundAckBeforeTheDataItAcks(t *testing.T) {
	s := newScript().handshake()
	for i := range uint32(50) {
		s.out(1+i*1000, 1, 1000)
		s.wait(ms / 5)
		s.in(1, 1001+i*1000, 0)
		s.wait(ms)
	}
	for i := 5; i < 90; i += 6 {
		swapLate(s.segs, i, ms/10)
	}
	frames, _, _ := repaired(t, s.segs, Options{})
	wantOrder(t, frames, len(s.segs))
}

// Trap 18.
func TestSynAckAgainAndArbitraryReset(t *testing.T) {
	s := newScript()
	s.add(0, tcp.SYN, 0, 0, 0)
	s.wait(10 * ms)
	s.add(1, tcp.SYN|tcp.ACK, 0, 1, 0)
	s.wait(1000 * ms)
	s.add(1, tcp.SYN|tcp.ACK, 0, 1, 0)
	s.wait(ms / 50)
	s.out(1, 1, 0)
	s.wait(ms).download(10)
	s.add(0, tcp.RST|tcp.ACK, 1, 4000, 0)
	s.add(0, tcp.RST, 77777, 0, 0)
	s.add(1, tcp.FIN|tcp.ACK, 99999, 1, 0)
	_, placed, _ := repaired(t, s.segs, Options{})
	wantUntouched(t, s.segs, placed)
}

// Trap 20.
func TestLoopback(t *testing.T) {
	s := newScript().handshake()
	for i := range uint32(50) {
		s.out(1+i*100, 1+i*1000, 100)
		s.wait(ms / 100)
		s.in(1+i*1000, 101+i*100, 1000)
		s.wait(ms / 100)
		s.out(101+i*100, 1001+i*1000, 0)
		s.wait(ms)
	}
	for i := range s.segs {
		s.segs[i].Outbound = tcp.Both
	}
	for i := 4; i < 140; i += 6 { // the data and the ACK for it
		swapLate(s.segs, i, ms/20)
	}
	frames, _, _ := repaired(t, s.segs, Options{})
	wantOrder(t, frames, len(s.segs))
}

// Trap 21.
func TestBackwardStampsAloneMoveNothing(t *testing.T) {
	s := newScript().handshake().download(50)
	for i := 10; i < 90; i += 7 {
		s.segs[i].Stamp -= ms
	}
	_, placed, _ := repaired(t, s.segs, Options{})
	wantUntouched(t, s.segs, placed)
}

// Trap 28.
func TestMirroredPacketsStay(t *testing.T) {
	s := newScript().handshake()
	for i := range uint32(200) {
		s.in(1+i*1000, 1, 1000)
		s.wait(ms / 100)
		s.out(1+i*10, 1001+i*1000, 10)
		s.wait(ms / 60)
	}
	var twice []Segment
	for _, seg := range s.segs {
		copied := seg
		copied.Stamp += ms / 20
		twice = append(twice, seg, copied)
	}
	slices.SortStableFunc(twice, func(a, b Segment) int { return cmp.Compare(a.Stamp, b.Stamp) })
	for i := range twice {
		twice[i].Frame = int64(i + 1)
	}
	_, placed, p := repaired(t, twice, Options{})
	wantUntouched(t, twice, placed)
	if !p.Copies {
		t.Error("copies: got false, want the second observation point recognised")
	}
}

// Trap 29.
func TestMidPathNeedsAckOrSack(t *testing.T) {
	s := newScript().handshake().download(50)
	for i := range s.segs {
		s.segs[i].Outbound = tcp.Unproven
	}
	// ACKs overtook each other in the network before the tap.
	for i := 12; i < 90; i += 10 {
		s.segs[i], s.segs[i+2] = s.segs[i+2], s.segs[i]
		s.segs[i].Stamp, s.segs[i+2].Stamp = s.segs[i+2].Stamp, s.segs[i].Stamp
	}
	var acks []Segment // the data, too, came by another way: no ACK or SACK law can speak
	for _, seg := range s.segs {
		if seg.Dir == 0 {
			acks = append(acks, seg)
		}
	}
	_, placed, _ := repaired(t, acks, Options{})
	wantUntouched(t, acks, placed)
}

func TestLawsCanBeSwitchedOff(t *testing.T) {
	s := newScript().handshake().download(50)
	for i := 5; i < 95; i += 6 {
		swapLate(s.segs, i, ms/10)
	}
	_, placed, _ := repaired(t, s.segs, Options{Without: LawNames()})
	wantUntouched(t, s.segs, placed)
	if err := (Options{Without: []string{"gravity"}}).Validate(); err == nil {
		t.Error("unknown law: got no error")
	}
}
