package salvage

import (
	"fmt"
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
)

// maxMade is how many interfaces are made up for one section.
const maxMade = 256

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
	others := s.sample(id)
	if uint64(id) >= uint64(known+maxMade) || known > 0 && others.packets == 1 {
		s.renumber(size, id)
		return
	}
	link, resol := others.link(), f.resolution(s.w)
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

// resolution guesses that of the interface of the current packet: as others of
// the section, else by its stamp.
func (f *pcapng) resolution(p []byte) uint8 {
	if n := len(f.Interfaces); n > 0 {
		return f.Interfaces[n-1].Resol
	}
	if capture.U32(p, f.Big) == capture.TypeSPB {
		return 6
	}
	return guessResolution(capture.Ticks(p, f.Big))
}

// sample looks at packets on one interface from the start of the window.
func (s *blocks) sample(id uint32) (g guess) {
	big := s.f.Big
	for at := 0; g.packets < sampled && at < len(s.w); {
		n, _ := s.blockAt(at, big)
		if n == 0 || capture.U32(s.w[at:], big) == capture.TypeSection {
			break
		}
		p := s.w[at : at+n]
		at += n
		if capture.InterfaceOf(p, s.f.Order) != id {
			continue
		}
		switch capture.U32(p, big) {
		case capture.TypeEPB, capture.TypePB:
			g.add(p[capture.EnhancedFixed:][:capture.U32(p[20:], big)], capture.U32(p[24:], big))
		case capture.TypeSPB:
			original := min(capture.U32(p[8:], big), maxStatedSnap)
			g.add(p[capture.SimpleFixed:][:min(int(original), n-capture.SimpleFixed-capture.TrailerLen)], original)
		}
	}
	return g
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
