package reorder

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// One record of 64,000 bytes is acknowledged in forty pieces, and sent again in
// segments that overlap it.
func TestOffloadRecordAckedInPieces(t *testing.T) {
	s := newScript().handshake()
	for i := range uint32(20) {
		at := 1 + i*64000
		s.out(at, 1, 64000)
		s.wait(ms)
		for k := uint32(1); k <= 40; k++ {
			s.in(1, at+k*1600, 0)
			s.wait(ms / 100)
			if i%7 == 3 && k == 20 { // lost: sent again at MSS boundaries
				s.wait(300 * ms)
				s.out(at+k*1600, 1, 1600)
				s.wait(10 * ms)
			}
		}
	}
	truth := append([]tcp.Segment(nil), s.segs...)
	_, placed, _ := repaired(t, truth, Options{})
	wantUntouched(t, truth, placed)
	for i := 0; i < len(s.segs); i++ {
		if s.segs[i].Len == 64000 {
			swapLate(s.segs, i, ms/20+ms)
			i++
		}
	}
	wantTruth(t, s.segs, "ack")
}

// A coalesced record larger than the MTU, with a stale checksum, is acknowledged
// in its middle and at its end: both ACKs come after it.
func TestCoalescedRecord(t *testing.T) {
	s := newScript().handshake()
	for i := range uint32(40) {
		at := 1 + i*7240
		s.in(at, 1, 7240).Sum = 0xBAD
		s.wait(ms / 50)
		s.out(1, at+2896, 0)
		s.wait(ms / 100)
		s.out(1, at+7240, 0)
		s.wait(ms)
	}
	truth := append([]tcp.Segment(nil), s.segs...)
	_, placed, _ := repaired(t, truth, Options{})
	wantUntouched(t, truth, placed)
	for i := 3; i+2 < len(s.segs); i += 6 { // after both of its ACKs
		late := s.segs[i]
		late.Stamp = s.segs[i+2].Stamp + ms/50
		copy(s.segs[i:], s.segs[i+1:i+3])
		s.segs[i+2] = late
	}
	wantTruth(t, s.segs, "ack")
}

// A delayed ACK echoes the older of two TSvals: the law says that some packet with
// that TSval came before, never that the newer ones come after.
func TestDelayedAckEchoesAnOlderTSval(t *testing.T) {
	s := newScript()
	s.tsval = true
	s.handshake().disordered(true)
	before := len(s.segs)
	for range 20 {
		at := s.next[1]
		old := s.in(at, s.next[0], 1000).TSval
		s.wait(3 * ms)
		s.in(at+1000, s.next[0], 1000)
		s.wait(ms / 50)
		s.next[1] += 2000
		ack := s.out(s.next[0], s.next[1], 0)
		ack.TSecr = old
		s.wait(ms)
	}
	_, placed, p := repaired(t, s.segs, Options{})
	if !p.QueueMandate {
		t.Fatal("mandate of tsecr: got none, want the law at work")
	}
	if !inPlace(placed, before) {
		t.Error("got packets moved, want all in place")
	}
	s.segs[before+2].TSecr++ // now the packet that it echoes is the second one
	swapLate(s.segs, before+1, ms/20)
	wantTruth(t, s.segs, "")
}

// The peer's ACK is before the data of the host's that it acknowledges.
func TestInboundAckBeforeItsData(t *testing.T) {
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
	wantTruth(t, s.segs, "ack")
}

// A DNS query is asked twice with one id and answered once: the second one stays
// where it is. A query whose only copy comes after its answer moves.
func TestQueryAskedTwice(t *testing.T) {
	ask := func(at int64, id uint64) Packet { return Packet{Stamp: at, Cause: id} }
	answer := func(at int64, id uint64) Packet { return Packet{Stamp: at, Effect: id, By: LawDNS} }
	var packets []Packet
	now := int64(1e18)
	for id := uint64(1); id < 60; id++ {
		now += 20 * ms
		switch id % 3 {
		case 0: // asked again, then answered
			packets = append(packets, ask(now, id), ask(now+ms, id), answer(now+2*ms, id))
		case 1: // the answer to the first was on its way
			packets = append(packets, ask(now, id), answer(now+ms/20, id), ask(now+ms/10, id))
		case 2:
			packets = append(packets, answer(now, id), ask(now+ms/20, id))
		}
	}
	for i, p := range placedOf(t, packets) {
		want := int64(i)
		if id := packets[i].Cause | packets[i].Effect; id%3 == 2 {
			want = int64(i + 1)
			if packets[i].Cause != 0 {
				want = int64(i - 1)
			}
		}
		if p.Index != want {
			t.Errorf("place %d: got packet %d, want %d", i, p.Index, want)
		}
	}
}

// placedOf runs both passes over packets of any kind.
func placedOf(t testing.TB, packets []Packet) (placed []Placement) {
	t.Helper()
	survey, err := NewSurvey(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range packets {
		survey.Push(&packets[i])
	}
	r, err := NewOrderer(survey.Profile(), Options{}, func(p Placement) { placed = append(placed, p) })
	if err != nil {
		t.Fatal(err)
	}
	for i := range packets {
		r.Push(&packets[i])
	}
	r.Barrier()
	return placed
}

// A SYN/ACK sent again, resets with arbitrary numbers, a FIN beyond data that was
// never seen: in order as they stand, also in a capture that is disordered.
func TestSynAckAgainAndArbitraryReset(t *testing.T) {
	for _, disorder := range []bool{false, true} {
		s := newScript()
		s.add(0, tcp.SYN, 0, 0, 0)
		s.wait(10 * ms)
		s.add(1, tcp.SYN|tcp.ACK, 0, 1, 0)
		s.wait(1000 * ms)
		s.add(1, tcp.SYN|tcp.ACK, 0, 1, 0)
		s.wait(ms / 50)
		s.out(1, 1, 0)
		s.wait(ms)
		if disorder {
			s.disordered(true)
		}
		s.download(10)
		before := len(s.segs)
		s.add(0, tcp.RST|tcp.ACK, s.next[0], 4000, 0)
		s.add(0, tcp.RST, 77777, 0, 0)
		s.add(1, tcp.FIN|tcp.ACK, 999999, 1, 0)
		_, placed, _ := repaired(t, s.segs, Options{})
		if disorder && !inPlace(placed, before) {
			t.Error("in a disordered capture: got packets moved, want none")
		}
		if !disorder {
			wantUntouched(t, s.segs, placed)
		}
	}
}

// A stall longer than the window: that is counted, and no more packets are held
// than the window allows. With a window that is large enough it is repaired.
func TestStallLongerThanTheWindow(t *testing.T) {
	const window = 256
	s := newScript().handshake().disordered(true)
	segs := s.stalled()
	o := Options{Window: window}
	_, _, p := repaired(t, segs, o)
	emitted, held := 0, 0
	r, err := NewOrderer(p, o, func(Placement) { emitted++ })
	if err != nil {
		t.Fatal(err)
	}
	for i := range segs {
		r.Push(&Packet{Stamp: segs[i].Stamp, Segment: (*Segment)(&segs[i])})
		held = max(held, i+1-emitted)
	}
	r.Barrier()
	if emitted != len(segs) || held > window {
		t.Errorf("packets: got %d out and %d held, want %d and at most %d", emitted, held, len(segs), window)
	}
	if r.Stats().Forced == 0 {
		t.Error("times that the window was too small: got none, want some")
	}
	wantTruth(t, segs, "ack")
}

// stalled appends a download that is drained in one instant after a stall, its
// first segment 1,000 packets after its ACK.
func (s *script) stalled() []tcp.Segment {
	from := len(s.segs)
	s.download(2000)
	at := s.segs[from].Stamp + 10*ms
	for i := from; i < len(s.segs); i++ {
		s.segs[i].Stamp = at
	}
	first := s.segs[from]
	copy(s.segs[from:], s.segs[from+1:from+1000])
	s.segs[from+999] = first
	return s.segs
}

// Loopback: both ends are local, so the laws of what a host sends hold for both.
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
	wantTruth(t, s.segs, "ack")
}

// Backward stamps alone move nothing.
func TestBackwardStampsAlone(t *testing.T) {
	s := newScript().handshake().download(50)
	for i := 10; i < 90; i += 7 {
		s.segs[i].Stamp -= ms
	}
	_, placed, p := repaired(t, s.segs, Options{})
	wantUntouched(t, s.segs, placed)
	if p.Other == 0 {
		t.Error("violations in stamp order: got none, want some: else the stamps are no temptation")
	}
}

// Repairing what was repaired moves nothing: the output's own order and times
// break no law.
func TestRepairedAgain(t *testing.T) {
	s := newScript().handshake().disordered(true)
	_, placed, _ := repaired(t, s.segs, Options{})
	again := make([]tcp.Segment, len(placed))
	for i, p := range placed {
		again[i] = s.segs[p.Index]
		again[i].Stamp = p.Stamp
	}
	_, placed, p := repaired(t, again, Options{})
	wantUntouched(t, again, placed)
	if p.Broken() {
		t.Errorf("violations in the output: got %v, %v, want none", p.Violations, p.Unrepaired)
	}
}

// The capture saw a segment that the host's stack dropped: it is acknowledged
// only after its retransmission. What the ACKs say had not arrived moves nothing.
func TestSegmentThatTheStackDropped(t *testing.T) {
	for _, sack := range []bool{true, false} {
		s := newScript().handshake().disordered(true)
		at, before := s.next[1], len(s.segs)
		s.in(at, s.next[0], 1000) // seen, and dropped
		for k := uint32(1); k <= 4; k++ {
			s.wait(ms / 50)
			s.in(at+k*1000, s.next[0], 1000)
			s.wait(ms / 100)
			dup := s.out(s.next[0], at, 0)
			if sack {
				s.sacks(dup, at+1000, at+1000+k*1000)
			}
		}
		s.wait(17 * ms)
		s.in(at, s.next[0], 1000)
		s.wait(ms / 50)
		s.out(s.next[0], at+5000, 0)
		segs := s.segs
		if !sack {
			segs = withoutSACK(segs)
		}
		_, placed, _ := repaired(t, segs, Options{})
		if !inPlace(placed, before) {
			t.Errorf("SACK %v: got packets moved, want none", sack)
		}
	}
}

// A million copies of one segment: the constraints that are built grow with the
// window, not with its square, and no more is held than the window.
func TestAMillionCopies(t *testing.T) {
	copies := 1_000_000
	if testing.Short() {
		copies = 100_000
	}
	s := newScript().handshake().disordered(true)
	at := s.next[1]
	one := *s.in(at, s.next[0], 1000)
	ack := *s.out(s.next[0], at+1000, 0)
	ack.Stamp += ms / 100
	profile := profileOf(t, s.segs)
	emitted, held := 0, 0
	r, err := NewOrderer(profile, Options{}, func(Placement) { emitted++ })
	if err != nil {
		t.Fatal(err)
	}
	pushed := 0
	push := func(seg *tcp.Segment) {
		r.Push(&Packet{Stamp: seg.Stamp, Segment: (*Segment)(seg)})
		pushed++
		held = max(held, pushed-emitted)
	}
	for i := range s.segs[:len(s.segs)-2] {
		push(&s.segs[i])
	}
	push(&ack) // before the segment that it acknowledges, so that the flow is looked at
	for range copies {
		push(&one)
	}
	r.Barrier()
	if emitted != pushed {
		t.Errorf("packets: got %d, want %d", emitted, pushed)
	}
	if held > DefaultWindow {
		t.Errorf("packets held: got %d, want at most %d", held, DefaultWindow)
	}
	if n := cap(r.graph.edges); n > 64*DefaultWindow {
		t.Errorf("constraints: got room for %d, want a number that is linear in the window of %d", n, DefaultWindow)
	}
}

// Only one direction was recorded, as behind a firewall: nothing moves, nothing
// is taken for a drop.
func TestOneDirectionOnly(t *testing.T) {
	s := newScript().handshake().download(50).upload(50)
	for dir := range uint8(2) {
		var half []tcp.Segment
		for _, seg := range s.segs {
			if seg.Dir == dir {
				half = append(half, seg)
			}
		}
		_, placed, p := repaired(t, half, Options{})
		wantUntouched(t, half, placed)
		if p.Broken() || total(p.Explained) > 0 {
			t.Errorf("direction %d: got violations %v, explained %v, want none", dir, p.Violations, p.Explained)
		}
	}
}

// A tap in mid-path, the host unproven: nothing moves unless ack or sack is
// broken.
func TestMidPath(t *testing.T) {
	s := newScript().handshake().download(50)
	for i := range s.segs {
		s.segs[i].Outbound = tcp.Unproven
	}
	// ACKs overtook each other in the network before the tap.
	segs := append([]tcp.Segment(nil), s.segs...)
	for i := 12; i < 90; i += 10 {
		segs[i], segs[i+2] = segs[i+2], segs[i]
		segs[i].Stamp, segs[i+2].Stamp = segs[i+2].Stamp, segs[i].Stamp
	}
	var acks []tcp.Segment // the data came by another way: no ACK or SACK law can speak
	for _, seg := range segs {
		if seg.Dir == 0 {
			acks = append(acks, seg)
		}
	}
	_, placed, _ := repaired(t, acks, Options{})
	wantUntouched(t, acks, placed)

	for i := 5; i < 95; i += 6 { // here the capture has swapped them
		swapLate(s.segs, i, ms/10)
	}
	wantTruth(t, s.segs, "ack")
}

// A batch of inbound packets is seen below the stack before the ACKs for its
// first ones: nothing moves, also where the capture is disordered elsewhere.
func TestBatchBelowTheStack(t *testing.T) {
	for _, disorder := range []bool{false, true} {
		s := newScript().handshake()
		if disorder {
			s.disordered(true)
		}
		before := len(s.segs)
		for range 30 {
			first := s.next[1]
			for range 6 {
				s.in(s.next[1], s.next[0], 1000)
				s.next[1] += 1000
				s.wait(ms / 1000)
			}
			for k := uint32(1); k <= 6; k++ {
				s.wait(ms / 500)
				s.out(s.next[0], first+k*1000, 0)
			}
			s.wait(ms)
		}
		_, placed, p := repaired(t, s.segs, Options{})
		if !inPlace(placed, before) {
			t.Errorf("disorder %v: got packets of a batch moved, want none", disorder)
		}
		if !disorder && p.Broken() {
			t.Errorf("violations: got %v, want none", p.Violations)
		}
	}
}
