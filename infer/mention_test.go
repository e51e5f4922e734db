package infer

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// aaaa is a DNS answer that gives a name the addresses.
func aaaa(from, to netip.Addr, port uint16, addresses ...netip.Addr) sent {
	msg := []byte{0x12, 0x34, 0x81, 0x80, 0, 1, 0, byte(len(addresses)), 0, 0, 0, 0, 1, 'a', 0, 0, 28, 0, 1}
	for _, a := range addresses {
		msg = append(append(msg, 0xC0, 12, 0, 28, 0, 1, 0, 0, 1, 0, 0, 16), raw(a)...)
	}
	return udpTo(from, to, 53, port, msg)
}

func TestMentions(t *testing.T) {
	one, two, group := addr("2001:db8::1"), addr("2001:db8::2"), addr("ff05::1234")
	answer := aaaa(server, host, 5000, one, two)
	report := icmpTo(hostLL, addr("ff02::16"), header.ICMPMLDv2Report, 0, cat([]byte{0, 0, 0, 2, 4, 0, 0, 1}, raw(group), raw(one), []byte{4, 0, 0, 0}, raw(addr("ff02::fb"))))
	tests := []struct {
		name     string
		protocol uint8
		data     []byte
		want     []Mention
	}{
		{"DNS", packet.ProtoUDP, answer.data, []Mention{{one, Resolved}, {two, Resolved}}},
		{"DNS, protocol unknown", Unknown, answer.data, []Mention{{one, Resolved}, {two, Resolved}}},
		{"DNS, cut in the second record", packet.ProtoUDP, answer.data[:len(answer.data)-1], []Mention{{one, Resolved}}},
		{"the same bytes as TCP", packet.ProtoTCP, answer.data, nil},
		{"listener report", packet.ProtoICMPv6, report.data, []Mention{{group, Joined}, {addr("ff02::fb"), Joined}}},
		{"solicitation", Unknown, icmpTo(hostLL, one, header.ICMPNeighborSolicit, 0, cat(make([]byte, 4), raw(one))).data, []Mention{{one, Neighbored}}},
		{"a query", packet.ProtoUDP, udpTo(host, server, 5353, 53, answer.data[8:20]).data, nil},
	}
	for _, test := range tests {
		if got := AppendMentions(nil, test.protocol, test.data); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// Of two addresses with one residue DNS gave one just before the flow, and the
// other long ago.
func TestDNSAnswerDecides(t *testing.T) {
	const second = 1_000_000_000
	r := rand.New(rand.NewPCG(99, 100))
	one := randomAddr(r, "2a00:1450::")
	b := one.As16()
	b[8], b[9], b[10], b[11] = b[10], b[11], b[8], b[9] // the same words in another order
	two := netip.AddrFrom16(b)
	p := udpTo(host, one, 5000, 7000, bytesOf(r, 30))
	for _, test := range []struct {
		name       string
		oneAt      int64
		want       netip.Addr
		candidates int
	}{
		{"just before", 99 * second, one, 0},
		{"both long ago", 10 * second, netip.IPv6Unspecified(), 2},
	} {
		e := New(Options{})
		e.ObserveMention(Mention{two, Resolved}, 0, second)
		e.ObserveMention(Mention{one, Resolved}, 0, test.oneAt)
		// Others, so that a name that was given is one of many.
		for range 200 {
			e.ObserveMention(Mention{randomAddr(r, "2600:9000::"), Resolved}, 0, second)
		}
		hidden := p.hidden()
		hidden.Stamp = 100 * second
		a := inferAll(e, []*Packet{hidden})[0]
		if a.Destination != test.want || len(a.Candidates) < test.candidates {
			t.Errorf("%s: got %v by %q, %v, want %v", test.name, a.Destination, a.Evidence, a.Candidates, test.want)
		}
	}
}
