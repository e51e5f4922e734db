package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// leastTimeout is how long after a segment a timeout comes, at least, nanoseconds. RFC
// 6298, section 2.4, asks for a second; Linux takes less. After it all that is not
// acknowledged may be sent again, and the timer is that of the earliest (section 5).
const leastTimeout = int64(200e6)

// recovered puts before what a half sends again the first ACK that shows it missing, where
// none is before it, if what is sent again echoes a timestamp as late as that ACK's:
// without timestamps nothing tells a timeout from an answer that was recorded first.
func (b *builder) recovered(dir uint8) {
	data, k := b.data[dir], 0
	if !b.said[1-dir].sacks {
		return
	}
	for i, n := range b.list {
		it := &b.items[n]
		if it.seg.Dir != dir || it.seg.Len <= 1 || it.first || b.excused[n] {
			continue
		}
		// The last segment that was sent may be sent again as a probe.
		if k = countBefore(data, it.seg.Seq+1, k); k == 0 || k == len(data) || n < data[k].n || b.g.clock[n]-b.g.clock[data[k-1].n] >= leastTimeout {
			continue
		}
		ack := b.firstToMiss(i)
		if ack < n {
			continue
		}
		earliest, q := data[countBefore(data, b.items[ack].seg.Ack, k)].n, &b.items[ack].seg
		if b.g.clock[n]-b.g.clock[earliest] < leastTimeout && it.echoes() && q.HasTS && tcp.Seq(q.TSval).AtMost(tcp.Seq(it.seg.TSecr)) {
			b.g.before(ack, n, LawRecovery)
		}
	}
}

// firstToMiss finds an ACK that shows packet i of the list missing at its receiver: one
// that is before it, else the first after it that does so within the gate; noNode
// where none is near.
func (b *builder) firstToMiss(i int) node {
	n := b.list[i]
	p := &b.items[n]
	shows := func(m node) bool {
		b.steps++
		q := &b.items[m].seg
		return q.Dir != p.seg.Dir && q.SACKs > 0 && q.HasAck() && q.Ack.AtMost(p.seg.Seq) &&
			beyond(blocks(q), tcp.Range{Left: p.seg.Seq, Right: p.seg.End()})
	}
	for j := i - 1; j >= 0 && j >= i-excuseReach; j-- {
		if shows(b.list[j]) {
			return b.list[j]
		}
	}
	for j := i + 1; j < len(b.list) && j <= i+excuseReach && b.g.clock[b.list[j]]-b.g.clock[n] <= b.gate; j++ {
		if shows(b.list[j]) {
			return b.list[j]
		}
	}
	return noNode
}
