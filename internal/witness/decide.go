package witness

import (
	"cmp"
	"slices"
)

// decide gives packets of one place their claims, and counts those that no checksum
// agrees with.
func (g *group) decide(c *Clock, inTurn bool) (unchecked int) {
	slices.SortStableFunc(g.seen, func(a, b seen) int { return cmp.Compare(a.stamp, b.stamp) })
	from := 0
	for i := range g.seen {
		s := &g.seen[i]
		at := c.OfTrace(s.stamp)
		for from < len(g.events) && g.events[from].time < at-c.Late {
			from++
		}
		s.result = s.fitted(g.near(from, at+c.Early))
	}
	if inTurn {
		unchecked += g.decideInTurn(c)
	}
	packets, events := g.open()
	eachNeighborhood(packets, events, c, func(packets []*seen, events []heard) {
		unchecked += decideOpen(packets, events)
	})
	return unchecked
}

// open gives the packets of the place that no claim fits, and all that the claims which
// are open to them may be about, with the events of these claims. Others tell nothing of
// them, and would only make neighborhoods larger.
func (g *group) open() (packets []*seen, events []heard) {
	var claims claimSet // open to some packet
	for i := range g.seen {
		if s := &g.seen[i]; s.result < 0 && s.open != nil {
			claims.join(*s.open)
		}
	}
	if len(claims) == 0 {
		return nil, nil
	}
	for i := range g.seen {
		if s := &g.seen[i]; s.result < 0 && s.open != nil || claims.has(s.result) {
			packets = append(packets, s)
		}
	}
	for i := range g.events {
		if claims.has(g.events[i].claim) {
			events = append(events, g.events[i])
		}
	}
	return packets, events
}

// near are the events from a place on up to a time.
func (g *group) near(from int, until int64) []heard {
	to := from
	for to < len(g.events) && g.events[to].time <= until {
		to++
	}
	return g.events[from:to]
}

// fitted is the only claim of events that fits the packet, -1 without.
func (s *seen) fitted(events []heard) int32 {
	claim := int32(-1)
	for i := range events {
		if c := events[i].claim; c != claim && s.fits(c) {
			if claim >= 0 {
				return -1
			}
			claim = c
		}
	}
	return claim
}

// eachNeighborhood calls f with the packets and the events of each neighborhood.
func eachNeighborhood(packets []*seen, events []heard, c *Clock, f func([]*seen, []heard)) {
	for len(packets) > 0 {
		// From the first packet on, as far as each is near the next.
		at := c.OfTrace(packets[0].stamp)
		start, end := at-c.Late, at+c.Early
		for len(events) > 0 && events[0].time < start {
			events = events[1:]
		}
		p, e := 1, 0
		for {
			switch {
			case e < len(events) && events[e].time <= end:
				end = max(end, events[e].time+c.Late)
				e++
				continue
			case p < len(packets) && c.OfTrace(packets[p].stamp)-c.Late <= end:
				end = max(end, c.OfTrace(packets[p].stamp)+c.Early)
				p++
				continue
			}
			break
		}
		f(packets[:p], events[:e])
		packets, events = packets[p:], events[e:]
	}
}

// decideOpen gives packets of a neighborhood that no claim fits the one that is open to
// them, if all its events that may be theirs make the same, and if some socket was given
// as many packets as may have those events.
func decideOpen(packets []*seen, events []heard) (given int) {
	var last *claimSet // claims that the last packet was open to
	claim, enough := int32(-1), false
	for _, s := range packets {
		if s.result >= 0 || s.open == nil {
			continue
		}
		if s.open != last {
			last, claim = s.open, s.onlyOpen(events)
			enough = claim >= 0 && claimants(packets, claim) <= most(events, claim)
		}
		if enough {
			s.result = claim
			given++
		}
	}
	return given
}

// decideInTurn gives packets that no claim fits those of a socket's events, if each packet
// of the place has one of them, later packets later ones, and a packet may have but one
// claim, however that is done. Where two sockets say different things neither is believed.
func (g *group) decideInTurn(c *Clock) (given int) {
	packets := g.claimable()
	slices.SortFunc(packets, func(a, b *seen) int { return cmp.Compare(a.frame, b.frame) })
	told, untold := make(map[*seen]int32), make(map[*seen]bool)
	for _, events := range bySocket(g.events) {
		for s, claim := range inTurns(packets, events, c) {
			if other, ok := told[s]; claim < 0 || ok && other != claim {
				untold[s] = true
			}
			told[s] = claim
		}
	}
	for s, claim := range told {
		if s.result < 0 && !untold[s] {
			s.result = claim
			if !s.fits(claim) {
				given++
			}
		}
	}
	return given
}

// claimable are the packets that some claim fits or is open to.
func (g *group) claimable() (packets []*seen) {
	for i := range g.seen {
		if s := &g.seen[i]; s.open != nil || s.fitting[0] >= 0 {
			packets = append(packets, s)
		}
	}
	return packets
}

// bySocket is each socket's events, in the order of their times.
func bySocket(events []heard) map[int32][]*heard {
	by := make(map[int32][]*heard)
	for i := range events {
		by[events[i].socket] = append(by[events[i].socket], &events[i])
	}
	return by
}

// maxTurns bounds the events that are compared with a packet.
const maxTurns = 64

// inTurns gives the claims that packets have whichever of the events they are given in
// turn, -1 where they may have several; none where there is not an event for each.
func inTurns(packets []*seen, events []*heard, c *Clock) map[*seen]int32 {
	if len(events) < len(packets) {
		return nil
	}
	earliest := make([]int, len(packets))
	at := 0
	for i, s := range packets {
		for at < len(events) && !s.mayHave(events[at], c) {
			at++
		}
		if at == len(events) {
			return nil
		}
		earliest[i] = at
		at++
	}
	claims := make(map[*seen]int32, len(packets))
	at = len(events) - 1
	for i, s := range slices.Backward(packets) {
		for !s.mayHave(events[at], c) {
			at--
		}
		claims[s] = s.onlyClaim(events[earliest[i]:at+1], c)
		at--
	}
	return claims
}

// mayHave reports whether the event may be the packet's.
func (s *seen) mayHave(e *heard, c *Clock) bool {
	at := c.OfTrace(s.stamp)
	if e.time < at-mostLate || e.time > at+c.Early {
		return false
	}
	return s.result == e.claim || s.result < 0 && (s.fits(e.claim) || s.isOpen(e.claim))
}

// onlyClaim is the claim of those events that may be the packet's, -1 where they differ.
func (s *seen) onlyClaim(events []*heard, c *Clock) int32 {
	claim := events[0].claim // the first one may be
	if len(events) > maxTurns {
		return -1
	}
	for _, e := range events {
		if e.claim != claim && s.mayHave(e, c) {
			return -1
		}
	}
	return claim
}

// onlyOpen is the claim of all events that may be the packet's, -1 where they differ or
// there are none.
func (s *seen) onlyOpen(events []heard) int32 {
	claim := int32(-1)
	for i := range events {
		switch c := events[i].claim; {
		case c == claim || !s.isOpen(c):
		case claim >= 0:
			return -1
		default:
			claim = c
		}
	}
	return claim
}

// claimants is how many packets a claim may be about.
func claimants(packets []*seen, claim int32) (n int) {
	for _, s := range packets {
		if s.result == claim || s.result < 0 && s.isOpen(claim) {
			n++
		}
	}
	return n
}

// most is how many of the events with a claim are of one socket, at most.
func most(events []heard, claim int32) (n int) {
	counts := make(map[int32]int)
	for i := range events {
		if e := &events[i]; e.claim == claim {
			counts[e.socket]++
			n = max(n, counts[e.socket])
		}
	}
	return n
}
