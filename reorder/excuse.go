package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// A capture that merely dropped packets breaks laws without any disorder: the
// retransmission of a dropped original looks like a first copy that is late.
// What the rest of the connection explains so is excused: it does not move,
// does not measure the jitter and gives no other packet a reason to move.

// excuseReach bounds how many packets of the connection are looked at on each
// side of a suspect one.
const excuseReach = 256

// excuse marks the suspects among the connection's packets that a drop explains.
func (b *builder) excuse(list []node) {
	const lawsOfData = lawSet(1<<Ack | 1<<Sack | 1<<OutSeq)
	for i, n := range list {
		it := &b.items[n]
		if !it.first || it.suspect&lawsOfData == 0 || it.seg.Bits.Has(tcp.SYN) {
			continue
		}
		switch it.seg.Outbound {
		case tcp.Out:
			b.excused[n] = b.sentAgain(list, i)
		case tcp.In:
			b.excused[n] = b.receivedAgain(list, i)
		case tcp.Both:
			b.excused[n] = b.sentAgain(list, i) || b.receivedAgain(list, i)
		}
	}
}

// sentAgain: the host's own numbers, or the peer's answer in between, show that
// the packet was sent after a higher one.
func (b *builder) sentAgain(list []node, i int) bool {
	p := &b.items[list[i]]
	asks := 0 // bare ACKs in between that ask for p
	for j := i - 1; j >= 0 && j >= i-excuseReach; j-- {
		h := &b.items[list[j]]
		if h.seg.Dir != p.seg.Dir {
			if h.seg.Span() == 0 && h.seg.HasAck() && h.seg.Ack == p.newLeft {
				asks++
			}
			if showsHole(&h.seg, p) || asks > 1 && !p.sackOK {
				return true
			}
			continue
		}
		if !h.first || h.seg.Bits.Has(tcp.RST) || !p.seg.Seq.Less(h.seg.Seq) {
			continue
		}
		if p.seg.HasTS && h.seg.HasTS && tcp.Seq(h.seg.TSval).Less(tcp.Seq(p.seg.TSval)) {
			return true
		}
		if p.seg.HasAck() && h.seg.HasAck() && h.seg.Ack.Less(p.seg.Ack) {
			return true
		}
	}
	return false
}

// showsHole: the peer has what lies behind p, but not p.
func showsHole(q *Segment, p *item) bool {
	if !q.HasAck() || p.newLeft.Less(q.Ack) {
		return false
	}
	beyond := false
	for _, block := range q.SACK[:q.SACKs] {
		if block.Overlaps(p.fresh()) {
			return false
		}
		if p.seg.End().AtMost(block.Left) {
			beyond = true
		}
	}
	return beyond
}

// receivedAgain: the host answers the packet as one that it has already. With
// SACK it says so (RFC 2883); without, it repeats its ACK at once (RFC 5681,
// section 4.2).
func (b *builder) receivedAgain(list []node, i int) bool {
	p := &b.items[list[i]]
	usesSACK, answered := false, false
	repeats := false
	for j := i + 1; j < len(list) && j <= i+excuseReach; j++ {
		q := &b.items[list[j]].seg
		if q.Dir == p.seg.Dir || !q.HasAck() {
			continue
		}
		if q.DSACK() && q.SACK[0].Overlaps(p.fresh()) {
			return true
		}
		usesSACK = usesSACK || q.SACKs > 0
		if !answered {
			answered, repeats = true, b.repeatsACK(list, i, q)
		}
	}
	return repeats && !usesSACK && !p.sackOK
}

// repeatsACK: q is the same bare ACK as the last one before position i.
func (b *builder) repeatsACK(list []node, i int, q *Segment) bool {
	if q.Span() != 0 {
		return false
	}
	for j := i - 1; j >= 0 && j >= i-excuseReach; j-- {
		last := &b.items[list[j]].seg
		if last.Dir == q.Dir && last.HasAck() {
			return last.Ack == q.Ack && last.Window == q.Window
		}
	}
	return false
}
