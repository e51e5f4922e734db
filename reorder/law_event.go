package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// loggedCrossings says of what the host's own TCP has logged whether the network let it
// come after higher packets of its sender: the log tells, whatever the stamps are.
func (b *builder) loggedCrossings(dir uint8) {
	b.collect(b.half[dir], func(_ node, it *item) (tcp.Seq, bool) { return tcp.Seq(it.arrival), it.arrival != 0 })
	b.sortNumbered(b.sorted)
	top := noNode // the highest of those at places before
	for rest := b.sorted; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].number == rest[0].number {
			n++
		}
		for _, x := range rest[:n] {
			b.crossed[x.n] = top != noNode && above(&b.items[top], &b.items[x.n])
		}
		for _, x := range rest[:n] {
			if top == noNode || !higher(&b.items[top], &b.items[x.n]) {
				top = x.n
			}
		}
		rest = rest[n:]
	}
}

// logged puts what the host received in the order in which its own TCP has logged it. What
// that shows to have come after bytes beyond it was delayed by the network: no law asks
// for its place by its numbers.
func (b *builder) logged(dir uint8) {
	b.collect(b.half[dir], func(_ node, it *item) (tcp.Seq, bool) { return tcp.Seq(it.arrival), it.arrival != 0 })
	if len(b.sorted) == 0 {
		return
	}
	b.chain(LawInEvent)
	earliest, some := tcp.Seq(0), false
	data := b.data[dir]
	for k := len(data) - 1; k >= 0; k-- {
		n := data[k].n
		place := tcp.Seq(b.items[n].arrival)
		switch {
		case place == 0:
		case some && earliest.Less(place):
			b.delayed[n] = true
		default:
			earliest, some = place, true
		}
	}
}
