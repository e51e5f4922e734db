package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// unacked puts what a half sends before all that acknowledges its first byte.
func (b *builder) unacked(dir uint8) {
	b.collect(b.half[1-dir], func(_ node, it *item) (tcp.Seq, bool) { return ackNumber(it) })
	b.sortNumbered(b.sorted)
	from := b.suffixes(LawUnacked)
	k := 0
	for _, n := range b.half[dir] {
		it := &b.items[n]
		if it.seg.Len <= 1 || b.excused[n] {
			continue
		}
		if k = countBefore(b.sorted, it.seg.Seq+1, k); k < len(b.sorted) {
			b.g.before(n, from[k], LawUnacked)
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

// unechoed puts what a half sends before the bare ACKs of the other one with a later
// timestamp than it echoes.
func (b *builder) unechoed(dir uint8) {
	if b.said[dir].loopback {
		return // both ends' stacks take turns there
	}
	b.collect(b.half[1-dir], func(n node, it *item) (tcp.Seq, bool) {
		return tcp.Seq(it.seg.TSval), b.echoedAtOnce(n, dir)
	})
	if len(b.sorted) == 0 {
		return
	}
	b.sortNumbered(b.sorted)
	from := b.suffixes(LawUnechoed)
	k := 0
	for _, n := range b.half[dir] {
		it := &b.items[n]
		if !it.echoes() || it.seg.Bits&(tcp.SYN|tcp.RST) != 0 || b.excused[n] {
			continue
		}
		if k = countBefore(b.sorted, tcp.Seq(it.seg.TSecr)+1, k); k < len(b.sorted) {
			b.g.before(n, from[k], LawUnechoed)
		}
	}
}

// echoedAtOnce reports whether the half dir echoes the timestamp of n from then on, if it
// is the latest: of a bare ACK that begins where the half had acknowledged all. That it
// had, the last segment tells that n acknowledges.
func (b *builder) echoedAtOnce(n node, dir uint8) bool {
	seg := &b.items[n].seg
	if seg.Span() > 0 || !seg.HasAck() || !seg.HasTS || seg.Bits.Has(tcp.RST) {
		return false
	}
	data := b.data[dir]
	k := countBefore(data, seg.Ack, 0)
	if k == 0 {
		return false
	}
	last := &b.items[data[k-1].n].seg
	return last.HasAck() && seg.Seq.AtMost(last.Ack)
}
