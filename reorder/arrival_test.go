package reorder

import (
	"fmt"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// beyondHole appends segments of the peer's beyond a hole at the number; the host
// answers each with an ACK whose first block has grown by it.
func (s *script) beyondHole(hole uint32, n int, others ...uint32) {
	for i := range uint32(n) {
		s.in(hole+1000*(i+1), s.next[0], 1000)
		s.wait(ms / 100)
		ack := s.out(s.next[0], hole, 0)
		s.sacks(ack, append([]uint32{hole + 1000, hole + 1000*(i+2)}, others...)...)
		s.wait(ms / 100)
	}
}

// An ACK was stamped after the segment that came next. It doesn't report that, so it
// came before: its option has room, a block would have grown, the first block holds
// what came last, and without SACK it is the byte that it asks for.
func TestLateACKsComeBeforeWhatTheyShowAbsent(t *testing.T) {
	full := []uint32{2, 3, 4, 5, 6, 7} // three more blocks: no room
	tests := []struct {
		name   string
		others []uint32
	}{{"room", nil}, {"full option", full}}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newScript().handshake().disordered(true)
			hole := s.next[1]
			first := len(s.segs)
			s.beyondHole(hole, 4, test.others...)
			swapLate(s.segs, first+3, ms/50) // the second ACK and the third segment
			wantTruth(t, s.segs, "arrival")
		})
	}
}

// Segments that overtook each other in the network stay so where an ACK between them
// shows it, though its option is full and none of its blocks touches the later one.
func TestFirstBlockShowsReordering(t *testing.T) {
	s := newScript().handshake().disordered(true)
	hole := s.next[1]
	s.beyondHole(hole, 3)
	// A segment is overtaken by the next but one.
	s.in(hole+6000, s.next[0], 1000)
	s.wait(ms / 100)
	s.sacks(s.out(s.next[0], hole, 0), hole+6000, hole+7000, hole+1000, hole+4000)
	s.wait(ms / 100)
	s.in(hole+4000, s.next[0], 1000)
	s.wait(ms / 100)
	s.sacks(s.out(s.next[0], hole, 0), hole+1000, hole+5000, hole+6000, hole+7000)
	s.wait(ms / 100)
	swapLate(s.segs, len(s.segs)-3, ms/50) // the ACK and the one overtaken
	wantTruth(t, s.segs, "arrival")
}

// Where the host's ACKs are late all the time, they are no log: that is the vantage.
func TestLateACKsBelowTheStackAreNoLog(t *testing.T) {
	survey := func(late int) Profile {
		s := newScript().handshake().disordered(true)
		for range late {
			s.in(s.next[1], s.next[0], 1000)
			s.in(s.next[1]+1000, s.next[0], 1000)
			s.wait(ms / 50)
			s.out(s.next[0], s.next[1]+1000, 0)
			s.wait(ms / 50)
			s.out(s.next[0], s.next[1]+2000, 0)
			s.next[1] += 2000
			s.wait(ms)
		}
		_, _, p := repaired(t, s.segs, Options{})
		return p
	}
	if p := survey(3); !p.LogMandate || !p.ThreadMandate {
		t.Errorf("three late ACKs: got %+v, want a mandate", p)
	}
	if p := survey(300); p.LogMandate || !p.ThreadMandate {
		t.Errorf("three hundred late ACKs: got %+v, want no mandate for the log", p)
	}
}

// Without SACK a segment that is stamped late was delayed by the capture if the host
// has repeated an ACK for it in time, and by the network if it hasn't: also where all have
// the stamp of one tick, and only their order in the file tells.
func TestRepeatedACKsTellWhoDelayed(t *testing.T) {
	for _, test := range []struct {
		network bool
		tick    int64
	}{{false, 0}, {true, 0}, {false, 10 * ms}, {true, 10 * ms}} {
		network := test.network
		t.Run(fmt.Sprintf("network %v, tick %d", network, test.tick), func(t *testing.T) {
			s := newScript()
			hole := s.handshake().disordered(true).next[1]
			late := hole + 10_000
			beyond := func(seq uint32) {
				s.in(seq, s.next[0], 1000)
				s.wait(ms / 100)
				s.out(s.next[0], hole, 0)
				s.wait(ms / 100)
			}
			s.out(s.next[0], hole, 0)
			at := 0
			for seq := hole + 1000; seq < hole+30_000; seq += 1000 {
				if seq == late && network {
					continue
				}
				if seq == late {
					at = len(s.segs)
				}
				beyond(seq)
				if seq == hole+20_000 {
					s.wait(ms / 5)
				}
			}
			if network {
				beyond(late)
			}
			s.wait(ms)
			s.in(hole, s.next[0], 1000)
			s.wait(ms / 100)
			s.out(s.next[0], hole+30_000, 0)
			segs := withoutSACK(s.segs)
			if !network { // recorded after all that came beyond the hole
				seg := segs[at]
				end := len(segs) - 2
				seg.Stamp = segs[end].Stamp - ms/2
				segs = slices.Insert(slices.Delete(segs, at, at+1), end-1, seg)
			}
			for i := range segs {
				segs[i].Stamp = floor(segs[i].Stamp, test.tick)
			}
			b := counted(segs, test.tick)
			n := slices.IndexFunc(segs, func(x tcp.Segment) bool { return x.Seq == s.isn[1].Add(late) })
			if b.delayed[n] != network {
				t.Errorf("delayed by the network: got %v, want %v", b.delayed[n], network)
			}
		})
	}
}

// logged is the profile of a capture whose log may be read.
func logged(tick int64) Profile {
	return Profile{Tick: tick, Gate: 10 * ms, Usual: ms / 100, Crossing: ms / 4, ThreadJitter: 5 * ms, ThreadMandate: true, LogMandate: true,
		Violations: [NumLaws]int64{LawOutAck: mandateFrom}}
}

// counted reads the log of a connection without SACK.
func counted(segs []tcp.Segment, tick int64) *builder {
	r, err := newOrderer(logged(tick), Options{}, func(Placement) {})
	if err != nil {
		panic(err)
	}
	for i := range segs {
		r.Push(&Packet{Stamp: segs[i].Stamp, Segment: (*Segment)(&segs[i])})
	}
	r.readClock()
	r.constrain()
	return &r.build
}

func floor(stamp, tick int64) int64 {
	if tick == 0 {
		return stamp
	}
	return stamp - stamp%tick
}

// All ACKs that ask for a segment come before it, also equal ones of which one is stamped
// later than the others.
func TestRepeatedACKsBeforeWhatTheyAskFor(t *testing.T) {
	s := newScript()
	hole := s.handshake().disordered(true).next[1]
	s.out(s.next[0], hole, 0)
	for seq := hole + 1000; seq < hole+4000; seq += 1000 {
		s.in(seq, s.next[0], 1000)
		s.wait(ms / 100)
		s.out(s.next[0], hole, 0)
		s.wait(ms / 100)
	}
	s.in(hole, s.next[0], 1000)
	s.wait(ms / 100)
	s.out(s.next[0], hole+4000, 0)
	segs := withoutSACK(s.segs)
	fill := len(segs) - 2
	for _, ack := range []int{fill - 1, fill - 3} { // stamped after the fill
		moved := segs[ack]
		moved.Stamp = segs[fill].Stamp + ms/200
		segs = slices.Insert(slices.Delete(segs, ack, ack+1), fill, moved)
	}
	seen := false
	for _, p := range placedAs(t, segs, logged(0)) {
		switch seg := &segs[p.Index]; {
		case seg.Dir == 1 && seg.Len > 0 && seg.Seq == s.isn[1].Add(hole):
			seen = true
		case seen && seg.Dir == 0 && seg.Ack == s.isn[1].Add(hole):
			t.Errorf("an ACK that asks for the segment, %d of the file, comes after it", p.Index+1)
		}
	}
	if !seen {
		t.Error("the segment is not there")
	}
}

// Delays that the host's packets don't have, or seldom, are the network's.
func TestCrossing(t *testing.T) {
	tests := []struct {
		name          string
		out, in       []int64 // late packets, by delay: 16, 128 and 1024 us
		outAll, inAll int     // packets that follow others within 8 us
		network       int     // how many of the delays are, the longest ones
	}{
		{"no more than among the host's", []int64{100, 20, 10}, []int64{100, 20, 10}, 0, 0, 0},
		{"the far ones are the network's", []int64{100, 20, 10}, []int64{100, 20, 100}, 0, 0, 1},
		{"near the usual ones they are the capture's", []int64{100, 20, 10}, []int64{100, 200, 100}, 0, 0, 1},
		{"too few to tell", []int64{100, 0, 0}, []int64{100, 4, 3}, 0, 0, 0},
		{"as many as packets, twice", []int64{100, 20, 10}, []int64{200, 40, 20}, 0, 0, 0},
		{"the host's are too few to scale", []int64{6, 2, 2}, []int64{60, 20, 20}, 500, 500, 3},
		{"the same, ten times as many packets", []int64{6, 2, 2}, []int64{60, 20, 20}, 500, 5000, 0},
		{"the same, and few at usual delays", []int64{6, 4, 0}, []int64{6, 4, 20}, 500, 500, 1},
	}
	delays := []int64{16_000, 128_000, 1_024_000}
	for _, test := range tests {
		var m swapMeter
		for i, delay := range delays {
			for range test.out[i] {
				m.by[0].late.Add(delay)
			}
			for range test.in[i] {
				m.by[1].late.Add(delay)
			}
		}
		for range test.outAll {
			m.by[0].gaps.Add(8_000)
		}
		for range test.inAll {
			m.by[1].gaps.Add(8_000)
		}
		crossing, network := m.crossing(2_000_000), 0
		for _, delay := range delays {
			if delay > crossing {
				network++
			}
		}
		if network != test.network {
			t.Errorf("%s: got the %d longest delays as the network's, from %d ns on, want %d", test.name, network, crossing, test.network)
		}
	}
	if _, p := ordered(t, newScript().handshake().download(20).segs); p.Crossing != p.Gate || p.Usual != 0 || p.Longest != 0 {
		t.Errorf("no swaps: got delays from %d ns on as the network's, %d usual and %d at most, want them from the gate of %d on and 0", p.Crossing, p.Usual, p.Longest, p.Gate)
	}
}

// A SYN is in the file after several segments of its sender's first flight, not
// the first of them foremost: it is the same connection.
func TestSYNAfterTheFirstFlight(t *testing.T) {
	s := newScript().handshake().download(6)
	s.segs[4], s.segs[3] = s.segs[3], s.segs[4]
	synAck := s.segs[1]
	segs := slices.Insert(slices.Delete(s.segs, 1, 2), 6, synAck)
	var track tracker
	for i := range segs {
		it := item{seg: segs[i]}
		if track.note(&it); it.epoch != 0 || it.late {
			t.Errorf("packet %d: got incarnation %d, late %v, want the first one", i, it.epoch, it.late)
		}
	}
}

// A second copy is far after the D-SACK for it, as in a batch that responses
// overtake: the first copy is still no retransmission of a dropped original.
func TestCopyFarBehindItsDSACK(t *testing.T) {
	s := newScript()
	s.handshake().disordered(true)
	at := s.next[1]
	first := len(s.segs)
	s.in(at, s.next[0], 1000)
	s.wait(ms / 50)
	s.out(s.next[0], at+1000, 0)
	s.wait(ms)
	s.sacks(s.out(s.next[0], at+1000, 0), at, at+1000)
	for range 2 * excuseAhead {
		s.wait(ms / 1000)
		s.in(s.next[1]+5000, s.next[0], 0)
	}
	s.in(at, s.next[0], 1000)
	segs := slices.Clone(s.segs)
	swapLate(segs, first, ms/50) // the ACK before the first copy
	b := counted(segs, 0)
	if n := first + 1; b.excused[n] || !b.items[n].doubt.has(LawAck) {
		t.Errorf("the first copy: got excused %v, doubt %b, want it in doubt and not excused", b.excused[n], b.items[n].doubt)
	}
}

func TestNextUnseenSkipsWhatWasShown(t *testing.T) {
	b := builder{arrived: make([]interval, 9), unseen: make([]int32, 10)}
	for k := range b.unseen {
		b.unseen[k] = int32(k)
	}
	for at, k := range []int{3, 4, 2, 8, 5} {
		b.present(k, at, -1)
	}
	for k, want := range []int{0, 1, 6, 6, 6, 6, 6, 7, 9, 9} {
		if got := b.nextUnseen(k); got != want {
			t.Errorf("from %d: got %d, want %d", k, got, want)
		}
	}
	b.present(3, 7, 6)
	if got := b.arrived[3].high; got != 0 {
		t.Errorf("shown again: got entry %d, want the first one to count", got)
	}
}

func TestSentBeforeReadsWhatNeverFalls(t *testing.T) {
	s := newScript()
	seg := func(seq, ack, length uint32, tsval uint32, edges ...uint32) tcp.Segment {
		x := *s.out(seq, ack, length)
		x.HasTS, x.TSval = tsval > 0, tsval
		s.sacks(&x, edges...)
		return x
	}
	tests := []struct {
		name  string
		first tcp.Segment
		then  tcp.Segment
	}{
		{"ACK number", seg(1, 1000, 0, 7), seg(1, 2000, 0, 7)},
		{"timestamp", seg(1, 1000, 0, 7), seg(1, 1000, 0, 8)},
		{"sequence number", seg(1, 1000, 0, 7), seg(501, 1000, 0, 7)},
		{"bare before data", seg(1, 1000, 0, 7), seg(1, 1000, 500, 7)},
		{"first block", seg(1, 1000, 0, 0), seg(1, 1000, 0, 0, 2000, 3000)},
		{"block that grew", seg(1, 1000, 0, 0, 2000, 3000), seg(1, 1000, 0, 0, 2000, 4000)},
		{"another block first", seg(1, 1000, 0, 0, 2000, 3000), seg(1, 1000, 0, 0, 5000, 6000, 2000, 3000)},
	}
	for _, test := range tests {
		b := builder{items: []item{{seg: test.first}, {seg: test.then}}}
		if !b.sentBefore(0, 1) || b.sentBefore(1, 0) {
			t.Errorf("%s: got %v and %v, want true and false", test.name, b.sentBefore(0, 1), b.sentBefore(1, 0))
		}
	}
	if b := (builder{items: []item{{seg: tests[0].first}, {seg: tests[0].first}}}); b.sentBefore(0, 1) {
		t.Error("equal ones: got an order, want none")
	}
}
