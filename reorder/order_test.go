package reorder

import (
	"testing"
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
