package lab

import "encoding/binary"

// Tunnel puts IP packets into other IP packets, as a tunnel's entry does. The two ends
// of the tunnel are made up, one for each side of a connection.
type Tunnel struct {
	Name string
	wrap []wrapping // the innermost first
}

// wrapping appends to header what comes before an IP packet, and says by which IP
// protocol an outer header announces it.
type wrapping struct {
	outer  int // the IP version of the outer header
	proto  byte
	header func(ip []byte) []byte
}

// Tunnels are those that tshark 4.0 dissects by default, and some inside others.
func Tunnels() []Tunnel {
	one := func(name string, w wrapping) Tunnel { return Tunnel{name, []wrapping{w}} }
	return []Tunnel{
		one("ip-in-ipv4", ipIn(4)), one("ip-in-ipv6", ipIn(6)),
		one("gre", gre(4, 0, nil)), one("gre-options", gre(6, 0xB000, nil)),
		one("nvgre", teb(4, 0x2000)), one("gre-ppp", greAs(4, 0x3081, 0x880B, 12, ppp)),
		one("erspan-i", greAs(4, 0, 0x88BE, 0, ethernet)),
		one("erspan-ii", greAs(4, 0x1000, 0x88BE, 4, before([]byte{0x10, 1, 0, 7, 0, 0, 0, 9}, ethernet))),
		one("erspan-iii", greAs(4, 0x1000, 0x22EB, 4, before([]byte{0x20, 1, 0, 7, 0, 0, 0, 9, 0, 0, 0x80, 0}, ethernet))),
		one("erspan-iii-platform", greAs(4, 0x1000, 0x22EB, 4, before([]byte{0x20, 1, 0, 7, 0, 0, 0, 9, 0, 0, 0x80, 1, 12, 0, 0, 1, 0, 0, 0, 2}, ethernet))),
		one("vxlan", udp(4, 49200, 4789, before([]byte{8, 0, 0, 0, 0, 0, 5, 0}, ethernet))),
		one("vxlan-gpe", udp(6, 49200, 4790, func(ip []byte) []byte { return []byte{0x0C, 0, 0, nextOf(ip, 1, 2), 0, 0, 5, 0} })),
		one("vxlan-nsh", udp(4, 49200, 4790, before([]byte{0x0C, 0, 0, 4, 0, 0, 5, 0, 0x0F, 0xC2, 2, 3, 0, 0, 1, 255}, ethernet))),
		one("geneve", udp(4, 49200, 6081, before([]byte{2, 0, 0x65, 0x58, 0, 0, 5, 0, 1, 2, 3, 1, 0xAA, 0xBB, 0xCC, 0xDD}, ethernet))),
		one("geneve-ip", udp(6, 49200, 6081, func(ip []byte) []byte { return before([]byte{0, 0}, etherType)(ip)[:8] })),
		one("gtp-u", udp(4, 2152, 2152, gtp(0x30, nil))),
		one("gtp-u-extension", udp(6, 2152, 2152, gtp(0x34, []byte{0, 0, 0, 0x85, 1, 0, 9, 0}))),
		one("gtp-u-sequence", udp(4, 2152, 2152, gtp(0x32, []byte{0, 7, 0, 0}))),
		one("l2tp", udp(4, 1701, 1701, before([]byte{0, 2, 0, 1, 0, 2}, ppp))),
		one("l2tp-options", udp(4, 1701, 1701, l2tpOptions)),
		one("etherip", wrapping{4, 97, before([]byte{0x30, 0}, ethernet)}),
		one("mpls-in-udp", udp(4, 49200, 6635, before([]byte{0, 1, 0, 64, 0, 2, 1, 64}, nothing))),
		one("vlan-in-vxlan", udp(4, 49200, 4789, before([]byte{8, 0, 0, 0, 0, 0, 5, 0}, vlan))),
		one("ah", wrapping{4, 51, func(ip []byte) []byte { return append([]byte{nextOf(ip, 4, 41), 4}, make([]byte, 22)...) }}),
		one("lisp", udp(4, 49200, 4341, before([]byte{0, 0, 0, 0, 0, 0, 0, 0}, nothing))),
		one("gre-in-udp", udp(4, 49200, 4754, func(ip []byte) []byte { return append([]byte{0, 0}, etherType2(ip)...) })),
		{"teredo", []wrapping{ipIn(6), udp(4, 3544, 3545, nothing)}},
		{"teredo-origin", []wrapping{ipIn(6), udp(4, 3544, 3545, before([]byte{0, 1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0x12, 0x34, 1, 2, 3, 4}, nothing))}},
		{"vxlan-in-gre-in-6in4", []wrapping{udp(4, 49200, 4789, before([]byte{8, 0, 0, 0, 0, 0, 5, 0}, ethernet)), gre(6, 0, nil), ipIn(4)}},
		{"gtp-u-in-geneve-in-vxlan", []wrapping{udp(4, 2152, 2152, gtp(0x30, nil)),
			udp(6, 49200, 6081, before([]byte{0, 0, 0x65, 0x58, 0, 0, 5, 0}, ethernet)), udp(4, 49200, 4789, before([]byte{8, 0, 0, 0, 0, 0, 5, 0}, ethernet))}},
	}
}

// UnreadTunnels are those that tshark 4.0 finds no connection in without being told more.
func UnreadTunnels() []Tunnel {
	one := func(name string, w wrapping) Tunnel { return Tunnel{name, []wrapping{w}} }
	return []Tunnel{
		one("l2tpv3-udp", udp(4, 1701, 1701, before([]byte{0, 3, 0, 0, 0, 0, 0, 9}, ethernet))),
		one("l2tpv3-ip", wrapping{4, 115, before([]byte{0, 0, 0, 9}, ethernet)}),
		one("gtp-u-ppp", udp(4, 2152, 2152, func(ip []byte) []byte {
			return append(gtp(0x30, nil)(append(ppp(ip), ip...)), ppp(ip)...)
		})),
		one("erspan-iii-ip", greAs(4, 0x1000, 0x22EB, 4, before([]byte{0x20, 1, 0, 7, 0, 0, 0, 9, 0, 0, 0x88, 0}, nothing))),
		one("esp", wrapping{4, 50, before([]byte{0, 0, 0, 9, 0, 0, 0, 1}, nothing)}),
		one("gre-frame-relay", greAs(4, 0, 0x6559, 0, nothing)),
		one("vxlan-elsewhere", udp(4, 49200, 8472, before([]byte{8, 0, 0, 0, 0, 0, 5, 0}, ethernet))),
	}
}

// Wrap returns the IP packet inside the tunnel, nil where it is too large for that.
func (t Tunnel) Wrap(ip []byte) []byte {
	for _, w := range t.wrap {
		h, ok := parseIP(ip)
		if !ok || len(ip) > 65_000 || h.length == 0 {
			return nil
		}
		data := append(w.header(ip), ip...)
		if w.proto == protoUDP {
			binary.BigEndian.PutUint16(data[4:], uint16(len(data)))
		}
		if w.proto == 0 {
			w.proto = nextOf(ip, 4, 41)
		}
		end := byte(1)
		if h.dst.Less(h.src) {
			end = 2
		}
		ip = append(outerHeader(w.outer, w.proto, end, len(data)), data...)
	}
	return ip
}

// outerHeader is an IP header between the tunnel's ends, of which end sends.
func outerHeader(version int, proto, end byte, length int) []byte {
	if version == 6 {
		h := binary.BigEndian.AppendUint16([]byte{0x60, 0, 0, 0}, uint16(length))
		h = append(append(h, proto, 64, 0xFD, 0x77), make([]byte, 13)...)
		h = append(append(h, end, 0xFD, 0x77), make([]byte, 13)...)
		return append(h, 3-end)
	}
	h := binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(20+length))
	h = append(h, 0, 0, 0x40, 0, 64, proto, 0, 0, 198, 51, 100, end, 198, 51, 100, 3-end)
	binary.BigEndian.PutUint16(h[10:], ^uint16(fold(sumWords(h))))
	return h
}

func nextOf(ip []byte, v4, v6 byte) byte {
	if ip[0]>>4 == 6 {
		return v6
	}
	return v4
}

func nothing([]byte) []byte { return nil }

// before puts bytes before what another header has.
func before(b []byte, then func([]byte) []byte) func([]byte) []byte {
	return func(ip []byte) []byte { return append(append([]byte{}, b...), then(ip)...) }
}

func etherType2(ip []byte) []byte { return []byte{nextOf(ip, 8, 0x86), nextOf(ip, 0, 0xDD)} }

// etherType is an EtherType, and what follows in a GENEVE header.
func etherType(ip []byte) []byte { return append(etherType2(ip), 0, 0, 5, 0) }

func ethernet(ip []byte) []byte {
	return append([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}, etherType2(ip)...)
}

func vlan(ip []byte) []byte {
	return append([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x81, 0, 0, 5}, etherType2(ip)...)
}

func ppp(ip []byte) []byte { return []byte{0xFF, 3, 0, nextOf(ip, 0x21, 0x57)} }

func ipIn(outer int) wrapping { return wrapping{outer, 0, nothing} }

// gre has the flags of checksum, key and sequence among flags.
func gre(outer int, flags uint16, more []byte) wrapping {
	return wrapping{outer, 47, func(ip []byte) []byte {
		h := append(binary.BigEndian.AppendUint16(nil, flags), etherType2(ip)...)
		for _, flag := range []uint16{0x8000, 0x2000, 0x1000} {
			if flags&flag != 0 {
				h = append(h, 0, 0, 0, 7)
			}
		}
		return append(h, more...)
	}}
}

func teb(outer int, flags uint16) wrapping { return greAs(outer, flags, 0x6558, 4, ethernet) }

// greAs is GRE of a protocol type, with so many bytes of options.
func greAs(outer int, flags, kind uint16, options int, then func([]byte) []byte) wrapping {
	h := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, flags), kind)
	return wrapping{outer, 47, before(append(h, make([]byte, options)...), then)}
}

// udp leaves the length to Wrap; there is no checksum.
func udp(outer int, from, to uint16, then func([]byte) []byte) wrapping {
	h := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, from), to)
	return wrapping{outer, protoUDP, before(append(h, 0, 0, 0, 0), then)}
}

// l2tpOptions is a header of L2TP with all that it can have.
func l2tpOptions(ip []byte) []byte {
	h := append([]byte{0x4A, 2, 0, 0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 2, 0, 0}, ppp(ip)...)
	binary.BigEndian.PutUint16(h[2:], uint16(len(h)+len(ip)))
	return h
}

// gtp is a T-PDU's header, with what its flags say is there besides.
func gtp(flags byte, more []byte) func([]byte) []byte {
	return func(ip []byte) []byte {
		h := binary.BigEndian.AppendUint16([]byte{flags, 255}, uint16(len(more)+len(ip)))
		return append(append(h, 0, 0, 0, 9), more...)
	}
}
