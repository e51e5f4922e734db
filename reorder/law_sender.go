package reorder

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// sackReport is one SACK block with the ACK number beside it.
type sackReport struct {
	ack   tcp.Seq
	block tcp.Range
	n     node
}

// inTurn keeps the packets of one sender in basis order.
func (b *builder) inTurn(dir uint8) {
	last := noNode
	for _, n := range b.list {
		if b.items[n].seg.Dir != dir {
			continue
		}
		if last != noNode {
			b.g.before(last, n, InTurn)
		}
		last = n
	}
}

// outLaws adds the laws that hold among the packets that the host itself sent.
func (b *builder) outLaws(dir uint8) {
	if b.laws.has(RoundTrip) {
		b.roundTrips(dir)
	}
	if b.laws.has(OutSeq) {
		b.inSequence(b.data[dir], OutSeq)
	}
	if b.laws.has(OutNxt) {
		b.bareACKs(dir, b.data[dir], OutNxt)
	}
	if b.laws.has(Unacked) {
		b.unacked(dir)
	}
	if b.laws.has(OutRST) {
		b.resetLast(dir)
	}
	if b.laws.has(Window) {
		b.offered(dir)
	}
	b.risingNumbers(dir, OutAck, OutTSval, OutEdge)
	if b.laws.has(OutSack) {
		b.growingBlocks(dir, OutSack)
	}
	if b.laws.has(OutOnce) {
		b.once(dir, OutOnce)
	}
	if b.laws.has(IPID) && b.ipid == IPIDPerFlow {
		b.counted(b.list, func(it *item) bool { return it.seg.Dir == dir })
	}
}

// roundTrips puts data that stands behind its ACK a round trip before it.
func (b *builder) roundTrips(dir uint8) {
	for i, n := range b.list {
		it := &b.items[n]
		if it.seg.Dir != dir || it.suspect&Ack.bit() == 0 || it.roundTrip == 0 || b.excused[n] {
			continue
		}
		ack, ok := b.firstAnswer(b.list, i)
		if !ok {
			continue
		}
		at := ack
		for at > 0 && b.g.stamp[at-1] > b.g.stamp[ack]-it.roundTrip {
			at--
		}
		if at < ack {
			b.g.before(n, at, RoundTrip)
		}
	}
}

// inLaws adds the soft laws, which hold among the packets that the host received
// as far as the network kept their order.
func (b *builder) inLaws(dir uint8) {
	if b.laws&(InSeq.bit()|InNxt.bit()|InAck.bit()|InTSval.bit()|InEdge.bit()|InOnce.bit()) == 0 {
		return
	}
	b.kept = b.kept[:0]
	for _, n := range b.data[dir] {
		if b.delayed[n] = b.showsHoleAt(n); !b.delayed[n] {
			b.kept = append(b.kept, n)
		}
	}
	if b.laws.has(InSeq) {
		b.inSequence(b.kept, InSeq)
	}
	if b.laws.has(InNxt) {
		b.bareACKs(dir, b.kept, InNxt)
	}
	b.risingNumbers(dir, InAck, InTSval, InEdge)
	if b.laws.has(InSack) {
		b.growingBlocks(dir, InSack)
	}
	if b.laws.has(InOnce) {
		b.once(dir, InOnce)
	}
}

// inSequence puts first copies, sorted by sequence number, in their order.
func (b *builder) inSequence(data []node, law Law) {
	for k := 1; k < len(data); k++ {
		b.g.before(data[k-1], data[k], law)
	}
}

// bareACKs puts packets without data between the data, sorted by sequence
// number, that their sender had sent and had yet to send. Keep-alives bear a
// number inside of what was sent; nothing is said of those.
func (b *builder) bareACKs(dir uint8, data []node, law Law) {
	for _, n := range b.list {
		seg := &b.items[n].seg
		if seg.Dir != dir || seg.Span() != 0 || !seg.HasAck() {
			continue
		}
		k := b.behind(data, seg.Seq)
		if k > 0 && seg.Seq.Less(b.items[data[k-1]].seg.End()) {
			continue
		}
		if k > 0 {
			b.g.before(data[k-1], n, law)
		}
		if k < len(data) {
			b.g.before(n, data[k], law)
		}
	}
}

// unacked puts what a half sends before all that acknowledges its first byte.
func (b *builder) unacked(dir uint8) {
	b.sorted = b.sorted[:0]
	for _, n := range b.list {
		if seg := &b.items[n].seg; seg.Dir != dir && seg.HasAck() {
			b.sorted = append(b.sorted, numbered{n, seg.Ack})
		}
	}
	b.sortNumbered()
	from := b.suffixes(Unacked)
	for _, n := range b.list {
		it := &b.items[n]
		if it.seg.Dir != dir || it.seg.Len <= 1 || b.excused[n] {
			continue
		}
		k, _ := slices.BinarySearchFunc(b.sorted, it.seg.Seq+1, numbered.compare)
		if k < len(b.sorted) {
			b.g.before(n, from[k], Unacked)
		}
	}
}

// suffixes makes a virtual node for every suffix of b.sorted: what comes before it
// comes before all packets of the suffix.
func (b *builder) suffixes(law Law) []node {
	suffix := resize(b.prefix, len(b.sorted))
	for k := len(suffix) - 1; k >= 0; k-- {
		suffix[k] = b.g.virtual()
		b.g.before(suffix[k], b.sorted[k].n, law)
		if k+1 < len(suffix) {
			b.g.before(suffix[k], suffix[k+1], law)
		}
	}
	b.prefix = suffix
	return suffix
}

// resetLast puts a half's RSTs behind all else that it says.
func (b *builder) resetLast(dir uint8) {
	all := noNode
	for _, n := range b.list {
		if seg := &b.items[n].seg; seg.Dir == dir && seg.Bits.Has(tcp.RST) {
			if all == noNode {
				all = b.g.virtual()
			}
			b.g.before(all, n, OutRST)
		}
	}
	if all == noNode {
		return
	}
	for _, n := range b.list {
		if seg := &b.items[n].seg; seg.Dir == dir && !seg.Bits.Has(tcp.RST) {
			b.g.before(n, all, OutRST)
		}
	}
}

// echoed puts before each packet of a half the packet of the other one whose
// timestamp it echoes, unless one with it or a later one was there before the
// window.
func (b *builder) echoed(dir uint8) {
	b.sorted = b.sorted[:0]
	began, had := tcp.Seq(0), false
	for _, n := range b.list {
		it := &b.items[n]
		if it.seg.Dir == dir || !it.seg.HasTS || it.seg.Bits.Has(tcp.RST) {
			continue
		}
		if len(b.sorted) == 0 {
			began, had = it.tsvalBefore, it.hadTS
			if !had && it.seg.Bits.Has(tcp.SYN) {
				began, had = tcp.Seq(it.seg.TSval)-1, true // nothing was there before
			}
		}
		b.sorted = append(b.sorted, numbered{n, tcp.Seq(it.seg.TSval)})
	}
	b.sortAsSent()
	for _, n := range b.list {
		it := &b.items[n]
		if it.seg.Dir == dir && it.echoes() && had && began.Less(tcp.Seq(it.seg.TSecr)) {
			b.afterEchoed(n)
		}
	}
}

// afterEchoed puts n behind the first packet of b.sorted with the TSval that it
// echoes. What n does not acknowledge it can't echo (RFC 7323, section 4.3): that
// one was dropped by the capture.
func (b *builder) afterEchoed(n node) {
	seg := &b.items[n].seg
	k, _ := slices.BinarySearchFunc(b.sorted, tcp.Seq(seg.TSecr), numbered.compare)
	if k == len(b.sorted) || b.sorted[k].number != tcp.Seq(seg.TSecr) {
		return
	}
	if m := b.sorted[k].n; b.items[m].seg.End().AtMost(seg.Ack) {
		b.g.before(m, n, TSecr)
	}
}

// offered puts before each first copy the packet that opened the window so far.
func (b *builder) offered(dir uint8) {
	b.sorted = b.sorted[:0]
	began, had := tcp.Seq(0), false
	for _, n := range b.list {
		it := &b.items[n]
		if it.seg.Dir == dir || !it.hasEdge {
			continue
		}
		if len(b.sorted) == 0 {
			began, had = it.edgeBefore, true
			if !it.hadEdge {
				began = it.edge - 1 // both SYNs were seen, and no offer before this one
			}
		}
		b.sorted = append(b.sorted, numbered{n, it.edge})
	}
	b.sortAsSent()
	for _, n := range b.data[dir] {
		it := &b.items[n]
		if it.seg.Len > 1 && had && began.Less(it.seg.End()) {
			b.afterFirst(n, it.seg.End(), Window)
		} else if it.seg.Len > 1 {
			b.filling(n, it.seg.End())
		}
	}
}

// sortAsSent sorts b.sorted by number, and equal ones as their sender must have
// sent them, as far as that shows: by what they acknowledge, then by sequence
// number. Sorted by position, an offer could be taken for that of an equal edge
// which acknowledges the very data that it is to let through.
func (b *builder) sortAsSent() {
	slices.SortFunc(b.sorted, func(x, y numbered) int {
		p, q := &b.items[x.n].seg, &b.items[y.n].seg
		for _, d := range [...]int32{x.number.Sub(y.number), p.Ack.Sub(q.Ack), p.Seq.Sub(q.Seq), x.n - y.n} {
			if d != 0 {
				return int(d)
			}
		}
		return 0
	})
}

// filling puts before a segment that ends exactly at the edge of a window the
// packet that offered this window: senders fill what they were offered last.
func (b *builder) filling(n node, end tcp.Seq) {
	k, _ := slices.BinarySearchFunc(b.sorted, end, numbered.compare)
	if k < len(b.sorted) && b.sorted[k].number == end {
		b.g.before(b.sorted[k].n, n, Window)
	}
}

// afterFirst puts n behind the packet of b.sorted with the lowest number that is
// at least the given one; of several, behind the first in basis order.
func (b *builder) afterFirst(n node, number tcp.Seq, law Law) {
	k, _ := slices.BinarySearchFunc(b.sorted, number, numbered.compare)
	if k < len(b.sorted) {
		b.g.before(b.sorted[k].n, n, law)
	}
}

// risingNumbers: neither ACK numbers nor timestamps nor window edges of one
// sender fall, but for what the network itself delayed.
func (b *builder) risingNumbers(dir uint8, acks, stamps, edges Law) {
	if b.laws.has(acks) {
		b.rising(acks, func(n node, it *item) (tcp.Seq, bool) {
			return it.seg.Ack, it.seg.Dir == dir && it.seg.HasAck() && !b.delayed[n]
		})
	}
	if b.laws.has(stamps) {
		b.rising(stamps, func(n node, it *item) (tcp.Seq, bool) {
			return tcp.Seq(it.seg.TSval), it.seg.Dir == dir && it.seg.HasTS && !it.seg.Bits.Has(tcp.RST) && !b.delayed[n]
		})
	}
	if b.laws.has(edges) {
		b.rising(edges, func(n node, it *item) (tcp.Seq, bool) {
			return it.edge, it.seg.Dir == dir && it.hasEdge && !b.delayed[n]
		})
	}
}

// rising puts the packets in the order of a number that never falls.
func (b *builder) rising(law Law, number func(node, *item) (tcp.Seq, bool)) {
	b.sorted = b.sorted[:0]
	for _, n := range b.list {
		if v, ok := number(n, &b.items[n]); ok {
			b.sorted = append(b.sorted, numbered{n, v})
		}
	}
	b.chain(law)
}

// growingBlocks: with one ACK number and one left edge, right edges rise.
func (b *builder) growingBlocks(dir uint8, law Law) {
	b.reports = b.reports[:0]
	for _, n := range b.list {
		if seg := &b.items[n].seg; seg.Dir == dir && seg.HasAck() {
			b.reports = appendReports(b.reports, seg, n)
		}
	}
	slices.SortFunc(b.reports, sackReport.compare)
	for rest := b.reports; len(rest) > 0; {
		b.sorted = b.sorted[:0]
		k := 0
		for ; k < len(rest) && rest[k].ack == rest[0].ack && rest[k].block.Left == rest[0].block.Left; k++ {
			b.sorted = append(b.sorted, numbered{rest[k].n, rest[k].block.Right})
		}
		if k > 1 {
			b.chain(law)
		}
		rest = rest[k:]
	}
}

func (r sackReport) compare(o sackReport) int {
	for _, d := range [...]int32{r.ack.Sub(o.ack), r.block.Left.Sub(o.block.Left), r.block.Right.Sub(o.block.Right), r.n - o.n} {
		if d != 0 {
			return int(d)
		}
	}
	return 0
}

func appendReports(reports []sackReport, seg *Segment, n node) []sackReport {
	all := blocks(seg)
	for i, block := range all {
		if !slices.ContainsFunc(all[:i], func(o tcp.Range) bool { return o.Left == block.Left }) {
			reports = append(reports, sackReport{seg.Ack, block, n})
		}
	}
	return reports
}

// counted puts packets in the order of the IPv4 Identification, unwrapped along
// the basis order.
func (b *builder) counted(list []node, takes func(*item) bool) {
	b.sorted = b.sorted[:0]
	var last tcp.Seq
	for _, n := range list {
		it := &b.items[n]
		if it.apart || !it.out() || !it.seg.HasIPID || it.seg.IPID == 0 || !takes(it) {
			continue
		}
		last += tcp.Seq(int32(int16(it.seg.IPID - uint16(last))))
		b.sorted = append(b.sorted, numbered{n, last})
	}
	b.chain(IPID)
}
