package infer

import "github.com/mendcap/mendcap/internal/packet"

// dictation says how the payload dictates the destination.
type dictation uint8

const (
	dictatesNothing dictation = iota
	toQuotedSource            // an ICMPv6 error goes to whom it quotes (RFC 4443, section 2.2)
	toSolicited               // Neighbour Solicitation: the target's solicited-node group, or the target
	toAllNodes                // unsolicited Neighbour Advertisement, General Query
	toSolicitor               // solicited Neighbour Advertisement: who asked
	toAllRouters              // Router Solicitation, MLD Done (RFC 2710, section 5)
	toRouterClients           // Router Advertisement: all nodes, or who asked
	toGroup                   // MLDv1 Report, specific Query: the group
	toMLDv2Routers            // MLDv2 Report (RFC 3810, section 5.2.14)
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

// wellKnown are the groups of IANA's list that hosts and routers send to.
var wellKnown = []packet.Addr{
	allNodes, allRouters, allMLDv2Routers,
	group(0x02, 0x05), group(0x02, 0x06), group(0x02, 0x09), group(0x02, 0x0A), group(0x02, 0x0C),
	group(0x02, 0x0D), group(0x02, 0x12), group(0x02, 0x6A), group(0x02, 0xFB), group(0x02, 1, 1),
	group(0x02, 0, 1, 0, 2), group(0x02, 0, 1, 0, 3), group(0x05, 0x02), group(0x05, 0x0C), group(0x05, 0xFB),
	group(0x05, 0, 1, 0, 3), group(0x05, 1, 1), group(0x08, 0x0C), group(0x0E, 0x0C), group(0x0E, 1, 1),
}

// solicitedNode returns the group that neighbours of a listen to (RFC 4291,
// section 2.7.1).
func solicitedNode(a packet.Addr) packet.Addr {
	return group(0x02, 1, 0xFF, a[13], a[14], a[15])
}

// dictationOf reads the ICMPv6 message in data, which has its type's least
// length.
func dictationOf(icmpType uint8, data []byte) dictation {
	const solicited = 0x40 // RFC 4861, section 4.4
	switch icmpType {
	case icmpUnreachable, 2, 3, icmpParameter:
		return toQuotedSource
	case icmpNeighborSolicit:
		return toSolicited
	case icmpNeighborAdvert:
		if data[4]&solicited != 0 {
			return toSolicitor
		}
		return toAllNodes
	case icmpMLDQuery:
		if (packet.Addr(data[8:24]) == packet.Addr{}) {
			return toAllNodes
		}
		return toGroup
	case icmpMLDReport:
		return toGroup
	case icmpMLDDone, icmpRouterSolicit:
		return toAllRouters
	case icmpRouterAdvert:
		return toRouterClients
	case icmpMLDv2Report:
		return toMLDv2Routers
	}
	return dictatesNothing
}

// dictated is what a payload says: the destinations that it allows, and how
// firmly.
type dictated struct {
	to     [4]packet.Addr
	n      int
	strict bool // others would break the protocol
}

func (d *dictated) add(addresses ...packet.Addr) { d.n += copy(d.to[d.n:], addresses) }

// list returns the destinations.
func (d *dictated) list() []packet.Addr { return d.to[:d.n] }

// dictatedByPort returns what the ports of a UDP packet say of its destination.
func dictatedByPort(p ports) (d dictated) {
	switch p.destination() {
	case 443, 80, 53: // most packets
	default:
		d.add(portGroups[p.destination()]...)
	}
	return d
}

// protocolGroups are the groups that routers' protocols send to.
var protocolGroups = map[uint8][]packet.Addr{
	protoOSPF: {group(0x02, 5), group(0x02, 6)}, // RFC 5340, appendix A.1
	protoPIM:  {group(0x02, 0x0D)},              // RFC 7761, section 4.3.1
	protoVRRP: {group(0x02, 0x12)},              // RFC 9568, section 5.1.2.2
}

// dictatedByProtocol returns the groups of a protocol. Some of its packets go
// to one router instead.
func dictatedByProtocol(protocol uint8) (d dictated) {
	d.add(protocolGroups[protocol]...)
	return d
}

// dictates returns what f's payload, read under h, says of the destination.
// Who asked for an advertisement is not in the packet: see solicited.
func (f *facts) dictates(h hypothesis) (d dictated) {
	switch h {
	case asTCP:
		return d
	case asUDP:
		return dictatedByPort(f.ports)
	case asOther:
		return dictatedByProtocol(f.other.protocol)
	}
	switch f.dictation {
	case toQuotedSource, toGroup:
		d.add(f.target)
	case toSolicited:
		d.add(solicitedNode(f.target), f.target)
	case toAllNodes, toRouterClients:
		d.add(allNodes)
	case toAllRouters:
		d.add(allRouters)
	case toMLDv2Routers:
		d.add(allMLDv2Routers)
	}
	d.strict = d.n > 0 && f.dictation != toRouterClients
	return d
}
