package diagnose

import (
	"math/bits"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// nonsense draws segments near what the rules compare them with, of a few
// connections, hostile ones too.
func nonsense(r *rand.Rand, n int) (list []tcp.Segment) {
	var high [3][2]tcp.Seq
	ids := [3]uint64{0, 1, 2}
	now := int64(1e18)
	for i := range n {
		flow, dir := r.IntN(3), uint8(r.IntN(2))
		now += []int64{-2e6, 0, 1e3, 1e6, 3e6, 40e6, 300e6}[r.IntN(7)]
		if r.IntN(500) == 0 {
			ids[flow] += tcp.MaxFlows // another one, at its place
		}
		s := tcp.Segment{
			Stamp: now, Frame: int64(i + 1), Flow: ids[flow], Dir: dir, Bits: tcp.ACK, WindowShift: -1, Window: uint16(r.IntN(3) * 500),
			Seq: high[flow][dir], Ack: high[flow][dir^1], Outbound: tcp.Side(r.IntN(4)),
			HasTS: r.IntN(2) == 0, TSval: uint32(r.IntN(4)), HasIPID: r.IntN(2) == 0, IPID: uint16(r.IntN(3)),
		}
		s.Len = []uint32{0, 1, 100, 100, 70_000, 1 << 31}[min(r.IntN(6), r.IntN(7))]
		s.Seq += tcp.Seq([]int{0, 0, 0, 100, -100, -200, -1, 1 << 30, 1 << 31}[r.IntN(9)])
		s.Ack += tcp.Seq([]int{0, 0, 0, 100, -100, 300, 1 << 31}[r.IntN(7)])
		if r.IntN(12) == 0 {
			s.Bits = []tcp.Bits{tcp.SYN, tcp.SYN | tcp.ACK, tcp.FIN | tcp.ACK, tcp.RST, 0}[r.IntN(5)]
		}
		for range r.IntN(tcp.MaxSACK + 1) {
			left := s.Ack.Add(uint32(r.IntN(5)*100 - 100))
			s.SACK[s.SACKs] = tcp.Range{Left: left, Right: left.Add(uint32(r.IntN(4) * 100))}
			s.SACKs++
		}
		if r.IntN(500) == 0 && s.Flow >= tcp.MaxFlows {
			s.Flow -= tcp.MaxFlows // one that has made way comes late
		}
		if high[flow][dir].Less(s.End()) && r.IntN(2) == 0 {
			high[flow][dir] = s.End()
		}
		list = append(list, s)
	}
	return list
}

// diagnosed feeds segments with flags that may have changed, and collects what
// is said.
func diagnosed(list []tcp.Segment, changed func(tcp.Analysis) tcp.Analysis) (all []Finding, before map[[2]int64]bool, loss report.CaptureLoss) {
	before = map[[2]int64]bool{}
	d := New(func(f *Finding) {
		_ = f.Evidence()
		all = append(all, *f)
	})
	a := tcp.NewAnalyser()
	for i := range list {
		s := list[i]
		flags := a.Add(&s)
		for rest := flags; rest != 0; rest &= rest - 1 {
			before[[2]int64{s.Frame, int64(number(rest))}] = true
		}
		d.Add(&Packet{Frame: s.Frame, FrameAfter: s.Frame, Time: s.Stamp, Segment: &s, Before: flags, After: changed(flags)})
	}
	d.Finish()
	return all, before, d.Loss()
}

// TestEachFlagHasOneVerdict holds any input to it, but for connections of which
// one direction was not captured: there one finding stands for all.
func TestEachFlagHasOneVerdict(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		all, before, _ := diagnosed(nonsense(r, 400), func(a tcp.Analysis) tcp.Analysis {
			if r.IntN(4) == 0 {
				return a &^ (1 << r.IntN(16))
			}
			return a
		})
		said := map[[2]int64]int{}
		oneSided := false
		for _, f := range all {
			oneSided = oneSided || f.Verdict == NotCaptured
			if f.Verdict >= NumVerdicts {
				t.Fatalf("frame %d: %d is no verdict", f.Frame, uint8(f.Verdict))
			}
			if (f.Detail != "") != (f.Verdict == Loss || f.Verdict == Duplicate) {
				t.Fatalf("frame %d: %s has the detail %q", f.Frame, f.Verdict, f.Detail)
			}
			if f.Evidence() == "" {
				t.Fatalf("frame %d: %s without evidence", f.Frame, f.Verdict)
			}
			if f.FlagNumber >= 0 {
				said[[2]int64{f.Frame, int64(f.FlagNumber)}]++
			}
		}
		for key, n := range said {
			if n > 1 || !before[key] {
				t.Fatalf("frame %d, flag %d: got %d verdicts, flagged before %v", key[0], key[1], n, before[key])
			}
		}
		if len(said) < len(before) && !oneSided {
			t.Fatalf("got verdicts on %d flags, want %d", len(said), len(before))
		}
	})
}

// TestSameInputSameVerdicts: nothing hangs on the order of a map.
func TestSameInputSameVerdicts(t *testing.T) {
	same := func(a tcp.Analysis) tcp.Analysis { return a }
	list := nonsense(rand.New(rand.NewPCG(3, 1)), 20_000)
	all, _, loss := diagnosed(list, same)
	again, _, lossAgain := diagnosed(list, same)
	if len(all) < 5000 || !reflect.DeepEqual(all, again) || !reflect.DeepEqual(loss, lossAgain) {
		t.Errorf("got %d findings, and %d when asked again, or other ones", len(all), len(again))
	}
}

// TestWaitingIsBounded lets every packet wait for evidence that never comes.
func TestWaitingIsBounded(t *testing.T) {
	const packets = 60_000
	said := 0
	d := New(func(*Finding) { said++ })
	flag := tcp.Retransmission
	s := tcp.Segment{Bits: tcp.ACK, Seq: 1, Len: 100}
	for i := range uint64(maxWaiting + 100) {
		s.Flow, s.Seq = i/2, tcp.Seq(1+100*(i%2))
		d.Add(&Packet{Frame: 1, Segment: &s, Before: flag, After: flag})
	}
	if d.waiting != maxWaiting || said != 100 {
		t.Errorf("of many connections: got %d waiting and %d said, want %d and 100", d.waiting, said, maxWaiting)
	}
	d, said = New(func(*Finding) { said++ }), 0
	s.Flow = 0
	for i := range packets {
		s.Seq = tcp.Seq(i % 1000 * 100)
		d.Add(&Packet{Frame: int64(i), Segment: &s, Before: flag, After: flag})
	}
	f := d.flows.Of(0)
	if len(f.waiting) > maxWaitingFlow || len(f.ends[0].holes) > maxHoles || len(d.history.ring)*historyPage > historyLength {
		t.Errorf("of one connection: got %d waiting, %d holes, %d records", len(f.waiting), len(f.ends[0].holes), len(d.history.ring)*historyPage)
	}
	if d.Finish(); said != packets {
		t.Errorf("got %d findings, want %d", said, packets)
	}
}

// TestCostIsLinear: a million copies of one segment, and as many that each fill
// a hole, take a bounded time each.
func TestCostIsLinear(t *testing.T) {
	const packets = 200_000
	start := time.Now()
	d := New(func(*Finding) {})
	s := tcp.Segment{Bits: tcp.ACK, Seq: 1, Len: 100, Outbound: tcp.In}
	flag := tcp.Retransmission
	for i := range packets {
		s.Dir = uint8(i % 2)
		if i > packets/2 {
			s.Seq = tcp.Seq(i % 64 * 1000)
		}
		d.Add(&Packet{Frame: int64(i), Time: int64(i), Segment: &s, Before: flag, After: flag})
	}
	d.Finish()
	// Measured: under a second. Quadratic cost would be hours.
	if took := time.Since(start); took > time.Minute {
		t.Errorf("%d packets took %v", packets, took)
	}
	p := Packet{Segment: &s}
	if got := testing.AllocsPerRun(1000, func() {
		s.Seq = s.End()
		d.Add(&p)
	}); got > 0 {
		t.Errorf("a packet that nobody flags: got %v allocations, want none", got)
	}
}

// FuzzDiagnose lets any bytes be segments.
func FuzzDiagnose(f *testing.F) {
	f.Add([]byte("a few bytes that are segments of some kind, whatever they say of themselves"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := New(func(f *Finding) { _ = f.Evidence() })
		for i := 0; i+16 <= len(data); i += 16 {
			b := data[i : i+16]
			s := tcp.Segment{
				Flow: uint64(b[0]&3) + tcp.MaxFlows*uint64(b[0]>>4&1), Dir: b[0] >> 7, Bits: tcp.Bits(b[1]), Seq: tcp.Seq(b[2]) << (b[3] & 31),
				Ack: tcp.Seq(b[4]) << (b[5] & 31), Len: uint32(b[6]) << (b[7] & 31), Outbound: tcp.Side(b[8] & 3), SACKs: b[9] % (tcp.MaxSACK + 1),
				HasTS: b[10]&1 != 0, TSval: uint32(b[11]), IPID: uint16(b[12]), HasIPID: b[10]&2 != 0,
			}
			for k := range s.SACK[:s.SACKs] {
				s.SACK[k] = tcp.Range{Left: s.Ack.Add(uint32(b[13]) * uint32(k)), Right: s.Ack.Add(uint32(b[13]) << (b[14] & 31))}
			}
			stamp := int64(int8(b[15])) << (b[3] >> 2)
			flags := tcp.Analysis(b[2])<<8 | tcp.Analysis(b[5])
			d.Add(&Packet{Frame: int64(i), FrameAfter: int64(i), Time: stamp, Segment: &s, Before: flags & (1<<16 - 1), After: tcp.Analysis(bits.Reverse32(uint32(flags)) >> 16)})
		}
		d.Finish()
		for _, one := range d.Loss().Directions {
			if one.MissedBytes < 0 || one.AckedBytes < 0 || one.LowPPM > one.RatePPM || one.RatePPM > one.HighPPM && one.HighPPM < 1e6 || one.PacketsLeast > one.PacketsMost {
				t.Errorf("got %+v", one)
			}
		}
	})
}
