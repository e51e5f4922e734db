package reorder

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// gates returns by how much each law may move a packet: the soft ones no
// further than the jitter among packets of one sender reaches.
func (r *Orderer) gates() (gates [NumLaws]int64) {
	for l := range Law(NumLaws) {
		gates[l] = r.profile.Gate
		if l.soft() && !l.ofQueue() {
			gates[l] = min(r.profile.Gate, max(r.profile.Tick, r.profile.ThreadJitter))
		}
	}
	return gates
}

// constrain builds the constraints of every connection that has a suspect.
func (r *Orderer) constrain() {
	r.graph.reset(r.stamp, r.clock)
	b := &r.build
	b.g, b.items, b.laws, b.ipid = &r.graph, r.items, r.laws, r.profile.IPID
	b.gate = r.profile.Gate
	b.lateness = min(r.profile.Gate, max(r.profile.Tick, leastDelay))
	b.excused = resize(b.excused, len(r.items))
	b.delayed = resize(b.delayed, len(r.items))
	b.exchanges()
	all := r.laws.has(IPID) && r.profile.IPID == IPIDGlobal
	for _, list := range r.connections(all) {
		b.excuse(list)
		b.connection(list)
	}
	r.incarnations()
	if all {
		r.out = r.out[:0]
		for n := range node(len(r.items)) {
			r.out = append(r.out, n)
		}
		b.counted(r.out, func(*item) bool { return true })
	}
}

// incarnations puts what the host said in one incarnation of a port pair before
// its SYN of the next.
func (r *Orderer) incarnations() {
	b := &r.build
	if !b.laws.has(Handshake) {
		return
	}
	for _, list := range r.lists {
		syn := slices.IndexFunc(list, func(n node) bool {
			it := &r.items[n]
			return it.first && it.out() && it.seg.Bits.Has(tcp.SYN)
		})
		if syn < 0 {
			continue
		}
		last, ok := r.groups[connectionOf(&r.items[list[syn]])-1]
		if !ok || last < 0 {
			continue
		}
		for _, n := range r.lists[last] {
			if it := &r.items[n]; it.out() && it.seg.Dir == r.items[list[syn]].seg.Dir {
				r.graph.before(n, list[syn], Handshake)
			}
		}
	}
}

// connections groups the packets of the window by connection, in the order in
// which the connections begin; only those with a suspect, or all.
func (r *Orderer) connections(all bool) [][]node {
	clear(r.groups)
	if !all {
		for i := range r.items {
			if it := &r.items[i]; !it.apart && it.doubt()&r.laws != 0 {
				r.groups[connectionOf(it)] = -1
				if it.late {
					r.groups[connectionOf(it)+1] = -1
				}
			}
		}
	}
	lists := r.lists[:0]
	for i := range r.items {
		it := &r.items[i]
		if it.apart {
			continue
		}
		id := connectionOf(it)
		g, known := r.groups[id]
		if !known && !all {
			continue
		}
		if !known || g < 0 {
			g = int32(len(lists))
			r.groups[id] = g
			lists = slices.Grow(lists, 1)[:g+1]
			lists[g] = lists[g][:0]
		}
		lists[g] = append(lists[g], node(i))
	}
	r.lists = lists
	return lists
}

func connectionOf(it *item) uint64 { return uint64(it.seg.Flow)<<32 | uint64(it.epoch) }
