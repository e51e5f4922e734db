package packet

import (
	"bytes"
	"testing"

	"github.com/google/gopacket/layers"
)

// pppoe is an Ethernet frame with a PPPoE session packet (RFC 2516).
func pppoe(packet []byte) []byte {
	n := len(packet) + 2
	return ethernet(0x8864, []byte{0x11, 0, 0, 1, byte(n >> 8), byte(n), 0, 0x57}, packet)
}

// dot11 is a data frame to an access point, LLC and SNAP in it, with its FCS.
func dot11(packet []byte) []byte {
	header := append([]byte{0x08, 0x01, 0, 0}, zeros(20)...)
	return join(header, []byte{0xAA, 0xAA, 3, 0, 0, 0, 0x86, 0xDD}, packet, zeros(4))
}

func TestDecodeTunnels(t *testing.T) { runDecode(t, tunnelCases()) }

func tunnelCases() []decodeCase {
	p6, p4 := ip6(ProtoTCP, 36, segment), ip4(ProtoTCP, 56, 0, nil, segment)
	tunnel := func(v *View) { v.Tunnel = true }
	radiotap := []byte{0, 0, 8, 0, 0, 0, 0, 0}
	// QoS data: a header of 26 bytes, which some drivers pad to 28.
	padded := join([]byte{0, 0, 9, 0, 2, 0, 0, 0, 0x20}, []byte{0x88, 1}, zeros(24), zeros(1+1), dot11(p6)[24:])
	label := []byte{0, 0x01, 0x01, 64} // bottom of the stack
	above := []byte{0, 0x02, 0x00, 64}
	gre := ip4(47, 20+4+len(p6), 0, nil, []byte{0, 0, 0x86, 0xDD}, p6)
	return []decodeCase{
		{name: "PPPoE", link: Ethernet, data: pppoe(p6), want: with(whole6(22, 62, 36), tunnel)},
		{name: "PPPoE behind a VLAN", link: Ethernet, data: join(ethernet(0x8100, []byte{0, 1}), pppoe(p6)[12:]),
			want: with(whole6(26, 66, 36), tunnel)},
		{name: "PPPoE, padding", link: Ethernet, data: append(pppoe(p6), 0, 0), want: with(whole6(22, 62, 36), tunnel)},
		{name: "PPPoE, stub", link: Ethernet, data: pppoe(header6(Addr{}, 255, 36, segment)),
			want: with(stub(22, 62, 36, 255), tunnel)},
		{name: "PPPoE, cut by the snap length", link: Ethernet, data: pppoe(p6)[:70], wire: 98,
			want: with(whole6(22, 62, 36), func(v *View) { v.Tunnel, v.End = true, 70 })},
		{name: "PPPoE, a long packet", link: Ethernet, data: pppoe(ip6(ProtoTCP, 1436, segment, zeros(1400))),
			want: with(whole6(22, 62, 1436), tunnel)},
		{name: "PPPoE, not session data", link: Ethernet, data: ethernet(0x8864, []byte{0x11, 9}, pppoe(p6)[16:])},
		{name: "PPPoE, header alone", link: Ethernet, data: pppoe(nil)[:20]},
		{name: "PPPoE, LCP", link: Ethernet, data: ethernet(0x8864, []byte{0x11, 0, 0, 1, 0, 6, 0xC0, 0x21, 1, 1, 0, 4})},
		{name: "MPLS", link: Ethernet, data: ethernet(0x8847, label, p4), want: with(whole4(18, 38, 36), tunnel)},
		{name: "two MPLS labels", link: Ethernet, data: ethernet(0x8847, above, label, p6),
			want: with(whole6(22, 62, 36), tunnel)},
		{name: "MPLS without end", link: Ethernet, data: ethernet(0x8847, above, above)},
		{name: "bridged Ethernet", link: Ethernet, data: ethernet(0x6558, ethernet(0x86DD, p6)),
			want: with(whole6(28, 68, 36), tunnel)},
		{name: "SLL, PPPoE", link: SLL, data: sll(4, 0x8864, pppoe(p6)[14:]),
			want: with(whole6(24, 64, 36), func(v *View) { v.Tunnel, v.Outgoing = true, true })},
		{name: "PPP", link: 9, data: append([]byte{0, 0x21}, p4...), want: with(whole4(2, 22, 36), tunnel)},
		{name: "PPP in HDLC framing", link: 50, data: append([]byte{0xFF, 3, 0, 0x57}, p6...),
			want: with(whole6(4, 44, 36), tunnel)},
		{name: "PPP_ETHER", link: 51, data: pppoe(p6)[14:], want: with(whole6(8, 48, 36), tunnel)},
		{name: "802.11", link: 105, data: dot11(p6), want: with(whole6(32, 72, 36), tunnel)},
		{name: "radiotap", link: 127, data: append(radiotap, dot11(p6)...), want: with(whole6(40, 80, 36), tunnel)},
		{name: "radiotap, header padded", link: 127, data: padded, want: with(whole6(45, 85, 36), tunnel)},
		{name: "MPLS link", link: 219, data: append(label, p6...), want: with(whole6(4, 44, 36), tunnel)},
		{name: "PPP of one byte", link: 9, data: []byte{0xFF}},
		{name: "PPP of nothing", link: 9},
		{name: "an outer IP header counts, not what is in it", link: Raw, data: gre,
			want: with(whole4(0, 20, 4+len(p6)), func(v *View) { v.Proto = 47 })},
	}
}

// The command empties the entries of gopacket's table for EtherTypes that it doesn't
// know: they hold no IP packet, as here one that it does know.
func TestDecodeEtherTypeWithoutDecoder(t *testing.T) {
	const mpls = 0x8847
	frame := ethernet(mpls, []byte{0, 0x01, 0x01, 64}, ip4(ProtoTCP, 56, 0, nil, segment))
	whole := layers.EthernetTypeMetadata[mpls]
	defer func() { layers.EthernetTypeMetadata[mpls] = whole }()
	for _, want := range []Form{Whole, NoIP} {
		var v View
		if Decode(&v, Ethernet, frame, len(frame), LayoutAuto); v.Form != want {
			t.Errorf("got form %v, want %v", v.Form, want)
		}
		layers.EthernetTypeMetadata[mpls] = layers.EnumMetadata{}
	}
}

// gopacket's radiotap decoder takes padding out in place.
func TestDecodeLeavesTheBytesAlone(t *testing.T) {
	data := join([]byte{0, 0, 9, 0, 2, 0, 0, 0, 0x20, 0x88, 1}, zeros(26), dot11(ip6(ProtoTCP, 36, segment))[24:])
	before := bytes.Clone(data)
	var v View
	Decode(&v, linkRadiotap, data, 0, LayoutAuto)
	if !v.Tunnel || !bytes.Equal(data, before) {
		t.Errorf("bytes after decoding (tunnel found: %v):\n got %x\nwant %x", v.Tunnel, data, before)
	}
}
