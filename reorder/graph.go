package reorder

// node is a packet's position in the window, or a virtual node behind them.
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
	pred  []int32 // edges by their target, as indices
	start []int32 // of each target's edges in pred
	fill  []int32
	open  []int32 // edges to successors that are not settled yet
	ready []node
	order []node  // as settled: successors first
	stamp []int64 // of each packet, nanoseconds
	late  []bool  // packets that a moving law has shown to be late: soft laws may move them as far
	clock []int64 // the same with the reader's stalls taken out
}

// placing is where a node ends up.
type placing struct {
	pos    int32 // position before which it stands; its own where it stays
	anchor node  // the packet whose time it takes, itself where it keeps its own
	law    Law   // of the edge that placed it
	moved  bool
	// direct is the earliest packet that it must precede by a single law, with
	// that law: what the violation itself asks for, before any chain.
	direct    int32
	directLaw Law
	state     settled
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
	g.edges = g.edges[:0]
}

func (g *graph) virtual() node {
	g.nodes++
	return node(g.nodes - 1)
}

func (g *graph) before(a, b node, law Law) { g.edges = append(g.edges, edge{a, b, law}) }

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
	g.times()
}

func (g *graph) solveOnce(gates *[NumLaws]int64) {
	for {
		g.index()
		g.begin()
		g.settle(gates)
		if len(g.order) == g.nodes {
			return
		}
		tangle := g.tangle()
		if !g.dropSoft(tangle) {
			g.pin(tangle)
			g.settle(gates)
			return
		}
	}
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/2)
	}
	s = s[:n]
	clear(s)
	return s
}

// index groups the edges by their target and counts those that leave each node.
func (g *graph) index() {
	g.start = resize(g.start, g.nodes+1)
	g.open = resize(g.open, g.nodes)
	g.pred = resize(g.pred, len(g.edges))
	for _, e := range g.edges {
		g.start[e.to+1]++
		g.open[e.from]++
	}
	for i := range g.nodes {
		g.start[i+1] += g.start[i]
	}
	g.fill = append(g.fill[:0], g.start...)
	for i, e := range g.edges {
		g.pred[g.fill[e.to]] = int32(i)
		g.fill[e.to]++
	}
}

func (g *graph) begin() {
	g.place = resize(g.place, g.nodes)
	g.order, g.ready = g.order[:0], g.ready[:0]
	for n := range node(g.nodes) {
		p := placing{pos: farAway, anchor: noNode, direct: farAway}
		if int(n) < g.packets {
			p.pos, p.anchor = n, n
		}
		g.place[n] = p
		if g.open[n] == 0 {
			g.ready = append(g.ready, n)
		}
	}
}

// settle works backwards from the nodes that nothing follows.
func (g *graph) settle(gates *[NumLaws]int64) {
	for len(g.ready) > 0 {
		b := g.ready[len(g.ready)-1]
		g.ready = g.ready[:len(g.ready)-1]
		g.order = append(g.order, b)
		for _, i := range g.pred[g.start[b]:g.start[b+1]] {
			e := g.edges[i]
			if g.place[e.from].state == tangled {
				continue
			}
			g.relax(e, gates[e.law], gates[Ack])
			if g.open[e.from]--; g.open[e.from] == 0 {
				g.ready = append(g.ready, e.from)
			}
		}
	}
}

// relax lets the constraint e pull its first node before its second.
func (g *graph) relax(e edge, gate, widest int64) {
	a, b := &g.place[e.from], &g.place[e.to]
	real := int(e.from) < g.packets
	g.relaxDirect(e, real)
	switch {
	case !real:
		a.pos = min(a.pos, b.pos)
	case b.pos > a.pos:
	case b.pos == a.pos:
		if a.moved {
			a.law = min(a.law, e.law) // of several that place it, always the same is named
		}
	case g.clock[e.from]-g.clock[b.pos] > g.reach(e.from, gate, widest):
		if a.state == sound {
			a.state = gated
			if !a.moved {
				a.law = e.law
			}
		}
	default:
		a.pos, a.law, a.moved = b.pos, e.law, true
	}
}

// reach is how far a law may move the packet.
func (g *graph) reach(n node, gate, widest int64) int64 {
	if g.late[n] {
		return max(gate, widest)
	}
	return gate
}

// times gives each moved packet the time of the earliest at its place that must
// follow it, directly or not, where that is before its own: of several with one
// stamp, the first.
func (g *graph) times() {
	for _, b := range g.order {
		follower := g.place[b].anchor
		if follower == noNode {
			continue
		}
		for _, i := range g.pred[g.start[b]:g.start[b+1]] {
			a := g.edges[i].from
			p := &g.place[a]
			own := int(a) < g.packets
			switch {
			case p.pos != g.place[b].pos: // stands far before it; a clock step may lie between
			case own && (!p.moved || g.stamp[follower] >= g.stamp[a]):
			case p.anchor == noNode, own && p.anchor == a, g.earlier(follower, p.anchor):
				p.anchor = follower
			}
		}
	}
}

func (g *graph) earlier(a, b node) bool {
	return g.stamp[a] < g.stamp[b] || g.stamp[a] == g.stamp[b] && a < b
}

// relaxDirect keeps what a single law asks of a, through virtual nodes only.
func (g *graph) relaxDirect(e edge, real bool) {
	a, b := &g.place[e.from], &g.place[e.to]
	asks := b.direct
	if int(e.to) < g.packets {
		if real && e.to > e.from {
			return
		}
		asks = e.to
	}
	if asks == farAway || real && asks >= e.from {
		return
	}
	if asks < a.direct {
		a.direct, a.directLaw = asks, e.law
	}
}

// tangle marks the nodes that lie on a cycle, or between two. settle has left
// them open, and all that comes before them.
func (g *graph) tangle() []bool {
	tangle := make([]bool, g.nodes)
	in := make([]int32, g.nodes)
	for n := range tangle {
		tangle[n] = g.open[n] > 0
	}
	for _, e := range g.edges {
		if tangle[e.from] && tangle[e.to] {
			in[e.to]++
		}
	}
	var upstream []node
	for n := range tangle {
		if tangle[n] && in[n] == 0 {
			upstream = append(upstream, node(n))
		}
	}
	followers := g.followers(tangle)
	for len(upstream) > 0 {
		n := upstream[len(upstream)-1]
		upstream = upstream[:len(upstream)-1]
		tangle[n] = false
		for _, m := range followers[n] {
			if in[m]--; in[m] == 0 {
				upstream = append(upstream, m)
			}
		}
	}
	return tangle
}

// followers lists the targets of the edges among the marked nodes by source.
func (g *graph) followers(marked []bool) map[node][]node {
	followers := make(map[node][]node)
	for _, e := range g.edges {
		if marked[e.from] && marked[e.to] {
			followers[e.from] = append(followers[e.from], e.to)
		}
	}
	return followers
}

// dropSoft takes the soft laws out of a tangle and reports whether there were
// any: against other laws a soft one is not believed.
func (g *graph) dropSoft(tangle []bool) bool {
	kept := g.edges[:0]
	for _, e := range g.edges {
		if !(e.law.soft() && tangle[e.from] && tangle[e.to]) {
			kept = append(kept, e)
		}
	}
	dropped := len(kept) < len(g.edges)
	g.edges = kept
	return dropped
}

// pin leaves the tangled nodes where they are and lets the rest go on:
// contradicting constraints mean a mistaken identity, so nothing there moves.
func (g *graph) pin(tangle []bool) {
	for n := range node(g.nodes) {
		if !tangle[n] {
			continue
		}
		p := placing{pos: farAway, anchor: noNode, direct: farAway, state: tangled}
		if int(n) < g.packets {
			p.pos, p.anchor = n, n
		}
		g.place[n] = p
		g.ready = append(g.ready, n)
	}
}

// ranks fills key so that packets which share a position sort by it: each keeps
// its own position unless something that must precede it comes from further
// back. rank counts the constraints that led to that, so that what precedes has
// the lower one; what neither tells apart keeps its order.
func (g *graph) ranks(key, rank []int32) {
	for n := range key {
		key[n], rank[n] = -1, 0
		if n < g.packets {
			key[n] = int32(n)
		}
	}
	for i := len(g.order) - 1; i >= 0; i-- {
		b := g.order[i]
		for _, j := range g.pred[g.start[b]:g.start[b+1]] {
			if a := g.edges[j].from; g.place[a].pos == g.place[b].pos {
				key[b] = max(key[b], key[a])
			}
		}
		for _, j := range g.pred[g.start[b]:g.start[b+1]] {
			if a := g.edges[j].from; g.place[a].pos == g.place[b].pos && key[a] == key[b] {
				rank[b] = max(rank[b], rank[a]+1)
			}
		}
	}
}
