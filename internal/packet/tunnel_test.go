package packet

import (
	"bytes"
	"cmp"
	"testing"
)

// udp4 is an IPv4 packet with a datagram between ports of the fixtures' hosts.
func udp4(from, to uint16, payload []byte) []byte {
	d := udp(from, to, payload)
	return ip4(ProtoUDP, ipv4Len+len(d), 0, nil, d)
}

// tunnelCase is an outer packet, and what is found in it.
type tunnelCase struct {
	name   string
	data   []byte
	wire   int    // 0 for all of it
	proto  uint8  // of the innermost packet, 0 where none is found
	upper  int    // where its segment begins
	short  int    // bytes of its upper layer, 0 for a whole segment
	unread Unread // why more was not read
}

// nested is a segment in so many IPv4 packets inside one another.
func nested(depth int) []byte {
	data := ip4(ProtoTCP, ipv4Len+len(segment), 0, nil, segment)
	for range depth {
		data = ip4(protoIPv4, ipv4Len+len(data), 0, nil, data)
	}
	return data
}

func tunnelCases() []tunnelCase {
	p4, p6 := nested(0), ip6(ProtoTCP, len(segment), segment)
	in := func(proto uint8, header []byte, packet []byte) []byte {
		return ip4(proto, ipv4Len+len(header)+len(packet), 0, nil, header, packet)
	}
	gre := []byte{0, 0, 8, 0}
	route := join([]byte{0x40, 0, 8, 0, 0, 0, 0, 0}, []byte{8, 0, 0, 4, 1, 2, 3, 4}, []byte{0, 0, 0, 0})
	eth := ethernet(0x0800)
	whole := in(protoGRE, gre, p4)
	return []tunnelCase{
		{name: "no tunnel", data: p4},
		{name: "DNS", data: udp4(40000, 53, zeros(20))},
		{name: "IP in IP", data: nested(1), proto: ProtoTCP, upper: 40},
		{name: "as deep as is read", data: nested(maxTunnels), proto: ProtoTCP, upper: 20 * (maxTunnels + 1)},
		{name: "too deep", data: nested(maxTunnels + 1), proto: protoIPv4, upper: 20 * (maxTunnels + 1), unread: TooDeep},
		{name: "6in4", data: in(ProtoIPv6, nil, p6), proto: ProtoTCP, upper: 60},
		{name: "GRE", data: whole, proto: ProtoTCP, upper: 44},
		{name: "GRE with routing", data: in(protoGRE, route, p4), proto: ProtoTCP, upper: 20 + 20 + 20},
		{name: "GRE with routing without end", data: in(protoGRE, route[:16], nil), unread: NotKnown},
		{name: "GRE, WCCP", data: in(protoGRE, []byte{0, 0, 0x88, 0x3E, 0, 0, 0, 0}, p4), proto: ProtoTCP, upper: 48},
		{name: "GRE, WCCP without its header", data: in(protoGRE, []byte{0, 0, 0x88, 0x3E}, p4), proto: ProtoTCP, upper: 44},
		{name: "GRE, a keepalive", data: in(protoGRE, []byte{0, 0, 0, 0}, nil)},
		{name: "GRE, cut in its header", data: whole[:22], wire: len(whole), unread: CutOff},
		{name: "GRE, cut in the inner header", data: whole[:30], wire: len(whole), unread: CutOff},
		{name: "GRE, cut in the payload", data: whole[:70], wire: len(whole), proto: ProtoTCP, upper: 44},
		{name: "GRE, a fragment", data: ip4(protoGRE, len(whole), 0x2000, nil, whole[20:]), unread: Fragmented},
		{name: "GRE, a later fragment", data: ip4(protoGRE, len(whole), 5, nil, whole[20:]), unread: Fragmented},
		{name: "VXLAN, a fragment", data: ip4(ProtoUDP, 20+8, 0x2000, nil, udp(1, 4789, nil)), unread: Fragmented},
		{name: "VXLAN, ARP", data: udp4(50000, 4789, join(zeros(8), ethernet(0x0806, zeros(28))))},
		{name: "VXLAN, spanning tree", data: udp4(50000, 4789, join(zeros(8), ethernet(38, []byte{0x42, 0x42, 3}, zeros(35))))},
		{name: "VXLAN, MACsec", data: udp4(50000, 4789, join(zeros(8), ethernet(0x88E5, zeros(28)))), unread: Hidden},
		{name: "VXLAN, the lower port is another tunnel's", data: udp4(4789, 2152, join([]byte{0x30, 255, 0, 56, 0, 0, 0, 1}, p4)), proto: ProtoTCP, upper: 56},
		{name: "GENEVE", data: udp4(50000, 6081, join([]byte{1, 0, 0x65, 0x58, 0, 0, 0, 0, 1, 2, 3, 0}, eth, p4)), proto: ProtoTCP, upper: 20 + 8 + 12 + 14 + 20},
		{name: "GTP, echo", data: udp4(2152, 2152, []byte{0x32, 1, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0})},
		{name: "GTP, extension headers without end", data: udp4(2152, 2152, []byte{0x34, 255, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0x85, 0, 1, 2, 3}), unread: NotKnown},
		{name: "GTP version 0", data: udp4(2152, 2152, join([]byte{0x1E, 255}, zeros(18), p4)), proto: ProtoTCP, upper: 20 + 8 + 20 + 20},
		{name: "L2TP, control", data: udp4(1701, 1701, []byte{0xC8, 2, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0})},
		{name: "L2TP, LCP", data: udp4(1701, 1701, []byte{0, 2, 0, 1, 0, 1, 0xFF, 3, 0xC0, 0x21, 1, 1, 0, 4})},
		{name: "L2TP, compressed", data: udp4(1701, 1701, []byte{0, 2, 0, 1, 0, 1, 0xFF, 3, 0, 0xFD, 1, 1, 0, 4}), unread: Hidden},
		{name: "L2TPv3", data: in(protoL2TP, []byte{0, 0, 0, 5}, join(eth, p4)), unread: NotKnown},
		{name: "L2TPv3, control", data: in(protoL2TP, zeros(4), zeros(12))},
		{name: "Teredo bubble", data: udp4(3544, 3545, ip6(ProtoNoNext, 0)), proto: ProtoNoNext, upper: 68},
		{name: "ESP", data: in(ProtoESP, nil, zeros(40)), unread: Hidden},
		{name: "ESP in UDP", data: udp4(4500, 4500, join([]byte{1}, zeros(40))), unread: Hidden},
		{name: "IKE", data: udp4(4500, 4500, zeros(40))},
		{name: "a NAT keepalive", data: udp4(4500, 4500, []byte{0xFF})},
		{name: "ESP in GRE", data: in(protoGRE, gre, in(ProtoESP, nil, zeros(40))), proto: ProtoESP, upper: 44, unread: Hidden},
		{name: "AH, tunnel mode", data: in(ProtoAH, join([]byte{4, 4}, zeros(22)), p4), proto: ProtoTCP, upper: 64},
		{name: "AH, transport mode", data: in(ProtoAH, join([]byte{6, 4}, zeros(22)), segment), unread: NotKnown},
		{name: "AH, OSPF", data: in(ProtoAH, join([]byte{89, 4}, zeros(22)), zeros(20))},
		{name: "GRE, no version but an acknowledgment", data: in(protoGRE, []byte{0, 0x80, 0x88, 0x0B}, join([]byte{0x21}, p4)), proto: ProtoTCP, upper: 45},
		{name: "GTP'", data: udp4(2152, 2152, join([]byte{0x20, 255, 0, 56, 0, 0, 0, 1}, p4))},
		{name: "GTP, shorter than its packet", data: udp4(2152, 2152, join([]byte{0x30, 255, 0, 30, 0, 0, 0, 1}, p4)), proto: ProtoTCP, upper: 56, short: 10},
		{name: "offloaded IPv6", data: in(protoGRE, []byte{0, 0, 0x86, 0xDD}, ip6(ProtoTCP, 0, segment)), unread: NotKnown},
		{name: "AYIYA", data: udp4(50000, 5072, zeros(60)), unread: NotKnown},
	}
}

func TestTunnels(t *testing.T) {
	for _, c := range tunnelCases() {
		t.Run(c.name, func(t *testing.T) {
			var outer, inner View
			Decode(&outer, Raw, c.data, c.wire, LayoutAuto)
			got := Tunnels{}.Decode(&inner, &outer, outer.Proto, c.data)
			if got != c.unread {
				t.Errorf("unread: got %q, want %q", got, c.unread)
			}
			if c.proto == 0 && inner.Form != NoIP || inner.Proto != c.proto && inner.Form != NoIP || c.proto != 0 && (inner.Form == NoIP || inner.Upper != c.upper) {
				t.Errorf("inner: got %+v, want protocol %d at %d", inner, c.proto, c.upper)
			}
			if inner.Proto == ProtoTCP && inner.Form != NoIP && (inner.UpperLen != cmp.Or(c.short, len(segment)) || !bytes.HasPrefix(segment, c.data[inner.Upper:inner.End])) {
				t.Errorf("segment: got %x of %d bytes, want %x", c.data[inner.Upper:inner.End], inner.UpperLen, segment)
			}
		})
	}
}

func TestDecodeAs(t *testing.T) {
	data := udp4(50000, 8472, join(zeros(8), ethernet(0x0800, nested(0))))
	var outer View
	Decode(&outer, Raw, data, 0, LayoutAuto)
	for _, c := range []struct {
		statements []string
		want       bool
	}{{nil, false}, {[]string{"udp.port==8472,vxlan"}, true}, {[]string{"udp.port==8472,vxlan", "udp.port==8472,data"}, false}} {
		var tunnels Tunnels
		for _, s := range c.statements {
			if err := tunnels.DecodeAs(s); err != nil {
				t.Fatal(err)
			}
		}
		var inner View
		tunnels.Decode(&inner, &outer, outer.Proto, data)
		if got := inner.Form != NoIP; got != c.want {
			t.Errorf("%q: inner packet: got %v, want %v", c.statements, got, c.want)
		}
	}
	for _, s := range []string{"", "udp.port==8472", "udp.port==8472,", "udp.port==8472,http", "udp.port==65536,vxlan", "udp.port==-1,vxlan", "tcp.port==80,vxlan", "udp.port=80,vxlan", "l2tp.pw_type==5,eth", "l2tp.cookie_size:8", "l2tp."} {
		var tunnels Tunnels
		if err := tunnels.DecodeAs(s); err == nil {
			t.Errorf("%q: got no error", s)
		}
	}
}

// FuzzTunnels holds what is found in tunnels to lie in the packet, whatever the bytes are.
func FuzzTunnels(f *testing.F) {
	for _, c := range tunnelCases() {
		f.Add(c.data, uint32(c.wire), uint16(0), uint8(0))
	}
	f.Fuzz(func(t *testing.T, data []byte, wire uint32, port uint16, as uint8) {
		var outer, inner View
		Decode(&outer, Raw, data, max(int(wire&0x3FFFFFFF), len(data)), LayoutAuto)
		if outer.Form != Whole {
			return
		}
		before := bytes.Clone(data)
		tunnels := Tunnels{ports: map[uint16]encapsulation{port: decodable[int(as)%len(decodable)].encapsulation}}
		unread := tunnels.Decode(&inner, &outer, outer.Proto, data)
		if !bytes.Equal(data, before) {
			t.Fatal("bytes were changed")
		}
		if unread >= Unreads {
			t.Errorf("unread: got %d", unread)
		}
		if inner.Form == NoIP {
			return
		}
		checkView(t, &inner, data)
		if inner.Form != Whole || inner.Net < outer.Upper || inner.End > outer.End {
			t.Errorf("got %+v in %+v", inner, outer)
		}
		if inner.Upper+inner.UpperLen > outer.Upper+outer.UpperLen {
			t.Errorf("on the wire: got an end of %d, beyond %d", inner.Upper+inner.UpperLen, outer.Upper+outer.UpperLen)
		}
	})
}
