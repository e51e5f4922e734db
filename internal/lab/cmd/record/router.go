//go:build linux

package record

import (
	"encoding/binary"
	"net/netip"
)

// addresses returns source and destination of an IP packet from a TUN device.
func addresses(data []byte) (src, dst netip.Addr, ok bool) {
	if len(data) >= 40 && data[0]>>4 == 6 {
		return netip.AddrFrom16([16]byte(data[8:24])), netip.AddrFrom16([16]byte(data[24:40])), true
	}
	if len(data) >= 20 && data[0]>>4 == 4 {
		return netip.AddrFrom4([4]byte(data[12:16])), netip.AddrFrom4([4]byte(data[16:20])), true
	}
	return src, dst, false
}

// forwarded reports whether a router would pass the packet on: link-local and
// multicast traffic stays on its link.
func forwarded(data []byte) bool {
	src, dst, ok := addresses(data)
	return ok && dst.IsGlobalUnicast() && src.IsGlobalUnicast()
}

// decrementTTL makes the packet look as if it had come over several routers,
// always the same number from the same peer.
func decrementTTL(data []byte) {
	if data[0]>>4 == 6 {
		lowerTTL(data, 5+data[23]%11)
		return
	}
	lowerTTL(data, 5+data[15]%11)
}

// lowerTTL takes a number of hops off.
func lowerTTL(data []byte, by byte) {
	if data[0]>>4 == 6 {
		data[7] -= by
		return
	}
	hops := uint16(by)
	data[8] -= by
	// RFC 1624: HC' = ~(~HC + ~m + m'), with m the word of TTL and protocol.
	sum := uint32(^binary.BigEndian.Uint16(data[10:])) + uint32(^(hops << 8))
	binary.BigEndian.PutUint16(data[10:], ^uint16(sum+sum>>16))
}
