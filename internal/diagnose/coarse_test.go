package diagnose

import (
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// ticking diagnoses segments by a clock of that tick, nanoseconds.
func ticking(list []tcp.Segment, tick int64) (all []Finding) {
	d := New(func(f *Finding) { all = append(all, *f) })
	d.Tick = tick
	feed(d, list)
	d.Finish()
	return all
}

// wantVerdict checks what is said of each flag of a frame.
func wantVerdict(t *testing.T, name string, all []Finding, frame int64, want report.Verdict) {
	t.Helper()
	n := 0
	for _, f := range all {
		if f.Frame != frame {
			continue
		}
		if n++; !strings.HasPrefix(f.Verdict.String()+"("+f.Detail+")", string(want)) {
			t.Errorf("%s: %s of frame %d is %s (%s), want %s: %s", name, f.Flag(), frame, f.Verdict, f.Detail, want, f.Evidence())
		}
	}
	if n == 0 {
		t.Errorf("%s: nothing is said of frame %d, want %s", name, frame, want)
	}
}

// withSACK lets both sides agree on SACK.
func withSACK(list []tcp.Segment) []tcp.Segment {
	for i := range list {
		list[i].SACKPermitted = list[i].Bits.Has(tcp.SYN)
	}
	return list
}

// An ACK that a host repeats may answer what its reader recorded after it, where the
// clock gives both one stamp: it is a copy of the capture's only if there are others.
func TestHostRepeatsItselfByACoarseClock(t *testing.T) {
	steps := append(slices.Clone(open), data(50, peer, 0, ""), acks(50, host, 1), data(51, peer, 2, ""), acks(51, host, 1, 2, 3), acks(51, host, 1, 2, 3))
	for i := range steps {
		steps[i] = steps[i].stamped(uint32(7 + steps[i].at))
	}
	list := segments(steps)
	last := list[len(list)-1].Frame
	wantVerdict(t, "fine", ticking(list, 0), last, report.Duplicate)
	wantVerdict(t, "coarse", ticking(list, ms), last, report.Genuine)
}

// Two packets that are alike and come half a round trip apart, as a coarse clock
// measures it, can be nearer to each other: the shortest round trip by that clock is
// short by up to a tick.
func TestCopyByACoarseClock(t *testing.T) {
	steps := append(slices.Clone(open), data(50, host, 0, ""), step{at: 90, dir: peer, bits: ack, seq: 1, ack: 101})
	steps = append(steps, data(100, peer, 0, ""), step{at: 100, dir: host, bits: ack, seq: 101, ack: 101}, data(122, peer, 0, ""), step{at: 122, dir: host, bits: ack, seq: 101, ack: 101, sack: []int{1, 101}})
	list := withSACK(segments(steps))
	wantVerdict(t, "fine", ticking(list, 0), 8, report.Spurious)
	wantVerdict(t, "coarse", ticking(list, 5*ms), 8, report.Duplicate)
}

// After its reader stalled, a capture has data and its ACK in one moment. That is no
// round trip, and does not make what came late by less than one a loss.
func TestStalledReaderMeasuresNoRoundTrip(t *testing.T) {
	steps := append(slices.Clone(open), data(50, host, 0, ""), step{at: 50, dir: peer, bits: ack, seq: 1, ack: 101})
	steps = append(steps, data(100, peer, 1, ""), step{at: 100, dir: host, bits: ack, seq: 101, ack: 1, sack: []int{101, 201}},
		data(120, peer, 0, ""), acks(120, host, 2))
	wantVerdict(t, "late", ticking(withSACK(segments(steps)), ms), 8, report.Reordering)
}
