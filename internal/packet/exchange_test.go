package packet

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"testing"
)

// ipPacket returns an IP packet of the version of its addresses.
func ipPacket(src, dst Addr, proto uint8, upper []byte) []byte {
	if !src.Netip().Is4() {
		return append(AppendIPv6(nil, IPv6Header{PayloadLength: uint16(len(upper)), NextHeader: proto, HopLimit: 64, Src: src, Dst: dst}), upper...)
	}
	p := ip4(proto, ipv4Len+len(upper), 0x4000, nil, upper)
	copy(p[12:], src[12:])
	copy(p[16:], dst[12:])
	return p
}

func words(w ...uint16) (b []byte) {
	for _, v := range w {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

func udp(sport, dport uint16, payload ...[]byte) []byte {
	data := join(payload...)
	return join(words(sport, dport, uint16(udpLen+len(data)), 0x1234), data)
}

// dns returns a message with one question and, if it is a response, an answer.
func dns(id, flags uint16, name string, kind, class uint16) []byte {
	var q []byte
	for label := range strings.SplitSeq(name, ".") {
		q = append(append(q, byte(len(label))), label...)
	}
	q = append(q, 0)
	b := join(words(id, flags, 1, flags>>15, 0, 0), q, words(kind, class))
	if flags&0x8000 != 0 {
		b = join(b, words(0xC00C, kind, class, 0, 60, 4, 0xC000, 0x0201))
	}
	return b
}

// ntp returns a version 4 packet with its origin and transmit timestamps.
func ntp(mode byte, origin, transmit uint64) []byte {
	b := make([]byte, 48)
	b[0] = 4<<3 | mode
	binary.BigEndian.PutUint64(b[24:], origin)
	binary.BigEndian.PutUint64(b[40:], transmit)
	return b
}

func dhcpv6(kind byte, id uint32) []byte {
	return join(binary.BigEndian.AppendUint32(nil, uint32(kind)<<24|id), []byte{0, 1, 0, 2, 0xAB, 0xCD})
}

func stun(kind uint16, id byte) []byte {
	return join(words(kind, 0, 0x2112, 0xA442), zeros(11), []byte{id})
}

// icmp returns a message whose header holds rest in its last four bytes.
func icmp(kind, code byte, rest uint32, data ...[]byte) []byte {
	return join([]byte{kind, code, 0x55, 0xAA}, binary.BigEndian.AppendUint32(nil, rest), join(data...))
}

// named reads all names of a packet that begins with its IP header.
func named(ip []byte, wireLen int) (x Exchange, self uint64) {
	var v View
	Decode(&v, Raw, ip, wireLen, LayoutAuto)
	ReadExchange(&x, &v, v.Proto, ip[v.Upper:v.End])
	return x, SelfName(&v, v.Proto, ip[v.Upper:v.End])
}

func namesOf(ip []byte) Exchange {
	x, _ := named(ip, len(ip))
	return x
}

var (
	linkLocal  = AddrOf(netip.MustParseAddr("fe80::1"))
	allServers = AddrOf(netip.MustParseAddr("ff02::1:2"))
	nodeGroup  = AddrOf(netip.MustParseAddr("ff02::1:ff00:2"))
	third6     = AddrOf(netip.MustParseAddr("2001:db8::3"))
	third4     = AddrOf(netip.MustParseAddr("192.0.2.3"))
)

// exchangeCase is a request with what answers it and what does not, and with
// packets that neither ask nor answer.
type exchangeCase struct {
	name     string
	kind     ExchangeKind
	request  []byte
	response []byte
	retries  [][]byte // ask the same
	strange  [][]byte // answer something else
	silent   [][]byte // have no names
	needed   int      // bytes of the request's upper layer that make its name
}

func exchangeCases() []exchangeCase {
	return append(append(dnsCases(), ntpCases()...), append(icmpCases(), otherCases()...)...)
}

func dnsCases() []exchangeCase {
	const query, response = 0x0100, 0x8180
	reply := func(id uint16, name string, kind, class uint16) []byte {
		return ipPacket(dst4, src4, ProtoUDP, udp(53, 40000, dns(id, response, name, kind, class)))
	}
	ask := udp(40000, 53, dns(7, query, "www.Example.org", 28, 1))
	long := strings.TrimSuffix(strings.Repeat(strings.Repeat("x", 63)+".", 5), ".")
	return []exchangeCase{{
		name: "DNS", kind: DNS, needed: len(ask),
		request:  ipPacket(src4, dst4, ProtoUDP, ask),
		response: reply(7, "wWw.example.ORG", 28, 1),
		retries:  [][]byte{ipPacket(src4, dst4, ProtoUDP, udp(40000, 53, dns(7, query, "www.example.org", 28, 1), []byte("more")))},
		strange: [][]byte{
			reply(8, "www.example.org", 28, 1), reply(7, "www.example.com", 28, 1),
			reply(7, "www.example.org", 1, 1), reply(7, "www.example.org", 28, 3),
			reply(7, "wwwe.xample.org", 28, 1),
			ipPacket(dst4, src4, ProtoUDP, udp(53, 40001, dns(7, response, "www.example.org", 28, 1))),
			ipPacket(third4, src4, ProtoUDP, udp(53, 40000, dns(7, response, "www.example.org", 28, 1))),
			ipPacket(dst4, third4, ProtoUDP, udp(53, 40000, dns(7, response, "www.example.org", 28, 1))),
			ipPacket(dst4, src4, ProtoUDP, udp(53, 40000, dns(7, response|0x2800, "www.example.org", 28, 1))),
		},
		silent: [][]byte{
			ipPacket(src4, dst4, ProtoUDP, udp(40000, 5353, dns(7, query, "www.example.org", 28, 1))),
			ipPacket(src4, dst4, ProtoUDP, udp(53, 40000, dns(7, query, "www.example.org", 28, 1))),
			ipPacket(src4, dst4, ProtoUDP, udp(40000, 53, dns(7, response, "www.example.org", 28, 1))),
			ipPacket(src4, dst4, ProtoUDP, udp(40000, 53, words(7, query, 2, 0, 0, 0, 0, 1, 1))),
			ipPacket(src4, dst4, ProtoUDP, udp(40000, 53, words(7, query, 1, 0, 0, 0, 0xC00C, 1, 1))),
			ipPacket(src4, dst4, ProtoUDP, udp(40000, 53, dns(7, query, long, 28, 1))),
			ipPacket(src4, dst4, ProtoTCP, udp(40000, 53, dns(7, query, "www.example.org", 28, 1))),
		},
	}, {
		name: "DNS from port to port", kind: DNS, needed: 8 + 12 + 5,
		request:  ipPacket(src6, dst6, ProtoUDP, udp(53, 53, dns(0, 0, "", 2, 1)[:12], []byte{0, 0, 2, 0, 1})),
		response: ipPacket(dst6, src6, ProtoUDP, udp(53, 53, dns(0, 0x8000, "", 2, 1)[:12], []byte{0, 0, 2, 0, 1})),
	}}
}

func ntpCases() []exchangeCase {
	return []exchangeCase{{
		name: "NTP", kind: NTP, needed: 56,
		request:  ipPacket(src4, dst4, ProtoUDP, udp(50000, 123, ntp(3, 5, 11))),
		response: ipPacket(dst4, src4, ProtoUDP, udp(123, 50000, ntp(4, 11, 12))),
		strange: [][]byte{
			ipPacket(dst4, src4, ProtoUDP, udp(123, 50000, ntp(4, 12, 11))),
			ipPacket(dst4, src4, ProtoUDP, udp(123, 50001, ntp(4, 11, 12))),
			ipPacket(third4, src4, ProtoUDP, udp(123, 50000, ntp(4, 11, 12))),
		},
		silent: [][]byte{
			ipPacket(src4, dst4, ProtoUDP, udp(50000, 123, ntp(3, 5, 0))),
			ipPacket(dst4, src4, ProtoUDP, udp(123, 50000, ntp(4, 0, 12))),
			ipPacket(dst4, src4, ProtoUDP, udp(123, 123, ntp(5, 11, 12))),
			ipPacket(dst4, src4, ProtoUDP, udp(123, 123, ntp(6, 11, 12))),
			ipPacket(dst4, src4, ProtoUDP, udp(123, 50000, ntp(3, 11, 12))),
			ipPacket(src4, dst4, ProtoUDP, udp(50000, 123, ntp(4, 11, 12))),
			ipPacket(src4, dst4, ProtoUDP, udp(50000, 124, ntp(3, 5, 11))),
		},
	}, {
		name: "NTP between peers", kind: NTP, needed: 56,
		request:  ipPacket(src6, dst6, ProtoUDP, udp(123, 123, ntp(1, 0, 11))),
		response: ipPacket(dst6, src6, ProtoUDP, udp(123, 123, ntp(2, 11, 0))),
	}}
}

func icmpCases() []exchangeCase {
	const id, flags = 1<<16 | 9, 0x60000000
	solicit := icmp(135, 0, 0, dst6[:])
	return []exchangeCase{{
		name: "echo", kind: Echo, needed: 8,
		request:  ipPacket(src4, dst4, ProtoICMP, icmp(8, 0, id, []byte("ping"))),
		response: ipPacket(dst4, src4, ProtoICMP, icmp(0, 0, id, []byte("ping"))),
		strange: [][]byte{
			ipPacket(dst4, src4, ProtoICMP, icmp(0, 0, id+1)), ipPacket(dst4, src4, ProtoICMP, icmp(0, 0, id+1<<16)),
			ipPacket(third4, src4, ProtoICMP, icmp(0, 0, id)), ipPacket(dst4, third4, ProtoICMP, icmp(0, 0, id)),
		},
		silent: [][]byte{
			ipPacket(src4, dst4, ProtoICMP, icmp(8, 1, id)), ipPacket(src4, dst4, ProtoICMP, icmp(13, 0, id)),
			ipPacket(src4, dst4, ProtoICMP, icmp(128, 0, id)), ipPacket(src4, dst4, ProtoICMPv6, icmp(8, 0, id)),
			ip4(ProtoICMP, 28, 1, nil, icmp(8, 0, id)),
		},
	}, {
		name: "echo over IPv6", kind: Echo, needed: 8,
		request:  ipPacket(src6, dst6, ProtoICMPv6, icmp(128, 0, id)),
		response: ipPacket(dst6, src6, ProtoICMPv6, icmp(129, 0, id)),
		silent: [][]byte{
			ipPacket(src6, dst6, ProtoICMPv6, icmp(127, 0, id)), ipPacket(src6, dst6, ProtoNoNext, icmp(128, 0, id)),
			ipPacket(src6, Addr{}, ProtoICMPv6, icmp(128, 0, id)),
		},
	}, {
		name: "neighbor", kind: Neighbor, needed: 24,
		request:  ipPacket(src6, nodeGroup, ProtoICMPv6, solicit),
		response: ipPacket(dst6, src6, ProtoICMPv6, icmp(136, 0, flags, dst6[:], []byte{2, 1, 2, 0, 0, 0, 0, 2})),
		retries:  [][]byte{ipPacket(src6, dst6, ProtoICMPv6, solicit)},
		strange: [][]byte{
			ipPacket(dst6, src6, ProtoICMPv6, icmp(136, 0, flags, third6[:])),
			ipPacket(dst6, third6, ProtoICMPv6, icmp(136, 0, flags, dst6[:])),
		},
		silent: [][]byte{
			ipPacket(dst6, src6, ProtoICMPv6, icmp(136, 0, 0x20000000, dst6[:])),
			ipPacket(Addr{}, nodeGroup, ProtoICMPv6, solicit),
			ipPacket(src6, nodeGroup, ProtoICMPv6, icmp(133, 0, 0, dst6[:])),
		},
	}}
}

func otherCases() []exchangeCase {
	const request, indication, success, failure, allocate = 0x0001, 0x0011, 0x0101, 0x0111, 0x0103
	reply := func(kind byte, id uint32) []byte {
		return ipPacket(third6, linkLocal, ProtoUDP, udp(547, 546, dhcpv6(kind, id)))
	}
	stunReply := func(b []byte) []byte { return ipPacket(dst4, src4, ProtoUDP, udp(3478, 40000, b)) }
	badLength := stun(request, 1)
	badLength[3] = 3
	return []exchangeCase{{
		name: "DHCPv6", kind: DHCPv6, needed: 12,
		request:  ipPacket(linkLocal, allServers, ProtoUDP, udp(546, 547, dhcpv6(1, 0xABCDEF))),
		response: reply(2, 0xABCDEF),
		retries: [][]byte{
			ipPacket(linkLocal, allServers, ProtoUDP, udp(546, 547, dhcpv6(1, 0xABCDEF))),
			ipPacket(linkLocal, dst6, ProtoUDP, udp(546, 547, dhcpv6(5, 0xABCDEF))),
		},
		strange: [][]byte{reply(7, 0xABCDEE), ipPacket(third6, src6, ProtoUDP, udp(547, 546, dhcpv6(2, 0xABCDEF)))},
		silent: [][]byte{
			reply(10, 0xABCDEF), reply(1, 0xABCDEF),
			ipPacket(linkLocal, allServers, ProtoUDP, udp(546, 547, dhcpv6(7, 0xABCDEF))),
			ipPacket(linkLocal, allServers, ProtoUDP, udp(547, 547, dhcpv6(12, 0xABCDEF))),
		},
	}, {
		name: "STUN", kind: STUN, needed: 28,
		request:  ipPacket(src4, dst4, ProtoUDP, udp(40000, 3478, stun(request, 1))),
		response: stunReply(stun(success, 1)),
		strange: [][]byte{
			stunReply(stun(success, 2)), stunReply(stun(failure, 2)), stunReply(stun(allocate, 1)),
			ipPacket(dst4, src4, ProtoUDP, udp(3479, 40000, stun(success, 1))),
			ipPacket(third4, src4, ProtoUDP, udp(3478, 40000, stun(success, 1))),
		},
		silent: [][]byte{
			stunReply(stun(indication, 1)), stunReply(stun(request|0x4000, 1)), stunReply(badLength),
			stunReply(join(words(request, 0, 0x2112, 0xA443), zeros(12))),
		},
	}, {
		name: "STUN error", kind: STUN, needed: 28,
		request:  ipPacket(src6, dst6, ProtoUDP, udp(40000, 3478, stun(request, 1))),
		response: ipPacket(dst6, src6, ProtoUDP, udp(3478, 40000, stun(failure, 1))),
	}}
}

func TestExchanges(t *testing.T) {
	for _, c := range exchangeCases() {
		t.Run(c.name, func(t *testing.T) {
			asked, answered := namesOf(c.request), namesOf(c.response)
			if asked.Kind != c.kind || asked.Cause == 0 || asked.Effect != 0 {
				t.Errorf("request: got %+v, want a cause of kind %d alone", asked, c.kind)
			}
			if answered.Kind != c.kind || answered.Effect != asked.Cause || answered.Cause != 0 {
				t.Errorf("response: got %+v, want the effect %x of kind %d alone", answered, asked.Cause, c.kind)
			}
			for i, p := range c.retries {
				if got := namesOf(p); got != asked {
					t.Errorf("retry %d: got %+v, want %+v", i, got, asked)
				}
			}
			for i, p := range c.strange {
				if got := namesOf(p); got.Effect == 0 || got.Effect == asked.Cause {
					t.Errorf("answer %d to something else: got %+v, want another effect than %x", i, got, asked.Cause)
				}
			}
			for i, p := range c.silent {
				if got := namesOf(p); got != (Exchange{}) {
					t.Errorf("packet %d that neither asks nor answers: got %+v, want no names", i, got)
				}
			}
		})
	}
}

// What was not captured names nothing, instead of something else.
func TestExchangesCutShort(t *testing.T) {
	for _, c := range exchangeCases() {
		whole := namesOf(c.request)
		var v View
		Decode(&v, Raw, c.request, len(c.request), LayoutAuto)
		for n := range len(c.request) {
			want := Exchange{}
			if n >= v.Upper+c.needed {
				want = whole
			}
			if got, _ := named(c.request[:n], len(c.request)); got != want {
				t.Errorf("%s cut to %d bytes: got %+v, want %+v", c.name, n, got, want)
			}
		}
	}
}

// A peer's packet both answers and asks.
func TestPeersAskAndAnswer(t *testing.T) {
	first := namesOf(ipPacket(src4, dst4, ProtoUDP, udp(123, 123, ntp(1, 0, 11))))
	second := namesOf(ipPacket(dst4, src4, ProtoUDP, udp(123, 123, ntp(2, 11, 12))))
	third := namesOf(ipPacket(src4, dst4, ProtoUDP, udp(123, 123, ntp(1, 12, 13))))
	if first.Cause == 0 || second.Effect != first.Cause || second.Cause == 0 || third.Effect != second.Cause {
		t.Errorf("three packets in turn: got %+v, %+v, %+v, want each to answer the one before", first, second, third)
	}
}

// Laws don't share names: the same numbers in another protocol are others.
func TestKindsHaveNamesOfTheirOwn(t *testing.T) {
	seen := make(map[uint64]string)
	for _, c := range exchangeCases() {
		name := namesOf(c.request).Cause
		if other, ok := seen[name]; ok {
			t.Errorf("name of %s: got that of %s too, want one of its own", c.name, other)
		}
		seen[name] = c.name
	}
	for kind := range ExchangeKind(8) {
		for other := range kind {
			if a, b := begin(kind).add(1).name(), begin(other).add(1).name(); a == b {
				t.Errorf("kinds %d and %d: got the name %x for both", kind, other, a)
			}
		}
	}
}
