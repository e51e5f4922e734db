package reorder

import (
	"math"
	"math/bits"
	"slices"
	"time"
)

// Survey learns from a first pass over a capture what an Orderer needs to know:
// which order to take as basis, the clock's tick, and the scales of its jitter.
type Survey struct {
	options    Options
	orders     []*Orderer // the capture in file order, and, unless both agree, in stamp order
	ticks      TickMeter
	last       int64
	latest     int64 // highest stamp
	any        bool
	pushed     int64
	learnt     bool  // the violations have told enough: no order is placed any more
	behind     int64 // by how much a stamp lies before the highest one, at most
	steps      int64 // backward steps
	clockSteps int64 // of them, those that no jitter explains
	reach      int64 // how far stamps go back, by an earlier Survey; 0 without one
	shown      int64 // by how much logs show packets to be late, at most; up to widestGate
	jumps      jumpMeter
	rate       rateMeter
}

// NewSurvey returns a Survey for one capture.
func NewSurvey(o Options) (*Survey, error) {
	wide := Profile{Gate: widestGate, Backward: widestGate, Bursts: true}
	file, err := newOrderer(wide, o, func(Placement) {})
	if err != nil {
		return nil, err
	}
	file.measure, file.track.learns = new(scales), true
	return &Survey{options: o, orders: []*Orderer{file}}, nil
}

// Again returns a Survey for another pass over the same capture, nil where one
// is enough. Where stamps go back by more than any jitter, either the clock was
// set or the file is written in blocks, by threads each of which has its own
// buffer. Which of them is told by the laws in the order of the stamps, but that
// has to be sorted as far as they go back, and the first pass learns how far.
func (s *Survey) Again() *Survey {
	if s.behind <= widestGate || s.reach > 0 {
		return nil
	}
	again, err := NewSurvey(s.options)
	if err != nil {
		return nil // the options were good before
	}
	again.reach = s.behind
	stamps := again.orders[0].inStampOrder()
	stamps.profile.Backward = s.behind
	again.orders = append(again.orders, stamps)
	return again
}

// Push adds the next packet of the capture, as Orderer.Push does.
func (s *Survey) Push(p *Packet) {
	stamp := p.Stamp
	if s.any {
		s.ticks.add(stamp - s.last)
		s.jumps.add(stamp - s.last)
		if step := s.last - stamp; step > 0 {
			s.steps++
			if step > widestGate {
				s.clockSteps++
			}
			s.behind = max(s.behind, s.latest-stamp)
			if len(s.orders) == 1 && !s.learnt {
				s.orders = append(s.orders, s.orders[0].inStampOrder())
			}
		}
	}
	if s.last = stamp; !s.any || stamp > s.latest {
		s.latest, s.any = stamp, true
	}
	if p.Log != nil {
		s.shown = max(s.shown, min(p.Log.Late, widestGate))
	}
	s.rate.add(s.latest)
	s.pushed++
	if s.learnt && s.pushed > enoughFollowed {
		return // connections have told enough, too
	}
	for _, r := range s.orders {
		r.Push(p)
	}
	if s.pushed%batch == 0 && s.pushed >= enoughOrdered && !s.learnt {
		s.learn()
	}
}

// learn stops placing if the violations in each order have told enough.
func (s *Survey) learn() {
	if slices.ContainsFunc(s.orders, (*Orderer).tellsLittle) {
		return
	}
	s.learnt = true
	for _, r := range s.orders {
		r.stopPlacing()
	}
}

// stopPlacing lets a Survey's Orderer count no more violations, nor what is compared with
// how many there are: it only follows the connections from now on.
func (r *Orderer) stopPlacing() {
	tally := r.track.tally
	r.counted = &tally
	r.items, r.suspects = r.items[:0], r.suspects[:0]
}

// tellsLittle reports whether the Orderer has met too few violations to learn from.
func (r *Orderer) tellsLittle() bool { return total(r.stats.Violations) < enoughViolations }

// Barrier says that no packet crosses this point.
func (s *Survey) Barrier() {
	s.any = false // what follows is compared with nothing before it
	for _, r := range s.orders {
		r.Barrier()
	}
}

// inStampOrder copies the Orderer, to go on with the packets sorted by stamp.
func (r *Orderer) inStampOrder() *Orderer {
	c := &Orderer{emit: r.emit, profile: r.profile, laws: r.laws, limit: r.limit,
		pushed: r.pushed, latest: r.latest, suspects: slices.Clone(r.suspects), doubt: r.doubt, settled: r.settled, stats: r.stats,
		items: slices.Clone(r.items), track: r.track}
	c.profile.Basis = StampOrder
	c.elder.empty(0)
	c.beginSorting()
	if r.track.swaps != nil {
		swaps := *r.track.swaps
		c.track.swaps = &swaps
	}
	c.track.causes = r.track.causes.clone()
	c.track.flows = r.track.flows.Clone((*flow).clone)
	measure := *r.measure
	c.measure = &measure
	return c
}

func (f *flow) clone() flow {
	c := *f
	for h := range c.half {
		c.half[h].seen.islands = slices.Clone(c.half[h].seen.islands)
		c.half[h].sacked = slices.Clone(c.half[h].sacked)
		c.half[h].early = slices.Clone(c.half[h].early)
	}
	if c.prior != nil {
		prior := c.prior.clone()
		c.prior = &prior
	}
	return c
}

// With enoughViolations the rest of the capture would not change the scales of its
// jitter much: after enoughOrdered packets nothing is placed any more. Of our degraded
// recordings four were repaired as well with the first 256 violations as with all; with
// 64, 19 flags were left that the truth does not have, instead of 14. How late packets are
// that come after higher ones, and how the host numbers its packets, is looked at in
// enoughFollowed; how far stamps go back in enoughPackets.
const (
	enoughOrdered    = 1 << 13
	enoughFollowed   = 1 << 15
	enoughPackets    = 1 << 18
	enoughViolations = 1 << 9
)

// Enough reports whether the capture is long and disturbed enough that the rest
// of it would not change the profile much: the survey may end here.
func (s *Survey) Enough() bool { return s.learnt && s.pushed >= enoughPackets }

// Steps is as that of an Orderer.
func (s *Survey) Steps() (n int64) {
	for _, r := range s.orders {
		n += r.Steps()
	}
	return n
}

// Profile ends the survey and returns what it learnt.
func (s *Survey) Profile() Profile {
	s.Barrier()
	for _, r := range s.orders {
		if r.counted != nil {
			r.track.tally = *r.counted
		}
	}
	basis := s.orders[0]
	p := Profile{Basis: FileOrder, Backward: min(s.behind, widestGate), ClockSteps: s.clockSteps, Tick: s.ticks.Tick(), Shown: s.shown}
	if len(s.orders) > 1 {
		p.Other = total(s.orders[1].stats.Violations)
	}
	if s.stampsFit() {
		basis, p.Basis, p.Other = s.orders[1], StampOrder, total(basis.stats.Violations)
		if s.reach > 0 {
			p.Backward, p.ClockSteps = s.reach, 0
		}
	}
	if p.ClockSteps > 0 {
		p.StepBack = s.behind
	}
	p.Violations, p.Explained = basis.stats.Violations, basis.stats.Explained
	p.Unrepaired = basis.stats.Unrepaired
	p.explainRare(basis.track.missed)
	p.ThreadJitter, p.QueueJitter = basis.measure.thread.jitter(p.Tick), basis.measure.queue.jitter(p.Tick)
	p.Gate = max(p.Tick, gateFactor*max(p.ThreadJitter, p.QueueJitter))
	if total(p.Violations) < mandateFrom {
		p.Gate = max(p.Tick, min(p.Gate, fewGate))
	}
	p.QueueMandate = basis.measure.queue.total >= mandateFrom
	p.ThreadMandate = basis.measure.thread.total >= mandateFrom
	if p.QueueMandate && p.Gate < farthest {
		p.Farthest = farthest
	}
	if p.QueueMandate && !p.ThreadMandate && (s.steps >= mandateFrom || s.lateAcks(basis) || s.quietSwaps(basis)) {
		// Stamps and file disagree too, or ACKs are late: several threads stamp and write.
		p.ThreadMandate, p.ThreadJitter = true, max(p.ThreadJitter, p.QueueJitter)
	}
	if p.ThreadMandate {
		p.Each = s.rate.each(p.Tick)
	}
	if s.jumps.most > max(p.Gate, leastDelay) && p.Basis == FileOrder {
		p.SetBack = s.jumps.most
	}
	p.takeBursts(s.ticks.fine(p.Tick))
	p.Reverses = p.Bursts && basis.track.falls >= mostlyReversed*basis.track.rises
	p.LogMandate = p.ThreadMandate && p.QueueMandate && basis.track.lateAcks <= lateAcksMost*basis.measure.queue.total
	p.Crossing = p.Gate
	if m := basis.track.swaps; m != nil {
		p.Usual, p.Longest, p.Crossing = m.usual(), m.by[0].late.Quantile(1), m.crossing(p.Gate)
	}
	p.IPID = basis.track.idMode()
	return p
}

// stampsFit reports whether the order of the stamps breaks fewer laws than that
// of the file. Sorted across what may be steps of the clock it has to break
// clearly fewer, and those count that are too far apart to be repaired.
func (s *Survey) stampsFit() bool {
	if len(s.orders) == 1 {
		return false
	}
	inFile, inStamps := &s.orders[0].stats, &s.orders[1].stats
	file, stamps := total(inFile.Violations), total(inStamps.Violations)
	if s.reach == 0 {
		return stamps < file
	}
	file += total(inFile.Unrepaired)
	stamps += total(inStamps.Unrepaired)
	return stamps+mandateFrom <= file && 2*stamps <= file
}

// explainRare takes violations for the work of drops, of which the packets that would
// tell so were dropped, too, where they are rare beside the gaps that drops left.
func (p *Profile) explainRare(gaps int64) {
	v, gapsEach := total(p.Violations), int64(gapsBesideMany)
	if v-total(p.Explained) < mandateFrom {
		gapsEach = gapsBesideFew
	}
	if p.Basis != FileOrder || v == 0 || gaps-v < gapsEach*v {
		return
	}
	for law := range p.Violations {
		p.Explained[law] += p.Violations[law] + p.Unrepaired[law]
	}
	p.Violations, p.Unrepaired = [NumLaws]int64{}, [NumLaws]int64{}
}

// gapsBesideFew and gapsBesideMany are from how many gaps for each violation on drops
// explain them: where there are fewer than mandateFrom more than drops are shown to
// explain, and where there are more. In captures that dropped 6 % of the packets of our
// recordings one in 1,700 gaps led to a violation that nothing else explains, without
// SACK one in 150. With disorder most gaps are violations themselves.
const (
	gapsBesideFew  = 4
	gapsBesideMany = 8
)

// burstsFrom is how many packets that are out of sequence in their burst show
// that the capture's driver reverses bursts. Each is proved by the host's ACK;
// one alone may be the network's, its duplicate ACK dropped by the capture.
const burstsFrom = 2

// mostlyReversed is how many packets stamped with the one before have falling
// numbers, for each with rising ones, where all bursts are reversed.
const mostlyReversed = 10

// takeBursts settles whether bursts are reversed. In the tick of a coarse clock
// packets are together that were no burst.
func (p *Profile) takeBursts(fineClock bool) {
	p.Bursts = fineClock && p.Violations[LawInBurst] >= burstsFrom
	if !p.Bursts {
		p.Violations[LawInBurst], p.Explained[LawInBurst], p.Unrepaired[LawInBurst] = 0, 0, 0
	}
}

// lateAcks reports whether the host's ACKs are late so often that several threads
// must stamp: one reader never delays what the host sends after what it receives.
// In true recordings, and those of one reader, fewer than one are for 100 responses
// that are before their causes; with threads, more than three.
func (s *Survey) lateAcks(basis *Orderer) bool {
	late, queue := basis.track.lateAcks, basis.measure.queue.total
	return basis.measure.thread.total > 0 && late >= mandateFrom && late*lateAckShare >= queue
}

// quietSwaps reports whether inbound data is after higher data so often, with
// nothing of the host's in between, that several threads must stamp: what the network
// delays the host answers at once (RFC 5681, section 4.2). Batches that its answers
// overtake look the same; then none of the host's own packets is out of order.
func (s *Survey) quietSwaps(basis *Orderer) bool {
	return basis.measure.thread.total > 0 && basis.track.quiet >= mandateFrom && basis.track.quiet >= basis.track.heard
}

// lateAckShare: one late ACK for so many responses before their causes.
const lateAckShare = 80

// lateAcksMost: where the host's ACKs are late so many times as often as they are
// before what they acknowledge, it is the vantage that makes them so: seen below the
// stack, a batch of segments is before the ACKs for its first ones.
const lateAcksMost = 8

// gateFactor: nothing moves by more than this many times the larger scale.
const gateFactor = 3

// mandateFrom is how many violations of moving laws show that a kind of disorder
// belongs to the capture.
const mandateFrom = 4

// farthest is how far what is proved to be late moves, at most.
const farthest = int64(5 * time.Millisecond)

// fewGate bounds the gate where violations are fewer than that. A sniffer that is
// late by more is late more often, but a retransmission of what the capture
// dropped comes a round trip after its original, and nothing need tell of it
// (in 600 recordings with drops alone 13 were left so, by 10 to 40 ms).
const fewGate = int64(5 * time.Millisecond)

func total(counts [NumLaws]int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

// idMode says how the host counts, where it does.
func (t *tracker) idMode() IPIDMode {
	switch {
	case t.idGlobal.counts():
		return IPIDGlobal
	case t.idFlow.counts():
		return IPIDPerFlow
	}
	return IPIDNone
}

// scales collects by how much violations ask packets to move.
type scales struct{ thread, queue Histogram }

func (s *scales) add(law Law, displacement int64) {
	switch {
	case law == LawInBurst: // of packets stamped at one time
	case law.amongOut():
		s.thread.Add(displacement)
	default:
		s.queue.Add(displacement)
	}
}

// Histogram counts durations in buckets of an eighth of an octave. The zero
// value is an empty one.
type Histogram struct {
	total   int64
	buckets [64 * 8]int64
}

// Add counts a duration, nanoseconds; negative ones count as 0.
func (h *Histogram) Add(d int64) {
	h.total++
	h.buckets[bucketOf(d)]++
}

// Quantile returns a duration that at least the given share of those counted
// keep within, 0 for an empty histogram.
func (h *Histogram) Quantile(share float64) int64 {
	left := h.total - int64(math.Ceil(share*float64(h.total)))
	for b := len(h.buckets) - 1; b >= 0; b-- {
		if left -= h.buckets[b]; left < 0 {
			return upper(b)
		}
	}
	return 0
}

func bucketOf(d int64) int {
	if d < 8 {
		return int(max(d, 0))
	}
	e := bits.Len64(uint64(d)) - 1
	return 8*(e-2) + int(d>>(e-3))&7
}

// upper is the largest duration of a bucket.
func upper(bucket int) int64 {
	if bucket < 8 {
		return int64(bucket)
	}
	e := bucket/8 + 2
	return (int64(bucket%8)+9)<<(e-3) - 1
}

// jitter is the duration that all but the rarest displacements keep within: an inversion
// inside a tick counts as one tick.
func (h *Histogram) jitter(tick int64) int64 {
	if h.total == 0 {
		return 0
	}
	return max(h.Quantile(0.98), tick)
}
