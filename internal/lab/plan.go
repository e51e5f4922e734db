package lab

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
)

// Plan is a way of numbering peers. Address gives the nth of Size distinct
// addresses.
type Plan struct {
	Name    string
	Size    int
	Address func(n int) netip.Addr
}

// Plans are those that inference is measured with. All but the first make
// addresses whose checksums collide, or that explain each other's packets.
func Plans() []Plan {
	parse := func(format string, args ...any) netip.Addr { return netip.MustParseAddr(fmt.Sprintf(format, args...)) }
	return []Plan{
		{"privacy", 1 << 20, privateAddress},
		// Every sum is that of up to 32 addresses.
		{"numbered", 32 * 128, func(n int) netip.Addr { return parse("2001:db8:%x::%x", 2+n%32, 1+n/32) }},
		// A large provider's servers.
		{"provider", 16 * 32 * 15, func(n int) netip.Addr {
			return parse("2a00:1450:40%02x:8%02x::200%x", n%16, n/16%32, 1+n/512)
		}},
		// The host's own /64, where a neighbour explains every packet as another protocol.
		{"neighbours", 1 << 14, func(n int) netip.Addr { return parse("2001:db8:1::%x", 0x100+n) }},
		// Networks after prefix translation (RFC 6296): the sum stays.
		{"translated", 1 << 15, func(n int) netip.Addr {
			return parse("fd00:1:%x:%x::%x", 2+n%4, 9-n%4, 0x1000+n/4)
		}},
	}
}

// privateAddress is what privacy extensions make (RFC 8981), in one of 64
// networks.
func privateAddress(n int) netip.Addr {
	rng := rand.New(rand.NewPCG(uint64(n), 8981))
	var a [16]byte
	binary.BigEndian.PutUint64(a[:], 0x2A00_1450_0000_0000|uint64(n%64)<<16|rng.Uint64N(4))
	binary.BigEndian.PutUint64(a[8:], rng.Uint64())
	return netip.AddrFrom16(a)
}

// Renumber returns copies of packets, as Delivered gives them, that happen at
// the same time: the host's peers are numbered by the plan, its own ports are
// others in each copy, and so are identifiers of echo. Checksums are brought up to date by what changed, so that
// wrong ones stay wrong; so are the answers of DNS and the packets that errors
// quote. Link-local, multicast and IPv4 traffic is not copied.
func Renumber(packets []Packet, plan Plan, copies int) ([]Packet, error) {
	r := &renumbering{own: map[netip.Addr]bool{}, plan: plan}
	for _, p := range packets {
		if p.Out && len(p.Data) >= 40 {
			r.own[netip.AddrFrom16([16]byte(p.Data[8:24]))] = true
		}
	}
	var all []Packet
	for r.number = range copies {
		r.peers = map[netip.Addr]netip.Addr{}
		for _, p := range packets {
			h, ok := parseIP(p.Data)
			if !ok || h.version != 6 || r.number > 0 && !(h.src.IsGlobalUnicast() && h.dst.IsGlobalUnicast()) {
				continue
			}
			p.Data = slices.Clone(p.Data)
			r.rewrite(h, p.Data)
			all = append(all, p)
		}
		if r.used > plan.Size {
			return nil, fmt.Errorf("plan %s: %d peers, room for %d", plan.Name, r.used, plan.Size)
		}
	}
	slices.SortStableFunc(all, func(a, b Packet) int { return cmp.Compare(a.Stamp, b.Stamp) })
	for i := range all {
		all[i].Index = i
	}
	return all, nil
}

// renumbering is one copy under way.
type renumbering struct {
	own    map[netip.Addr]bool
	plan   Plan
	peers  map[netip.Addr]netip.Addr // of this copy
	used   int                       // addresses of the plan, over all copies
	number int
}

// address replaces one at b, if it is a peer's.
func (r *renumbering) address(b []byte) {
	a := netip.AddrFrom16([16]byte(b))
	if r.own[a] || !a.IsGlobalUnicast() {
		return
	}
	to, ok := r.peers[a]
	if !ok {
		to = r.plan.Address(r.used)
		r.peers[a] = to
		r.used++
	}
	raw := to.As16()
	copy(b, raw[:])
}

// rewrite renumbers an IPv6 packet without extension headers.
func (r *renumbering) rewrite(h ipHeader, data []byte) {
	at, summed := sumField(h, data)
	partial := summed && isPartial(h, data, at)
	before := r.covered(data, at, summed)
	r.address(data[8:24])
	r.address(data[24:40])
	addresses := fold(sumWords(data[8:40]))
	upper := data[h.upper:]
	switch {
	case h.proto == protoTCP || h.proto == protoUDP:
		ownPort(upper, r.own[h.src], r.number)
		if h.proto == protoUDP && len(upper) >= 8+16 && binary.BigEndian.Uint16(upper) == 53 {
			r.resolved(upper[len(upper)-16:])
		}
	case h.proto == protoICMPv6 && len(upper) >= 48 && upper[0] >= 1 && upper[0] <= 4:
		if inner, ok := parseIP(upper[8:]); ok {
			r.rewrite(inner, upper[8:])
		}
	case h.proto == protoICMPv6 && len(upper) >= 8 && (upper[0] == 128 || upper[0] == 129):
		id := binary.BigEndian.Uint16(upper[4:])
		binary.BigEndian.PutUint16(upper[4:], id+uint16(r.number*portStep))
	case h.proto == protoICMPv6 && len(upper) >= 24 && (upper[0] == 135 || upper[0] == 136):
		r.address(upper[8:24])
	}
	if !summed || h.proto == protoUDP && data[at] == 0 && data[at+1] == 0 {
		return
	}
	if partial {
		length := uint32(len(data) - h.upper)
		binary.BigEndian.PutUint16(data[at:], uint16(fold(addresses+length+uint32(h.proto))))
		return
	}
	r.correct(h, data[at:], before, r.covered(data, at, true))
}

// correct brings a whole checksum up to date.
func (r *renumbering) correct(h ipHeader, field []byte, before, after uint32) {
	change := fold(uint32(^uint16(before)) + after)
	update(field, change)
	if h.proto == protoUDP && field[0] == 0 && field[1] == 0 {
		field[0], field[1] = 0xFF, 0xFF
	}
}

// resolved renumbers the address at the end of a DNS answer, if it is one of
// the peers'.
func (r *renumbering) resolved(b []byte) {
	if b[0] == 0x20 && b[1] == 0x01 && b[2] == 0x0D && b[3] == 0xB8 {
		r.address(b)
	}
}

// covered is the sum over the addresses and the data, but for the field.
func (r *renumbering) covered(data []byte, at int, summed bool) uint32 {
	if !summed {
		return 0
	}
	sum := sumWords(data[8:40]) + uint32(^binary.BigEndian.Uint16(data[at:]))
	upper := data[40:]
	sum = fold(sum) + fold(sumWords(upper))
	if len(upper)%2 == 1 {
		sum += uint32(upper[len(upper)-1]) << 8
	}
	return fold(sum)
}

// portStep is by how much ports and echo identifiers differ from copy to copy.
const portStep = 7919

// ownPort shifts the host's ephemeral port, by a step of its own in each copy.
func ownPort(upper []byte, out bool, number int) {
	if len(upper) < 4 || number == 0 {
		return
	}
	field := upper[2:4]
	if out {
		field = upper[0:2]
	}
	const first = 32768
	if port := int(binary.BigEndian.Uint16(field)); port >= first {
		binary.BigEndian.PutUint16(field, uint16(first+(port-first+number*portStep)%(65536-first)))
	}
}
