package pipeline

import (
	"iter"
	"maps"
	"math/bits"
	"time"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// A repair that leaves more flags than it found is wrong, whatever the laws say:
// by connection, a true capture hardly ever has more than the same packets in
// another order. So flags are counted by connection, as recorded and as repaired,
// with the same headers. Where they have risen the capture is repaired again with
// those connections left as recorded.
//
// Two flags are apart, and count only where those of the whole capture have risen
// with them. "Window full" says that data reaches to the very edge of the offered
// window, which is seen only where the packet that offered the window comes before
// the data: the true order often has more of it (in 8 of 1,572 connections of our
// degraded recordings). "Fast retransmission" is said besides "retransmission", so
// that what disorder makes one flag is two in truth. "ACK of a lost segment" is apart in
// connections that lack segments in any order: after a gap the analyser takes the ACK of
// a FIN for one of what is missing, but not where the ACK comes before the FIN.
//
// This comes to an end. A connection that is left keeps the order and the times
// of its packets, so its flags are what they were and it isn't found again; each
// run that is followed by another leaves more connections; and after maxRuns the
// whole capture is left, in which nothing moves.

// maxRuns is how often a capture is repaired before it is left as a whole.
const maxRuns = 3

// maxLeft is how many connections can be left as recorded. Where there are more
// the whole capture is.
const maxLeft = 1 << 17

// left are the connections whose packets keep their order and times, by the hash
// of their pair: in another pass one that was forgotten has another id.
type left struct {
	by    map[uint64]leftFor
	all   bool // nothing moves
	stays bool // so does it from the beginning: each packet is there from every layer that it passed
	apart bool // what isn't TCP is left, too
	most  bool // so is each connection: nearly all were seen more than once
	risen int64
	seen  [repeated + 1]int64 // connections, by how they were seen more than once
}

// leftFor is why a connection is left as recorded.
type leftFor uint8

const (
	leftSeenTwice leftFor = iota + 1
	leftRisen
)

// has reports whether the packet's connection is left as recorded.
func (l *left) has(u *unit) leftFor {
	switch {
	case len(l.by) == 0:
		return 0
	case l.most, l.apart && !u.tracked.followed:
		return leftSeenTwice
	case u.tracked.followed:
		return l.by[u.pair.Hash]
	}
	return 0
}

// guard counts by how much the flags of connections have changed. As all that keeps state
// by connection it begins anew with one that was forgotten.
type guard struct {
	apart tcp.Analysis // counted so
	open  *tcp.Store[change]
	total int64 // of the capture, with all flags

	// Of those that have made way, the ones whose flags have risen: without those that are
	// apart, and only with them.
	alone, besides pairSet
}

func newGuard(apart tcp.Analysis) *guard {
	g := &guard{apart: apart, alone: make(pairSet), besides: make(pairSet)}
	g.open = tcp.NewStore(g.close)
	return g
}

// change is by how much the flags of a connection have changed.
type change struct {
	pair         uint64 // its hash
	flags, apart int64
	acks         int64 // of AckLostSegment, which is in neither
	gaps         bool  // a packet had AckLostSegment before, and has it
}

// rose reports whether there are more flags than before, of all or without those
// that are apart.
func (c *change) rose(all bool) bool {
	n := c.flags
	if all {
		n += c.apart
	}
	if all || !c.gaps {
		n += c.acks
	}
	return n > 0
}

const apart = tcp.WindowFull | tcp.FastRetransmission

// packet takes in a TCP packet's flags as recorded and as repaired, with its connection's
// id and the hash of its pair.
func (g *guard) packet(id, pair uint64, before, after tcp.Analysis) {
	gap := before&after&tcp.AckLostSegment != 0
	if before == after && !gap {
		return
	}
	others := g.apart | tcp.AckLostSegment
	g.total += more(before, after)
	c := g.open.Of(id)
	c.pair = pair
	c.flags += more(before&^others, after&^others)
	c.apart += more(before&g.apart, after&g.apart)
	c.acks += more(before&tcp.AckLostSegment, after&tcp.AckLostSegment)
	c.gaps = c.gaps || gap
}

// close keeps of a connection whether its flags have risen.
func (g *guard) close(_ uint64, c *change) {
	switch {
	case c.rose(false):
		g.alone.add(c.pair)
	case c.rose(true):
		g.besides.add(c.pair)
	}
}

// risen are the connections whose flags have risen, by the hash of their pair. It is to be
// asked for once, after the last packet.
func (g *guard) risen() iter.Seq[uint64] {
	g.open.Each(g.close)
	if g.total <= 0 {
		return maps.Keys(g.alone)
	}
	return func(yield func(uint64) bool) {
		for _, s := range []pairSet{g.alone, g.besides} {
			for pair := range s {
				if !yield(pair) {
					return
				}
			}
		}
	}
}

// pairSet is a set of connections by the hash of their pair. One more than can be left as
// recorded are enough.
type pairSet map[uint64]struct{}

func (s pairSet) add(pair uint64) {
	if len(s) <= maxLeft {
		s[pair] = struct{}{}
	}
}

// more is how many flags after has beyond those of before.
func more(before, after tcp.Analysis) int64 {
	return int64(bits.OnesCount32(uint32(after)) - bits.OnesCount32(uint32(before)))
}

// recordedOrder gives the packets of connections that are left as recorded stamps
// to be sorted by that rise: a sort by stamps then leaves their order alone. A
// step of the clock begins anew.
type recordedOrder struct {
	latest map[uint64]int64 // by the hash of the pair
	reach  int64            // further back only a step of the clock leads
}

func (o *recordedOrder) stamp(hash uint64, stamp int64) int64 {
	if len(o.latest) == 0 || len(o.latest) > maxLeft { // what is forgotten is sorted by its own stamps
		o.latest = make(map[uint64]int64)
	}
	if last, ok := o.latest[hash]; ok && stamp < last && last-stamp <= o.reach {
		return last
	}
	o.latest[hash] = stamp
	return stamp
}

func (l *left) describe() report.AsRecorded {
	return report.AsRecorded{
		FlagsWouldRise: l.risen, BothEnds: l.seen[bothEnds], Copied: l.seen[doubled], Repeated: l.seen[repeated], WholeCapture: l.all,
	}
}

// noteLeft says which connections were left as recorded, and why.
func (r *reportBuilder) noteLeft(f *facts) {
	l, p, least := &f.left, &f.profile, ""
	if l.most {
		least = "at least "
	}
	n := l.seen[bothEnds]
	r.noteIf(n, "%s recorded at both ends: packets are outbound in both directions, as where captures of two hosts were merged or a router forwards them; %s packets were not moved",
		were(n, "connection"), itsOrTheir(n))
	n = l.seen[doubled]
	r.noteIf(n, "%s%s recorded twice, each packet again about %v later: by a bridge, a mirror port, a VLAN and its parent, or at two places; %s packets were not moved",
		least, were(n, "connection"), f.copies.delay, itsOrTheir(n))
	n = l.seen[repeated]
	r.noteIf(n, "%s recorded twice with the same stamps: the file holds captures that overlap, or one of them again; %s packets were not moved",
		were(n, "connection"), itsOrTheir(n))
	r.noteIf(p.ClockSteps, "the clock was set back, or captures were put one after the other: stamps go back %s, by up to %v; no packet was moved across",
		timesOver(p.ClockSteps), time.Duration(p.StepBack))
	switch {
	case l.stays:
		r.note("no packet was moved: all layers that packets passed were asked for, and each is there from several")
	case l.all:
		r.note("no packet was moved: putting the capture in order would have raised the flags of connections again and again")
	case l.risen > 0:
		r.note("%s left as recorded: putting %s in order would have raised %s flags",
			were(l.risen, "connection"), either(l.risen, "it", "them"), itsOrTheir(l.risen))
	}
}
