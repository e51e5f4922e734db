package lab

import "encoding/binary"

// L2TPv3 is a session of that protocol (RFC 3931) between the ends of a tunnel, of which
// the first asks for it.
type L2TPv3 struct {
	Name       string
	Outer      int    // the IP version of the outer header
	UDP        bool   // or over IP
	Pseudowire uint16 // IANA's number of what it carries: 2, 5, 6, 7 or 11
	Cookies    [2]int // bytes, of messages to the first end and to the second
	Sublayer   uint16 // IANA's number, too
	Cisco      bool   // its own attributes, as before RFC 3931
}

// sessionIDs are those that the ends assign.
var sessionIDs = [2]uint32{0x1001, 0x2002}

// Sessions are several that tshark 4.0 reads once it has seen their control messages.
func Sessions() []L2TPv3 {
	return []L2TPv3{
		{Name: "l2tpv3-udp", Outer: 4, UDP: true, Pseudowire: 5},
		{Name: "l2tpv3-udp-cookies", Outer: 6, UDP: true, Pseudowire: 5, Cookies: [2]int{4, 8}, Sublayer: 1},
		{Name: "l2tpv3-ip", Outer: 4, Pseudowire: 5, Cookies: [2]int{8, 8}},
		{Name: "l2tpv3-ip6", Outer: 6, Pseudowire: 7, Cookies: [2]int{0, 4}, Sublayer: 1},
		{Name: "l2tpv3-ppp", Outer: 4, UDP: true, Pseudowire: 7, Cookies: [2]int{4, 4}},
		{Name: "l2tpv3-hdlc", Outer: 4, Pseudowire: 6, Sublayer: 1},
		{Name: "l2tpv3-packets", Outer: 4, UDP: true, Pseudowire: 11, Cookies: [2]int{8, 4}},
		{Name: "l2tpv3-atm", Outer: 4, Pseudowire: 2, Cookies: [2]int{4, 4}, Sublayer: 2},
		{Name: "l2tpv3-cisco", Outer: 4, Pseudowire: 5, Cookies: [2]int{8, 4}, Cisco: true},
	}
}

// Control are the packets that begin the session.
func (s L2TPv3) Control() [][]byte {
	const cisco, message, connection, local, remote, cookie, pseudowire, sublayer = 9, 0, 61, 63, 64, 65, 68, 69
	attribute := func(kind uint16, value []byte) []byte {
		vendor := uint16(0)
		if other, ok := map[uint16]uint16{connection: 1, local: 3, remote: 4, cookie: 5, pseudowire: 7}[kind]; ok && s.Cisco {
			vendor, kind = cisco, other
		}
		b := binary.BigEndian.AppendUint16(nil, 0x8000|uint16(6+len(value)))
		return append(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, vendor), kind), value...)
	}
	two := func(n uint16) []byte { return binary.BigEndian.AppendUint16(nil, n) }
	four := func(n uint32) []byte { return binary.BigEndian.AppendUint32(nil, n) }
	all := [][]byte{
		s.control(1, 1, attribute(connection, four(71))),
		s.control(2, 2, attribute(connection, four(72))),
		s.control(1, 3),
	}
	for i, message := range []uint16{10, 11, 12} { // asked for, granted, connected
		end := byte(1 + i%2)
		list := [][]byte{attribute(local, four(sessionIDs[end-1]))}
		if message != 10 {
			list = append(list, attribute(remote, four(sessionIDs[2-end])))
		}
		if message == 10 {
			list = append(list, attribute(pseudowire, two(s.Pseudowire)))
		}
		if n := s.Cookies[end-1]; n > 0 && message != 12 {
			list = append(list, attribute(cookie, make([]byte, n)))
		}
		if s.Sublayer != 0 {
			list = append(list, attribute(sublayer, two(s.Sublayer)))
		}
		all = append(all, s.control(end, message, list...))
	}
	return all
}

// control is a packet with a control message, from one end.
func (s L2TPv3) control(end byte, message uint16, attributes ...[]byte) []byte {
	b := []byte{0xC8, 3, 0, 0, 0, 0, 0, 71, 0, 0, 0, 0, 0x80, 8, 0, 0, 0, 0, byte(message >> 8), byte(message)}
	for _, a := range attributes {
		b = append(b, a...)
	}
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	if !s.UDP {
		b = append(make([]byte, 4), b...)
	}
	return s.packet(end, b)
}

// Wrap returns the IP packet in a data message, nil where it is too large for that.
func (s L2TPv3) Wrap(ip []byte) []byte {
	h, ok := parseIP(ip)
	if !ok || len(ip) > 65_000 || h.length == 0 {
		return nil
	}
	end := byte(1)
	if h.dst.Less(h.src) {
		end = 2
	}
	var b []byte
	if s.UDP {
		b = []byte{0, 3, 0, 0}
	}
	b = binary.BigEndian.AppendUint32(b, sessionIDs[2-end])
	for range s.Cookies[2-end] {
		b = append(b, 0xC0)
	}
	if s.Sublayer != 0 {
		b = append(b, 0x40, 0, 0, 1)
	}
	header := map[uint16]func([]byte) []byte{
		2: before([]byte{0xAA, 0xAA, 3, 0, 0, 0}, etherType2), 5: ethernet, 6: before([]byte{0x0F, 0}, etherType2), 7: ppp, 11: nothing,
	}[s.Pseudowire]
	return s.packet(end, append(append(b, header(ip)...), ip...))
}

// packet puts a message into a packet of one end.
func (s L2TPv3) packet(end byte, message []byte) []byte {
	if !s.UDP {
		return append(outerHeader(s.Outer, 115, end, len(message)), message...)
	}
	datagram := append([]byte{0x06, 0xA5, 0x06, 0xA5, 0, 0, 0, 0}, message...)
	binary.BigEndian.PutUint16(datagram[4:], uint16(len(datagram)))
	return append(outerHeader(s.Outer, protoUDP, end, len(datagram)), datagram...)
}
