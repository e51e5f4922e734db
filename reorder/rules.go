package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// rule builds the constraints of a law between packets of the half dir, and those of the
// other half that speak of them.
type rule struct {
	law   Law
	build func(b *builder, dir uint8)
}

// apply builds the constraints of those laws that may act.
func (b *builder) apply(rules []rule, dir uint8) {
	for _, r := range rules {
		if b.laws.has(r.law) {
			r.build(b, dir)
		}
	}
}

// bothRules hold whichever half the host sent, outRules among the packets that it sent
// itself. inRules hold among those that it received as far as the network kept their order.
var (
	bothRules = []rule{
		{LawHandshake, (*builder).handshake},
		{LawNotYet, (*builder).unacknowledged},
		{LawDSack, (*builder).duplicates},
		{LawFilled, (*builder).filled},
		{LawInTurn, (*builder).inTurn},
		{LawTSecr, (*builder).echoed},
	}
	outRules = []rule{
		{LawRoundTrip, (*builder).roundTrips},
		{LawOutSeq, func(b *builder, dir uint8) { b.inSequence(b.data[dir], LawOutSeq) }},
		{LawOutNxt, func(b *builder, dir uint8) { b.bareACKs(dir, b.data[dir], LawOutNxt) }},
		{LawUnacked, (*builder).unacked},
		{LawUnechoed, (*builder).unechoed},
		{LawRecovery, (*builder).recovered},
		{LawOutRST, (*builder).resetLast},
		{LawWindow, (*builder).offered},
		{LawOutAck, func(b *builder, dir uint8) { b.rising(dir, LawOutAck, ackNumber) }},
		{LawOutTSval, func(b *builder, dir uint8) { b.rising(dir, LawOutTSval, timestamp) }},
		{LawOutEdge, func(b *builder, dir uint8) { b.rising(dir, LawOutEdge, windowEdge) }},
		{LawOutSack, func(b *builder, dir uint8) { b.growingBlocks(dir, LawOutSack) }},
		{LawOutOnce, func(b *builder, dir uint8) { b.once(dir, LawOutOnce) }},
		{LawIPID, func(b *builder, dir uint8) {
			if b.ipid == IPIDPerFlow {
				b.counted(b.half[dir])
			}
		}},
	}
	inRules = []rule{
		{LawInSeq, (*builder).received},
		{LawInNxt, func(b *builder, dir uint8) { b.bareACKs(dir, b.kept, LawInNxt) }},
		{LawInAck, func(b *builder, dir uint8) { b.rising(dir, LawInAck, ackNumber) }},
		{LawInTSval, func(b *builder, dir uint8) { b.rising(dir, LawInTSval, timestamp) }},
		{LawInEdge, func(b *builder, dir uint8) { b.rising(dir, LawInEdge, windowEdge) }},
		{LawInSack, func(b *builder, dir uint8) { b.growingBlocks(dir, LawInSack) }},
		{LawInOnce, func(b *builder, dir uint8) { b.once(dir, LawInOnce) }},
	}
)

// connection adds all constraints between the packets that were taken.
func (b *builder) connection() {
	for dir := range uint8(2) {
		b.firstCopies(dir)
		if b.laws&amongIn != 0 {
			b.findCrossed(dir)
		}
	}
	for dir := range uint8(2) {
		b.acknowledged(dir)
		if b.traced {
			b.logged(dir)
		}
		b.apply(bothRules, dir)
		if b.said[dir].out {
			b.apply(outRules, dir)
		} else {
			b.inLaws(dir)
		}
	}
}

// inLaws adds the soft laws among the packets that the host received.
func (b *builder) inLaws(dir uint8) {
	if b.laws.has(LawInBurst) && b.said[dir].doubt.has(LawInBurst) {
		b.bursts(dir)
	}
	if b.laws&(amongIn&^LawInSack.bit()|LawInSeq.bit()|LawInNxt.bit()|LawInEdge.bit()) == 0 {
		return
	}
	b.kept = b.kept[:0]
	if b.traced {
		b.loggedDelays(dir)
	}
	logged := b.laws.has(LawArrival) && b.said[1-dir].out
	if logged {
		b.arrivals(dir)
	}
	for _, x := range b.data[dir] {
		if b.delayed[x.n] = b.delayed[x.n] || b.items[x.n].open > b.gate || !logged && b.showsHoleAt(x.n); !b.delayed[x.n] {
			b.kept = append(b.kept, x)
		}
	}
	b.apply(inRules, dir)
}

// received keeps in sequence what the network did not delay.
func (b *builder) received(dir uint8) {
	b.inSequence(b.kept, LawInSeq)
	b.around(b.kept, LawInSeq)
	b.noteCopies(dir)
}

// rising puts the packets of a half in the order of a number that never falls, but for
// what the network itself delayed.
func (b *builder) rising(dir uint8, law Law, number func(*item) (tcp.Seq, bool)) {
	b.collect(b.half[dir], func(n node, it *item) (tcp.Seq, bool) {
		v, ok := number(it)
		return v, ok && !b.delayed[n] && !b.crossed[n]
	})
	b.chain(law)
}

// Numbers of a packet that its sender never lets fall, and whether it has them.
func ackNumber(it *item) (tcp.Seq, bool)  { return it.seg.Ack, it.seg.HasAck() }
func windowEdge(it *item) (tcp.Seq, bool) { return it.edge, it.hasEdge }
func timestamp(it *item) (tcp.Seq, bool) {
	return tcp.Seq(it.seg.TSval), it.seg.HasTS && !it.seg.Bits.Has(tcp.RST)
}

// collect fills b.sorted with those packets of a list that have a number, in its order.
func (b *builder) collect(list []node, number func(node, *item) (tcp.Seq, bool)) {
	b.sorted = b.sorted[:0]
	for _, n := range list {
		if v, ok := number(n, &b.items[n]); ok {
			b.sorted = append(b.sorted, numbered{n, v})
		}
	}
}
