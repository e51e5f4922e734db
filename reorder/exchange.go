package reorder

// exchange is what a packet asks, answers and quotes (see Packet).
type exchange struct {
	cause, effect, self, quoted uint64
	by                          Law
}

// causeSlots is how many causes are remembered beyond the window. One that was
// forgotten can only be missed where it is asked again behind its answer.
const causeSlots = 1 << 15

// noteExchange remembers what the packet asks, and doubts an answer to what
// nobody has asked yet.
func (t *tracker) noteExchange(it *item) {
	if it.cause|it.effect|it.self|it.quoted == 0 {
		return
	}
	if t.causes == nil {
		t.causes = make([]uint64, causeSlots)
	}
	if it.effect != 0 && t.causes[it.effect%causeSlots] != it.effect {
		it.suspect |= it.by.bit()
	}
	if it.quoted != 0 && t.causes[it.quoted%causeSlots] != it.quoted {
		it.suspect |= Quote.bit()
	}
	for _, cause := range [...]uint64{it.cause, it.self} {
		if cause != 0 {
			t.causes[cause%causeSlots] = cause
		}
	}
}

// answers are the laws that speak of a packet's names.
const answers = lawSet(1<<Quote | 1<<DNS | 1<<Echo | 1<<NTP | 1<<DHCPv6 | 1<<STUN | 1<<Neighbour)

// exchanges puts each answer to what nobody had asked before the window behind
// the first packet that asks it, and each error behind the packet that it
// quotes. Where one is out of place, the others keep behind their causes, which
// may have to follow what moves.
func (b *builder) exchanges() {
	if !b.doubts(answers) {
		return
	}
	asked := b.asked()
	for n := range b.items {
		it := &b.items[n]
		b.answered(asked, node(n), it.effect, it.by)
		b.answered(asked, node(n), it.quoted, Quote)
	}
}

// doubts reports whether a packet of the window may violate one of the laws.
func (b *builder) doubts(laws lawSet) bool {
	for i := range b.items {
		if b.items[i].suspect&laws&b.laws != 0 {
			return true
		}
	}
	return false
}

// answered puts the packet n behind the one that asked what n answers. An answer
// to what was asked before the window may stand before the same question asked
// again.
func (b *builder) answered(asked map[uint64]node, n node, name uint64, law Law) {
	q, ok := asked[name]
	if name == 0 || !ok || q == n || !b.laws.has(law) {
		return
	}
	if q < n || b.items[n].suspect.has(law) {
		b.g.before(q, n, law)
	}
}

// asked finds the first packet of the window for each cause.
func (b *builder) asked() map[uint64]node {
	asked := make(map[uint64]node)
	for n := range b.items {
		it := &b.items[n]
		for _, cause := range [...]uint64{it.cause, it.self} {
			if _, known := asked[cause]; cause != 0 && !known {
				asked[cause] = node(n)
			}
		}
	}
	return asked
}
