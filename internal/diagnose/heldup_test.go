package diagnose

import (
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// A copy that was held up with all else, and came with less than half a round trip
// besides, is no answer to what its sender was told: it was sent once. What was sent
// last may have been sent again as a probe (RFC 8985, section 7.2), what comes among
// others that are sent again as they were, and after a retransmission timeout anything.
func TestCopyHeldUp(t *testing.T) {
	for _, c := range []struct {
		name    string
		silence int64 // ms
		first   int   // segment that comes after it
		copied  int
		want    report.Verdict
	}{
		{"among new data", 100, 4, 2, report.Duplicate},
		{"of what was sent last", 100, 3, 3, report.Spurious},
		{"after what was sent again", 100, 1, 2, report.Spurious},
		{"after a timeout", 300, 4, 2, report.Spurious},
	} {
		steps := append(slices.Clone(open), data(50, host, 0, ""), step{at: 90, dir: peer, bits: ack, seq: 1, ack: 101})
		for n := range 4 {
			steps = append(steps, data(100, peer, n, ""), answer(100, n+1))
		}
		at := 100 + c.silence
		if c.first != c.copied {
			steps = append(steps, data(at, peer, c.first, ""), answer(at, max(4, c.first+1)))
		}
		frame := int64(len(steps) + 1)
		steps = append(steps, data(at+1, peer, c.copied, ""), answer(at+1, max(4, c.first+1), c.copied, c.copied+1))
		wantVerdict(t, c.name, ticking(withSACK(segments(steps)), 0), frame, c.want)
	}
}

// answer is an ACK of the host's, that has sent one segment.
func answer(at int64, n int, sack ...int) step {
	s := acks(at, host, n, sack...)
	s.seq = 101
	return s
}

// An ACK that is flagged where it was recorded, and not where it is now, was put in
// its place: that it acknowledges bytes of which the capture missed some is another
// matter.
func TestAckIsNotFlaggedInItsPlace(t *testing.T) {
	list := segments(append(slices.Clone(open), data(50, peer, 0, ""), data(51, peer, 2, ""), acks(52, host, 3)))
	var found []Finding
	d := New(func(f *Finding) { found = append(found, *f) })
	for i := range list {
		p := Packet{Frame: list[i].Frame, FrameAfter: list[i].Frame, Time: list[i].Stamp, Segment: &list[i]}
		if i == len(list)-1 {
			p.Before = tcp.AckLostSegment
		}
		d.Add(&p)
	}
	d.Finish()
	wantVerdict(t, "an ACK in its place", found, list[len(list)-1].Frame, report.Artefact)
}

// A peer with SACK tells of what came twice or out of order. An ACK of its that comes a
// second time at once and tells of nothing was doubled by the network, unless something
// without bytes was on its way to it: it answers what is old, too (RFC 9293, section
// 3.10.7.4).
func TestBareACKTwice(t *testing.T) {
	for name, bareAt := range map[string]int64{"nothing without bytes on its way": 60, "an ACK on its way": 160} {
		want := report.Duplicate
		if bareAt == 160 {
			want = report.Genuine
		}
		steps := append(slices.Clone(open), data(50, host, 0, ""), step{at: bareAt, dir: host, bits: ack, seq: 101, ack: 1}, data(161, host, 1, ""),
			step{at: 201, dir: peer, bits: ack, seq: 1, ack: 201}, step{at: 202, dir: peer, bits: ack, seq: 1, ack: 201})
		wantVerdict(t, name, ticking(withSACK(segments(steps)), 0), int64(len(steps)), want)
	}
}
