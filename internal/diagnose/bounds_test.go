package diagnose

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/mendcap/mendcap/internal/tcp"
)

// endless feeds packets that the function makes of their number, each flagged in
// both orders.
func endless(d *Diagnoser, packets int, flags tcp.Analysis, next func(i int, s *tcp.Segment)) {
	for i := range packets {
		s := tcp.Segment{Bits: tcp.ACK, WindowShift: -1, Window: 1000, Len: 10, Seq: 1, Ack: 1}
		next(i, &s)
		d.Add(&Packet{Frame: int64(i + 1), FrameAfter: int64(i + 1), Time: int64(i) * 1000, Segment: &s, Before: flags, After: flags})
	}
}

// TestHolesAreBounded: numbers of all kinds leave at most maxHoles of a sender,
// in order of sequence, apart from each other and near what was sent last.
func TestHolesAreBounded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		wide := rapid.SampledFrom([]uint64{1 << 12, 1 << 20, 1 << 31, 1 << 32}).Draw(t, "range")
		number := func() tcp.Seq { return tcp.Seq(r.Uint64N(wide)) }
		d := New(func(*Finding) {})
		endless(d, 2000, tcp.LostSegment, func(i int, s *tcp.Segment) {
			s.Dir, s.Seq, s.Ack, s.Len = uint8(i&1), number(), number(), []uint32{0, 10, 1000, 1 << 31}[r.IntN(4)]
			for s.SACKs = range uint8(r.IntN(tcp.MaxSACK)) {
				s.SACK[s.SACKs] = tcp.Range{Left: number(), Right: number()}
			}
			total := 0
			d.flows.Each(func(_ uint64, f *flow) {
				for k := range f.ends {
					e := &f.ends[k]
					total += len(e.holes)
					e.check(t)
				}
			})
			if total != d.holes {
				t.Fatalf("holes of all: got %d counted, want %d", d.holes, total)
			}
		})
		if d.Finish(); d.holes != 0 || d.waiting != 0 {
			t.Fatalf("at the end: got %d holes and %d waiting, want none", d.holes, d.waiting)
		}
	})
}

// check holds a sender's holes to what is promised of them.
func (e *end) check(t *rapid.T) {
	due := 0
	for i, h := range e.holes {
		if !believable(h.bytes) || uint32(e.next-h.bytes.Left) > maxJump || e.next.Less(h.bytes.Right) ||
			i > 0 && h.bytes.Left.Less(e.holes[i-1].bytes.Right) {
			t.Fatalf("hole %d is %v after %v, where %d was sent last", i, h.bytes, e.holes[max(0, i-1)].bytes, e.next)
		}
		if h.due {
			due++
		}
	}
	if len(e.holes) > maxHoles || cap(e.holes) > 2*maxHoles+2 || due != e.due {
		t.Fatalf("got %d holes in room for %d, and %d due of %d", len(e.holes), cap(e.holes), e.due, due)
	}
}

// TestHolesOfAllAreBounded: connections with many holes each leave maxHolesInAll,
// and each that lost some counts once.
func TestHolesOfAllAreBounded(t *testing.T) {
	const each, flows = 41, maxHolesInAll/40 + 100
	d := New(func(*Finding) {})
	endless(d, each*flows, 0, func(i int, s *tcp.Segment) {
		s.Flow, s.Seq = uint64(i/each), tcp.Seq(i%each*100)
	})
	if d.holes > maxHolesInAll {
		t.Errorf("got %d holes, want at most %d", d.holes, maxHolesInAll)
	}
	if got := d.GivenUp().Holes; got < 90 || got > 110 {
		t.Errorf("connections that lost holes: got %d, want about 100", got)
	}
}

// TestLooksAreBounded: where every packet goes back and finds nothing, a
// connection looks at lookPerPacket others for each, and says that it was short.
func TestLooksAreBounded(t *testing.T) {
	const packets = 20_000
	r := rand.New(rand.NewPCG(1, 2))
	d := New(func(*Finding) {})
	endless(d, packets, tcp.Retransmission, func(i int, s *tcp.Segment) { s.Seq = tcp.Seq(r.Uint32()) })
	most := int64((lookPerPacket+watchPerPacket)*packets + 2*firstLook + maxWaitingFlow)
	if got := d.Steps(); got > most || got < most/4 {
		t.Errorf("got %d steps, want some, and at most %d", got, most)
	}
	if g := d.GivenUp(); g.Looks == 0 || g.Waits == 0 {
		t.Errorf("got %+v, want both kinds counted", g)
	}
}

// TestFollowersCount: cases that follow another one wait too. Each round opens
// holes that one packet fills, whose own case waits.
func TestFollowersCount(t *testing.T) {
	const holes = 60
	packets := (holes + 1) * (maxWaiting/holes + 50)
	d := New(func(*Finding) {})
	for i := range packets {
		s := tcp.Segment{Flow: uint64(i / (4 * (holes + 1))), Bits: tcp.ACK, Len: 1}
		base := tcp.Seq(i / (holes + 1) * 10_000)
		flags := tcp.LostSegment
		if s.Seq = base.Add(uint32(2 * (i%(holes+1) + 1))); i%(holes+1) == holes {
			s.Seq, s.Len, flags = base, 2*holes+2, tcp.Retransmission
		}
		d.Add(&Packet{Frame: int64(i + 1), Segment: &s, Before: flags, After: flags})
		held := 0
		if i%1009 == 0 || i == packets-1 {
			d.flows.Each(func(_ uint64, f *flow) {
				for _, c := range f.waiting {
					held += 1 + len(c.followers)
				}
			})
			if held != d.waiting || held > maxWaiting {
				t.Fatalf("after %d packets: got %d cases held and %d counted, want as many and at most %d", i+1, held, d.waiting, maxWaiting)
			}
		}
	}
	if g := d.GivenUp(); g.Waits == 0 {
		t.Error("cases that were ended early: got none counted")
	}
}

// TestGapsAreBounded: gaps that all lie in one gap of the record don't wait for
// its end without bound.
func TestGapsAreBounded(t *testing.T) {
	for name, next := range map[string]func(i int64) gap{
		"all from the first frame on": func(i int64) gap { return gap{before: 1, after: i + 2} },
		"all before the same frame":   func(i int64) gap { return gap{before: 1, after: 5 * gapsHeld} },
		"falling":                     func(i int64) gap { return gap{before: 1, after: 5*gapsHeld - i} },
		"one by one":                  func(i int64) gap { return gap{before: i, after: i + 1} },
	} {
		var g gaps
		var added int64
		for i := range int64(4 * gapsHeld) {
			one := next(i)
			one.missed, one.flow = 1, uint64(i)
			added++
			g.add(one, 5*gapsHeld)
			if n := len(g.held) + len(g.fresh); n > gapsHeld {
				t.Fatalf("%s: got %d held, want at most %d", name, n, gapsHeld)
			}
		}
		g.flush()
		if missed := g.sums[in].missed; missed != added {
			t.Errorf("%s: got %d missed in all, want %d", name, missed, added)
		}
		if most := added * 3 * gapsHeld / gapsSorted; g.steps > most {
			t.Errorf("%s: got %d steps, want at most %d", name, g.steps, most)
		}
	}
}

// TestEvidenceTakesOneAllocation: where all findings are listed each is written
// out, and a hostile capture has several for each packet.
func TestEvidenceTakesOneAllocation(t *testing.T) {
	e := verdict(Loss, "open since frame %d; from frame %d on %d ACKs ask for it, after %s", 7, -1, 1234567890123, 99_000)
	const want = "open since frame 7; from frame -1 on 1234567890123 ACKs ask for it, after 99 µs"
	if got := e.Evidence(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	plain := verdict(Drop, "frame %d acknowledges what frame %d lacks", 123456, 654321)
	if n := testing.AllocsPerRun(100, func() { _ = plain.Evidence() }); n > 1 {
		t.Errorf("allocations: got %v, want at most 1", n)
	}
}
