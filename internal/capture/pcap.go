package capture

import (
	"encoding/binary"
	"fmt"
)

// The magic numbers of pcap files: microseconds, nanoseconds, and the
// records of Alexey Kuznetzov's libpcap with a longer header.
const (
	magicMicro    = 0xA1B2C3D4
	magicNano     = 0xA1B23C4D
	magicModified = 0xA1B2CD34
)

// Lengths of headers, bytes.
const (
	PcapHeaderLen     = 24
	PcapRecordLen     = 16
	modifiedRecordLen = 24 // interface index, protocol and packet type follow
)

// The upper bits of a pcap file's link type (draft-ietf-opsawg-pcap, section
// 4): the length of the frame check sequence, in units of 16 bits.
const (
	fcsPresent = 0x04000000
	fcsShift   = 28
)

// Pcap is the layout of a pcap file.
type Pcap struct {
	Order     binary.ByteOrder
	Big       bool
	HeaderLen int    // of a record
	PerSecond uint64 // ticks
	Interface *Interface

	// The two lengths of a record changed places in files older than version 2.3, and
	// in some of that version.
	swapped, maybeSwapped bool
}

// PcapIn gives the layout of a file of microseconds in a byte order.
func PcapIn(big bool) *Pcap {
	return &Pcap{
		Order: OrderOf(big), Big: big, HeaderLen: PcapRecordLen, PerSecond: 1e6,
		Interface: &Interface{Resol: 6, order: binary.LittleEndian},
	}
}

// NewPcap gives the layout that the magic number asks for, nil for another
// file.
func NewPcap(head []byte) *Pcap {
	order, magic, ok := byteOrder(head, magicMicro, magicNano, magicModified)
	if !ok {
		return nil
	}
	p := PcapIn(order == binary.BigEndian)
	switch magic {
	case magicNano:
		p.CountNanoseconds()
	case magicModified:
		p.HeaderLen = modifiedRecordLen
	}
	return p
}

// CountNanoseconds sets the layout to records that count nanoseconds.
func (p *Pcap) CountNanoseconds() {
	p.PerSecond, p.Interface.Resol = 1e9, 9
	p.Interface.options = AppendOption(nil, p.Interface.order, OptResol, "\x09")
}

// ReadHeader reads the file header. What it says beyond link type and snap
// length becomes options as they are in an interface description block.
func (p *Pcap) ReadHeader(h []byte) error {
	major, minor := p.Order.Uint16(h[4:]), p.Order.Uint16(h[6:])
	if major != 2 {
		return fmt.Errorf("%w: pcap %d.%d", ErrVersion, major, minor)
	}
	p.swapped, p.maybeSwapped = minor < 3, minor == 3
	network := p.Order.Uint32(h[20:])
	p.Interface.SnapLen = p.Order.Uint32(h[16:])
	p.Interface.LinkType = uint16(network)
	if network&fcsPresent != 0 {
		bits := []byte{byte(network >> fcsShift * 16)}
		p.Interface.options = AppendOption(p.Interface.options, p.Interface.order, optFCS, string(bits))
	}
	return nil
}

// Header gives the blocks that the file header becomes: a section, and its
// interface. raw are its bytes at an offset, none where it was made up.
func (p *Pcap) Header(raw []byte, offset int64) []Block {
	after, made := offset+int64(len(raw)), raw == nil
	return []Block{
		{Kind: Section, Pcap: true, Order: p.Order, Raw: raw, Offset: offset, Made: made},
		{Kind: Iface, Pcap: true, Order: p.Order, Offset: after, Interface: p.Interface, Made: made},
	}
}

// Name is "pcap".
func (p *Pcap) Name() string { return "pcap" }

// AsNamed says whether the lengths of records are where their names say.
func (p *Pcap) AsNamed() bool { return !p.swapped && !p.maybeSwapped }

// Lengths gives the captured and the original length of a record.
func (p *Pcap) Lengths(rec []byte) (captured, original uint32) {
	captured, original = U32(rec[8:], p.Big), U32(rec[12:], p.Big)
	if p.swapped || p.maybeSwapped && captured > original {
		return original, captured
	}
	return captured, original
}

// Size gives the length of the record that rec starts with.
func (p *Pcap) Size(rec []byte, most int) (int, error) {
	if len(rec) < PcapRecordLen {
		return 0, nil
	}
	captured, _ := p.Lengths(rec)
	n := uint64(p.HeaderLen) + uint64(captured)
	if n > uint64(most) {
		return 0, tooLarge(most, n)
	}
	return int(n), nil
}

// Decode reads a record. Any of a credible length can be read.
func (p *Pcap) Decode(b *Block) error {
	rec := b.Raw
	_ = rec[PcapRecordLen-1]
	second, fraction := U32(rec, p.Big), U32(rec[4:], p.Big)
	captured, original := p.Lengths(rec)
	b.Kind, b.Pcap, b.Order, b.Interface = Packet, true, p.Order, p.Interface
	b.HasStamp, b.Ticks = true, uint64(second)*p.PerSecond+uint64(fraction)
	b.OrigLen = original
	b.Data = rec[p.HeaderLen:]
	if captured-1 >= original || p.Interface.SnapLen-1 < captured-1 || original > LongOriginal || uint64(fraction) >= p.PerSecond {
		b.Odd = p.Oddness(rec)
	}
	return nil
}

// Oddness says what is odd about a record.
func (p *Pcap) Oddness(rec []byte) Oddity {
	captured, original := p.Lengths(rec)
	odd := oddLengths(captured, original, p.Interface.SnapLen)
	if uint64(U32(rec[4:], p.Big)) >= p.PerSecond {
		odd |= OddFraction
	}
	return odd
}
