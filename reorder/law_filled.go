package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// A host's stack may drop what the capture has seen, for lack of room or of a place in its
// window. Then the host asks for the first byte of that until it is sent again.

// filled puts before each of the host's ACKs that goes on from a byte which it asked for
// the packet of the half dir that brought it again, where none before that ACK did.
func (b *builder) filled(dir uint8) {
	if !b.said[1-dir].sent {
		return
	}
	var asked ask
	for i, n := range b.list {
		it := &b.items[n]
		if seg := &it.seg; seg.Dir == dir || !it.out() || !seg.HasAck() || seg.Bits.Has(tcp.RST) {
			continue
		}
		if asked.of && asked.byte.Less(it.seg.Ack) && asked.shown {
			if again := b.broughtAgain(i, asked); again != noNode {
				b.g.before(again, n, LawFilled)
			}
		}
		asked.add(&it.seg, b.g.clock[n])
	}
}

// ask is what a host asks for next.
type ask struct {
	of    bool // it has said anything
	shown bool // as missing: by a SACK block, or by asking again
	byte  tcp.Seq
	last  int64 // when it asked last, on the clock
}

// add takes in what the host says next. What is lower than before is out of place.
func (a *ask) add(seg *tcp.Segment, at int64) {
	switch {
	case !a.of || a.byte.Less(seg.Ack):
		*a = ask{of: true, byte: seg.Ack, last: at, shown: len(blocks(seg)) > 0}
	case a.byte == seg.Ack && seg.Span() == 0:
		a.shown, a.last = true, at
	}
}

// broughtAgain finds the packet within the gate after position i of the list that brings
// what the host had asked for; noNode if one may have come since it asked last, within the
// gate, or if the host answers that it had it already.
func (b *builder) broughtAgain(i int, asked ask) node {
	brings := func(n node) bool {
		b.steps++
		seg := &b.items[n].seg
		return seg.Dir != b.items[b.list[i]].seg.Dir && seg.Len > 0 && seg.Seq.AtMost(asked.byte) && asked.byte.Less(seg.End())
	}
	for j := i - 1; j >= 0 && b.g.clock[b.list[j]] >= asked.last-b.gate; j-- {
		if j < i-excuseReach || brings(b.list[j]) { // beyond that nobody looks
			return noNode
		}
	}
	for j := i + 1; j < len(b.list) && j <= i+excuseReach && b.g.clock[b.list[j]]-b.g.clock[b.list[i]] <= b.gate; j++ {
		if n := b.list[j]; brings(n) {
			if b.dsackFor(j, b.items[n].seg.Range()) >= 0 {
				return noNode
			}
			return n
		}
	}
	return noNode
}
