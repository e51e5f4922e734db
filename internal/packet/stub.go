package packet

import (
	"encoding/binary"
	"math"
)

// stubEnd returns where a stub's data end on the wire. A header that was made
// up may hold any Payload Length: 0 is "unknown", and one beyond the
// record can't be true, since the sniffer wrote all that it received; in both
// cases the record's length counts. A smaller one counts itself: what follows
// is link padding.
func stubEnd(payloadLen uint16, upper, wireLen int) int {
	end := upper + int(payloadLen)
	if payloadLen == 0 || end > wireLen {
		return wireLen
	}
	return end
}

// AppendFilled appends the headers of a Stub, data[v.Net:v.Upper], to dst with
// Next Header, Hop Limit and destination filled in, and returns the extended
// slice. data and v are those of Decode. After extension headers that the
// sniffer recorded nextHeader goes into the last of them. A Payload Length of
// 0 becomes that of the data if it fits; all else stays as captured.
func AppendFilled(dst, data []byte, v *View, nextHeader, hopLimit uint8, destination Addr) []byte {
	base := len(dst)
	dst = append(dst, data[v.Net:v.Upper]...)
	h := dst[base:]
	w := walk{next: h[6], pos: ipv6Len, field: 6}
	w.run(h, math.MaxInt) // Decode has checked the lengths
	h[w.field] = nextHeader
	h[7] = hopLimit
	copy(h[24:ipv6Len], destination[:])
	if n := len(h) - ipv6Len + v.UpperLen; be16(h[4:]) == 0 && n <= 0xFFFF {
		binary.BigEndian.PutUint16(h[4:], uint16(n))
	}
	return dst
}

// IPv6Header is the fixed header of RFC 8200, section 3, but for the version, and for
// traffic class and flow label, which are 0.
type IPv6Header struct {
	PayloadLength uint16 // bytes after the header; 0 for a jumbogram
	NextHeader    uint8
	HopLimit      uint8
	Src, Dst      Addr
}

// AppendIPv6 appends the 40 bytes of h to dst and returns the extended slice.
func AppendIPv6(dst []byte, h IPv6Header) []byte {
	dst = binary.BigEndian.AppendUint32(dst, 6<<28)
	dst = binary.BigEndian.AppendUint16(dst, h.PayloadLength)
	dst = append(dst, h.NextHeader, h.HopLimit)
	dst = append(dst, h.Src[:]...)
	return append(dst, h.Dst[:]...)
}
