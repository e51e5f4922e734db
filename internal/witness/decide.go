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
	packets, events := g.open()
	eachNeighborhood(packets, events, c, func(packets []*seen, events []heard) {
		if inTurn {
			unchecked += decideInTurn(packets, events)
		}
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

// decideInTurn gives packets of a neighborhood that no claim fits those of a socket's
// events, the first the first, if there are as many events as packets and none contradicts
// the packet whose turn it is. Where two sockets say different things neither is believed.
func decideInTurn(packets []*seen, events []heard) (given int) {
	slices.SortFunc(packets, func(a, b *seen) int { return cmp.Compare(a.frame, b.frame) })
	var agreed []int32
	for _, claims := range bySocket(events) {
		switch {
		case !takesTurns(packets, claims):
		case agreed != nil && !slices.Equal(agreed, claims):
			return 0
		default:
			agreed = claims
		}
	}
	for i, claim := range agreed {
		if s := packets[i]; s.result < 0 {
			s.result = claim
			given++
		}
	}
	return given
}

// bySocket is the claims of each socket's events, in the order of their times.
func bySocket(events []heard) map[int32][]int32 {
	claims := make(map[int32][]int32)
	for i := range events {
		e := &events[i]
		claims[e.socket] = append(claims[e.socket], e.claim)
	}
	return claims
}

// takesTurns reports whether each packet may be what the claim in its turn is about.
func takesTurns(packets []*seen, claims []int32) bool {
	if len(packets) != len(claims) {
		return false
	}
	for i, s := range packets {
		if s.result != claims[i] && (s.result >= 0 || !s.isOpen(claims[i])) {
			return false
		}
	}
	return true
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
