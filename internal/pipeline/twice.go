package pipeline

import (
	"maps"
	"slices"
	"time"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// Laws hold within one observation point. Where a capture shows a connection
// from two of them, or its packets at two times, they prove nothing: the packets
// of the one come before, after and among those of the other by a delay that
// is no jitter.

// sightings is the stage of the first survey that tells connections that a capture shows
// more than once: recorded at both of their ends, each packet twice (by a bridge, a mirror
// port, a VLAN and its parent), or again later in the file (captures that were appended to
// each other, or that overlap). In: packets in file order, with their stamps as recorded.
// Its memory is bounded.
type sightings struct {
	prints printSet
	flows  *tcp.Store[sighting]
	tick   int64 // of the clock, nanoseconds; 0 if it is fine
	found  map[uint64]sighted
	apart  map[uint64]apartBy // of those that are doubled
	likely []uint64           // connections of which a packet came again with its stamp: too few to tell
	judged int64              // connections of which enough was seen
	delays reorder.Histogram  // of the copies, by connection

	sampled bool // not all packets could be remembered
}

// copies are what is known of connections that were recorded twice.
type copies struct {
	apart map[uint64]apartBy // of their packets, by the hash of the pair
	delay time.Duration      // the median of the connections, to two digits
}

// sighting is what was seen of one connection. Packets are those with a span in
// sequence space: bare ACKs are often identical without being copies. Where only
// some are remembered, each counts for those that aren't.
type sighting struct {
	hash    uint64 // of its pair
	packets int64  // different ones
	again   int64  // of them, those that came again, bit for bit
	same    int64  // of them, those that came again with the very stamp, elsewhere in the file
	met     int64  // different packets that were remembered, each for itself alone
	copies  int64  // of these, those that were met again
	across  bool   // one of these came again after stamps went far back
	delay   int64  // of the first that came again, nanoseconds
	apart   apartBy
	out     [2]bool
}

// apartBy is how long after each other the two copies of a connection's packets
// were recorded, nanoseconds: from nearest to farthest.
type apartBy struct {
	nearest, farthest int64
	// votes are for that delay less those for others: packets that were sent again
	// have others, and are fewer.
	votes int64
}

// add takes in by how much a packet came again later.
func (a *apartBy) add(delay, tick int64) {
	switch {
	case a.votes == 0:
		*a = apartBy{delay, delay, 1}
	case delay >= a.nearest-a.nearest/2-tick && delay <= a.farthest+a.farthest/2+tick:
		a.nearest, a.farthest, a.votes = min(a.nearest, delay), max(a.farthest, delay), a.votes+1
	default:
		a.votes--
	}
}

// widened leaves room for copies that are farther apart, or nearer, than those that
// were met. The more were met, the less is left.
func (a apartBy) widened() apartBy {
	more := (a.farthest - a.nearest + a.nearest/8) / max(a.votes, 1)
	return apartBy{max(0, a.nearest-more), max(1, a.farthest+more), a.votes}
}

// newSightings returns sightings of a capture whose clock has this tick, nanoseconds; 0
// if it is fine.
func newSightings(tick int64) *sightings {
	s := &sightings{tick: tick, found: make(map[uint64]sighted), apart: make(map[uint64]apartBy)}
	s.flows = tcp.NewStore(s.close)
	return s
}

// sighted says in which way a connection was seen more than once.
type sighted uint8

const (
	once     sighted = iota
	bothEnds         // packets are outbound in both directions
	doubled          // each packet is there again a little later
	repeated         // packets are there again with the stamps that they had
)

// Where a connection was recorded twice nearly all of its packets come again, but
// for those that one of the recordings missed. Of packets that TCP sends again,
// most come once where anything gets through.
const (
	copiedShare = 60 // hundredths of the different packets
	copiedFrom  = 2  // copies that were met
	// repeatedFrom is how many packets with one stamp show that files overlap, in
	// a connection of which only a part lies in both. Inside one tick of a slow
	// clock a stamp says nothing; after stamps went far back a single one is enough.
	repeatedFrom = 4
)

// take takes in a packet.
func (s *sightings) take(u *unit) {
	if !u.tracked.followed {
		return
	}
	f := s.flows.Of(u.seg.Flow)
	f.hash = u.pair.Hash
	if u.heading == tcp.Out && u.seg.Outbound != tcp.Both && u.innermost().Src != u.innermost().Dst {
		f.out[u.pair.Dir] = true
	}
	if u.seg.Span() == 0 || u.seg.Bits.Has(tcp.RST) {
		return
	}
	before, times, weight := s.prints.see(u)
	if times == 1 {
		f.packets, f.met = f.packets+weight, f.met+1
	}
	if times != 2 {
		return
	}
	if f.again == 0 {
		f.delay = u.seg.Stamp - before.stamp
	}
	f.apart.add(u.seg.Stamp-before.stamp, s.tick)
	f.again, f.copies = f.again+weight, f.copies+1
	across := before.steps != s.prints.steps
	if u.seg.Stamp == before.stamp && (s.tick == 0 || across) {
		f.same, f.across = f.same+weight, f.across || across
	}
}

// close decides on a connection of which nothing more is kept.
func (s *sightings) close(_ uint64, f *sighting) {
	how := f.decide()
	enough := int64(copiedFrom)
	if s.prints.drop > 0 {
		enough *= 2 // at least so many of their copies would have been met
	}
	if f.met >= enough || how != once {
		s.judged++
	}
	if how == once {
		if f.same > 0 && len(s.likely) < maxLeft {
			s.likely = append(s.likely, f.hash)
		}
		return
	}
	if len(s.found) <= maxLeft { // one more, to tell that there are more
		s.found[f.hash] = how
	}
	if how == doubled {
		if f.apart.nearest >= 0 && len(s.apart) < maxLeft {
			s.apart[f.hash] = f.apart.widened()
		}
		s.delays.Add(max(f.delay, -f.delay))
	}
}

func (f *sighting) decide() sighted {
	switch {
	case f.out[0] && f.out[1]:
		return bothEnds
	case f.across, f.same >= repeatedFrom && 2*f.same > f.again:
		return repeated
	case f.copies < copiedFrom || 100*f.again < copiedShare*f.packets:
		return once
	case 2*f.same > f.again:
		return repeated
	}
	return doubled
}

// mostly reports whether most connections were seen more than once, so that the
// packets that aren't TCP were, too.
func (s *sightings) mostly() bool { return 2*int64(len(s.found)) > s.judged }

// nearlyAll reports whether connections of which too few packets were looked at
// were seen more than once as well, as nearly all others.
func (s *sightings) nearlyAll() bool { return s.sampled && 10*int64(len(s.found)) >= 9*s.judged }

// finish decides on all connections that are left. Where some show that files
// overlap, a single packet with its old stamp is enough for the others.
func (s *sightings) finish() {
	s.flows.Each(s.close)
	overlap := slices.Contains(slices.Collect(maps.Values(s.found)), repeated)
	for _, hash := range s.likely {
		if overlap && s.found[hash] == once {
			s.found[hash] = repeated
		}
	}
	s.sampled = s.prints.drop > 0
	s.flows, s.likely, s.prints = nil, nil, printSet{}
}

// delay is the median of the connections that are there twice, to two digits.
func (s *sightings) delay() time.Duration {
	d, unit := time.Duration(s.delays.Quantile(0.5)), time.Duration(1)
	for d/unit >= 100 {
		unit *= 10
	}
	return d.Round(unit)
}
