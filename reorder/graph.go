package reorder

import (
	"math"
	"slices"
)

// node is a packet's position in the window, or a virtual node after them.
type node = int32

const noNode node = -1

// edge says that one node comes before another, and by which law.
type edge struct {
	from, to node
	law      Law
}

// graph holds the constraints between packets of a window. Virtual nodes stand
// for "all of these before all of those", so that the number of edges stays
// linear. Its slices are kept from one window to the next.
type graph struct {
	packets int // nodes below are packets
	edges   []edge
	nodes   int

	place []placing
	into  links // edges by their target
	ready []node
	order []node  // as settled: successors first
	stamp []int64 // of each packet, nanoseconds
	late  []bool  // packets that a moving law has shown to be late: soft laws may move them as far
	// logged is how far soft laws may move packets of which the host's ACKs tell when
	// they came, 0 for all others.
	logged []int64
	proven []int64 // how far moving laws may move packets that are proved to be late, 0 for all others
	shown  []int64 // by how much packets are late, at least, as events of the host's show
	clock  []int64 // the same with the reader's stalls taken out
	steps  int64   // nodes and edges that were settled so far
}

// lawful is a node with the law that leads to it.
type lawful struct {
	n   node
	law Law
}

// links lists edges by one of their ends: those of node n are
// end[start[n]:start[n+1]].
type links struct {
	start []int32
	end   []lawful
}

// of lists the edges of one node, in the order in which they were added.
func (l *links) of(n node) []lawful { return l.end[l.start[n]:l.start[n+1]] }

// causes are the edges that lead to the node.
func (g *graph) causes(n node) []lawful { return g.into.of(n) }

// following lists the edges by their source.
func (g *graph) following() (l links) {
	l.start, l.end = make([]int32, g.nodes+2), make([]lawful, len(g.edges))
	for _, e := range g.edges {
		l.start[e.from+2]++
	}
	for n := 2; n < len(l.start); n++ {
		l.start[n] += l.start[n-1]
	}
	for _, e := range g.edges {
		l.end[l.start[e.from+1]] = lawful{e.to, e.law}
		l.start[e.from+1]++
	}
	return l
}

// placing is where a node ends up.
type placing struct {
	pos    int32 // position before which it is; its own where it stays
	anchor node  // the packet whose time it takes, itself where it keeps its own
	// direct is the earliest packet that it must precede by a single law, with
	// that law: what the violation itself asks for, before any chain.
	direct    int32
	directLaw Law
	law       Law // of the edge that placed it
	moved     bool
	state     settled
	open      int32 // edges to nodes that are not settled yet
	last      int64 // no packet happened after it: its own stamp, and those that must follow it
}

// settled says how a node was placed.
type settled uint8

const (
	sound   settled = iota // placed as the constraints ask
	gated                  // a constraint asks for more than the gate allows
	tangled                // on a cycle of constraints
)

const farAway = int32(1<<31 - 1)

func (g *graph) reset(stamp, clock []int64) {
	g.packets, g.nodes = len(stamp), len(stamp)
	g.stamp, g.clock = stamp, clock
	g.edges, g.logged, g.proven = g.edges[:0], resize(g.logged, len(stamp)), resize(g.proven, len(stamp))
	g.shown = resize(g.shown, len(stamp))
}

func (g *graph) virtual() node {
	g.nodes++
	return node(g.nodes - 1)
}

func (g *graph) before(a, b node, law Law) {
	if len(g.edges) == cap(g.edges) {
		g.edges = slices.Grow(g.edges, max(len(g.edges), batch)) // append would copy a quarter as many each time
	}
	g.edges = append(g.edges, edge{a, b, law})
}

// solve places every node: the latest positions that satisfy all constraints
// and move nothing back. A packet that would have to move by more than gate
// stays; so does all that lies on a cycle.
func (g *graph) solve(gates *[NumLaws]int64) {
	g.late = resize(g.late, g.packets)
	g.solveOnce(gates)
	again := false
	for n := range g.late {
		p := &g.place[n]
		g.late[n] = p.moved && !p.law.soft()
		again = again || g.late[n] && p.state == gated
	}
	if again {
		g.solveOnce(gates)
	}
}

func (g *graph) solveOnce(gates *[NumLaws]int64) {
	for {
		g.begin()
		g.settle(gates)
		g.steps += int64(g.nodes + len(g.edges))
		if len(g.order) == g.nodes {
			return
		}
		cycles := g.cycles()
		if !g.dropWeak(cycles) {
			g.pin(cycles)
			g.settle(gates)
			return
		}
	}
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	s = s[:n]
	clear(s)
	return s
}

// begin leaves every node where it is, and lists the edges by their target.
func (g *graph) begin() {
	g.place, g.into.start = resize(g.place, g.nodes), resize(g.into.start, g.nodes+2)
	g.into.end = slices.Grow(g.into.end[:0], len(g.edges))[:len(g.edges)]
	g.order, g.ready = slices.Grow(g.order[:0], g.nodes), g.ready[:0]
	start, place, end := g.into.start, g.place, g.into.end
	for _, e := range g.edges {
		start[e.to+2]++
		place[e.from].open++
	}
	sum := int32(0)
	for n := range place {
		sum += start[n+2]
		start[n+2] = sum
		place[n].last = math.MaxInt64
		if n < g.packets {
			place[n].last = g.stamp[n]
		}
		if place[n].leave(n, n < g.packets); place[n].open == 0 {
			g.ready = append(g.ready, node(n))
		}
	}
	for _, e := range g.edges {
		at := &start[e.to+1]
		end[*at] = lawful{e.from, e.law}
		*at++
	}
}

// leave places node n where nothing pulls it.
func (p *placing) leave(n int, packet bool) {
	p.pos, p.anchor, p.direct = farAway, noNode, farAway
	if packet {
		p.pos, p.anchor = node(n), node(n)
	}
}

// settle works backwards from the nodes that nothing follows.
func (g *graph) settle(gates *[NumLaws]int64) {
	for len(g.ready) > 0 {
		n := g.ready[len(g.ready)-1]
		g.ready = g.ready[:len(g.ready)-1]
		g.order = append(g.order, n)
		g.settleCauses(n, gates)
	}
}

// settleCauses passes on to the causes of a node that it is settled. Soft laws don't count
// for last, nor where forward fills first: the network breaks them, too.
func (g *graph) settleCauses(n node, gates *[NumLaws]int64) {
	place, packets := g.place, node(g.packets)
	b := &place[n]
	pos, direct := b.pos, b.direct
	if n < packets {
		direct = n // what a single law asks of a cause is kept through virtual nodes only
	}
	near := min(pos, direct) // what is before it is early enough, and so are most
	for _, c := range g.causes(n) {
		a, last := &place[c.n], b.last
		if c.law.soft() {
			last = math.MaxInt64
		}
		a.last = min(a.last, last)
		if a.state == tangled {
			continue
		}
		if c.n >= near {
			if direct < a.direct && (c.n >= packets || direct < c.n) {
				a.direct, a.directLaw = direct, c.law
			}
			switch {
			case pos > a.pos:
			case pos < a.pos && c.n >= packets: // most that are left, so without a call
				a.pos, a.anchor = pos, b.anchor
			default:
				g.pull(a, b, c, gates)
			}
		}
		if a.open--; a.open == 0 {
			g.ready = append(g.ready, c.n)
		}
	}
}

// pull lets the cause c, placed at a, come before what is settled at b and is
// before it or shares its position.
func (g *graph) pull(a, b *placing, c lawful, gates *[NumLaws]int64) {
	real := int(c.n) < g.packets
	switch {
	case b.pos == a.pos:
		if a.moved {
			a.law = min(a.law, c.law) // of several that place it, always the same is named
		}
		if a.moved || !real {
			g.takeTime(a, c.n, b.anchor)
		}
	case g.asks(c, b.pos) > g.reach(c, gates):
		if a.state == sound {
			a.state = gated
			if !a.moved {
				a.law = c.law
			}
		}
	default:
		a.pos, a.anchor, a.law, a.moved = b.pos, c.n, c.law, true
		g.takeTime(a, c.n, b.anchor)
	}
}

// asks is by how much the cause c would have to be earlier to come before position
// pos. What a reader in a stall delays keeps its order, so laws of threads are not to
// reach across what looks like one; what threads drained after it has one time.
func (g *graph) asks(c lawful, pos int32) int64 {
	if c.law.ofThreads() && g.clock[c.n] != g.clock[pos] {
		return g.stamp[c.n] - g.stamp[pos]
	}
	return g.clock[c.n] - g.clock[pos]
}

// takeTime gives the node n at place a the time of a packet at the same place that
// must follow it, directly or not, where that is before its own: of several the
// earliest, with one stamp the first.
func (g *graph) takeTime(a *placing, n, follower node) {
	switch {
	case follower == noNode: // far away, as is n
	case int(n) < g.packets && g.stamp[follower] >= g.stamp[n]:
	case a.anchor == noNode, a.anchor == n, g.earlier(follower, a.anchor):
		a.anchor = follower
	}
}

// reach is how far the law may move the cause c.
func (g *graph) reach(c lawful, gates *[NumLaws]int64) int64 {
	gate := max(gates[c.law], g.shown[c.n])
	switch {
	case !c.law.soft() && g.proven[c.n] > 0:
		return max(gate, g.proven[c.n])
	case g.late[c.n]:
		return max(gate, gates[LawAck])
	}
	return max(gate, g.logged[c.n])
}

func (g *graph) earlier(a, b node) bool {
	return g.stamp[a] < g.stamp[b] || g.stamp[a] == g.stamp[b] && a < b
}
