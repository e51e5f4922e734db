package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// A packet that comes after a higher one of its sender was delayed by the capture or,
// if the host received it, perhaps by the network. How late the capture makes
// packets the host's own ones tell: from the delay on from which inbound packets are
// overtaken much more often than those, it is the network's doing, and the soft laws
// among inbound packets don't act without other evidence.

// swapMeter counts, in a survey, by how much packets come after higher ones. It
// remembers the latest packets of the flows that are heard at the time.
type swapMeter struct {
	recent [swapFlows]swapRing
	by     [2]swaps // of the host's packets, and of those that it received
}

// swaps are the delays of packets that came after higher ones.
type swaps struct {
	late Histogram
	all  int64 // packets that were looked at
}

// swapRing holds the latest packets of one sender.
type swapRing struct {
	key  uint64 // of the sender
	next uint8  // place of the next one, from 0 to twice the depth
	kept [swapDepth]passed
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
	const amongOut = lawSet(1<<OutAck | 1<<OutTSval | 1<<OutSack | 1<<OutSeq)
	if t.swaps == nil {
		if it.doubt&amongOut == 0 {
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
	key := connectionOf(it)<<1 | uint64(seg.Dir&1) | 1<<63
	r := &m.recent[key*0x9E3779B97F4A7C15>>55]
	if r.key != key {
		*r = swapRing{key: key}
	}
	by := &m.by[0]
	if !it.out() {
		by = &m.by[1]
	}
	by.all++
	if first, ok := r.overtaker(seg); ok {
		by.late.Add(seg.Stamp - first)
	}
	r.kept[r.next%swapDepth] = passed{seg.End(), seg.Ack, seg.Stamp}
	if r.next++; r.next == 2*swapDepth {
		r.next = swapDepth
	}
}

// overtaker finds the stamp of the first of the packets that say more than seg.
func (r *swapRing) overtaker(seg *Segment) (stamp int64, ok bool) {
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
func (m *swapMeter) usual() int64 {
	if m == nil {
		return 0
	}
	return m.by[0].late.Quantile(.5)
}

// crossing is the delay from which on the network explains a late inbound packet
// better than the capture does; at most widest. Where the network delays packets at
// all that is where the capture's usual delays end: what its threads delay by more is
// rare.
func (m *swapMeter) crossing(widest int64) int64 {
	usual := crossingUsual * m.usual()
	if usual == 0 || usual >= widest {
		return widest
	}
	out, in := &m.by[0], &m.by[1]
	outs, ins := out.late.between(usual, widest), in.late.between(usual, widest)
	if ins < crossingFewest || float64(ins)*float64(out.all) <= crossingRatio*float64(outs)*float64(in.all) {
		return widest
	}
	return usual
}

// The usual delays end at crossingUsual times their median. Of inbound packets
// crossingFewest that are later tell that the network delays, where they are by
// crossingRatio more frequent than among the host's.
const (
	crossingUsual  = 12
	crossingFewest = 8
	crossingRatio  = 2
)

// between counts the durations that are longer than one, and at most another, by
// bucket.
func (h *Histogram) between(d, most int64) (sum int64) {
	for _, n := range h.buckets[bucketOf(d)+1 : bucketOf(most)+1] {
		sum += n
	}
	return sum
}
