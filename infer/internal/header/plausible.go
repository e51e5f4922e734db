package header

import (
	"encoding/binary"

	"github.com/mendcap/mendcap/internal/tcp"
)

// Least lengths of the headers, bytes.
const (
	tcpHeader  = 20
	UdpHeader  = 8
	icmpHeader = 4
	ipv6Header = 40
)

// What a plausible header is worth, in bits (log2 of how rarely other data
// looks so).
const (
	udpShape   = 13 // the length field equals the data's length
	tcpShape   = 5  // offset, reserved bits and flags are sane
	tcpUrgent  = 6  // and the urgent pointer is zero without URG
	icmpv6Type = 8  // type and code are assigned, and what they ask for is there

	// icmpv6Seldom is for types that are seldom sent: another protocol's packet has one
	// of them in its first byte sooner than they are met.
	icmpv6Seldom = 3
)

// udpBits returns the bits of data that may be UDP (RFC 768), 0 where they are none; length
// is that on the wire.
func udpBits(data []byte, length uint32) int8 {
	if len(data) < UdpHeader || uint32(binary.BigEndian.Uint16(data[4:])) != length {
		return 0
	}
	return udpShape
}

// tcpBits returns the bits of data that may be TCP (RFC 9293, section 3.1), 0 where they are
// none.
func tcpBits(data []byte) int8 {
	if len(data) < tcpHeader {
		return 0
	}
	const reserved = 0x0E // the fourth bit is AE (RFC 9768)
	offset := int(data[12]>>4) * 4
	if offset < tcpHeader || data[12]&reserved != 0 || !saneFlags(tcp.Bits(data[13])) {
		return 0
	}
	options := data[tcpHeader:min(offset, len(data))]
	if !alignedTimestamps(options) && !filled(options, offset <= len(data), 1, tcpOption) {
		return 0
	}
	if data[18]|data[19] != 0 && data[13]&byte(tcp.URG) == 0 {
		return tcpShape
	}
	return tcpShape + tcpUrgent
}

// saneFlags reports whether a stack would send these flags together.
func saneFlags(flags tcp.Bits) bool {
	switch flags & (tcp.SYN | tcp.FIN | tcp.RST) {
	case tcp.SYN, tcp.RST:
		return true
	case 0, tcp.FIN:
		return flags.Has(tcp.ACK)
	}
	return false // two of them at once
}

// alignedTimestamps reports whether options are what most segments have (RFC 7323,
// appendix A).
func alignedTimestamps(options []byte) bool {
	return len(options) == 12 && binary.BigEndian.Uint32(options) == 1<<24|1<<16|8<<8|10
}

// tcpOptionLengths are the lengths that known options have (RFC 9293, 7323,
// 2018); 0 where any will do.
var tcpOptionLengths = [...]byte{2: 4, 3: 3, 4: 2, 8: 10}

// tcpOption returns the length of the option that b begins with: what is left, where it is
// the end of the list, and 0 where a known option has another length.
func tcpOption(b []byte) int {
	const end, noOperation = 0, 1
	kind := int(b[0])
	switch {
	case kind == end:
		return len(b)
	case kind == noOperation:
		return 1
	case len(b) < 2:
		return 2 // its length at least was cut off
	case kind < len(tcpOptionLengths) && tcpOptionLengths[kind] != 0 && b[1] != tcpOptionLengths[kind], b[1] < 2:
		return 0
	}
	return int(b[1])
}
