package capture

import (
	"encoding/binary"
	"fmt"
)

// startsFile says whether another capture file starts at the start of w. Where
// none is expected it must be longer than what a packet can carry.
func (r *Reader) startsFile(w []byte, eof, unexpected bool) bool {
	if len(w) < PcapHeaderLen {
		return false
	}
	if p := pcapHeader(w); p != nil {
		s := &search{r: r, p: p, w: w, eof: eof}
		if unexpected {
			return s.long(PcapHeaderLen)
		}
		return s.expected(PcapHeaderLen)
	}
	if _, ok := SectionOrder(w); ok {
		s := &ngSearch{r: r, w: w, eof: eof}
		t := s.follow(0, longTrail)
		return t.blocks > 0 && (!unexpected || t.closed && t.blocks > 1 || t.end > longTrail)
	}
	return false
}

// pcapHeader gives the layout of a pcap file that w starts, nil where it does
// not look like one.
func pcapHeader(w []byte) *Pcap {
	if len(w) < PcapHeaderLen {
		return nil
	}
	p := NewPcap(w)
	if p == nil || p.readHeader(w) != nil || p.order.Uint16(w[6:]) > 4 {
		return nil
	}
	p.limit()
	return p
}

// pasted starts a new section where another capture file stands inside this
// one. It says how many bytes of w that takes.
func (r *Reader) pasted(b *Batch, w []byte, eof bool) int {
	if !r.startsFile(w, eof, r.lost) {
		return 0
	}
	r.lost = false
	if p := pcapHeader(w); p != nil {
		return r.startPcap(b, p, w[:PcapHeaderLen], ErrPasted)
	}
	if _, ok := r.layout.(*Pcapng); !ok {
		r.report(0, false, ErrPasted)
		r.layout = &Pcapng{maxDescribed: r.maxBlock, sections: r.sections()}
	}
	return r.restart(b, w)
}

// restart delivers the section header that w starts.
func (r *Reader) restart(b *Batch, w []byte) int {
	size, err := r.layout.size(w)
	if err != nil || size > uint64(len(w)) || r.deliver(b, w[:size:size], int(size)) != nil {
		return 0
	}
	return int(size)
}

// sections is how many sections were delivered so far.
func (r *Reader) sections() int {
	switch l := r.layout.(type) {
	case *Pcap:
		return l.iface.Section + 1
	case *Pcapng:
		return l.sections
	}
	return 0
}

// startPcap starts a section of pcap records. head are its bytes in the file.
func (r *Reader) startPcap(b *Batch, p *Pcap, head []byte, why error) int {
	p.iface.Section = r.sections()
	r.layout = p
	block := b.add()
	*block = Block{Kind: Section, Pcap: true, Raw: head, Offset: r.offset, Order: p.order}
	r.report(len(head), false, why)
	r.offset += int64(len(head))
	*b.add() = Block{Kind: Iface, Pcap: true, Offset: r.offset, Order: p.order, Interface: p.iface}
	return len(head)
}

// The ranges of stamps that tell ticks of one resolution from those of another:
// 1990 to 2100, seconds.
const (
	firstSecond = 631152000
	lastSecond  = 4102444800
)

// guessResolution finds by a stamp how fine the ticks of an interface are.
func guessResolution(ticks uint64) uint8 {
	for _, resol := range []uint8{6, 9, 3} {
		if s := ticks / powersOfTen[resol]; s >= firstSecond && s < lastSecond {
			return resol
		}
	}
	return 6
}

// madeInterface makes up the description of an interface.
func madeInterface(order binary.ByteOrder, link uint16, resol uint8) []byte {
	var options []byte
	if resol != 6 {
		options = AppendOption(options, order, OptResol, string([]byte{resol}))
		options = append(options, 0, 0, 0, 0)
	}
	raw := make([]byte, InterfaceFixed, InterfaceFixed+len(options)+TrailerLen)
	total := uint32(cap(raw))
	order.PutUint32(raw, TypeInterface)
	order.PutUint32(raw[4:], total)
	order.PutUint16(raw[8:], link)
	raw = append(raw, options...)
	raw = raw[:total]
	order.PutUint32(raw[total-TrailerLen:], total)
	return raw
}

// madeSection makes up a section header.
func madeSection(order binary.ByteOrder) []byte {
	raw := make([]byte, SectionFixed+TrailerLen)
	order.PutUint32(raw, TypeSection)
	order.PutUint32(raw[4:], uint32(len(raw)))
	order.PutUint32(raw[8:], ByteOrderMagic)
	order.PutUint16(raw[12:], 1)
	order.PutUint64(raw[16:], UnstatedLength)
	order.PutUint32(raw[SectionFixed:], uint32(len(raw)))
	return raw
}

// made delivers a block that salvage made up.
func (r *Reader) made(b *Batch, raw []byte) error {
	block := b.add()
	block.Raw, block.Offset, block.Made = raw, r.offset, true
	if err := r.layout.decode(block); err != nil {
		b.Blocks = b.Blocks[:len(b.Blocks)-1]
		return fmt.Errorf("made up: %w", err)
	}
	return nil
}
