package reorder

import (
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// script builds a true sequence of packets of one connection as the host saw
// it. Dir 0 is the host, 1 the peer.
type script struct {
	segs  []tcp.Segment
	now   int64 // nanoseconds
	tsval bool
	isn   [2]tcp.Seq
	next  [2]uint32 // what each end sends next in upload and download, relative
}

const ms = int64(1e6)

func newScript() *script {
	return &script{now: 1e18, isn: [2]tcp.Seq{1000, 500000}, next: [2]uint32{1, 1}}
}

// add appends a packet; seq and ack are relative to the initial numbers.
func (s *script) add(dir uint8, bits tcp.Bits, seq, ack, length uint32) *tcp.Segment {
	seg := tcp.Segment{
		Stamp: s.now, Frame: int64(len(s.segs) + 1), Dir: dir, Bits: bits, WindowShift: -1,
		Window: 65535, Seq: s.isn[dir].Add(seq), Ack: s.isn[1-dir].Add(ack), Len: length,
		Outbound: tcp.Out, Sum: uint16(len(s.segs)),
	}
	if dir == 1 {
		seg.Outbound = tcp.In
	}
	if s.tsval {
		seg.HasTS, seg.TSval = true, uint32(s.now/ms)
	}
	s.segs = append(s.segs, seg)
	return &s.segs[len(s.segs)-1]
}

func (s *script) wait(d int64) *script { s.now += d; return s }

func (s *script) out(seq, ack, length uint32) *tcp.Segment {
	return s.add(0, tcp.ACK, seq, ack, length)
}
func (s *script) in(seq, ack, length uint32) *tcp.Segment { return s.add(1, tcp.ACK, seq, ack, length) }

// handshake opens the connection; the next bytes are 1 and 1.
func (s *script) handshake() *script {
	s.add(0, tcp.SYN, 0, 0, 0).SACKPermitted = true
	s.wait(10 * ms)
	s.add(1, tcp.SYN|tcp.ACK, 0, 1, 0).SACKPermitted = true
	s.wait(ms / 100)
	s.out(1, 1, 0)
	s.wait(ms)
	return s
}

// sacks gives the segment SACK blocks, relative to the peer's initial number.
func (s *script) sacks(seg *tcp.Segment, edges ...uint32) {
	for i := 0; i < len(edges); i += 2 {
		base := s.isn[1-seg.Dir]
		seg.SACK[seg.SACKs] = tcp.Range{Left: base.Add(edges[i]), Right: base.Add(edges[i+1])}
		seg.SACKs++
	}
}

// download appends n segments of the peer's, each of which the host
// acknowledges at once.
func (s *script) download(n int) *script {
	for range n {
		s.in(s.next[1], s.next[0], 1000)
		s.next[1] += 1000
		s.wait(ms / 50)
		s.out(s.next[0], s.next[1], 0)
		s.wait(ms / 2)
	}
	return s
}

// upload appends n pairs of segments of the host's, each of which the peer
// acknowledges ten milliseconds later.
func (s *script) upload(n int) *script {
	for range n {
		for range 2 {
			s.out(s.next[0], s.next[1], 1000)
			s.next[0] += 1000
			s.wait(ms / 50)
		}
		s.wait(10 * ms)
		s.in(s.next[1], s.next[0], 0)
		s.wait(ms)
	}
	return s
}

// disordered appends what gives a capture a jitter of 0.1 ms: ACKs before the
// segments that they acknowledge and, with threads, swapped segments of the
// host's. Frames tell the true order.
func (s *script) disordered(threads bool) *script {
	from := len(s.segs)
	s.download(30)
	for i := from; i < len(s.segs); i += 6 {
		swapLate(s.segs, i, ms/10)
	}
	if threads {
		from = len(s.segs)
		s.upload(20)
		for i := from; i < len(s.segs); i += 6 {
			swapLate(s.segs, i, ms/10)
		}
	}
	return s
}

// swapLate puts the packet at index i after the one after it, as a sniffer
// does that gets the response first: the late one is stamped after it.
func swapLate(segs []tcp.Segment, i int, late int64) {
	segs[i], segs[i+1] = segs[i+1], segs[i]
	segs[i+1].Stamp = segs[i].Stamp + late
}

// failer is what the tests' and the properties' handles share.
type failer interface {
	Helper()
	Fatal(args ...any)
}

// repaired runs both passes and returns the frames in repaired order, with the
// stamps and the statistics.
func repaired(t failer, segs []tcp.Segment, o Options) (frames []int64, placed []Placement, p Profile) {
	t.Helper()
	survey, err := NewSurvey(o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range segs {
		survey.Push(&Packet{Stamp: segs[i].Stamp, Segment: (*Segment)(&segs[i])})
	}
	p = survey.Profile()
	r, err := NewOrderer(p, o, func(pl Placement) {
		frames, placed = append(frames, segs[pl.Index].Frame), append(placed, pl)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range segs {
		r.Push(&Packet{Stamp: segs[i].Stamp, Segment: (*Segment)(&segs[i])})
	}
	r.Barrier()
	return frames, placed, p
}

// wantTruth checks that the segments come out in their true order, which their
// frames tell, and that they do not with a law switched off ("" for no such
// check): then the law is what the test is about.
func wantTruth(t *testing.T, segs []tcp.Segment, without string) {
	t.Helper()
	frames, _, _ := repaired(t, segs, Options{})
	wantOrder(t, frames, len(segs))
	if without == "" {
		return
	}
	frames, _, _ = repaired(t, segs, Options{Without: []Law{lawNamed(t, without)}})
	if slices.IsSorted(frames) {
		t.Errorf("without %s: got the true order all the same, want the test to depend on that law", without)
	}
}

func lawNamed(t *testing.T, name string) (l Law) {
	t.Helper()
	if err := l.UnmarshalText([]byte(name)); err != nil {
		t.Fatal(err)
	}
	return l
}

// wantOrder checks that the frames come out as 1, 2, 3, …
func wantOrder(t *testing.T, frames []int64, n int) {
	t.Helper()
	want := make([]int64, n)
	for i := range want {
		want[i] = int64(i + 1)
	}
	if !slices.Equal(frames, want) {
		t.Errorf("order after repair: got %v, want 1 to %d in sequence", frames, n)
	}
}

// wantUntouched checks that nothing moved.
func wantUntouched(t *testing.T, segs []tcp.Segment, placed []Placement) {
	t.Helper()
	for i, p := range placed {
		if p.Moved || p.Index != int64(i) || p.Stamp != segs[i].Stamp {
			t.Errorf("packet %d (frame %d): got place %d, moved %v by %s, want untouched", i, segs[i].Frame, p.Index, p.Moved, p.Law)
		}
	}
	if len(placed) != len(segs) {
		t.Errorf("packets: got %d, want %d", len(placed), len(segs))
	}
}
