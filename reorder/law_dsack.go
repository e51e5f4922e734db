package reorder

import (
	"cmp"
	"math"
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// duplicate is the range that a D-SACK tells of (RFC 2883, section 4).
func duplicate(seg *tcp.Segment) (r tcp.Range, ok bool) {
	if !seg.HasAck() || !seg.DSACK() {
		return r, false
	}
	return seg.SACK[0], true
}

// noteDuplicate doubts a copy whose D-SACK is before it, and what repeats an
// ACK after one with a D-SACK.
func (it *item) noteDuplicate(own, peer *half) {
	seg := &it.seg
	if seg.Len > 0 && !it.first {
		for _, r := range peer.told {
			if r.Left != r.Right && r.Overlaps(tcp.Range{Left: seg.Seq, Right: seg.End()}) {
				it.doubt |= LawDSack.bit()
			}
		}
	}
	if r, ok := duplicate(seg); ok {
		own.told[own.nextTold&3] = r
		own.nextTold++
		own.toldAck, own.hasTold = seg.Ack, true
	} else if own.hasTold && seg.HasAck() && seg.Span() == 0 && seg.Ack == own.toldAck {
		it.doubt |= LawOutOnce.bit() | LawInOnce.bit()
	}
}

// repetitions fills b.sorted with the data of a half that is no first copy.
func (b *builder) repetitions(dir uint8) {
	b.collect(b.half[dir], func(_ node, it *item) (tcp.Seq, bool) { return it.seg.Seq, it.seg.Len > 0 && !it.first })
	b.sortNumbered(b.sorted)
}

// repetition finds the first of b.sorted that holds the beginning of r, -1 where none
// does, and reports whether it is the only one.
func (b *builder) repetition(r tcp.Range) (k int, only bool) {
	end := countBefore(b.sorted, r.Left+1, 0)
	if end == 0 {
		return -1, false
	}
	k = countBefore(b.sorted, b.sorted[end-1].number, end-1)
	if !r.Left.Less(b.items[b.sorted[k].n].seg.End()) {
		return -1, false
	}
	return k, k == end-1
}

// duplicates puts before each of the host's D-SACKs a packet of the half dir that
// repeats what it reports: the first one, where there are several.
func (b *builder) duplicates(dir uint8) {
	if len(b.dsacks) == 0 {
		return
	}
	b.repetitions(dir)
	for _, n := range b.half[1-dir] {
		it := &b.items[n]
		if r, ok := duplicate(&it.seg); ok && it.out() {
			if k, _ := b.repetition(r); k >= 0 {
				b.g.before(b.sorted[k].n, n, LawDSack)
			}
		}
	}
}

// once puts each half's bare ACKs before those that differ from them by their
// D-SACK alone.
func (b *builder) once(dir uint8, law Law) {
	if len(b.dsacks) == 0 {
		return
	}
	said := b.bare[:0]
	for _, n := range b.half[dir] {
		if seg := &b.items[n].seg; seg.Span() == 0 && seg.HasAck() && !b.crossed[n] {
			said = append(said, n)
		}
	}
	b.bare = said
	slices.SortFunc(said, func(x, y node) int {
		return cmp.Or(compareSaid(&b.items[x].seg, &b.items[y].seg), int(x-y))
	})
	for len(said) > 0 {
		k := 1
		for k < len(said) && compareSaid(&b.items[said[0]].seg, &b.items[said[k]].seg) == 0 {
			k++
		}
		b.plainFirst(said[:k], law)
		said = said[k:]
	}
}

// plainFirst puts those of equal bare ACKs that have no D-SACK first, but for such as are
// stamped so much later than one that has it that no soft law moves them: those came of
// something else.
func (b *builder) plainFirst(equal []node, law Law) {
	if len(equal) == 1 {
		return
	}
	told := int64(math.MaxInt64) // the first with D-SACK is stamped
	for _, n := range equal {
		if b.items[n].seg.DSACK() {
			told = min(told, b.g.clock[n])
		}
	}
	if told == math.MaxInt64 {
		return
	}
	b.sorted = b.sorted[:0]
	for _, n := range equal {
		switch {
		case b.items[n].seg.DSACK():
			b.sorted = append(b.sorted, numbered{n, 1})
		case b.g.clock[n] <= shifted(told, b.reach):
			b.sorted = append(b.sorted, numbered{n, 0})
		}
	}
	b.chain(law)
}

// compareSaid compares what two ACKs say, but for their D-SACK: of the blocks, the
// first one, which tells of the latest segment (RFC 2018, section 4); a D-SACK
// takes the room of the last.
func compareSaid(p, q *tcp.Segment) int {
	x, y := latestBlock(p), latestBlock(q)
	return int(cmp.Or(p.Ack.Sub(q.Ack), int32(p.Window)-int32(q.Window), x.Left.Sub(y.Left), x.Right.Sub(y.Right)))
}

// latestBlock is the first SACK block but for a D-SACK, empty without one.
func latestBlock(seg *tcp.Segment) tcp.Range {
	if all := blocks(seg); len(all) > 0 {
		return all[0]
	}
	return tcp.Range{Left: seg.Ack, Right: seg.Ack}
}

// blocks are the segment's SACK blocks but for a D-SACK.
func blocks(seg *tcp.Segment) []tcp.Range {
	if seg.DSACK() {
		return seg.SACK[1:seg.SACKs]
	}
	return seg.SACK[:seg.SACKs]
}
