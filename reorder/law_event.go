package reorder

import "github.com/mendcap/mendcap/internal/tcp"

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
