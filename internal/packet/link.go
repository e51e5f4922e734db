package packet

import "encoding/binary"

// DLT_RAW of most systems and of OpenBSD, which some writers put into files
// instead of LINKTYPE_RAW.
const (
	rawBSD     LinkType = 12
	rawOpenBSD LinkType = 14
)

// EtherTypes that IP may come after.
const (
	etherIPv4          = 0x0800
	etherBridged       = 0x6558 // transparent Ethernet bridging
	etherVLAN          = 0x8100
	etherIPv6          = 0x86DD
	etherPPP           = 0x880B
	etherMPLS          = 0x8847
	etherMPLSMulticast = 0x8848
	etherPPPoE         = 0x8864 // session stage
	etherQinQ          = 0x88A8 // IEEE 802.1ad
	etherERSPAN        = 0x88BE // type II
	etherVLAN2         = 0x9100 // double tags before IEEE 802.1ad
	etherNSH           = 0x894F // RFC 8300
	etherMin           = 0x0600 // smaller values are IEEE 802.3 lengths
)

const (
	ethernetLen = 14
	vlanLen     = 4
	maxVLAN     = 0x0FFF // the bits of a VLAN Identifier
	nullLen     = 4
	sllLen      = 16
	sll2Len     = 20

	sllOutgoing = 4 // packet type: sent by the capturing host
)

// readLoopback reads the loopback header of OpenBSD, the address family in network order,
// or of other BSDs, in the byte order of the host that captured.
func readLoopback(data []byte, either bool) (length int, next encapsulation) {
	if len(data) >= nullLen && (isIPFamily(be32(data)) || either && isIPFamily(binary.LittleEndian.Uint32(data))) {
		return nullLen, ipHeader
	}
	return 0, unknownEncapsulation
}

// isIPFamily reports whether an address family is AF_INET or any system's
// AF_INET6: 10 Linux, 23 Windows, 24 NetBSD and OpenBSD, 28 FreeBSD, 30 macOS.
// Which IP version follows, the packet says better.
func isIPFamily(family uint32) bool {
	switch family {
	case 2, 10, 23, 24, 28, 30:
		return true
	}
	return false
}

// ofOtherEtherType is ofEtherType for what isn't usual.
func ofOtherEtherType(kind uint16) encapsulation {
	switch kind {
	case etherNSH:
		return nshHeader
	case 0x0806, 0x8035, 0x8809, 0x8863, 0x888E, 0x88CC, 0x9000: // ARP, RARP, slow protocols, PPPoE discovery, 802.1X, LLDP, loopback
		return noPacket
	case 0x88E5: // MACsec
		return hiddenPacket
	}
	return unknownEncapsulation
}
