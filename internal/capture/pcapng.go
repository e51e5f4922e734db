package capture

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
)

// ByteOrderMagic is what a section header holds in the order of its section.
const ByteOrderMagic = 0x1A2B3C4D

// Lengths of blocks of the pcapng specification (section 4 and appendix A):
// the part before data and options, and the whole without either, bytes.
const (
	BlockMin   = 12 // type, length, trailer
	TrailerLen = 4

	SectionFixed   = 24
	InterfaceFixed = 16
	statsFixed     = 20
	EnhancedFixed  = 28 // also that of the obsolete packet block
	SimpleFixed    = 12

	sectionMagicEnd = 12 // of the byte-order magic
)

// Pcapng is the layout of a pcapng file.
//
// Lengths are taken as Wireshark 4.0 takes them: one that is not a multiple of
// four is rounded up, in the header and in the trailer, since some writers
// leave out the padding in it, though the padding is there. All else about
// lengths is strict. A simple packet block may hold nothing beside its data.
type Pcapng struct {
	// Of the present section; Order is nil before the first.
	Order      binary.ByteOrder
	Big        bool
	Interfaces []*Interface
	Mixed      bool // they differ in link type or clock

	Sections     int // seen so far
	described    int // memory that Interfaces take, bytes, roughly
	maxDescribed int
}

// NewPcapng gives the layout of a pcapng file before its first section, or after
// so many. The interfaces of a section may take so much memory, bytes.
func NewPcapng(sections, maxDescribed int) *Pcapng {
	return &Pcapng{Sections: sections, maxDescribed: min(maxDescribed, maxDescriptions)}
}

// maxDescriptions is the most memory that the interfaces of one section may take,
// bytes: 65,536 of them have room, with a name and an address each.
const maxDescriptions = 24 << 20

// interfaceCost is what one Interface takes beside its block, bytes.
const interfaceCost = 256

// Name is "pcapng".
func (f *Pcapng) Name() string { return "pcapng" }

// SectionOrder gives the byte order of the section that p starts; ok is false
// where p does not start with a section header.
func SectionOrder(p []byte) (order binary.ByteOrder, ok bool) {
	if len(p) < sectionMagicEnd || binary.LittleEndian.Uint32(p) != TypeSection {
		return nil, false
	}
	order, _, ok = byteOrder(p[8:], ByteOrderMagic)
	return order, ok
}

// Size gives the length of the block that p starts with.
func (f *Pcapng) Size(p []byte, most int) (int, error) {
	if len(p) < 8 {
		return 0, nil
	}
	big := f.Big
	if U32(p, big) == TypeSection { // reads the same in both orders
		if len(p) < sectionMagicEnd {
			return 0, nil
		}
		order, ok := SectionOrder(p)
		if !ok {
			return 0, fmt.Errorf("%w: % x", ErrByteOrder, p[8:12])
		}
		big = order == binary.BigEndian
	}
	n := U32(p[4:], big)
	if n < BlockMin {
		return 0, fmt.Errorf("%w: block of %d bytes, the least is %d", ErrLength, n, BlockMin)
	}
	if n > math.MaxUint32&^3 { // with its padding it would not fit the field
		return 0, fmt.Errorf("%w: block of %d bytes", ErrLength, n)
	}
	n = (n + 3) &^ 3
	if uint64(n) > uint64(most) {
		return 0, tooLarge(most, uint64(n))
	}
	return int(n), nil
}

// Decode reads a block. A packet whose interface is not described has none.
func (f *Pcapng) Decode(b *Block) error {
	raw := b.Raw
	typ, big := U32(raw, f.Big), f.Big
	if typ == TypeSection {
		order, _ := SectionOrder(raw) // checked by size
		big = order == binary.BigEndian
	}
	trailer := U32(raw[len(raw)-TrailerLen:], big)
	if (uint64(trailer)+3)&^3 != uint64(len(raw)) {
		return fmt.Errorf("%w: %d at its start, %d at its end", ErrTrailer, U32(raw[4:], big), trailer)
	}
	if len(raw) < EnhancedFixed+TrailerLen { // no fixed part is longer
		if what, fixed := FixedPart(typ); len(raw) < fixed+TrailerLen && typ != TypeStats {
			return fmt.Errorf("%w: %s of %d bytes", ErrLength, what, len(raw))
		}
	}
	b.Type, b.Order = typ, f.Order
	switch typ {
	case TypeEPB, TypePB:
		return f.packet(b)
	case TypeSPB:
		f.simple(b)
	case TypeSection:
		return f.startSection(b)
	case TypeInterface:
		return f.describe(b)
	case TypeNames:
		b.Kind = Names
		if !FittingNames(raw[8:len(raw)-TrailerLen], big) {
			b.Odd = OddNames
		}
	case TypeSecrets:
		b.Kind = Secrets
	}
	return nil // any other block is carried as it is: Kind Other
}

// FixedPart gives what a type of block is called, and how long the part of it is that
// is before data and options, bytes: 0 of a type that is not looked into.
func FixedPart(typ uint32) (what string, fixed int) {
	switch typ {
	case TypeEPB:
		return "enhanced packet block", EnhancedFixed
	case TypePB:
		return "packet block", EnhancedFixed
	case TypeSPB:
		return "simple packet block", SimpleFixed
	case TypeInterface:
		return "interface description block", InterfaceFixed
	case TypeSection:
		return "section header block", SectionFixed
	case TypeStats:
		return "interface statistics block", statsFixed
	}
	return "", 0
}

// startSection reads a section header block (section 4.1).
func (f *Pcapng) startSection(b *Block) error {
	order, _ := SectionOrder(b.Raw)
	major, minor := order.Uint16(b.Raw[12:]), order.Uint16(b.Raw[14:])
	if major != 1 {
		return fmt.Errorf("%w: pcapng %d.%d", ErrVersion, major, minor)
	}
	if minor != 0 && minor != 2 { // 1.2 is 1.0; a later one can be read as that (section 4.1)
		b.Odd |= OddVersion
	}
	b.Odd |= oddList(b.Raw[SectionFixed:len(b.Raw)-TrailerLen], order)
	b.Kind, b.Order = Section, order
	f.Order, f.Big = order, order == binary.BigEndian
	f.Sections++
	f.Interfaces, f.Mixed, f.described = nil, false, 0
	return nil
}

// describe reads an interface description block (section 4.2).
func (f *Pcapng) describe(b *Block) error {
	raw := b.Raw
	options := raw[InterfaceFixed : len(raw)-TrailerLen]
	b.Odd |= oddList(options, f.Order)
	if f.described += interfaceCost + 2*len(raw); f.described > f.maxDescribed {
		return fmt.Errorf("%w of %d bytes: the interface descriptions of one section", ErrTooLarge, f.maxDescribed)
	}
	i := &Interface{
		Section:  f.Sections - 1,
		ID:       uint32(len(f.Interfaces)),
		LinkType: f.Order.Uint16(raw[8:]),
		SnapLen:  f.Order.Uint32(raw[12:]),
		Resol:    6,
		order:    f.Order,
		options:  append([]byte(nil), options...),
	}
	// Options of a wrong length count as absent, as in Wireshark.
	if v, ok := findOption(options, f.Order, optName); ok {
		i.Name = string(v)
	}
	if v, ok := findOption(options, f.Order, OptResol); ok && len(v) == 1 {
		i.Resol = v[0]
	}
	offset, _ := findNumber(options, f.Order, OptOffset)
	i.Offset = int64(offset)
	f.Interfaces = append(f.Interfaces, i)
	f.Mixed = f.Mixed || !i.alike(f.Interfaces[0])
	b.Kind, b.Interface = Iface, i
	return nil
}

// enhancedSize is the length of the enhanced packet block that p starts with, bytes, where
// that has its two lengths alike, whole and in p; else 0.
func (f *Pcapng) enhancedSize(p []byte) int {
	big := f.Big
	if len(p) < EnhancedFixed+TrailerLen || U32(p, big) != TypeEPB {
		return 0
	}
	n := int(U32(p[4:], big))
	if n < EnhancedFixed+TrailerLen || n&3 != 0 || n > len(p) || binary.LittleEndian.Uint32(p[n-TrailerLen:]) != binary.LittleEndian.Uint32(p[4:]) {
		return 0
	}
	return n
}

// packet reads an enhanced packet block (section 4.3), or an obsolete one (appendix A),
// which differs in that a drop count takes half of the interface's place.
func (f *Pcapng) packet(b *Block) error {
	raw, big := b.Raw, f.Big
	h := (*[EnhancedFixed]byte)(raw)
	captured, original := U32(h[20:], big), U32(h[24:], big)
	end := len(raw) - TrailerLen
	if int(captured) > end-EnhancedFixed {
		return overlong(captured, len(raw))
	}
	id := U32(h[8:], big)
	if b.Type == TypePB {
		id = uint32(f.Order.Uint16(raw[8:]))
	}
	i := f.Lookup(id)
	b.Kind, b.Interface = Packet, i
	b.HasStamp = true
	b.Ticks = Ticks(h[:], big)
	b.OrigLen = original
	dataEnd := EnhancedFixed + int(captured)
	b.Data = raw[EnhancedFixed:dataEnd:dataEnd]
	b.Options = raw[EnhancedFixed+Padded(int(captured)) : end]
	if captured-1 >= original || original > LongOriginal || i != nil && i.SnapLen-1 < captured-1 {
		b.Odd = oddLengths(captured, original, snapOf(i))
	}
	if len(b.Options) == 0 {
		return nil
	}
	var err error
	if b.codes, err = checkOptions(b.Options, f.Order); err != nil {
		if f.longer(raw) {
			return fmt.Errorf("packet block: %w", err)
		}
		b.Odd |= OddOptions
	}
	return nil
}

// overlong is the error for a packet with more captured bytes than its block has room for.
func overlong(captured uint32, size int) error {
	return fmt.Errorf("%w: %d bytes captured, in a block of %d bytes", ErrLength, captured, size)
}

// Ticks reads the stamp of an enhanced packet block, or of an obsolete one.
func Ticks(raw []byte, big bool) uint64 {
	return uint64(U32(raw[12:], big))<<32 | uint64(U32(raw[16:], big))
}

// longer says whether the data of a packet block, whose options don't fit it, are as
// long as its original length: then it is its captured length that is wrong.
func (f *Pcapng) longer(raw []byte) bool {
	captured, original := U32(raw[20:], f.Big), U32(raw[24:], f.Big)
	return original > captured && HoldsData(raw, original, f.Order)
}

// HoldsData says whether a packet block holds so many bytes of data, and options
// that fit after them.
func HoldsData(raw []byte, n uint32, order binary.ByteOrder) bool {
	end := len(raw) - TrailerLen
	if uint64(n) > uint64(end-EnhancedFixed) {
		return false
	}
	at := EnhancedFixed + Padded(int(n))
	return at <= end && optionsFit(raw[at:end], order)
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
func oddList(list []byte, order binary.ByteOrder) Oddity {
	if !optionsFit(list, order) {
		return OddOptions
	}
	return 0
}

// simple reads a simple packet block (section 4.4): its captured length is the
// smaller of its original length and the snap length of interface 0. Where that is
// not what the block holds, its original length is if that fits, and else all that
// the block holds.
func (f *Pcapng) simple(b *Block) {
	raw := b.Raw
	room := len(raw) - SimpleFixed - TrailerLen
	b.Kind, b.Interface = Packet, f.Lookup(0)
	b.OrigLen = U32(raw[8:], f.Big)
	captured := min(b.OrigLen, uint32(room))
	if snap := snapOf(b.Interface); snap != 0 && Padded(int(min(captured, snap))) == room {
		captured = min(captured, snap)
	} else if captured < b.OrigLen && b.Interface != nil || Padded(int(captured)) != room {
		captured = uint32(max(0, room-len(raw)+int(U32(raw[4:], f.Big)))) // without padding, where its length is
		b.Odd |= OddSimple
	}
	if b.Odd == 0 {
		b.Odd = oddLengths(captured, b.OrigLen, snapOf(b.Interface))
	}
	dataEnd := SimpleFixed + int(captured)
	b.Data = raw[SimpleFixed:dataEnd:dataEnd]
}

// Lookup gives an interface of this section; nil if it was not described.
func (f *Pcapng) Lookup(id uint32) *Interface {
	if uint64(id) < uint64(len(f.Interfaces)) {
		return f.Interfaces[id]
	}
	return nil
}

// alike says whether packets on two interfaces are read in one way.
func (i *Interface) alike(o *Interface) bool {
	return i.LinkType == o.LinkType && i.Resol == o.Resol && i.Offset == o.Offset
}

// U32 reads four bytes in either order. Unlike binary.ByteOrder it is inlined.
func U32(p []byte, big bool) uint32 {
	v := binary.LittleEndian.Uint32(p)
	if big {
		return bits.ReverseBytes32(v)
	}
	return v
}
