package packet

// Well-known ports of the exchanges over UDP. STUN has none: its magic cookie
// tells.
const (
	portDNS          = 53
	portNTP          = 123
	portDHCPv6Client = 546
	portDHCPv6Server = 547
)

// readUDP names what a datagram says; upper begins with a whole UDP header.
func (x *Exchange) readUDP(v *View, upper []byte) {
	sport, dport, payload := be16(upper), be16(upper[2:]), upper[udpLen:]
	switch {
	case sport == portDNS || dport == portDNS:
		x.readDNS(v, sport, dport, payload)
	case sport == portNTP || dport == portNTP:
		x.readNTP(v, sport, dport, payload)
	case sport == portDHCPv6Client && dport == portDHCPv6Server,
		sport == portDHCPv6Server && dport == portDHCPv6Client:
		x.readDHCPv6(v, dport, payload)
	default:
		x.readSTUN(v, sport, dport, payload)
	}
}

// readDNS names a query or response with one question (RFC 9619: there are
// never more) by id, opcode and question.
func (x *Exchange) readDNS(v *View, sport, dport uint16, b []byte) {
	const headerLen, response, opcode = 12, 0x8000, 0x7800
	if len(b) < headerLen || be16(b[4:]) != 1 {
		return
	}
	question, ok := dnsQuestion(b[headerLen:])
	if !ok {
		return
	}
	flags := be16(b[2:])
	id := uint64(be16(b))<<16 | uint64(flags&opcode)
	switch isResponse := flags&response != 0; {
	case !isResponse && dport == portDNS:
		x.asks(DNS, v, sport, dport, id, question)
	case isResponse && sport == portDNS:
		x.answers(DNS, v, sport, dport, id, question)
	}
}

// dnsQuestion hashes the question at b, name without regard to case (RFC 4343)
// with type and class. It reports false unless all of it is there; nothing
// is in front that its name could point to.
func dnsQuestion(b []byte) (hash uint64, ok bool) {
	const maxLabel, maxName = 63, 255
	d := begin(DNS)
	for left := maxName; left > 0 && len(b) > 0; {
		size := 1 + int(b[0]) // of a label with its length; 1 ends the name
		switch {
		case size > 1+maxLabel || len(b) < size || size == 1 && len(b) < 5:
			return 0, false
		case size == 1:
			return uint64(d.add(uint64(be32(b[1:])))), true
		}
		d, b, left = d.label(b[:size]), b[size:], left-size
	}
	return 0, false
}

// label mixes in a label with its length, in lower case. No length is a letter.
func (d digest) label(b []byte) digest {
	for len(b) > 0 {
		n := min(len(b), 8)
		var word uint64
		for _, c := range b[:n] {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			word = word<<8 | uint64(c)
		}
		d, b = d.add(word), b[n:]
	}
	return d
}

// Modes of NTP (RFC 5905, section 7.3).
const (
	ntpSymmetricActive  = 1
	ntpSymmetricPassive = 2
	ntpClient           = 3
	ntpServer           = 4
)

// readNTP names a client's packet by its transmit timestamp, a server's by the
// origin timestamp that repeats it; peers do both. A client's origin timestamp
// repeats what it was told a poll ago, if it isn't random: it tells nothing.
func (x *Exchange) readNTP(v *View, sport, dport uint16, b []byte) {
	const packetLen, originAt, transmitAt = 48, 24, 40
	if len(b) < packetLen {
		return
	}
	mode := b[0] & 7
	symmetric := mode == ntpSymmetricActive || mode == ntpSymmetricPassive
	origin, transmit := be64(b[originAt:]), be64(b[transmitAt:])
	if (symmetric || mode == ntpClient && dport == portNTP) && transmit != 0 {
		x.asks(NTP, v, sport, dport, transmit)
	}
	if (symmetric || mode == ntpServer && sport == portNTP) && origin != 0 {
		x.answers(NTP, v, sport, dport, origin)
	}
}

// dhcpRoles are those of the types of DHCPv6's messages (RFC 8415, section 7.3).
var dhcpRoles = [256]role{
	1: asks, 3: asks, 4: asks, // Solicit, Request, Confirm
	5: asks, 6: asks, 8: asks, // Renew, Rebind, Release
	9: asks, 11: asks, // Decline, Information-request
	2: answers, 7: answers, // Advertise, Reply
}

// readDHCPv6 names a message by the client's address and the transaction id.
// The server's address is not in a request to all servers, ff02::1:2.
func (x *Exchange) readDHCPv6(v *View, dport uint16, b []byte) {
	if len(b) < 4 {
		return
	}
	id, toServer := uint64(be32(b)&0xFFFFFF), dport == portDHCPv6Server
	switch role := dhcpRoles[b[0]]; {
	case role == asks && toServer:
		x.Kind, x.Cause = DHCPv6, begin(DHCPv6).addr(&v.Src).add(id).name()
	case role == answers && !toServer:
		x.Kind, x.Effect = DHCPv6, begin(DHCPv6).addr(&v.Dst).add(id).name()
	}
}

// readSTUN names a message by its transaction id and method. The two bits of
// the class are among those of the method (RFC 8489, section 5).
func (x *Exchange) readSTUN(v *View, sport, dport uint16, b []byte) {
	const (
		headerLen   = 20
		magicCookie = 0x2112A442
		class       = 0x0110
		request     = 0x0000
		indication  = 0x0010
	)
	if len(b) < headerLen || be32(b[4:]) != magicCookie {
		return
	}
	kind := be16(b)
	if kind>>14 != 0 || be16(b[2:])%4 != 0 {
		return
	}
	method := uint64(kind &^ class)
	low, high := uint64(be32(b[8:])), be64(b[12:])
	switch kind & class {
	case request:
		x.asks(STUN, v, sport, dport, method<<32|low, high)
	case indication: // nobody answers it
	default:
		x.answers(STUN, v, sport, dport, method<<32|low, high)
	}
}
