package salvage

import (
	"errors"

	"github.com/mendcap/mendcap/internal/capture"
)

// pcapng is what salvage knows of the blocks of a pcapng file.
type pcapng struct{ *capture.Pcapng }

// believable has little to add for pcapng, where blocks have their length twice:
// names may be in the other byte order, and a packet may have been overwritten.
func (f *pcapng) believable(p []byte, size int, _ bool) (need int, ok bool) {
	if len(p) < size || size < capture.BlockMin {
		return 0, true
	}
	switch capture.U32(p, f.Big) {
	case capture.TypeNames:
		list := p[8 : size-capture.TrailerLen]
		return 0, capture.FittingNames(list, f.Big) || !capture.FittingNames(list, !f.Big)
	case capture.TypeEPB:
		return 0, !hollow(p[:size], f.Big)
	}
	return 0, true
}

func (f *pcapng) window(_ []byte, size int) int { return size + lookahead }

// chained has nothing to say for pcapng: each block has its length twice.
func (f *pcapng) chained(window) bool { return false }

// hollow says whether a packet block states nothing and yet holds something:
// zeros were written over it.
func hollow(p []byte, big bool) bool {
	return len(p) > capture.EnhancedFixed+2*capture.TrailerLen && capture.U32(p[20:], big) == 0 && allZero(p[8:capture.EnhancedFixed])
}

// blocks looks for blocks in a window.
type blocks struct {
	window
	f   *pcapng // nil where another file may begin
	big bool
}

// knownType says whether the specification or a common tool has a block type.
func knownType(t uint32) bool {
	return t >= capture.TypeInterface && t <= capture.TypeSecrets ||
		t == capture.TypeSection || t == capture.TypeCustom || t == capture.TypeCustomNC
}

// blockAt gives the size of a block at an offset whose two lengths agree and
// whose fixed parts fit it; 0 for none. more is set where it would end beyond the
// window.
func (s *blocks) blockAt(at int, big bool) (size int, more bool) {
	p := s.w[at:]
	if len(p) < capture.BlockMin {
		return 0, !s.eof && len(p) > 0
	}
	big, ok := orderAt(p, big)
	if !ok {
		return 0, false
	}
	typ, n := capture.U32(p, big), capture.U32(p[4:], big)
	if n < capture.BlockMin || n&3 != 0 || n > uint32(s.r.in.MaxBlock()) || !knownType(typ) {
		return 0, false
	}
	if int(n) > len(p) {
		return 0, !s.eof
	}
	if capture.U32(p[n-capture.TrailerLen:], big) != n || !fitting(p[:n], typ, big) {
		return 0, false
	}
	return int(n), false
}

// orderAt says whether the block that p starts with is big-endian, in a section that
// is or is not. Not ok is a section header without a byte-order magic.
func orderAt(p []byte, section bool) (big, ok bool) {
	if capture.U32(p, section) != capture.TypeSection {
		return section, true
	}
	order, ok := capture.SectionOrder(p)
	return order == capture.OrderOf(true), ok
}

// fitting says whether the fixed parts of a block fit it, and the data of a packet.
func fitting(p []byte, typ uint32, big bool) bool {
	_, fixed := capture.FixedPart(typ)
	room := len(p) - fixed - capture.TrailerLen
	packet := typ == capture.TypeEPB || typ == capture.TypePB
	return room >= 0 && (!packet || uint64(capture.U32(p[20:], big)) <= uint64(room))
}

// follow follows blocks from an offset, for so many bytes at most.
func (s *blocks) follow(at, most int) trail {
	t, big := trail{end: at}, s.big
	for t.end-at <= most {
		if t.end == len(s.w) {
			t.closed = t.records > 0 || s.eof
			break
		}
		n, more := s.blockAt(t.end, big)
		if n == 0 {
			t.closed = more && t.records > 0
			break
		}
		p := s.w[t.end:]
		big, _ = orderAt(p, big)
		switch capture.U32(p, big) {
		case capture.TypeEPB, capture.TypePB:
			t.packets++
			if t.near == 0 && s.nearBlock(p, big) {
				t.near++
			}
		}
		t.records++
		t.end += n
	}
	return t
}

// nearBlock says whether a packet's time is near to those delivered.
func (s *blocks) nearBlock(p []byte, big bool) bool {
	ticks := capture.Ticks(p, big)
	i := &capture.Interface{Resol: guessResolution(ticks)}
	if f, ok := s.r.form.(*pcapng); ok && len(f.Interfaces) > 0 {
		i = f.Interfaces[0]
		if own := f.Lookup(capture.U32(p[8:], big)); own != nil {
			i = own
		}
	}
	near, known := s.r.recent.near(i.Nanos(ticks) / 1e9)
	return near || !known
}

// packetMost is the length of blocks that a packet can carry, bytes.
const packetMost = 128

// found says whether blocks are at an offset where nothing said so: the
// capture's own, not those that a packet carries.
func (s *blocks) found(at int) bool {
	if n, _ := s.blockAt(at, s.big); n == 0 {
		return false
	}
	if _, known := s.dead[at]; known {
		return false
	}
	t := s.follow(at, packetMost)
	if t.near > 0 || t.closed && t.records > 1 {
		return true
	}
	if t = s.follow(at, longTrail); t.near > 0 || t.end-at > longTrail || t.closed && t.records > 1 {
		return true
	}
	for at < t.end {
		s.bury(at)
		n, _ := s.blockAt(at, s.big)
		if n == 0 {
			break // the trail turned to the other byte order here
		}
		at += n
	}
	return false
}

// expected says whether a block is at an offset at which a length says so.
func (s *blocks) expected(at int) bool {
	if at >= len(s.w) {
		return at == len(s.w) && s.eof
	}
	n, more := s.blockAt(at, s.big)
	return n > 0 || more
}

// turned looks for blocks in the other byte order.
func (s *blocks) turned() *blocks { return &blocks{window: s.anew(), f: s.f, big: !s.big} }

func (f *pcapng) rescue(w window, why error) {
	if len(w.w) < capture.BlockMin {
		w.r.pass(len(w.w), why)
		return
	}
	if f.Order == nil { // the very first section header is broken
		order, ok := capture.SectionOrder(w.w)
		if !ok {
			order = capture.OrderOf(false)
		}
		f.Order, f.Big = order, order == capture.OrderOf(true)
	}
	(&blocks{window: w, f: f, big: f.Big}).rescue(why)
	if f.Sections == 0 && !w.r.lost {
		w.r.report(0, false, ErrNoSHB)
		w.r.made(madeSection(f.Order))
	}
}

// rescue is that of a form once the byte order is known.
func (s *blocks) rescue(why error) {
	if s.r.lost {
		if s.found(0) {
			s.r.lost = false
			return
		}
		s.search(why, 0)
		return
	}
	if errors.Is(why, capture.ErrInterface) {
		s.rescueInterface()
		return
	}
	switch {
	case s.mendBody(why), s.mendOrder(), s.mendMagic(), pcapHeader(s.w) != nil && s.pasted(), s.mendTrailer(why):
	default:
		s.search(why, 1)
	}
}

// size is that of the current block, 0 where the window doesn't hold it.
func (s *blocks) size() int {
	n, err := s.f.Size(s.w, len(s.w))
	if err != nil {
		return 0
	}
	return n
}

// search looks for the next blocks. If the current block reaches to them it is
// mended, else it is passed over.
func (s *blocks) search(why error, from int) {
	wasLost, other := s.r.lost, s.turned()
	c := s.next(why, from, func(at int) bool {
		return s.found(at) || other.found(at) || pcapHeader(s.w[at:]) != nil && s.startsFile(at, true)
	})
	switch {
	case c < 0:
	case c == 0: // those of the other order, or another file
		if !s.mendOrder() && !s.pasted() {
			s.r.pass(1, why)
		}
	case wasLost || !s.mendLength(c, why):
		s.r.pass(c, why)
		s.lostSection(c)
	}
}

// lostSection begins a section where the bytes passed over can have held its
// header: an interface is described after them though packets came before.
func (s *blocks) lostSection(at int) {
	for _, big := range []bool{s.f.Big, !s.f.Big} {
		n, _ := s.blockAt(at, big)
		if n == 0 || capture.U32(s.w[at:], big) != capture.TypeInterface || len(s.f.Interfaces) == 0 || s.r.in.Frame() == 0 {
			continue
		}
		s.r.report(0, false, ErrNoSHB)
		s.r.made(madeSection(capture.OrderOf(big)))
		return
	}
}
