package infer

import (
	"github.com/mendcap/mendcap/internal/packet"
)

// mode says what a checksum field holds.
type mode uint8

const (
	whole      mode = iota // the checksum over pseudo-header and data
	partial                // the folded sum of the pseudo-header, not complemented: left to the network card
	lengthless             // the same without the length: left to a card that cuts segments (LSO, USO)

	modes // their number

	unverified mode = modes // nothing that could be checked
)

// segmented is the least length of what a card cuts into segments, bytes: more
// than the least of maximum segment sizes (RFC 9293, section 3.7.1).
const segmented = 536

// needs are the residues that a destination must have for the field to be
// right, by mode; 0 where it can't hold that. For PIM Registers partial is the
// checksum over all of the data.
type needs [modes]residue

// any reports whether anything can be checked.
func (n *needs) any() bool { return *n != needs{} }

// meets reports whether n and o agree in some mode.
func (n *needs) meets(o *needs) bool { return n.agreeing(o) < modes }

// agreeing returns the first mode in which n and o agree, modes if they don't.
func (n *needs) agreeing(o *needs) mode {
	for m := range modes {
		if n[m] != 0 && n[m] == o[m] {
			return m
		}
	}
	return modes
}

// needs returns what the destination must have under h.
func (f *facts) needs(h hypothesis) (n needs) {
	if f.checked(h) {
		n[whole] = f.need(h)
	}
	if h == asOther && f.other.twice {
		n[partial] = complement(uint32(f.outer) + uint32(f.data) + uint32(f.protocol(h)))
	}
	if (h == asTCP || h == asUDP) && f.field[h] != 0 {
		left := uint32(f.protocol(h)) + uint32(^f.field[h])
		n[partial] = complement(uint32(f.outer) + left)
		if f.length > segmented {
			n[lengthless] = complement(packet.AddrSum(f.src) + left)
		}
	}
	return n
}

// checked reports whether a checksum over all that it covers can be verified
// under h. A UDP checksum of zero is none (RFC 8200, section 8.1).
func (f *facts) checked(h hypothesis) bool {
	if h == asOther {
		return f.other.summed
	}
	return f.whole && (h != asUDP || f.field[asUDP] != 0)
}

// need returns the residue that the destination must have for a whole checksum
// to come out under h.
func (f *facts) need(h hypothesis) residue {
	sum := uint32(f.outer) + uint32(f.data)
	if h == asOther {
		sum = uint32(f.other.covered)
	}
	return complement(sum + uint32(f.protocol(h)))
}

// protocol returns h's Next Header value.
func (f *facts) protocol(h hypothesis) uint8 {
	switch h {
	case asTCP:
		return packet.ProtoTCP
	case asUDP:
		return packet.ProtoUDP
	case asICMPv6:
		return packet.ProtoICMPv6
	}
	return f.other.protocol
}

// body is a fingerprint of the data without what stands in the checksum's
// place: whole checksums change with it, partial ones don't.
func (f *facts) body(h hypothesis) uint16 {
	return packet.Fold(uint32(f.data) + uint32(^f.field[h]))
}

// residue is a folded ones' complement sum with one form for zero: 0xFFFF.
type residue uint16

// residueOf returns a's own sum.
func residueOf(a packet.Addr) residue { return normal(packet.Fold(packet.AddrSum(a))) }

// complement returns what is missing from sum to 0xFFFF.
func complement(sum uint32) residue { return normal(^packet.Fold(sum)) }

func normal(sum uint16) residue {
	if sum == 0 {
		return 0xFFFF
	}
	return residue(sum)
}
