package etw

import (
	"encoding/binary"
	"net/netip"
)

const (
	ethernetHeader = 14
	ipv4Header     = 20 // without options
	ipv6Header     = 40
	udpHeader      = 8

	etherIPv4  = 0x0800
	etherIPv6  = 0x86DD
	etherARP   = 0x0806
	etherVLAN  = 0x8100
	etherQinQ  = 0x88A8
	etherVLAN2 = 0x9100

	protocolTCP = 6
	protocolUDP = 17
)

// payloadAt is where in a frame its EtherType is and where what that names begins. Frames
// that have none give ok false.
func payloadAt(link uint16, frame []byte) (ethertype uint16, start int, ok bool) {
	switch link {
	case LinkEthernet:
		start = ethernetHeader
	case LinkIEEE80211:
		if start, ok = snapAt(frame); !ok {
			return 0, 0, false
		}
		start += snapHeader
	case LinkRaw:
		if len(frame) == 0 {
			return 0, 0, false
		}
		switch frame[0] >> 4 {
		case 4:
			return etherIPv4, 0, true
		case 6:
			return etherIPv6, 0, true
		}
		return 0, 0, false
	default:
		return 0, 0, false
	}
	const maxTags = 4
	for range maxTags {
		if len(frame) < start {
			return 0, 0, false
		}
		switch ethertype = binary.BigEndian.Uint16(frame[start-2:]); ethertype {
		case etherVLAN, etherQinQ, etherVLAN2:
			start += 4
			continue
		}
		break
	}
	return ethertype, start, true
}

// snapHeader is how long an LLC header with SNAP is: aa aa 03, three bytes of
// organisation, EtherType.
const snapHeader = 8

// snapAt is where in an 802.11 data frame the LLC header with SNAP is (IEEE 802.11-2020,
// section 9.3.2; IEEE 802.2). A frame that is encrypted has none that can be seen.
func snapAt(frame []byte) (start int, ok bool) {
	const (
		data     = 2 // type
		bothDS   = 3 // ToDS and FromDS: a fourth address
		qos      = 8 // in the subtype
		order    = 0x80
		header   = 24
		address  = 6
		qosField = 2
		htField  = 4
	)
	if len(frame) < header || frame[0]&3 != 0 || frame[0]>>2&3 != data {
		return 0, false
	}
	start = header
	if frame[frameControlFlags]&bothDS == bothDS {
		start += address
	}
	if frame[0]>>4&qos != 0 {
		start += qosField
		if frame[frameControlFlags]&order != 0 {
			start += htField
		}
	}
	if len(frame) < start+snapHeader || frame[start] != 0xAA || frame[start+1] != 0xAA || frame[start+2] != 3 {
		return 0, false
	}
	return start, true
}

// ipAt is where the IP header begins that a frame shows, and its version: 4 or 6. The
// fixed part of the header is there whole.
func ipAt(link uint16, frame []byte) (start, version int, ok bool) {
	ethertype, start, ok := payloadAt(link, frame)
	if !ok || len(frame) <= start {
		return 0, 0, false
	}
	version = int(frame[start] >> 4)
	switch {
	case ethertype == etherIPv4 && version == 4:
		return start, version, len(frame) >= start+ipv4Header
	case ethertype == etherIPv6 && version == 6:
		return start, version, len(frame) >= start+ipv6Header
	}
	return 0, 0, false
}

// Transport reads the IP header of a frame: the protocol that follows it, as its Protocol
// or its Next Header says, and both addresses. ok is false where the frame holds no IP
// packet.
func Transport(link uint16, frame []byte) (protocol uint8, from, to netip.Addr, ok bool) {
	start, version, ok := ipAt(link, frame)
	if !ok {
		return 0, from, to, false
	}
	if ip := frame[start:]; version == 4 {
		protocol = ip[9]
		from, _ = netip.AddrFromSlice(ip[12:16])
		to, _ = netip.AddrFromSlice(ip[16:20])
	} else {
		protocol = ip[6]
		from, _ = netip.AddrFromSlice(ip[8:24])
		to, _ = netip.AddrFromSlice(ip[24:40])
	}
	return protocol, from, to, true
}

// originalLength is how long a frame was according to its IP header, and never less than
// what there is of it. A large send may state the length 0.
func originalLength(link uint16, frame []byte) int {
	start, version, ok := ipAt(link, frame)
	if !ok {
		return len(frame)
	}
	return max(len(frame), start+ipLength(version, frame[start:]))
}

// ipLength is the length of the IP packet that a header states.
func ipLength(version int, header []byte) int {
	if version == 4 {
		return int(binary.BigEndian.Uint16(header[2:]))
	}
	return ipv6Header + int(binary.BigEndian.Uint16(header[4:]))
}
