package packet

import (
	"fmt"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// benchPacket is a full-sized TCP segment under one link type.
type benchPacket struct {
	name string
	link LinkType
	data []byte
}

func benchPackets() []benchPacket {
	payload := zeros(1400)
	n := len(segment) + len(payload)
	p6 := ip6(ProtoTCP, n, segment, payload)
	p4 := ip4(ProtoTCP, 20+n, 0x4000, nil, segment, payload)
	return []benchPacket{
		{"Ethernet-IPv6", Ethernet, ethernet(etherIPv6, p6)},
		{"Ethernet-IPv4", Ethernet, ethernet(etherIPv4, p4)},
		{"Ethernet-VLAN-IPv6", Ethernet, ethernet(etherVLAN, []byte{0, 1, 0x86, 0xDD}, p6)},
		{"Ethernet-extensions", Ethernet, ethernet(etherIPv6, ip6(0, n+16, ext(60), ext(6), segment, payload))},
		{"RAW-IPv4", Raw, p4},
		{"RAW-stub", Raw, header6(Addr{}, NoNextHeaderKnown, n, segment, payload)},
		{"NULL", Null, append([]byte{30, 0, 0, 0}, p6...)},
		{"LOOP", Loop, append([]byte{0, 0, 0, 24}, p6...)},
		{"SLL", SLL, sll(4, etherIPv6, p6)},
		{"SLL2", SLL2, sll2(4, etherIPv6, p6)},
		{"USER0-sockaddr_in6", User0, sockaddr6(windows6, src6, 0, segment, payload)},
		{"USER0-sockaddr_in", User0, sockaddr4(other4, src4, p4)},
	}
}

// reportPackets is for benchmarks with one packet a turn.
func reportPackets(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}

func BenchmarkDecode(b *testing.B) {
	packets := append(benchPackets(), benchPacket{"Ethernet-PPPoE", Ethernet, pppoe(ip6(ProtoTCP, 36, segment))})
	for _, c := range packets {
		b.Run(c.name, func(b *testing.B) {
			var v View
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			for b.Loop() {
				Decode(&v, c.link, c.data, len(c.data), LayoutAuto)
			}
			reportPackets(b)
			if v.Form == NoIP {
				b.Fatalf("got no IP packet in %s", c.name)
			}
		})
	}
}

func BenchmarkSum(b *testing.B) {
	for _, n := range []int{40, 100, 1500, 65536} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			data := make([]byte, n)
			for i := range data {
				data[i] = byte(i)
			}
			b.SetBytes(int64(n))
			b.ReportAllocs()
			var sum uint32
			for b.Loop() {
				sum += Sum(data)
			}
			reportPackets(b)
			if sum == 0 {
				b.Fatal("got no sum")
			}
		})
	}
}

func BenchmarkParseTCP(b *testing.B) {
	sack := tcpWith(append([]byte{1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7, 1, 1, 5, 18}, zeros(16)...)...)
	for _, c := range []struct {
		name string
		seg  []byte
	}{{"timestamps", segment}, {"SACK", sack}} {
		b.Run(c.name, func(b *testing.B) {
			var h tcp.Segment
			b.SetBytes(int64(len(c.seg)))
			b.ReportAllocs()
			for b.Loop() {
				ParseTCP(&h, c.seg, len(c.seg))
			}
			reportPackets(b)
			if !h.HasTS {
				b.Fatal("got no timestamps")
			}
		})
	}
}

// BenchmarkExchange names packets: those that ask nothing too, which are nearly
// all.
func BenchmarkExchange(b *testing.B) {
	quic := ipPacket(src6, dst6, ProtoUDP, udp(50000, 443, zeros(1200)))
	packets := []benchPacket{{"TCP", Raw, ip6(ProtoTCP, len(segment), segment)}, {"UDP", Raw, quic}}
	for _, c := range exchangeCases() {
		packets = append(packets, benchPacket{c.name, Raw, c.request})
	}
	packets = append(packets, benchPacket{"quote", Raw, errorAbout(3, quic)})
	for _, c := range packets {
		var v View
		Decode(&v, c.link, c.data, len(c.data), LayoutAuto)
		upper := c.data[v.Upper:v.End]
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			var x Exchange
			for b.Loop() {
				ReadExchange(&x, &v, v.Proto, upper)
			}
			reportPackets(b)
		})
		if SelfName(&v, v.Proto, upper) != 0 {
			b.Run(c.name+"-self", func(b *testing.B) {
				b.SetBytes(int64(len(c.data)))
				b.ReportAllocs()
				for b.Loop() {
					SelfName(&v, v.Proto, upper)
				}
				reportPackets(b)
			})
		}
	}
}
