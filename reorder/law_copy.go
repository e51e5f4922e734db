package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// Where the network hands a segment on twice, the second copy may follow the first at
// once, before the next segment, or come some time later by another way. Which of the two
// a network does, the copies so far tell by how far they are stamped apart; where they come
// at once, they come before the next segment, as in-seq has it.

// copies are the second copies of inbound segments.
type copies struct {
	near, all int       // so far: stamped no farther after the first than threads delay, and all
	counted   int64     // index after that of the last packet that was looked at
	pairs     [][2]node // in the window: a copy, and the segment that follows it in sequence
}

// copiesFewest is how many copies that follow at once tell that all do, if three of four
// do: those that come independently of each other are rarely so near.
const copiesFewest = 4

// noteCopies looks for second copies among what a half said.
func (b *builder) noteCopies(dir uint8) {
	if b.fine.tick > b.usual {
		return // the clock does not tell
	}
	data, k := b.data[dir], 0
	for _, n := range b.half[dir] {
		it := &b.items[n]
		if it.seg.Len == 0 || it.first {
			continue
		}
		if k = countBefore(data, it.seg.Seq+1, k); k == 0 || !sameSegment(&b.items[data[k-1].n].seg, &it.seg) {
			continue
		}
		if it.index >= b.copies.counted {
			b.copies.all++
			if b.g.clock[n]-b.g.clock[data[k-1].n] <= crossingUsual*b.usual {
				b.copies.near++
			}
		}
		if k < len(data) && !b.delayed[data[k].n] && b.g.clock[n]-b.g.clock[data[k].n] <= min(b.reach, b.crossing) {
			b.copies.pairs = append(b.copies.pairs, [2]node{n, data[k].n})
		}
	}
}

// sameSegment reports whether q is p once more, and not sent again: a timestamp or an IPv4
// Identification tells.
func sameSegment(p, q *tcp.Segment) bool {
	if p.Seq != q.Seq || p.Len != q.Len || p.Ack != q.Ack || p.HasTS != q.HasTS || p.TSval != q.TSval || p.IPID != q.IPID {
		return false
	}
	return p.HasTS || p.HasIPID && p.IPID != 0
}

// orderCopies puts the second copies of the window before what follows them in sequence,
// if the network hands them on at once.
func (b *builder) orderCopies() {
	c := &b.copies
	if c.near >= copiesFewest && 4*c.near >= 3*c.all {
		for _, p := range c.pairs {
			b.g.before(p[0], p[1], LawInSeq)
		}
	}
	c.pairs = c.pairs[:0]
	if len(b.items) > 0 {
		c.counted = b.items[len(b.items)-1].index + 1
	}
}
