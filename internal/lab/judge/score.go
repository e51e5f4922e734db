package judge

import (
	"math/bits"

	"github.com/mendcap/mendcap/internal/tcp"
)

// Score is what the judge found; scores add up.
type Score struct {
	Packets              int
	Lost, Added, Changed int // packets of the repaired file against the truth
	IPv6                 int // packets that came without header
	NextHeader           Tally
	Destination          Tally
	SpuriousBefore       int // (packet, flag) pairs that the truth does not have
	SpuriousAfter        int
	Genuine, Kept        int // pairs that it has, and those still there
	Order                OrderScore
	Floor                int // spurious pairs in the true order with the latest times that the sniffer's allow
	Swaps                Swaps
	Counted              Counted  // what the number of ACKs told
	ByKind               ByKind   // what is left and hidden
	TrueReadings         Readings // of the host's ACKs, in the true order
	Readings             Readings // after repair
	Times, Held          int      // intervals for a packet's time, and those that hold the true one
}

// Swaps are pairs of inbound segments that follow each other in the truth and stand
// the wrong way round after repair: those that one of the host's ACKs separates, which
// tells their order, and those that arrived between the same two.
//
// Of those that arrived between the same two ACKs in another order than that of their
// sequence numbers nothing tells where the recorded stamps are the wrong way round,
// too (Hopeless: the floor), and only stamps do elsewhere (Contested).
type Swaps struct{ Apart, Together, Hopeless, Contested int }

// Tally counts answers about one header field of IPv6 packets.
type Tally struct{ Right, Unknown, Wrong int }

// Add adds another score.
func (s *Score) Add(o Score) {
	s.Packets += o.Packets
	s.Lost, s.Added, s.Changed = s.Lost+o.Lost, s.Added+o.Added, s.Changed+o.Changed
	s.IPv6 += o.IPv6
	s.NextHeader.add(o.NextHeader)
	s.Destination.add(o.Destination)
	s.SpuriousBefore, s.SpuriousAfter = s.SpuriousBefore+o.SpuriousBefore, s.SpuriousAfter+o.SpuriousAfter
	s.Genuine, s.Kept = s.Genuine+o.Genuine, s.Kept+o.Kept
	s.Order.add(o.Order)
	s.Counted.add(o.Counted)
	s.ByKind.add(o.ByKind)
	s.TrueReadings.add(o.TrueReadings)
	s.Readings.add(o.Readings)
	s.Swaps.Apart, s.Swaps.Together = s.Swaps.Apart+o.Swaps.Apart, s.Swaps.Together+o.Swaps.Together
	s.Swaps.Hopeless, s.Swaps.Contested = s.Swaps.Hopeless+o.Swaps.Hopeless, s.Swaps.Contested+o.Swaps.Contested
	s.Floor, s.Times, s.Held = s.Floor+o.Floor, s.Times+o.Times, s.Held+o.Held
}

func (t *Tally) add(o Tally) {
	t.Right, t.Unknown, t.Wrong = t.Right+o.Right, t.Unknown+o.Unknown, t.Wrong+o.Wrong
}

// Compare judges a repaired file. The truth lacks the packets that the sniffer
// dropped; the baseline is what the sniffer wrote, with right headers.
func Compare(truth, baseline, repaired *File) Score {
	s := Score{Packets: len(truth.ids)}
	before, _ := baseline.match(truth)
	after, missing := repaired.match(truth)
	added := 0
	for i, place := range after {
		if place < 0 {
			added++
			continue
		}
		s.judgeHeader(truth.rows[place], repaired.rows[i])
		s.Kept += pairs(truth.rows[place].Flags & repaired.rows[i].Flags)
		s.SpuriousAfter += pairs(repaired.rows[i].Flags &^ truth.rows[place].Flags)
	}
	for i, place := range before {
		if place >= 0 {
			s.SpuriousBefore += pairs(baseline.rows[i].Flags &^ truth.rows[place].Flags)
		}
	}
	for _, row := range truth.rows {
		s.Genuine += pairs(row.Flags)
	}
	// One gone and another in its stead is one that was changed.
	s.Changed = min(missing, added)
	s.Lost, s.Added = missing-s.Changed, added-s.Changed
	s.Order = judgeOrder(truth.flows, before, after)
	s.Order.Touched = touched(before, after, baseline.stamps, repaired.stamps)
	return s
}

func pairs(flags tcp.Analysis) int { return bits.OnesCount32(uint32(flags)) }

// The values that say "unknown" in a header.
const unknownNextHeader = 255

func (s *Score) judgeHeader(truth, got Row) {
	if truth.NextHeader < 0 {
		return
	}
	s.IPv6++
	s.NextHeader.count(got.NextHeader == truth.NextHeader, got.NextHeader < 0 || got.NextHeader == unknownNextHeader)
	s.Destination.count(got.Dst == truth.Dst, !got.Dst.IsValid() || got.Dst.IsUnspecified())
}

func (t *Tally) count(right, unknown bool) {
	switch {
	case right:
		t.Right++
	case unknown:
		t.Unknown++
	default:
		t.Wrong++
	}
}
