package witness

import (
	"cmp"
	"math"
	"slices"
)

// fit gives packets of one place the claims that fit them: of those that only strangers have
// made one may fit by chance.
func (g *group) fit(c *Clock) {
	for i := range g.seen {
		s := &g.seen[i]
		n := 0
		for claim := range s.fit() {
			if len(g.of[claim]) > 0 {
				s.fitting[n] = claim
				n++
			}
		}
		for ; n < maxFitting; n++ {
			s.fitting[n] = -1
		}
		s.result = g.fitted(s, c)
	}
}

// decideInParts gives packets of all places that no claim fits those which are open to
// them, and counts them.
func (m *Matcher) decideInParts(c *Clock) (given int) {
	for i := range m.groups {
		given += m.groups[i].decide(c)
	}
	return given
}

// decide gives packets of one place that no claim fits those which are open to them, and
// counts them.
func (g *group) decide(c *Clock) (given int) {
	packets, events := g.open()
	askers := make([]asker, 0, len(packets))
	for _, s := range packets {
		a := asker{seen: s}
		a.between(c)
		a.first, _ = slices.BinarySearchFunc(events, a.from, heard.compare)
		a.end, _ = slices.BinarySearchFunc(events, a.to+1, heard.compare)
		if a.first < a.end {
			askers = append(askers, a)
		}
	}
	slices.SortFunc(askers, func(a, b asker) int { return cmp.Or(cmp.Compare(a.first, b.first), cmp.Compare(a.frame, b.frame)) })
	for len(askers) > 0 {
		n, end := 1, askers[0].end
		for n < len(askers) && askers[n].first < end {
			end = max(end, askers[n].end)
			n++
		}
		p := part{packets: askers[:n], events: events[askers[0].first:end]}
		g.looks += int64(len(p.packets) + len(p.events))
		if len(p.packets) <= maxPart && len(p.events) <= maxPart {
			g.looks += int64(len(p.packets) * len(p.events))
		}
		given += p.decide()
		askers = askers[n:]
	}
	return given
}

// open gives the packets of the place that no claim fits, and all that the claims which
// are open to them may be about, with the events of these claims, and of those that there
// was no room for. Others tell nothing of them.
func (g *group) open() (packets []*seen, events []heard) {
	var claims claimSet // open to some packet
	for i := range g.seen {
		if s := &g.seen[i]; s.isOpen() {
			claims.join(*s.open)
		}
	}
	if len(claims) == 0 {
		return nil, nil
	}
	for i := range g.seen {
		if s := &g.seen[i]; s.isOpen() || claims.has(s.result) || s.result < 0 && slices.ContainsFunc(s.fitting[:], claims.has) {
			packets = append(packets, s)
		}
	}
	for i := range g.events {
		if claim := g.events[i].claim; claims.has(claim) || claim < 0 {
			events = append(events, g.events[i])
		}
	}
	return packets, events
}

// from is the first event from a time on.
func (g *group) from(time int64) int {
	at, _ := slices.BinarySearchFunc(g.events, time, heard.compare)
	return at
}

func (e heard) compare(time int64) int { return cmp.Compare(e.time, time) }

// fitted is the only claim of events near enough that fits the packet, -1 without.
func (g *group) fitted(s *seen, c *Clock) int32 {
	a := asker{seen: s}
	a.between(c)
	fitted := int32(-1)
	for claim := range s.fit() {
		if first, end := g.within(claim, a.from, a.to); first < end {
			if fitted >= 0 {
				return -1
			}
			fitted = claim
		}
	}
	return fitted
}

// asker is a packet, and between which times its event was: which of a list of events it
// may have.
type asker struct {
	*seen
	from, to   int64
	first, end int
}

// between settles between which times the packet's event was.
func (a *asker) between(c *Clock) {
	at := c.OfTrace(a.stamp)
	a.from, a.to = at-c.Late, at+c.Early
}

// mayHave reports whether the event may be the packet's. One whose claim there was no room
// for may be anybody's that no claim fits.
func (a *asker) mayHave(e *heard) bool {
	if e.time < a.from || a.to < e.time {
		return false
	}
	return e.claim < 0 && a.isOpen() || e.claim >= 0 && a.result == e.claim || a.result < 0 && a.may(e.claim)
}

// part is packets and events of one place that have none in common with others.
type part struct {
	packets []asker
	events  []heard
	may     []uint64 // the events that each packet may have: a bit for each
}

// maxPart bounds the packets of a part, and the events, that are set beside each other.
const maxPart = 64

// decide gives packets of the part that no claim fits the one which every assignment of
// events to packets gives them that gives as many packets an event as any. Where that are
// too many to look at, all events have to make one claim.
func (p *part) decide() (given int) {
	claims := make([]int32, len(p.packets))
	switch {
	case p.agreed():
		for i := range claims {
			claims[i] = p.events[0].claim
		}
	case len(p.packets) > maxPart || len(p.events) > maxPart:
		return 0
	default:
		p.compare()
		p.match(claims)
	}
	for i := range p.packets {
		if s := &p.packets[i]; s.isOpen() && claims[i] >= 0 {
			s.result = claims[i]
			given++
		}
	}
	return given
}

// agreed reports whether all events make one claim, and there are enough of them.
func (p *part) agreed() bool {
	claim := p.events[0].claim
	return len(p.packets) <= len(p.events) &&
		!slices.ContainsFunc(p.events, func(e heard) bool { return e.claim != claim }) &&
		!slices.ContainsFunc(p.packets, func(a asker) bool { return a.result != claim && !a.may(claim) })
}

// compare sets packets beside events.
func (p *part) compare() {
	p.may = make([]uint64, len(p.packets))
	for i := range p.packets {
		for e := range p.events {
			if p.packets[i].mayHave(&p.events[e]) {
				p.may[i] |= 1 << e
			}
		}
	}
}

// only is the claim of events, -1 where they make several, or one that there was no room for.
func (p *part) only(events uint64) int32 {
	claim := int32(-1)
	for e := range p.events {
		switch c := p.events[e].claim; {
		case events>>e&1 == 0:
		case c < 0:
			return -1
		case c == claim:
		case claim >= 0:
			return -1
		default:
			claim = c
		}
	}
	return claim
}

// match gives claims to packets that have events in whatever order.
func (p *part) match(claims []int32) {
	m := matching{part: p}
	for e := range m.of {
		m.of[e] = -1
	}
	m.event = slices.Repeat([]int8{-1}, len(p.packets))
	for i := range p.packets {
		tried := uint64(0)
		m.augment(i, &tried)
	}
	free := ^uint64(0) >> (64 - len(p.events))
	for e := range p.events {
		if m.of[e] >= 0 {
			free &^= 1 << e
		}
	}
	free = m.freed(free)
	spared := m.spared()
	for i := range p.packets {
		if claims[i] = -1; m.event[i] >= 0 && !spared[i] {
			own := uint64(1) << m.event[i]
			claims[i] = p.only(own | p.may[i]&(free|m.freed(own)))
		}
	}
}

// matching gives as many packets an event as any assignment does.
type matching struct {
	*part
	of    [maxPart]int // packet of an event, -1 of none
	event []int8       // of a packet, -1 without
}

// augment gives the packet an event, if others can be given other ones for it.
func (m *matching) augment(i int, tried *uint64) bool {
	for e := range m.events {
		if bit := uint64(1) << e; m.may[i]&^*tried&bit != 0 {
			*tried |= bit
			if m.of[e] < 0 || m.augment(m.of[e], tried) {
				m.of[e], m.event[i] = i, int8(e)
				return true
			}
		}
	}
	return false
}

// freed are the events that can be left free where these are: their packets are given
// those instead, or what became free by that.
func (m *matching) freed(free uint64) uint64 {
	for before := uint64(0); before != free; {
		before = free
		for i := range m.packets {
			if m.event[i] >= 0 && m.may[i]&free != 0 {
				free |= 1 << m.event[i]
			}
		}
	}
	return free
}

// spared are the packets that another matching, which is as good, gives no event.
func (m *matching) spared() []bool {
	spared := make([]bool, len(m.packets))
	var reached uint64 // events that packets may have which are spared
	for i := range m.packets {
		if spared[i] = m.event[i] < 0; spared[i] {
			reached |= m.may[i]
		}
	}
	for before := uint64(math.MaxUint64); before != reached; {
		before = reached
		for i, e := range m.event {
			if e >= 0 && reached>>e&1 == 1 {
				spared[i] = true
				reached |= m.may[i]
			}
		}
	}
	return spared
}
