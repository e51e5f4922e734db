package etw

import (
	"encoding/binary"
	"net/netip"
	"strconv"
)

// madeTTL is the time to live, or hop limit, of headers that are made up.
const madeTTL = 64

// unknownProtocol is the protocol of a made-up header before data whose own header is
// missing: one for experiments (RFC 3692), which no analyser reads anything into.
const unknownProtocol = 253

// endpoints are what an event states of a packet whose headers it doesn't hold.
type endpoints struct {
	source, destination         netip.Addr // of one family
	protocol                    uint8
	sourcePort, destinationPort uint16
}

var (
	made4 = []byte("source, destination, protocol as stated; made up type of service 0, identification 0, fragment offset 0, time to live 64, header checksum")
	made6 = []byte("source, destination, next header as stated; made up traffic class 0, flow label 0, hop limit 64")
)

// appendIP appends an IP header without options before n bytes, and returns what is made
// up of it. IPv4's checksum is right. A length that its field can't hold is stated as 0,
// as for a large send.
func (p *endpoints) appendIP(to []byte, protocol uint8, n int) (header, made []byte) {
	if p.source.Is4() {
		return p.appendIPv4(to, protocol, n), made4
	}
	const version = 6 << 28
	to = binary.BigEndian.AppendUint32(to, version)
	to = binary.BigEndian.AppendUint16(to, fitting(n))
	to = append(to, protocol, madeTTL)
	source, destination := p.source.As16(), p.destination.As16()
	to = append(to, source[:]...)
	return append(to, destination[:]...), made6
}

func (p *endpoints) appendIPv4(to []byte, protocol uint8, n int) []byte {
	start := len(to)
	to = append(to, 4<<4|ipv4Header/4, 0)
	to = binary.BigEndian.AppendUint16(to, fitting(ipv4Header+n))
	to = append(to, 0, 0, 0, 0, madeTTL, protocol, 0, 0)
	source, destination := p.source.As4(), p.destination.As4()
	to = append(to, source[:]...)
	to = append(to, destination[:]...)
	header := to[start:]
	binary.BigEndian.PutUint16(header[10:], ^fold(sum16(header)))
	return to
}

// fitting is a length as its 16 bits hold it, or 0.
func fitting(n int) uint16 {
	if n > 0xFFFF {
		return 0
	}
	return uint16(n)
}

// sum16 adds up the 16-bit words of b; an odd byte counts as if a zero followed.
func sum16(b []byte) (sum uint32) {
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	return sum
}

// fold brings a sum of words down to 16 bits (RFC 1071).
func fold(sum uint32) uint16 {
	for sum > 0xFFFF {
		sum = sum&0xFFFF + sum>>16
	}
	return uint16(sum)
}

// readPktMonData reads what PktMon has of a packet without its headers: a component above
// IP gave the addresses, the protocol and the ports beside it. No trace with such events
// was seen: the layout is that of the manifests since build 19041, and the ports are read
// as those of events 120 to 150, little-endian (Microsoft's parser for Network Monitor).
func (r *reader) readPktMonData(e *Event, version int) error {
	c := cursor{rest: e.Data}
	r.place(&c, e.ID == pktmonDataDrop4 || e.ID == pktmonDataDrop6)
	var p endpoints
	p.destination, p.source = c.address(version), c.address(version)
	p.protocol = c.u8()
	p.destinationPort, p.sourcePort = c.u16(), c.u16()
	original := int(c.u16())
	logged := int(c.u16())
	if err := c.err(); err != nil {
		return err
	}
	data := c.rest[:min(logged, len(c.rest))]
	original = max(original, len(data))
	r.p.at.link = LinkRaw
	r.data, r.made = p.appendMissing(r.data[:0], r.made[:0], data, original)
	r.p.Original = len(r.data) + original
	r.data = append(r.data, data...)
	r.p.Data, r.p.Made = r.data, r.made
	return nil
}

// address reads an IP address in network order.
func (c *cursor) address(version int) netip.Addr {
	size := 4
	if version == 6 {
		size = 16
	}
	if a, ok := netip.AddrFromSlice(c.take(size)); ok {
		return a
	}
	return netip.IPv4Unspecified() // the cursor is short
}

// appendMissing appends the headers that data lack, of which there were original
// bytes, and in words what was made up.
//
//   - Data that begin with the transport header need an IP header.
//   - A UDP header holds nothing but ports, length and checksum, so it can be made: with
//     the checksum 0, none, and with a computed one where IPv6 needs it (RFC 8200, section 8.1).
//   - Of other headers, TCP's above all, the numbers are missing. They are not made up: the
//     protocol says that what follows has no header, and the words what it was.
func (p *endpoints) appendMissing(to, words, data []byte, original int) (headers, made []byte) {
	if p.begins(data, original) {
		to, made = p.appendIP(to, p.protocol, original)
		return to, append(words, made...)
	}
	if p.protocol == protocolUDP {
		to, made = p.appendIP(to, protocolUDP, udpHeader+original)
		words = append(words, made...)
		words = append(words, "; UDP ports as stated; made up UDP length and checksum"...)
		return p.appendUDP(to, data, original), words
	}
	to, _ = p.appendIP(to, unknownProtocol, original)
	words = append(words, "unknown transport header of protocol "...)
	words = strconv.AppendUint(words, uint64(p.protocol), 10)
	words = append(words, " from port "...)
	words = strconv.AppendUint(words, uint64(p.sourcePort), 10)
	words = append(words, " to port "...)
	words = strconv.AppendUint(words, uint64(p.destinationPort), 10)
	words = append(words, ", which was not recorded; source, destination as stated; made up protocol 253, and of the header before it all else"...)
	return to, words
}

// begins says whether data begin with the transport header that the ports are of.
func (p *endpoints) begins(data []byte, original int) bool {
	if len(data) < 6 {
		return false
	}
	source, destination := binary.BigEndian.Uint16(data), binary.BigEndian.Uint16(data[2:])
	if source != p.sourcePort || destination != p.destinationPort {
		return false
	}
	switch p.protocol {
	case protocolUDP:
		return int(binary.BigEndian.Uint16(data[4:])) == original
	case protocolTCP:
		const offset, least = 12, 5
		return len(data) > offset && data[offset]>>4 >= least && int(data[offset]>>4)*4 <= original
	}
	return false
}

// appendUDP appends a UDP header before data, of which there were original bytes.
func (p *endpoints) appendUDP(to, data []byte, original int) []byte {
	start := len(to)
	length := fitting(udpHeader + original)
	to = binary.BigEndian.AppendUint16(to, p.sourcePort)
	to = binary.BigEndian.AppendUint16(to, p.destinationPort)
	to = binary.BigEndian.AppendUint16(to, length)
	to = append(to, 0, 0)
	if p.source.Is4() || original != len(data) {
		return to
	}
	source, destination := p.source.As16(), p.destination.As16()
	sum := sum16(source[:]) + sum16(destination[:]) + protocolUDP + uint32(length) + sum16(to[start:]) + sum16(data)
	checksum := ^fold(sum)
	if checksum == 0 {
		checksum = 0xFFFF // 0 is none
	}
	binary.BigEndian.PutUint16(to[start+6:], checksum)
	return to
}
