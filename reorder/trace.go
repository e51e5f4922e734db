package reorder

// Trace says how a packet came to its place: what the constraints around it
// were.
type Trace struct {
	Placement
	Recorded  int64      // stamp as recorded, nanoseconds
	Followers []Relation // what it must precede, nearest first, at most maxRelations
	Causes    []Relation // what must precede it
	Bounded   bool       // constraints were built here; else no law was in doubt
}

// Relation is one constraint between two packets.
type Relation struct {
	Index    int64 // of the other packet
	Law      Law
	Broken   bool // in the basis order
	Repaired bool // broken, and satisfied in the repaired order
}

// maxRelations bounds what a Trace lists on each side.
const maxRelations = 8

// Watch makes the Orderer call tell for every placed packet whose index wanted
// reports true for, just before it is emitted.
func (r *Orderer) Watch(wanted func(index int64) bool, tell func(Trace)) {
	r.wanted, r.tell = wanted, tell
}

// watched tells of the packet if it is wanted.
func (r *Orderer) watched(p Placement, n node, recorded int64) {
	if r.wanted == nil || !r.wanted(p.Index) {
		return
	}
	t := Trace{Placement: p, Recorded: recorded}
	if n != noNode {
		t.Bounded = true
		t.Followers, t.Causes = r.relations(n)
	}
	r.tell(t)
}

// relations collects the packets on both sides of n, through virtual nodes.
func (r *Orderer) relations(n node) (followers, causes []Relation) {
	next := func(e edge) (from, to node) { return e.from, e.to }
	back := func(e edge) (from, to node) { return e.to, e.from }
	for _, m := range r.around(n, next) {
		followers = append(followers, r.relation(n, m.n, m.law, m.n))
	}
	for _, m := range r.around(n, back) {
		causes = append(causes, r.relation(m.n, n, m.law, m.n))
	}
	return followers, causes
}

func (r *Orderer) relation(a, b node, law Law, other node) Relation {
	g := &r.graph
	broken := a > b
	return Relation{
		Index: r.items[other].index, Law: law, Broken: broken,
		Repaired: broken && r.before(g, a, b),
	}
}

func (r *Orderer) before(g *graph, a, b node) bool {
	if g.place[a].pos != g.place[b].pos {
		return g.place[a].pos < g.place[b].pos
	}
	if r.key[a] != r.key[b] {
		return r.key[a] < r.key[b]
	}
	return r.rank[a] < r.rank[b]
}

// lawful is a node with the law that leads to it.
type lawful struct {
	n   node
	law Law
}

// around walks from n along the edges, breadth first, through virtual nodes to
// the nearest packets. It reads all edges: it is for the few that are watched.
func (r *Orderer) around(n node, turn func(edge) (from, to node)) (found []lawful) {
	g := &r.graph
	leads := make(map[node][]lawful)
	for _, e := range g.edges {
		from, to := turn(e)
		leads[from] = append(leads[from], lawful{to, e.law})
	}
	seen := map[node]bool{n: true}
	queue := leads[n]
	for len(queue) > 0 && len(found) < maxRelations {
		m := queue[0]
		queue = queue[1:]
		if seen[m.n] {
			continue
		}
		seen[m.n] = true
		if int(m.n) < g.packets {
			found = append(found, m)
			continue
		}
		for _, next := range leads[m.n] {
			// The law of a packet's own edge says more than that inside a class.
			if int(next.n) >= g.packets {
				next.law = m.law
			}
			queue = append(queue, next)
		}
	}
	return found
}
