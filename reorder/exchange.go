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

// exchanges puts each answer to what nobody had asked before the window behind
// the first packet that asks it, and each error behind the packet that it
// quotes.
func (b *builder) exchanges() {
	const answers = lawSet(1<<Quote | 1<<DNS | 1<<Echo | 1<<NTP | 1<<DHCPv6 | 1<<STUN | 1<<Neighbour)
	var asked map[uint64]node
	for n := range b.items {
		it := &b.items[n]
		if it.suspect&answers&b.laws == 0 {
			continue
		}
		if asked == nil {
			asked = b.asked()
		}
		if q, ok := asked[it.effect]; ok && it.effect != 0 && b.laws.has(it.by) {
			b.g.before(q, node(n), it.by)
		}
		if q, ok := asked[it.quoted]; ok && it.quoted != 0 && b.laws.has(Quote) {
			b.g.before(q, node(n), Quote)
		}
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
