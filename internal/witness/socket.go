package witness

import "slices"

// soon is how long it takes until all sockets are given a packet, nanoseconds.
const soon = 20_000

// leastShared is how many packets two sockets are given that show by how much later the one
// is.
const leastShared = 20

// joinSockets makes one event of those by which several sockets tell of one packet: they are
// given it one after the other, always in one order.
func (m *Matcher) joinSockets(sockets int) {
	later := m.later(sockets)
	for i := range m.groups {
		g := &m.groups[i]
		for j := range g.events {
			g.events[j].time -= later[g.events[j].socket]
		}
		g.sort()
		g.join()
	}
}

// later is by how much later sockets are given packets than that which shares most: where
// enough are shared.
func (m *Matcher) later(sockets int) []int64 {
	type pair struct{ first, second int32 }
	apart := make(map[pair][]int64)
	shared := make([]int, sockets)
	for i := range m.groups {
		events := m.groups[i].events
		for j := 1; j < len(events); j++ {
			e, f := &events[j-1], &events[j]
			if e.socket != f.socket && e.claim == f.claim && f.time-e.time <= soon {
				shared[e.socket]++
				shared[f.socket]++
				first, second := min(e.socket, f.socket), max(e.socket, f.socket)
				d := f.time - e.time
				if first != e.socket {
					d = -d
				}
				apart[pair{first, second}] = append(apart[pair{first, second}], d)
			}
		}
	}
	most := int32(slices.Index(shared, slices.Max(shared)))
	later := make([]int64, sockets)
	for p, list := range apart {
		if len(list) < leastShared || p.first != most && p.second != most {
			continue
		}
		slices.Sort(list)
		if median := list[len(list)/2]; p.first == most {
			later[p.second] = median
		} else {
			later[p.first] = -median
		}
	}
	return later
}

// join makes one event of those about one packet.
func (g *group) join() {
	kept := g.events[:0]
	var told [][]int32 // sockets that were given the packets of those kept
	for _, e := range g.events {
		at := len(kept) - 1
		least := max(0, len(kept)-maxEvents)
		for at >= least && (kept[at].claim != e.claim || len(told[at]) >= maxEvents || slices.Contains(told[at], e.socket)) {
			at--
		}
		g.looks += int64(len(kept) - at)
		if at >= least && e.time-kept[at].time <= soon {
			told[at] = append(told[at], e.socket)
		} else {
			kept, told = append(kept, e), append(told, []int32{e.socket})
		}
	}
	g.events = kept
}

// leaveStrangers takes out the events of sockets that were given other packets than the
// capture has: checksums of packets near to them contradict most.
func (m *Matcher) leaveStrangers(c *Clock) {
	balance := make(map[int32]int)
	for i := range m.groups {
		g := &m.groups[i]
		met, fits := g.met(c)
		for j := range g.events {
			switch socket := g.events[j].socket; {
			case fits[j]:
				balance[socket]++
			case met[j]:
				balance[socket]--
			}
		}
	}
	for i := range m.groups {
		g := &m.groups[i]
		n := len(g.events)
		g.events = slices.DeleteFunc(g.events, func(e heard) bool { return balance[e.socket] < 0 })
		if len(g.events) < n {
			g.list()
		}
	}
}

// met says which events are near a packet with a checksum, and which fit one.
func (g *group) met(c *Clock) (met, fits []bool) {
	near := newCover(len(g.events))
	ofClaim := make([]cover, len(g.of))
	for claim := range ofClaim {
		ofClaim[claim] = newCover(len(g.of[claim]))
	}
	for i := range g.seen {
		a := asker{seen: &g.seen[i]}
		if a.fitting[0] < 0 {
			continue
		}
		a.between(c)
		near.add(g.from(a.from), g.from(a.to+1))
		for claim := range a.fit() {
			ofClaim[claim].add(g.within(claim, a.from, a.to))
		}
	}
	met, fits = make([]bool, len(g.events)), make([]bool, len(g.events))
	for e, n := range near.counts() {
		met[e] = n > 0
	}
	for claim := range ofClaim {
		for j, n := range ofClaim[claim].counts() {
			fits[g.of[claim][j]] = n > 0
		}
	}
	return met, fits
}
