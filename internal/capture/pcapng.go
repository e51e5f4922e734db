package capture

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// byteOrderMagic is what a section header holds in the order of its section.
const byteOrderMagic = 0x1A2B3C4D

// Lengths of blocks of the pcapng specification (section 4 and appendix A):
// the part before data and options, and the whole without either, bytes.
const (
	blockMin   = 12 // type, length, trailer
	trailerLen = 4

	sectionFixed   = 24
	interfaceFixed = 16
	statsFixed     = 20
	enhancedFixed  = 28 // also that of the obsolete packet block
	simpleFixed    = 12

	sectionMagicEnd = 12 // of the byte-order magic
)

// pcapng is the layout of a pcapng file.
//
// Lengths are taken as Wireshark 4.0 takes them: one that is not a multiple of
// four is rounded up, in the header and in the trailer, since some writers
// leave out the padding in it, though the padding is there. All else about
// lengths is strict. A simple packet block may hold nothing beside its data.
type pcapng struct {
	order        binary.ByteOrder
	big          bool
	sections     int // seen so far
	interfaces   []*Interface
	mixed        bool // they differ in link type or clock
	described    int  // memory that interfaces take, bytes, roughly
	maxDescribed int
}

// interfaceCost is what one Interface takes beside its block, bytes.
const interfaceCost = 256

func (f *pcapng) name() string { return "pcapng" }

// sectionOrder gives the byte order of the section that p starts; ok is false
// where p does not start with a section header.
func sectionOrder(p []byte) (order binary.ByteOrder, ok bool) {
	if len(p) < sectionMagicEnd || binary.LittleEndian.Uint32(p) != TypeSection {
		return nil, false
	}
	order, _, ok = byteOrder(p[8:], byteOrderMagic)
	return order, ok
}

func (f *pcapng) size(p []byte) (uint64, error) {
	if len(p) < 8 {
		return 0, nil
	}
	big := f.big
	if u32(p, big) == TypeSection { // reads the same in both orders
		if len(p) < sectionMagicEnd {
			return 0, nil
		}
		order, ok := sectionOrder(p)
		if !ok {
			return 0, fmt.Errorf("%w: % x", ErrByteOrder, p[8:12])
		}
		big = order == binary.BigEndian
	}
	n := u32(p[4:], big)
	if n < blockMin {
		return 0, fmt.Errorf("%w: block of %d bytes, the least is %d", ErrLength, n, blockMin)
	}
	if n > math.MaxUint32&^3 { // with its padding it would not fit the field
		return 0, fmt.Errorf("%w: block of %d bytes", ErrLength, n)
	}
	return (uint64(n) + 3) &^ 3, nil
}

func (f *pcapng) decode(b *Block) error {
	raw := b.Raw
	typ, big := u32(raw, f.big), f.big
	if typ == TypeSection {
		order, _ := sectionOrder(raw) // checked by size
		big = order == binary.BigEndian
	}
	n, trailer := u32(raw[4:], big), u32(raw[len(raw)-trailerLen:], big)
	if (uint64(trailer)+3)&^3 != uint64(len(raw)) {
		return fmt.Errorf("%w: %d at its start, %d at its end", ErrTrailer, n, trailer)
	}
	b.Type, b.Order = typ, f.order
	switch typ {
	case TypeEPB:
		return f.enhanced(b)
	case TypeSPB:
		return f.simple(b)
	case TypePB:
		return f.obsolete(b)
	case TypeSection:
		return f.startSection(b)
	case TypeInterface:
		return f.describe(b)
	case TypeNames:
		b.Kind = Names
		if !fittingNames(raw[8:len(raw)-trailerLen], big) {
			b.odd = oddNames
		}
	case TypeSecrets:
		b.Kind = Secrets
	}
	return nil // any other block is carried as it is: Kind Other
}

// startSection reads a section header block (section 4.1).
func (f *pcapng) startSection(b *Block) error {
	order, _ := sectionOrder(b.Raw)
	if len(b.Raw) < sectionFixed+trailerLen {
		return tooShort("section header block", b.Raw)
	}
	major, minor := order.Uint16(b.Raw[12:]), order.Uint16(b.Raw[14:])
	if major != 1 {
		return fmt.Errorf("%w: pcapng %d.%d", ErrVersion, major, minor)
	}
	if minor != 0 && minor != 2 { // 1.2 is 1.0; a later one can be read as that (section 4.1)
		b.odd |= oddVersion
	}
	b.odd |= oddList(b.Raw[sectionFixed:len(b.Raw)-trailerLen], order)
	b.Kind, b.Order = Section, order
	f.order, f.big = order, order == binary.BigEndian
	f.sections++
	f.interfaces, f.mixed, f.described = nil, false, 0
	return nil
}

// describe reads an interface description block (section 4.2).
func (f *pcapng) describe(b *Block) error {
	raw := b.Raw
	if len(raw) < interfaceFixed+trailerLen {
		return tooShort("interface description block", raw)
	}
	options := raw[interfaceFixed : len(raw)-trailerLen]
	b.odd |= oddList(options, f.order)
	if f.described += interfaceCost + 2*len(raw); f.described > f.maxDescribed {
		return fmt.Errorf("%w of %d bytes: the interface descriptions of one section", ErrTooLarge, f.maxDescribed)
	}
	i := &Interface{
		Section:  f.sections - 1,
		ID:       uint32(len(f.interfaces)),
		LinkType: f.order.Uint16(raw[8:]),
		SnapLen:  f.order.Uint32(raw[12:]),
		Resol:    6,
		order:    f.order,
		options:  append([]byte(nil), options...),
	}
	// Options of a wrong length count as absent, as in Wireshark.
	if v, ok := findOption(options, f.order, optName); ok {
		i.Name = string(v)
	}
	if v, ok := findOption(options, f.order, optResol); ok && len(v) == 1 {
		i.Resol = v[0]
	}
	if v, ok := findOption(options, f.order, optOffset); ok && len(v) == 8 {
		i.Offset = int64(f.order.Uint64(v))
	}
	f.interfaces = append(f.interfaces, i)
	f.mixed = f.mixed || !i.alike(f.interfaces[0])
	b.Kind, b.Interface = Iface, i
	return nil
}

// enhanced reads an enhanced packet block (section 4.3).
func (f *pcapng) enhanced(b *Block) error {
	if len(b.Raw) < enhancedFixed+trailerLen {
		return tooShort("enhanced packet block", b.Raw)
	}
	return f.packet(b, u32(b.Raw[8:], f.big))
}

// obsolete reads a packet block (appendix A), which differs from an enhanced
// one in that a drop count takes half of the interface's place.
func (f *pcapng) obsolete(b *Block) error {
	if len(b.Raw) < enhancedFixed+trailerLen {
		return tooShort("packet block", b.Raw)
	}
	return f.packet(b, uint32(f.order.Uint16(b.Raw[8:])))
}

// packet reads what enhanced and obsolete packet blocks share.
func (f *pcapng) packet(b *Block, id uint32) error {
	raw, big := b.Raw, f.big
	end := len(raw) - trailerLen
	captured := u32(raw[20:], big)
	if uint64(captured) > uint64(end-enhancedFixed) {
		return fmt.Errorf("%w: %d bytes captured, in a block of %d bytes", ErrLength, captured, len(raw))
	}
	b.Kind, b.Interface = Packet, f.lookup(id)
	b.HasStamp = true
	b.Ticks = uint64(u32(raw[12:], big))<<32 | uint64(u32(raw[16:], big))
	b.OrigLen = u32(raw[24:], big)
	dataEnd := enhancedFixed + int(captured)
	b.Data = raw[enhancedFixed:dataEnd:dataEnd]
	b.Options = raw[enhancedFixed+padded(int(captured)) : end]
	if i := b.Interface; captured-1 >= b.OrigLen || b.OrigLen > longOriginal || i != nil && i.SnapLen-1 < captured-1 {
		b.odd = oddLengths(captured, b.OrigLen, snapOf(i))
	}
	if len(b.Options) == 0 {
		return nil
	}
	if err := checkOptions(b.Options, f.order); err != nil {
		if f.longer(raw) {
			return fmt.Errorf("packet block: %w", err)
		}
		b.odd |= oddOptions
	}
	return nil
}

// longer says whether the data of a packet block, whose options don't fit it, are as
// long as its original length: then it is its captured length that is wrong.
func (f *pcapng) longer(raw []byte) bool {
	captured, original := u32(raw[20:], f.big), u32(raw[24:], f.big)
	return original > captured && holdsData(raw, original, f.order)
}

// holdsData says whether a packet block holds so many bytes of data, and options
// that fit behind them.
func holdsData(raw []byte, n uint32, order binary.ByteOrder) bool {
	end := len(raw) - trailerLen
	if uint64(n) > uint64(end-enhancedFixed) {
		return false
	}
	at := enhancedFixed + padded(int(n))
	return at <= end && checkOptions(raw[at:end], order) == nil
}

// snapOf is the snap length of an interface, bytes; 0 = no limit or not known.
func snapOf(i *Interface) uint32 {
	if i == nil {
		return 0
	}
	return i.SnapLen
}

// oddList says whether a list of options is odd: one of them does not fit it, which
// with what follows counts as absent.
func oddList(list []byte, order binary.ByteOrder) oddity {
	if checkOptions(list, order) != nil {
		return oddOptions
	}
	return 0
}

// simple reads a simple packet block (section 4.4): its captured length is the
// smaller of its original length and the snap length of interface 0. Where that is
// not what the block holds, its original length is if that fits, and else all that
// the block holds.
func (f *pcapng) simple(b *Block) error {
	raw := b.Raw
	if len(raw) < simpleFixed+trailerLen {
		return tooShort("simple packet block", raw)
	}
	room := len(raw) - simpleFixed - trailerLen
	b.Kind, b.Interface = Packet, f.lookup(0)
	b.OrigLen = u32(raw[8:], f.big)
	captured := min(b.OrigLen, uint32(room))
	if snap := snapOf(b.Interface); snap != 0 && padded(int(min(captured, snap))) == room {
		captured = min(captured, snap)
	} else if captured < b.OrigLen && b.Interface != nil || padded(int(captured)) != room {
		captured = uint32(max(0, room-len(raw)+int(u32(raw[4:], f.big)))) // without padding, where its length is
		b.odd |= oddSimple
	}
	if b.odd == 0 {
		b.odd = oddLengths(captured, b.OrigLen, snapOf(b.Interface))
	}
	dataEnd := simpleFixed + int(captured)
	b.Data = raw[simpleFixed:dataEnd:dataEnd]
	return nil
}

// lookup gives an interface of this section; nil if it was not described.
func (f *pcapng) lookup(id uint32) *Interface {
	if uint64(id) < uint64(len(f.interfaces)) {
		return f.interfaces[id]
	}
	return nil
}

// tooShort is the error for a block that does not hold its own header.
func tooShort(what string, raw []byte) error {
	return fmt.Errorf("%w: %s of %d bytes", ErrLength, what, len(raw))
}

// u32 reads four bytes in either order. Unlike binary.ByteOrder it is inlined.
func u32(p []byte, big bool) uint32 {
	v := binary.LittleEndian.Uint32(p)
	if big {
		return bits.ReverseBytes32(v)
	}
	return v
}
