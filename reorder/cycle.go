package reorder

import "slices"

// Constraints that contradict each other lie on cycles. Those of the weakest laws on
// each give way, and where only moving laws are left nothing there moves.

// cycles numbers the cycles from 1, as many as are tied to each other being one, and
// returns for each node its cycle, 0 for none. settle has left the nodes of cycles open,
// and all that comes before them.
func (g *graph) cycles() []int32 {
	f := cycleFinder{g: g, cycle: make([]int32, g.nodes), number: make([]int32, g.nodes), low: make([]int32, g.nodes)}
	for n := range node(g.nodes) {
		if g.place[n].open > 0 && f.number[n] == 0 {
			f.from(n)
		}
	}
	return f.cycle
}

// cycleFinder finds strongly connected nodes (R. Tarjan, Depth-first search and linear
// graph algorithms, SIAM Journal on Computing 1, 1972), going from effects to causes.
type cycleFinder struct {
	g           *graph
	cycle       []int32 // by node, from 1; 0 for none
	number, low []int32 // by node: when it was found, from 1; the first of those found that it leads to
	path        []step
	open        []node // found, and not known yet to lie on no cycle with one before
	found, last int32
}

// step is a node on the way from the first one, with the causes that are not looked at yet.
type step struct {
	n    node
	rest []lawful
}

func (f *cycleFinder) from(first node) {
	f.enter(first)
	for len(f.path) > 0 {
		at := &f.path[len(f.path)-1]
		if len(at.rest) == 0 {
			f.leave()
			continue
		}
		c := at.rest[0].n
		at.rest = at.rest[1:]
		switch {
		case f.number[c] == 0:
			f.enter(c)
		case f.cycle[c] == 0 && f.low[c] > 0: // on the way, or tied to what is
			f.low[at.n] = min(f.low[at.n], f.number[c])
		}
	}
}

func (f *cycleFinder) enter(n node) {
	f.found++
	f.number[n], f.low[n] = f.found, f.found
	f.path = append(f.path, step{n, f.g.causes(n)})
	f.open = append(f.open, n)
}

// leave ends with the last node of the path.
func (f *cycleFinder) leave() {
	n := f.path[len(f.path)-1].n
	f.path = f.path[:len(f.path)-1]
	if len(f.path) > 0 {
		before := f.path[len(f.path)-1].n
		f.low[before] = min(f.low[before], f.low[n])
	}
	if f.low[n] < f.number[n] {
		return
	}
	at := len(f.open) - 1
	for f.open[at] != n {
		at--
	}
	tied := f.open[at:]
	f.open = f.open[:at]
	if len(tied) > 1 || slices.ContainsFunc(f.g.causes(n), func(c lawful) bool { return c.n == n }) {
		f.last++
		for _, m := range tied {
			f.cycle[m] = f.last
		}
	} else {
		f.low[n] = 0 // done with
	}
}

// dropWeak takes the constraints of the weakest laws out of each cycle, and reports
// whether there were any but moving ones: first those that the network breaks too, then
// all that are soft.
func (g *graph) dropWeak(cycle []int32) (dropped bool) {
	weakest := make([]uint8, len(g.edges)+1) // by cycle
	for _, e := range g.edges {
		if c := cycle[e.from]; c > 0 && c == cycle[e.to] {
			weakest[c] = max(weakest[c], e.law.weakness())
		}
	}
	all := len(g.edges)
	g.edges = slices.DeleteFunc(g.edges, func(e edge) bool {
		c := cycle[e.from]
		return c > 0 && c == cycle[e.to] && e.law.soft() && e.law.weakness() == weakest[c]
	})
	return len(g.edges) < all
}

// weakness is how little a law is believed against others.
func (l Law) weakness() uint8 {
	switch {
	case !l.soft():
		return 0
	case l == LawInSeq:
		return 2
	case amongIn.has(l):
		return 3
	}
	return 1
}

// pin leaves the nodes of cycles where they are and lets the rest go on: contradicting
// constraints mean a mistaken identity, so nothing there moves.
func (g *graph) pin(cycle []int32) {
	for n := range node(g.nodes) {
		if cycle[n] == 0 {
			continue
		}
		g.place[n] = placing{state: tangled}
		g.place[n].leave(int(n), int(n) < g.packets)
		g.ready = append(g.ready, n)
	}
}
