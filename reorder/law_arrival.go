package reorder

import (
	"math"
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// The host's ACKs are a log of what had arrived and what had not: each tells the
// state of its receiver. In the order in which the host sent them they give each
// inbound segment an interval: after the last one that shows it absent, before the
// first that shows it present. The upper ends are the laws ack and sack, the lower
// ones the law arrival.
//
// In our true recordings with SACK the log calls 1,088 segments delayed by the
// network, 1 of them wrongly, and misses 23: those that arrived between the same two
// ACKs as what overtook them.
//
// Each ACK is looked at against at most excuseReach segments beyond it, so that the
// log costs so many steps a packet at most.

// interval is where a segment arrived in the log: after entry low, before entry
// high. Entries count from 0; low is -1, and high is beyond the last entry, where
// nothing tells.
type interval struct{ low, high int32 }

// arrivals puts each ACK of the host's before the segments of the half dir that it
// shows absent, and says which segments the network delayed.
func (b *builder) arrivals(dir uint8) {
	data := b.data[dir]
	b.sortLog(1 - dir)
	b.readLog(data)
	for k, x := range data {
		if a := b.arrived[k]; a.low >= 0 && a.low < a.high {
			b.g.before(b.log[a.low], x.n, LawArrival)
		}
	}
	if len(b.dsacks) > 0 {
		b.repeated(dir)
	}
	b.overtaken(data)
	if len(data) > 0 && !b.items[data[0].n].sackOK {
		b.keepEqual()
		b.countArrivals(dir, data)
		return
	}
	b.reachByLog(data)
}

// reachByLog lets soft laws move the segments that the network did not delay as far as
// others of the capture move, unless nothing but their stamps tells that it didn't, and
// those say what the capture was never seen to do: beyond a hole the host need not answer
// each segment at once, but acknowledge several together.
func (b *builder) reachByLog(data []numbered) {
	b.until = resize(b.until, len(b.log)+1)
	b.until[len(b.log)] = math.MaxInt64
	for at := len(b.log) - 1; at >= 0; at-- {
		b.until[at] = min(b.until[at+1], b.g.clock[b.log[at]])
	}
	first := int64(math.MaxInt64) // that a higher one is stamped
	for k := len(data) - 1; k >= 0; k-- {
		n, a := data[k].n, b.arrived[k]
		if b.delayed[n] {
			continue
		}
		b.g.logged[n] = b.gate
		beyondHole := a.low >= 0 && b.items[b.log[a.low]].seg.Ack.Less(data[k].number)
		latest := min(b.g.clock[n], b.until[a.high])
		if most := neverSeen * b.longest; beyondHole && latest > first && latest-first > most {
			b.g.logged[n] = most
		}
		first = min(first, b.g.clock[n])
	}
}

// neverSeen is how many times as late as any packet of the host's an inbound one has to be
// for that. As late alone is not enough: of our degraded recordings with SACK that left
// more flags that the truth does not have than it kept genuine ones.
const neverSeen = 2

// keepEqual keeps the ACKs of the log that say the same in their order: what comes after the
// last of them comes after all.
func (b *builder) keepEqual() {
	for at := 1; at < len(b.log); at++ {
		p, q := &b.items[b.log[at-1]].seg, &b.items[b.log[at]].seg
		if p.Ack == q.Ack && p.Span() == 0 && q.Span() == 0 {
			b.g.before(b.log[at-1], b.log[at], LawArrival)
		}
	}
}

// sortLog fills b.log with the half's ACKs, in the order in which they must have
// been sent as far as their numbers tell; else in that of the basis.
func (b *builder) sortLog(dir uint8) {
	b.log = b.log[:0]
	for _, n := range b.half[dir] {
		it := &b.items[n]
		if !it.seg.HasAck() || it.seg.Bits.Has(tcp.RST) || it.seg.Span() > 0 && (!it.first || b.excused[n]) {
			continue
		}
		b.log = append(b.log, n)
		first := max(0, len(b.log)-excuseReach)
		for at := len(b.log) - 1; at > first && b.sentBefore(n, b.log[at-1]); at-- {
			b.log[at], b.log[at-1] = b.log[at-1], n
			b.steps++
		}
	}
}

// sentBefore reports whether the host's numbers say that it sent x before y. None of
// them falls: ACK number, timestamp, sequence number, what has been received.
func (b *builder) sentBefore(x, y node) bool {
	p, q := &b.items[x].seg, &b.items[y].seg
	if d := p.Ack.Sub(q.Ack); d != 0 {
		return d < 0
	}
	if p.HasTS && q.HasTS && p.TSval != q.TSval {
		return tcp.Seq(p.TSval).Less(tcp.Seq(q.TSval))
	}
	if d := p.Seq.Sub(q.Seq); d != 0 {
		return d < 0
	}
	if p.Span() != q.Span() {
		return p.Span() == 0
	}
	if p.DSACK() != q.DSACK() && compareSaid(p, q) == 0 {
		return q.DSACK() && b.g.clock[x] <= shifted(b.g.clock[y], b.reach)
	}
	if p.DSACK() && q.DSACK() && p.SACK[0] != q.SACK[0] && compareSaid(p, q) == 0 {
		return p.SACK[0].Left.Less(q.SACK[0].Left) && b.g.clock[x] <= shifted(b.g.clock[y], b.sentAgainReach())
	}
	return covers(blocks(q), latestBlock(p)) && !covers(blocks(p), latestBlock(q))
}

// sentAgainReach is how far D-SACKs that say the same else are stamped from each other at
// most to be put in the order of what they report: what is sent again is sent in sequence,
// and each copy is answered at once. In truth 171 such D-SACKs of our recordings follow a
// lower one, 3 a higher one that is near, and 5 one that is 0.1 ms or more away (counted
// once).
func (b *builder) sentAgainReach() int64 { return min(b.reach, b.crossing, crossingUsual*b.usual) }

// covers reports whether one of the blocks holds r; what is empty every one does.
func covers(all []tcp.Range, r tcp.Range) bool {
	if r.Left == r.Right {
		return true
	}
	for _, x := range all {
		if x.Contains(r) {
			return true
		}
	}
	return false
}

// readLog fills b.arrived with the intervals of first copies, sorted by sequence
// number.
func (b *builder) readLog(data []numbered) {
	b.arrived, b.unseen = resize(b.arrived, len(data)), resize(b.unseen, len(data)+1)
	for k := range data {
		b.arrived[k], b.unseen[k] = interval{-1, int32(len(b.log))}, int32(k)
	}
	b.unseen[len(data)] = int32(len(data))
	k, bare := 0, int32(-1)
	for at, n := range b.log {
		seg := &b.items[n].seg
		for ; k < len(data) && data[k].number.Less(seg.Ack); k++ {
			b.present(k, at, -1)
		}
		for i, block := range blocks(seg) {
			after := int32(-1)
			if i == 0 {
				after = bare
			}
			left := countBefore(data, block.Left, k)
			for s := b.nextUnseen(left); s < len(data) && data[s].number.Less(block.Right); s = b.nextUnseen(s) {
				b.present(s, at, after)
			}
		}
		if b.absent(data, seg, at, k); seg.Span() == 0 {
			bare = int32(at)
		}
	}
}

// present says that entry at of the log is the first to show segment k of the data,
// and that this came after another entry, -1 for none: what appears in a first block
// came after the bare ACK before (RFC 2018, section 4: the block holds the segment
// that triggered the ACK), also where the option is full.
func (b *builder) present(k, at int, after int32) {
	if a := &b.arrived[k]; b.unseen[k] == int32(k) {
		a.high, a.low = int32(at), max(a.low, after)
		b.unseen[k] = int32(k + 1)
	}
}

// nextUnseen is the first segment from k on that no entry has shown yet. The steps
// that it takes it spares all that come later.
func (b *builder) nextUnseen(k int) int {
	end := k
	for b.unseen[end] != int32(end) {
		end = int(b.unseen[end])
		b.steps++
	}
	for k != end {
		k, b.unseen[k] = int(b.unseen[k]), int32(end)
	}
	return end
}

// absent says which segments from k on, the first that it doesn't acknowledge, entry
// at of the log shows as not arrived: the next one, and with SACK those that it would
// report: as long as its option has room, or because a block would have grown by
// them. What an ACK before had reported has left the option again.
func (b *builder) absent(data []numbered, seg *tcp.Segment, at, k int) {
	all := blocks(seg)
	reports := seg.Span() == 0 && b.items[b.log[at]].sackOK
	room := seg.SACKs < roomForSACKs(seg)
	for i := k; i < len(data) && i < k+excuseReach; i++ {
		b.steps++
		s := b.items[data[i].n].fresh()
		if b.unseen[i] == int32(i) && (s.Left == seg.Ack || reports && (room || touches(all, s))) {
			b.arrived[i].low = max(b.arrived[i].low, int32(at))
		}
	}
}

// touches reports whether a block would have grown by s.
func touches(all []tcp.Range, s tcp.Range) bool {
	return slices.ContainsFunc(all, func(r tcp.Range) bool { return r.Left == s.Right || r.Right == s.Left })
}

// repeated puts before each repetition that a D-SACK of the host's tells of the last bare
// ACK that must have been sent before that: the first ACK after a repetition tells of it
// (RFC 2883, section 4). Where the segment came more often, nothing says which is meant.
func (b *builder) repeated(dir uint8) {
	b.repetitions(dir)
	for at, n := range b.log {
		r, ok := duplicate(&b.items[n].seg)
		if !ok {
			continue
		}
		k, only := b.repetition(r)
		if before := b.bareBefore(at); only && before != noNode && !b.sentFirst(b.sorted[k].n, dir) {
			b.g.before(before, b.sorted[k].n, LawArrival)
		}
	}
}

// bareBefore is the last bare ACK before entry at of the log of which its numbers say
// that it was sent before, noNode where none is near.
func (b *builder) bareBefore(at int) node {
	n := b.log[at]
	for i := at - 1; i >= 0 && i >= at-sackReach; i-- {
		b.steps++
		if m := b.log[i]; b.items[m].seg.Span() == 0 && b.sentBefore(m, n) {
			return m
		}
	}
	return noNode
}

// sentFirst reports whether a packet that repeats a first copy of its half has a lower
// timestamp: then that is the one which repeats.
func (b *builder) sentFirst(n node, dir uint8) bool {
	data, p := b.data[dir], &b.items[n].seg
	k := countBefore(data, p.Seq+1, 0)
	if k == 0 {
		return false
	}
	q := &b.items[data[k-1].n].seg
	return p.HasTS && q.HasTS && p.Seq == q.Seq && tcp.Seq(p.TSval).Less(tcp.Seq(q.TSval))
}

// overtaken finds the segments that came after a higher one by the log.
func (b *builder) overtaken(data []numbered) {
	high := int32(len(b.log))
	for k := len(data) - 1; k >= 0; k-- {
		a := b.arrived[k]
		if a.low >= high {
			b.delayed[data[k].n] = true
		}
		high = min(high, a.high)
	}
}
