package reorder

import (
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
	truth := append([]tcp.Segment(nil), s.segs...)
	for at := 3; at+4 < len(s.segs); at += 10 { // the ACK overtakes its batch
		ack := s.segs[at+4]
		copy(s.segs[at+1:at+5], s.segs[at:at+4])
		ack.Stamp = s.segs[at].Stamp
		s.segs[at] = ack
	}
	frames, _, _ := repaired(t, s.segs, Options{})
	wantOrder(t, frames, len(truth))
}

func TestLawsCanBeSwitchedOff(t *testing.T) {
	s := newScript().handshake().download(50)
	for i := 5; i < 95; i += 6 {
		swapLate(s.segs, i, ms/10)
	}
	var all []Law
	for l := range Law(NumLaws) {
		all = append(all, l)
	}
	_, placed, _ := repaired(t, s.segs, Options{Without: all})
	wantUntouched(t, s.segs, placed)
	if err := (Options{Without: []Law{Law(NumLaws)}}).Validate(); err == nil {
		t.Error("unknown law: got no error")
	}
}

// Each moving law repairs what no other one sees.
func TestEachMovingLawMoves(t *testing.T) {
	tests := map[Law]func(s *script){
		LawAck: func(s *script) { s.in(s.next[1], s.next[0], 1000); s.next[1] += 1000; s.out(s.next[0], s.next[1], 0) },
		LawSack: func(s *script) {
			s.in(s.next[1]+1000, s.next[0], 1000)
			s.sacks(s.out(s.next[0], s.next[1], 0), s.next[1]+1000, s.next[1]+2000)
			s.next[1] += 2000 // the first half is never seen
		},
		LawOutAck: func(s *script) {
			s.in(s.next[1], s.next[0], 2000)
			s.wait(2 * ms)
			s.out(s.next[0], s.next[1]+1000, 0)
			s.next[1] += 2000
			s.out(s.next[0], s.next[1], 0)
		},
		LawOutTSval: func(s *script) {
			first := s.out(s.next[0], s.next[1], 0)
			first.HasTS, first.TSval = true, 2*uint32(len(s.segs))
			second := s.out(s.next[0], s.next[1], 0)
			second.HasTS, second.TSval = true, 2*uint32(len(s.segs))
		},
		LawOutSack: func(s *script) {
			s.in(s.next[1]+1000, s.next[0], 2000)
			s.wait(2 * ms)
			s.sacks(s.out(s.next[0], s.next[1], 0), s.next[1]+1000, s.next[1]+2000)
			s.sacks(s.out(s.next[0], s.next[1], 0), s.next[1]+1000, s.next[1]+3000)
			s.next[1] += 3000
		},
		LawOutSeq: func(s *script) { s.out(s.next[0], 1, 1000); s.out(s.next[0]+1000, 1, 1000); s.next[0] += 2000 },
		LawIPID: func(s *script) {
			for range 2 {
				seg := s.out(s.next[0], s.next[1], 0)
				seg.HasIPID, seg.IPID = true, uint16(len(s.segs))
			}
		},
	}
	for law, pair := range tests {
		t.Run(law.String(), func(t *testing.T) {
			s := newScript().handshake()
			if law == LawIPID {
				s.disordered(true) // it says nothing where no other law is broken
			}
			for i := range 120 {
				pair(s)
				if i%8 == 3 {
					swapLate(s.segs, len(s.segs)-2, ms/20)
				}
				s.wait(ms)
			}
			wantTruth(t, s.segs, law.String())
		})
	}
}

// The handshake comes in its order, also where the capture swaps all of it.
func TestHandshakeMoves(t *testing.T) {
	s := newScript()
	for flow := range uint64(12) {
		from := len(s.segs)
		s.isn = [2]tcp.Seq{tcp.Seq(1000 * flow), tcp.Seq(7000 * flow)}
		s.add(0, tcp.SYN, 0, 0, 0)
		s.wait(ms / 50)
		s.add(1, tcp.SYN|tcp.ACK, 0, 1, 0)
		s.wait(ms / 50)
		s.out(1, 1, 0)
		s.wait(ms)
		for i := range s.segs[from:] {
			s.segs[from+i].Flow = flow
		}
		if flow%2 == 0 {
			swapLate(s.segs, from, ms/20)
		} else {
			swapLate(s.segs, from+1, ms/20)
		}
	}
	wantTruth(t, s.segs, "handshake")
}
