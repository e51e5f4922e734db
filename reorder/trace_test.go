package reorder

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// traces runs both passes with every packet watched and returns the traces by
// frame, and the places of the frames in repaired order.
func traces(t *testing.T, segs []tcp.Segment) (byFrame map[int64]Trace, place map[int64]int) {
	t.Helper()
	_, _, p := repaired(t, segs, Options{})
	place = make(map[int64]int)
	r, err := NewOrderer(p, Options{}, func(pl Placement) { place[segs[pl.Index].Frame] = len(place) })
	if err != nil {
		t.Fatal(err)
	}
	byFrame = make(map[int64]Trace)
	r.Watch(func(int64) bool { return true }, func(tr Trace) { byFrame[segs[tr.Index].Frame] = tr })
	for i := range segs {
		r.Push(&Packet{Stamp: segs[i].Stamp, Segment: (*Segment)(&segs[i])})
	}
	r.Barrier()
	if len(byFrame) != len(segs) {
		t.Fatalf("traces: got %d, want one for each of %d packets", len(byFrame), len(segs))
	}
	return byFrame, place
}

// What a trace says of two packets must be what their indices and their places
// in the output say.
func TestTracesAgreeWithTheOutput(t *testing.T) {
	s := newScript().handshake().download(300)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := 5; i+2 < len(s.segs); i += 3 + rng.IntN(4) {
		swapLate(s.segs, i, ms/10)
	}
	byFrame, place := traces(t, s.segs)
	repairs, listed := 0, 0
	for frame, tr := range byFrame {
		check := func(r Relation, first, second int64, index [2]int64) {
			listed++
			if broken := index[0] > index[1]; r.Broken != broken {
				t.Errorf("frames %d and %d, law %s: got broken %v, want %v", first, second, r.Law, r.Broken, broken)
			}
			if before := place[first] < place[second]; before != (!r.Broken || r.Repaired) {
				t.Errorf("frames %d and %d, law %s: got broken %v and repaired %v, but in the output the first is at %d, the second at %d",
					first, second, r.Law, r.Broken, r.Repaired, place[first], place[second])
			}
			if r.Segment.Frame != s.segs[r.Index].Frame {
				t.Errorf("segment of packet %d: got frame %d, want %d", r.Index, r.Segment.Frame, s.segs[r.Index].Frame)
			}
			if r.Repaired {
				repairs++
			}
		}
		for _, r := range tr.Followers {
			check(r, frame, r.Segment.Frame, [2]int64{tr.Index, r.Index})
		}
		for _, r := range tr.Causes {
			check(r, r.Segment.Frame, frame, [2]int64{r.Index, tr.Index})
		}
		if len(tr.Followers) > maxRelations || len(tr.Causes) > maxRelations {
			t.Errorf("frame %d: got %d followers and %d causes, want at most %d", frame, len(tr.Followers), len(tr.Causes), maxRelations)
		}
	}
	if repairs == 0 || listed == repairs {
		t.Errorf("relations: got %d, %d of them repaired; want some of either kind", listed, repairs)
	}
}

// A late packet names first the packet that makes it move, however many others
// lie nearer to it.
func TestTraceNamesWhatMoves(t *testing.T) {
	s := newScript().handshake()
	for i := range uint32(40) { // the ACK of each batch overtakes all of it
		at := 1 + i*20000
		for k := range uint32(20) {
			s.in(at+k*1000, 1, 1000)
			s.wait(ms / 1000)
		}
		s.out(1, at+20000, 0)
		s.wait(ms)
	}
	acks := make(map[int64]int64) // the ACK's frame by that of the first in its batch
	for at := 3; at+20 < len(s.segs); at += 42 {
		ack := s.segs[at+20]
		acks[s.segs[at].Frame] = ack.Frame
		copy(s.segs[at+1:at+21], s.segs[at:at+20])
		ack.Stamp = s.segs[at].Stamp
		s.segs[at] = ack
	}
	byFrame, _ := traces(t, s.segs)
	for frame, ack := range acks {
		tr := byFrame[frame]
		if !tr.Moved || tr.Law != LawAck || len(tr.Followers) == 0 {
			t.Errorf("frame %d: got moved %v by %s with %d followers, want it moved by ack", frame, tr.Moved, tr.Law, len(tr.Followers))
			continue
		}
		if r := tr.Followers[0]; r.Segment.Frame != ack || !r.Broken || !r.Repaired || r.Law != LawAck {
			t.Errorf("frame %d: got first follower %d by %s, broken %v, repaired %v; want frame %d by ack, broken and repaired",
				frame, r.Segment.Frame, r.Law, r.Broken, r.Repaired, ack)
		}
		if later := int64(len(s.segs)) - frame; later > 15*21 && !tr.Cut { // each later ACK covers it
			t.Errorf("frame %d: got a list that is not cut, want it cut: more than %d ACKs cover it", frame, 15)
		}
		for i, r := range tr.Followers {
			if slices.ContainsFunc(tr.Followers[:i], func(o Relation) bool { return o.Index == r.Index }) {
				t.Errorf("frame %d: packet %d is listed twice", frame, r.Index)
			}
		}
	}
}

// A damaged capture may have any stamp.
func TestIntervalsHoldTheStampWhateverItIs(t *testing.T) {
	s := newScript().handshake().download(6)
	for i, stamp := range []int64{math.MinInt64, math.MaxInt64, math.MinInt64 + 1, 0, math.MaxInt64 - 1, -1} {
		s.segs[i+3].Stamp = stamp
	}
	_, placed, _ := repaired(t, s.segs, Options{})
	for _, p := range placed {
		if p.Earliest > p.Stamp || p.Stamp > p.Latest {
			t.Errorf("packet %d: got stamp %d between %d and %d, want it within", p.Index, p.Stamp, p.Earliest, p.Latest)
		}
	}
}

func TestTraceSaysWhyAPacketStays(t *testing.T) {
	beyond := newScript().handshake().download(1000)
	for i := 5; i < 1990; i += 6 {
		swapLate(beyond.segs, i, ms/10)
	}
	swapLate(beyond.segs, 1997, 40*ms)
	for i := 1999; i < len(beyond.segs); i++ {
		beyond.segs[i].Stamp += 40 * ms
	}
	contradiction := newScript().handshake().download(20)
	contradiction.out(1, 21001, 1000)
	contradiction.in(20001, 1001, 1000)
	for _, c := range []struct {
		name           string
		segs           []tcp.Segment
		gated, tangled bool
	}{
		{"beyond the gate", beyond.segs, true, false},
		{"contradiction", contradiction.segs, false, true},
	} {
		byFrame, _ := traces(t, c.segs)
		left := 0
		for frame, tr := range byFrame {
			if !tr.Left {
				continue
			}
			left++
			if tr.Gated != c.gated || tr.Tangled != c.tangled || tr.Moved {
				t.Errorf("%s, frame %d: got gated %v, tangled %v, moved %v; want %v, %v and not moved",
					c.name, frame, tr.Gated, tr.Tangled, tr.Moved, c.gated, c.tangled)
			}
		}
		if left == 0 {
			t.Errorf("%s: no packet is left with a violated law", c.name)
		}
	}
}
