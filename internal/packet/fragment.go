package packet

import (
	"net/netip"
	"slices"
)

// maxDatagram is the longest IP packet there is without a jumbogram, which is never
// fragmented (RFC 2675, section 3).
const maxDatagram = 0xFFFF

// datagram is what the fragments of one IP packet have in common (RFC 791, section 3.2;
// RFC 8200, section 4.5).
type datagram struct {
	src, dst Addr
	id       uint32
	proto    uint8 // of IPv4
	version  uint8
	vlan     uint16 // between private addresses of IPv4, which are not the same in each
}

// fragment is one of an IP packet.
type fragment struct {
	datagram
	offset int // of data in what was divided, bytes
	more   bool
	proto  uint8  // of what was divided
	header []byte // before the Fragment header, or that of IPv4
	field  int    // where in it the protocol is said
	data   []byte
}

// fragmentOf reads the fragment whose view is v. It reports false where the view is of
// no fragment, or of one that is empty, or was not captured to its end.
func fragmentOf(v *View, packet []byte) (f fragment, ok bool) {
	if v.Form != Whole || !v.Partial {
		return f, false
	}
	f.datagram = datagram{src: v.Src, dst: v.Dst, version: v.Version}
	h := packet[v.Net:]
	begin, end := v.Upper, v.Net+int(be16(h[2:]))
	if v.Version == 4 {
		place := be16(h[6:])
		f.id, f.datagram.proto, f.proto, f.field = uint32(v.IPID), v.Proto, v.Proto, 9
		f.offset, f.more = int(place&0x1FFF)*8, place&0x2000 != 0
		if isOfOneNetwork(v.Src.Netip()) || isOfOneNetwork(v.Dst.Netip()) {
			f.vlan = v.VLAN
		}
	} else {
		w := walk{next: h[6], pos: v.Net + ipv6Len, field: v.Net + 6}
		end = w.pos + int(be16(h[4:]))
		for range maxExtensions {
			field := w.field
			if !w.step(packet, end) || w.pos > len(packet) {
				return f, false
			}
			if w.partial {
				f.readHeader(packet[w.field:], field-v.Net)
				break
			}
		}
		begin = w.pos
		h = h[:w.field-v.Net]
	}
	if end != v.End || begin >= end { // more was not captured, or not there
		return f, false
	}
	f.header, f.data = h[:min(len(h), begin-v.Net)], packet[begin:end]
	return f, true
}

// isOfOneNetwork reports whether an address is used in many networks at once.
func isOfOneNetwork(a netip.Addr) bool { return a.IsPrivate() || a.IsLinkLocalUnicast() }

// readHeader reads the Fragment header of IPv6 (RFC 8200, section 4.5), which the header
// field at the offset names.
func (f *fragment) readHeader(h []byte, field int) {
	place := be16(h[2:])
	f.id, f.proto, f.field = be32(h[4:]), h[0], field
	f.offset, f.more = int(place&0xFFF8), place&1 != 0
}

// whole returns the IP packet of which f is the first fragment, with the data of all. What
// protocol it carries fragments of IPv6 may state differently: Wireshark believes the one
// that came last. It is nil where it is longer than a packet may be.
func (f *fragment) whole(proto uint8, data []byte) []byte {
	packet := slices.Concat(f.header, data)
	length := len(packet)
	if f.version == 6 {
		length -= ipv6Len
	}
	if length > maxDatagram {
		return nil
	}
	packet[f.field] = proto
	if f.version == 6 {
		put16(packet[4:], length)
		return packet
	}
	put16(packet[2:], length)
	put16(packet[6:], 0)
	return packet
}

func put16(b []byte, n int) { b[0], b[1] = byte(n>>8), byte(n) }
