package salvage

import (
	"errors"
	"fmt"
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
)

// mendOrder delivers a block that is in the other byte order than its section.
// A description of an interface after packets means that a section header is
// lost.
func (s *blocks) mendOrder() bool {
	other := s.turned()
	n, _ := other.blockAt(0, other.big)
	if n == 0 || !other.found(0) && !other.expected(n) && !s.expected(n) {
		return false
	}
	switch typ := capture.U32(s.w, other.big); {
	case typ == capture.TypeSection:
		return false
	case typ == capture.TypeInterface && len(s.f.Interfaces) > 0 && s.r.in.Frame() > 0:
		s.lostSection(0)
		s.deliver(n, ErrMixed)
	default:
		if raw := turn(s.w[:n], other.big); raw == nil || !s.r.mend(raw, n, ErrMixed) {
			s.r.pass(n, ErrMixed)
		}
	}
	return true
}

// mendBody deals with a block whose two lengths agree while its parts do not
// fit it.
func (s *blocks) mendBody(why error) bool {
	size := s.size()
	if size == 0 {
		return false
	}
	big, _ := orderAt(s.w, s.big)
	typ := capture.U32(s.w, big)
	if (uint64(capture.U32(s.w[size-capture.TrailerLen:], big))+3)&^3 != uint64(size) || !knownType(typ) || !s.expected(size) {
		return false
	}
	if !errors.Is(why, capture.ErrTooLarge) { // else nothing is wrong with it but the limit
		for _, fixed := range s.f.bodies(s.w[:size], typ, big) {
			if s.r.mend(fixed, size, why) {
				return true
			}
		}
	}
	s.r.pass(size, why)
	return true
}

// bodies are the blocks that a block with a broken body may have been: with the
// original length, or the one that the packet gives, as the captured one.
func (f *pcapng) bodies(raw []byte, typ uint32, big bool) [][]byte {
	switch typ {
	case capture.TypeEPB, capture.TypePB:
		if len(raw) < capture.EnhancedFixed+capture.TrailerLen {
			return nil
		}
		var all [][]byte
		own := 0
		if i := f.Lookup(capture.InterfaceOf(raw, capture.OrderOf(big))); i != nil {
			if l, n := resemble(i.LinkType, raw[capture.EnhancedFixed:len(raw)-capture.TrailerLen]); l == exactly {
				own = n
			}
		}
		for _, n := range [...]uint32{capture.U32(raw[24:], big), uint32(own)} {
			if n > 0 && capture.HoldsData(raw, n, capture.OrderOf(big)) {
				fixed := slices.Clone(raw)
				capture.OrderOf(big).PutUint32(fixed[20:], n)
				all = append(all, fixed)
			}
		}
		return all
	case capture.TypeNames:
		if capture.FittingNames(raw[8:len(raw)-capture.TrailerLen], !big) { // in the other byte order
			turned := slices.Clone(raw)
			reverseOptions(turned[:len(raw)-capture.TrailerLen], 8, !big, nil)
			return [][]byte{turned}
		}
	}
	return nil
}

// mendMagic delivers a section header whose byte-order magic contradicts all
// else in it.
func (s *blocks) mendMagic() bool {
	order, ok := capture.SectionOrder(s.w)
	if !ok || len(s.w) < capture.SectionFixed+capture.TrailerLen {
		return false
	}
	big := order != capture.OrderOf(true)
	other := &blocks{window: window{r: s.r, w: slices.Clone(s.w), eof: s.eof}, f: s.f, big: big}
	capture.OrderOf(big).PutUint32(other.w[8:], capture.ByteOrderMagic)
	n, _ := other.blockAt(0, big)
	return n > 0 && other.expected(n) &&
		s.r.mend(other.w[:n:n], n, fmt.Errorf("%w: its magic contradicts its length", capture.ErrByteOrder))
}

// mendTrailer delivers a block whose length is right at its start and wrong at
// its end.
func (s *blocks) mendTrailer(why error) bool {
	size := s.size()
	return size > 0 && s.expected(size) && s.mendBoth(size, why)
}

// mendLength delivers a block whose length is right at its end and wrong at
// its start, or that has the length of its parts, where other blocks begin at
// an offset.
func (s *blocks) mendLength(at int, why error) bool {
	typ := capture.U32(s.w, s.big)
	if at < capture.BlockMin || at&3 != 0 || !knownType(typ) {
		return false
	}
	own := int64(capture.U32(s.w[at-capture.TrailerLen:], s.big)) == int64(at)
	if !own && typ == capture.TypeEPB && at >= capture.EnhancedFixed+capture.TrailerLen {
		own = capture.EnhancedFixed+capture.Padded(int(min(capture.U32(s.w[20:], s.big), maxStatedSnap)))+capture.TrailerLen == at
	}
	return own && s.mendBoth(at, why)
}

// mendBoth delivers the current block with a length that is proved.
func (s *blocks) mendBoth(size int, why error) bool {
	big, ok := orderAt(s.w, s.big)
	if !ok {
		return false
	}
	raw := slices.Clone(s.w[:size])
	capture.OrderOf(big).PutUint32(raw[4:], uint32(size))
	capture.OrderOf(big).PutUint32(raw[size-capture.TrailerLen:], uint32(size))
	return fitting(raw, capture.U32(raw, big), big) && s.r.mend(raw, size, fmt.Errorf("%w; read as %d bytes", why, size))
}
