package capture

import (
	"errors"
	"fmt"
)

// believable has little to add for pcapng, where blocks have their length twice:
// names may be in the other byte order, and a packet may have been overwritten.
func (f *Pcapng) believable(p []byte, size int, _ bool) (need int, ok bool) {
	if len(p) < size || size < BlockMin {
		return 0, true
	}
	switch U32(p, f.big) {
	case TypeNames:
		list := p[8 : size-TrailerLen]
		return 0, FittingNames(list, f.big) || !FittingNames(list, !f.big)
	case TypeEPB:
		return 0, !hollow(p[:size], f.big)
	}
	return 0, true
}

func (f *Pcapng) credible(int) bool { return true }

func (f *Pcapng) window(_ []byte, size int) int { return size + lookahead }

// chained has nothing to say for pcapng: each block has its length twice.
func (f *Pcapng) chained(*Reader, []byte, bool) bool { return false }

// hollow says whether a packet block states nothing and yet holds something:
// zeros were written over it.
func hollow(p []byte, big bool) bool {
	return len(p) > EnhancedFixed+2*TrailerLen && U32(p[20:], big) == 0 && allZero(p[8:EnhancedFixed])
}

// ngSearch looks for blocks in a window.
type ngSearch struct {
	r    *Reader
	w    []byte
	eof  bool
	big  bool
	dead map[int]struct{}
}

// ngTrail is a run of blocks that follow each other.
type ngTrail struct {
	blocks, packets int
	near            bool // a packet has a time near to those that were delivered, or none is known
	end             int
	closed          bool // it ends with the file, or goes on beyond the window
}

// knownType says whether the specification or a common tool has a block type.
func knownType(t uint32) bool {
	switch t {
	case TypeSection, TypeCustom, TypeCustomNC:
		return true
	}
	return t >= TypeInterface && t <= TypeSecrets
}

// blockAt gives the size of a block at an offset whose two lengths agree and
// whose fixed parts fit it; 0 for none. more is set where it would end beyond the
// window.
func (s *ngSearch) blockAt(at int, big bool) (size int, more bool) {
	p := s.w[at:]
	if len(p) < BlockMin {
		return 0, !s.eof && len(p) > 0
	}
	typ := U32(p, big)
	if typ == TypeSection {
		order, ok := SectionOrder(p)
		if !ok {
			return 0, false
		}
		big = order == OrderOf(true)
	}
	n := U32(p[4:], big)
	if n < BlockMin || n&3 != 0 || n > uint32(s.r.maxBlock) || !knownType(typ) {
		return 0, false
	}
	if int(n) > len(p) {
		return 0, !s.eof
	}
	if U32(p[n-TrailerLen:], big) != n || !fitting(p[:n], typ, big) {
		return 0, false
	}
	return int(n), false
}

// fitting says whether the fixed parts of a block fit it, and the data of a packet.
func fitting(p []byte, typ uint32, big bool) bool {
	switch typ {
	case TypeEPB, TypePB:
		room := len(p) - EnhancedFixed - TrailerLen
		return room >= 0 && uint64(U32(p[20:], big)) <= uint64(room)
	case TypeSPB:
		return len(p) >= SimpleFixed+TrailerLen
	case TypeInterface:
		return len(p) >= InterfaceFixed+TrailerLen
	case TypeSection:
		return len(p) >= SectionFixed+TrailerLen
	case TypeStats:
		return len(p) >= 24
	}
	return true
}

// follow follows blocks from an offset, for so many bytes at most.
func (s *ngSearch) follow(at, most int) ngTrail {
	t, start, big := ngTrail{end: at}, at, s.big
	for {
		if t.end == len(s.w) {
			t.closed = t.blocks > 0 || s.eof
			return t
		}
		n, more := s.blockAt(t.end, big)
		if n == 0 {
			t.closed = more && t.blocks > 0
			return t
		}
		p := s.w[t.end:]
		switch U32(p, big) {
		case TypeSection:
			order, _ := SectionOrder(p)
			big = order == OrderOf(true)
		case TypeEPB, TypePB:
			t.packets++
			t.near = t.near || s.nearBlock(p, big)
		}
		t.blocks++
		if t.end += n; t.end-start > most {
			return t
		}
	}
}

// nearBlock says whether a packet's time is near to those delivered.
func (s *ngSearch) nearBlock(p []byte, big bool) bool {
	f, ok := s.r.layout.(*Pcapng)
	ticks := uint64(U32(p[12:], big))<<32 | uint64(U32(p[16:], big))
	if !ok || len(f.interfaces) == 0 {
		near, known := s.r.near(int64(ticks / powersOfTen[guessResolution(ticks)]))
		return near || !known
	}
	i := f.interfaces[0]
	if id := U32(p[8:], big); uint64(id) < uint64(len(f.interfaces)) {
		i = f.interfaces[id]
	}
	near, known := s.r.near(i.Nanos(ticks) / 1e9)
	return near || !known
}

// packetMost is the length of blocks that a packet can carry, bytes.
const packetMost = 128

// found says whether blocks stand at an offset where nothing said so: the
// capture's own, not those that a packet carries.
func (s *ngSearch) found(at int) bool {
	if n, _ := s.blockAt(at, s.big); n == 0 {
		return false
	}
	if _, known := s.dead[at]; known {
		return false
	}
	t := s.follow(at, packetMost)
	if t.near || t.closed && t.blocks > 1 {
		return true
	}
	if t = s.follow(at, longTrail); t.near || t.end-at > longTrail || t.closed && t.blocks > 1 {
		return true
	}
	if s.dead == nil {
		s.dead = make(map[int]struct{})
	}
	for at < t.end {
		s.dead[at] = struct{}{}
		n, _ := s.blockAt(at, s.big)
		if n == 0 {
			break // the trail turned to the other byte order here
		}
		at += n
	}
	return false
}

// expected says whether a block stands at an offset at which a length says so.
func (s *ngSearch) expected(at int) bool {
	if at >= len(s.w) {
		return at == len(s.w) && s.eof
	}
	n, more := s.blockAt(at, s.big)
	return n > 0 || more
}

// scan gives the first offset at which blocks stand, -1 for none.
func (s *ngSearch) scan(from, to int) int {
	other := &ngSearch{r: s.r, w: s.w, eof: s.eof, big: !s.big}
	for c := from; c < to && c < len(s.w); c++ {
		if s.found(c) || other.found(c) || pcapHeader(s.w[c:]) != nil && s.r.startsFile(s.w[c:], s.eof, true) {
			return c
		}
	}
	return -1
}

func (f *Pcapng) rescue(r *Reader, b *Batch, w []byte, eof bool, why error) int {
	if len(w) < BlockMin {
		return r.pass(len(w), why)
	}
	if f.order == nil { // the very first section header is broken
		order, ok := SectionOrder(w)
		if !ok {
			order = OrderOf(false)
		}
		f.order, f.big = order, order == OrderOf(true)
	}
	n := f.rescueBlock(r, b, w, eof, why)
	if f.sections == 0 && !r.lost {
		r.report(0, false, ErrNoSHB)
		_ = r.made(b, madeSection(f.order)) // what was made can be read
	}
	return n
}

// rescueBlock is rescue once the byte order is known.
func (f *Pcapng) rescueBlock(r *Reader, b *Batch, w []byte, eof bool, why error) int {
	s := &ngSearch{r: r, w: w, eof: eof, big: f.big}
	if r.lost {
		if n, _ := s.blockAt(0, s.big); n > 0 && s.found(0) {
			r.lost = false
			return 0
		}
		return f.search(s, b, why, 0)
	}
	if errors.Is(why, ErrInterface) {
		return f.rescueInterface(s, b)
	}
	if n := f.mendBody(s, b, why); n > 0 {
		return n
	}
	if n := f.mendOrder(s, b); n > 0 {
		return n
	}
	if n := f.mendMagic(s, b); n > 0 {
		return n
	}
	if pcapHeader(w) != nil {
		if n := r.pasted(b, w, eof); n > 0 {
			return n
		}
	}
	if n := f.mendTrailer(s, b, why); n > 0 {
		return n
	}
	return f.search(s, b, why, 1)
}

// search looks for the next blocks. If the block at hand reaches to them it is
// mended, else it is passed over.
func (f *Pcapng) search(s *ngSearch, b *Batch, why error, from int) int {
	to := len(s.w)
	if !s.eof {
		to = min(to, stride)
	}
	c := s.scan(from, to)
	if c < 0 {
		s.r.lost = !s.eof
		return s.r.pass(to, why)
	}
	wasLost := s.r.lost
	s.r.lost = false
	if c == 0 {
		return f.foundSwapped(s, b, why)
	}
	if !wasLost && f.mendLength(s, b, c, why) {
		return c
	}
	n := s.r.pass(c, why)
	f.lostSection(s, b, c)
	return n
}

// foundSwapped deals with blocks of the other order behind bytes passed over.
func (f *Pcapng) foundSwapped(s *ngSearch, b *Batch, why error) int {
	if n := f.mendOrder(s, b); n > 0 {
		return n
	}
	if n := s.r.pasted(b, s.w, s.eof); n > 0 {
		return n
	}
	return s.r.pass(1, why)
}

// lostSection begins a section where the bytes passed over can have held its
// header: an interface is described behind them though packets came before.
func (f *Pcapng) lostSection(s *ngSearch, b *Batch, at int) {
	for _, big := range []bool{f.big, !f.big} {
		n, _ := s.blockAt(at, big)
		if n == 0 || U32(s.w[at:], big) != TypeInterface || len(f.interfaces) == 0 || s.r.frame == 0 {
			continue
		}
		s.r.report(0, false, ErrNoSHB)
		_ = s.r.made(b, madeSection(OrderOf(big))) // what was made can be read
		return
	}
}

// mendBody deals with a block whose two lengths agree while its parts do not
// fit it.
func (f *Pcapng) mendBody(s *ngSearch, b *Batch, why error) int {
	n, err := f.size(s.w)
	if err != nil || n > uint64(len(s.w)) {
		return 0
	}
	size, big := int(n), f.big
	typ := U32(s.w, big)
	if typ == TypeSection {
		order, _ := SectionOrder(s.w)
		big = order == OrderOf(true)
	}
	if (uint64(U32(s.w[size-TrailerLen:], big))+3)&^3 != n || !knownType(typ) || !s.expected(size) {
		return 0
	}
	if errors.Is(why, ErrTooLarge) { // nothing is wrong with it but the limit
		return s.r.pass(size, why)
	}
	raw := append([]byte(nil), s.w[:size]...)
	for _, fixed := range f.bodies(raw, typ, big) {
		if s.r.mend(b, fixed, size, why) {
			return size
		}
	}
	return s.r.pass(size, why)
}

// bodies are the blocks that a block with a broken body may have been: with the
// original length, or the one that the packet gives, as the captured one.
func (f *Pcapng) bodies(raw []byte, typ uint32, big bool) [][]byte {
	switch typ {
	case TypeEPB, TypePB:
		if len(raw) < EnhancedFixed+TrailerLen {
			return nil
		}
		var all [][]byte
		own := 0
		if i := f.lookup(interfaceNumber(raw, big)); i != nil {
			if l, n := resemble(i.LinkType, raw[EnhancedFixed:len(raw)-TrailerLen]); l == exactly {
				own = n
			}
		}
		for _, n := range [...]uint32{U32(raw[24:], big), uint32(own)} {
			if n > 0 && HoldsData(raw, n, OrderOf(big)) {
				fixed := append([]byte(nil), raw...)
				OrderOf(big).PutUint32(fixed[20:], n)
				all = append(all, fixed)
			}
		}
		return all
	case TypeNames:
		if FittingNames(raw[8:len(raw)-TrailerLen], !big) {
			return [][]byte{turnNames(raw, big)}
		}
	}
	return nil
}

// mendMagic delivers a section header whose byte-order magic contradicts all
// else in it.
func (f *Pcapng) mendMagic(s *ngSearch, b *Batch) int {
	order, ok := SectionOrder(s.w)
	if !ok || len(s.w) < SectionFixed+TrailerLen {
		return 0
	}
	other := &ngSearch{r: s.r, w: append([]byte(nil), s.w...), eof: s.eof, big: order != OrderOf(true)}
	OrderOf(other.big).PutUint32(other.w[8:], ByteOrderMagic)
	n, _ := other.blockAt(0, other.big)
	if n == 0 || !other.expected(n) || !s.r.mend(b, other.w[:n:n], n, fmt.Errorf("%w: its magic contradicts its length", ErrByteOrder)) {
		return 0
	}
	return n
}

// mendTrailer delivers a block whose length is right at its start and wrong at
// its end.
func (f *Pcapng) mendTrailer(s *ngSearch, b *Batch, why error) int {
	n, err := f.size(s.w)
	if err != nil || n > uint64(len(s.w)) || !s.expected(int(n)) {
		return 0
	}
	size := int(n)
	if f.mendBoth(s, b, size, why) {
		return size
	}
	return 0
}

// mendLength delivers a block whose length is right at its end and wrong at
// its start, or that has the length of its parts, where other blocks begin at
// an offset.
func (f *Pcapng) mendLength(s *ngSearch, b *Batch, at int, why error) bool {
	if at < BlockMin || at&3 != 0 || !knownType(U32(s.w, f.big)) {
		return false
	}
	own := int64(U32(s.w[at-TrailerLen:], f.big)) == int64(at)
	if !own && U32(s.w, f.big) == TypeEPB && at >= EnhancedFixed+TrailerLen {
		own = EnhancedFixed+Padded(int(min(U32(s.w[20:], f.big), maxStatedSnap)))+TrailerLen == at
	}
	return own && f.mendBoth(s, b, at, why)
}

// mendBoth delivers the block that s.w starts with a length that is proved.
func (f *Pcapng) mendBoth(s *ngSearch, b *Batch, size int, why error) bool {
	big := f.big
	if typ := U32(s.w, big); typ == TypeSection {
		order, ok := SectionOrder(s.w)
		if !ok {
			return false
		}
		big = order == OrderOf(true)
	}
	raw := append([]byte(nil), s.w[:size]...)
	OrderOf(big).PutUint32(raw[4:], uint32(size))
	OrderOf(big).PutUint32(raw[size-TrailerLen:], uint32(size))
	if !fitting(raw, U32(raw, big), big) {
		return false
	}
	return s.r.mend(b, raw, size, fmt.Errorf("%w; read as %d bytes", why, size))
}
