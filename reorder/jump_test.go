package reorder

import (
	"fmt"
	"testing"
)

// Where the clock is set, every interval holds the true time, whichever of the
// clock's times were right; where it is not, none is wider for it.
func TestIntervalsWhereTheClockIsSet(t *testing.T) {
	for _, c := range []struct {
		name  string
		by    int64
		apart func(i int) bool // the packet is stamped by the other clock
	}{
		{"never", 0, func(int) bool { return false }},
		{"once", 1500 * ms, func(i int) bool { return i >= 60 }},
		{"once, by little", 20 * ms, func(i int) bool { return i >= 60 }},
		{"for some packets", 7600 * ms, func(i int) bool { return i%40 > 25 }},
		{"for every second packet", 7600 * ms, func(i int) bool { return i%2 == 1 }},
		{"twice", 3600_000 * ms, func(i int) bool { return i > 30 && i < 90 }},
	} {
		for _, sign := range []int64{-1, 1} { // that clock, or the other one, is the one that is wrong
			t.Run(fmt.Sprintf("%s/%+d", c.name, sign), func(t *testing.T) {
				s := newScript()
				s.handshake().download(80)
				truth := make([]int64, len(s.segs))
				for i := range s.segs {
					truth[i] = s.segs[i].Stamp
					if apart := c.apart(i); apart && sign < 0 {
						s.segs[i].Stamp -= c.by
					} else if !apart && sign > 0 {
						s.segs[i].Stamp += c.by
					}
				}
				_, placed, p := repaired(t, s.segs, Options{})
				wantUntouched(t, s.segs, placed)
				for i, pl := range placed {
					if truth[i] < pl.Earliest || truth[i] > pl.Latest {
						t.Errorf("packet %d: got an interval that ends %d ms before the true time or begins %d ms after it", i, (truth[i]-pl.Latest)/ms, (pl.Earliest-truth[i])/ms)
					}
					if width := pl.Latest - pl.Earliest; width > 3*c.by+30*ms {
						t.Errorf("packet %d: got an interval of %d ms for a clock that was set by %d", i, width/ms, c.by/ms)
					}
				}
				if (p.SetBack > 0) != (c.by > 0) {
					t.Errorf("got a clock that was set back by %d ns, want %d", p.SetBack, c.by)
				}
			})
		}
	}
}

// A capture that is put in the order of its stamps is no capture whose clock was
// set, nor is one of two sections.
func TestNoClockIsSet(t *testing.T) {
	s := newScript()
	s.handshake().download(10)
	survey, err := NewSurvey(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		for i := range s.segs {
			survey.Push(&Packet{Stamp: s.segs[i].Stamp, Segment: (*Segment)(&s.segs[i])})
		}
		survey.Barrier()
	}
	if p := survey.Profile(); p.SetBack != 0 || p.ClockSteps != 0 {
		t.Errorf("two sections: got a clock set back %d times, by %d ns, want none", p.ClockSteps, p.SetBack)
	}
	for i := 3; i+4 < len(s.segs); i += 4 { // written in blocks
		s.segs[i], s.segs[i+1], s.segs[i+2], s.segs[i+3] = s.segs[i+2], s.segs[i+3], s.segs[i], s.segs[i+1]
	}
	if _, _, p := repaired(t, s.segs, Options{}); p.Basis != StampOrder || p.SetBack != 0 {
		t.Errorf("blocks: got basis %s and a clock set back by %d ns, want stamps and none", p.Basis, p.SetBack)
	}
}
