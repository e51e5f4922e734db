package packet

// Types of ICMP and ICMPv6 messages in IANA's lists, after the protocol's number.
const (
	icmpEchoReply      = ProtoICMP << 8 // 0
	icmpUnreachable    = ProtoICMP<<8 | 3
	icmpSourceQuench   = ProtoICMP<<8 | 4
	icmpRedirect       = ProtoICMP<<8 | 5
	icmpEchoRequest    = ProtoICMP<<8 | 8
	icmpTimeExceeded   = ProtoICMP<<8 | 11
	icmpParameter      = ProtoICMP<<8 | 12
	icmp6Unreachable   = ProtoICMPv6<<8 | 1
	icmp6TooBig        = ProtoICMPv6<<8 | 2
	icmp6TimeExceeded  = ProtoICMPv6<<8 | 3
	icmp6Parameter     = ProtoICMPv6<<8 | 4
	icmp6EchoRequest   = ProtoICMPv6<<8 | 128
	icmp6EchoReply     = ProtoICMPv6<<8 | 129
	icmp6Solicitation  = ProtoICMPv6<<8 | 135
	icmp6Advertisement = ProtoICMPv6<<8 | 136
)

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
	switch kind := icmpKind(proto, b[0]); {
	case kind == icmpAsks && b[1] == 0:
		x.asks(Echo, v, 0, 0, uint64(be32(b[4:])))
	case kind == icmpAnswers && b[1] == 0:
		x.answers(Echo, v, 0, 0, uint64(be32(b[4:])))
	case kind == icmpFails:
		x.Quoted = quotedName(v, b)
	case proto == ProtoICMPv6 && len(b) >= neighborLen && b[1] == 0:
		x.readNeighbor(v, b)
	}
}

// icmpRole is what an ICMP or ICMPv6 message does, of either version.
type icmpRole uint8

const (
	icmpOther icmpRole = iota
	icmpAsks           // an echo request
	icmpAnswers
	icmpFails // an error, with what it is about
)

func icmpKind(proto, kind uint8) icmpRole {
	switch uint16(proto)<<8 | uint16(kind) {
	case icmpEchoRequest, icmp6EchoRequest:
		return icmpAsks
	case icmpEchoReply, icmp6EchoReply:
		return icmpAnswers
	case icmpUnreachable, icmpSourceQuench, icmpRedirect, icmpTimeExceeded, icmpParameter,
		icmp6Unreachable, icmp6TooBig, icmp6TimeExceeded, icmp6Parameter:
		return icmpFails
	}
	return icmpOther
}

// readNeighbor names a solicitation, and the advertisement that answers it, by
// the target and the one who asks: solicitations go to a multicast address.
// Solicited advertisements alone answer; the others have their own reasons.
func (x *Exchange) readNeighbor(v *View, b []byte) {
	const solicited = 0x40
	target := (*Addr)(b[icmpLen:neighborLen])
	name := func(asker *Addr) uint64 { return begin(Neighbor).addr(target).addr(asker).name() }
	switch kind := ProtoICMPv6<<8 | int(b[0]); {
	case kind == icmp6Solicitation:
		x.Kind, x.Cause = Neighbor, name(&v.Src)
	case kind == icmp6Advertisement && b[4]&solicited != 0:
		x.Kind, x.Effect = Neighbor, name(&v.Dst)
	}
}

// Errors quote the start of what they are about (RFC 792; RFC 4443, section
// 2.4): its IP header and at least selfLen bytes after it.
const selfLen = 8

// salt of the names that errors quote, beside the kinds of exchanges.
const quoteSalt ExchangeKind = 255

// QuotesPacket reports whether upper looks like an error of ICMP or ICMPv6 that
// quotes a packet: where no packet of a capture does, nobody needs a SelfName.
func QuotesPacket(proto uint8, upper []byte) bool {
	if len(upper) <= icmpLen || icmpKind(proto, upper[0]) != icmpFails {
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
		if role := icmpKind(proto, upper[0]); role != icmpAsks && role != icmpAnswers {
			return 0
		}
		start &^= checksum // a network card may have filled it in later
	}
	return begin(quoteSalt).addr(&v.Src).addr(&v.Dst).add(uint64(proto)<<32 | uint64(uint32(v.UpperLen))).add(start).name()
}
