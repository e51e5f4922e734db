package reorder

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// burstWait is how long a burst is held for the host's answer, nanoseconds.
const burstWait = int64(5e6)

// bursts puts the packets that one half received at one time in sequence order
// where the host's answer shows that its stack took them so, and in reverse where
// the capture is known to reverse bursts and nothing speaks against it.
func (b *builder) bursts(dir uint8) {
	list := b.list
	for from := 0; from < len(list); {
		to := from + 1
		for to < len(list) && b.items[list[to]].seg.Dir == dir && b.g.stamp[list[to]] == b.g.stamp[list[from]] {
			to++
		}
		burst := list[from:to]
		switch {
		case len(burst) == 1 || b.items[burst[0]].seg.Dir != dir:
		case b.tookInSequence(burst, list[to:]):
			b.burstInSequence(burst)
		case b.reversesBursts && b.inReverse(burst):
			for i := 1; i < len(burst); i++ {
				b.g.before(burst[i], burst[i-1], LawInBurst)
			}
		}
		from = to
	}
}

func (b *builder) burstInSequence(burst []node) {
	b.collect(burst, func(n node, it *item) (tcp.Seq, bool) { return it.newLeft, it.first && !b.excused[n] })
	b.sortNumbered(b.sorted)
	b.inSequence(b.sorted, LawInBurst)
}

// tookInSequence reports whether a burst has data that is out of sequence, and
// the host's first ACK after it covers all of that, with no duplicate ACK for any
// of it.
func (b *builder) tookInSequence(burst, after []node) (any bool) {
	answer := slices.IndexFunc(after, func(n node) bool {
		return b.items[n].seg.Dir != b.items[burst[0]].seg.Dir && b.items[n].seg.HasAck()
	})
	if answer < 0 {
		return false
	}
	for i, n := range burst {
		it := &b.items[n]
		if !it.doubt.has(LawInBurst) || !b.afterHigherData(burst[:i], it) {
			continue
		}
		if !it.newLeft.Less(b.items[after[answer]].seg.Ack) || b.showsHoleAt(n) {
			return false
		}
		any = true
	}
	return any
}

// afterHigherData reports whether one of the packets has data beyond that of an
// item, which would have been out of sequence.
func (b *builder) afterHigherData(before []node, it *item) bool {
	return it.first && slices.ContainsFunc(before, func(n node) bool {
		other := &b.items[n]
		return other.first && it.newLeft.Less(other.newLeft)
	})
}

// inReverse reports whether each packet of a burst has a number that lies before
// that of the one before it, or the same numbers, none has a higher one, and
// the host has shown no hole there.
func (b *builder) inReverse(burst []node) bool {
	for i, n := range burst {
		if b.showsHoleAt(n) || i > 0 && higher(&b.items[n], &b.items[burst[i-1]]) {
			return false
		}
	}
	return higher(&b.items[burst[0]], &b.items[burst[len(burst)-1]])
}

// higher reports whether a packet has a number that rises with what its sender
// sends, and that is higher than in another one.
func higher(p, q *item) bool {
	s, o := &p.seg, &q.seg
	return o.Ack.Less(s.Ack) && s.HasAck() && o.HasAck() ||
		s.HasTS && o.HasTS && tcp.Seq(o.TSval).Less(tcp.Seq(s.TSval)) ||
		s.HasAck() && s.Ack == o.Ack && o.SACKs > 0 && latestBlock(s).Left == latestBlock(o).Left && latestBlock(o).Right.Less(latestBlock(s).Right) ||
		q.place().Less(p.place()) && !p.again() && !q.again()
}

// place is where the packet is in its sender's stream.
func (it *item) place() tcp.Seq {
	if it.first {
		return it.newLeft
	}
	return it.seg.Seq
}

// again reports whether the packet holds nothing but what was there before.
func (it *item) again() bool { return !it.first && it.seg.Span() > 0 }
