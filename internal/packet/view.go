// Package packet finds the headers in a captured packet: link, IP, extension
// headers, TCP with its options. A View holds positions, never copies; the
// bytes stay the truth.
//
// It promises not to panic or to read beyond the captured bytes, whatever they
// are. It verifies nothing by itself. A view is of one captured packet; only an Assembler
// knows of several.
package packet

import "net/netip"

// LinkType is a LINKTYPE_ value as in the list of link-layer header types of
// tcpdump.org.
type LinkType uint16

// The link types whose packets begin with IP or with a header that says so; for others see
// encapsulation.
const (
	Null     LinkType = 0
	Ethernet LinkType = 1
	Raw      LinkType = 101
	Loop     LinkType = 108
	SLL      LinkType = 113
	User0    LinkType = 147
	User15   LinkType = 162
	IPv4     LinkType = 228
	IPv6     LinkType = 229
	SLL2     LinkType = 276
)

// Addr is an IPv6 address, or an IPv4 address mapped into IPv6
// (::ffff:0:0/96), in network order: comparable, and free of pointers.
type Addr [16]byte

// Netip returns a as a netip.Addr, IPv4 unmapped.
func (a Addr) Netip() netip.Addr { return netip.AddrFrom16(a).Unmap() }

// AddrOf returns ip as an Addr; a zone is dropped.
func AddrOf(ip netip.Addr) Addr { return ip.As16() }

// Form says how much of its IP header a packet has.
type Form uint8

// The forms of a record.
const (
	NoIP      Form = iota // no IP packet, or none that could be made out
	Whole                 // with the IP header that it had on the wire
	Stub                  // IPv6 header made up by the sniffer: destination :: , source filled in
	Sockaddr6             // a sockaddr_in6, then what followed the IPv6 header
	Sockaddr4             // a sockaddr_in, then a whole IPv4 packet
)

// Headerless reports whether the IPv6 header has to be inferred.
func (f Form) Headerless() bool { return f == Stub || f == Sockaddr6 }

// NoNextHeaderKnown is the Next Header value for "unknown" (reserved by
// RFC 5237's registry).
const NoNextHeaderKnown = 255

// Upper-layer protocols and extension headers by their IANA numbers.
const (
	ProtoHopByHop = 0
	ProtoICMP     = 1
	ProtoTCP      = 6
	ProtoUDP      = 17
	ProtoIPv6     = 41
	ProtoRouting  = 43
	ProtoFragment = 44
	ProtoESP      = 50
	ProtoAH       = 51
	ProtoICMPv6   = 58
	ProtoNoNext   = 59
	ProtoDestOpts = 60
	ProtoMobility = 135
	ProtoHIP      = 139
	ProtoShim6    = 140
)

// View says where the headers of one packet lie. Positions are offsets into
// the captured bytes and never beyond their end.
type View struct {
	Form    Form
	Version uint8 // 4 or 6, 0 without IP
	// Proto is the upper-layer protocol after all extension headers. For a
	// headerless packet it is the sniffer's Next Header, NoNextHeaderKnown if
	// that is unknown (255, or 59 with data after it).
	Proto    uint8
	TTL      uint8 // TTL or Hop Limit
	Fragment bool  // a fragment other than the first: no upper-layer header here
	Partial  bool  // any fragment that is not the whole datagram
	// Lengthless is an IPv6 packet of TCP whose Payload Length is 0, as segmentation
	// offload leaves it: it is taken to be as long as the record.
	Lengthless bool
	// L2TPv3 says that Tunnels.Decode has found this protocol: what comes next control
	// messages have said before.
	L2TPv3   bool
	Outgoing bool // the link header says that the host sent it (SLL packet type 4)

	Net   int // offset of the IP header; of the sockaddr for Sockaddr6 and Sockaddr4
	Upper int // offset of the upper-layer header; of the data for a headerless packet
	End   int // offset after the captured upper-layer data (link padding excluded)
	// UpperLen is the length of the upper-layer data on the wire; more than
	// End-Upper where the capture was truncated by its snap length.
	UpperLen int

	IPID uint16 // IPv4 Identification
	VLAN uint16 // VLAN Identifier of the last tag before the IP header, 0 without

	Src, Dst Addr   // Dst is :: for a headerless packet whose destination is unknown
	Zone     uint32 // scope id of a sockaddr_in6
}
