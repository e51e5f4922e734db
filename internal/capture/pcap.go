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
	order     binary.ByteOrder
	big       bool
	headerLen int    // of a record
	snap      uint32 // snap length, bytes
	longest   uint32 // record that is credible, bytes; of salvage
	usual     Oddity // what is odd elsewhere and usual in this file; of salvage
	perSecond uint64 // ticks
	swapped   swap
	iface     *Interface
}

// swap says whether the two lengths of a record changed places, as they do in
// files older than version 2.3 and in some of that version.
type swap uint8

const (
	asNamed swap = iota
	swapped
	maybeSwapped
)

// NewPcap gives the layout that the magic number asks for, nil for another
// file.
func NewPcap(head []byte) *Pcap {
	order, magic, ok := byteOrder(head, magicMicro, magicNano, magicModified)
	if !ok {
		return nil
	}
	p := &Pcap{order: order, big: order == binary.BigEndian, headerLen: PcapRecordLen, perSecond: 1e6}
	p.iface = &Interface{Resol: 6, order: binary.LittleEndian}
	switch magic {
	case magicNano:
		p.perSecond = 1e9
		p.iface.Resol = 9
	case magicModified:
		p.headerLen = modifiedRecordLen
	}
	return p
}

// readHeader reads the file header. What it says beyond link type and snap
// length becomes options as they stand in an interface description block.
func (p *Pcap) readHeader(h []byte) error {
	major, minor := p.order.Uint16(h[4:]), p.order.Uint16(h[6:])
	if major != 2 {
		return fmt.Errorf("%w: pcap %d.%d", ErrVersion, major, minor)
	}
	switch {
	case minor < 3:
		p.swapped = swapped
	case minor == 3:
		p.swapped = maybeSwapped
	}
	network := p.order.Uint32(h[20:])
	p.iface.SnapLen = p.order.Uint32(h[16:])
	p.iface.LinkType = uint16(network)
	if p.iface.Resol != 6 {
		p.iface.options = AppendOption(p.iface.options, p.iface.order, OptResol, string([]byte{p.iface.Resol}))
	}
	if network&fcsPresent != 0 {
		bits := []byte{byte(network >> fcsShift * 16)}
		p.iface.options = AppendOption(p.iface.options, p.iface.order, optFCS, string(bits))
	}
	return nil
}

func (p *Pcap) name() string { return "pcap" }

// lengths gives the captured and the original length of a record.
func (p *Pcap) lengths(rec []byte) (captured, original uint32) {
	captured, original = U32(rec[8:], p.big), U32(rec[12:], p.big)
	if p.swapped == swapped || p.swapped == maybeSwapped && captured > original {
		return original, captured
	}
	return captured, original
}

func (p *Pcap) size(rec []byte) (uint64, error) {
	if len(rec) < PcapRecordLen {
		return 0, nil
	}
	captured, _ := p.lengths(rec)
	return uint64(p.headerLen) + uint64(captured), nil
}

func (p *Pcap) decode(b *Block) error {
	rec := b.Raw
	b.Kind, b.Pcap, b.Order, b.Interface = Packet, true, p.order, p.iface
	b.HasStamp = true
	b.Ticks = uint64(U32(rec, p.big))*p.perSecond + uint64(U32(rec[4:], p.big))
	captured, original := p.lengths(rec)
	b.OrigLen = original
	b.Data = rec[p.headerLen:]
	if captured-1 >= min(original, p.snap) || original > LongOriginal || uint64(U32(rec[4:], p.big)) >= p.perSecond {
		b.odd = p.oddness(rec)
	}
	return nil
}
