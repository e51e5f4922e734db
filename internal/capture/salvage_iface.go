package capture

import "fmt"

// maxMade is how many interfaces are made up for one section.
const maxMade = 256

// sampled is how many packets are looked at to guess a link type.
const sampled = 16

// rescueInterface deals with a packet whose interface is not described. Where
// others are on that interface too its description is lost, and one is made
// up; a number that stands alone is damaged itself.
func (f *Pcapng) rescueInterface(s *ngSearch, b *Batch) int {
	n, err := f.size(s.w)
	if err != nil || n > uint64(len(s.w)) {
		return s.r.pass(1, ErrInterface)
	}
	size := int(n)
	id, known := interfaceNumber(s.w, f.big), len(f.interfaces)
	if uint64(id) >= uint64(known+maxMade) {
		return f.renumber(s, b, size, id)
	}
	packets, originals := f.sample(s, id)
	if known > 0 && len(packets) == 1 {
		return f.renumber(s, b, size, id)
	}
	link, resol := guessLink(packets, originals), f.resolution(s.w)
	for uint64(len(f.interfaces)) <= uint64(id) {
		before := len(f.interfaces)
		if s.r.made(b, madeInterface(f.order, link, resol)) != nil || len(f.interfaces) == before {
			return s.r.pass(size, ErrInterface)
		}
	}
	s.r.report(0, false, fmt.Errorf("%w: number %d, made up with link type %d", ErrInterface, id, link))
	if s.r.deliver(b, s.w[:size:size], size) != nil {
		return s.r.pass(size, ErrInterface)
	}
	return size
}

// interfaceNumber gives the number of a packet block's interface.
func interfaceNumber(p []byte, big bool) uint32 {
	switch U32(p, big) {
	case TypeEPB:
		return U32(p[8:], big)
	case TypePB:
		return uint32(OrderOf(big).Uint16(p[8:]))
	}
	return 0
}

// resolution guesses that of the interface of the packet at hand: as others of
// the section, else by its stamp.
func (f *Pcapng) resolution(p []byte) uint8 {
	if n := len(f.interfaces); n > 0 {
		return f.interfaces[n-1].Resol
	}
	if U32(p, f.big) == TypeSPB {
		return 6
	}
	return guessResolution(uint64(U32(p[12:], f.big))<<32 | uint64(U32(p[16:], f.big)))
}

// sample gives packets on one interface from the start of the window.
func (f *Pcapng) sample(s *ngSearch, id uint32) (packets [][]byte, originals []int) {
	for at := 0; len(packets) < sampled && at < len(s.w); {
		n, _ := s.blockAt(at, f.big)
		if n == 0 {
			break
		}
		p := s.w[at : at+n]
		switch typ := U32(p, f.big); {
		case (typ == TypeEPB || typ == TypePB) && interfaceNumber(p, f.big) == id:
			packets = append(packets, p[EnhancedFixed:EnhancedFixed+int(U32(p[20:], f.big))])
			originals = append(originals, int(U32(p[24:], f.big)))
		case typ == TypeSPB && id == 0:
			original := int(min(U32(p[8:], f.big), maxStatedSnap))
			packets = append(packets, p[SimpleFixed:SimpleFixed+min(original, n-SimpleFixed-TrailerLen)])
			originals = append(originals, original)
		case typ == TypeSection:
			return packets, originals
		}
		at += n
	}
	return packets, originals
}

// alike says whether packets on two interfaces are read in one way.
func (i *Interface) alike(o *Interface) bool {
	return i.LinkType == o.LinkType && i.Resol == o.Resol && i.Offset == o.Offset
}

// renumber puts a packet with a damaged interface number on the interface that
// it must be on: all that are described are of one kind.
func (f *Pcapng) renumber(s *ngSearch, b *Batch, size int, id uint32) int {
	if f.mixed || len(f.interfaces) == 0 {
		return s.r.pass(size, fmt.Errorf("%w: number %d", ErrInterface, id))
	}
	raw := append([]byte(nil), s.w[:size]...)
	switch U32(raw, f.big) {
	case TypeEPB:
		f.order.PutUint32(raw[8:], 0)
	case TypePB:
		f.order.PutUint16(raw[8:], 0)
	}
	if !s.r.mend(b, raw, size, fmt.Errorf("%w: number %d, read as 0", ErrInterface, id)) {
		return s.r.pass(size, ErrInterface)
	}
	return size
}

// mendOrder delivers a block that is in the other byte order than its section.
// A description of an interface behind packets means that a section header is
// lost.
func (f *Pcapng) mendOrder(s *ngSearch, b *Batch) int {
	other := &ngSearch{r: s.r, w: s.w, eof: s.eof, big: !f.big}
	n, _ := other.blockAt(0, other.big)
	if n == 0 || !other.found(0) && !other.expected(n) && !s.expected(n) {
		return 0
	}
	typ := U32(s.w, other.big)
	if typ == TypeSection {
		return 0
	}
	if typ == TypeInterface && len(f.interfaces) > 0 && s.r.frame > 0 {
		f.lostSection(s, b, 0)
		if s.r.deliver(b, s.w[:n:n], n) == nil {
			return n
		}
		return s.r.pass(n, ErrMixed)
	}
	if raw := turn(s.w[:n], other.big); raw != nil && s.r.mend(b, raw, n, ErrMixed) {
		return n
	}
	return s.r.pass(n, ErrMixed)
}
