package reorder

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

// add remembers a cause in place of another.
func (a *askedBefore) add(cause uint64) {
	page := &a[cause/causesPage%causePages]
	if *page == nil {
		*page = new([causesPage]uint64)
	}
	(*page)[cause%causesPage] = cause
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
	for _, cause := range [...]uint64{it.cause, it.self} {
		if cause != 0 {
			t.causes.add(cause)
		}
	}
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
	if q, ok := b.asked.at[name]; ok && (q < n || q > n && b.items[n].doubt.has(law)) {
		b.g.before(q, n, law)
	}
}

// ask finds the first packet of the window for each cause.
func (b *builder) ask() {
	b.asked.empty(len(b.items))
	for n := range b.items {
		for _, cause := range [...]uint64{b.items[n].cause, b.items[n].self} {
			if cause == 0 {
				continue
			}
			if _, known := b.asked.at[cause]; !known {
				b.asked.at[cause] = node(n)
			}
		}
	}
}
