package reorder

import (
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// refusal appends a connect to a closed port, tried again so often, of the flow:
// each SYN is answered by an RST a fifth of a millisecond later.
func (s *script) refusal(flow uint64, times int) {
	for range times {
		syn := s.add(0, tcp.SYN, 0, 0, 0)
		syn.Flow, syn.Ack = flow, 0
		s.wait(ms / 5)
		rst := s.add(1, tcp.RST|tcp.ACK, 0, 1, 0)
		rst.Flow, rst.Seq = flow, 0
		s.wait(500 * ms)
	}
}

// An RST that is before the SYN that it refuses shows that the SYN is late.
func TestRefusalComesAfterItsSYN(t *testing.T) {
	s := newScript()
	s.handshake().disordered(false)
	from := len(s.segs)
	for flow := range uint64(4) {
		s.refusal(1+flow, 3)
	}
	for i := from; i < len(s.segs); i += 6 {
		swapLate(s.segs, i, ms/10)
	}
	wantTruth(t, s.segs, "handshake")
	wantTruth(t, s.segs, "ack")
}

// An RST that refuses another SYN, or is of a connection that was, moves nothing:
// its numbers say nothing of what comes after it.
func TestStrangeRSTsMoveNothing(t *testing.T) {
	for name, edit := range map[string]func(rst *tcp.Segment){
		"of another SYN":       func(r *tcp.Segment) { r.Ack += 1000 },
		"of an earlier SYN":    func(r *tcp.Segment) { r.Ack -= 1 << 20 },
		"without ACK":          func(r *tcp.Segment) { r.Bits = tcp.RST },
		"with its own numbers": func(r *tcp.Segment) { r.Seq = 77_000 },
	} {
		s := newScript()
		s.handshake().disordered(false)
		from := len(s.segs)
		for flow := range uint64(4) {
			s.refusal(1+flow, 1)
		}
		for i := from; i < len(s.segs); i += 2 {
			swapLate(s.segs, i, ms/10)
			edit(&s.segs[i])
		}
		_, placed, _ := repaired(t, s.segs, Options{})
		for i, p := range placed[from:] {
			if p.Moved || p.Left || p.Index != int64(from+i) {
				t.Errorf("%s, packet %d: got place %d, moved %v, left %v by %s, want untouched", name, from+i, p.Index, p.Moved, p.Left, p.Law)
			}
		}
	}
}

// A connect that is refused and tried again until it succeeds keeps the laws of
// the connection that it becomes.
func TestConnectAfterRefusals(t *testing.T) {
	s := newScript()
	s.isn[1] = 3_000_000_000 // far from the number of the RSTs, 0
	s.refusal(0, 2)
	s.handshake().disordered(true)
	frames, _, _ := repaired(t, s.segs, Options{})
	if !slices.IsSorted(frames) {
		t.Errorf("order after repair: got %v, want the true one", frames)
	}
}
