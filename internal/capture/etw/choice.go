package etw

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Options say what a Survey is to choose.
type Options struct {
	// AllLayers takes every capture point, and packets that are told again as well. By
	// default each packet is taken once.
	AllLayers bool
}

// Choice is which capture points are taken, and why.
type Choice struct {
	AllLayers  bool
	Interfaces []Interface // that are taken: the miniport before what is above it
	Left       []Interface // that are left out
	// Words say for a report, a line each, what was taken of interfaces whose packets were
	// captured at several points, and what was left out, and why.
	Words []string
	index map[point]int // of those that are taken, into Interfaces
}

// network is a network interface of the host, or what stands for one.
type network struct {
	layer layer
	index uint32 // of the miniport; 0 = not told
	group string // tells those apart that have no index
}

// set is capture points that together see each packet of a network once.
type set struct {
	network   network
	rank      int // what is preferred where two saw as many packets
	layers    []*seen
	names     string // of its interfaces
	packets   int64
	plain     int64 // of its packets are Ethernet or IP, which can be analysed, and not 802.11
	near, far sketch
	others    []*set // of the same network
}

// Choose decides which capture points to take, from all events seen.
func (s *Survey) Choose(opts Options) *Choice {
	c := &Choice{AllLayers: opts.AllLayers, index: make(map[point]int)}
	var taken map[point]bool
	if !opts.AllLayers {
		taken = s.chooseSets(c)
	}
	for _, l := range s.sorted() {
		if opts.AllLayers || taken[l.at] {
			c.take(s, l)
		} else {
			c.Left = append(c.Left, s.describe(l))
		}
	}
	if s.unplaced > 0 {
		c.Words = append(c.Words, fmt.Sprintf("%d packets are left out: they are of more than %d capture points", s.unplaced, maxPoints))
	}
	return c
}

// Same reports whether both choices make the same packets of a trace, of the same interfaces.
func (c *Choice) Same(o *Choice) bool {
	return c.AllLayers == o.AllLayers && maps.Equal(c.index, o.index) && slices.EqualFunc(c.Interfaces, o.Interfaces, sameInterface)
}

func sameInterface(a, b Interface) bool {
	return a.Name == b.Name && a.Description == b.Description && a.LinkType == b.LinkType && bytes.Equal(a.Hardware, b.Hardware) && a.Dropped == b.Dropped
}

// take adds a capture point. What enters a VM switch at a port and what is forwarded from
// there are one interface, as etl2pcapng has them.
func (c *Choice) take(s *Survey, l *seen) {
	i := s.describe(l)
	if c.AllLayers {
		i.Packets += l.again
	}
	if l.at.leaving {
		entering := l.at
		entering.leaving = false
		if at, ok := c.index[entering]; ok {
			c.index[l.at] = at
			c.Interfaces[at].Packets += i.Packets
			return
		}
	}
	c.index[l.at] = len(c.Interfaces)
	c.Interfaces = append(c.Interfaces, i)
}

// sorted gives the capture points as etl2pcapng orders interfaces: by miniport, that
// first, then what is above.
func (s *Survey) sorted() []*seen {
	list := make([]*seen, 0, len(s.layers))
	for _, l := range s.layers {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b *seen) int { return a.at.compare(b.at) })
	return list
}

func (p point) compare(q point) int {
	return cmp.Or(
		cmp.Compare(p.layer, q.layer),
		cmp.Compare(p.miniport, q.miniport),
		falseFirst(p.lower != p.miniport, q.lower != q.miniport),
		cmp.Compare(p.lower, q.lower),
		cmp.Compare(p.component, q.component),
		cmp.Compare(p.edge, q.edge),
		cmp.Compare(p.port, q.port),
		cmp.Compare(p.vlan, q.vlan),
		falseFirst(p.leaving, q.leaving),
		cmp.Compare(p.user, q.user),
		cmp.Compare(p.link, q.link),
	)
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// chooseSets takes one set of capture points for each network, unless its packets are
// those of another that is taken.
func (s *Survey) chooseSets(c *Choice) map[point]bool {
	taken := make(map[point]bool)
	var near, far sketch
	before := ""
	for _, st := range s.withoutLower(c, s.networks()) {
		if st.contained(near, far) {
			c.leave(st, "at least nine of ten were captured at "+before+" as well")
			continue
		}
		c.tell(st)
		before = join(before, st.names)
		near.merge(st.near)
		far.merge(st.far)
		for _, l := range st.layers {
			taken[l.at] = true
		}
	}
	for at := range s.layers {
		if at.layer == layerDropped {
			taken[at] = true
		}
	}
	return taken
}

// networks gives the set to take of each network. Those whose packets tell more come
// first.
func (s *Survey) networks() []*set {
	sets := make(map[network][]*set)
	index := make(map[string]*set)
	for _, l := range s.sorted() {
		if l.at.layer == layerDropped || l.packets == 0 {
			continue
		}
		n, rank, key := s.setOf(l)
		key = fmt.Sprintf("%d %d %s %s", n.layer, n.index, n.group, key)
		st := index[key]
		if st == nil {
			st = &set{network: n, rank: rank}
			index[key] = st
			sets[n] = append(sets[n], st)
		}
		st.add(l, s.nameAt(l))
	}
	best := make([]*set, 0, len(sets))
	for _, of := range sets {
		prefer(of)
		of[0].others = of[1:]
		best = append(best, of[0])
	}
	slices.SortFunc(best, compareAcross)
	return best
}

// nameAt is the name of an interface, and the edge beside where that isn't the first.
func (s *Survey) nameAt(l *seen) string {
	name := s.describe(l).Name
	if l.at.edge > 1 {
		name += fmt.Sprintf(" at edge %d", l.at.edge)
	}
	return name
}

// setOf says of which network a capture point is, how much it is preferred there, and
// which other points it belongs together with: those with the same key.
func (s *Survey) setOf(l *seen) (n network, rank int, key string) {
	switch at := l.at; at.layer {
	case layerNDIS:
		if at.lower != at.miniport {
			rank = 1
		}
		return network{layer: at.layer, index: at.miniport}, rank, fmt.Sprint(at.lower)
	case layerSwitch: // each packet comes in once, and may go out several times
		if at.leaving {
			rank = 2
		}
		return network{layer: at.layer, index: at.miniport}, rank, fmt.Sprint(at.leaving)
	case layerPktMon:
		return s.componentSet(at)
	}
	return network{layer: l.at.layer, group: fmt.Sprint(l.at.user)}, 0, ""
}

// componentSet is setOf for a component of PktMon.
func (s *Survey) componentSet(at point) (n network, rank int, key string) {
	n = network{layer: at.layer}
	c := s.stack.components[at.component]
	if c == nil || c.network() == 0 {
		n.group = fmt.Sprintf("component %d, edge %d", at.component, at.edge)
		return n, 2, ""
	}
	n.index = c.network()
	rank = c.rank()
	if rank == 0 {
		return n, rank, fmt.Sprintf("miniport %d, edge %d", c.id, at.edge)
	}
	return n, rank, fmt.Sprintf("%s, %s, type %d, object %t, edge %d", c.driver(), c.family(), c.kind, c.ndisObject, at.edge)
}

func (st *set) add(l *seen, name string) {
	st.layers = append(st.layers, l)
	st.names = join(st.names, name)
	if link := l.at.link; link == LinkEthernet || link == LinkRaw {
		st.plain += l.packets
	}
	st.packets += l.packets
	st.near.merge(l.near)
	st.far.merge(l.far)
}

// readable says whether most of a set's packets can be analysed.
func (st *set) readable() bool { return 2*st.plain > st.packets }

// prefer orders the sets of one network. What saw nearly all packets comes first; of
// these, what can be analysed, then the miniport and the IP protocols before others, and
// then what saw most.
func prefer(sets []*set) {
	var most int64
	for _, st := range sets {
		most = max(most, st.packets)
	}
	slices.SortStableFunc(sets, func(a, b *set) int {
		return cmp.Or(
			falseFirst(!nearlyAll(a.packets, most), !nearlyAll(b.packets, most)),
			falseFirst(!a.readable(), !b.readable()),
			falseFirst(a.rank > 1, b.rank > 1),
			cmp.Compare(b.packets, a.packets),
			cmp.Compare(a.rank, b.rank),
		)
	})
}

// nearlyAll says whether n are at least nine of ten. Layers of a host differ by a few
// packets that a filter dropped or that are not IP.
func nearlyAll(n, of int64) bool { return n >= of-of/10 }

// compareAcross orders the sets of several networks: what tells more of a packet comes
// first, and interfaces that are known before points that are of none.
func compareAcross(a, b *set) int {
	return cmp.Or(
		cmp.Compare(a.network.layer, b.network.layer),
		falseFirst(a.network.index == 0, b.network.index == 0),
		falseFirst(!a.readable(), !b.readable()),
		cmp.Compare(b.packets, a.packets),
		cmp.Compare(a.network.index, b.network.index),
		cmp.Compare(a.network.group, b.network.group),
	)
}

// contained says whether at least nine of ten packets are among those of which near and
// far are sketches.
func (st *set) contained(near, far sketch) bool {
	found, sampled := st.near.within(near)
	if st.network.layer == layerWFP {
		found, sampled = st.far.within(far)
	}
	return sampled > 0 && nearlyAll(int64(found), int64(sampled))
}

// verb is "is" or "are", as many interfaces a set has.
func (st *set) verb() string {
	if len(st.layers) > 1 {
		return "are"
	}
	return "is"
}

// leave says that all of a network is left out, and why.
func (c *Choice) leave(st *set, why string) {
	line := fmt.Sprintf("%s %s left out (%d packets): %s", st.names, st.verb(), st.packets, why)
	if len(st.others) > 0 {
		line += "; left out with this: " + listed(st.others)
	}
	c.Words = append(c.Words, line)
}

// withoutLower leaves out networks that are below another one which has packets: the
// virtual function below a synthetic card, for example.
func (s *Survey) withoutLower(c *Choice, sets []*set) []*set {
	at := func(index uint32) int {
		return slices.IndexFunc(sets, func(st *set) bool {
			return index != 0 && st.network.layer == layerPktMon && st.network.index == index
		})
	}
	for _, id := range slices.Sorted(maps.Keys(s.stack.components)) {
		comp := s.stack.components[id]
		above, below := at(comp.ifIndex), at(comp.lowest)
		if above >= 0 && below >= 0 && above != below {
			c.leave(sets[below], "they pass "+sets[above].names+" as well, which is above")
			sets = slices.Delete(sets, below, below+1)
		}
	}
	return sets
}

// tell says which of several sets of one network is taken.
func (c *Choice) tell(st *set) {
	if len(st.others) == 0 {
		return
	}
	why := "most packets"
	switch {
	case slices.ContainsFunc(st.others, func(o *set) bool { return o.readable() != st.readable() }):
		why = "Ethernet or IP, among those with nearly all packets"
	case !slices.ContainsFunc(st.others, func(o *set) bool { return o.packets >= st.packets }):
	case st.rank == 0:
		why = "nearest to the wire among those with nearly all packets"
	case st.rank == 1:
		why = "the IP protocols, among those with nearly all packets"
	}
	c.Words = append(c.Words, fmt.Sprintf("packets of interface %d were captured at %d layers; taken: %s (%d), %s; left out: %s",
		st.network.index, len(st.others)+1, st.names, st.packets, why, listed(st.others)))
}

// listed names the interfaces of sets, and says how many packets each set has.
func listed(sets []*set) (names string) {
	for _, st := range sets {
		names = join(names, fmt.Sprintf("%s (%d)", st.names, st.packets))
	}
	return names
}
