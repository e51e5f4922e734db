package header

import (
	"github.com/mendcap/mendcap/internal/packet"
)

// Mode says what a checksum field holds.
type Mode uint8

const (
	Whole      Mode = iota // the checksum over pseudo-header and data
	Partial                // the folded sum of the pseudo-header, not complemented: left to the network card
	Lengthless             // the same without the length: left to a card that cuts segments (LSO, USO)

	Modes // their number

	Unverified Mode = Modes // nothing that could be checked
)

// segmented is the least length of what a card cuts into segments, bytes: more
// than the least of maximum segment sizes (RFC 9293, section 3.7.1).
const segmented = 536

// Needs are the residues that a destination must have for the field to be
// right, by mode; 0 where it can't hold that. For PIM Registers partial is the
// checksum over all of the data.
type Needs [Modes]Residue

// Any reports whether anything can be checked.
func (n *Needs) Any() bool { return *n != Needs{} }

// Agreeing returns the first mode in which n and o agree, modes if they don't.
func (n *Needs) Agreeing(o *Needs) Mode {
	for m := range Modes {
		if n[m] != 0 && n[m] == o[m] {
			return m
		}
	}
	return Modes
}

// Needs returns what the destination must have under h.
func (f *Facts) Needs(h Hypothesis) (n Needs) {
	if f.Checked(h) {
		sum := uint32(f.outer) + uint32(f.data)
		if h == AsOther {
			sum = uint32(f.Other.covered)
		}
		n[Whole] = Complement(sum + uint32(f.Protocol(h)))
	}
	if h == AsOther && f.Other.twice {
		n[Partial] = Complement(uint32(f.outer) + uint32(f.data) + uint32(f.Protocol(h)))
	}
	if (h == AsTCP || h == AsUDP) && f.field[h] != 0 {
		left := uint32(f.Protocol(h)) + uint32(^f.field[h])
		n[Partial] = Complement(uint32(f.outer) + left)
		if f.length > segmented {
			n[Lengthless] = Complement(packet.AddrSum(f.Src) + left)
		}
	}
	return n
}

// Checked reports whether a checksum over all that it covers can be verified
// under h. A UDP checksum of zero is none (RFC 8200, section 8.1).
func (f *Facts) Checked(h Hypothesis) bool {
	if h == AsOther {
		return f.Other.summed
	}
	return f.whole && (h != AsUDP || f.field[AsUDP] != 0)
}

// Protocol returns h's Next Header value.
func (f *Facts) Protocol(h Hypothesis) uint8 {
	if h == AsOther {
		return f.Other.Protocol
	}
	return protocols[h]
}

// Body is a fingerprint of the data without what is in the checksum's
// place: whole checksums change with it, partial ones don't.
func (f *Facts) Body(h Hypothesis) uint16 {
	return packet.Fold(uint32(f.data) + uint32(^f.field[h]))
}

// Residue is a folded ones' complement sum with one form for zero: 0xFFFF.
type Residue uint16

// ResidueOf returns a's own sum.
func ResidueOf(a packet.Addr) Residue { return normal(packet.Fold(packet.AddrSum(a))) }

// Complement returns what is missing from sum to 0xFFFF.
func Complement(sum uint32) Residue { return normal(^packet.Fold(sum)) }

func normal(sum uint16) Residue {
	if sum == 0 {
		return 0xFFFF
	}
	return Residue(sum)
}
