package diagnose

import (
	"math"
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// bulk is a download of n segments of 1000 bytes over a connection, each
// acknowledged after the next one. Those that are dropped miss in it.
func bulk(flow uint64, start int64, n int, dropped func(int) bool) (list []tcp.Segment) {
	s := tcp.Segment{Flow: flow, Dir: peer, Bits: tcp.ACK, Window: 100, WindowShift: -1, Ack: 1, Outbound: tcp.In, Len: 1000}
	for i := range n {
		s.Stamp = start + int64(i)*ms
		s.Seq = tcp.Seq(1 + 1000*i)
		if !dropped(i) {
			list = append(list, s)
		}
		if i%2 == 1 {
			list = append(list, tcp.Segment{Flow: flow, Dir: host, Bits: tcp.ACK, Window: 100, WindowShift: -1, Seq: 1,
				Ack: s.End(), Stamp: s.Stamp, Outbound: tcp.Out})
		}
	}
	return list
}

func measured(lists ...[]tcp.Segment) report.CaptureLoss {
	d := New(func(*Finding) {})
	frame := int64(0)
	for _, list := range lists {
		for i := range list {
			frame++
			d.Add(&Packet{Frame: frame, FrameAfter: frame, Time: list[i].Stamp, Segment: &list[i]})
		}
	}
	d.Finish()
	return d.Loss()
}

func TestLossIsCounted(t *testing.T) {
	// Single ones, and a pair in each hundred.
	r := measured(bulk(0, 1e18, 2000, func(i int) bool { return i%100 == 20 || i%100 == 60 || i%100 == 61 }))
	in := r.Directions[0]
	want := report.DirectionLoss{
		Direction: "in", AckedBytes: 2_000_000, MissedBytes: 60_000, GapEvents: 40, PacketsLeast: 60, PacketsMost: 60,
		RatePPM: 30_000, Connections: 1, MedianBytes: 1000,
	}
	got := in
	got.LowPPM, got.HighPPM = 0, 0
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	// 40 bursts of 1 and 2 segments: sqrt(20*1+20*4)/60, times Student's 2.02.
	spread := math.Exp(2.0227 * math.Sqrt(100) / 60)
	if low, high := 30_000/spread, 30_000*spread; math.Abs(float64(in.LowPPM)-low) > 2 || math.Abs(float64(in.HighPPM)-high) > 2 {
		t.Errorf("interval: got %d to %d, want %.0f to %.0f", in.LowPPM, in.HighPPM, low, high)
	}
	if out := r.Directions[1]; out.Direction != "out" || out.NoEstimate == "" || out.AckedBytes != 0 {
		t.Errorf("out: got %+v, want nothing to be told", out)
	}
	missed, acked := int64(0), int64(0)
	for _, b := range r.Timeline {
		missed, acked = missed+b.MissedBytes, acked+b.AckedBytes
	}
	if missed != 60_000 || acked != 2_000_000 || len(r.Timeline) != 20 || r.Omitted != 0 {
		t.Errorf("timeline: got %d missed of %d in %d intervals, want all in 20 of 100 ms", missed, acked, len(r.Timeline))
	}
}

func TestLossAbstains(t *testing.T) {
	none := func(int) bool { return false }
	for _, c := range []struct {
		name    string
		n       int
		dropped func(int) bool
		abstain bool
	}{
		{"too little data", 90, none, true},
		{"nothing missed", 200, none, false},
		{"four gaps", 1000, func(i int) bool { return i%200 == 100 && i < 800 }, true},
		{"five gaps", 1000, func(i int) bool { return i%200 == 100 }, false},
	} {
		in := measured(bulk(0, 0, c.n, c.dropped)).Directions[0]
		if (in.NoEstimate != "") != c.abstain {
			t.Errorf("%s: got %q, want an estimate: %v", c.name, in.NoEstimate, !c.abstain)
		}
		if c.abstain && in.RatePPM+in.LowPPM+in.HighPPM != 0 {
			t.Errorf("%s: abstained, yet got a rate: %+v", c.name, in)
		}
	}
	// Nothing was missed: up to 3.69 events of the largest size are not excluded.
	if in := measured(bulk(0, 0, 200, none)).Directions[0]; in.RatePPM != 0 || in.LowPPM != 0 || in.HighPPM != 18_444 {
		t.Errorf("nothing missed: got %+v, want 0 to 18444 ppm", in)
	}
}

// TestOverflowsAreGapsOfSeveralConnections drops the same moment out of two
// connections, and another moment out of one.
func TestOverflowsAreGapsOfSeveralConnections(t *testing.T) {
	one := bulk(0, 0, 100, func(i int) bool { return i >= 30 && i < 34 || i == 70 })
	two := bulk(1, 1000, 100, func(i int) bool { return i >= 31 && i < 33 })
	var merged []tcp.Segment
	for len(one)+len(two) > 0 {
		if len(two) == 0 || len(one) > 0 && one[0].Stamp <= two[0].Stamp {
			merged, one = append(merged, one[0]), one[1:]
		} else {
			merged, two = append(merged, two[0]), two[1:]
		}
	}
	r := measured(merged)
	if len(r.Overflows) != 1 {
		t.Fatalf("got %+v, want one overflow", r.Overflows)
	}
	o := r.Overflows[0]
	if o.Connections != 2 || o.MissedBytes != 6000 || o.Start != time.Unix(0, 30*ms+1000).UTC() || o.Span != time.Millisecond-time.Microsecond {
		t.Errorf("got %+v, want both connections, from the last packet seen to the first ACK of what is missing", o)
	}
	if in := r.Directions[0]; in.GapEvents != 3 || in.MissedBytes != 7000 {
		t.Errorf("got %+v, want three runs of 7000 bytes", in)
	}
}

// TestRecordedLateIsNotMissed: data that comes right after its ACK was there.
func TestRecordedLateIsNotMissed(t *testing.T) {
	list := bulk(0, 0, 400, func(int) bool { return false })
	for i := 3; i+1 < len(list); i += 30 {
		list[i], list[i+1] = list[i+1], list[i]
	}
	if in := measured(list).Directions[0]; in.MissedBytes != 0 || in.AckedBytes == 0 {
		t.Errorf("got %+v, want nothing missed", in)
	}
}

// TestLossMemoryIsBounded lets gaps come without end.
func TestLossMemoryIsBounded(t *testing.T) {
	d := New(func(*Finding) {})
	s := tcp.Segment{Bits: tcp.ACK, Outbound: tcp.In}
	a := tcp.Segment{Bits: tcp.ACK, Dir: 1, Outbound: tcp.Out}
	p := Packet{}
	for i := range 100_000 {
		p.Frame, p.FrameAfter, p.Time = int64(i+1), int64(2*i+1), int64(i)*10*binWidth
		s.Seq, s.Len = tcp.Seq(i*300), 100
		p.Segment = &s
		d.Add(&p)
		a.Ack = s.End()
		p.FrameAfter, p.Segment = p.FrameAfter+1, &a
		d.Add(&p)
	}
	d.Finish()
	if n := len(d.loss.gaps.held); n > gapsHeld {
		t.Errorf("got %d gaps held, want at most %d", n, gapsHeld)
	}
	r := d.Loss()
	if len(r.Timeline) != maxBins || r.Omitted != 99_999-maxBins {
		t.Errorf("got %d intervals and %d omitted, want %d and the rest", len(r.Timeline), r.Omitted, maxBins)
	}
	if r.Directions[0].GapEvents != 99_999 {
		t.Errorf("got %d gaps, want all", r.Directions[0].GapEvents)
	}
}

func TestQuantile(t *testing.T) {
	// Student's t, 97.5 %, of published tables.
	for n, want := range map[int64]float64{5: 2.776, 6: 2.571, 11: 2.228, 31: 2.042, 1000: 1.962} {
		if got := quantile(n); math.Abs(got-want) > .03 {
			t.Errorf("%d samples: got %.3f, want %.3f", n, got, want)
		}
	}
}
