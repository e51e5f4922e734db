package reorder

import (
	"cmp"
	"math"
	"slices"
)

// emitBefore emits what was placed before position cut and keeps the rest.
func (r *Orderer) emitBefore(cut int32) {
	if r.measure != nil {
		r.countBefore(cut)
		r.keepFrom(cut)
		return
	}
	r.leave = links{}
	r.gather()
	r.forward()
	for pos := range cut {
		if r.share[pos] == noNode {
			if r.graph.place[pos].pos == pos {
				r.emitPacket(pos)
			}
			continue
		}
		for _, n := range r.sharing(pos) {
			r.emitPacket(n)
		}
	}
	r.keepFrom(cut)
}

// countBefore counts what was placed before position cut, for a Survey: of that
// nobody asks when it happened, or in which order packets share a position.
func (r *Orderer) countBefore(cut int32) {
	for n := range r.items {
		if r.graph.place[n].pos < cut && r.counts(node(n)) {
			r.count(node(n))
		}
	}
}

// counts reports whether some law wants packet n elsewhere, or may.
func (r *Orderer) counts(n node) bool {
	p := &r.graph.place[n]
	return p.moved || p.direct != farAway || r.items[n].suspect() != 0
}

// gather lists the packets that move to each position.
func (r *Orderer) gather() {
	r.share, r.next = resize(r.share, len(r.items)), resize(r.next, len(r.items))
	for n := range r.share {
		r.share[n] = noNode
	}
	for n := node(len(r.items)) - 1; n >= 0; n-- {
		if p := &r.graph.place[n]; p.moved {
			r.next[n], r.share[p.pos] = r.share[p.pos], n
		}
	}
}

// sharing returns the packets that share a position, in their order.
func (r *Orderer) sharing(pos int32) []node {
	r.out = r.out[:0]
	if r.graph.place[pos].pos == pos {
		r.out = append(r.out, pos)
	}
	for n := r.share[pos]; n != noNode; n = r.next[n] {
		r.out = append(r.out, n)
	}
	slices.SortFunc(r.out, r.compare)
	return r.out
}

// compare compares packets that share a position.
func (r *Orderer) compare(x, y node) int {
	return cmp.Or(cmp.Compare(r.key[x], r.key[y]), cmp.Compare(r.rank[x], r.rank[y]), cmp.Compare(x, y))
}

// keepFrom keeps the packets that were not placed before position cut.
func (r *Orderer) keepFrom(cut int32) {
	items := r.items
	r.items, r.suspects, r.doubt = items[:0], r.suspects[:0], 0
	for n := int(cut); n < len(items); n++ {
		if r.graph.place[n].pos >= cut {
			r.items = append(r.items, items[n])
			r.suspectLast()
		}
	}
}

// forward goes from causes to what follows them. It fills first: no packet happened
// before those that must precede it. It fills key so that packets which share a
// position sort by it: each keeps its own position unless something that must
// precede it comes from further back. rank counts the constraints that led to that,
// so that what precedes has the lower one; what neither tells apart keeps its order.
func (r *Orderer) forward() {
	g := &r.graph
	r.first, r.key, r.rank = resize(r.first, g.nodes), resize(r.key, g.nodes), resize(r.rank, g.nodes)
	for n := range r.items {
		r.first[n], r.key[n] = math.MinInt64, node(n)
		if g.place[n].state == sound {
			r.first[n] = r.items[n].earliest
		}
	}
	for n := len(r.items); n < g.nodes; n++ {
		r.first[n], r.key[n] = math.MinInt64, -1
	}
	r.aside = r.aside[:0]
	firsts, place := r.first, g.place
	for i := len(g.order) - 1; i >= 0; i-- {
		b := g.order[i]
		first := firsts[b]
		for _, c := range g.causes(b) {
			cause := firsts[c.n]
			if c.law.soft() {
				cause = math.MinInt64
			}
			first = max(first, cause)
		}
		p := &place[b]
		if p.state == sound {
			firsts[b] = first
		} else if int(b) < len(r.items) {
			r.aside = append(r.aside, bounded{b, max(first, r.items[b].earliest)})
		}
		if p.pos != farAway && r.share[p.pos] != noNode {
			r.rankOf(b)
		}
	}
	for _, x := range r.aside {
		r.first[x.n] = x.first
	}
}

// bounded is a packet that bounds no other one, with its own bound.
type bounded struct {
	n     node
	first int64
}

// rankOf fills key and rank of a node at a position that packets share.
func (r *Orderer) rankOf(b node) {
	g := &r.graph
	pos, key, rank := g.place[b].pos, r.key[b], int32(0)
	for _, c := range g.causes(b) {
		switch {
		case g.place[c.n].pos != pos || r.key[c.n] < key:
		case r.key[c.n] > key:
			key, rank = r.key[c.n], r.rank[c.n]+1
		default:
			rank = max(rank, r.rank[c.n]+1)
		}
	}
	r.key[b], r.rank[b] = key, rank
}

// emitPacket emits packet n of the window.
func (r *Orderer) emitPacket(n node) {
	it := &r.items[n]
	out := r.unmoved(it.index, it.seg.Stamp, max(it.earliest, r.first[n]))
	out.Counted = r.build.told[n]
	if r.counts(n) {
		r.count(n)
		r.judge(&out, n)
	}
	if r.wanted != nil {
		r.watched(out, n, it.seg.Stamp)
	}
	r.emit(out)
}

// judge completes the placement of a packet that some law wants elsewhere.
func (r *Orderer) judge(out *Placement, n node) {
	p := &r.graph.place[n]
	out.Excused = r.build.excused[n]
	if p.moved {
		out.Moved, out.Law = true, p.law
		out.Stamp, out.TimeFrom = r.items[p.anchor].seg.Stamp, r.items[p.anchor].index
		out.Latest = shifted(max(out.Stamp, p.last), r.lateness.tick)
		out.Earliest = min(out.Earliest, out.Stamp)
	} else if law, left := r.leftover(n); left {
		out.Left, out.Law = true, law
	}
}
