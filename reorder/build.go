package reorder

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// builder turns the packets of one connection in the window into constraints,
// law by law.
type builder struct {
	g     *graph
	items []item
	laws  lawSet
	ipid  IPIDMode

	gate     int64
	lateness int64  // how late a packet is usually stamped, at most
	excused  []bool // packets that are retransmissions of originals that the capture dropped

	tellsDuplicates bool   // a D-SACK is among the connection's packets
	delayed         []bool // inbound packets that the host's ACKs show to have come late

	list    []node    // the connection's packets, in basis order
	data    [2][]node // first copies of each half, in sequence order
	kept    []node
	prefix  []node
	tree    []node
	sorted  []numbered
	reports []sackReport
	said    []node
}

// numbered is a packet with the number that a law compares.
type numbered struct {
	n      node
	number tcp.Seq
}

// compare finds the first packet with a number or a higher one.
func (x numbered) compare(number tcp.Seq) int {
	if x.number.Less(number) {
		return -1
	}
	return 1
}

// connection adds all constraints between the packets of one incarnation of a
// flow; list holds them in basis order.
func (b *builder) connection(list []node) {
	b.list = list
	for dir := range b.data {
		b.firstCopies(uint8(dir))
	}
	for dir := range uint8(2) {
		b.acknowledged(dir)
		b.handshake(dir)
		if b.laws.has(NotYet) {
			b.unacknowledged(dir)
		}
		if b.laws.has(DSack) && b.tellsDuplicates {
			b.duplicates(dir)
		}
		if b.laws.has(InTurn) {
			b.inTurn(dir)
		}
		if b.laws.has(TSecr) {
			b.echoed(dir)
		}
		if b.isOut(dir) {
			b.outLaws(dir)
		} else {
			b.inLaws(dir)
		}
	}
}

func (b *builder) isOut(dir uint8) bool {
	for _, n := range b.list {
		if b.items[n].seg.Dir == dir {
			return b.items[n].out()
		}
	}
	return false
}

// firstCopies collects what one half says first, but for what drops explain.
func (b *builder) firstCopies(dir uint8) {
	data := b.data[dir][:0]
	for _, n := range b.list {
		it := &b.items[n]
		if it.seg.Dir == dir && it.first && !b.excused[n] {
			data = append(data, n)
		}
	}
	slices.SortFunc(data, func(x, y node) int {
		if d := b.items[x].newLeft.Sub(b.items[y].newLeft); d != 0 {
			return int(d)
		}
		return int(x - y)
	})
	b.data[dir] = data
}

// chain sorts b.sorted by number and puts each class of equal numbers before
// the next.
func (b *builder) chain(law Law) {
	b.sortNumbered()
	barrier := noNode
	for rest := b.sorted; len(rest) > 0; {
		k := 1
		for k < len(rest) && rest[k].number == rest[0].number {
			k++
		}
		barrier = b.class(rest[:k], barrier, k < len(rest), law)
		rest = rest[k:]
	}
}

// sortNumbered sorts b.sorted by number, then by position.
func (b *builder) sortNumbered() {
	slices.SortFunc(b.sorted, func(x, y numbered) int {
		if d := x.number.Sub(y.number); d != 0 {
			return int(d)
		}
		return int(x.n - y.n)
	})
}

// class puts equal packets behind a barrier, and before the one it returns.
func (b *builder) class(equal []numbered, barrier node, more bool, law Law) (next node) {
	next = noNode
	if more {
		next = b.g.virtual()
	}
	for _, x := range equal {
		if barrier != noNode {
			b.g.before(barrier, x.n, law)
		}
		if more {
			b.g.before(x.n, next, law)
		}
	}
	return next
}
