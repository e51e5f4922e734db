package main

import (
	"encoding/binary"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
)

// writeFixtures writes small captures, whole and broken, into dir.
func writeFixtures(dir string) error {
	files := map[string][]byte{
		"good.pcap":   pcap(3),
		"late.pcap":   late(),
		"front.pcap":  append(pcap(2), late()[len(pcap(0)):]...), // with packets of another kind first
		"other.pcap":  pcap(2),
		"cut.pcap":    pcap(3)[:24+2*(16+packetLen)+16+5],
		"huge.pcap":   append(pcap(1), record(0x7FFFFFFF, 0x7FFFFFFF)...),
		"long.pcap":   pcap(20),
		"broken.pcap": overwrite(pcap(20), 24+4*(16+packetLen)+8, 0xFF, 4), // the captured length of frame 5
		"holed.pcap":  overwrite(pcap(20), 24+6*(16+packetLen), 0, 2*(16+packetLen)),
		"empty.pcap":  {},
		"none.pcap":   pcap(0),
		"text.pcap":   []byte("this is no capture, only a line of text\n"),
		"only.pcap":   pcap(0)[:10],
		"bare.pcap":   bare(),
		"zero.pcapng": append(pcapng(2), block(6, 0, nil)...),
		"odd.pcapng":  append(pcapng(2), block(6, 3, nil)...),
		"max.pcapng":  append(pcapng(2), block(6, 0xFFFFFFFF, nil)...),
		"good.pcapng": pcapng(2),
		"binary.dat":  {0, 1, 2, 0xFF, 0xFE, 0, 0, 0x80},
		"empty.dat":   {},
		"netstat.dat": []byte("  TCP    [2001:db8::10]:49152  [2001:db8::1]:443  ESTABLISHED  4711\r\n"),
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(dir, name), files[name], 0o644); err != nil {
			return err
		}
	}
	return nil
}

// packetLen is the length of every packet of the fixtures, bytes.
const packetLen = 20 + 8 + 4

// pcap returns a capture of n UDP packets over IPv4 without link header
// (LINKTYPE_RAW), a millisecond apart.
func pcap(n int) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0xA1B2C3D4)
	b = binary.LittleEndian.AppendUint16(b, 2)
	b = binary.LittleEndian.AppendUint16(b, 4)
	for _, v := range []uint32{0, 0, 65535, 101} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	for i := range n {
		r := record(packetLen, packetLen)
		binary.LittleEndian.PutUint32(r[4:], uint32(i)*1000)
		b = append(append(b, r...), packet(i)...)
	}
	return b
}

// bare returns a capture of one IPv6 packet whose header the sniffer made up: a
// DNS query from 2001:db8::10 to 2001:db8::9b2f:64d1:52.
func bare() []byte {
	src := netip.MustParseAddr("2001:db8::10").As16()
	ip := []byte{0x60, 0, 0, 0, 0, 20, 255, 0}
	ip = append(append(ip, src[:]...), make([]byte, 16)...)
	ip = append(ip, 0xC0, 0x00, 0x00, 0x35, 0x00, 0x14, 0xD0, 0x86, 0x12, 0x34, 0x01, 0x00, 0x00, 0x01, 0, 0, 0, 0, 0, 0)
	return append(append(pcap(0), record(uint32(len(ip)), uint32(len(ip)))...), ip...)
}

// overwrite returns p with n bytes from an offset on replaced.
func overwrite(p []byte, from int, with byte, n int) []byte {
	for i := range n {
		p[from+i] = with
	}
	return p
}

// record returns the header of a pcap record.
func record(captured, original uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 1_700_000_000)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint32(b, captured)
	return binary.LittleEndian.AppendUint32(b, original)
}

// packet returns the i-th packet: UDP without a checksum (RFC 768).
func packet(i int) []byte {
	src, dst := netip.MustParseAddr("192.0.2.1").As4(), netip.MustParseAddr("192.0.2.2").As4()
	ip := []byte{0x45, 0, 0, packetLen, 0, byte(i + 1), 0, 0, 64, 17, 0, 0}
	ip = append(append(ip, src[:]...), dst[:]...)
	sum := uint32(0)
	for k := 0; k < len(ip); k += 2 {
		sum += uint32(binary.BigEndian.Uint16(ip[k:]))
	}
	binary.BigEndian.PutUint16(ip[10:], ^uint16(sum+sum>>16))
	return append(ip, 0x13, 0x88, 0x13, 0x89, 0, 12, 0, 0, 'd', 'a', 't', 'a')
}

// pcapng returns a capture of n of the same packets.
func pcapng(n int) []byte {
	section := binary.LittleEndian.AppendUint32(nil, 0x1A2B3C4D)
	section = append(section, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255)
	b := block(0x0A0D0D0A, uint32(12+len(section)), section)
	b = append(b, block(1, 20, []byte{101, 0, 0, 0, 0, 0, 0, 0})...)
	for i := range n {
		body := make([]byte, 20, 20+packetLen)
		binary.LittleEndian.PutUint32(body[4:], 0x60000)
		binary.LittleEndian.PutUint32(body[8:], uint32(i)*1000)
		binary.LittleEndian.PutUint32(body[12:], packetLen)
		binary.LittleEndian.PutUint32(body[16:], packetLen)
		body = append(body, packet(i)...)
		b = append(b, block(6, uint32(12+len(body)), body)...)
	}
	return b
}

// block returns a pcapng block that claims a total length.
func block(kind, total uint32, body []byte) []byte {
	b := binary.LittleEndian.AppendUint32(nil, kind)
	b = binary.LittleEndian.AppendUint32(b, total)
	b = append(b, body...)
	return binary.LittleEndian.AppendUint32(b, total)
}
