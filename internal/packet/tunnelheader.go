package packet

// readTunnel is read for the headers that tunnels begin with.
func (e encapsulation) readTunnel(data []byte) (length int, next encapsulation) {
	switch e {
	case greHeader:
		return readGRE(data)
	case erspanHeader:
		return readERSPAN(data)
	case vxlanHeader: // RFC 7348, section 5
		return 8, ethernetHeader
	case vxlanGPEHeader: // draft-ietf-nvo3-vxlan-gpe, section 3
		if len(data) > 3 {
			return 8, ofServiceProtocol(data[3])
		}
	case nshHeader: // RFC 8300, section 2.2
		if len(data) > 3 {
			return max(8, int(data[1]&0x3F)*4), ofServiceProtocol(data[3])
		}
	case geneveHeader: // RFC 8926, section 3.4
		if len(data) > 3 {
			return 8 + int(data[0]&0x3F)*4, ofEtherType(be16(data[2:]))
		}
	case gtpHeader:
		return readGTP(data)
	case teredoHeader:
		return readTeredo(data)
	case l2tpHeader:
		return readL2TP(data)
	case l2tpIPHeader: // RFC 3931, section 4.1.1
		if len(data) < 4 {
			break
		}
		if control := be32(data) == 0; control {
			return 4, noPacket
		}
		return 4, unknownEncapsulation
	case hdlcHeader: // Cisco's (RFC 4349)
		return byEtherType(data, 2)
	case etherIPHeader: // RFC 3378, section 3
		return 2, ethernetHeader
	case lispHeader: // RFC 9300, section 5
		return 8, ipHeader
	case ahHeader: // RFC 4302, section 2; over IPv6 it is an extension header
		if len(data) < 2 {
			break
		}
		if next = ofProtocol(data[0]); next == unknownEncapsulation && data[0] != ProtoTCP && data[0] != ProtoUDP {
			next = noPacket
		}
		return (int(data[1]) + 2) * 4, next
	case espUDPHeader: // RFC 3948, section 2
		if len(data) == 1 || len(data) >= 4 && be32(data) == 0 { // a keepalive, or IKE
			return len(data), noPacket
		}
		return len(data), hiddenPacket
	}
	return 0, unknownEncapsulation
}

// ofServiceProtocol returns what the Next Protocol of VXLAN-GPE and NSH says comes next.
func ofServiceProtocol(next byte) encapsulation {
	switch next {
	case 1, 2: // IPv4, IPv6
		return ipHeader
	case 3:
		return ethernetHeader
	case 4:
		return nshHeader
	case 5:
		return mplsLabel
	}
	return unknownEncapsulation
}

// readGRE reads a GRE header (RFC 2784, RFC 2890) with the routing of RFC 1701, or the
// acknowledgment of RFC 2637.
func readGRE(data []byte) (length int, next encapsulation) {
	const checksum, routing, key, sequence, acknowledgment, version = 0x8000, 0x4000, 0x2000, 0x1000, 0x0080, 7
	const wccp = 0x883E
	if len(data) < 4 {
		return 0, unknownEncapsulation
	}
	flags, kind := be16(data), be16(data[2:])
	redirect := kind == wccp && len(data) > 4 && data[4]&0xF0 != 0x40
	length = 4
	for _, there := range [...]bool{
		flags&(checksum|routing) != 0, flags&key != 0, flags&sequence != 0, flags&acknowledgment != 0 && flags&version != 0 && kind == etherPPP, redirect,
	} {
		if there {
			length += 4
		}
	}
	if flags&routing != 0 {
		size, ok := routeLen(data[min(length, len(data)):])
		if !ok {
			return 0, unknownEncapsulation
		}
		length += size
	}
	switch kind {
	case wccp:
		return length, ipHeader
	case etherERSPAN:
		if flags&sequence == 0 { // type I has no header
			return length, ethernetHeader
		}
		return length, erspanHeader
	case 0x22EB: // type III
		return length, erspanHeader
	case etherBridged, 0x6400:
		return length, ethernetHeader
	case etherIPv4, etherIPv6, etherPPP, etherMPLS, etherMPLSMulticast, etherNSH:
		return length, ofEtherType(kind)
	}
	return length, unknownEncapsulation
}

// routeLen returns the length of the source route entries of a GRE header.
func routeLen(data []byte) (length int, ok bool) {
	for len(data) >= length+4 {
		entry := data[length:]
		length += 4 + int(entry[3])
		if be32(entry)&^0xFF00 == 0 { // no address family, no length: the last
			return length, true
		}
	}
	return 0, false
}

// readERSPAN reads the header of ERSPAN type II or III
// (draft-foschiano-erspan, sections 4.2 and 4.3).
func readERSPAN(data []byte) (length int, next encapsulation) {
	if len(data) < 2 {
		return 0, unknownEncapsulation
	}
	switch version := data[0] >> 4; {
	case version == 1:
		return 8, ethernetHeader
	case version == 2 && len(data) >= 12:
		length = 12
		if platform := data[11]&1 != 0; platform {
			length += 8
		}
		if frame := data[10] >> 2 & 0x1F; frame == 0 {
			return length, ethernetHeader
		}
	}
	return length, unknownEncapsulation
}

// readGTP reads the header of GTP's user plane, version 0 or 1 (3GPP TS 29.060,
// section 6; TS 29.281, section 5). Other messages carry no packet.
func readGTP(data []byte) (length int, next encapsulation) {
	const tPDU = 255
	if len(data) < 2 {
		return 0, unknownEncapsulation
	}
	version := data[0] >> 5
	if charging := data[0]&0x10 == 0; charging || data[1] != tPDU || version > 1 {
		return len(data), noPacket
	}
	length = 20
	if version == 1 {
		length = 8
		if optional := data[0]&7 != 0; optional {
			length = 12
		}
	}
	if extended := version == 1 && data[0]&4 != 0; extended {
		for at := 11; ; at = length - 1 {
			if at >= len(data) {
				return 0, unknownEncapsulation
			}
			if data[at] == 0 {
				break
			}
			if length >= len(data) || data[length] == 0 {
				return 0, unknownEncapsulation
			}
			length += int(data[length]) * 4
		}
	}
	if length >= len(data) {
		return length, unknownEncapsulation
	}
	if first := data[length]; first >= 0x45 && first <= 0x4E || first>>4 == 6 { // Wireshark takes nothing else for IP
		return length, ipHeader
	}
	return length, unknownEncapsulation
}

// readTeredo passes the authentication and the origin indication before an IPv6
// packet (RFC 4380, section 5.1.1).
func readTeredo(data []byte) (length int, next encapsulation) {
	if len(data) < 4 {
		return 0, unknownEncapsulation
	}
	if authentication := be16(data) == 1; authentication {
		length = 13 + int(data[2]) + int(data[3])
	}
	if len(data) >= length+2 && be16(data[length:]) == 0 { // an origin indication
		length += 8
	}
	return length, ipHeader
}

// readL2TP reads the header of L2TP over UDP, version 2 (RFC 2661, section 3.1) or 3
// (RFC 3931, section 4.1.2). What a session of version 3 carries control messages say:
// see Sessions.
func readL2TP(data []byte) (length int, next encapsulation) {
	const control, hasLength, sequence, hasOffset = 0x8000, 0x4000, 0x0800, 0x0200
	if len(data) < 2 {
		return 0, unknownEncapsulation
	}
	flags := be16(data)
	version := flags & 15
	switch {
	case version != 2 && version != 3:
		return 0, unknownEncapsulation
	case flags&control != 0:
		return len(data), noPacket
	case version == 3:
		return 8, unknownEncapsulation
	}
	length = 6
	if flags&hasLength != 0 {
		length += 2
		if len(data) < 4 || int(be16(data[2:])) < length {
			return 0, unknownEncapsulation
		}
	}
	if flags&sequence != 0 {
		length += 4
	}
	if flags&hasOffset != 0 {
		if len(data) < length+2 {
			return 0, unknownEncapsulation
		}
		length += 2 + int(be16(data[length:]))
	}
	return length, pppHeader
}
