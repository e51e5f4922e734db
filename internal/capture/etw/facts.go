package etw

import (
	"cmp"
	"net/netip"
	"slices"
)

// Facts is what a trace tells of the network beside packets.
type Facts struct {
	Addresses   []LocalAddress // in order of interface and address
	Connections []Connection   // in the order of events
	Counters    []Counter      // in order of component, edge and direction
	Drops       []Drop         // in order of component and reason
	Discards    []Discard      // by the WFP, in order of module and reason

	Incomplete int64 // packets of which an event is missing
	Malformed  int64 // events that can't be read
	Unlisted   int64 // connections, drops and discards beyond the limits of these lists
}

// LocalAddress is an address of the capturing host.
type LocalAddress struct {
	IfIndex   uint32 // of the interface; 0 = not told
	Interface string // what PktMon calls its miniport, "" where it isn't known
	Addr      netip.Addr
}

// Drop is how often packets were dropped by a component for a reason. A packet is counted
// once, however often its drop was told.
type Drop struct {
	Component uint16
	Name      string
	Reason    uint32 // DropReason has its meaning
	Packets   int64
}

// Discard is how often the WFP discarded packets.
type Discard struct {
	Module  uint8
	Reason  uint32
	Packets int64
}

const (
	maxConnections = 1 << 14
	maxDrops       = 1 << 14
)

type dropKey struct {
	component uint16
	reason    uint32
}

type discardKey struct {
	module uint8
	reason uint32
}

// tally is what a Survey counts of drops and connections.
type tally struct {
	connections []Connection
	drops       map[dropKey]int64
	discards    map[discardKey]int64
	unlisted    int64
}

// connection keeps a connection.
func (t *tally) connection(c Connection) {
	if len(t.connections) >= maxConnections {
		t.unlisted++
		return
	}
	t.connections = append(t.connections, c)
}

// addTo counts in one of the tables, unless that has as many entries as it may.
func addTo[K comparable](table *map[K]int64, key K, unlisted *int64) {
	if *table == nil {
		*table = make(map[K]int64)
	}
	if _, known := (*table)[key]; !known && len(*table) >= maxDrops {
		*unlisted++
		return
	}
	(*table)[key]++
}

// Facts gives what was learnt so far.
func (s *Survey) Facts() *Facts {
	f := &Facts{
		Addresses:   s.stack.localAddresses(),
		Connections: s.tally.connections,
		Counters:    s.counters(),
		Incomplete:  s.reader.fragments.missing() + s.reader.parts.missing(),
		Malformed:   s.malformed,
		Unlisted:    s.tally.unlisted,
	}
	for key, n := range s.tally.drops {
		f.Drops = append(f.Drops, Drop{key.component, s.stack.labelOf(key.component), key.reason, n})
	}
	slices.SortFunc(f.Drops, func(a, b Drop) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Reason, b.Reason))
	})
	for key, n := range s.tally.discards {
		f.Discards = append(f.Discards, Discard{key.module, key.reason, n})
	}
	slices.SortFunc(f.Discards, func(a, b Discard) int {
		return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Reason, b.Reason))
	})
	return f
}

// Component names a component of PktMon, "" where nothing is known of it so far.
func (s *Survey) Component(id uint16) string { return s.stack.labelOf(id) }

// labelOf names a component, "" where nothing is known of it.
func (s *stack) labelOf(id uint16) string {
	if c := s.components[id]; c != nil {
		return c.label()
	}
	return ""
}

// localAddresses lists the addresses by interface; several components tell each.
func (s *stack) localAddresses() []LocalAddress {
	miniports := make(map[uint32]*component)
	for _, c := range s.components {
		index := c.network()
		if m := miniports[index]; index != 0 && c.rank() == 0 && (m == nil || c.id < m.id) {
			miniports[index] = c
		}
	}
	var list []LocalAddress
	for _, c := range s.components {
		for _, a := range c.addresses {
			at := LocalAddress{IfIndex: c.network(), Addr: a}
			if m := miniports[at.IfIndex]; m != nil {
				at.Interface = m.description
			}
			list = append(list, at)
		}
	}
	slices.SortFunc(list, func(a, b LocalAddress) int {
		return cmp.Or(cmp.Compare(a.IfIndex, b.IfIndex), a.Addr.Compare(b.Addr))
	})
	return slices.Compact(list)
}

// counters lists the counters, and how much of each is in the trace.
func (s *Survey) counters() []Counter {
	logged := make(map[counterKey]int64)
	for at, l := range s.layers {
		if at.layer != layerPktMon && at.layer != layerDropped {
			continue
		}
		key := counterKey{component: at.component, edge: at.edge, dropped: at.layer == layerDropped}
		for d, n := range l.directions {
			key.direction = Direction(d)
			logged[key] += n
		}
	}
	list := make([]Counter, 0, len(s.stack.counters))
	for key, n := range s.stack.counters {
		list = append(list, Counter{
			Component: key.component, Name: s.stack.labelOf(key.component), Edge: key.edge, Dropped: key.dropped,
			Direction: key.direction, Packets: n.packets, Bytes: n.bytes, Logged: logged[key],
		})
	}
	slices.SortFunc(list, func(a, b Counter) int {
		return cmp.Or(cmp.Compare(a.Component, b.Component), cmp.Compare(a.Edge, b.Edge), cmp.Compare(a.Direction, b.Direction))
	})
	return list
}
