package netmon

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
)

var be = binary.BigEndian

// Adapter is a network adapter of the machine that made the capture.
type Adapter struct {
	Name, Description, GUID string
	Media, MTU              uint32
	Speed                   uint64 // bits a second
	MAC                     [6]byte
	IPv4                    []netip.Prefix // its addresses, with the length of the network's prefix
	IPv6                    []netip.Addr
	Gateways, DHCP          []netip.Addr // IPv4
	DNS                     []netip.Addr
}

// adapterFixed is the part of an adapter between names and addresses: media type, MTU,
// speed, MAC address, and six counts.
const adapterFixed = 34

// Adapters reads the adapters of a frame of network information (media 0xFFFB), and
// the name of the computer. ok is false where the frame is none, or not whole: then
// the adapters are those that are.
func (fr *Frame) Adapters() (computer string, all []Adapter, ok bool) {
	p := fr.Data
	if fr.Media != MediaNetworkInfoEx || len(p) < 4 {
		return "", nil, false
	}
	count := int(be.Uint16(p[2:])) // after a version
	if computer, p, ok = wideZ(p[4:]); !ok {
		return "", nil, false
	}
	for range count {
		var a Adapter
		if a, p, ok = adapter(p); !ok {
			return computer, all, false
		}
		all = append(all, a)
	}
	return computer, all, true
}

// adapter reads one adapter. Numbers are big-endian, and texts UTF-16 in the other
// order.
func adapter(p []byte) (a Adapter, rest []byte, ok bool) {
	for _, text := range []*string{&a.Name, &a.Description, &a.GUID} {
		if *text, p, ok = wideZ(p); !ok {
			return a, nil, false
		}
	}
	if len(p) < adapterFixed {
		return a, nil, false
	}
	a.Media, a.MTU, a.Speed, a.MAC = be.Uint32(p), be.Uint32(p[4:]), be.Uint64(p[8:]), [6]byte(p[16:])
	var counts [6]int
	sum := 0
	// IPv4 addresses and as many masks, IPv6 addresses, gateways, DHCP servers, DNS
	// servers by IPv4 and by IPv6.
	for i := range counts {
		counts[i] = int(be.Uint16(p[22+2*i:]))
	}
	v4, v6, gateways, dhcp, dns4, dns6 := counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]
	sum = 4*(2*v4+gateways+dhcp+dns4) + 16*(v6+dns6)
	if p = p[adapterFixed:]; len(p) < sum {
		return a, nil, false
	}
	for i := range v4 {
		mask := be.Uint32(p[4*(v4+i):])
		a.IPv4 = append(a.IPv4, netip.PrefixFrom(netip.AddrFrom4([4]byte(p[4*i:])), bits.LeadingZeros32(^mask)))
	}
	p = p[8*v4:]
	a.IPv6, p = addresses(nil, p, v6, 16)
	a.Gateways, p = addresses(nil, p, gateways, 4)
	a.DHCP, p = addresses(nil, p, dhcp, 4)
	a.DNS, p = addresses(nil, p, dns4, 4)
	a.DNS, p = addresses(a.DNS, p, dns6, 16)
	return a, p, true
}

// addresses adds n addresses of a length to a list.
func addresses(to []netip.Addr, p []byte, n, length int) (list []netip.Addr, rest []byte) {
	for range n {
		addr, _ := netip.AddrFromSlice(p[:length])
		to, p = append(to, addr), p[length:]
	}
	return to, p
}
