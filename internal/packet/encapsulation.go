package packet

import "encoding/binary"

// Link types whose headers are looked through for an IP packet.
const (
	linkPPP      LinkType = 9
	linkFDDI     LinkType = 10
	linkPPPHDLC  LinkType = 50
	linkPPPEther LinkType = 51
	linkDot11    LinkType = 105
	linkPFLog    LinkType = 117
	linkPrism    LinkType = 119
	linkRadiotap LinkType = 127
	linkMPLS     LinkType = 219
)

// encapsulation is a header that an IP packet may come after.
type encapsulation uint8

const (
	unknownEncapsulation encapsulation = iota // no IP packet is looked for after it
	noPacket                                  // none comes: another protocol's messages
	hiddenPacket                              // one may come, encrypted or compressed
	ipHeader                                  // it is here
	nullHeader
	loopHeader
	ethernetHeader
	sllHeader
	sll2Header
	llcHeader
	vlanTag
	mplsLabel
	pppoeHeader
	pppHeader
	erspanFrame
	fddiHeader
	dot11Header
	pflogHeader
	prismHeader
	radiotapHeader

	// Those of tunnels; see tunnel.go.
	greHeader
	erspanHeader
	vxlanHeader
	vxlanGPEHeader
	geneveHeader
	gtpHeader
	teredoHeader
	l2tpHeader
	l2tpIPHeader
	nshHeader
	etherIPHeader
	lispHeader
	espUDPHeader
	ahHeader
	hdlcHeader
	unreadTunnel
)

// outermost is the encapsulation that each link type begins with.
var outermost = [...]encapsulation{
	Null: nullHeader, Loop: loopHeader, Ethernet: ethernetHeader, SLL: sllHeader, SLL2: sll2Header,
	Raw: ipHeader, rawBSD: ipHeader, rawOpenBSD: ipHeader, IPv4: ipHeader, IPv6: ipHeader,
	linkPPP: pppHeader, linkPPPHDLC: pppHeader, linkPPPEther: pppoeHeader, linkFDDI: fddiHeader, linkDot11: dot11Header,
	linkPFLog: pflogHeader, linkPrism: prismHeader, linkRadiotap: radiotapHeader, linkMPLS: mplsLabel,
}

// ofEtherType returns what an EtherType says comes next; below 0x0600 it is the length of
// an LLC frame (IEEE 802.3).
func ofEtherType(kind uint16) encapsulation {
	switch {
	case kind == etherIPv4 || kind == etherIPv6:
		return ipHeader
	case kind == etherVLAN || kind == etherQinQ || kind == etherVLAN2:
		return vlanTag
	case kind == etherMPLS || kind == etherMPLSMulticast:
		return mplsLabel
	case kind == etherPPPoE:
		return pppoeHeader
	case kind == etherPPP:
		return pppHeader
	case kind == etherBridged:
		return ethernetHeader
	case kind == etherERSPAN:
		return erspanFrame
	case kind < etherMin:
		return llcHeader
	}
	return ofOtherEtherType(kind)
}

// decodeInner looks through encapsulations from the beginning of data for the first IP
// packet and decodes it.
func decodeInner(v *View, first encapsulation, data []byte, wireLen int) {
	pos, vlan := 0, v.VLAN
	for first != ipHeader {
		length, next := first.read(data[pos:])
		if first == vlanTag && length > 0 {
			vlan = be16(data[pos:]) & maxVLAN
		}
		pos += length
		if next < ipHeader || pos >= len(data) {
			return
		}
		first = next
	}
	if decodeIP(v, data, pos, wireLen); v.Form != NoIP {
		v.VLAN = vlan
	}
}

// read returns how long the header at the beginning of data is and what comes after it,
// which is unknown where the header is not whole. The length of a known one is positive.
func (e encapsulation) read(data []byte) (length int, next encapsulation) {
	switch e {
	case nullHeader, loopHeader:
		return readLoopback(data, e == nullHeader)
	case ethernetHeader:
		return byEtherType(data, ethernetLen-2)
	case sllHeader:
		return byEtherType(data, sllLen-2)
	case sll2Header:
		if len(data) >= sll2Len {
			return sll2Len, ofEtherType(be16(data))
		}
	case vlanTag:
		return byEtherType(data, vlanLen-2)
	case llcHeader:
		if isSNAP(data) {
			return byEtherType(data, 6)
		}
		return len(data), noPacket
	case mplsLabel: // RFC 3032, section 2.1
		if len(data) < 4 {
			break
		}
		if bottom := data[2]&1 != 0; !bottom {
			return 4, mplsLabel
		}
		return 4, ipHeader // nothing says so but its version
	case pppoeHeader: // RFC 2516, section 4; code 0 is a session's
		if len(data) > 1 && data[1] == 0 {
			return 6, pppHeader
		}
	case pppHeader:
		return readPPP(data)
	case erspanFrame: // type II
		return 8, ethernetHeader
	case fddiHeader:
		if len(data) > 0 && data[0]&0xF0 == 0x50 { // an asynchronous LLC frame
			return 13, llcHeader
		}
	case dot11Header:
		return readDot11(data)
	case pflogHeader: // its length without padding, the address family
		if len(data) > 1 && data[0] > 0 && isIPFamily(uint32(data[1])) {
			return (int(data[0]) + 3) &^ 3, ipHeader
		}
	case prismHeader:
		return readPrism(data)
	case radiotapHeader:
		return readRadiotap(data)
	}
	return e.readTunnel(data)
}

// isSNAP reports whether data begin with the header AA AA 03 and an organisation whose
// protocols are EtherTypes: none (RFC 1042), or 00-00-F8, by which bridges mark what
// came of Ethernet (IEEE 802.1H). Those of others are numbers of their own.
func isSNAP(data []byte) bool {
	return len(data) > 5 && data[0] == 0xAA && data[1] == 0xAA && data[2] == 3 &&
		data[3] == 0 && data[4] == 0 && (data[5] == 0 || data[5] == 0xF8)
}

// byEtherType reads a header that ends with an EtherType at data[at:].
func byEtherType(data []byte, at int) (length int, next encapsulation) {
	if len(data) < at+2 {
		return 0, unknownEncapsulation
	}
	return at + 2, ofEtherType(be16(data[at:]))
}

// readPPP reads the header of a PPP frame: address and control, where they are not
// compressed, and the protocol (RFC 1661, section 2; RFC 1662, section 3.1).
func readPPP(data []byte) (length int, next encapsulation) {
	if len(data) > 1 && data[0] == 0xFF { // any control, as Wireshark reads it
		length = 2
	}
	if len(data) < length+2 {
		return 0, unknownEncapsulation
	}
	protocol := be16(data[length:])
	length += 2
	if compressed := protocol&0x100 != 0; compressed {
		protocol >>= 8
		length--
	}
	switch protocol {
	case 0x21, 0x57: // IPv4, IPv6
		return length, ipHeader
	case 0x281, 0x283: // MPLS unicast and multicast
		return length, mplsLabel
	case 0x53, 0xFB, 0xFD: // encrypted (RFC 1968), compressed by link or as a whole (RFC 1962)
		return length, hiddenPacket
	}
	if control := protocol&0x8000 != 0; control { // of networks and links
		return length, noPacket
	}
	return length, unknownEncapsulation
}

// readDot11 reads the header of an IEEE 802.11 data frame (section 9.3.2). What is
// encrypted, or is a fragment other than the first, has no LLC header to read, and an
// A-MSDU has one for each of its packets, of which a view has one alone.
func readDot11(data []byte) (length int, next encapsulation) {
	const version0, dataFrame, qos, noData = 0, 0x08, 0x80, 0x40 // of the first octet
	const bothWays, encrypted, order = 0x03, 0x40, 0x80          // of the second
	const aMSDU = 0x80                                           // of QoS Control
	length = 24
	if len(data) < length || data[0]&0x0F != version0|dataFrame || data[0]&noData != 0 ||
		data[1]&encrypted != 0 || data[22]&0x0F != 0 {
		return 0, unknownEncapsulation
	}
	if data[1]&bothWays == bothWays { // a fourth address
		length += 6
	}
	if data[0]&qos != 0 {
		if len(data) <= length || data[length]&aMSDU != 0 {
			return 0, unknownEncapsulation
		}
		length += 2
		if data[1]&order != 0 { // HT Control
			length += 4
		}
	}
	if len(data) < length {
		return 0, unknownEncapsulation
	}
	return length, llcHeader
}

// readPrism reads the header of wlan-ng and of the Prism drivers, in the byte order of
// the host that captured.
func readPrism(data []byte) (length int, next encapsulation) {
	const message1, message2, atLeast = 0x44, 0x41, 24
	if len(data) < atLeast {
		return 0, unknownEncapsulation
	}
	code, size := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
	if code > 0xFFFFFF {
		code, size = be32(data), be32(data[4:])
	}
	if code != message1 && code != message2 {
		return 0, unknownEncapsulation
	}
	if size < atLeast || size > uint32(len(data)) {
		return 0, unknownEncapsulation
	}
	return int(size), dot11Header
}

// readRadiotap reads a radiotap header (radiotap.org) and, where it says that the driver
// padded the frame's own header to four octets, that header too.
func readRadiotap(data []byte) (length int, next encapsulation) {
	const atLeast = 8
	if len(data) < atLeast || data[0] != 0 {
		return 0, unknownEncapsulation
	}
	length = int(binary.LittleEndian.Uint16(data[2:]))
	if length < atLeast || length > len(data) {
		return 0, unknownEncapsulation
	}
	const padded = 0x20
	if flags, ok := radiotapFlags(data[:length]); !ok || flags&padded == 0 {
		return length, dot11Header
	}
	frame := data[length:]
	header, next := readDot11(frame)
	if next == unknownEncapsulation {
		return 0, unknownEncapsulation
	}
	return length + (header+3)&^3, next
}

// radiotapFlags returns the field of flags, the second after words that say which fields
// there are.
func radiotapFlags(header []byte) (flags byte, ok bool) {
	const tsft, hasFlags, more = 1 << 0, 1 << 1, 1 << 31
	present := binary.LittleEndian.Uint32(header[4:])
	at := 4
	for word := present; ; word = binary.LittleEndian.Uint32(header[at:]) {
		at += 4
		if word&more == 0 {
			break
		}
		if at+4 > len(header) {
			return 0, false
		}
	}
	if present&tsft != 0 {
		at = (at+7)&^7 + 8
	}
	if present&hasFlags == 0 || at >= len(header) {
		return 0, false
	}
	return header[at], true
}
