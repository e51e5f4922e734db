package lab

import (
	"encoding/binary"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/mendcap/mendcap/infer"
)

// SnapshotOf says what the host's network tables would have held while the
// packets passed: its addresses, its connections, the addresses it sent to
// and, of those on its own links, the neighbors.
func SnapshotOf(packets []Packet) infer.Snapshot {
	c := collector{local: map[netip.Addr]bool{}, remote: map[netip.Addr]netip.Addr{},
		tcp: map[infer.Connection]bool{}, udp: map[infer.Connection]bool{}}
	for _, p := range packets {
		c.add(p)
	}
	s := infer.Snapshot{Version: 1, TCPConnections: c.connections(c.tcp), UDPEndpoints: c.connections(c.udp)}
	if len(packets) > 0 {
		s.TakenAt = time.Unix(packets[len(packets)-1].Stamp/1e9, 0).UTC()
	}
	own := slices.SortedFunc(maps.Keys(c.local), netip.Addr.Compare)
	s.Interfaces = []infer.Interface{{Index: snifferInterface, Name: "Ethernet", Addresses: own}}
	for _, to := range slices.SortedFunc(maps.Keys(c.remote), netip.Addr.Compare) {
		c.destination(&s, to, own)
	}
	return s
}

// HalfOf keeps a random half of each table's rows; the host's addresses stay.
func HalfOf(s infer.Snapshot, seed uint64) infer.Snapshot {
	rng := rand.New(rand.NewPCG(seed, 2))
	s.TCPConnections = half(rng, s.TCPConnections)
	s.UDPEndpoints = half(rng, s.UDPEndpoints)
	s.DestinationCache = half(rng, s.DestinationCache)
	s.Neighbors = half(rng, s.Neighbors)
	return s
}

func half[T any](rng *rand.Rand, rows []T) []T {
	return slices.DeleteFunc(slices.Clone(rows), func(T) bool { return rng.IntN(2) == 0 })
}

// collector gathers the rows of the tables.
type collector struct {
	local    map[netip.Addr]bool
	remote   map[netip.Addr]netip.Addr // to the source that was used
	tcp, udp map[infer.Connection]bool
}

func (c *collector) add(p Packet) {
	h, ok := parseIP(p.Data)
	if !ok {
		return
	}
	own, other := h.dst, h.src
	if p.Out {
		own, other = h.src, h.dst
	}
	if own.IsMulticast() || own.IsUnspecified() || own == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return
	}
	c.local[own] = true
	if p.Out {
		c.remote[other] = own
	}
	if h.offset > 0 || len(p.Data) < h.upper+4 || other.IsMulticast() {
		return
	}
	ports := p.Data[h.upper:]
	from, to := binary.BigEndian.Uint16(ports), binary.BigEndian.Uint16(ports[2:])
	if !p.Out {
		from, to = to, from
	}
	switch h.proto {
	case protoTCP:
		c.tcp[infer.Connection{Local: infer.Endpoint{Address: own, Port: from},
			Remote: infer.Endpoint{Address: other, Port: to}, State: "Established", PID: 4242}] = true
	case protoUDP: // a UDP table knows no peers
		c.udp[infer.Connection{Local: infer.Endpoint{Address: own, Port: from}, PID: 1188}] = true
	}
}

func (c *collector) connections(rows map[infer.Connection]bool) []infer.Connection {
	return slices.SortedFunc(maps.Keys(rows), func(a, b infer.Connection) int {
		if n := compareEndpoints(a.Local, b.Local); n != 0 {
			return n
		}
		return compareEndpoints(a.Remote, b.Remote)
	})
}

func compareEndpoints(a, b infer.Endpoint) int {
	return netip.AddrPortFrom(a.Address, a.Port).Compare(netip.AddrPortFrom(b.Address, b.Port))
}

// destination adds an address that the host sent to. What lies on its own
// links or is a group is its own next hop, and a neighbor.
func (c *collector) destination(s *infer.Snapshot, to netip.Addr, own []netip.Addr) {
	row := infer.Destination{Destination: to, Source: c.remote[to], NextHop: to, Interface: snifferInterface}
	if onLink(to, own) {
		s.Neighbors = append(s.Neighbors, infer.Neighbor{Address: to, LinkLayer: linkLayer(to),
			State: "Reachable", Interface: snifferInterface})
	} else {
		row.NextHop = netip.MustParseAddr("fe80::1")
		if to.Is4() {
			row.NextHop = netip.MustParseAddr("192.0.2.1")
		}
	}
	s.DestinationCache = append(s.DestinationCache, row)
}

func onLink(to netip.Addr, own []netip.Addr) bool {
	if to.IsMulticast() || to.IsLinkLocalUnicast() {
		return true
	}
	bits := 64
	if to.Is4() {
		bits = 24
	}
	return slices.ContainsFunc(own, func(a netip.Addr) bool { return netip.PrefixFrom(a, bits).Contains(to) })
}

// linkLayer makes up an address (documentation range of RFC 7042); groups have
// the one that follows from theirs (RFC 2464, section 7).
func linkLayer(a netip.Addr) string {
	b := a.As16()
	mac := []byte{0, 0, 0x5E, 0, 0x53, b[15]}
	if a.Is6() && a.IsMulticast() {
		mac = []byte{0x33, 0x33, b[12], b[13], b[14], b[15]}
	}
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 17)
	for i, v := range mac {
		if i > 0 {
			text = append(text, '-')
		}
		text = append(text, digits[v>>4], digits[v&15])
	}
	return string(text)
}
