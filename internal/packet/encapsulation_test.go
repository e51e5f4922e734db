package packet

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/google/gopacket"
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

func TestDecodeEncapsulations(t *testing.T) { runDecode(t, encapsulationCases()) }

func encapsulationCases() []decodeCase {
	p6, p4 := ip6(ProtoTCP, 36, segment), ip4(ProtoTCP, 56, 0, nil, segment)
	radiotap := []byte{0, 0, 8, 0, 0, 0, 0, 0}
	// QoS data: a header of 26 bytes, which some drivers pad to 28.
	padded := join([]byte{0, 0, 9, 0, 2, 0, 0, 0, 0x20}, []byte{0x88, 1}, zeros(24), zeros(1+1), dot11(p6)[24:])
	label := []byte{0, 0x01, 0x01, 64} // bottom of the stack
	above := []byte{0, 0x02, 0x00, 64}
	gre := ip4(47, 20+4+len(p6), 0, nil, []byte{0, 0, 0x86, 0xDD}, p6)
	return []decodeCase{
		{name: "PPPoE", link: Ethernet, data: pppoe(p6), want: whole6(22, 62, 36)},
		{name: "PPPoE behind a VLAN", link: Ethernet, data: join(ethernet(0x8100, []byte{0, 1}), pppoe(p6)[12:]),
			want: with(whole6(26, 66, 36), func(v *View) { v.VLAN = 1 })},
		{name: "PPPoE, padding", link: Ethernet, data: append(pppoe(p6), 0, 0), want: whole6(22, 62, 36)},
		{name: "PPPoE, stub", link: Ethernet, data: pppoe(header6(Addr{}, 255, 36, segment)),
			want: stub(22, 62, 36, 255)},
		{name: "PPPoE, cut by the snap length", link: Ethernet, data: pppoe(p6)[:70], wire: 98,
			want: with(whole6(22, 62, 36), func(v *View) { v.End = 70 })},
		{name: "PPPoE, a long packet", link: Ethernet, data: pppoe(ip6(ProtoTCP, 1436, segment, zeros(1400))),
			want: whole6(22, 62, 1436)},
		{name: "PPPoE, not session data", link: Ethernet, data: ethernet(0x8864, []byte{0x11, 9}, pppoe(p6)[16:])},
		{name: "PPPoE, header alone", link: Ethernet, data: pppoe(nil)[:20]},
		{name: "PPPoE, LCP", link: Ethernet, data: ethernet(0x8864, []byte{0x11, 0, 0, 1, 0, 6, 0xC0, 0x21, 1, 1, 0, 4})},
		{name: "MPLS", link: Ethernet, data: ethernet(0x8847, label, p4), want: whole4(18, 38, 36)},
		{name: "two MPLS labels", link: Ethernet, data: ethernet(0x8847, above, label, p6),
			want: whole6(22, 62, 36)},
		{name: "MPLS without end", link: Ethernet, data: ethernet(0x8847, above, above)},
		{name: "bridged Ethernet", link: Ethernet, data: ethernet(0x6558, ethernet(0x86DD, p6)),
			want: whole6(28, 68, 36)},
		{name: "SLL, PPPoE", link: SLL, data: sll(4, 0x8864, pppoe(p6)[14:]),
			want: with(whole6(24, 64, 36), func(v *View) { v.Outgoing = true })},
		{name: "PPP", link: 9, data: append([]byte{0, 0x21}, p4...), want: whole4(2, 22, 36)},
		{name: "PPP in HDLC framing", link: 50, data: append([]byte{0xFF, 3, 0, 0x57}, p6...),
			want: whole6(4, 44, 36)},
		{name: "PPP_ETHER", link: 51, data: pppoe(p6)[14:], want: whole6(8, 48, 36)},
		{name: "802.11", link: 105, data: dot11(p6), want: whole6(32, 72, 36)},
		{name: "radiotap", link: 127, data: append(radiotap, dot11(p6)...), want: whole6(40, 80, 36)},
		{name: "radiotap, header padded", link: 127, data: padded, want: whole6(45, 85, 36)},
		{name: "MPLS link", link: 219, data: append(label, p6...), want: whole6(4, 44, 36)},
		{name: "SNAP in an IEEE 802.3 frame", link: Ethernet,
			data: join(ethernet(uint16(8+len(p6)), []byte{0xAA, 0xAA, 3, 0, 0, 0, 0x86, 0xDD}, p6)), want: whole6(22, 62, 36)},
		{name: "LLC without SNAP", link: Ethernet, data: ethernet(40, []byte{0x42, 0x42, 3}, zeros(37))},
		{name: "ERSPAN", link: Ethernet, data: ethernet(0x88BE, zeros(8), ethernet(0x86DD, p6)), want: whole6(36, 76, 36)},
		{name: "PPP by its EtherType, protocol in one octet", link: Ethernet, data: ethernet(0x880B, []byte{0x21}, p4),
			want: whole4(15, 35, 36)},
		{name: "MPLS in PPP", link: 9, data: join([]byte{0x02, 0x81}, label, p4), want: whole4(6, 26, 36)},
		{name: "FDDI", link: 10, data: join([]byte{0x50}, zeros(12), []byte{0xAA, 0xAA, 3, 0, 0, 0, 8, 0}, p4),
			want: whole4(21, 41, 36)},
		{name: "FDDI, LLC with another priority", link: 10, data: join([]byte{0x5F}, zeros(12), []byte{0xAA, 0xAA, 3, 0, 0, 0, 8, 0}, p4),
			want: whole4(21, 41, 36)},
		{name: "SNAP by a bridge", link: 10, data: join([]byte{0x50}, zeros(12), []byte{0xAA, 0xAA, 3, 0, 0, 0xF8, 8, 0}, p4),
			want: whole4(21, 41, 36)},
		{name: "SNAP, a protocol of its organisation's own", link: 10,
			data: join([]byte{0x50}, zeros(12), []byte{0xAA, 0xAA, 3, 0, 0, 0x0C, 8, 0}, p4)},
		{name: "SNAP, cut", link: 10, data: join([]byte{0x50}, zeros(12), []byte{0xAA, 0xAA, 3, 0, 0})},
		{name: "FDDI, a token", link: 10, data: join([]byte{0x80}, zeros(12), []byte{0xAA, 0xAA, 3, 0, 0, 0, 8, 0}, p4)},
		{name: "PFLOG", link: 117, data: join([]byte{61, 24}, zeros(62), p6), want: whole6(64, 104, 36)},
		{name: "PFLOG, no IP family", link: 117, data: join([]byte{61, 1}, zeros(62), p6)},
		{name: "Prism", link: 119, data: join([]byte{0x44, 0, 0, 0, 144, 0, 0, 0}, zeros(136), dot11(p6)),
			want: whole6(176, 216, 36)},
		{name: "Prism, of a big-endian host", link: 119, data: join([]byte{0, 0, 0, 0x44, 0, 0, 0, 144}, zeros(136), dot11(p6)),
			want: whole6(176, 216, 36)},
		{name: "Prism, longer than the packet", link: 119, data: join([]byte{0x44, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF}, zeros(136), dot11(p6))},
		{name: "802.11, four addresses, QoS, HT Control", link: 105,
			data: join([]byte{0x88, 0x83}, zeros(34), []byte{0xAA, 0xAA, 3, 0, 0, 0, 0x86, 0xDD}, p6), want: whole6(44, 84, 36)},
		{name: "802.11, encrypted", link: 105, data: join([]byte{0x08, 0x41}, dot11(p6)[2:])},
		{name: "802.11, an A-MSDU", link: 105,
			data: join([]byte{0x88, 1}, zeros(22), []byte{0x80, 0, 0xAA, 0xAA, 3, 0, 0, 0, 0x86, 0xDD}, p6)},
		{name: "802.11, cut before QoS Control", link: 105, data: join([]byte{0x88, 1}, zeros(22))},
		{name: "802.11, cut in HT Control", link: 105, data: join([]byte{0x88, 0x81}, zeros(27))},
		{name: "802.11, a later fragment", link: 105, data: join(dot11(p6)[:22], []byte{1, 0}, dot11(p6)[24:])},
		{name: "802.11, a frame without data", link: 105, data: join([]byte{0x48}, dot11(p6)[1:])},
		{name: "802.11, a beacon", link: 105, data: join([]byte{0x80}, dot11(p6)[1:])},
		{name: "radiotap, four addresses padded", link: 127,
			data: join([]byte{0, 0, 9, 0, 2, 0, 0, 0, 0x20, 0x08, 3}, zeros(28+2), []byte{0xAA, 0xAA, 3, 0, 0, 0, 0x86, 0xDD}, p6),
			want: whole6(49, 89, 36)},
		{name: "radiotap, two words of fields and a time", link: 127,
			data: join([]byte{0, 0, 25, 0, 3, 0, 0, 0x80, 0, 0, 0, 0}, zeros(4+8), []byte{0}, dot11(p6)),
			want: whole6(57, 97, 36)},
		{name: "radiotap, words of fields without end", link: 127, data: join([]byte{0, 0, 12, 0, 0, 0, 0, 0x80, 0, 0, 0, 0x80}, dot11(p6)),
			want: whole6(44, 84, 36)},
		{name: "PPP of one byte", link: 9, data: []byte{0xFF}},
		{name: "PPP of nothing", link: 9},
		{name: "an outer IP header counts, not what is in it", link: Raw, data: gre,
			want: with(whole4(0, 20, 4+len(p6)), func(v *View) { v.Proto = 47 })},
	}
}

// A decoder may want to take padding out in place.
func TestDecodeLeavesTheBytesAlone(t *testing.T) {
	data := join([]byte{0, 0, 9, 0, 2, 0, 0, 0, 0x20, 0x88, 1}, zeros(26), dot11(ip6(ProtoTCP, 36, segment))[24:])
	before := bytes.Clone(data)
	var v View
	Decode(&v, linkRadiotap, data, 0, LayoutAuto)
	if v.Form != Whole || !bytes.Equal(data, before) {
		t.Errorf("bytes after decoding (IP packet found: %v):\n got %x\nwant %x", v.Form == Whole, data, before)
	}
}

// gopacketInner is where gopacket finds the first IP header, for a link type that begins
// with layer first. An error of its decoders, or a panic, means that there is none.
func gopacketInner(first gopacket.Decoder, data []byte) (at int, ok bool) {
	defer func() {
		if recover() != nil {
			at, ok = 0, false
		}
	}()
	p := gopacket.NewPacket(data, first, gopacket.DecodeOptions{Lazy: true})
	l := p.NetworkLayer()
	if l == nil || len(l.LayerContents()) == 0 {
		return 0, false
	}
	// The layer may be in a copy, so that only its content tells where it is: the
	// addresses don't occur twice.
	at = bytes.Index(data, l.LayerContents())
	return at, at >= 0
}

// Where gopacket finds an IP packet in what changes of the examples make, Decode finds
// the same one, but for what the two are known to see otherwise.
func TestEncapsulationsAgreeWithGopacket(t *testing.T) {
	first := map[LinkType]gopacket.Decoder{
		Ethernet: layers.LayerTypeEthernet, linkPPP: layers.LayerTypePPP, linkPPPHDLC: layers.LayerTypePPP,
		linkFDDI: layers.LayerTypeFDDI, linkDot11: layers.LayerTypeDot11, linkPFLog: layers.LayerTypePFLog,
		linkPrism: layers.LayerTypePrismHeader, linkRadiotap: layers.LayerTypeRadioTap, linkMPLS: layers.LayerTypeMPLS,
	}
	r := rand.New(rand.NewPCG(1, 2))
	agreed := make(map[LinkType]int)
	for _, c := range encapsulationCases() {
		decoder, ok := first[c.link]
		if !ok || c.want.Form == NoIP {
			continue
		}
		for range 3000 {
			data := bytes.Clone(c.data)
			for range r.IntN(3) {
				data[r.IntN(c.want.Net)] ^= 1 << r.IntN(8)
			}
			at, ok := gopacketInner(decoder, bytes.Clone(data))
			var v View
			Decode(&v, c.link, data, len(data), LayoutAuto)
			switch {
			case !ok:
			case v.Form != NoIP && v.Net == at:
				agreed[c.link]++
			case !seenOtherwise(c.link, data, at):
				t.Fatalf("%s: gopacket finds an IP header at %d, got %+v in %x", c.name, at, v, data[:at])
			}
		}
	}
	for link := range first {
		if agreed[link] < 1000 {
			t.Errorf("link type %d: found alike %d times, want 1,000 at least", link, agreed[link])
		}
	}
}

// seenOtherwise reports whether gopacket is known to err about a frame in which it finds
// an IP packet at data[at]: it doesn't look at the version of IP and the length of its
// header, at radiotap's version, where radiotap's header ends, at the code of Prism's
// message, nor at all of SNAP's header; it takes later fragments, A-MSDUs and
// frames without data, or of another version of IEEE 802.11, for whole ones, and takes
// padding out at the wrong place where there are four addresses.
func seenOtherwise(link LinkType, data []byte, at int) bool {
	if version, words := data[at]>>4, data[at]&0xF; version != 6 && (version != 4 || words < 5) {
		return true
	}
	frame := data
	switch link {
	case linkPPP, linkPPPHDLC, linkPFLog, linkMPLS:
		return false
	case Ethernet:
		if be16(data[12:]) >= etherMin {
			return false
		}
		frame = nil
	case linkFDDI:
		frame = nil
	case linkRadiotap:
		length, present := binary.LittleEndian.Uint16(data[2:]), binary.LittleEndian.Uint32(data[4:])
		if data[0] != 0 || present&3 == 3 && length < 17 {
			return true
		}
		frame = data[binary.LittleEndian.Uint16(data[2:]):]
	case linkPrism:
		if data[1] != 0 || be16(data[2:]) != 0 || be16(data[6:]) != 0 { // of a code and a length of four octets
			return true
		}
		frame = data[binary.LittleEndian.Uint16(data[4:]):]
	}
	if at < 8 || !bytes.Equal(data[at-8:at-3], []byte{0xAA, 0xAA, 3, 0, 0}) || data[at-3] != 0 && data[at-3] != 0xF8 {
		return true
	}
	if len(frame) <= 30 {
		return false
	}
	const noData, version, fourAddresses, qos, aMSDU = 0x40, 3, 3, 0x80, 0x80
	control := frame[24]
	if frame[1]&3 == fourAddresses {
		control = frame[30]
	}
	return frame[0]&(noData|version) != 0 || frame[22]&0x0F != 0 || frame[0]&qos != 0 && control&aMSDU != 0 ||
		link == linkRadiotap && frame[1]&3 == fourAddresses
}
