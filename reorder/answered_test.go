package reorder

import (
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// filledHole is a connection without SACK: four segments beyond a hole, each of which the
// host answers, what fills the hole and, sent again, the first two of those beyond it.
func filledHole() (segs []tcp.Segment, last, fill, ack, first, second int) {
	s := newScript()
	hole := s.handshake().disordered(true).next[1]
	answered := func(seq, number uint32) (at int) {
		s.in(seq, s.next[0], 1000)
		s.wait(ms / 100)
		s.out(s.next[0], number, 0)
		s.wait(ms / 100)
		return len(s.segs) - 2
	}
	s.out(s.next[0], hole, 0)
	for seq := hole + 1000; seq <= hole+4000; seq += 1000 {
		last = answered(seq, hole)
	}
	fill = answered(hole, hole+5000)
	first, second = answered(hole+1000, hole+5000), answered(hole+2000, hole+5000)
	return withoutSACK(s.segs), last, fill, fill + 1, first, second
}

// moveTo records packet from right after packet to, and returns the packets.
func moveTo(segs []tcp.Segment, from, to int) []tcp.Segment {
	late := segs[from]
	late.Stamp = segs[to].Stamp + ms/200
	segs = slices.Insert(slices.Clone(segs), to+1, late)
	return slices.Delete(segs, from, from+1)
}

// wantBefore places the packets, of which frames tell the true place, and checks that one
// of these comes before another; without the law it does not.
func wantBefore(t *testing.T, segs []tcp.Segment, before, after int, without string) {
	t.Helper()
	for _, o := range []Options{{}, {Without: []Law{lawNamed(t, without)}}} {
		var frames []int64
		r, err := NewOrderer(logged(0), o, func(p Placement) { frames = append(frames, segs[p.Index].Frame) })
		if err != nil {
			t.Fatal(err)
		}
		for i := range segs {
			r.Push(&Packet{Stamp: segs[i].Stamp, Segment: (*Segment)(&segs[i])})
		}
		r.Barrier()
		right := slices.Index(frames, int64(before+1)) < slices.Index(frames, int64(after+1))
		if want := len(o.Without) == 0; right != want {
			t.Errorf("without %q: frame %d before %d: got %v, want %v", o.Without, before+1, after+1, right, want)
		}
	}
}

// What fills a hole came after all that its ACK covers, however stamps have it.
func TestWhatFillsAHoleCameLast(t *testing.T) {
	segs, last, fill, _, _, _ := filledHole()
	wantBefore(t, moveTo(segs, last, fill), last, fill, "answered")
}

// What is sent again after that and answered came after the ACK.
func TestRepetitionsAfterTheACKForWhatFillsAHole(t *testing.T) {
	segs, _, _, ack, first, _ := filledHole()
	wantBefore(t, moveTo(segs, ack, first), ack, first, "answered")
}

// A sender repeats in sequence.
func TestRepetitionsInSequence(t *testing.T) {
	segs, _, _, _, first, second := filledHole()
	wantBefore(t, moveTo(segs, first, second), first, second, "in-seq")
}

// An ACK that is repeated for another window, or long before, is no answer: what comes next
// fills no hole.
func TestRepeatedACKsThatAreNoAnswers(t *testing.T) {
	for _, test := range []struct {
		name   string
		window uint16 // by so much narrower
		later  int64
	}{{"a window update", 1, ms / 100}, {"long before", 0, ms}} {
		s := newScript()
		at := s.handshake().disordered(true).next[1]
		s.out(s.next[0], at, 0).Window -= test.window
		s.wait(test.later)
		first := len(s.segs)
		for range 3 {
			s.in(s.next[1], s.next[0], 1000)
			s.next[1] += 1000
			s.wait(ms / 100)
		}
		s.out(s.next[0], s.next[1], 0)
		segs := withoutSACK(s.segs)
		for i, p := range placedAs(t, segs, logged(0)) {
			if i >= first && p.Index != int64(i) {
				t.Errorf("%s: packet %d: got %d in its place", test.name, i+1, p.Index+1)
			}
		}
	}
}
