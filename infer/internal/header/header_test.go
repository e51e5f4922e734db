package header

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/mendcap/mendcap/internal/packet"
)

var (
	source      = netip.MustParseAddr("2001:db8::1")
	destination = netip.MustParseAddr("2001:db8:7::2")
)

// examined returns the facts of data that source sent, as if all had been
// captured.
func examined(data []byte) Facts {
	return cutOff(data, len(data))
}

// cutOff returns the facts of data that source sent, which are the beginning of length
// bytes.
func cutOff(data []byte, length int) (f Facts) {
	f.Src, f.NextHeader = packet.AddrOf(source), packet.NoNextHeaderKnown
	f.Read(data, length)
	return f
}

// summed returns data with its checksum to destination at offset at.
func summed(data []byte, at int, protocol uint8) []byte {
	sum := packet.PseudoHeader(packet.AddrOf(source), packet.AddrOf(destination), uint32(len(data)), protocol)
	binary.BigEndian.PutUint16(data[at:], ^packet.Fold(sum+packet.Sum(data)))
	return data
}

// TestNeedsOfWholeChecksums: what a packet with a right checksum needs is the
// residue of where it was sent, under the reading that is its protocol.
func TestNeedsOfWholeChecksums(t *testing.T) {
	segment := []byte{0x30, 0x39, 0x01, 0xBB, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x18, 0x02, 0, 0, 0, 0, 0, 'a', 'b', 'c'}
	datagram := []byte{0x30, 0x39, 0x00, 0x35, 0, 11, 0, 0, 'a', 'b', 'c'}
	echo := []byte{128, 0, 0, 0, 0, 1, 0, 2, 'a', 'b', 'c'}
	for _, test := range []struct {
		name string
		h    Hypothesis
		data []byte
	}{
		{"TCP", AsTCP, summed(segment, 16, packet.ProtoTCP)},
		{"UDP", AsUDP, summed(datagram, 6, packet.ProtoUDP)},
		{"ICMPv6", AsICMPv6, summed(echo, 2, packet.ProtoICMPv6)},
	} {
		f := examined(test.data)
		if f.Bits[test.h] <= 0 {
			t.Errorf("%s: got %d bits for its shape, want some", test.name, f.Bits[test.h])
		}
		needs := f.Needs(test.h)
		if got, want := needs[Whole], ResidueOf(packet.AddrOf(destination)); got != want {
			t.Errorf("%s: needs residue %#04x, want that of the destination, %#04x", test.name, got, want)
		}
		test.data[len(test.data)-1] ^= 1
		f = examined(test.data)
		needs = f.Needs(test.h)
		if needs[Whole] == ResidueOf(packet.AddrOf(destination)) {
			t.Errorf("%s with a changed byte: needs the destination's residue still", test.name)
		}
	}
}

// TestFactsOfCutData: where data were cut off no whole checksum is asked for.
func TestFactsOfCutData(t *testing.T) {
	datagram := summed([]byte{0x30, 0x39, 0x00, 0x35, 0, 11, 0, 0, 'a', 'b', 'c'}, 6, packet.ProtoUDP)
	f := cutOff(datagram[:9], len(datagram))
	if f.Checked(AsUDP) || f.Needs(AsUDP)[Whole] != 0 {
		t.Error("the checksum of data that were cut off is taken for one that can be verified")
	}
}

// TestRecordsFill: records fill what they are in to the byte, unless that was cut off.
func TestRecordsFill(t *testing.T) {
	chunk := []byte{0, 3, 0, 4}
	sctp := func(chunks ...byte) []byte { return append(make([]byte, sctpHeader), chunks...) }
	for _, test := range []struct {
		name      string
		data      []byte
		all, want bool
	}{
		{"one chunk", sctp(chunk...), true, true},
		{"a chunk that is padded", sctp(0, 3, 0, 5, 0, 0, 0, 0), true, true},
		{"a chunk without its padding", sctp(0, 3, 0, 5, 0), true, false},
		{"a length below that of its own header", sctp(0, 3, 0, 3), true, false},
		{"a length of zero", sctp(0, 3, 0, 0), true, false},
		{"an unknown type after a known one", sctp(0, 3, 0, 4, 0x7F, 0, 0, 4), true, false},
		{"a chunk beyond the end", sctp(0, 3, 0, 4, 0, 3, 0, 8), true, false},
		{"a chunk that was cut off", sctp(0, 3, 0, 4, 0, 3, 0, 8), false, true},
		{"a header that was cut off", sctp(0, 3, 0, 4, 0, 3), false, true},
		{"half a header", sctp(0, 3, 0, 4, 0, 3), true, false},
	} {
		if _, got := readSCTP(test.data, test.all); got != test.want {
			t.Errorf("%s, captured whole %v: got %v, want %v", test.name, test.all, got, test.want)
		}
	}
}
