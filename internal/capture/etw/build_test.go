package etw

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf16"
)

// What these tests call recorded are packets of testdata/recordings. The events around
// them were put together by hand: no trace with such events could be found.

// stamped is a packet of a recording.
type stamped struct {
	stamp int64 // since 1970, in the interface's units
	data  []byte
}

// readPcapng reads the enhanced packet blocks of a little-endian pcapng.
func readPcapng(data []byte) (packets []stamped) {
	for le := binary.LittleEndian; len(data) >= 12; {
		if le.Uint32(data) == 6 {
			n := le.Uint32(data[20:])
			packets = append(packets, stamped{int64(le.Uint32(data[12:]))<<32 | int64(le.Uint32(data[16:])), data[28 : 28+n]})
		}
		data = data[le.Uint32(data[4:]):]
	}
	return packets
}

// recorded reads at most the first n packets of one of testdata's recordings; they begin
// with the IP header except in "offload", which is Ethernet.
func recorded(t testing.TB, name string, n int) []stamped {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../testdata/recordings", name+".pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	packets := readPcapng(data)
	if len(packets) < 100 {
		t.Fatalf("%s has only %d packets", name, len(packets))
	}
	return packets[:min(n, len(packets))]
}

// fields appends values as events hold them, little-endian: integers, bytes as they are,
// texts as UTF-16 with a NUL, addresses in network order.
func fields(values ...any) []byte {
	var b bytes.Buffer
	for _, v := range values {
		switch v := v.(type) {
		case []byte:
			b.Write(v)
		case string:
			for _, u := range append(utf16.Encode([]rune(v)), 0) {
				_ = binary.Write(&b, binary.LittleEndian, u)
			}
		case netip.Addr:
			b.Write(v.AsSlice())
		default:
			if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
				panic(err)
			}
		}
	}
	return b.Bytes()
}

const whole = keywordStart | keywordEnd

// ndisEvent is an event of NDIS-PacketCapture at the miniport 3.
func ndisEvent(id uint16, keyword uint64, data []byte) Event {
	return Event{Provider: NDISPacketCapture, ID: id, Keyword: keyword, PID: 4, TID: 904, Data: data}
}

// fragment is the user data of event 1001.
func fragment(miniport, lower uint32, b []byte) []byte {
	return fields(miniport, lower, uint32(len(b)), b)
}

// ethernet puts an IP packet into an Ethernet frame.
func ethernet(ip []byte) []byte {
	frame := []byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00}
	if ip[0]>>4 == 6 {
		frame[12], frame[13] = 0x86, 0xDD
	}
	return append(frame, ip...)
}

// addressesOf are the addresses and the protocol of a recorded IP packet, and where its
// transport header begins; ok is false where extension headers or fragments are.
func addressesOf(ip []byte) (e endpoints, start int, ok bool) {
	if ip[0]>>4 == 4 {
		e.source, _ = netip.AddrFromSlice(ip[12:16])
		e.destination, _ = netip.AddrFromSlice(ip[16:20])
		e.protocol = ip[9]
		return e, int(ip[0]&15) * 4, binary.BigEndian.Uint16(ip[6:])&0x3FFF == 0
	}
	e.source, _ = netip.AddrFromSlice(ip[8:24])
	e.destination, _ = netip.AddrFromSlice(ip[24:40])
	e.protocol = ip[6]
	return e, ipv6Header, e.protocol == protocolTCP || e.protocol == protocolUDP || e.protocol == 58
}
