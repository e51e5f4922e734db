package etw

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/tshark"
)

// pktmonFrame is the user data of event 160 for a frame of a type at a component's edge.
func pktmonFrame(frame []byte, kind payloadType, component, edge uint16) []byte {
	return fields(uint64(2<<48|77), uint16(1), uint16(3), uint16(dirRx), uint16(kind), component, edge, uint16(0),
		uint32(12), uint32(0xE0004001), uint16(len(frame)), uint16(len(frame)), frame)
}

// Drops are an interface of their own, and counted by reason; one that is told twice is
// there once.
func TestDrops(t *testing.T) {
	frame := ethernet(recorded(t, "many-flows", 1)[0].data)
	event := func(id uint16, data []byte) Event { return Event{Provider: PktMon, ID: id, Data: data} }
	events := []Event{
		event(pktmonPacket, pktmonFrame(frame, payloadEthernet, 10, 1)),
		event(pktmonDrop, pktmonFrame(frame, payloadEthernet, 36, 2)),
		event(pktmonSameDrop, pktmonFrame(frame, payloadEthernet, 36, 2)),
		event(pktmonComponent, fields(uint16(36), uint16(13), "tcpip.sys", "IPSEC")),
		event(pktmonDropCounters, fields(uint16(36), uint16(dirRx), uint64(9), uint64(900), uint16(dirTx), uint64(0), uint64(0))),
	}
	packets, choice, s := read(t, events, Options{})
	want := []string{"eth:10|edge 1|1|1", "drop:36|tcpip.sys, IPSEC, dropped packets|1|1"}
	if got := lines(choice.Interfaces); !slices.Equal(got, want) {
		t.Errorf("interfaces: got %q, want %q", got, want)
	}
	if len(packets) != 2 || packets[0].Dropped || packets[0].Reason != 0 || !packets[1].Dropped || packets[1].Reason != 12 ||
		packets[1].Location != 0xE0004001 || packets[1].Group != 2<<48|77 {
		t.Errorf("packets: got %+v", packets)
	}
	if got, want := string(packets[1].Comment), "PID=0 TID=0 Drop: FailedSecurityPolicy (DropReason=12 DropLocation=0xe0004001)"; got != want {
		t.Errorf("comment: got %q, want %q", got, want)
	}
	if got, want := s.Facts().Drops, []Drop{{36, "tcpip.sys, IPSEC", 12, 1}}; !slices.Equal(got, want) {
		t.Errorf("drops: got %v, want %v", got, want)
	}
	in := Counter{36, "tcpip.sys, IPSEC", 0, true, In, 9, 900, 1}
	if got := s.Facts().Counters; len(got) != 2 || got[0] != in {
		t.Errorf("counters: got %v, want %v first", got, in)
	}
	if all, _, _ := read(t, events, Options{AllLayers: true}); len(all) != 3 || !all[2].Dropped {
		t.Errorf("all layers: got %d packets, want 3", len(all))
	}
}

// Addresses are told of components at several layers of an interface.
func TestLocalAddresses(t *testing.T) {
	event := func(id uint16, values ...any) Event { return Event{Provider: PktMon, ID: id, Data: fields(values...)} }
	a4, a6 := netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("fe80::7")
	events := []Event{
		event(pktmonComponent, uint16(3), uint16(typeMiniport), "card.sys", "Card"), event(pktmonNumber, uint16(3), uint16(propIfIndex), uint32(5)),
		event(pktmonBytes, uint16(3), uint16(propHardware), uint32(6), []byte{2, 0, 0, 0, 0, 9}),
		event(pktmonComponent, uint16(30), uint16(typeIPInterface), "tcpip.sys", "TCP/IPv4 - L3/L4"), event(pktmonNumber, uint16(30), uint16(propIPIfIndex), uint32(5)),
		event(pktmonAddress4, uint16(30), uint16(13), a4),
		event(pktmonNumber, uint16(40), uint16(propMiniportIfIndex), uint32(5)), event(pktmonAddress4, uint16(40), uint16(13), a4), event(pktmonAddress6, uint16(40), uint16(13), a6),
		event(pktmonAddress6, uint16(50), uint16(13), a6),
		event(pktmonPacket, pktmonFrame(ethernet(recorded(t, "many-flows", 1)[0].data), payloadEthernet, 3, 1)),
	}
	_, choice, s := read(t, events, Options{})
	want := []LocalAddress{{0, "", a6}, {5, "Card", a4}, {5, "Card", a6}}
	if got := s.Facts().Addresses; !slices.Equal(got, want) {
		t.Errorf("addresses: got %v, want %v", got, want)
	}
	if got := choice.Interfaces[0].Hardware; !bytes.Equal(got, []byte{2, 0, 0, 0, 0, 9}) {
		t.Errorf("hardware address: got %x", got)
	}
}

// The last of each row shows that none is missing in between.
func TestDropReasons(t *testing.T) {
	for reason, want := range map[uint32]string{
		0: "Unspecified", 38: "LowPower", 39: "reason 39", 223: "CoalescingError", 228: "SteeringMismatch", 404: "VMBusError",
		615: "FL_FlsNpiClientDrop", 719: "NicSuspended", 914: "NL_HopLimitExceeded", 951: "NL_IcmpGeneric", 1002: "NL_SwUsoFailure",
		1213: "INET_PawsFailed", 1232: "INET_AcceptRedirection", 1418: "Ipsec_Unsuccessful", 1507: "NetCx_BufferBounceFailureAndPacketIgnore",
	} {
		if got := DropReason(reason); got != want {
			t.Errorf("reason %d: got %s, want %s", reason, got, want)
		}
	}
}

// What is neither Ethernet nor 802.11 nor IP is kept as what it is.
func TestPayloadTypes(t *testing.T) {
	v4, v6 := recorded(t, "v4-many-flows", 1)[0].data, recorded(t, "many-flows", 1)[0].data
	lldp := slices.Concat([]byte{1, 0x80, 0xC2, 0, 0, 14, 2, 0, 0, 0, 0, 2, 0x88, 0xCC}, make([]byte, 40))
	beacon := append([]byte{0x80, 0}, make([]byte, 60)...)
	for _, test := range []struct {
		name string
		kind payloadType
		data []byte
		link uint16
	}{
		{"IP", payloadIP, v4, LinkRaw}, {"IPv6", payloadIP, v6, LinkRaw}, {"Ethernet as IP", payloadIP, ethernet(v6), LinkEthernet},
		{"Ethernet as Wi-Fi", payloadWiFi, ethernet(v4), LinkEthernet}, {"LLDP as Wi-Fi", payloadWiFi, lldp, LinkEthernet},
		{"Wi-Fi as Ethernet", payloadEthernet, wifiFrame(v6, true), LinkIEEE80211}, {"beacon", payloadWiFi, beacon, LinkIEEE80211},
		{"unknown EtherType", payloadEthernet, slices.Concat(lldp[:12], []byte{0x12, 0x34}, lldp[14:]), LinkEthernet},
		{"IP as Ethernet", payloadEthernet, v4, LinkRaw}, {"HTTP", 4, []byte("GET / HTTP/1.1\r\n\r\n"), LinkUser},
		{"IP as unknown", 0, v6, LinkRaw}, {"empty", payloadEthernet, nil, LinkEthernet},
	} {
		e := Event{Provider: PktMon, ID: pktmonPacket, Data: pktmonFrame(test.data, test.kind, 5, 1)}
		packets, choice, _ := read(t, []Event{e}, Options{})
		if len(packets) != 1 || choice.Interfaces[0].LinkType != test.link {
			t.Errorf("%s: got link type %v, want %d", test.name, choice.Interfaces, test.link)
		}
		if len(packets) == 1 && len(packets[0].Made) == 0 && !bytes.Equal(packets[0].Data, test.data) {
			t.Errorf("%s: got other bytes: %x", test.name, packets[0].Data)
		}
	}
}

// Recorded UDP without its headers gets them back but for what nothing tells, and TCP is
// never given numbers that it didn't have.
func TestDataWithoutHeaders(t *testing.T) {
	for _, name := range []string{"many-flows", "v4-many-flows"} {
		udp, tcp := 0, 0
		for _, p := range recorded(t, name, 3000) {
			from, start, ok := addressesOf(p.data)
			if !ok || from.protocol != protocolUDP && from.protocol != protocolTCP {
				continue
			}
			sport, dport := binary.BigEndian.Uint16(p.data[start:]), binary.BigEndian.Uint16(p.data[start+2:])
			if from.protocol == protocolUDP {
				udp++
				got := withoutHeaders(t, from, sport, dport, p.data[start+udpHeader:], true)
				checkMadeUDP(t, p.data, got.Data, start)
				continue
			}
			tcp++
			header := int(p.data[start+12]>>4) * 4
			got := withoutHeaders(t, from, sport, dport, p.data[start+header:], false)
			again, at, _ := addressesOf(got.Data)
			if again.source != from.source || again.destination != from.destination || again.protocol != unknownProtocol || !bytes.Equal(got.Data[at:], p.data[start+header:]) {
				t.Fatalf("%s: made %x of %x", name, got.Data, p.data)
			}
			if !strings.Contains(string(got.Made), "unknown transport header of protocol 6") {
				t.Fatalf("%s: the missing header is not told: %s", name, got.Made)
			}
			// With its transport header it needs no more than that of IP.
			got = withoutHeaders(t, from, sport, dport, p.data[start:], true)
			if again, at, _ := addressesOf(got.Data); again != from || !bytes.Equal(got.Data[at:], p.data[start:]) {
				t.Fatalf("%s: made %x of %x", name, got.Data, p.data)
			}
		}
		if udp < 100 || tcp < 100 {
			t.Errorf("%s: only %d UDP and %d TCP packets", name, udp, tcp)
		}
	}
}

// withoutHeaders reads an event of PktMon with data of a packet.
func withoutHeaders(t *testing.T, from endpoints, sport, dport uint16, data []byte, known bool) Packet {
	t.Helper()
	id := uint16(pktmonData4)
	if from.source.Is6() {
		id = pktmonData6
	}
	e := Event{Provider: PktMon, ID: id, Data: fields(uint16(dirTx), uint16(11), uint16(34), uint16(1), uint16(0), uint32(0), uint32(0),
		from.destination, from.source, from.protocol, dport, sport, uint16(len(data)), uint16(len(data)), data)}
	packets, choice, _ := read(t, []Event{e}, Options{})
	if len(packets) != 1 || choice.Interfaces[0].LinkType != LinkRaw || packets[0].Direction != Out || packets[0].Truncated || len(packets[0].Made) == 0 {
		t.Fatalf("got %+v at %v", packets, choice.Interfaces)
	}
	if unknown := strings.HasPrefix(string(packets[0].Made), "unknown"); unknown == known {
		t.Fatalf("made: %s", packets[0].Made)
	}
	return packets[0]
}

// checkMadeUDP compares a made-up UDP packet with what was recorded.
func checkMadeUDP(t *testing.T, recorded, got []byte, start int) {
	t.Helper()
	want := slices.Clone(recorded)
	if recorded[0]>>4 == 4 {
		if fold(sum16(got[:ipv4Header])) != 0xFFFF {
			t.Fatalf("checksum of the IPv4 header is wrong: %x", got)
		}
		want = slices.Concat(got[:ipv4Header], want[start:])
		copy(want[2:4], recorded[2:4])                     // total length
		copy(want[ipv4Header+6:], []byte{0, 0})            // no UDP checksum
		want[9] = recorded[9]                              // protocol
		copy(want[12:ipv4Header], recorded[12:ipv4Header]) // addresses
	} else {
		copy(want[:4], []byte{0x60, 0, 0, 0}) // class and label
		want[7] = madeTTL
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("made %x, want %x of %x", got, want, recorded)
	}
}

// tshark reads what was made up as what it was.
func TestMadePacketsInTshark(t *testing.T) {
	tshark.Need(t)
	packets := recorded(t, "v4-many-flows", 500)
	packets = append(packets, recorded(t, "many-flows", 500)...)
	var before, after []byte
	for _, p := range packets {
		from, start, ok := addressesOf(p.data)
		if !ok {
			continue
		}
		id := uint16(wfpPacket4)
		if from.source.Is6() {
			id = wfpPacket6
		}
		made, original, _, err := AppendWFP(nil, id, fields(from.source, from.destination, from.protocol, uint16(len(p.data)-start), p.data[start:]))
		if err != nil || original != len(made) {
			t.Fatal(original, err)
		}
		before, after = appendRecord(before, p.data), appendRecord(after, made)
	}
	columns := []string{"ip.src", "ip.dst", "ip.proto", "ipv6.src", "ipv6.dst", "ipv6.nxt", "tcp.seq_raw", "tcp.ack_raw", "tcp.len", "tcp.checksum.status",
		"udp.srcport", "udp.length", "udp.checksum.status", "icmpv6.type", "icmpv6.checksum.status", "icmp.type", "ip.checksum.status"}
	options := []string{"-o", "tcp.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"}
	rows := func(name string, records []byte) [][]string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, append(fields(uint32(0xA1B2C3D4), uint32(4<<16|2), uint64(0), uint32(1<<18), uint32(LinkRaw)), records...), 0o600); err != nil {
			t.Fatal(err)
		}
		return tshark.Rows(t, path, columns, options...)
	}
	want, got := rows("recorded.pcap", before), rows("made.pcap", after)
	if len(got) < 900 || !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("tshark reads %d made packets otherwise than the %d that they were made of", len(got), len(want))
	}
}

// appendRecord appends a packet as pcap has it.
func appendRecord(to, data []byte) []byte {
	return append(append(to, fields(uint64(0), uint32(len(data)), uint32(len(data)))...), data...)
}
