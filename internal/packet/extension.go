package packet

// maxExtensions bounds the extension headers of one packet; more is an attack
// or garbage.
const maxExtensions = 16

// maxJumbo bounds the Jumbo Payload Length that is believed, in bytes: no link
// carries more, and it fits an int everywhere.
const maxJumbo = 1 << 30

// isExtension reports whether a Next Header value is that of an extension
// header that the walk may pass (RFC 8200, section 4; IANA's list of IPv6
// extension header types). ESP is not: what it hides stays hidden.
func isExtension(next uint8) bool { return extensions[next] }

var extensions = [256]bool{
	ProtoHopByHop: true, ProtoRouting: true, ProtoFragment: true, ProtoAH: true, ProtoDestOpts: true,
	ProtoMobility: true, ProtoHIP: true, ProtoShim6: true,
}

// walk is a position in a chain of IPv6 extension headers.
type walk struct {
	next     uint8 // what is at pos
	pos      int   // offset in the packet; after the captured bytes if they end in a header
	field    int   // offset of the Next Header field that holds next, as given for the IPv6 header's
	jumbo    int   // Jumbo Payload Length, bytes after the IPv6 header; 0 without
	partial  bool  // a Fragment header that is not that of a whole packet
	fragment bool  // a fragment other than the first: pos is not the start of a header
}

// run walks to the upper-layer header: to the first header that is no
// extension header, is not whole within end (its length on the wire), or
// begins after the captured bytes.
func (w *walk) run(data []byte, end int) {
	for range maxExtensions {
		if !isExtension(w.next) || w.fragment || !w.step(data, end) {
			return
		}
	}
}

// step passes one extension header, or reports false and stays.
func (w *walk) step(data []byte, end int) bool {
	if w.pos+4 > len(data) {
		return false
	}
	h := data[w.pos:]
	size := (int(h[1]) + 1) * 8
	switch w.next {
	case ProtoFragment:
		size = 8 // its second byte is reserved
	case ProtoAH:
		size = (int(h[1]) + 2) * 4 // RFC 4302, section 2.2
	}
	if size < 8 || w.pos+size > end {
		return false
	}
	switch w.next {
	case ProtoMobility, ProtoHIP, ProtoShim6:
		if h[0] == ProtoNoNext {
			return false // the message itself is the upper layer
		}
	case ProtoFragment:
		place := be16(h[2:])
		w.partial = w.partial || place&0xFFF9 != 0 // an offset, or more fragments
		w.fragment = place&0xFFF8 != 0
	case ProtoHopByHop:
		w.jumbo = jumboLength(h[:min(size, len(h))])
	}
	w.next, w.field = h[0], w.pos
	w.pos += size
	return true
}

// jumboLength returns the Jumbo Payload Length in a Hop-by-Hop Options header
// (RFC 2675, section 2), 0 without a valid one.
func jumboLength(header []byte) int {
	const pad1, jumbo = 0, 0xC2
	for b := header[2:]; len(b) >= 2; {
		if b[0] == pad1 {
			b = b[1:]
			continue
		}
		size := 2 + int(b[1])
		if size > len(b) {
			return 0
		}
		if b[0] == jumbo && size == 6 {
			if n := be32(b[2:]); n > 0xFFFF && n <= maxJumbo {
				return int(n)
			}
		}
		b = b[size:]
	}
	return 0
}

// walk passes the extension headers of the IPv6 packet at net, and notes what they
// say of its upper layer. It returns where that begins, and the Jumbo Payload Length.
func (v *View) walk(data []byte, net, end int) (upper, jumbo int) {
	if next := data[net+6]; !isExtension(next) { // nearly every packet
		v.Proto, v.Partial, v.Fragment = next, false, false
		return net + ipv6Len, 0
	}
	return v.walkExtensions(data, net, end)
}

// walkExtensions is walk of a packet that has extension headers.
func (v *View) walkExtensions(data []byte, net, end int) (upper, jumbo int) {
	w := walk{next: data[net+6], pos: net + ipv6Len}
	w.run(data, end)
	v.Proto, v.Partial, v.Fragment = w.next, w.partial, w.fragment
	return w.pos, w.jumbo
}
