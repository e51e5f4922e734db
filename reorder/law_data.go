package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// acknowledged adds the laws ack and sack (and handshake, for SYNs) for the
// bytes of one half and the packets of the other that acknowledge them.
func (b *builder) acknowledged(dir uint8) {
	data := b.data[dir]
	if len(data) == 0 {
		return
	}
	prefix := b.prefixes(data)
	tree := b.spans(dir)
	near := nearby(data)
	k := 0
	for _, n := range b.half[1-dir] {
		seg := &b.items[n].seg
		if !seg.HasAck() && !(seg.Refuses() && refusedBy(&b.items[data[0].n].seg, seg.Ack)) {
			continue
		}
		if k = countBefore(data, seg.Ack, k); k > 0 && b.laws.has(LawAck) {
			b.g.before(prefix[k-1], n, LawAck)
		}
		if seg.SACKs > 0 && tree != nil {
			b.sacked(tree, data, n, k, near)
		}
	}
}

// refusedBy reports whether a refusal with this ACK number answers the segment,
// a SYN (RFC 9293, section 3.5.2).
func refusedBy(seg *tcp.Segment, ack tcp.Seq) bool {
	return seg.Bits&(tcp.SYN|tcp.ACK) == tcp.SYN && seg.Seq.Less(ack) && ack.AtMost(seg.End())
}

// unacknowledged puts the packets of one half before the data of the other that
// they do not acknowledge.
func (b *builder) unacknowledged(dir uint8) {
	data, k := b.data[dir], 0
	if !b.said[1-dir].loopback {
		return
	}
	for _, n := range b.half[1-dir] {
		it := &b.items[n]
		if !it.answersAtOnce() {
			continue
		}
		if k = countBefore(data, it.seg.Ack, k); k < len(data) {
			b.g.before(n, data[k].n, LawNotYet)
		}
	}
}

// prefixes makes a virtual node for every prefix of the data: what comes after
// it comes after all packets of the prefix.
func (b *builder) prefixes(data []numbered) []node {
	prefix := b.prefix[:0]
	for k, x := range data {
		v := b.g.virtual()
		law := LawAck
		if b.items[x.n].seg.Bits.Has(tcp.SYN) {
			law = LawHandshake
		}
		if b.laws.has(law) {
			b.g.before(x.n, v, law)
		}
		if k > 0 {
			b.g.before(prefix[k-1], v, LawAck)
		}
		prefix = append(prefix, v)
	}
	b.prefix = prefix
	return prefix
}

// spans begins a binary tree of virtual nodes over the data of one half, so that a SACK
// block needs a logarithmic number of constraints. It is nil where nobody sends SACK
// blocks. tree[1] is the root, leaves begin at len(data); what no block needs stays noNode.
func (b *builder) spans(dir uint8) []node {
	if !b.laws.has(LawSack) || !b.said[1-dir].sacks {
		return nil
	}
	data := b.data[dir]
	b.tree = b.tree[:0]
	for range data {
		b.tree = append(b.tree, noNode)
	}
	for _, x := range data {
		b.tree = append(b.tree, x.n)
	}
	return b.tree
}

// span returns the node of a tree that comes after all data below it.
func (b *builder) span(tree []node, i int) node {
	if tree[i] == noNode {
		tree[i] = b.g.virtual()
		b.g.before(b.span(tree, 2*i), tree[i], LawSack)
		b.g.before(b.span(tree, 2*i+1), tree[i], LawSack)
	}
	return tree[i]
}

// nearby reports whether all numbers of a sorted list lie within half of their circle:
// what comes after both its ends comes after all of it.
func nearby(list []numbered) bool {
	span := uint64(0)
	for i := 1; i < len(list); i++ {
		span += uint64(uint32(list[i].number - list[i-1].number))
	}
	return span < 1<<31
}

// afterBoth reports whether a number comes after both ends of a list.
func afterBoth(list []numbered, number tcp.Seq) bool {
	return list[0].number.Less(number) && list[len(list)-1].number.Less(number)
}

// sacked puts the data in each SACK block of packet n before it; near is where
// that may be, and within says that the data is nearby.
func (b *builder) sacked(tree []node, data []numbered, n node, near int, within bool) {
	seg := &b.items[n].seg
	for i := range seg.SACKs {
		block := seg.SACK[i]
		if i == 0 && seg.DSACK() || !block.Left.Less(block.Right) {
			continue
		}
		lo, hi := len(data), len(data)
		if !within || !afterBoth(data, block.Left) {
			lo = countBefore(data, block.Left, near)
		}
		if !within || !afterBoth(data, block.Right) {
			hi = countBefore(data, block.Right, lo)
		}
		if lo > 0 && block.Left.Less(b.items[data[lo-1].n].seg.End()) {
			lo--
		}
		for l, r := lo+len(data), hi+len(data); l < r; l, r = l/2, r/2 {
			if l&1 == 1 {
				b.g.before(b.span(tree, l), n, LawSack)
				l++
			}
			if r&1 == 1 {
				r--
				b.g.before(b.span(tree, r), n, LawSack)
			}
		}
	}
}

// handshake puts a half's SYN before all else that it says.
func (b *builder) handshake(dir uint8) {
	data := b.data[dir]
	if len(data) == 0 || !b.items[data[0].n].seg.Bits.Has(tcp.SYN) {
		return
	}
	syn := data[0].n
	all := b.g.virtual()
	b.g.before(syn, all, LawHandshake)
	for _, n := range b.half[dir] {
		seg := &b.items[n].seg
		if n != syn && !seg.Bits.Has(tcp.SYN) && !seg.Bits.Has(tcp.RST) {
			b.g.before(all, n, LawHandshake)
		}
	}
}

// answersAtOnce reports whether LawNotYet speaks of the packet: a bare ACK, since
// what an application says may cross with what the other one does.
func (it *item) answersAtOnce() bool {
	return it.seg.Outbound == tcp.Both && it.seg.Span() == 0 && it.seg.HasAck()
}
