package packet

import "testing"

// decodeCase is one packet and the View that it must give. wire is 0 where all
// of the packet was captured.
type decodeCase struct {
	name   string
	link   LinkType
	data   []byte
	wire   int
	layout Layout
	want   View
}

func runDecode(t *testing.T, cases []decodeCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := View{Form: Sockaddr4, Outgoing: true, Zone: 7} // what was there before must not stay
			Decode(&got, c.link, c.data, c.wire, c.layout)
			if got != c.want {
				t.Errorf("view of %x:\n got %+v\nwant %+v", c.data[:min(len(c.data), 100)], got, c.want)
			}
		})
	}
}

func TestDecodeLinks(t *testing.T) { runDecode(t, linkCases()) }

func linkCases() []decodeCase {
	p6, p4 := ip6(ProtoTCP, 36, segment), ip4(ProtoTCP, 56, 0x4000, nil, segment)
	null := func(b ...byte) []byte { return append(b, p6...) }
	vlan := []byte{0, 7, 0x86, 0xDD}
	outgoing := func(v *View) { v.Outgoing = true }
	return []decodeCase{
		{name: "Ethernet IPv6", link: Ethernet, data: ethernet(0x86DD, p6), want: whole6(14, 54, 36)},
		{name: "Ethernet IPv4", link: Ethernet, data: ethernet(0x0800, p4), want: whole4(14, 34, 36)},
		{name: "VLAN", link: Ethernet, data: ethernet(0x8100, vlan, p6), want: with(whole6(18, 58, 36), func(v *View) { v.VLAN = 7 })},
		{name: "three VLANs", link: Ethernet,
			data: ethernet(0x88A8, []byte{0, 1, 0x91, 0, 0, 2, 0x81, 0}, vlan, p6), want: with(whole6(26, 66, 36), func(v *View) { v.VLAN = 7 })},
		{name: "VLAN cut", link: Ethernet, data: ethernet(0x8100, vlan[:3])},
		{name: "802.3 length", link: Ethernet, data: ethernet(76, p6)},
		{name: "ARP", link: Ethernet, data: ethernet(0x0806, p4)},
		{name: "unknown EtherType", link: Ethernet, data: ethernet(0x88CC, p4)},
		{name: "Ethernet header alone", link: Ethernet, data: ethernet(0x86DD)},
		{name: "Ethernet header cut", link: Ethernet, data: ethernet(0x86DD)[:13]},
		{name: "empty", link: Ethernet},
		{name: "RAW IPv6", link: Raw, data: p6, want: whole6(0, 40, 36)},
		{name: "RAW IPv4", link: Raw, data: p4, want: whole4(0, 20, 36)},
		{name: "DLT_RAW in a file", link: 12, data: p4, want: whole4(0, 20, 36)},
		{name: "OpenBSD's DLT_RAW in a file", link: 14, data: p6, want: whole6(0, 40, 36)},
		{name: "IPV4", link: IPv4, data: p4, want: whole4(0, 20, 36)},
		{name: "IPV6", link: IPv6, data: p6, want: whole6(0, 40, 36)},
		{name: "neither version", link: Raw, data: append([]byte{0x50}, p6[1:]...)},
		{name: "NULL Windows", link: Null, data: null(23, 0, 0, 0), want: whole6(4, 44, 36)},
		{name: "NULL Linux", link: Null, data: null(10, 0, 0, 0), want: whole6(4, 44, 36)},
		{name: "NULL NetBSD", link: Null, data: null(24, 0, 0, 0), want: whole6(4, 44, 36)},
		{name: "NULL FreeBSD", link: Null, data: null(28, 0, 0, 0), want: whole6(4, 44, 36)},
		{name: "NULL macOS big-endian", link: Null, data: null(0, 0, 0, 30), want: whole6(4, 44, 36)},
		{name: "NULL IPv4", link: Null, data: append([]byte{2, 0, 0, 0}, p4...), want: whole4(4, 24, 36)},
		{name: "NULL AppleTalk", link: Null, data: null(16, 0, 0, 0)},
		{name: "NULL cut", link: Null, data: []byte{2, 0, 0}},
		{name: "LOOP", link: Loop, data: null(0, 0, 0, 24), want: whole6(4, 44, 36)},
		{name: "LOOP little-endian", link: Loop, data: null(24, 0, 0, 0)},
		{name: "SLL in", link: SLL, data: sll(0, 0x86DD, p6), want: whole6(16, 56, 36)},
		{name: "SLL out", link: SLL, data: sll(4, 0x0800, p4), want: with(whole4(16, 36, 36), outgoing)},
		{name: "SLL VLAN", link: SLL, data: sll(0, 0x8100, vlan, p6), want: with(whole6(20, 60, 36), func(v *View) { v.VLAN = 7 })},
		{name: "SLL other", link: SLL, data: sll(4, 4, p4), want: View{Outgoing: true}},
		{name: "SLL cut", link: SLL, data: sll(4, 0x0800)[:15]},
		{name: "SLL2 in", link: SLL2, data: sll2(3, 0x86DD, p6), want: whole6(20, 60, 36)},
		{name: "SLL2 out", link: SLL2, data: sll2(4, 0x86DD, p6), want: with(whole6(20, 60, 36), outgoing)},
		{name: "SLL2 cut", link: SLL2, data: sll2(4, 0x86DD)[:19]},
		{name: "unknown link type", link: 999, data: p6},
	}
}

func TestDecodeIPv4(t *testing.T) { runDecode(t, ipv4Cases()) }

func ipv4Cases() []decodeCase {
	partial := func(v *View) { v.Partial = true }
	later := func(v *View) { v.Partial, v.Fragment = true, true }
	big := ip4(ProtoTCP, 0, 0x4000, nil, segment, zeros(65000))
	return []decodeCase{
		{name: "padding", link: Ethernet, data: ethernet(0x0800, ip4(ProtoTCP, 56, 0, nil, segment), zeros(9)),
			want: whole4(14, 34, 36)},
		{name: "options", link: Raw, data: ip4(ProtoTCP, 64, 0, zeros(8), segment), want: whole4(0, 28, 36)},
		{name: "options cut", link: Raw, data: ip4(ProtoTCP, 64, 0, zeros(8), segment)[:24], wire: 64,
			want: with(whole4(0, 24, 36), func(v *View) { v.End = 24 })},
		{name: "first fragment", link: Raw, data: ip4(ProtoTCP, 56, 0x2000, nil, segment),
			want: with(whole4(0, 20, 36), partial)},
		{name: "later fragment", link: Raw, data: ip4(ProtoTCP, 56, 0x2003, nil, segment),
			want: with(whole4(0, 20, 36), later)},
		{name: "last fragment", link: Raw, data: ip4(ProtoTCP, 56, 0x0003, nil, segment),
			want: with(whole4(0, 20, 36), later)},
		{name: "cut in the data", link: Raw, data: ip4(ProtoTCP, 56, 0, nil, segment)[:40], wire: 56,
			want: with(whole4(0, 20, 36), func(v *View) { v.End = 40 })},
		{name: "offload", link: Raw, data: big, want: whole4(0, 20, 65036)},
		{name: "offload cut", link: Raw, data: big[:60], wire: len(big),
			want: with(whole4(0, 20, 65036), func(v *View) { v.End = 60 })},
		{name: "length 0 under UDP", link: Raw, data: ip4(ProtoUDP, 0, 0, nil, segment)},
		{name: "length below the header's", link: Raw, data: ip4(ProtoTCP, 19, 0, nil, segment)},
		{name: "header cut", link: Raw, data: ip4(ProtoTCP, 56, 0, nil)[:19], wire: 56},
		{name: "header length 4", link: Raw, data: append([]byte{0x44}, ip4(ProtoTCP, 56, 0, nil, segment)[1:]...)},
		{name: "wire length below the captured one", link: Raw, data: ip4(ProtoTCP, 56, 0, nil, segment), wire: 1,
			want: whole4(0, 20, 36)},
	}
}

func TestDecodeDoesNotAllocate(t *testing.T) {
	var v View
	for _, c := range benchPackets() {
		if n := testing.AllocsPerRun(100, func() { Decode(&v, c.link, c.data, 0, LayoutAuto) }); n != 0 {
			t.Errorf("%s: got %v allocations, want 0", c.name, n)
		}
	}
}

func TestLinkName(t *testing.T) {
	for link, want := range map[LinkType]string{
		Null: "NULL", Ethernet: "ETHERNET", Raw: "RAW", SLL2: "LINUX_SLL2", User0: "USER0", User15: "USER15",
		163: "IEEE802_11_AVS", 999: "LINKTYPE 999",
	} {
		if got := LinkName(link); got != want {
			t.Errorf("name of %d: got %q, want %q", link, got, want)
		}
	}
}

func TestPorts(t *testing.T) {
	if src, dst, ok := Ports(segment); src != 80 || dst != 50000 || !ok {
		t.Errorf("ports: got %d, %d, %v, want 80, 50000, true", src, dst, ok)
	}
	if _, _, ok := Ports(segment[:3]); ok {
		t.Error("ports of three bytes: got true, want false")
	}
}
