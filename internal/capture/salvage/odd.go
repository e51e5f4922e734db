package salvage

import (
	"math/bits"

	"github.com/mendcap/mendcap/internal/capture"
)

// oddWords say what each oddity is, after the number of blocks that have it.
var oddWords = [capture.Oddities]struct{ one, many string }{
	{"packet has an original length of 0", "packets have an original length of 0"},
	{"packet has an original length below the captured one", "packets have an original length below the captured one"},
	{"packet has an original length above 2^30", "packets have an original length above 2^30"},
	{"packet has no bytes", "packets have no bytes"},
	{"packet has a fraction of a second that is one or more", "packets have a fraction of a second that is one or more"},
	{"packet is longer than its interface's snap length", "packets are longer than their interface's snap length"},
	{"simple packet block has another length than its original length asks for",
		"simple packet blocks have another length than their original length asks for"},
	{"block has options that do not fit it", "blocks have options that do not fit them"},
	{"name resolution block has records that do not fit it", "name resolution blocks have records that do not fit them"},
	{"section is of a later version of pcapng", "sections are of a later version of pcapng"},
}

// Odd counts the blocks that are odd in one way: legal, or nearly so, and read as
// they are.
type Odd struct {
	What  string // "packets have no bytes"; it goes with Count
	Count int64
	Frame int64 // the first of them, or where they are no packets, the packet before; 0 = none, -1 = they are of the file
}

// oddCount counts one oddity.
type oddCount struct{ count, frame int64 }

// said is what the count is of, nothing where it is 0.
func (n oddCount) said(one, many string) []Odd {
	switch n.count {
	case 0:
		return nil
	case 1:
		many = one
	}
	return []Odd{{What: many, Count: n.count, Frame: n.frame}}
}

// Odd gives what was odd in the capture so far, in a fixed order. It may be called
// by the goroutine that calls Next.
func (r *Reader) Odd() []Odd {
	var all []Odd
	for i, n := range r.odd {
		all = append(all, n.said(oddWords[i].one, oddWords[i].many)...)
	}
	if unpacked := r.in.Unpacked; unpacked != nil {
		all = append(all, oddCount{unpacked.Padded, -1}.said(
			"stream of xz is followed by zeros whose number is no multiple of four",
			"streams of xz are followed by zeros whose number is no multiple of four")...)
	}
	return all
}

// countOdd counts what is odd about a block that was delivered.
func (r *Reader) countOdd(odd capture.Oddity) {
	for ; odd != 0; odd &= odd - 1 {
		n := &r.odd[bits.TrailingZeros16(uint16(odd))]
		if n.count++; n.count == 1 {
			n.frame = r.in.Frame()
		}
	}
}
