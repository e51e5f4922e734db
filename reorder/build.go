package reorder

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// builder turns the packets of one connection in the window into constraints,
// law by law.
type builder struct {
	g     *graph
	items []item
	laws  lawSet
	ipid  IPIDMode

	gate    int64
	excused []bool // packets that are retransmissions of originals that the capture dropped

	tellsDuplicates bool   // a D-SACK is among the connection's packets
	delayed         []bool // inbound packets that the host's ACKs show to have come late

	list    []node    // the connection's packets, in basis order
	data    [2][]node // first copies of each half, in sequence order
	kept    []node
	prefix  []node
	tree    []node
	sorted  []numbered
	reports []sackReport
}

// numbered is a packet with the number that a law compares.
type numbered struct {
	n      node
	number tcp.Seq
}

// compare finds the first packet with a number or a higher one.
func (x numbered) compare(number tcp.Seq) int {
	if x.number.Less(number) {
		return -1
	}
	return 1
}

// sackReport is one SACK block with the ACK number beside it.
type sackReport struct {
	ack   tcp.Seq
	block tcp.Range
	n     node
}

// connection adds all constraints between the packets of one incarnation of a
// flow; list holds them in basis order.
func (b *builder) connection(list []node) {
	b.list = list
	for dir := range b.data {
		b.firstCopies(uint8(dir))
	}
	for dir := range uint8(2) {
		b.acknowledged(dir)
		b.handshake(dir)
		if b.laws.has(InTurn) {
			b.inTurn(dir)
		}
		if b.laws.has(TSecr) {
			b.echoed(dir)
		}
		if b.isOut(dir) {
			b.outLaws(dir)
		} else {
			b.inLaws(dir)
		}
	}
}

func (b *builder) isOut(dir uint8) bool {
	for _, n := range b.list {
		if b.items[n].seg.Dir == dir {
			return b.items[n].out()
		}
	}
	return false
}

// firstCopies collects what one half says first, but for what drops explain.
func (b *builder) firstCopies(dir uint8) {
	data := b.data[dir][:0]
	for _, n := range b.list {
		it := &b.items[n]
		if it.seg.Dir == dir && it.first && !b.excused[n] {
			data = append(data, n)
		}
	}
	slices.SortFunc(data, func(x, y node) int {
		if d := b.items[x].newLeft.Sub(b.items[y].newLeft); d != 0 {
			return int(d)
		}
		return int(x - y)
	})
	b.data[dir] = data
}

// acknowledged adds the laws ack and sack (and handshake, for SYNs) for the
// bytes of one half and the packets of the other that acknowledge them.
func (b *builder) acknowledged(dir uint8) {
	data := b.data[dir]
	if len(data) == 0 {
		return
	}
	prefix := b.prefixes(data)
	tree := b.spans(dir)
	for _, n := range b.list {
		it := &b.items[n]
		if it.seg.Dir == dir || !it.seg.HasAck() {
			continue
		}
		if k := b.behind(data, it.seg.Ack); k > 0 && b.laws.has(Ack) {
			b.g.before(prefix[k-1], n, Ack)
		}
		if tree != nil {
			b.sacked(tree, data, n)
		}
	}
}

// prefixes makes a virtual node for every prefix of the data: what comes after
// it comes after all packets of the prefix.
func (b *builder) prefixes(data []node) []node {
	prefix := b.prefix[:0]
	for k, n := range data {
		v := b.g.virtual()
		law := Ack
		if b.items[n].seg.Bits.Has(tcp.SYN) {
			law = Handshake
		}
		if b.laws.has(law) {
			b.g.before(n, v, law)
		}
		if k > 0 {
			b.g.before(prefix[k-1], v, Ack)
		}
		prefix = append(prefix, v)
	}
	b.prefix = prefix
	return prefix
}

// behind counts the first copies that begin before the number.
func (b *builder) behind(data []node, number tcp.Seq) int {
	k, _ := slices.BinarySearchFunc(data, number, func(n node, number tcp.Seq) int {
		if b.items[n].newLeft.Less(number) {
			return -1
		}
		return 1
	})
	return k
}

// spans makes a binary tree of virtual nodes over the data of one half, so that
// a SACK block needs a logarithmic number of constraints. It is nil where
// nobody sends SACK blocks. tree[1] is the root, leaves begin at len(data).
func (b *builder) spans(dir uint8) []node {
	if !b.laws.has(Sack) || !slices.ContainsFunc(b.list, func(n node) bool {
		return b.items[n].seg.Dir != dir && b.items[n].seg.SACKs > 0
	}) {
		return nil
	}
	data := b.data[dir]
	tree := resize(b.tree, 2*len(data))
	b.tree = tree
	for i := len(tree) - 1; i > 0; i-- {
		if i >= len(data) {
			tree[i] = data[i-len(data)]
		} else {
			tree[i] = b.g.virtual()
		}
	}
	for i := len(tree) - 1; i > 1; i-- {
		b.g.before(tree[i], tree[i/2], Sack)
	}
	return tree
}

// sacked puts the data in each SACK block of packet n before it.
func (b *builder) sacked(tree, data []node, n node) {
	seg := &b.items[n].seg
	for i := range seg.SACKs {
		block := seg.SACK[i]
		if i == 0 && seg.DSACK() || !block.Left.Less(block.Right) {
			continue
		}
		lo, hi := b.behind(data, block.Left), b.behind(data, block.Right)
		if lo > 0 && block.Left.Less(b.items[data[lo-1]].seg.End()) {
			lo--
		}
		for l, r := lo+len(data), hi+len(data); l < r; l, r = l/2, r/2 {
			if l&1 == 1 {
				b.g.before(tree[l], n, Sack)
				l++
			}
			if r&1 == 1 {
				r--
				b.g.before(tree[r], n, Sack)
			}
		}
	}
}

// handshake puts a half's SYN before all else that it says.
func (b *builder) handshake(dir uint8) {
	data := b.data[dir]
	if !b.laws.has(Handshake) || len(data) == 0 || !b.items[data[0]].seg.Bits.Has(tcp.SYN) {
		return
	}
	syn := data[0]
	all := b.g.virtual()
	b.g.before(syn, all, Handshake)
	for _, n := range b.list {
		seg := &b.items[n].seg
		if seg.Dir == dir && n != syn && !seg.Bits.Has(tcp.SYN) && !seg.Bits.Has(tcp.RST) {
			b.g.before(all, n, Handshake)
		}
	}
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
	if b.laws.has(Window) {
		b.offered(dir)
	}
	b.risingNumbers(dir, OutAck, OutTSval)
	if b.laws.has(OutSack) {
		b.growingBlocks(dir, OutSack)
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
	if b.laws&(InSeq.bit()|InNxt.bit()|InAck.bit()|InTSval.bit()) == 0 {
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
	b.risingNumbers(dir, InAck, InTSval)
	if b.laws.has(InSack) {
		b.growingBlocks(dir, InSack)
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

// echoed puts before each packet of a half the packet of the other one whose
// timestamp it echoes: the first with that TSval or a later one, unless one was
// there before the window.
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
		}
		b.sorted = append(b.sorted, numbered{n, tcp.Seq(it.seg.TSval)})
	}
	b.sortNumbered()
	for _, n := range b.list {
		it := &b.items[n]
		if it.seg.Dir == dir && it.echoes() && had && began.Less(tcp.Seq(it.seg.TSecr)) {
			b.afterFirst(n, tcp.Seq(it.seg.TSecr), TSecr)
		}
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
			began, had = it.edgeBefore, it.hadEdge
		}
		b.sorted = append(b.sorted, numbered{n, it.edge})
	}
	b.sortNumbered()
	for _, n := range b.data[dir] {
		it := &b.items[n]
		if it.seg.Len > 1 && had && began.Less(it.seg.End()) {
			b.afterFirst(n, it.seg.End(), Window)
		} else if it.seg.Len > 1 {
			b.filling(n, it.seg.End())
		}
	}
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

// risingNumbers: neither ACK numbers nor timestamps of one sender fall, but for
// what the network itself delayed.
func (b *builder) risingNumbers(dir uint8, acks, stamps Law) {
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

// chain sorts b.sorted by number and puts each class of equal numbers before
// the next.
func (b *builder) chain(law Law) {
	b.sortNumbered()
	barrier := noNode
	for rest := b.sorted; len(rest) > 0; {
		k := 1
		for k < len(rest) && rest[k].number == rest[0].number {
			k++
		}
		barrier = b.class(rest[:k], barrier, k < len(rest), law)
		rest = rest[k:]
	}
}

// sortNumbered sorts b.sorted by number, then by position.
func (b *builder) sortNumbered() {
	slices.SortFunc(b.sorted, func(x, y numbered) int {
		if d := x.number.Sub(y.number); d != 0 {
			return int(d)
		}
		return int(x.n - y.n)
	})
}

// class puts equal packets behind a barrier, and before the one it returns.
func (b *builder) class(equal []numbered, barrier node, more bool, law Law) (next node) {
	next = noNode
	if more {
		next = b.g.virtual()
	}
	for _, x := range equal {
		if barrier != noNode {
			b.g.before(barrier, x.n, law)
		}
		if more {
			b.g.before(x.n, next, law)
		}
	}
	return next
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

func appendReports(reports []sackReport, seg *Segment, n node) []sackReport {
	blocks := seg.SACK[:seg.SACKs]
	if seg.DSACK() {
		blocks = blocks[1:]
	}
	for i, block := range blocks {
		if !slices.ContainsFunc(blocks[:i], func(o tcp.Range) bool { return o.Left == block.Left }) {
			reports = append(reports, sackReport{seg.Ack, block, n})
		}
	}
	return reports
}

func (r sackReport) compare(o sackReport) int {
	for _, d := range [...]int32{r.ack.Sub(o.ack), r.block.Left.Sub(o.block.Left), r.block.Right.Sub(o.block.Right), r.n - o.n} {
		if d != 0 {
			return int(d)
		}
	}
	return 0
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
