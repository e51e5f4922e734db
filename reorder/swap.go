package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// A packet that comes after a higher one of its sender was delayed by the capture or,
// if the host received it, perhaps by the network. How late the capture makes
// packets the host's own ones tell: from the delay on from which inbound packets are
// overtaken much more often than those, it is the network's doing. Such a packet stays
// where it is: the soft laws among inbound packets say nothing of it. What is before
// a packet that proves to be late follows that all the same, however far it moves.
//
// In the recordings of threads on raw sockets, in-edge moved 45 packets, 19 of them to
// worse places, when these laws only reached no farther than that delay; now 18 and 3.

// swapMeter counts, in a survey, by how much packets come after higher ones. It
// remembers the latest packets of the flows that are heard at the time.
type swapMeter struct {
	recent [swapFlows]swapRing
	by     [2]swaps // of the host's packets, and of those that it received
}

// swaps are the delays of packets that came after higher ones.
type swaps struct {
	late Histogram
	gaps Histogram // between a packet and the one of its sender before it
}

// swapRing holds the latest packets of one sender.
type swapRing struct {
	key  sender
	next uint8 // place of the next one, from 0 to twice the depth
	kept [swapDepth]passed
}

// sender is one end of an incarnation.
type sender struct {
	incarnation
	dir uint8
}

func (s *sender) hash() uint64 {
	return (uint64(tcp.Place(s.flow))<<33 | uint64(s.epoch)<<1 | uint64(s.dir)) * 0x9E3779B97F4A7C15
}

// passed is a packet by its place in what its sender says.
type passed struct {
	seq, ack tcp.Seq
	stamp    int64
}

const (
	swapFlows = 512
	swapDepth = 16
)

// noteSwap counts the packet once the host's own ones have shown that the capture
// swaps packets: where it doesn't, nothing need be known of it.
func (t *tracker) noteSwap(it *item) {
	const ownNumbers = lawSet(1<<LawOutAck | 1<<LawOutTSval | 1<<LawOutSack | 1<<LawOutSeq)
	if t.swaps == nil {
		if it.doubt&ownNumbers == 0 {
			return
		}
		t.swaps = new(swapMeter)
	}
	t.swaps.add(it)
}

// add looks at a packet that adds to what its sender has said: a first copy of data,
// or a bare ACK.
func (m *swapMeter) add(it *item) {
	seg := &it.seg
	if !seg.HasAck() || seg.Bits&(tcp.SYN|tcp.RST) != 0 || seg.Span() > 0 && !it.first {
		return
	}
	key := sender{incarnationOf(it), seg.Dir & 1}
	r := &m.recent[key.hash()>>55]
	if r.key != key {
		*r = swapRing{key: key}
	}
	by := &m.by[0]
	if !it.out() {
		by = &m.by[1]
	}
	if r.next > 0 {
		by.gaps.Add(seg.Stamp - r.kept[(r.next-1)%swapDepth].stamp)
	}
	if first, ok := r.overtaker(seg); ok {
		by.late.Add(seg.Stamp - first)
	}
	r.kept[r.next%swapDepth] = passed{seg.End(), seg.Ack, seg.Stamp}
	if r.next++; r.next == 2*swapDepth {
		r.next = swapDepth
	}
}

// overtaker finds the stamp of the first of the packets that say more than seg.
func (r *swapRing) overtaker(seg *tcp.Segment) (stamp int64, ok bool) {
	first := max(0, int(r.next)-swapDepth)
	for i := first; i < int(r.next); i++ {
		p := &r.kept[i%swapDepth]
		if seg.Span() > 0 && seg.Seq.Less(p.seq) || seg.Span() == 0 && seg.Ack.Less(p.ack) {
			return p.stamp, true
		}
	}
	return 0, false
}

// usual is how late a packet of the host's is that comes after a higher one, in the
// median, 0 if there are none.
func (m *swapMeter) usual() int64 { return m.by[0].late.Quantile(.5) }

// crossing is the delay from which on the network explains a late inbound packet
// better than the capture does; at most widest. No other delay has so many more packets
// beyond it than the capture would explain. How many that would be, the host's late
// packets say, by how many more inbound packets follow another one of their sender so
// soon; where enough of the host's are late to say what is usual, by the mean of that and
// of how many more inbound ones come late by usual delays: the one says more of the
// longest delays, the other of those near the usual ones. What is near the usual delays is
// the capture's: what threads delay by more than crossingUsual of those is rare.
func (m *swapMeter) crossing(widest int64) int64 {
	out, in := &m.by[0], &m.by[1]
	usual, least := bucketOf(m.usual()), 8
	few, many := out.late.upTo(usual), in.late.upTo(usual)
	scaled := few >= usualFewest
	if scaled {
		least = bucketOf(min(widest, crossingUsual*m.usual()))
	}
	delay, sum, most := widest, 0., float64(crossingFewest)
	for b := bucketOf(widest); b > least; b-- {
		times := float64(in.gaps.upTo(b)) / float64(max(1, out.gaps.upTo(b)))
		if scaled {
			times = (times + float64(many)/float64(few)) / 2
		}
		sum += float64(in.late.buckets[b]) - crossingRatio*float64(out.late.buckets[b])*times
		if sum >= most {
			delay, most = upper(b-1), sum
		}
	}
	return delay
}

// A late packet is rather the network's doing than the capture's where late ones are
// crossingRatio times as many as the capture explains; crossingFewest more than that
// tell that the network delays. usualFewest late packets of the host's, half of all,
// tell what is usual.
const (
	crossingFewest = 8
	crossingRatio  = 2
	usualFewest    = 16
	crossingUsual  = 12
)

// findCrossed fills b.crossed for a half, unless it is filled or the host sent the half.
func (b *builder) findCrossed(dir uint8) {
	s := &b.said[dir]
	if s.out || s.crossed {
		return
	}
	s.crossed = true
	b.crossings(dir)
	if b.traced {
		b.loggedCrossings(dir)
	}
}

// crossings finds the inbound packets of a half that come so late after higher ones
// that the network explains that better than the capture does.
func (b *builder) crossings(dir uint8) {
	half := b.half[dir]
	far, top := 0, noNode // packets so far that are stamped so much earlier than n, and the highest of them
	for i, n := range half {
		for ; far < i && b.g.stamp[n]-b.g.stamp[half[far]] > b.crossing; far++ {
			if m := half[far]; top == noNode || !higher(&b.items[top], &b.items[m]) {
				top = m
			}
		}
		if top != noNode {
			b.crossed[n] = above(&b.items[top], &b.items[n])
		}
	}
}

// above reports whether a packet has a higher number than another of its sender, or offers
// a window with a higher edge.
func above(p, q *item) bool {
	return higher(p, q) || p.hasEdge && q.hasEdge && q.edge.Less(p.edge)
}

// insteadOf is k unless the network delayed packet k of b.sorted; then the first one
// after it that is before n, if there is one near.
func (b *builder) insteadOf(k int, n node) int {
	if !b.crossed[b.sorted[k].n] {
		return k
	}
	for other := k + 1; other < len(b.sorted) && other < k+excuseReach; other++ {
		if b.steps++; b.sorted[other].n < n {
			return other
		}
	}
	return k
}

// upTo counts the durations of a bucket and those before it.
func (h *Histogram) upTo(bucket int) (sum int64) {
	for _, n := range h.buckets[:bucket+1] {
		sum += n
	}
	return sum
}
