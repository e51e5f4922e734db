package headers

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/tshark"
)

// made is a packet of a protocol beyond the three, with the field by which
// tshark says that its checksum is right ("" where it has none to say).
type made struct {
	name      string
	next      uint8
	dst       netip.Addr
	data      []byte
	status    string
	addressed bool // its checksum covers the destination
}

var (
	sender   = netip.MustParseAddr("2001:db8:1::8a2e:370:7334")
	receiver = netip.MustParseAddr("2001:db8:2::4bd1:f00:cafe")
)

// withPseudo puts the checksum over data[:covered] in its place.
func withPseudo(data []byte, at, covered, length int, dst netip.Addr, next uint8) []byte {
	total := ^fold(pseudoSum(sender, dst, length, next) + sum(data[:covered]))
	binary.BigEndian.PutUint16(data[at:], total)
	return data
}

// alone puts a checksum without pseudo-header in its place.
func alone(data []byte, at int) []byte {
	binary.BigEndian.PutUint16(data[at:], ^fold(sum(data)))
	return data
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func raw(a netip.Addr) []byte { b := a.As16(); return b[:] }

func protocols() []made {
	payload := []byte("mendcap: the quick brown packet jumps over the lazy router....\r\n")
	ospf5, pim, vrrp := netip.MustParseAddr("ff02::5"), netip.MustParseAddr("ff02::d"), netip.MustParseAddr("ff02::12")
	lite := func(coverage int) []byte {
		data := join([]byte{0x9C, 0x40, 0x13, 0x88, byte(coverage >> 8), byte(coverage), 0, 0}, payload)
		covered := coverage
		if coverage == 0 {
			covered = len(data)
		}
		return withPseudo(data, 6, covered, len(data), receiver, 136)
	}
	dccp := func(coverage byte) []byte {
		// DCCP-DataAck with 48-bit sequence numbers
		data := join([]byte{0x9C, 0x40, 0x13, 0x88, 6, coverage, 0, 0, 4<<1 | 1, 0, 0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 5, 6, 7, 8}, payload)
		covered := len(data)
		if coverage > 0 {
			covered = 24 + int(coverage-1)*4
		}
		return withPseudo(data, 6, covered, len(data), receiver, 33)
	}
	hello := join([]byte{3, 1, 0, 36, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, []byte{0, 0, 0, 5, 1, 0, 0, 0x13, 0, 10, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0})
	pimHello := []byte{0x20, 0, 0, 0, 0, 1, 0, 2, 0, 105, 0, 20, 0, 4, 1, 2, 3, 4}
	inner := join([]byte{0x60, 0, 0, 0, 0, byte(len(payload)), 59, 64}, raw(receiver), raw(sender), payload)
	register := join([]byte{0x21, 0, 0, 0, 0, 0, 0, 0}, inner)
	advert := join([]byte{0x31, 7, 100, 1, 0, 100, 0, 0}, raw(netip.MustParseAddr("fe80::5")))
	mobility := []byte{59, 1, 5, 0, 0, 0, 0, 9, 0x80, 0, 0, 60, 1, 2, 0, 0}
	hip := make([]byte, 40)
	copy(hip, []byte{59, 4, 1, 0x21})
	copy(hip[8:], "0123456789abcdefghijklmnopqrstuv")
	sctp := join([]byte{0x9C, 0x40, 0x13, 0x88, 0xDE, 0xAD, 0xBE, 0xEF, 0, 0, 0, 0}, []byte{0, 3, 0, 32, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, payload[:16])
	binary.LittleEndian.PutUint32(sctp[8:], crc32.Checksum(sctp, crc32.MakeTable(crc32.Castagnoli)))
	ipv4 := alone([]byte{0x45, 0, 0, 20, 0, 1, 0, 0, 64, 59, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2}, 10)
	gre := alone(join([]byte{0x80, 0, 0x65, 0x58, 0, 0, 0, 0}, payload), 4)
	eigrp := alone(join([]byte{2, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, []byte{0, 1, 0, 12, 1, 0, 1, 0, 0, 0, 0, 15}), 2)
	rsvp := alone([]byte{0x10, 5, 0, 0, 64, 0, 0, 16, 0, 8, 15, 2, 0, 0, 0, 1}, 2)
	return []made{
		{"UDP-Lite, all covered", 136, receiver, lite(0), "", true},
		{"UDP-Lite, the header covered", 136, receiver, lite(8), "", true},
		{"UDP-Lite, a part covered", 136, receiver, lite(20), "", true},
		{"DCCP", 33, receiver, dccp(0), "dccp.checksum.status", true},
		{"DCCP, a part covered", 33, receiver, dccp(3), "", true}, // tshark 4.0 takes all as covered
		{"OSPFv3", 89, ospf5, withPseudo(hello, 12, 36, 36, ospf5, 89), "", true},
		{"PIM Hello", 103, pim, withPseudo(pimHello, 2, len(pimHello), len(pimHello), pim, 103), "pim.cksum.status", true},
		{"PIM Register", 103, receiver, withPseudo(register, 2, 8, 8, receiver, 103), "pim.cksum.status", true},
		{"VRRPv3", 112, vrrp, withPseudo(advert, 6, len(advert), len(advert), vrrp, 112), "vrrp.checksum.status", true},
		{"Mobility", 135, receiver, withPseudo(mobility, 4, len(mobility), len(mobility), receiver, 135), "", true},
		{"HIP", 139, receiver, withPseudo(hip, 4, len(hip), len(hip), receiver, 139), "hip.checksum.status", true},
		{"SCTP", 132, receiver, sctp, "sctp.checksum.status", false},
		{"IPv4", 4, receiver, ipv4, "", false},
		{"IPv6", 41, receiver, inner, "", false},
		{"GRE", 47, receiver, gre, "gre.checksum.status", false},
		{"EIGRP", 88, receiver, eigrp, "eigrp.checksum.status", false},
		{"RSVP", 46, receiver, rsvp, "", false},
	}
}

// Each protocol is told by its own checksum or shape, from one packet; where the
// checksum covers the destination, that is found too, and is no guess where it
// doesn't.
func TestProtocols(t *testing.T) {
	tables := &infer.Snapshot{
		Interfaces:       []infer.Interface{{Addresses: []netip.Addr{sender}}},
		DestinationCache: []infer.Destination{{Destination: receiver}},
	}
	for _, m := range protocols() {
		a := engineAnswers(tables, []infer.Packet{{Source: sender, NextHeader: infer.Unknown, Data: m.data, Length: len(m.data)}})[0]
		want := netip.IPv6Unspecified()
		if m.addressed {
			want = m.dst
		}
		if a.NextHeader != m.next || a.Destination != want {
			t.Errorf("%s: got next header %d, destination %v by %q, candidates %v, want %d, %v", m.name, a.NextHeader, a.Destination, a.Evidence, a.Candidates, m.next, want)
		}
		broken := bytes.Clone(m.data)
		broken[len(broken)/2] ^= 0x5A
		b := engineAnswers(tables, []infer.Packet{{Source: sender, NextHeader: infer.Unknown, Data: broken, Length: len(broken)}})[0]
		if !b.Destination.IsUnspecified() && b.Destination != m.dst {
			t.Errorf("%s, one byte changed: got destination %v, want %v or none", m.name, b.Destination, m.dst)
		}
	}
}

// What the tests above take for right checksums is right for tshark.
func TestProtocolsAreTsharks(t *testing.T) {
	tshark.Need(t)
	for _, m := range protocols() {
		if m.status == "" {
			continue
		}
		header := join([]byte{0x60, 0, 0, 0, 0, byte(len(m.data)), m.next, 1}, raw(sender), raw(m.dst))
		path := filepath.Join(t.TempDir(), "one.pcapng")
		var b bytes.Buffer
		out, err := lab.NewWriter(&b, lab.Pcapng, lab.LinkRaw)
		if err != nil {
			t.Fatal(err)
		}
		if err := out.Write(1, join(header, m.data), lab.NoDirection); err != nil {
			t.Fatal(err)
		}
		if err := out.Flush(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		rows := tshark.Rows(t, path, []string{m.status}, "-o", "dccp.check_checksum:TRUE", "-o", "sctp.checksum:CRC-32C")
		if len(rows) != 1 || rows[0][0] != "1" {
			t.Errorf("%s: got %s %q, want 1 (good)", m.name, m.status, rows)
		}
	}
}

// ESP is told by nothing but a sequence that goes on; data of the same length
// that only look so once are left alone.
func TestESPByContinuity(t *testing.T) {
	esp := func(n int, step uint32) (packets []infer.Packet) {
		for i := range n {
			data := make([]byte, 64)
			binary.BigEndian.PutUint32(data, 0xC0FFEE01)
			binary.BigEndian.PutUint32(data[4:], 1+uint32(i)*step)
			for k := 8; k < len(data); k++ {
				data[k] = byte(k*i*i) ^ 0xA7
			}
			packets = append(packets, infer.Packet{Source: sender, NextHeader: infer.Unknown, Data: data, Length: len(data)})
		}
		return packets
	}
	tests := []struct {
		name string
		list []infer.Packet
		want uint8
	}{
		{"a sequence", esp(40, 1), 50},
		{"with gaps", esp(40, 2), 50},
		{"too few", esp(8, 1), infer.Unknown},
		{"far apart", esp(40, 1000), infer.Unknown},
	}
	for _, test := range tests {
		for i, a := range engineAnswers(nil, test.list) {
			if a.NextHeader != test.want || !a.Destination.IsUnspecified() || a.ChecksumVerified {
				t.Errorf("%s, packet %d: got %+v, want next header %d, no destination and no checksum", test.name, i, a, test.want)
				break
			}
		}
	}
}

// Other people's captures of DCCP and of OSPFv3 after AH, which the socket
// takes away.
func TestSamplesOfOtherProtocols(t *testing.T) {
	dir := os.Getenv("MENDCAP_SAMPLES")
	if dir == "" {
		t.Skip("MENDCAP_SAMPLES is not set")
	}
	for name, next := range map[string]uint8{"dccp-v6.pcap": 33, "ospfv3-ah.cap": 89} {
		packets, truth, err := withoutHeaders(filepath.Join(dir, "captures", "public", name))
		if err != nil {
			t.Fatal(err)
		}
		answered, total := 0, 0
		for i, a := range engineAnswers(nil, packets) {
			total++
			switch {
			case a.NextHeader != next || !a.Destination.IsUnspecified() && a.Destination != truth[i]:
				t.Errorf("%s, packet %d: got %d to %v by %q, %v, want %d to %v", name, i, a.NextHeader, a.Destination, a.Evidence, a.Candidates, next, truth[i])
			case a.Destination == truth[i]:
				answered++
			}
		}
		t.Logf("%s: %d of %d destinations", name, answered, total)
		if total == 0 || answered*100 < total*90 {
			t.Errorf("%s: got %d of %d destinations, want 90 %%", name, answered, total)
		}
	}
}

// withoutHeaders reads IPv6 packets over Ethernet as a raw socket delivers them.
func withoutHeaders(path string) (packets []infer.Packet, truth []netip.Addr, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	err = lab.EachPacket(file, func(b *capture.Block) error {
		frame := bytes.Clone(b.Data)
		if len(frame) < 54 || binary.BigEndian.Uint16(frame[12:]) != 0x86DD {
			return nil
		}
		ip := frame[14:]
		length := int(binary.BigEndian.Uint16(ip[4:]))
		if 40+length > len(ip) {
			return fmt.Errorf("packet of %d bytes, %d captured", 40+length, len(ip))
		}
		data := ip[40 : 40+length]
		if ip[6] == 51 { // AH, RFC 4302: its length in 4 bytes, but for two
			data = data[(int(data[1])+2)*4:]
		}
		packets = append(packets, infer.Packet{Source: netip.AddrFrom16([16]byte(ip[8:24])), NextHeader: infer.Unknown, Data: data, Length: len(data)})
		truth = append(truth, netip.AddrFrom16([16]byte(ip[24:40])))
		return nil
	})
	return packets, truth, err
}
