package witness

import (
	"cmp"
	"slices"
)

// Limits of what is compared to find in which turn packets have their events.
const (
	leastTurns = 200     // packets with a checksum that show it
	maxSteps   = 1 << 22 // packets with events that they may have, of 16 bytes each
	maxNear    = 1024    // events that one packet may have
	maxLooks   = 1 << 27 // events that are looked at for that
	outOfTurn  = 150     // at most one packet of so many is, where events that are missing make others look like theirs
)

// step is a packet with an event that it may have: how many steps lead up to it at most, of
// which each has a later packet and a later event than the one before, and how many lead on
// from it.
type step struct{ packet, event, before, after int32 }

// turn is packets in the order of the file with events in the order of their times.
type turn struct {
	told    // by events, in the order of their numbers
	packets []turned
	steps   []step // by packets, then by events
	longest int32  // row of steps
}

// told is what events tell, by their numbers.
type told struct {
	claims  []int32
	times   []int64
	crowded []bool // some packet may have it that has too many to be in a row
}

// turned is a packet of a group.
type turned struct {
	*seen
	group *group
}

// decideInTurn gives packets that no claim fits those which they have in turn, if packets
// are in the file in the order of their events, as one reader takes them out of its socket:
// as far as those show whose checksums tell. Which packet has which event is told by the
// longest rows of both, in which later packets have later events.
func (m *Matcher) decideInTurn(c *Clock) (given int) {
	events := m.number()
	checked := func(s *seen) bool { return s.result >= 0 }
	known := m.rows(c.patient(), events, checked)
	if known == nil || known.longest < leastTurns {
		return 0
	}
	usual := *c.patient()
	usual.tolerate(known.rests(&usual))
	known = m.rows(&usual, events, checked)
	if apart := m.matchedApart(&usual); known == nil || int(known.longest) < apart-apart/outOfTurn {
		return 0
	}
	for _, by := range []*Clock{c.patient(), &usual} { // what a stall leaves open, the usual delay may tell
		all := m.rows(by, events, (*seen).mayHaveSome)
		if all == nil {
			continue
		}
		_, sure := all.sure()
		for i, claim := range sure {
			if s := all.packets[i].seen; claim >= 0 && s.isOpen() {
				s.result = claim
				given++
			}
		}
	}
	return given
}

// rests are by how much packets are stamped later than the only event that the longest rows
// give them.
func (t *turn) rests(c *Clock) (rests []int64) {
	events, _ := t.sure()
	for i, e := range events {
		if e >= 0 {
			rests = append(rests, c.OfTrace(t.packets[i].stamp)-t.times[e])
		}
	}
	return rests
}

// number numbers the events by their times.
func (m *Matcher) number() (t told) {
	var all []*heard
	for i := range m.groups {
		for j := range m.groups[i].events {
			all = append(all, &m.groups[i].events[j])
		}
	}
	slices.SortStableFunc(all, func(a, b *heard) int { return cmp.Compare(a.time, b.time) })
	for i, e := range all {
		e.number = int32(i)
		t.claims, t.times = append(t.claims, e.claim), append(t.times, e.time)
	}
	t.crowded = make([]bool, len(all))
	return t
}

// patient is a clock by which a stall of the reader, too, makes no packet late.
func (c *Clock) patient() *Clock {
	p := *c
	p.Late = max(p.Late, leastLate)
	return &p
}

// rows finds the longest rows of some packets with their events; nil where there are too
// many that may be.
func (m *Matcher) rows(c *Clock, events told, of func(*seen) bool) *turn {
	t := &turn{told: events}
	for i := range m.groups {
		g := &m.groups[i]
		g.crowd = nil
		for j := range g.seen {
			if of(&g.seen[j]) {
				t.packets = append(t.packets, turned{&g.seen[j], g})
			}
		}
	}
	slices.SortFunc(t.packets, func(a, b turned) int { return cmp.Compare(a.frame, b.frame) })
	looks := 0
	for i, p := range t.packets {
		events, looked := p.group.mayHave(p.seen, c)
		p.group.looks += int64(looked)
		if looks += looked; looks > maxLooks || len(t.steps)+len(events) > maxSteps {
			return nil
		}
		for _, e := range events {
			t.steps = append(t.steps, step{packet: int32(i), event: p.group.events[e].number})
		}
	}
	m.markCrowded(t.crowded)
	t.measure()
	return t
}

// mayHave lists the events that a packet may have, in the order of their numbers, and says
// at how many it has looked: it lists none where they are too many.
func (g *group) mayHave(s *seen, c *Clock) (events []int32, looked int) {
	a := asker{seen: s}
	a.between(c)
	if s.result >= 0 {
		first, end := g.within(s.result, a.from, a.to)
		if end-first > maxNear {
			g.leaveOut(&a)
			return nil, 0
		}
		return g.of[s.result][first:end], 0
	}
	first, end := g.from(a.from), g.from(a.to+1)
	if end-first > maxPart*maxNear {
		g.leaveOut(&a)
		return nil, 0
	}
	for e := first; e < end; e++ {
		if looked++; a.mayHave(&g.events[e]) {
			if events = append(events, int32(e)); len(events) > maxNear {
				g.leaveOut(&a)
				return nil, looked
			}
		}
	}
	return events, looked
}

// leaveOut notes that a packet is in no row, though it may have some of the events that are
// near it.
func (g *group) leaveOut(a *asker) {
	if g.crowd == nil {
		g.crowd = newCover(len(g.events))
	}
	g.crowd.add(g.from(a.from), g.from(a.to+1))
}

// markCrowded marks the events, by their numbers, that packets may have which are in no row.
func (m *Matcher) markCrowded(crowded []bool) {
	clear(crowded)
	for i := range m.groups {
		g := &m.groups[i]
		if g.crowd == nil {
			continue
		}
		for e, n := range g.crowd.counts() {
			crowded[g.events[e].number] = n > 0
		}
	}
}

// measure finds how many steps lead to each step, and on from it. Of rows of one length
// that counts which ends with the earliest event, or begins with the latest.
func (t *turn) measure() {
	var ends, starts []int32 // by length
	for i := 0; i < len(t.steps); {
		n := t.sameFrom(i)
		for j := i + n - 1; j >= i; j-- { // no packet is in a row twice
			at, _ := slices.BinarySearch(ends, t.steps[j].event)
			ends = put(ends, at, t.steps[j].event)
			t.steps[j].before = int32(at)
		}
		i += n
	}
	for end := len(t.steps); end > 0; {
		i := end - 1
		for i > 0 && t.steps[i-1].packet == t.steps[end-1].packet {
			i--
		}
		for j := i; j < end; j++ {
			at, _ := slices.BinarySearch(starts, -t.steps[j].event)
			starts = put(starts, at, -t.steps[j].event)
			t.steps[j].after = int32(at)
		}
		end = i
	}
	t.longest = int32(len(ends))
}

// sameFrom is how many steps from one on are of its packet.
func (t *turn) sameFrom(i int) int {
	n := 1
	for i+n < len(t.steps) && t.steps[i+n].packet == t.steps[i].packet {
		n++
	}
	return n
}

func put(list []int32, at int, value int32) []int32 {
	if at == len(list) {
		return append(list, value)
	}
	list[at] = value
	return list
}

// sure gives the event and the claim of each packet that all of the longest rows give it,
// -1 of others: those which one row can do without, or that have several.
func (t *turn) sure() (events, claims []int32) {
	const none, several = -1, -2
	of := slices.Repeat([]int32{none}, int(t.longest)) // packets, by their place in the row
	one := func(to *int32, n int32) {
		if *to == none {
			*to = n
		} else if *to != n {
			*to = several
		}
	}
	events, claims = slices.Repeat([]int32{none}, len(t.packets)), slices.Repeat([]int32{none}, len(t.packets))
	for _, s := range t.steps {
		if s.before+1+s.after == t.longest {
			one(&of[s.before], s.packet)
			one(&events[s.packet], s.event)
			if claim := t.claims[s.event]; claim >= 0 && !t.crowded[s.event] {
				one(&claims[s.packet], claim)
			} else {
				claims[s.packet] = several
			}
		}
	}
	always := make([]bool, len(t.packets))
	for _, packet := range of {
		if packet >= 0 {
			always[packet] = true
		}
	}
	for i := range always {
		if !always[i] {
			events[i], claims[i] = none, none
		}
	}
	return events, claims
}

// matchedApart is how many packets that are known by their checksums can have an event each,
// if only those of one claim have theirs in turn.
func (m *Matcher) matchedApart(c *Clock) (n int) {
	for i := range m.groups {
		g := &m.groups[i]
		next := make([]int, len(g.of)) // event of each claim that may be given
		for j := range g.seen {        // by their stamps
			a := asker{seen: &g.seen[j]}
			if a.result < 0 {
				continue
			}
			a.between(c)
			first, end := g.within(a.result, a.from, a.to)
			if e := max(first, next[a.result]); e < end {
				next[a.result] = e + 1
				n++
			}
		}
	}
	return n
}
