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
		if l.soft() && !l.ofQueue() && !l.ofLog() {
			gates[l] = min(r.profile.Gate, max(r.profile.Tick, r.profile.ThreadJitter))
			if l == LawArrival {
				gates[l] = min(gates[l], max(r.profile.Tick, arrivalReach*r.profile.Usual))
			}
		}
	}
	return gates
}

// constrain builds the constraints of every connection that has a suspect.
func (r *Orderer) constrain() {
	r.graph.reset(r.stamp, r.clock)
	b := &r.build
	b.g, b.items, b.laws, b.ipid = &r.graph, r.items, r.laws, r.profile.IPID
	b.reversesBursts = r.profile.Reverses
	b.gate, b.farthest = r.profile.Gate, r.profile.Farthest
	b.reach = r.gates()[LawInSeq]
	b.usual = max(r.profile.Tick/usualOfTick, r.profile.Usual, FinestTick)
	b.longest = max(r.profile.Tick, r.profile.Longest)
	b.crossing = max(r.profile.Tick, r.profile.Crossing)
	if !r.profile.ThreadMandate {
		b.crossing = -1 // one reader swaps nothing that was received
	}
	b.lateness = min(r.profile.Gate, max(r.profile.Tick, leastDelay))
	b.stamps.known, b.fine.known = false, false
	b.fine.tick = r.profile.Tick
	b.excused = resize(b.excused, len(r.items))
	b.delayed = resize(b.delayed, len(r.items))
	b.crossed = resize(b.crossed, len(r.items))
	b.told = resize(b.told, len(r.items))
	for n := range r.items {
		if log := r.items[n].log; log != nil {
			r.graph.shown[n] = log.Late
		}
	}
	b.exchanges(r.doubt)
	all := r.laws.has(LawIPID) && r.profile.IPID == IPIDGlobal
	r.opens = r.opens[:0]
	for _, list := range r.connections(all) {
		if b.take(list); b.opens != noNode {
			r.opens = append(r.opens, b.opens)
		}
		b.excuse()
		b.connection()
	}
	b.orderCopies()
	r.incarnations()
	if all {
		r.out = r.out[:0]
		for n := range node(len(r.items)) {
			r.out = append(r.out, n)
		}
		b.counted(r.out)
	}
}

// incarnations puts what the host said in one incarnation of a port pair before
// its SYN of the next.
func (r *Orderer) incarnations() {
	if !r.laws.has(LawHandshake) {
		return
	}
	for _, syn := range r.opens {
		last := r.group(incarnationOf(&r.items[syn]).next(-1))
		if last == nil || last.list < 0 {
			continue
		}
		for _, n := range r.lists[last.list] {
			if it := &r.items[n]; it.out() && it.seg.Dir == r.items[syn].seg.Dir {
				r.graph.before(n, syn, LawHandshake)
			}
		}
	}
}

// group is a connection among the packets of the window.
type group struct {
	id   incarnation
	list int32 // in lists, -1 as long as none was begun
}

// connections groups the packets of the window by connection, in the order in
// which the connections begin; only those with a suspect, or all.
func (r *Orderer) connections(all bool) [][]node {
	r.forgetGroups()
	for _, n := range r.suspects {
		if it := &r.items[n]; !it.apart {
			r.addGroup(incarnationOf(it))
			if it.late {
				r.addGroup(incarnationOf(it).next(1))
			}
		}
	}
	lists := r.lists[:0]
	for i := range r.items {
		it := &r.items[i]
		if it.apart {
			continue
		}
		if all {
			r.addGroup(incarnationOf(it))
		}
		g := r.group(incarnationOf(it))
		if g == nil {
			continue
		}
		if g.list < 0 {
			g.list = int32(len(lists))
			lists = slices.Grow(lists, 1)[:g.list+1]
			lists[g.list] = lists[g.list][:0]
		}
		lists[g.list] = append(lists[g.list], node(i))
	}
	r.lists = lists
	return lists
}

// group finds the group of a connection, nil if it has no suspect.
func (r *Orderer) group(id incarnation) *group {
	place := tcp.Place(id.flow)
	if place >= len(r.newest) || r.newest[place] == 0 {
		return nil
	}
	if g := &r.groups[r.newest[place]-1]; g.id == id {
		return g
	}
	if g, ok := r.elder.at[id]; ok {
		return &r.groups[g-1]
	}
	return nil
}

// addGroup makes a group for the connection, if there is none.
func (r *Orderer) addGroup(id incarnation) {
	if r.group(id) != nil {
		return
	}
	place := tcp.Place(id.flow)
	if place >= len(r.newest) {
		r.newest = append(r.newest, make([]int32, place+1-len(r.newest))...)
	}
	if g := r.newest[place]; g != 0 {
		r.elder.at[r.groups[g-1].id] = g
	}
	r.groups = append(r.groups, group{id, -1})
	r.newest[place] = int32(len(r.groups))
}

func (r *Orderer) forgetGroups() {
	for i := range r.groups {
		r.newest[tcp.Place(r.groups[i].id.flow)] = 0
	}
	r.groups = r.groups[:0]
	r.elder.empty(len(r.items))
}

// incarnation is one connection of a port pair's.
type incarnation struct {
	flow  uint64
	epoch uint32
}

func incarnationOf(it *item) incarnation { return incarnation{it.seg.Flow, it.epoch} }

// next is the incarnation so many after it.
func (i incarnation) next(n int32) incarnation { return incarnation{i.flow, i.epoch + uint32(n)} }

// arrivalReach is how many usual delays the law arrival moves an ACK, at most. What
// must come before the ACK follows it, and in our recordings nothing was better for
// more.
const arrivalReach = 24

// usualOfTick: where the clock ticks slowly, stamps show delays of a tick only; this part of
// it is what is taken to be usual.
const usualOfTick = 4
