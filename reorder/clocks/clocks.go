// Package clocks compares the clocks of a capture's interfaces, from TCP's own numbers.
//
// It promises to call clocks different only where no single clock explains what was
// seen, and to say how far off its answer may be.
package clocks

import (
	"cmp"
	"math"
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// Survey learns by how much the clocks of a capture's interfaces differ,
// where flows have one direction on one interface and one on another. An answer
// comes after what it answers, on any clock: data on interface A and its
// acknowledgement on B bound the difference on one side, data on B and its
// acknowledgement on A on the other. The smallest delays bound it closest.
//
// A sample is the first copy of a segment that begins where the data before it
// ended, and the first ACK number that is the segment's end: a retransmission,
// whose acknowledgement may be for the original (Karn's rule, RFC 6298, section
// 3), gives none. Copies of one packet on two interfaces give none either:
// which came first can't be told from TCP.
//
// It counts on nothing of the order in the file but that each interface's own
// packets are roughly in theirs, and it is not safe for concurrent use.
type Survey struct {
	reference int
	flows     tcp.Store[flow]     // by Segment.Flow
	open      map[uint64]sighting // one side of a sample, by its flow's place, direction and number
	sieve     uint64              // of the hashed keys only those without these bits are kept
	pairs     map[int]*pair       // by interface, each with the reference
	clocks    []reorder.TickMeter // by interface
}

// Limits of a Survey. Interfaces beyond the first are not compared, and
// when too many sightings wait for their other side half of the numbers are
// left out from then on.
const (
	maxClocks    = 256
	maxSightings = 1 << 15
)

// sighting is one side of a sample: a segment, or the ACK for it.
type sighting struct {
	flow   uint64
	stamp  int64
	iface  int32
	answer bool // it is the ACK
	host   bool // the capturing host sent it
}

// flow is what each sender of a flow has said so far.
type flow [2]struct {
	begun, acked bool
	isn          tcp.Seq // of its SYN, if there was one
	end          tcp.Seq // of the data seen
	ack          tcp.Seq // highest ACK number
}

// NewSurvey returns a survey that compares interfaces with the reference;
// interfaces are numbered densely from 0 by the caller.
func NewSurvey(reference int) *Survey {
	return &Survey{reference: reference, open: make(map[uint64]sighting), pairs: make(map[int]*pair)}
}

// Add takes in the next packet of the capture: the interface that it was seen
// on, its stamp in nanoseconds, and its segment (nil if it has none), of which
// Stamp is not used and nothing is kept.
func (c *Survey) Add(iface int, stamp int64, segment *reorder.Segment) {
	if iface >= maxClocks && iface != c.reference || segment == nil {
		return
	}
	s := (*tcp.Segment)(segment)
	c.tick(iface, stamp)
	f, dir := c.flows.Of(s.Flow), s.Dir&1
	side := sighting{flow: s.Flow, stamp: stamp, iface: int32(iface), host: s.Outbound == tcp.Out}
	if f.isNew(dir, s) {
		c.sight(dir, s.End(), side)
	}
	if f.acknowledges(dir, s) {
		side.answer = true
		c.sight(1-dir, s.Ack, side)
	}
}

func (c *Survey) tick(iface int, stamp int64) {
	for iface >= len(c.clocks) {
		c.clocks = append(c.clocks, reorder.TickMeter{})
	}
	c.clocks[iface].Add(stamp)
}

// isNew reports whether the segment is the first copy of what it holds. In a
// flow whose beginning was not seen the first segment may not be.
func (f *flow) isNew(dir uint8, s *tcp.Segment) bool {
	h := &f[dir]
	switch {
	case s.Bits.Has(tcp.RST) || s.Span() == 0:
		return false
	case s.Bits.Has(tcp.SYN):
		if h.begun && h.isn == s.Seq {
			return false
		}
		h.begun, h.isn, h.end = true, s.Seq, s.End()
		f[1-dir].acked = false
		return true
	case !h.begun:
		h.begun, h.end = true, s.End()
		return false
	}
	fresh := h.end.AtMost(s.Seq)
	h.end = h.end.Max(s.End())
	return fresh
}

// acknowledges reports whether the segment is the first to carry its ACK number.
func (f *flow) acknowledges(dir uint8, s *tcp.Segment) bool {
	h := &f[dir]
	if !s.HasAck() || h.acked && s.Ack.AtMost(h.ack) {
		return false
	}
	h.acked, h.ack = true, s.Ack
	return true
}

// sight keeps one side of a sample, or completes the sample. What waits of a flow that
// made way for this one is void.
func (c *Survey) sight(dir uint8, number tcp.Seq, side sighting) {
	key := uint64(tcp.Place(side.flow))<<33 | uint64(dir)<<32 | uint64(number)
	if mixed(key)&c.sieve != 0 {
		return
	}
	other, ok := c.open[key]
	switch {
	case !ok || other.flow != side.flow:
		c.keep(key, side)
	case other.answer == side.answer: // another incarnation of the port pair
	case side.answer:
		delete(c.open, key)
		c.sample(other, side, false)
	default:
		delete(c.open, key)
		c.sample(side, other, true)
	}
}

// mixed spreads keys, so that each bit of the result takes half of them.
func mixed(key uint64) uint64 {
	key *= 0x9E3779B97F4A7C15
	return key ^ key>>32
}

// keep lets a sighting wait for its other side. Both sides of a sample pass
// the sieve or none does, however far apart they are.
func (c *Survey) keep(key uint64, side sighting) {
	c.open[key] = side
	for len(c.open) >= maxSightings {
		c.sieve = c.sieve<<1 | 1
		for k := range c.open {
			if mixed(k)&c.sieve != 0 {
				delete(c.open, k)
			}
		}
	}
}

// sample takes in a segment and its ACK; inverted says that the ACK was
// before the segment in the file.
func (c *Survey) sample(cause, answer sighting, inverted bool) {
	reference := int32(c.reference)
	if cause.iface == answer.iface || cause.iface != reference && answer.iface != reference {
		return
	}
	own, other := cause, answer // by interface
	if answer.iface == reference {
		own, other = answer, cause
	}
	ahead := other.stamp - own.stamp
	if (ahead < 0) != (other.stamp < own.stamp) {
		return // farther apart than 64 bits can say
	}
	p := c.pairs[int(other.iface)]
	if p == nil {
		p = &pair{}
		c.pairs[int(other.iface)] = p
	}
	if inverted {
		p.inverted++
	}
	if cause.iface == reference {
		p.most.add(own.stamp, ahead, answer.host)
	} else {
		p.least.add(own.stamp, -ahead, answer.host)
	}
}

// Result ends the survey: a Clock for each interface that was compared with the
// reference, in their order.
func (c *Survey) Result() []Clock {
	var clocks []Clock
	for iface, p := range c.pairs {
		clock := p.conclude(c.tickOf(c.reference), c.tickOf(iface))
		clock.Interface, clock.Reference = iface, c.reference
		clocks = append(clocks, clock)
	}
	slices.SortFunc(clocks, func(a, b Clock) int { return cmp.Compare(a.Interface, b.Interface) })
	return clocks
}

func (c *Survey) tickOf(iface int) int64 {
	if iface >= len(c.clocks) {
		return reorder.FinestTick
	}
	return max(reorder.FinestTick, c.clocks[iface].Tick())
}

// envelope keeps the smallest of many values in each of a bounded number of
// windows of time.
type envelope struct {
	samples, host int64 // host: those whose answer the capturing host sent
	shift         uint  // a window lasts 2^shift nanoseconds
	windows       map[int64]point
}

// point is a difference between two clocks, and when it was seen on the
// clock of the reference, nanoseconds.
type point struct{ at, value int64 }

func (p point) below(o point) bool {
	return p.value < o.value || p.value == o.value && p.at < o.at
}

func (p point) compareTime(o point) int { return cmp.Compare(p.at, o.at) }

// maxWindows is how many windows are kept; when there are more, they are
// merged by twos.
const maxWindows = 1024

func (e *envelope) add(at, value int64, host bool) {
	if e.windows == nil {
		e.windows, e.shift = make(map[int64]point), 20
	}
	e.samples++
	if host {
		e.host++
	}
	e.lower(point{at, value})
	for len(e.windows) > maxWindows {
		old := e.windows
		e.shift++
		e.windows = make(map[int64]point, maxWindows)
		for _, p := range old {
			e.lower(p)
		}
	}
}

func (e *envelope) lower(p point) {
	k := p.at >> e.shift
	if have, ok := e.windows[k]; !ok || p.below(have) {
		e.windows[k] = p
	}
}

// points lists what was kept by time, against an origin; differences that do
// not fit are held at the ends.
func (e *envelope) points(origin int64) []point {
	list := make([]point, 0, len(e.windows))
	for _, p := range e.windows {
		list = append(list, point{minus(p.at, origin), p.value})
	}
	slices.SortFunc(list, point.compareTime)
	return list
}

// minus is a-b, held within int64.
func minus(a, b int64) int64 {
	d := a - b
	switch {
	case (d < 0) == (a < b):
		return d
	case a < b:
		return math.MinInt64
	}
	return math.MaxInt64
}
