package lab

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"testing"
)

// v6 builds an IPv6 packet from a header's next header and what follows.
func v6(next byte, payload ...byte) []byte {
	header, _ := hex.DecodeString("6000000000000040fe8000000000000000000000000000012001" + "0db8000000000000000000000002")
	header[6] = next
	binary.BigEndian.PutUint16(header[4:], uint16(len(payload)))
	return append(header, payload...)
}

func TestFormsOfIPv6(t *testing.T) {
	source := "fe800000000000000000000000000001"
	packet := v6(protoUDP, 1, 2, 3, 4)
	tests := map[Form]string{
		Stub:            "600000000004ff00" + source + "00000000000000000000000000000000" + "01020304",
		SockaddrWindows: "1700000000000000" + source + "04000000" + "01020304",
		SockaddrLinux:   "0a00000000000000" + source + "04000000" + "01020304",
		SockaddrBSD:     "1c1e000000000000" + source + "04000000" + "01020304",
		WithHeaders:     hex.EncodeToString(packet),
	}
	for form, want := range tests {
		got, err := form.append(nil, packet)
		if err != nil || hex.EncodeToString(got) != want {
			t.Errorf("%s: got %x, %v, want %s", form, got, err, want)
		}
	}
}

func TestFormsOfIPv4(t *testing.T) {
	packet, _ := hex.DecodeString("4500001400000000401100000a000001c0000202")
	tests := map[Form]string{
		Stub:            "",
		SockaddrWindows: "020000000a0000010000000000000000",
		SockaddrBSD:     "100200000a0000010000000000000000",
	}
	for form, head := range tests {
		got, err := form.append(nil, packet)
		if want := head + hex.EncodeToString(packet); err != nil || hex.EncodeToString(got) != want {
			t.Errorf("%s: got %x, %v, want %s", form, got, err, want)
		}
	}
}

func TestDeliveredTakesExtensionHeadersOff(t *testing.T) {
	wire := v6(protoHopByHop, protoICMPv6, 0, 5, 2, 0, 0, 1, 0, 143, 0, 9, 9)
	got := Delivered([]Packet{{Index: 3, Data: wire}})
	if want := v6(protoICMPv6, 143, 0, 9, 9); len(got) != 1 || got[0].Index != 3 || !bytes.Equal(got[0].Data, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDeliveredReassembles(t *testing.T) {
	fragment := func(offset byte, more byte, data ...byte) []byte {
		return v6(protoFragment, append([]byte{protoUDP, 0, 0, offset | more, 0, 0, 0, 7}, data...)...)
	}
	first := fragment(0, 1, 1, 2, 3, 4, 5, 6, 7, 8)
	last := fragment(8, 0, 9)
	for name, wire := range map[string][][]byte{"in order": {first, last}, "swapped": {last, first}} {
		got := Delivered([]Packet{{Index: 0, Data: wire[0]}, {Index: 1, Data: wire[1]}})
		want := v6(protoUDP, 1, 2, 3, 4, 5, 6, 7, 8, 9)
		if len(got) != 1 || got[0].Index != 1 || !bytes.Equal(got[0].Data, want) {
			t.Errorf("%s: got %v, want %x", name, got, want)
		}
	}
	if got := Delivered([]Packet{{Data: last}}); len(got) != 0 {
		t.Errorf("a lone fragment was delivered: %v", got)
	}
}
