package packet

import (
	"fmt"
	"strconv"
	"strings"
)

// maxTunnels is how many tunnels inside one another are looked into.
const maxTunnels = 16

// IP protocols that lead into tunnels, by their IANA numbers.
const (
	protoIPv4     = 4
	protoGRE      = 47
	protoEtherIP  = 97
	protoIPComp   = 108
	protoL2TP     = 115
	protoMPLS     = 137
	protoEthernet = 143
)

// Tunnels says what UDP ports lead into besides those that Wireshark 4.0 dissects as
// tunnels without being told, and sessions of L2TPv3. The zero value adds nothing.
type Tunnels struct {
	ports    map[uint16]encapsulation
	sessions *Sessions // nil where they are not followed

	// Of sessions of L2TPv3, as stated.
	pseudowire encapsulation // where no control message has said what is in it
	cookie     *int          // whatever they said; nil without
	sublayer   *uint16       // the same
}

// Following returns t with sessions of L2TPv3 read, too: from then on packets have to be
// decoded in the order of the capture, by one goroutine, each of them once.
func (t Tunnels) Following(sessions *Sessions) Tunnels {
	t.sessions = sessions
	return t
}

// decodable are the tunnels that a UDP port can be said to lead into, by Wireshark's
// names; data is for a port that doesn't lead into any.
var decodable = []struct {
	name string
	encapsulation
}{
	{"vxlan", vxlanHeader}, {"vxlan_gpe", vxlanGPEHeader}, {"geneve", geneveHeader}, {"gtp", gtpHeader}, {"teredo", teredoHeader},
	{"l2tp", l2tpHeader}, {"gre", greHeader}, {"mpls", mplsLabel}, {"lisp-data", lispHeader}, {"udpencap", espUDPHeader},
	{"data", unknownEncapsulation},
}

// DecodeAs adds what one statement in the notation of tshark's options -d and -o says, such
// as "udp.port==4790,vxlan", or "l2tp.pw_type==0,eth" and "l2tp.cookie_size:cookie8" of
// sessions of L2TPv3.
func (t *Tunnels) DecodeAs(statement string) error {
	if strings.HasPrefix(statement, "l2tp.") {
		return t.decodeSessions(statement)
	}
	selector, name, _ := strings.Cut(statement, ",")
	text, ok := strings.CutPrefix(selector, "udp.port==")
	port, err := strconv.ParseUint(text, 10, 16)
	if !ok || err != nil {
		return fmt.Errorf("%q is not of the form udp.port==NUMBER,TUNNEL", statement)
	}
	var names []string
	for _, d := range decodable {
		if d.name == name {
			if t.ports == nil {
				t.ports = make(map[uint16]encapsulation)
			}
			t.ports[uint16(port)] = d.encapsulation
			return nil
		}
		names = append(names, d.name)
	}
	return fmt.Errorf("%q is no tunnel over UDP that is read: one of %s", name, strings.Join(names, ", "))
}

// ofPort returns the tunnel that a UDP port leads into.
func (t Tunnels) ofPort(port uint16) encapsulation {
	if len(t.ports) > 0 {
		if e, ok := t.ports[port]; ok {
			return e
		}
	}
	switch port { // as tshark -G decodes of Wireshark 4.0 lists them
	case 1701:
		return l2tpHeader
	case 2123, 2152:
		return gtpHeader
	case 3544:
		return teredoHeader
	case 4341:
		return lispHeader
	case 4500:
		return espUDPHeader
	case 4754:
		return greHeader
	case 4789:
		return vxlanHeader
	case 4790:
		return vxlanGPEHeader
	case 5072, 5247: // AYIYA, CAPWAP data
		return unreadTunnel
	case 6081:
		return geneveHeader
	case 6635:
		return mplsLabel
	}
	return unknownEncapsulation
}

// ofPorts returns the tunnel that a UDP datagram with these ports is of; the lower one
// is asked first, as Wireshark does.
func (t Tunnels) ofPorts(a, b uint16) encapsulation {
	if e := t.ofPort(min(a, b)); e != unknownEncapsulation {
		return e
	}
	return t.ofPort(max(a, b))
}

// ofProtocol returns what an IP protocol leads into.
func ofProtocol(proto uint8) encapsulation {
	switch proto {
	case protoIPv4, ProtoIPv6:
		return ipHeader
	case protoGRE:
		return greHeader
	case ProtoAH:
		return ahHeader
	case ProtoESP, protoIPComp:
		return hiddenPacket
	case protoEtherIP:
		return etherIPHeader
	case protoL2TP:
		return l2tpIPHeader
	case protoMPLS:
		return mplsLabel
	case protoEthernet:
		return ethernetHeader
	}
	return unknownEncapsulation
}

// Unread says why what is in a packet was not read as far as there is something to
// read.
type Unread uint8

// The reasons.
const (
	AllRead    Unread = iota
	Fragmented        // a fragment of a packet of which others are missing
	CutOff            // the capture or the packet ends in a header
	Hidden            // encrypted or compressed
	NotKnown          // what a tunnel carries is nothing that is read, or malformed
	TooDeep           // more than maxTunnels tunnels inside one another
	NoDecoder         // of a link type that is not read
	NoHeader          // its IPv6 header is missing, and what it says comes next could not be inferred
	Unreads           // how many there are
)

// String returns the reason's name in reports.
func (u Unread) String() string {
	return [Unreads]string{Fragmented: "fragment", CutOff: "cut", Hidden: "hidden", NotKnown: "unknown", TooDeep: "nested", NoDecoder: "link", NoHeader: "header"}[u]
}

// Words says it of packets.
func (u Unread) Words() string {
	return [Unreads]string{
		Fragmented: "fragments, of which others are missing", CutOff: "cut off or malformed in a header",
		Hidden: "encrypted or compressed", NotKnown: "in a tunnel that is not read",
		TooDeep:   fmt.Sprintf("more than %d tunnels inside one another", maxTunnels),
		NoDecoder: "of a link type that is not read, or not as it was stated", NoHeader: "without a header, and their protocol could not be inferred",
	}[u]
}

// Decode looks into the tunnels of a packet whose view is outer, with its upper-layer
// protocol proto. It fills inner with the innermost IP packet that can be made out,
// and leaves its Form at NoIP where the packet is no tunnel's or holds none. Positions
// in inner are offsets into data, as those in outer are.
func (t Tunnels) Decode(inner, outer *View, proto uint8, data []byte) Unread {
	inner.Form = NoIP
	v := outer
	for depth := 0; ; depth++ {
		e, s := t.enter(v, proto, data)
		switch {
		case e == unknownEncapsulation:
			return AllRead
		case v.Partial:
			return Fragmented
		case depth == maxTunnels:
			return TooDeep
		}
		next := View{VLAN: v.VLAN}
		if unread := s.decode(&next, e); unread != AllRead || next.Form == NoIP {
			return unread
		}
		*inner = next
		v, proto = inner, next.Proto
	}
}

// enter returns what the packet's upper layer leads into, and where that is.
func (t Tunnels) enter(v *View, proto uint8, data []byte) (encapsulation, span) {
	s := span{v.Upper, v.Upper + v.UpperLen, data[:v.End]}
	if v.Fragment && (proto == ProtoUDP || isExtension(proto)) {
		return unreadTunnel, s // or none: the first fragment says that
	}
	if proto != ProtoUDP {
		e := ofProtocol(proto)
		if e == l2tpIPHeader {
			return t.l2tp(v, e, s)
		}
		return e, s
	}
	const udpLen = 8
	h := s.data[s.begin:]
	if len(h) < udpLen {
		return unknownEncapsulation, s
	}
	e := t.ofPorts(be16(h), be16(h[2:]))
	if e == unknownEncapsulation {
		return e, s
	}
	length := int(be16(h[4:]))
	if length < udpLen {
		return unreadTunnel, s
	}
	s.end = min(s.end, s.begin+length)
	s.data = s.data[:min(s.end, len(s.data))]
	s.begin += udpLen
	if e == l2tpHeader {
		return t.l2tp(v, e, s)
	}
	return e, s
}

// span is a part of a packet: where it begins and ends on the wire, and the captured
// bytes up to its end.
type span struct {
	begin, end int
	data       []byte
}

// bound ends the span where the length in the header says so.
func (s *span) bound(e encapsulation) {
	h := s.data[s.begin:]
	if len(h) < 4 {
		return
	}
	length := int(be16(h[2:]))
	switch {
	case e == gtpHeader && h[0]>>5 == 1:
		length += 8
	case e == l2tpHeader && be16(h)&0x400F == 0x4002 && length > 0:
	default:
		return
	}
	s.end = min(s.end, s.begin+length)
	s.data = s.data[:min(s.end, len(s.data))]
}

// decode looks through the encapsulations that begin with e, and decodes the IP packet
// after them.
func (s *span) decode(v *View, e encapsulation) Unread {
	for e > ipHeader && s.begin < len(s.data) {
		s.bound(e)
		length, next := e.read(s.data[s.begin:])
		if e == vlanTag && length > 0 {
			v.VLAN = be16(s.data[s.begin:]) & maxVLAN
		}
		s.begin += length
		e = next
	}
	whole := len(s.data) >= s.end
	switch {
	case e == hiddenPacket:
		return Hidden
	case e == noPacket, whole && s.begin == s.end:
		return AllRead // there is nothing in it
	case e == ipHeader:
		decodeIP(v, s.data, s.begin, s.end)
		v.UpperLen = max(0, min(v.UpperLen, s.end-v.Upper))
		if offloaded := v.Version == 6 && v.UpperLen > 0 && be16(s.data[s.begin+4:]) == 0 && v.UpperLen <= 0xFFFF; offloaded {
			v.Form = NoIP // Wireshark doesn't take it for one
		}
	}
	switch {
	case v.Form == Whole:
		return AllRead
	case !whole:
		return CutOff
	}
	*v = View{}
	return NotKnown
}
