package reorder

import "slices"

// Trace says how a packet came to its place: what the constraints around it
// were.
type Trace struct {
	Placement
	Recorded  int64      // stamp as recorded, nanoseconds
	Followers []Relation // what it must precede, at most maxRelations: what asks most of it, then the nearest
	Causes    []Relation // what must precede it, nearest first
	Bounded   bool       // constraints were built here; else no law was in doubt
	Gated     bool       // a constraint asks for more than the gate allows
	Tangled   bool       // its constraints contradict each other
	Cut       bool       // there are more Followers or Causes than are listed
}

// Relation is one constraint between two packets.
type Relation struct {
	Index    int64   // of the other packet
	Segment  Segment // of the other packet, zero where it has none
	Law      Law
	Broken   bool // in the basis order
	Repaired bool // broken, and satisfied in the repaired order
}

// maxRelations bounds what a Trace lists on each side, and maxVisited how many
// nodes are looked at to find that.
const (
	maxRelations = 8
	maxVisited   = 1 << 12
)

// Watch makes the Orderer call tell for every placed packet whose index wanted
// reports true for, just before it is emitted.
func (r *Orderer) Watch(wanted func(index int64) bool, tell func(Trace)) {
	r.wanted, r.tell = wanted, tell
}

// watched tells of the packet if it is wanted.
func (r *Orderer) watched(p Placement, n node, recorded int64) {
	if !r.wanted(p.Index) {
		return
	}
	t := Trace{Placement: p, Recorded: recorded}
	if n != noNode {
		t.Bounded = true
		t.Gated, t.Tangled = r.graph.place[n].state == gated, r.graph.place[n].state == tangled
		r.relations(&t, n)
	}
	r.tell(t)
}

// relations collects the packets on both sides of n, through virtual nodes.
func (r *Orderer) relations(t *Trace, n node) {
	g := &r.graph
	direct := lawful{g.place[n].direct, g.place[n].directLaw}
	after, cut := g.around(n, r.leaving())
	if direct.n != farAway {
		after = append([]lawful{direct}, slices.DeleteFunc(after, func(m lawful) bool { return m.n == direct.n })...)
	}
	for _, m := range after[:min(len(after), maxRelations)] {
		t.Followers = append(t.Followers, r.relation(n, m.n, m))
	}
	before, cutToo := g.around(n, &g.into)
	for _, m := range before {
		t.Causes = append(t.Causes, r.relation(m.n, n, m))
	}
	t.Cut = cut || cutToo || len(after) > maxRelations
}

// relation says where a, which must come first, is beside b; other is one of them.
func (r *Orderer) relation(a, b node, other lawful) Relation {
	it := &r.items[other.n]
	broken := a > b
	rel := Relation{Index: it.index, Law: other.law, Broken: broken, Repaired: broken && r.before(a, b)}
	if !it.apart {
		rel.Segment = Segment(it.seg)
	}
	return rel
}

// before reports whether packet a comes before b in the repaired order.
func (r *Orderer) before(a, b node) bool {
	p, q := r.graph.place[a].pos, r.graph.place[b].pos
	return p < q || p == q && r.compare(a, b) < 0
}

// leaving returns the window's edges by their source. They are listed once a
// window, and only where a packet is watched.
func (r *Orderer) leaving() *links {
	if r.leave.start == nil {
		r.leave = r.graph.following()
	}
	return &r.leave
}

// around walks from n along the edges, breadth first, through virtual nodes to
// the nearest packets; cut says that there are more than maxRelations, or may be.
func (g *graph) around(n node, along *links) (found []lawful, cut bool) {
	seen := map[node]bool{n: true}
	queue := []lawful{{n: n}}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		for _, m := range along.of(at.n) {
			if seen[m.n] {
				continue
			}
			if len(seen) == maxVisited {
				return found, true
			}
			seen[m.n] = true
			if int(m.n) >= g.packets {
				if at.n != n {
					m.law = at.law // a packet's own edge says more than one inside a class
				}
				queue = append(queue, m)
				continue
			}
			if len(found) == maxRelations {
				return found, true
			}
			found = append(found, m)
		}
	}
	return found, false
}
