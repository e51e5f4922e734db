package etw

import (
	"net/netip"
	"strings"
)

// Events of PktMon about its components, written when a trace begins or ends.
const (
	pktmonComponent    = 20
	pktmonNumber       = 30 // a property that is a number
	pktmonAddress4     = 65
	pktmonAddress6     = 66
	pktmonBytes        = 70
	pktmonDropCounters = 80
	pktmonFlowCounters = 90
)

// componentType is PKTMON_COMPONENT_TYPE (pktmondefk.h).
type componentType uint16

const (
	typeMiniport    componentType = 2
	typeProtocol    componentType = 4
	typeVMSMiniport componentType = 6
	typeIPInterface componentType = 11
)

// Properties of components (Microsoft's parser for Network Monitor; 14 as traces have it).
const (
	propIfIndex         = 1
	propMiniportIfIndex = 2
	propHardware        = 6 // the MAC address
	propNDISObject      = 9
	propLowestIfIndex   = 12 // of the interface below, whose packets pass here as well
	propIPIfIndex       = 14 // of components above IP
)

// maxComponents is how many components are believed; numbers have 16 bits.
const maxComponents = 4096

// component is a part of the network stack that PktMon watches.
type component struct {
	id                           uint16
	kind                         componentType
	name, description            string // "tcpip.sys", "TCPIP"
	ifIndex, miniport, ipIfIndex uint32
	lowest                       uint32 // 0 = none
	ndisObject                   bool
	edges                        map[uint16]string // names: "Upper", "Lower"
	hardware                     []byte
	addresses                    []netip.Addr
}

// network is the index of the network interface that a component belongs to, 0 where that
// isn't recorded.
func (c *component) network() uint32 {
	switch {
	case c.miniport != 0:
		return c.miniport
	case c.ipIfIndex != 0:
		return c.ipIfIndex
	}
	return c.ifIndex
}

// rank orders components of one network interface: 0 the miniport, 1 the IP protocols, 2
// all others.
func (c *component) rank() int {
	switch {
	case c.kind == typeMiniport || c.kind == typeVMSMiniport:
		return 0
	case c.kind == typeProtocol && c.driver() == "tcpip.sys":
		return 1
	}
	return 2
}

func (c *component) driver() string { return strings.ToLower(c.name) }

// family is the description without the version of IP: what tcpip.sys registers for IPv4
// and for IPv6 belongs together, as only both of them see all packets.
func (c *component) family() string {
	d := strings.TrimSuffix(c.description, "6")
	return strings.NewReplacer("IPv4", "IP", "IPv6", "IP").Replace(d)
}

// label names a component: "tcpip.sys, TCPIP".
func (c *component) label() string {
	switch {
	case c.description == "":
		return c.name
	case c.name == "" || c.name == "NULL":
		return c.description
	}
	return c.name + ", " + c.description
}

// Counter is how many packets PktMon saw at an edge of a component, or dropped there,
// whether or not they were logged.
type Counter struct {
	Component uint16
	Name      string // of the component
	Edge      uint16 // 0 for drops
	Dropped   bool
	Direction Direction
	Packets   uint64
	Bytes     uint64
	Logged    int64 // appearances in the trace
}

// counterKey tells counters apart.
type counterKey struct {
	component, edge uint16
	dropped         bool
	direction       Direction
}

type count struct{ packets, bytes uint64 }

// stack is what PktMon tells of its components.
type stack struct {
	components map[uint16]*component
	counters   map[counterKey]count
}

// component gives what is kept of a component, nil beyond the limit.
func (s *stack) component(id uint16) *component {
	if c := s.components[id]; c != nil {
		return c
	}
	if len(s.components) >= maxComponents {
		return nil
	}
	if s.components == nil {
		s.components, s.counters = make(map[uint16]*component), make(map[counterKey]count)
	}
	c := &component{id: id}
	s.components[id] = c
	return c
}

// read takes an event about a component. Other events tell nothing.
func (s *stack) read(e *Event) error {
	switch e.ID {
	case pktmonComponent, pktmonNumber, pktmonAddress4, pktmonAddress6, pktmonBytes, pktmonDropCounters, pktmonFlowCounters:
	default:
		return nil
	}
	c := cursor{rest: e.Data}
	comp := s.component(c.u16())
	if comp == nil {
		return nil
	}
	switch e.ID {
	case pktmonComponent:
		comp.kind = componentType(c.u16())
		comp.name, comp.description = decodeText(c.utf16z()), decodeText(c.utf16z())
	case pktmonNumber:
		if property, value := c.u16(), c.u32(); !c.short {
			comp.set(property, value)
		}
	case pktmonAddress4, pktmonAddress6:
		comp.addAddress(&c, e.ID)
	case pktmonBytes:
		property := c.u16()
		if b := c.take(int(c.u32())); property == propHardware && len(b) <= 32 {
			comp.hardware = append(comp.hardware[:0], b...)
		}
	case pktmonDropCounters:
		s.count(&c, counterKey{component: comp.id, dropped: true})
	case pktmonFlowCounters:
		name := decodeText(c.utf16z())
		edge := c.u16()
		comp.nameEdge(edge, name)
		s.count(&c, counterKey{component: comp.id, edge: edge})
	}
	return c.err()
}

// set takes a property that is a number.
func (c *component) set(property uint16, value uint32) {
	switch property {
	case propIfIndex:
		c.ifIndex = value
	case propMiniportIfIndex:
		c.miniport = value
	case propIPIfIndex:
		c.ipIfIndex = value
	case propLowestIfIndex:
		c.lowest = value
	case propNDISObject:
		c.ndisObject = true
	}
}

// maxAddresses is how many addresses of one component are kept, and maxEdges how many of
// its edges have names.
const (
	maxAddresses = 64
	maxEdges     = 8
)

func (c *component) addAddress(from *cursor, id uint16) {
	from.u16() // property 13
	version := 4
	if id == pktmonAddress6 {
		version = 6
	}
	if a := from.address(version); !from.short && len(c.addresses) < maxAddresses {
		c.addresses = append(c.addresses, a)
	}
}

func (c *component) nameEdge(edge uint16, name string) {
	if c.edges == nil {
		c.edges = make(map[uint16]string)
	}
	if len(c.edges) < maxEdges {
		c.edges[edge] = name
	}
}

// maxCounters is how many counters are kept.
const maxCounters = 8 * maxComponents

// count reads the two directions of a counter. Those of the end of the trace replace those
// of its beginning.
func (s *stack) count(c *cursor, key counterKey) {
	for range 2 {
		key.direction = dirTag(c.u16()).direction()
		n := count{c.u64(), c.u64()}
		if _, known := s.counters[key]; !c.short && (known || len(s.counters) < maxCounters) {
			s.counters[key] = n
		}
	}
}
