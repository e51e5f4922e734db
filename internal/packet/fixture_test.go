package packet

import (
	"bytes"
	"encoding/binary"
	"net/netip"
)

// Addresses of the fixtures.
var (
	src6 = AddrOf(netip.MustParseAddr("2001:db8::1"))
	dst6 = AddrOf(netip.MustParseAddr("2001:db8::2"))
	src4 = AddrOf(netip.MustParseAddr("192.0.2.1"))
	dst4 = AddrOf(netip.MustParseAddr("192.0.2.2"))
)

// segment is a TCP segment with a timestamps option and 4 bytes of payload, 36
// bytes in all.
var segment = []byte{
	0x00, 0x50, 0xC3, 0x50, 1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0x18, 0x10, 0, 0xAB, 0xCD, 0, 0,
	1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7, 'd', 'a', 't', 'a',
}

func join(pieces ...[]byte) []byte { return bytes.Join(pieces, nil) }

func ip6(next uint8, length int, rest ...[]byte) []byte {
	return header6(dst6, next, length, rest...)
}

func header6(dst Addr, next uint8, length int, rest ...[]byte) []byte {
	h := AppendIPv6(nil, IPv6Header{
		PayloadLength: uint16(length), NextHeader: next, HopLimit: 64, Src: src6, Dst: dst,
	})
	return append(h, join(rest...)...)
}

// ip4 returns an IPv4 packet; fragment is the word of flags and offset.
func ip4(proto uint8, total int, fragment uint16, options []byte, rest ...[]byte) []byte {
	h := []byte{byte(0x45 + len(options)/4), 0, byte(total >> 8), byte(total), 0xBE, 0xEF,
		byte(fragment >> 8), byte(fragment), 63, proto, 0, 0}
	h = append(append(h, src4[12:]...), dst4[12:]...)
	return join(h, options, join(rest...))
}

func ethernet(kind uint16, rest ...[]byte) []byte {
	h := binary.BigEndian.AppendUint16([]byte{2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2}, kind)
	return append(h, join(rest...)...)
}

func sll(packetType, kind uint16, rest ...[]byte) []byte {
	h := make([]byte, sllLen)
	binary.BigEndian.PutUint16(h, packetType)
	binary.BigEndian.PutUint16(h[14:], kind)
	return append(h, join(rest...)...)
}

func sll2(packetType byte, kind uint16, rest ...[]byte) []byte {
	h := make([]byte, sll2Len)
	binary.BigEndian.PutUint16(h, kind)
	h[10] = packetType
	return append(h, join(rest...)...)
}

func sockaddr6(first uint16, src Addr, scope uint32, rest ...[]byte) []byte {
	h := binary.BigEndian.AppendUint16(nil, first)
	h = append(h, 0, 0, 0, 0, 0, 0)
	h = append(h, src[:]...)
	h = binary.LittleEndian.AppendUint32(h, scope)
	return append(h, join(rest...)...)
}

func sockaddr4(first uint16, src Addr, rest ...[]byte) []byte {
	h := binary.BigEndian.AppendUint16(nil, first)
	h = append(h, 0, 0)
	h = append(h, src[12:]...)
	h = append(h, make([]byte, 8)...)
	return append(h, join(rest...)...)
}

// zeros is padding, or data whose content doesn't matter.
func zeros(n int) []byte { return make([]byte, n) }

// whole6 is the View of an IPv6 packet with the fixtures' addresses and TCP
// data of n bytes at upper.
func whole6(net, upper, n int) View {
	return View{Form: Whole, Version: 6, Proto: ProtoTCP, TTL: 64, Src: src6, Dst: dst6,
		Net: net, Upper: upper, End: upper + n, UpperLen: n}
}

// whole4 is whole6 for IPv4.
func whole4(net, upper, n int) View {
	return View{Form: Whole, Version: 4, Proto: ProtoTCP, TTL: 63, IPID: 0xBEEF, Src: src4, Dst: dst4,
		Net: net, Upper: upper, End: upper + n, UpperLen: n}
}

// with returns v changed.
func with(v View, change func(*View)) View {
	change(&v)
	return v
}
