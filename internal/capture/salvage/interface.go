package salvage

import (
	"fmt"
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
)

// maxMade is how many interfaces are made up for one section.
const maxMade = 256

// sampled is how many packets are looked at to guess a link type.
const sampled = 16

// rescueInterface deals with a packet whose interface is not described. Where
// others are on that interface too its description is lost, and one is made
// up; a number that no other packet has is damaged itself.
func (s *blocks) rescueInterface() {
	f := s.f
	size := s.size()
	if size == 0 {
		s.r.pass(1, capture.ErrInterface)
		return
	}
	id, known := capture.InterfaceOf(s.w, f.Order), len(f.Interfaces)
	if uint64(id) >= uint64(known+maxMade) {
		s.renumber(size, id)
		return
	}
	packets, originals := s.sample(id)
	if known > 0 && len(packets) == 1 {
		s.renumber(size, id)
		return
	}
	link, resol := guessLink(packets, originals), f.resolution(s.w)
	for uint64(len(f.Interfaces)) <= uint64(id) {
		before := len(f.Interfaces)
		if !s.r.made(madeInterface(f.Order, link, resol)) || len(f.Interfaces) == before {
			s.r.pass(size, capture.ErrInterface)
			return
		}
	}
	s.r.report(0, false, fmt.Errorf("%w: number %d, made up with link type %d", capture.ErrInterface, id, link))
	s.deliver(size, capture.ErrInterface)
}

// resolution guesses that of the interface of the packet at hand: as others of
// the section, else by its stamp.
func (f *pcapng) resolution(p []byte) uint8 {
	if n := len(f.Interfaces); n > 0 {
		return f.Interfaces[n-1].Resol
	}
	if capture.U32(p, f.Big) == capture.TypeSPB {
		return 6
	}
	return guessResolution(uint64(capture.U32(p[12:], f.Big))<<32 | uint64(capture.U32(p[16:], f.Big)))
}

// sample gives packets on one interface from the start of the window.
func (s *blocks) sample(id uint32) (packets [][]byte, originals []int) {
	big := s.f.Big
	for at := 0; len(packets) < sampled && at < len(s.w); {
		n, _ := s.blockAt(at, big)
		if n == 0 {
			break
		}
		p := s.w[at : at+n]
		switch typ := capture.U32(p, big); {
		case (typ == capture.TypeEPB || typ == capture.TypePB) && capture.InterfaceOf(p, s.f.Order) == id:
			packets = append(packets, p[capture.EnhancedFixed:capture.EnhancedFixed+int(capture.U32(p[20:], big))])
			originals = append(originals, int(capture.U32(p[24:], big)))
		case typ == capture.TypeSPB && id == 0:
			original := int(min(capture.U32(p[8:], big), maxStatedSnap))
			packets = append(packets, p[capture.SimpleFixed:capture.SimpleFixed+min(original, n-capture.SimpleFixed-capture.TrailerLen)])
			originals = append(originals, original)
		case typ == capture.TypeSection:
			return packets, originals
		}
		at += n
	}
	return packets, originals
}

// renumber puts a packet with a damaged interface number on the interface that
// it must be on: all that are described are of one kind.
func (s *blocks) renumber(size int, id uint32) {
	f := s.f
	if f.Mixed || len(f.Interfaces) == 0 {
		s.r.pass(size, fmt.Errorf("%w: number %d", capture.ErrInterface, id))
		return
	}
	raw := slices.Clone(s.w[:size])
	switch capture.U32(raw, f.Big) {
	case capture.TypeEPB:
		f.Order.PutUint32(raw[8:], 0)
	case capture.TypePB:
		f.Order.PutUint16(raw[8:], 0)
	}
	if !s.r.mend(raw, size, fmt.Errorf("%w: number %d, read as 0", capture.ErrInterface, id)) {
		s.r.pass(size, capture.ErrInterface)
	}
}
