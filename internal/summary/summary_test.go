package summary

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

func sum(list []int64) (n int64) {
	for _, v := range list {
		n += v
	}
	return n
}

// TestExcerptKeepsTheHeaviestStretch compares with all stretches there are.
func TestExcerptKeepsTheHeaviestStretch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.SampledFrom([]uint8{0, 0, 0, 0, 0, 0, 1, 4}), 1, 1200).Draw(t, "weights")
		g := new(excerpt)
		for i, w := range weights {
			*g.next() = mark{frame: int64(i + 1), after: int64(i + 1)}
			if w > 0 {
				g.weigh(g.latest.find(int64(i+1), excerptLead), w)
			}
		}
		g.keep()
		want := int64(0)
		for end := range weights {
			n := int64(0)
			for _, w := range weights[max(0, end+1-(excerptMarks-excerptLead)) : end+1] {
				n += int64(w)
			}
			want = max(want, n)
		}
		got := int64(0)
		for n := g.best.first(); n < g.best.n; n++ {
			m := g.best.at(n)
			if m.frame != n+1 {
				t.Fatalf("packet %d: got frame %d", n+1, m.frame)
			}
			got += int64(m.weight)
		}
		if g.peak != want || got < want || len(g.best.ring) > excerptMarks {
			t.Fatalf("weight: got %d in %d packets with a peak of %d, want %d", got, len(g.best.ring), g.peak, want)
		}
	})
}

// TestConnectionsAreBounded lets more connections come and go than are held.
func TestConnectionsAreBounded(t *testing.T) {
	c := newConnections(5)
	const flows, held = 3000, 100
	for i := range flows {
		p := firstOf(i, uint64(i%held+i/held*tcp.MaxFlows))
		p.Moved = i%7 == 0
		c.packet(p)
		for range i % 11 {
			c.finding(p.Segment.Flow, int64(i+1), diagnose.Loss)
		}
		kept := 0
		if c.by.Each(func(uint64, **connection) { kept++ }); len(c.retired) > c.limit || len(c.holders) > maxExcerpts || kept > held {
			t.Fatalf("after %d connections: %d retired, %d excerpts, %d kept", i+1, len(c.retired), len(c.holders), kept)
		}
	}
	for _, h := range c.holders {
		if h.excerpt == nil {
			t.Fatal("a holder has no excerpt")
		}
	}
	r := c.result()
	if r.Total != flows || r.Omitted != flows-5 || len(r.List) != 5 {
		t.Errorf("got %d connections, %d omitted, %d listed, want %d, %d, 5", r.Total, r.Omitted, len(r.List), flows, flows-5)
	}
	for i, f := range r.List {
		if f.ByVerdict[report.Loss] != 10 || f.Moved != 1 {
			t.Errorf("connection %d: got %v, %d moved, want 10 losses and 1 moved: the worst there are", i, f.ByVerdict, f.Moved)
		}
	}
}

// firstOf is the first packet of the i-th connection.
func firstOf(i int, flow uint64) *diagnose.Packet {
	p := &diagnose.Packet{Frame: int64(i + 1), FrameAfter: int64(i + 1), Segment: &tcp.Segment{Flow: flow}}
	p.Pair.Set(&packet.Addr{15: 1}, &packet.Addr{15: 2}, uint16(1024+i), 80, packet.ProtoTCP)
	return p
}

func TestStep(t *testing.T) {
	for n, want := range map[uint64]uint64{0: 1, 1: 1, 2: 2, 3: 5, 5: 5, 6: 10, 11: 20, 999: 1000, 1_000_001: 2_000_000, 2e17: 2e17} {
		if got := step(n); got != want {
			t.Errorf("step(%d): got %d, want %d", n, got, want)
		}
	}
}

func TestDisplacement(t *testing.T) {
	d := make(displacement)
	if got := d.result(); len(got) != 0 {
		t.Errorf("nothing moved: got %v", got)
	}
	for _, shift := range []int64{0, 0, 1, 1000, 1001, 9000, math.MaxInt64, math.MinInt64} {
		d.add(shift)
	}
	got := d.result()
	text := ""
	for _, s := range got[:5] {
		text += fmt.Sprintf("%v:%d ", s.UpTo, s.Packets)
	}
	if want := "0s:2 1µs:2 2µs:1 5µs:0 10µs:1 "; text != want {
		t.Errorf("got %s, want %s", text, want)
	}
	if last := got[len(got)-1]; last.Packets != 2 || len(got) > 50 {
		t.Errorf("last of %d steps: got %v with %d packets, want the two extremes", len(got), last.UpTo, last.Packets)
	}
}

func TestTimeline(t *testing.T) {
	for _, f := range []Span{
		{Stamped: true}, {Stamped: true, Last: 99}, {Stamped: true, First: -5e9, Last: 7e9},
		{Stamped: true, First: math.MinInt64, Last: math.MaxInt64}, {},
	} {
		line := newTimeline(f)
		times := []int64{f.First, f.Last, f.First / 2, math.MinInt64, math.MaxInt64, f.Last}
		for _, at := range times {
			line.packet(at, at == f.Last)
			line.finding(at, diagnose.Loss)
		}
		r := line.result(f)
		if !f.Stamped {
			if r.Width != 0 || len(r.Packets) != 0 {
				t.Errorf("without times: got %+v", r)
			}
			continue
		}
		if n := len(r.Packets); n < 1 || n > maxIntervals+1 {
			t.Errorf("%d to %d: got %d intervals", f.First, f.Last, n)
		}
		if got := sum(r.Packets); got != int64(len(times)) || sum(r.ByVerdict[report.Loss]) != got {
			t.Errorf("%d to %d: got %d packets, want %d", f.First, f.Last, got, len(times))
		}
	}
	f := Span{Stamped: true, First: 1000, Last: 1000 + 100*int64(time.Second)}
	line := newTimeline(f)
	line.packet(1000+int64(time.Second)*2, false)
	line.packet(1000+int64(time.Second)*4-1, true)
	if r := line.result(f); r.Width != 2*time.Second || r.Packets[1] != 2 || r.Moved[1] != 1 {
		t.Errorf("got %+v, want two packets in the second interval of 2 s", r)
	}
}

// A timeline that does not know how far it reaches comes out as one that does.
func TestTimelineGrows(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 6))
	for _, span := range []int64{0, 1, 99, 1001, 123_456, 50e9, 999_999_999_999, math.MaxInt64 - 7} {
		known := Span{Stamped: true, First: 7, Last: 7 + span}
		early := Span{Stamped: true, First: 7, Partial: true}
		want, got := newTimeline(known), newTimeline(early)
		for i := range 500 {
			at := 7 + int64(dice.Uint64N(uint64(span)+1))
			if i == 250 {
				at = 7 + span
			}
			for _, line := range []*timeline{want, got} {
				line.packet(at, i%7 == 0)
				if i%5 == 0 {
					line.finding(at, diagnose.Loss)
				}
			}
		}
		if w, g := want.result(known), got.result(known); !reflect.DeepEqual(w, g) {
			t.Errorf("span %d: got %+v, want %+v", span, g, w)
		}
		if !got.fits(known) {
			t.Errorf("span %d: does not fit what it came to be", span)
		}
		if other := (Span{Stamped: true, First: 6, Last: 9}); got.fits(other) {
			t.Errorf("span %d: fits a capture that starts earlier", span)
		}
	}
}

// BenchmarkSummary takes in packets of a few connections of which nothing is
// found, as in most captures: the cost on top of a repair.
func BenchmarkSummary(b *testing.B) {
	const flows = 16
	var packets [flows]*diagnose.Packet
	for i := range packets {
		packets[i] = firstOf(i, uint64(i))
		packets[i].Timed = true
	}
	s := New(20, Span{Stamped: true, Last: int64(time.Hour)})
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p := packets[i%flows]
		p.Time = int64(i) * 1000 % int64(time.Hour)
		s.Packet(p)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}

// TestStretchFindsFrames compares how a stretch finds frames with a search.
func TestStretchFindsFrames(t *testing.T) {
	var s stretch
	var all []int64
	r := rand.New(rand.NewPCG(3, 4))
	for n := range int64(3000) {
		frame := 7*n + 1 + r.Int64N(6) // they rise
		*s.add() = mark{frame: n, after: frame}
		all = append(all, frame)
		least := max(0, n+1-excerptMarks+excerptLead)
		ask := all[r.Int64N(n+1)]
		if n%5 == 0 {
			ask = all[n-r.Int64N(min(n+1, 2*excerptMarks))] // most others are gone
		}
		want := int64(slices.Index(all, ask))
		if want < least {
			want = -1
		}
		got := int64(-1)
		if m := s.find(ask, excerptLead); m != nil {
			got = m.frame
		}
		if got != want {
			t.Fatalf("frame %d after %d: got number %d, want %d", ask, n+1, got, want)
		}
		if m := s.find(ask-ask%7, excerptLead); m != nil { // of none
			t.Fatalf("frame %d: got %d", ask-ask%7, m.after)
		}
	}
}
