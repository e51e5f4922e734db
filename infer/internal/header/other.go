package header

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"

	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
)

// Next Header values of the protocols beyond the three, by IANA's list.
const (
	protoIPv4    = 4
	ProtoDCCP    = 33
	protoRSVP    = 46
	protoGRE     = 47
	protoEIGRP   = 88
	protoOSPF    = 89
	ProtoPIM     = 103
	protoVRRP    = 112
	ProtoSCTP    = 132
	ProtoUDPLite = 136
)

// Other is what data look like under a protocol beyond the three. Bits of its
// plausibility allow for how rare the protocol is.
type Other struct {
	Protocol uint8
	summed   bool   // a checksum with pseudo-header can be verified
	Proved   bool   // its own checksum came out, or what is inside agrees with the length
	twice    bool   // PIM Register: some senders' checksum covers all of the data
	Serial   bool   // it may be ESP, if its sequence goes on
	covered  uint16 // folded sum of source, pseudo-header length and what the checksum covers
	bits     int8
}

// readOther finds the most plausible protocol beyond the three; that which the
// sniffer recorded, if it did. Most packets are none of them, which their first
// bytes tell without a call.
func (f *Facts) readOther(data []byte) {
	f.Other = Other{Protocol: f.NextHeader}
	if len(data) >= 8 {
		f.readNumbered(data)
		if data[0]&^greFlags == 0 && data[1] == 0 {
			f.consider(readGRE(data, f.length, f.whole))
		}
		if len(data) >= dccpLeast && data[8]>>5 == 0 {
			f.consider(f.readDCCP(data))
		}
		if sctpBegins(data, f.whole) {
			f.consider(readSCTP(data, f.whole))
		}
		if f.Bits == [Hypotheses]int8{} {
			f.consider(f.readUDPLite(data))
		}
	}
	if f.Other.bits == 0 && f.Bits == [Hypotheses]int8{} {
		f.consider(f.readESP(data))
	}
	f.Bits[AsOther] = f.Other.bits
}

// readNumbered tries the protocols that begin with a version or a number of
// their own.
func (f *Facts) readNumbered(data []byte) {
	switch first := data[0]; {
	case first > 0x6F:
	case first == 3:
		f.consider(f.readOSPF(data))
	case first == 0x31:
		f.consider(f.readVRRP(data))
	case first>>4 == 2:
		f.consider(f.readPIM(data))
	case first == 2:
		f.consider(readEIGRP(data, f.whole))
	case first == 0x10:
		f.consider(readRSVP(data, f.whole))
	case first == packet.ProtoNoNext:
		f.consider(f.readMobility(data))
	case first>>4 == 4:
		f.consider(Other{Protocol: protoIPv4, Proved: true, bits: 30}, insideIPv4(data, f.length))
	case first>>4 == 6:
		f.consider(Other{Protocol: packet.ProtoIPv6, Proved: true, bits: 22}, insideIPv6(data, f.length))
	}
}

// consider takes o for the most plausible if it is.
func (f *Facts) consider(o Other, ok bool) {
	if ok && o.bits > f.Other.bits && (f.NextHeader == packet.NoNextHeaderKnown || f.NextHeader == o.Protocol) {
		f.Other = o
	}
}

// cover returns o with the sum of what a checksum with pseudo-header covers: the first
// n bytes of data, and length in the pseudo-header. Nothing can be verified if they
// were cut off.
func (f *Facts) cover(o Other, data []byte, n int, length uint32) Other {
	if n <= len(data) {
		pseudo := packet.PseudoHeader(f.Src, packet.Addr{}, length, 0)
		o.covered, o.summed = packet.Fold(pseudo+packet.Sum(data[:n])), true
	}
	return o
}

// readOSPF is OSPFv3's (RFC 5340, appendix A.3.1): a length of its own, which
// the pseudo-header takes; after it there may be a trailer (RFC 7166), which
// leaves the checksum zero, or a block of link-local signalling (RFC 5613).
func (f *Facts) readOSPF(data []byte) (o Other, ok bool) {
	const header, types = 16, 5
	if len(data) < header || data[1] < 1 || data[1] > types || data[15] != 0 {
		return o, false
	}
	length := binary.BigEndian.Uint16(data[2:])
	if length < header || uint32(length) > f.length || (f.length-uint32(length))%4 != 0 {
		return o, false
	}
	o = Other{Protocol: protoOSPF, bits: 20}
	if data[12]|data[13] != 0 {
		o = f.cover(o, data, int(length), uint32(length))
	}
	return o, true
}

// readVRRP is VRRPv3's advertisement (RFC 9568, section 5).
func (f *Facts) readVRRP(data []byte) (o Other, ok bool) {
	if data[3] == 0 || f.length != 8+16*uint32(data[3]) || data[4]>>4 != 0 {
		return o, false
	}
	return f.cover(Other{Protocol: protoVRRP, bits: 14}, data, int(f.length), f.length), true
}

// readPIM is PIM's (RFC 7761, section 4.9): the checksum of a Register covers
// its first 8 bytes alone.
func (f *Facts) readPIM(data []byte) (o Other, ok bool) {
	const types, hello, register, bootstrap = 13, 0, 1, 4
	kind := data[0] & 0x0F
	if kind > types || data[1] != 0 && kind != bootstrap {
		return o, false
	}
	o = Other{Protocol: ProtoPIM, bits: 5}
	switch kind {
	case register:
		o.twice = f.whole
		return f.cover(o, data, 8, 8), true
	case hello:
		option := func(b []byte) int { return 4 + int(binary.BigEndian.Uint16(b[2:])) }
		if f.whole && !filled(data[4:], true, 4, option) {
			return o, false
		}
		o.bits = 14
	}
	return f.cover(o, data, int(f.length), f.length), true
}

// filled reports whether records fill b; size returns the length of the one that b
// begins with, of least bytes or more, and fewer where none has that shape. all says that
// b was captured to its end, else its last record may have been cut off.
func filled(b []byte, all bool, least int, size func(b []byte) int) bool {
	for len(b) > 0 {
		if len(b) < least {
			return !all
		}
		switch n := size(b); {
		case n < least:
			return false
		case n > len(b):
			return !all
		default:
			b = b[n:]
		}
	}
	return true
}

// readMobility is that of a Mobility Header (RFC 6275, section 6.1) or of HIP
// (RFC 7401, section 5.1): both name no payload, and count their length in 8
// bytes beyond the first.
func (f *Facts) readMobility(data []byte) (o Other, ok bool) {
	const mobilityTypes = 21
	if f.length != 8+8*uint32(data[1]) {
		return o, false
	}
	switch version := data[3] >> 4; {
	case data[3] == 0 && data[2] <= mobilityTypes:
		o = Other{Protocol: packet.ProtoMobility, bits: 16}
	case data[2] < 128 && data[3]&1 == 1 && (version == 1 || version == 2):
		o = Other{Protocol: packet.ProtoHIP, bits: 13}
	default:
		return o, false
	}
	return f.cover(o, data, int(f.length), f.length), true
}

// dccpHeaders are the least header lengths by packet type with 48-bit sequence
// numbers (RFC 4340, sections 5.1 to 5.6), bytes.
var dccpHeaders = [...]int{20, 28, 16, 24, 24, 24, 24, 28, 24, 24}

// dccpLeast is less than any DCCP header, bytes.
const dccpLeast = 12

// readDCCP is DCCP's (RFC 4340, section 5.1), of data whose reserved bits are
// zero; CsCov says what of the payload
// its checksum covers (section 9.2).
func (f *Facts) readDCCP(data []byte) (o Other, ok bool) {
	kind, extended := int(data[8]>>1&0x0F), data[8]&1 == 1
	if kind >= len(dccpHeaders) {
		return o, false
	}
	least := dccpHeaders[kind]
	o = Other{Protocol: ProtoDCCP, bits: 10}
	switch {
	case extended && data[9] != 0:
		return o, false
	case !extended && (kind < 2 || kind > 4):
		return o, false
	case !extended:
		least -= 4 + 4*min(1, kind-2)
		o.bits = 3
	}
	header := int(data[4]) * 4
	if header < least || header > int(f.length) {
		return o, false
	}
	end := int(f.length)
	if part := int(data[5] & 0x0F); part > 0 {
		if end = header + (part-1)*4; end > int(f.length) {
			return o, false
		}
	}
	return f.cover(o, data, end, f.length), true
}

// readUDPLite is UDP-Lite's (RFC 3828, section 3.1), of data that are none of the
// three. With a coverage of all its
// length it looks like UDP, and is not told from that.
func (f *Facts) readUDPLite(data []byte) (o Other, ok bool) {
	coverage := uint32(binary.BigEndian.Uint16(data[4:]))
	o = Other{Protocol: ProtoUDPLite, bits: 6}
	switch {
	case data[6]|data[7] == 0, coverage >= f.length, coverage > 0 && coverage < UdpHeader:
		return o, false
	case coverage == 0: // so do the first packets of ESP look
		coverage = f.length
		o.Serial = true
		f.Seq = tcp.Seq(binary.BigEndian.Uint32(data[4:]))
	case coverage > UdpHeader:
		o.bits = 1
	}
	return f.cover(o, data, int(coverage), f.length), true
}

// castagnoli is SCTP's polynomial (RFC 9260, appendix A).
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sctpHeader is the length of SCTP's common header, bytes.
const sctpHeader = 12

// sctpChunk reports whether kind is a known chunk type.
func sctpChunk(kind uint8) bool {
	return kind <= 15 || kind == 0x40 || kind >= 0x80 && kind <= 0x84 || kind >= 0xC0 && kind <= 0xC2
}

// sctpBegins reports whether data may be SCTP by their first chunk; all says that
// they were captured to their end.
func sctpBegins(data []byte, all bool) bool {
	if len(data) < sctpHeader+4 || !sctpChunk(data[sctpHeader]) {
		return false
	}
	n := int(binary.BigEndian.Uint16(data[sctpHeader+2:]))
	return !all || n <= len(data)-sctpHeader
}

// readSCTP is SCTP's (RFC 9260, section 3), of data that begin so: chunks that
// fill the packet, and a CRC32c over it all, with the field zero, that covers no
// address.
func readSCTP(data []byte, all bool) (o Other, ok bool) {
	chunk := func(b []byte) int {
		if n := int(binary.BigEndian.Uint16(b[2:])); n >= 4 && sctpChunk(b[0]) {
			return (n + 3) &^ 3
		}
		return 0
	}
	if !filled(data[sctpHeader:], all, 4, chunk) {
		return o, false
	}
	o = Other{Protocol: ProtoSCTP, bits: 4}
	if !all {
		return o, true
	}
	crc := crc32.Update(0, castagnoli, data[:8])
	crc = crc32.Update(crc, castagnoli, []byte{0, 0, 0, 0})
	crc = crc32.Update(crc, castagnoli, data[sctpHeader:])
	if binary.LittleEndian.Uint32(data[8:]) == crc {
		o.bits, o.Proved = 30, true
	}
	return o, true
}

// readEIGRP is EIGRP's (RFC 7868, section 6.3): a checksum of its own over all.
func readEIGRP(data []byte, all bool) (o Other, ok bool) {
	const header, opcodes = 20, 11
	if !all || len(data) < header || data[1] == 0 || data[1] > opcodes || packet.Fold(packet.Sum(data)) != 0xFFFF {
		return o, false
	}
	field := func(b []byte) int { return int(binary.BigEndian.Uint16(b[2:])) }
	return Other{Protocol: protoEIGRP, Proved: true, bits: 24}, filled(data[header:], true, 4, field)
}

// readRSVP is RSVP's (RFC 2205, section 3.1): objects that fill its length, and
// a checksum of its own, or none.
func readRSVP(data []byte, all bool) (o Other, ok bool) {
	const header = 8
	summed := data[2]|data[3] != 0
	if !all || data[1] == 0 || data[5] != 0 || int(binary.BigEndian.Uint16(data[6:])) != len(data) ||
		summed && packet.Fold(packet.Sum(data)) != 0xFFFF {
		return o, false
	}
	object := func(b []byte) int {
		if n := int(binary.BigEndian.Uint16(b)); n%4 == 0 {
			return n
		}
		return 0
	}
	return Other{Protocol: protoRSVP, Proved: true, bits: 24}, filled(data[header:], true, 4, object)
}

// greFlags are GRE's flags: with a checksum, a key and a number.
const greFlags = 0xB0

// readGRE is GRE's (RFC 2784 and 2890), of data without other flags: a checksum
// of its own, or an IP packet inside that agrees with the length.
func readGRE(data []byte, length uint32, all bool) (o Other, ok bool) {
	const summed = 0x80
	header := 4 + 4*bits.OnesCount8(data[0]&greFlags)
	if len(data) < header {
		return o, false
	}
	o = Other{Protocol: protoGRE, Proved: true, bits: 22}
	inside, rest := data[header:], length-uint32(header)
	switch binary.BigEndian.Uint16(data[2:]) {
	case 0x0800:
		ok = insideIPv4(inside, rest)
	case 0x86DD:
		ok = insideIPv6(inside, rest)
	case 0x6558, 0x8847, 0x88BE, 0x22EB: // bridged Ethernet, MPLS, ERSPAN
		ok = all && data[0]&summed != 0 && packet.Fold(packet.Sum(data)) == 0xFFFF
	}
	return o, ok
}

// insideIPv4 reports whether data begin with an IPv4 header whose checksum is
// right and whose length is theirs.
func insideIPv4(data []byte, length uint32) bool {
	const least = 20
	if len(data) < least || data[0]>>4 != 4 {
		return false
	}
	header := int(data[0]&0x0F) * 4
	return header >= least && header <= len(data) && uint32(binary.BigEndian.Uint16(data[2:])) == length &&
		packet.Fold(packet.Sum(data[:header])) == 0xFFFF
}

// insideIPv6 reports whether data begin with an IPv6 header whose length is
// theirs, whose addresses are of a kind that is in use, and whose Next Header
// is a common one.
func insideIPv6(data []byte, length uint32) bool {
	if len(data) < ipv6Header || data[0]>>4 != 6 || uint32(binary.BigEndian.Uint16(data[4:]))+ipv6Header != length {
		return false
	}
	switch data[6] {
	case packet.ProtoHopByHop, protoIPv4, packet.ProtoTCP, packet.ProtoUDP, packet.ProtoIPv6, packet.ProtoRouting,
		packet.ProtoFragment, protoGRE, packet.ProtoESP, packet.ProtoAH, packet.ProtoICMPv6, packet.ProtoNoNext,
		packet.ProtoDestOpts, protoOSPF, ProtoPIM, ProtoSCTP:
	default:
		return false
	}
	src, dst := packet.Addr(data[8:24]), packet.Addr(data[24:40])
	return src.InUse() && !src.IsMulticast() && dst.InUse()
}

// readESP is ESP's (RFC 4303, section 2), which nothing proves but that its
// sequence numbers go on: see continuous.
func (f *Facts) readESP(data []byte) (o Other, ok bool) {
	const least, reserved = 16, 256
	if len(data) < least || f.length%4 != 0 || binary.BigEndian.Uint32(data) < reserved {
		return o, false
	}
	f.Seq = tcp.Seq(binary.BigEndian.Uint32(data[4:]))
	return Other{Protocol: packet.ProtoESP, Serial: true, bits: 1}, true
}
