package reorder

import (
	"slices"
	"sort"

	"github.com/mendcap/mendcap/internal/tcp"
)

// A capture that merely dropped packets breaks laws without any disorder: the
// retransmission of a dropped original looks like a first copy that is late.
// What the rest of the connection explains so is excused: it does not move,
// does not measure the jitter and gives no other packet a reason to move.

// excuseReach bounds how many packets of the connection are looked at on each
// side of a suspect one.
const excuseReach = 256

// excuseAhead is how many packets after an answer its cause may be recorded.
const excuseAhead = 8

// excuse marks the suspects among the connection's packets that a drop explains.
func (b *builder) excuse() {
	const lawsOfData = lawSet(1<<LawAck | 1<<LawSack | 1<<LawOutSeq)
	if (b.said[0].doubt|b.said[1].doubt)&lawsOfData == 0 {
		return
	}
	list := b.list
	for i, n := range list {
		it := &b.items[n]
		if !it.first || it.doubt&lawsOfData == 0 || it.seg.Bits.Has(tcp.SYN) {
			continue
		}
		side := it.seg.Outbound
		b.excused[n] = it.out() && b.sentAgain(list, i) || side == tcp.Out && b.answeredTooSoon(list, i) ||
			(side == tcp.In || side == tcp.Both) && b.receivedAgain(list, i)
		if !b.excused[n] && side != tcp.Out && b.farthest > b.gate && b.takenAsNew(list, i) {
			b.g.proven[n] = b.farthest
		}
	}
}

// takenAsNew: the host acknowledged the inbound packet before it was recorded, and answers
// it as what it did not have yet: neither with a D-SACK nor by repeating its ACK at once
// (RFC 5681, section 4.2), with whatever window. So it is no retransmission, whose original
// the capture dropped, but late, by however much.
func (b *builder) takenAsNew(list []node, i int) bool {
	p := &b.items[list[i]]
	if !b.goesOn(list, i) || b.dsackFor(i, p.fresh()) >= 0 {
		return false
	}
	near, fresh := b.spokenNear(i, p.seg.Dir&1), p.fresh()
	b.steps += int64(len(near))
	for _, s := range near {
		if s.Overlaps(fresh) && s.at != i {
			return false // one of them may be for the other
		}
	}
	return true
}

// stretch is what a packet of the list takes of its sender's stream.
type stretch struct {
	tcp.Range
	at int // in the list
}

// spokenNear lists what one half says near position i of the list. All that it says is
// listed once, since several suspects look through it.
func (b *builder) spokenNear(i int, dir uint8) []stretch {
	if len(b.spoken[dir]) == 0 {
		for i, n := range b.list {
			if seg := &b.items[n].seg; seg.Dir&1 == dir && seg.Span() > 0 {
				b.spoken[dir] = append(b.spoken[dir], stretch{seg.Range(), i})
			}
		}
	}
	all := b.spoken[dir]
	before := func(at int) int { return sort.Search(len(all), func(k int) bool { return all[k].at >= at }) }
	return all[before(i-excuseReach):before(i+excuseReach)]
}

// goesOn: what the host says next after the packet at position i acknowledges more than
// what it said last before. Data with the same ACK number, which may have been on its way,
// tells nothing.
func (b *builder) goesOn(list []node, i int) bool {
	last := b.nearest(list, i, -1)
	if last < 0 || !b.items[list[last]].seg.HasAck() {
		return false
	}
	before := &b.items[list[last]].seg
	for j := i + 1; j < len(list) && j <= i+excuseReach; j++ {
		b.steps++
		q := &b.items[list[j]].seg
		switch {
		case q.Dir != before.Dir:
		case !q.HasAck() || q.Bits.Has(tcp.RST):
			return false
		case q.Ack != before.Ack || q.Span() == 0:
			return before.Ack.Less(q.Ack)
		}
	}
	return false
}

// sentAgain: the host's own numbers, or the peer's answer in between, show that
// the packet was sent after a higher one.
func (b *builder) sentAgain(list []node, i int) bool {
	p := &b.items[list[i]]
	sacks := b.said[p.seg.Dir&1^1].sacks
	asks := 0 // bare ACKs so far, going back, that ask for p
	for j := i - 1; j >= 0 && j >= i-excuseReach; j-- {
		b.steps++
		h := &b.items[list[j]]
		if h.seg.Dir != p.seg.Dir {
			if h.seg.Ack == p.newLeft && h.seg.HasAck() && h.seg.Span() == 0 {
				asks++
			}
			if sacks && h.seg.SACKs > 0 && showsHole(&h.seg, p) {
				return true
			}
			continue
		}
		if !p.seg.Seq.Less(h.seg.Seq) || !h.first || h.seg.Bits.Has(tcp.RST) {
			continue
		}
		if asks > 1 && !p.sackOK ||
			p.seg.HasTS && h.seg.HasTS && tcp.Seq(h.seg.TSval).Less(tcp.Seq(p.seg.TSval)) ||
			p.seg.HasAck() && h.seg.HasAck() && h.seg.Ack.Less(p.seg.Ack) {
			return true
		}
	}
	return false
}

// answeredTooSoon: an ACK that is before the packet by more than the gate
// less a round trip was for an original that the capture dropped.
func (b *builder) answeredTooSoon(list []node, i int) bool {
	p := &b.items[list[i]]
	if p.roundTrip == 0 || !p.doubt.has(LawAck) {
		return false
	}
	ack, ok := b.firstAnswer(list, i)
	return ok && b.g.clock[list[i]]-b.g.clock[ack]+p.roundTrip > b.gate
}

// firstAnswer finds the first packet before position i that acknowledges bytes
// of the packet there.
func (b *builder) firstAnswer(list []node, i int) (first node, ok bool) {
	p := &b.items[list[i]]
	for j := i - 1; j >= 0 && j >= i-excuseReach; j-- {
		b.steps++
		q := &b.items[list[j]].seg
		if q.Dir != p.seg.Dir && q.HasAck() && p.newLeft.Less(q.Ack) {
			first, ok = list[j], true
		}
	}
	return first, ok
}

// showsHole: the peer has what lies after p, but not p. An option without room
// for another block leaves open what it does not name, but for the very byte
// that is asked for.
func showsHole(q *tcp.Segment, p *item) bool {
	if !q.HasAck() || p.newLeft.Less(q.Ack) {
		return false
	}
	return beyond(q.SACK[:q.SACKs], p.fresh()) && (q.Ack == p.newLeft || q.SACKs < roomForSACKs(q))
}

// beyond reports whether one of the blocks lies beyond r, and none reaches into it.
func beyond(all []tcp.Range, r tcp.Range) (any bool) {
	for _, x := range all {
		if x.Overlaps(r) {
			return false
		}
		any = any || r.Right.AtMost(x.Left)
	}
	return any
}

// roomForSACKs is how many blocks an option can hold, beside timestamps or alone
// (RFC 2018, section 3).
func roomForSACKs(q *tcp.Segment) uint8 {
	if q.HasTS {
		return 3
	}
	return 4
}

// receivedAgain: the host answers the packet as one that it has already. With
// SACK it says so (RFC 2883); without, it repeats its ACK at once (RFC 5681,
// section 4.2).
func (b *builder) receivedAgain(list []node, i int) bool {
	p := &b.items[list[i]]
	if p.sackOK {
		return b.toldDuplicate(list, i, p)
	}
	return b.repeatsACK(list, i, p)
}

// toldDuplicate: a D-SACK for p follows, with no other copy of p about that it
// could be for.
func (b *builder) toldDuplicate(list []node, i int, p *item) bool {
	told := b.dsackFor(i, p.fresh())
	if told < 0 {
		return false
	}
	for j := i + 1; j < len(list) && j <= i+excuseReach; j++ {
		b.steps++
		q := &b.items[list[j]].seg
		switch {
		case j > told+excuseAhead && b.g.clock[list[j]]-b.g.clock[list[told]] > b.gate:
			return true
		case q.Dir == p.seg.Dir && q.Span() > 0 && q.Range().Overlaps(p.fresh()):
			return false
		}
	}
	return true
}

// dsackFor finds the first D-SACK after position i of the list that tells of these bytes
// of the packet there; -1 for none.
func (b *builder) dsackFor(i int, bytes tcp.Range) int {
	at, _ := slices.BinarySearch(b.dsacks, i+1)
	for ; at < len(b.dsacks) && b.dsacks[at] <= i+excuseReach; at++ {
		b.steps++
		q := &b.items[b.list[b.dsacks[at]]].seg
		if q.Dir != b.items[b.list[i]].seg.Dir && q.HasAck() && q.SACK[0].Overlaps(bytes) {
			return b.dsacks[at]
		}
	}
	return -1
}

// repeatsACK: the first thing that the host says after p, at once, is the very ACK that
// it said last before p, which covers p, and it says so more often than other
// segments about ask for: those that it has already, and those beyond a hole. What the
// host has acknowledged meanwhile is no hole, unless other segments come after their ACKs.
// Nor had it asked for p until that ACK.
func (b *builder) repeatsACK(list []node, i int, p *item) bool {
	last, answer := b.nearest(list, i, -1), b.nearest(list, i, 1)
	if last < 0 || answer < 0 || b.g.clock[list[answer]]-b.g.clock[list[i]] > b.lateness {
		return false
	}
	before, after := &b.items[list[last]].seg, &b.items[list[answer]].seg
	if !repeats(before, after) || after.Ack.Less(p.seg.End()) || b.askedFor(list, last, p) {
		return false
	}
	asked, acked, late := 0, after.Ack, false
	for j := last + 1; j < min(len(list), answer+excuseReach) && b.g.clock[list[j]]-b.g.clock[list[answer]] <= b.lateness; j++ {
		b.steps++
		it := &b.items[list[j]]
		late = late || j != i && it.doubt.has(LawAck)
		switch other := it.seg.Dir != p.seg.Dir; {
		case other && repeats(before, &it.seg):
			asked--
		case j > answer+excuseAhead:
			return asked < 0
		case other && it.seg.HasAck() && !late:
			acked = acked.Max(it.seg.Ack)
		case other || j == i || it.seg.Len == 0:
		case acked.Less(it.seg.Seq):
			return false // beyond a hole
		case !it.first && it.seg.End().AtMost(after.Ack):
			asked++
		}
	}
	return asked < 0
}

// askedFor: what the host said before it first said what it says at position last had the
// first new byte of p as its ACK number, and had been repeated. So the host missed p until
// then.
func (b *builder) askedFor(list []node, last int, p *item) bool {
	said, asks := b.items[list[last]].seg.Ack, 0
	for j := last - 1; j >= 0 && j >= last-excuseReach; j-- {
		b.steps++
		q := &b.items[list[j]].seg
		switch {
		case q.Dir == p.seg.Dir || !q.HasAck() || q.Ack == said:
		case q.Ack != p.newLeft:
			return false
		case q.Span() == 0:
			if asks++; asks > 1 {
				return true
			}
		}
	}
	return false
}

// nearest finds the nearest packet of the other side than that of the packet at
// position i, in steps of 1 or -1; -1 for none.
func (b *builder) nearest(list []node, i, step int) int {
	for j := i + step; j >= 0 && j < len(list) && j >= i-excuseReach && j <= i+excuseReach; j += step {
		b.steps++
		if b.items[list[j]].seg.Dir != b.items[list[i]].seg.Dir {
			return j
		}
	}
	return -1
}

// repeats reports whether the bare ACK after says nothing that before did not.
func repeats(before, after *tcp.Segment) bool {
	return after.Span() == 0 && before.HasAck() && after.HasAck() && before.Ack == after.Ack && before.Window == after.Window
}

// showsHoleAt reports whether the host's own ACKs show that the inbound packet n
// arrived after higher ones: with SACK a block beyond it while it was missing,
// without SACK a repeated ACK that asks for it (RFC 5681, section 4.2).
func (b *builder) showsHoleAt(n node) bool {
	p := &b.items[n]
	if !p.doubt.has(LawInSeq) {
		return false
	}
	at, _ := slices.BinarySearch(b.list, n)
	asks := 0
	for j := max(0, at-excuseReach); j < min(len(b.list), at+excuseReach); j++ {
		b.steps++
		q := &b.items[b.list[j]].seg
		if q.Dir == p.seg.Dir {
			continue
		}
		if showsHole(q, p) {
			return true
		}
		if !p.sackOK && q.Span() == 0 && q.HasAck() && q.Ack == p.newLeft {
			if asks++; asks > 1 {
				return true
			}
		}
	}
	return false
}
