package reorder

import "math/bits"

// causeSlots is how many causes are remembered beyond the window. One that was
// forgotten can only be missed where it is asked again after its answer.
const causeSlots = causePages * causesPage

const (
	causesPage = 64
	causePages = 512
)

// askedBefore are causes, each at a place that its name decides, in pages that are made when
// something is put there: few are needed for a small capture. The zero value is empty.
type askedBefore [causePages]*[causesPage]uint64

// has reports whether a cause is remembered.
func (a *askedBefore) has(cause uint64) bool {
	page := a[cause/causesPage%causePages]
	return page != nil && page[cause%causesPage] == cause
}

// add remembers a cause, if it is one, in place of another.
func (a *askedBefore) add(cause uint64) {
	if cause == 0 {
		return
	}
	at := cause / causesPage % causePages
	if page := a[at]; page != nil { // as is known then: a check of it would wait for the memory
		page[cause%causesPage] = cause
		return
	}
	a[at] = new([causesPage]uint64)
	a[at][cause%causesPage] = cause
}

// clone copies what is remembered, nil as nil.
func (a *askedBefore) clone() *askedBefore {
	if a == nil {
		return nil
	}
	c := new(askedBefore)
	for i, page := range a {
		if page != nil {
			own := *page
			c[i] = &own
		}
	}
	return c
}

// noteExchange remembers what the packet asks, and doubts an answer to what
// nobody has asked yet.
func (t *tracker) noteExchange(it *item) {
	if it.cause|it.effect|it.self|it.quoted == 0 {
		return
	}
	if t.causes == nil {
		t.causes = new(askedBefore)
	}
	it.doubtIf(it.effect != 0 && !t.causes.has(it.effect), it.by.bit())
	it.doubtIf(it.quoted != 0 && !t.causes.has(it.quoted), LawQuote.bit())
	t.causes.add(it.cause)
	t.causes.add(it.self)
}

// answers are the laws that speak of a packet's names.
const answers = lawSet(1<<LawQuote | 1<<LawDNS | 1<<LawEcho | 1<<LawNTP | 1<<LawDHCPv6 | 1<<LawSTUN | 1<<LawNeighbor)

// exchanges puts each answer to what nobody had asked before the window after
// the first packet that asks it, and each error after the packet that it
// quotes. Where one is out of place, the others keep after their causes, which
// may have to follow what moves.
func (b *builder) exchanges(doubt lawSet) {
	if doubt&answers&b.laws == 0 {
		return
	}
	b.ask()
	for n := range b.items {
		it := &b.items[n]
		b.answered(node(n), it.effect, it.by)
		b.answered(node(n), it.quoted, LawQuote)
	}
}

// answered puts the packet n after the one that asked what n answers. An answer
// to what was asked before the window may be before the same question asked
// again.
func (b *builder) answered(n node, name uint64, law Law) {
	if name == 0 || !b.laws.has(law) {
		return
	}
	if q := b.asked.first(name); q != noNode && (q < n || q > n && b.items[n].doubt.has(law)) {
		b.g.before(q, n, law)
	}
}

// ask finds the first packet of the window for each cause.
func (b *builder) ask() {
	b.asked.empty(len(b.items))
	for n := range b.items {
		it := &b.items[n]
		b.asked.add(it.cause, node(n))
		b.asked.add(it.self, node(n))
	}
}

// askers find the first packet of a window that has a name. It is a table of its own,
// with places tried one after the other, since a map cost three times as much.
type askers struct {
	places []asker
	shift  uint8 // a name's place is in its upper bits, mixed
	window uint32
}

// asker is a packet with a name, where it is of this window.
type asker struct {
	name   uint64
	n      node
	window uint32
}

// empty forgets all, for a window of so many packets with two names each: half of the
// places stay free at least.
func (a *askers) empty(packets int) {
	a.window++
	if size := bits.Len(uint(4*packets - 1)); len(a.places) < 1<<size || a.window == 0 {
		a.places, a.shift, a.window = make([]asker, 1<<size), uint8(64-size), 1
	}
}

// at returns the place of a name, or the one where it belongs.
func (a *askers) at(name uint64) *asker {
	const golden = 0x9e3779b97f4a7c15 // 2^64 by the golden ratio: names need not be hashes
	for i := name * golden >> a.shift; ; i++ {
		p := &a.places[i&uint64(len(a.places)-1)]
		if p.window != a.window || p.name == name {
			return p
		}
	}
}

// add takes in the next packet with a name, if it is one.
func (a *askers) add(name uint64, n node) {
	if name == 0 {
		return
	}
	if p := a.at(name); p.window != a.window {
		*p = asker{name, n, a.window}
	}
}

// first returns the first packet with a name, noNode if there is none.
func (a *askers) first(name uint64) node {
	if p := a.at(name); p.window == a.window {
		return p.n
	}
	return noNode
}
