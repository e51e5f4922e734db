package reorder

import (
	"cmp"
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
	for _, n := range b.half[dir] {
		if last != noNode {
			b.g.before(last, n, LawInTurn)
		}
		last = n
	}
}

// roundTrips puts data that comes after its ACK a round trip before it.
func (b *builder) roundTrips(dir uint8) {
	if !b.said[dir].doubt.has(LawAck) {
		return
	}
	for i, n := range b.list {
		it := &b.items[n]
		if it.seg.Dir != dir || !it.doubt.has(LawAck) || it.roundTrip == 0 || b.excused[n] {
			continue
		}
		ack, ok := b.firstAnswer(b.list, i)
		if !ok {
			continue
		}
		at := b.stamps.afterLast(ack, b.g.stamp[ack]-it.roundTrip, b.g.stamp)
		if at < ack {
			b.g.before(n, at, LawRoundTrip)
		}
	}
}

// inSequence puts first copies, sorted by sequence number, in their order.
func (b *builder) inSequence(data []numbered, law Law) {
	for k := 1; k < len(data); k++ {
		b.g.before(data[k-1].n, data[k].n, law)
	}
}

// around ties the packets before and after those that are too late for the law to
// move: what stays where it is holds back nothing.
func (b *builder) around(data []numbered, law Law) {
	first, after := noNode, noNode
	for k := len(data) - 1; k >= 0; k-- {
		n := data[k].n
		late := first != noNode && b.g.clock[n]-b.g.clock[first] > b.reachOf(n)
		switch {
		case late:
		case after != noNode && k+1 < len(data) && data[k+1].n != after:
			b.g.before(n, after, law)
			fallthrough
		default:
			after = n
		}
		if !late && (first == noNode || b.g.clock[n] < b.g.clock[first]) {
			first = n
		}
	}
}

// bareACKs puts packets without data between the data, sorted by sequence
// number, that their sender had sent and had yet to send. Keep-alives bear a
// number inside of what was sent; nothing is said of those.
func (b *builder) bareACKs(dir uint8, data []numbered, law Law) {
	k := 0
	for _, n := range b.half[dir] {
		seg := &b.items[n].seg
		if seg.Span() != 0 || !seg.HasAck() || b.crossed[n] {
			continue
		}
		k = countBefore(data, seg.Seq, k)
		if k > 0 && seg.Seq.Less(b.items[data[k-1].n].seg.End()) {
			continue
		}
		if k > 0 && !b.crossed[data[k-1].n] {
			b.g.before(data[k-1].n, n, law)
		}
		if k < len(data) {
			b.g.before(n, data[k].n, law)
		}
	}
}

// resetLast puts a half's RSTs after all else that it says.
func (b *builder) resetLast(dir uint8) {
	if !b.said[dir].bits.Has(tcp.RST) {
		return
	}
	all := b.g.virtual()
	for _, reset := range [...]bool{true, false} {
		for _, n := range b.half[dir] {
			switch {
			case b.items[n].seg.Bits.Has(tcp.RST) != reset:
			case reset:
				b.g.before(all, n, LawOutRST)
			default:
				b.g.before(n, all, LawOutRST)
			}
		}
	}
}

// echoed puts before each packet of a half the packet of the other one whose
// timestamp it echoes, unless one with it or a later one was there before the
// window.
func (b *builder) echoed(dir uint8) {
	b.sorted = b.sorted[:0]
	began, had := tcp.Seq(0), false
	for _, n := range b.half[1-dir] {
		it := &b.items[n]
		if !it.seg.HasTS || it.seg.Bits.Has(tcp.RST) {
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
	if !had {
		return
	}
	b.sortAsSent()
	k := 0
	for _, n := range b.half[dir] {
		it := &b.items[n]
		if it.echoes() && began.Less(tcp.Seq(it.seg.TSecr)) {
			k = countBefore(b.sorted, tcp.Seq(it.seg.TSecr), k)
			b.afterEchoed(n, k)
		}
	}
}

// afterEchoed puts n after a packet with the TSval that it echoes, from k on in b.sorted,
// if there is one: one that is before n, since the network may have delayed any of
// several; else the first that its sender sent, repetitions last. What n does not
// acknowledge it can't echo (RFC 7323, section 4.3), nor what acknowledges n: the one that
// it echoes was dropped by the capture.
func (b *builder) afterEchoed(n node, k int) {
	seg := &b.items[n].seg
	first := noNode
	for end := min(k+excuseReach, len(b.sorted)); k < end && b.sorted[k].number == tcp.Seq(seg.TSecr); k++ {
		b.steps++
		m := b.sorted[k].n
		it := &b.items[m]
		switch {
		case !it.seg.Seq.AtMost(seg.Ack) || it.seg.Span() > 0 && it.seg.Seq == seg.Ack:
		case seg.Span() > 0 && it.seg.HasAck() && seg.Seq.Less(it.seg.Ack):
		case m < n:
			b.g.before(m, n, LawTSecr)
			return
		case first == noNode || b.items[first].again() && !it.again():
			first = m
		}
	}
	if first != noNode {
		b.g.before(first, n, LawTSecr)
	}
}

// offered puts before each first copy the packet that opened the window so far.
func (b *builder) offered(dir uint8) {
	b.sorted = b.sorted[:0]
	began, had := tcp.Seq(0), false
	for _, n := range b.half[1-dir] {
		it := &b.items[n]
		if !it.hasEdge {
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
	k := 0
	for _, x := range b.data[dir] {
		seg := &b.items[x.n].seg
		if seg.Len <= 1 {
			continue
		}
		// Senders fill exactly the window that they were offered last.
		beyond := had && began.Less(seg.End())
		k = countBefore(b.sorted, seg.End(), k)
		if k == len(b.sorted) || !beyond && b.sorted[k].number != seg.End() {
			continue
		}
		b.findCrossed(1 - dir)
		if offer := b.sorted[b.insteadOf(k, x.n)]; beyond || offer.number == seg.End() {
			b.g.before(offer.n, x.n, LawWindow)
		}
	}
}

// sortAsSent sorts b.sorted by number, and equal ones as their sender must have
// sent them, as far as that shows: by what they acknowledge, then by sequence
// number. Sorted by position, an offer could be taken for that of an equal edge
// which acknowledges the very data that it is to let through.
func (b *builder) sortAsSent() { b.sortNearly(b.sorted, b.compareSent) }

func (b *builder) compareSent(x, y numbered) int {
	p, q := &b.items[x.n].seg, &b.items[y.n].seg
	if p.HasAck() != q.HasAck() {
		return cmp.Compare(p.Bits&tcp.ACK, q.Bits&tcp.ACK)
	}
	return int(cmp.Or(p.Ack.Sub(q.Ack), p.Seq.Sub(q.Seq), x.n-y.n))
}

// growingBlocks: with one ACK number and one left edge, right edges rise.
func (b *builder) growingBlocks(dir uint8, law Law) {
	if !b.said[dir].sacks {
		return
	}
	b.bareFirst(dir, law)
	b.latestLast(dir, law)
	b.collect(b.half[dir], func(n node, it *item) (tcp.Seq, bool) {
		return it.seg.Ack, it.seg.SACKs > 0 && it.seg.HasAck() && !b.crossed[n]
	})
	b.sortNumbered(b.sorted)
	b.reports = b.reports[:0]
	for _, x := range b.sorted {
		b.reports = appendReports(b.reports, &b.items[x.n].seg, x.n)
	}
	for rest := b.reports; len(rest) > 0; {
		k := 1
		for k < len(rest) && rest[k].ack == rest[0].ack {
			k++
		}
		if rest[0].n != rest[k-1].n {
			b.growing(rest[:k], law)
		}
		rest = rest[k:]
	}
}

// growing is growingBlocks of the reports with one ACK number.
func (b *builder) growing(reports []sackReport, law Law) {
	slices.SortFunc(reports, sackReport.compare)
	for len(reports) > 0 {
		b.sorted = b.sorted[:0]
		k := 0
		for ; k < len(reports) && reports[k].block.Left == reports[0].block.Left; k++ {
			b.sorted = append(b.sorted, numbered{reports[k].n, reports[k].block.Right})
		}
		if k > 1 {
			b.chain(law)
		}
		reports = reports[k:]
	}
}

// bareFirst puts each ACK without blocks before those with the same number that have
// some: as long as there is a hole, all ACKs tell of it (RFC 2018, section 4).
func (b *builder) bareFirst(dir uint8, law Law) {
	b.collect(b.half[dir], func(n node, it *item) (tcp.Seq, bool) {
		return it.seg.Ack, it.seg.Span() == 0 && it.seg.HasAck() && !b.crossed[n]
	})
	b.sortNumbered(b.sorted)
	all := b.sorted
	for len(all) > 0 {
		k, with := 1, 0
		for ; k < len(all) && all[k].number == all[0].number; k++ {
		}
		for i := range k {
			all[i].number = 0
			if len(blocks(&b.items[all[i].n].seg)) > 0 {
				all[i].number, with = 1, with+1
			}
		}
		if with > 0 && with < k {
			b.sorted = all[:k]
			b.chain(law)
		}
		all = all[k:]
	}
}

// latestLast puts an ACK before one with the same number whose first block, which holds
// the latest arrival (RFC 2018, section 4), it doesn't have, if that has its own.
func (b *builder) latestLast(dir uint8, law Law) {
	b.collect(b.half[dir], func(n node, it *item) (tcp.Seq, bool) {
		return it.seg.Ack, it.seg.HasAck() && it.seg.Span() == 0 && len(blocks(&it.seg)) > 0 && !b.crossed[n]
	})
	b.sortNumbered(b.sorted)
	states := b.states[:0]
	for _, x := range b.sorted {
		seg := &b.items[x.n].seg
		states = append(states, sackState{x, blocks(seg), latestBlock(seg)})
	}
	b.states = states
	for k := range states {
		y := &states[k]
		for at := k - 1; at >= 0 && at >= k-sackReach && states[at].number == y.number; at-- {
			b.steps++
			switch x := &states[at]; {
			case y.before(x):
				b.g.before(y.n, x.n, law)
			case at == k-1 && x.before(y):
				b.g.before(x.n, y.n, law)
			}
		}
	}
	clear(states) // the window that they point into may grow
}

// sackState is what the SACK blocks of an ACK say, by its number.
type sackState struct {
	numbered
	all    []tcp.Range // but for a D-SACK
	latest tcp.Range
}

// before reports whether the blocks of two ACKs with the same number say that s was sent
// before o.
func (s *sackState) before(o *sackState) bool {
	return covers(o.all, s.latest) && !covers(s.all, o.latest)
}

// sackReach is how many ACKs are compared with each one.
const sackReach = 16

func (r sackReport) compare(o sackReport) int {
	switch {
	case r.block.Left != o.block.Left:
		return int(r.block.Left.Sub(o.block.Left))
	case r.block.Right != o.block.Right:
		return int(r.block.Right.Sub(o.block.Right))
	}
	return int(r.n - o.n)
}

func appendReports(reports []sackReport, seg *tcp.Segment, n node) []sackReport {
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
func (b *builder) counted(list []node) {
	b.sorted = b.sorted[:0]
	var last tcp.Seq
	for _, n := range list {
		it := &b.items[n]
		if it.apart || !it.out() || !it.seg.HasIPID || it.seg.IPID == 0 {
			continue
		}
		last += tcp.Seq(int32(int16(it.seg.IPID - uint16(last))))
		b.sorted = append(b.sorted, numbered{n, last})
	}
	b.chain(LawIPID)
}
