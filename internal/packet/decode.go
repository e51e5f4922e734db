package packet

import "encoding/binary"

// Decode fills v from one captured packet, whatever v held before. data are
// the captured bytes, wireLen is their number on the wire (taken as len(data)
// if it is smaller). layout matters in LINKTYPE_USER0-15 only.
//
// It never fails: what can't be made out leaves Form NoIP. The first IP header
// counts, that of a tunnel included, whose inside Tunnels.Decode reads; only
// encapsulations below IP are looked through. It doesn't keep data, and allocates
// nothing.
func Decode(v *View, link LinkType, data []byte, wireLen int, layout Layout) {
	*v = View{}
	wireLen = max(wireLen, len(data))
	switch {
	case link == SLL:
		v.Outgoing = len(data) >= sllLen && be16(data) == sllOutgoing
	case link == SLL2:
		v.Outgoing = len(data) >= sll2Len && data[10] == sllOutgoing
	case link >= User0 && link <= User15:
		decodeSockaddr(v, data, wireLen, layout)
		return
	}
	if int(link) >= len(outermost) {
		return
	}
	if first := outermost[link]; first == ipHeader {
		decodeIP(v, data, 0, wireLen)
	} else {
		decodeInner(v, first, data, wireLen)
	}
}

// Ports returns the first two 16-bit words of an upper-layer header: source
// and destination port of TCP, UDP, UDP-Lite, DCCP and SCTP. ok is false where
// fewer than four bytes were captured.
func Ports(upper []byte) (src, dst uint16, ok bool) {
	if len(upper) < 4 {
		return 0, 0, false
	}
	return be16(upper), be16(upper[2:]), true
}

func be16(b []byte) uint16 { return binary.BigEndian.Uint16(b) }

func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
