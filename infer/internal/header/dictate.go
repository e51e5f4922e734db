package header

import "github.com/mendcap/mendcap/internal/packet"

// Dictation says how the payload dictates the destination.
type Dictation uint8

// The dictations.
const (
	DictatesNothing Dictation = iota
	ToQuotedSource            // an ICMPv6 error goes to whom it quotes (RFC 4443, section 2.2)
	ToSolicited               // Neighbor Solicitation: the target's solicited-node group, or the target
	ToAllNodes                // unsolicited Neighbor Advertisement, General Query
	ToSolicitor               // solicited Neighbor Advertisement: who asked
	ToAllRouters              // Router Solicitation, MLD Done (RFC 2710, section 5)
	ToRouterClients           // Router Advertisement: all nodes, or who asked
	ToGroup                   // MLDv1 Report, specific Query: the group
	ToMLDv2Routers            // MLDv2 Report (RFC 3810, section 5.2.14)
)

// Groups by IANA's list of IPv6 multicast addresses.
var (
	allNodes        = group(0x02, 0x01)
	allRouters      = group(0x02, 0x02)
	allMLDv2Routers = group(0x02, 0x16)
)

// group returns ffXX:: with the low bytes given.
func group(scope byte, low ...byte) packet.Addr {
	a := packet.Addr{0: 0xFF, 1: scope}
	copy(a[len(a)-len(low):], low)
	return a
}

// portGroups are the groups that packets to a UDP port go to, where they go to
// a group: DHCPv6 (RFC 8415, section 7.1), mDNS (RFC 6762), LLMNR (RFC 4795),
// SSDP (UPnP Device Architecture, annex A), WS-Discovery, NTP (RFC 5905),
// RIPng (RFC 2080). Some go to one
// receiver instead, so that the port alone proves nothing.
var portGroups = map[uint16][]packet.Addr{
	123:  {group(0x02, 1, 1), group(0x05, 1, 1), group(0x08, 1, 1), group(0x0E, 1, 1)},
	521:  {group(0x02, 0x09)},
	547:  {group(0x02, 0, 1, 0, 2), group(0x05, 0, 1, 0, 3)},
	1900: {group(0x02, 0x0C), group(0x05, 0x0C), group(0x08, 0x0C), group(0x0E, 0x0C)},
	3702: {group(0x02, 0x0C)},
	5353: {group(0x02, 0xFB)},
	5355: {group(0x02, 0, 1, 0, 3)},
}

// WellKnown are the groups of IANA's list that hosts and routers send to.
var WellKnown = []packet.Addr{
	allNodes, allRouters, allMLDv2Routers,
	group(0x02, 0x05), group(0x02, 0x06), group(0x02, 0x09), group(0x02, 0x0A), group(0x02, 0x0C),
	group(0x02, 0x0D), group(0x02, 0x12), group(0x02, 0x6A), group(0x02, 0xFB), group(0x02, 1, 1),
	group(0x02, 0, 1, 0, 2), group(0x02, 0, 1, 0, 3), group(0x05, 0x02), group(0x05, 0x0C), group(0x05, 0xFB),
	group(0x05, 0, 1, 0, 3), group(0x05, 1, 1), group(0x08, 0x0C), group(0x0E, 0x0C), group(0x0E, 1, 1),
}

// solicitedNode returns the group that neighbors of a listen to (RFC 4291,
// section 2.7.1).
func solicitedNode(a packet.Addr) packet.Addr {
	return group(0x02, 1, 0xFF, a[13], a[14], a[15])
}

// Dictated is what a payload says: the destinations that it allows, and how
// firmly.
type Dictated struct {
	to     [4]packet.Addr
	N      int
	Strict bool // others would break the protocol
}

func (d *Dictated) Add(addresses ...packet.Addr) { d.N += copy(d.to[d.N:], addresses) }

// List returns the destinations.
func (d *Dictated) List() []packet.Addr { return d.to[:d.N] }

// protocolGroups are the groups that routers' protocols send to.
var protocolGroups = map[uint8][]packet.Addr{
	protoOSPF: {group(0x02, 5), group(0x02, 6)}, // RFC 5340, appendix A.1
	ProtoPIM:  {group(0x02, 0x0D)},              // RFC 7761, section 4.3.1
	protoVRRP: {group(0x02, 0x12)},              // RFC 9568, section 5.1.2.2
}

// DictatedBy returns what a protocol and the ports of UDP say of the destination. Some
// packets of routers' protocols go to one router instead.
func DictatedBy(protocol uint8, p Ports) (d Dictated) {
	switch protocol {
	case packet.ProtoTCP, packet.ProtoICMPv6:
	case packet.ProtoUDP:
		switch p.Destination() {
		case 443, 80, 53: // most packets
		default:
			d.Add(portGroups[p.Destination()]...)
		}
	default:
		d.Add(protocolGroups[protocol]...)
	}
	return d
}

// Dictates returns what f's payload, read under h, says of the destination.
// Who asked for an advertisement is not in the packet: see solicited.
func (f *Facts) Dictates(h Hypothesis) (d Dictated) {
	if h != AsICMPv6 {
		return DictatedBy(f.Protocol(h), f.Ports)
	}
	switch f.Dictation {
	case ToQuotedSource, ToGroup:
		d.Add(f.Target)
	case ToSolicited:
		d.Add(solicitedNode(f.Target), f.Target)
	case ToAllNodes, ToRouterClients:
		d.Add(allNodes)
	case ToAllRouters:
		d.Add(allRouters)
	case ToMLDv2Routers:
		d.Add(allMLDv2Routers)
	}
	d.Strict = d.N > 0 && f.Dictation != ToRouterClients
	return d
}
