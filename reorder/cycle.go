package reorder

import "slices"

// Constraints that contradict each other lie on cycles. Those of the weakest laws on
// each give way, and where only moving laws are left nothing there moves.

// cycles numbers the cycles from 1, as many as are tied to each other being one, and
// returns for each node its cycle, 0 for none. settle has left the nodes of cycles open,
// and all that comes before them.
//
// It goes from effects to causes first and back from those that are done with last (S. R.
// Kosaraju's way to find strongly connected nodes, in Aho, Hopcroft and Ullman, Data
// Structures and Algorithms, 1983, section 6.7).
func (g *graph) cycles() []int32 {
	after, cycle, done := g.following(), make([]int32, g.nodes), make([]bool, g.nodes)
	last := int32(0)
	for _, first := range slices.Backward(g.causesFirst()) {
		if done[first] {
			continue
		}
		done[first] = true
		tied := []node{first}
		for at := 0; at < len(tied); at++ {
			for _, e := range after.of(tied[at]) {
				if g.place[e.n].open > 0 && !done[e.n] {
					done[e.n] = true
					tied = append(tied, e.n)
				}
			}
		}
		if len(tied) > 1 || slices.ContainsFunc(g.causes(first), func(c lawful) bool { return c.n == first }) {
			last++
			for _, n := range tied {
				cycle[n] = last
			}
		}
	}
	return cycle
}

// causesFirst lists the nodes that are open, each after those that can be reached from it
// by way of causes, unless it can be reached from these.
func (g *graph) causesFirst() (order []node) {
	type step struct {
		n    node
		rest []lawful // causes that are not looked at yet
	}
	found := make([]bool, g.nodes)
	var path []step
	for n := range node(g.nodes) {
		if g.place[n].open > 0 && !found[n] {
			found[n] = true
			path = append(path, step{n, g.causes(n)})
		}
		for len(path) > 0 {
			at := &path[len(path)-1]
			if len(at.rest) == 0 {
				order, path = append(order, at.n), path[:len(path)-1]
				continue
			}
			c := at.rest[0].n
			at.rest = at.rest[1:]
			if !found[c] {
				found[c] = true
				path = append(path, step{c, g.causes(c)})
			}
		}
	}
	return order
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
	case l == LawInEvent:
		return 1 // more than the host's other logs, too
	case l == LawInSeq:
		return 3
	case amongIn.has(l):
		return 4
	}
	return 2
}

// pin leaves the nodes of cycles where they are and lets the rest go on: contradicting
// constraints mean a mistaken identity, so nothing there moves.
func (g *graph) pin(cycle []int32) {
	for n := range node(g.nodes) {
		if cycle[n] == 0 {
			continue
		}
		g.place[n] = placing{state: tangled, last: g.place[n].last}
		g.place[n].leave(int(n), int(n) < g.packets)
		g.ready = append(g.ready, n)
	}
}
