package diagnose

import (
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// A burst that is in reverse is an artefact in a capture that reverses all
// bursts, and only there: so is what was flagged as beyond the hole. What has another
// stamp, or was put in order, has its verdict as ever.
func TestReversedBurst(t *testing.T) {
	burst := func(apart int64) []tcp.Segment {
		list := segments(append(slices.Clone(open), data(50, peer, 0, ""), acks(50, host, 1), data(60, peer, 3, ""), data(60, peer, 2, ""), data(60, peer, 1, ""), acks(61, host, 4)))
		for i := range list {
			if list[i].Stamp == 60*ms {
				list[i].Stamp += apart * int64(i)
			}
		}
		return list
	}
	moved := burst(0)
	moved[5].Frame, moved[7].Frame = moved[7].Frame, moved[5].Frame
	for _, c := range []struct {
		name     string
		list     []tcp.Segment
		reverses bool
		want     Verdict
	}{
		{"in reverse", burst(0), true, Artefact},
		{"in a capture that keeps bursts in order", burst(0), false, Reordering},
		{"one after the other", burst(1000), true, Reordering},
		{"put in another order", moved, true, Reordering},
	} {
		var found []Finding
		d := New(func(f *Finding) { found = append(found, *f) })
		d.Reverses = c.reverses
		a := tcp.NewAnalyser()
		for i := range c.list {
			s := c.list[i]
			flags := a.Add(&s)
			d.Add(&Packet{Frame: s.Frame, FrameAfter: int64(i + 1), Time: s.Stamp, Timed: true, Segment: &s, Before: flags, After: flags})
		}
		d.Finish()
		if len(found) != 3 {
			t.Errorf("%s: got %d findings, want those of the three packets", c.name, len(found))
		}
		for _, f := range found {
			if f.Verdict != c.want || f.Repaired {
				t.Errorf("%s: %s of frame %d is %s, repaired: %v; want %s and not repaired: %s", c.name, f.Flag(), f.Frame, f.Verdict, f.Repaired, c.want, f.Evidence())
			}
		}
	}
}

// A burst that is in reverse may have a segment and what was sent again of it: the
// later sent one comes first, and by the capture's doing.
func TestReversedBurstWithItsRetransmission(t *testing.T) {
	steps := append(slices.Clone(open), data(50, peer, 0, ""), acks(50, host, 1), data(60, peer, 1, ""), data(60, peer, 1, ""), acks(61, host, 2))
	for i := range steps {
		steps[i] = steps[i].stamped(uint32(7 + steps[i].at))
	}
	steps[5].ts, steps[6].ts = 60, 58
	list := segments(steps)
	for reverses, want := range map[bool]Verdict{true: Artefact, false: Reordering} {
		var found []Finding
		d := New(func(f *Finding) { found = append(found, *f) })
		d.Reverses = reverses
		feed(d, list)
		d.Finish()
		wantVerdict(t, want.String(), found, 7, want.Reported())
	}
}
