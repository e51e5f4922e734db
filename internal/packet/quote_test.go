package packet

import (
	"bytes"
	"testing"
)

// quotable are packets with a name that errors can quote them by; upper is
// where the upper layer begins.
type quotable struct {
	name  string
	data  []byte
	upper int
}

func quotables() []quotable {
	return []quotable{
		{"TCP", ipPacket(src4, dst4, ProtoTCP, segment), 20},
		{"TCP behind options", ip4(ProtoTCP, 24+len(segment), 0, []byte{1, 1, 1, 0}, segment), 24},
		{"UDP", ipPacket(src4, dst4, ProtoUDP, udp(40000, 33434, []byte("probe"))), 20},
		{"echo", ipPacket(src4, dst4, ProtoICMP, icmp(8, 0, 7, []byte("ping"))), 20},
		{"echo reply", ipPacket(src4, dst4, ProtoICMP, icmp(0, 0, 7, []byte("ping"))), 20},
		{"first fragment", ip4(ProtoUDP, 20+1480, 0x2000, nil, udp(40000, 33434, zeros(1472))), 20},
		{"TCP over IPv6", ipPacket(src6, dst6, ProtoTCP, segment), 40},
		{"UDP over IPv6", ipPacket(src6, dst6, ProtoUDP, udp(40000, 33434, []byte("probe"))), 40},
		{"echo over IPv6", ipPacket(src6, dst6, ProtoICMPv6, icmp(128, 0, 7)), 40},
		{"UDP behind extension headers", ip6(0, 16+13, ext(60), ext(17), udp(40000, 33434, []byte("probe"))), 56},
	}
}

// errorAbout returns an error of the given type that a router sends.
func errorAbout(kind byte, quote []byte) []byte {
	if quote[0]>>4 == 4 {
		return ipPacket(third4, src4, ProtoICMP, icmp(kind, 0, 0, quote))
	}
	return ipPacket(third6, src6, ProtoICMPv6, icmp(kind, 0, 0, quote))
}

func TestErrorsQuote(t *testing.T) {
	for _, c := range quotables() {
		t.Run(c.name, func(t *testing.T) {
			_, self := named(c.data, len(c.data))
			if self == 0 {
				t.Fatal("own name: got none")
			}
			kinds := []byte{3, 4, 5, 11, 12}
			proto := uint8(ProtoICMP)
			if c.data[0]>>4 == 6 {
				kinds, proto = []byte{1, 2, 3, 4}, ProtoICMPv6
			}
			for _, kind := range kinds {
				for _, n := range []int{c.upper + 8, len(c.data)} {
					quote := bytes.Clone(c.data[:n])
					lowerTTL(quote)
					e := errorAbout(kind, quote)
					if x := namesOf(e); x != (Exchange{Quoted: self}) {
						t.Errorf("error of type %d with %d bytes: got %+v, want the name %x alone", kind, n, x, self)
					}
					if upper := e[len(e)-len(quote)-icmpLen:]; !QuotesPacket(proto, upper) {
						t.Errorf("error of type %d with %d bytes: got no quote", kind, n)
					}
				}
				if x := namesOf(errorAbout(kind, c.data[:c.upper+7])); x.Quoted != 0 {
					t.Errorf("quote of 7 bytes: got %x, want no name", x.Quoted)
				}
			}
		})
	}
}

// lowerTTL does what routers do on the way.
func lowerTTL(ip []byte) {
	if ip[0]>>4 == 4 {
		ip[8] -= 3
		ip[10] ^= 0x17
		return
	}
	ip[7] -= 3
}

func TestErrorsQuoteNothingElse(t *testing.T) {
	tcp := ipPacket(src4, dst4, ProtoTCP, segment)
	_, self := named(tcp, len(tcp))
	shorter := ipPacket(src4, dst4, ProtoTCP, segment[:32])
	translated := ipPacket(third4, dst4, ProtoTCP, segment)
	otherSeq := bytes.Clone(tcp)
	otherSeq[20+7]++
	for name, quote := range map[string][]byte{"another length": shorter, "another address": translated, "another number": otherSeq} {
		if x := namesOf(errorAbout(3, quote)); x.Quoted == 0 || x.Quoted == self {
			t.Errorf("quote with %s: got %x, want another name than %x", name, x.Quoted, self)
		}
	}
	later := ip4(ProtoUDP, 40, 0x0010, nil, zeros(20))
	for name, e := range map[string][]byte{
		"a later fragment":   errorAbout(3, later),
		"an error":           errorAbout(3, errorAbout(3, tcp)),
		"another protocol":   errorAbout(3, ipPacket(src4, dst4, ProtoESP, zeros(20))),
		"the other version":  ipPacket(third4, src4, ProtoICMP, icmp(3, 0, 0, ipPacket(src6, dst6, ProtoTCP, segment))),
		"no destination":     errorAbout(1, ipPacket(src6, Addr{}, ProtoTCP, segment)),
		"no packet":          errorAbout(3, zeros(40)),
		"nothing":            ipPacket(third4, src4, ProtoICMP, icmp(3, 0, 0)),
		"in no type of ours": errorAbout(17, tcp),
	} {
		if x := namesOf(e); x != (Exchange{}) {
			t.Errorf("quote of %s: got %+v, want no names", name, x)
		}
	}
	if _, self := named(later, len(later)); self != 0 {
		t.Errorf("a later fragment's own name: got %x, want none", self)
	}
	if _, self := named(tcp[:27], len(tcp)); self != 0 {
		t.Errorf("own name with 7 bytes captured: got %x, want none", self)
	}
}

func TestQuotesPacket(t *testing.T) {
	quote := ipPacket(src6, dst6, ProtoTCP, segment)
	for _, c := range []struct {
		name  string
		proto uint8
		upper []byte
		want  bool
	}{
		{"ICMPv6", ProtoICMPv6, icmp(1, 0, 0, quote), true},
		{"ICMP about IPv6", ProtoICMP, icmp(3, 0, 0, quote), false},
		{"neighbor solicitation", ProtoICMPv6, icmp(135, 0, 0, quote), false},
		{"UDP", ProtoUDP, icmp(1, 0, 0, quote), false},
		{"header alone", ProtoICMPv6, icmp(1, 0, 0), false},
		{"empty", ProtoICMPv6, nil, false},
	} {
		if got := QuotesPacket(c.proto, c.upper); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

func FuzzExchange(f *testing.F) {
	for _, c := range exchangeCases() {
		for _, p := range append(append(append([][]byte{c.request, c.response}, c.retries...), c.strange...), c.silent...) {
			f.Add(p, uint32(len(p)), uint8(0), uint16(len(p)-1))
		}
	}
	for _, c := range quotables() {
		f.Add(c.data, uint32(len(c.data)), uint8(0), uint16(30))
		e := errorAbout(3, c.data)
		f.Add(e, uint32(len(e)), uint8(58), uint16(len(e)-1))
	}
	f.Fuzz(func(t *testing.T, data []byte, wire uint32, proto uint8, cut uint16) {
		wireLen := max(int(wire&0x3FFFFFFF), len(data))
		whole, self := named(data, wireLen)
		if (whole.Kind == NoExchange) != (whole.Cause|whole.Effect == 0) {
			t.Errorf("kind %d with the names %x and %x", whole.Kind, whole.Cause, whole.Effect)
		}
		if int(cut) < len(data) {
			got, gotSelf := named(data[:cut], wireLen)
			checkSubset(t, got.Cause, whole.Cause)
			checkSubset(t, got.Effect, whole.Effect)
			checkSubset(t, got.Quoted, whole.Quoted)
			checkSubset(t, gotSelf, self)
		}
		// An inferred protocol may be any, and the bytes may be no header of it.
		v := View{Form: Stub, Version: 6, Src: src6, Dst: dst6, UpperLen: wireLen}
		var x Exchange
		ReadExchange(&x, &v, proto, data)
		if x.Quoted != 0 && !QuotesPacket(proto, data) {
			t.Errorf("protocol %d: got the name %x in what quotes no packet", proto, x.Quoted)
		}
		SelfName(&v, proto, data)
	})
}

// checkSubset checks that a packet cut short keeps a name or loses it.
func checkSubset(t *testing.T, cut, whole uint64) {
	t.Helper()
	if cut != 0 && cut != whole {
		t.Errorf("cut short: got the name %x, want %x or none", cut, whole)
	}
}
