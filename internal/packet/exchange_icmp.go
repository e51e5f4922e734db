package packet

// Lengths in bytes: of the header of a message, and of one with the target
// address after it (RFC 4861, sections 4.3 and 4.4).
const (
	icmpLen     = 8
	neighborLen = icmpLen + 16
)

// readICMP names what a message of ICMP or ICMPv6 says.
func (x *Exchange) readICMP(v *View, proto uint8, b []byte) {
	if len(b) < icmpLen {
		return
	}
	switch role := icmpRole(proto, b[0]); {
	case role == asks && b[1] == 0:
		x.asks(Echo, v, 0, 0, uint64(be32(b[4:])))
	case role == answers && b[1] == 0:
		x.answers(Echo, v, 0, 0, uint64(be32(b[4:])))
	case role == fails:
		x.Quoted = quotedName(v, b)
	case len(b) >= neighborLen && b[1] == 0:
		x.readNeighbor(v, role, b)
	}
}

// The roles of the types in IANA's lists of ICMP's and ICMPv6's.
var (
	icmpRoles = [256]role{
		8: asks, 0: answers, // echo
		3: fails, 4: fails, 5: fails, // unreachable, source quench, redirect
		11: fails, 12: fails, // time exceeded, parameter problem
	}
	icmp6Roles = [256]role{
		1: fails, 2: fails, 3: fails, 4: fails, // unreachable, too big, time exceeded, parameter problem
		128: asks, 129: answers, // echo
		135: solicits, 136: advertises,
	}
)

func icmpRole(proto, kind uint8) role {
	switch proto {
	case ProtoICMP:
		return icmpRoles[kind]
	case ProtoICMPv6:
		return icmp6Roles[kind]
	}
	return noRole
}

// readNeighbor names a solicitation, and the advertisement that answers it, by
// the target and the one who asks: solicitations go to a multicast address.
// Solicited advertisements alone answer; the others have their own reasons.
func (x *Exchange) readNeighbor(v *View, role role, b []byte) {
	const solicited = 0x40
	target := (*Addr)(b[icmpLen:neighborLen])
	name := func(asker *Addr) uint64 { return begin(Neighbor).addr(target).addr(asker).name() }
	switch {
	case role == solicits:
		x.Kind, x.Cause = Neighbor, name(&v.Src)
	case role == advertises && b[4]&solicited != 0:
		x.Kind, x.Effect = Neighbor, name(&v.Dst)
	}
}

// Errors quote the start of what they are about (RFC 792; RFC 4443, section
// 2.4): its IP header and at least selfLen bytes after it.
const selfLen = 8

// quotes begins the names that errors quote, beside those of the kinds of exchanges.
var quotes = begin(255)

// QuotesPacket reports whether upper looks like an error of ICMP or ICMPv6 that
// quotes a packet: where no packet of a capture does, nobody needs a SelfName.
func QuotesPacket(proto uint8, upper []byte) bool {
	if len(upper) <= icmpLen || icmpRole(proto, upper[0]) != fails {
		return false
	}
	version := upper[icmpLen] >> 4
	return version == 4 && proto == ProtoICMP || version == 6 && proto == ProtoICMPv6
}

// quotedName is the SelfName of the packet that the error b quotes. A translator
// on the way may have changed addresses and ports in one of both: then the
// names just differ.
func quotedName(v *View, b []byte) uint64 {
	var q View
	quote := b[icmpLen:]
	decodeIP(&q, quote, 0, max(v.UpperLen-icmpLen, len(quote)))
	if q.Form != Whole || q.Version != v.Version {
		return 0
	}
	return SelfName(&q, q.Proto, quote[q.Upper:q.End])
}

// SelfName names the packet that v views as an error would quote it: by its
// addresses, its length, and the first 8 bytes of its upper layer. That has the
// ports and the sequence number of TCP, all of UDP's header, identifier and
// sequence number of an echo. Other packets have no name (0), nor have
// fragments but the first.
//
// The length tells a segment from what is sent in its place after an error that
// says it was too big (RFC 8201), with the same sequence number.
func SelfName(v *View, proto uint8, upper []byte) uint64 {
	if len(upper) < selfLen || !nameable(v) {
		return 0
	}
	start := be64(upper)
	if proto != ProtoTCP && proto != ProtoUDP {
		const checksum = 0xFFFF << 32
		if role := icmpRole(proto, upper[0]); role != asks && role != answers {
			return 0
		}
		start &^= checksum // a network card may have filled it in later
	}
	return quotes.addr(&v.Src).addr(&v.Dst).add(uint64(proto)<<32 | uint64(uint32(v.UpperLen))).add(start).name()
}
