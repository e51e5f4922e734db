package packet

import (
	"encoding/binary"
	"math/bits"
)

// A partial sum is a one's complement sum of 16-bit words in network order
// (RFC 1071), between 0 and 0xFFFF, in a uint32: up to 65,536 of them are
// added with +, and Fold brings the result back. A checksum field is the
// complement of the folded sum; data with a right checksum in place sum up to
// 0xFFFF. Sums of anything but zeros are never 0.

// Sum returns the partial sum of b; an odd last byte counts as if a zero
// followed it, so that only the last piece of a packet may have an odd length.
func Sum(b []byte) uint32 {
	// Words are added eight bytes at a time as little-endian numbers: one's
	// complement sums come out the same, with their bytes swapped (RFC 1071,
	// section 2 (B)).
	var sum, carry uint64
	for len(b) >= 64 {
		w := b[:64:64]
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(w[0:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(w[8:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(w[16:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(w[24:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(w[32:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(w[40:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(w[48:]), carry)
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(w[56:]), carry)
		b = b[64:]
	}
	for len(b) >= 8 {
		sum, carry = bits.Add64(sum, binary.LittleEndian.Uint64(b), carry)
		b = b[8:]
	}
	sum, carry = bits.Add64(sum, tail(b), carry)
	return fold64(sum, carry)
}

// tail returns fewer than eight bytes as a little-endian number.
func tail(b []byte) (word uint64) {
	shift := 0
	if len(b) >= 4 {
		word = uint64(binary.LittleEndian.Uint32(b))
		shift = 32
		b = b[4:]
	}
	if len(b) >= 2 {
		word |= uint64(binary.LittleEndian.Uint16(b)) << shift
		shift += 16
		b = b[2:]
	}
	if len(b) == 1 {
		word |= uint64(b[0]) << shift
	}
	return word
}

// fold64 brings a little-endian sum and its last carry down to 16 bits in
// network order.
func fold64(sum, carry uint64) uint32 {
	s := sum>>32 + sum&0xFFFFFFFF + carry
	s = s>>16 + s&0xFFFF // from 33 bits to 18
	s = s>>16 + s&0xFFFF // to 17
	s = s>>16 + s&0xFFFF // to 16
	return uint32(bits.ReverseBytes16(uint16(s)))
}

// Fold returns the 16-bit one's complement sum that a sum of partial sums
// stands for. Its 0 and 0xFFFF are the same number.
func Fold(sum uint32) uint16 {
	sum = sum>>16 + sum&0xFFFF
	return uint16(sum>>16 + sum)
}

// AddrSum returns the partial sum of an address. A mapped IPv4 address has
// that of its four bytes alone: the prefix adds 0xFFFF, which is zero.
func AddrSum(a Addr) uint32 {
	sum, carry := bits.Add64(binary.LittleEndian.Uint64(a[:8]), binary.LittleEndian.Uint64(a[8:]), 0)
	return fold64(sum, carry)
}

// PseudoHeader returns the partial sum of the pseudo-header of RFC 8200,
// section 8.1, for length bytes of upper-layer data. With mapped IPv4
// addresses it is that of IPv4's pseudo-header (RFC 9293, section 3.1).
func PseudoHeader(src, dst Addr, length uint32, nextHeader uint8) uint32 {
	sum := AddrSum(src) + AddrSum(dst) + length>>16 + length&0xFFFF + uint32(nextHeader)
	return uint32(Fold(sum))
}
