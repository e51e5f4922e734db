package salvage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
)

// entry is one packet as it is laid out: each field of its record or block.
type entry struct {
	high, low          uint32 // of the time; in pcap seconds and fraction
	captured, original uint32
	data               []byte
	padding            byte
	typ                uint32 // of the block: 6, or 3 and 2
	id, drops          uint32 // of the interface; drops of a block of type 2
	options            []byte
	after              []byte // blocks after it
}

// sheet is a capture before it is laid out.
type sheet struct {
	ng                        bool
	order                     byteOrder
	nano                      bool
	major, minor              uint16
	zone, digits              uint32
	snap                      uint32
	link                      uint32 // in pcap with the bits above it
	section                   uint64 // its length
	reserved                  uint16
	sectionList, describeList []byte // options
	entries                   []entry
}

// newSheet is a usual capture of packets.
func newSheet(packets []packet, link uint16, ng bool, order byteOrder, nano bool) *sheet {
	s := &sheet{ng: ng, order: order, nano: nano && !ng, major: 2, minor: 4, snap: 262144, link: uint32(link), section: 1<<64 - 1}
	if ng {
		s.major, s.minor = 1, 0
	}
	for _, p := range packets {
		n := uint32(len(p.data))
		e := entry{high: uint32(p.micros >> 32), low: uint32(p.micros), captured: n, original: n, data: p.data, typ: 6}
		if !ng {
			e.high, e.low = uint32(p.micros/1e6), uint32(p.micros%1e6)
		}
		s.entries = append(s.entries, e)
	}
	return s
}

// lay gives the file.
func (s *sheet) lay() []byte {
	f := &file{order: s.order}
	if s.ng {
		s.layHead(f)
	} else {
		magic := uint32(0xA1B2C3D4)
		if s.nano {
			magic = 0xA1B23C4D
		}
		f.u32(magic)
		f.buf = s.order.AppendUint16(s.order.AppendUint16(f.buf, s.major), s.minor)
		f.u32(s.zone, s.digits, s.snap, s.link)
	}
	for i := range s.entries {
		s.layEntry(f, &s.entries[i])
	}
	return f.buf
}

func (s *sheet) layHead(f *file) {
	head := s.order.AppendUint32(nil, 0x1A2B3C4D)
	head = s.order.AppendUint16(s.order.AppendUint16(head, s.major), s.minor)
	head = s.order.AppendUint64(head, s.section)
	f.buf = append(f.buf, s.block(0x0A0D0D0A, append(head, s.sectionList...))...)
	describe := s.order.AppendUint16(s.order.AppendUint16(nil, uint16(s.link)), s.reserved)
	describe = s.order.AppendUint32(describe, s.snap)
	f.buf = append(f.buf, s.block(1, append(describe, s.describeList...))...)
}

func (s *sheet) layEntry(f *file, e *entry) {
	if !s.ng {
		f.u32(e.high, e.low, e.captured, e.original)
		f.buf = append(f.buf, e.data...)
		return
	}
	body := &file{order: s.order}
	switch e.typ {
	case 3:
		body.u32(e.original)
	case 2:
		body.buf = s.order.AppendUint16(s.order.AppendUint16(nil, uint16(e.id)), uint16(e.drops))
		body.u32(e.high, e.low, e.captured, e.original)
	default:
		body.u32(e.id, e.high, e.low, e.captured, e.original)
	}
	body.buf = append(body.buf, e.data...)
	for len(body.buf)%4 != 0 {
		body.buf = append(body.buf, e.padding)
	}
	f.buf = append(append(f.buf, s.block(e.typ, append(body.buf, e.options...))...), e.after...)
}

// block lays out a block with a body that is a multiple of four long.
func (s *sheet) block(typ uint32, body []byte) []byte {
	n := uint32(len(body) + 12)
	p := s.order.AppendUint32(s.order.AppendUint32(nil, typ), n)
	return s.order.AppendUint32(append(p, body...), n)
}

// option lays out an option whose header may say anything.
func (s *sheet) option(code, length uint16, value ...byte) []byte {
	return append(s.order.AppendUint16(s.order.AppendUint16(nil, code), length), value...)
}

// oddKind is a way in which a capture is unusual and yet legal, or nearly so.
type oddKind struct {
	name  string
	ng    bool
	file  func(s *sheet)        // of the file; or
	entry func(s *sheet, i int) // of each chosen entry
	// blind says why tshark 4.0 is no judge: it refuses such a file, or reads
	// something else.
	blind string
}

// extents are how many entries of a file are odd.
var extents = []string{"one", "20 %", "all"}

// choose gives the entries that are odd.
func choose(r *rand.Rand, extent string, n, from int) (chosen []int) {
	one := from + r.IntN(n-from)
	for i := from; i < n; i++ {
		switch {
		case extent == "all", extent == "one" && i == one, extent == "20 %" && (i == one || r.IntN(5) == 0):
			chosen = append(chosen, i)
		}
	}
	return chosen
}

// values are what a field of 32 bits is set to: constants, and what lies just below
// and above its neighbours.
var values = []struct {
	name string
	of   func(before, after uint32) uint32
}{
	{"0", func(_, _ uint32) uint32 { return 0 }},
	{"1", func(_, _ uint32) uint32 { return 1 }},
	{"all ones", func(_, _ uint32) uint32 { return 0xFFFFFFFF }},
	{"below", func(before, _ uint32) uint32 { return before - 1 }},
	{"above", func(_, after uint32) uint32 { return after + 1 }},
}

// fieldKinds are the kinds of one field of every entry.
func fieldKinds(name string, ng bool, blind string, field func(e *entry) *uint32, setup func(s *sheet, i int)) (kinds []oddKind) {
	for _, v := range values {
		kinds = append(kinds, oddKind{name: fmt.Sprintf("%s %s", name, v.name), ng: ng, blind: blind, entry: func(s *sheet, i int) {
			if setup != nil {
				setup(s, i)
			}
			before, after := &s.entries[max(i-1, 0)], &s.entries[min(i+1, len(s.entries)-1)]
			e := field(&s.entries[i])
			if e == &s.entries[i].original { // its neighbour is the captured length
				*e = v.of(s.entries[i].captured, s.entries[i].captured)
				return
			}
			*e = v.of(*field(before), *field(after))
		}})
	}
	return kinds
}

func high(e *entry) *uint32     { return &e.high }
func low(e *entry) *uint32      { return &e.low }
func original(e *entry) *uint32 { return &e.original }

// cutTo leaves so many bytes of a packet.
func cutTo(n int) func(s *sheet, i int) {
	return func(s *sheet, i int) {
		e := &s.entries[i]
		e.data = slices.Clone(e.data[:min(n, len(e.data))])
		e.captured = uint32(len(e.data))
	}
}

// simple makes a simple packet block of an entry, with data that fill it.
func simple(s *sheet, i int) {
	e := &s.entries[i]
	cutTo(len(e.data)&^3)(s, i)
	e.typ = 3
}

func obsolete(s *sheet, i int) { s.entries[i].typ = 2 }

func oddKinds() (kinds []oddKind) {
	const fraction = "it takes fractions as signed, and guesses another form of the file by them"
	kinds = slices.Concat(
		fieldKinds("pcap seconds", false, "", high, nil),
		fieldKinds("pcap fraction", false, fraction, low, nil),
		fieldKinds("pcap original length", false, "", original, nil),
		[]oddKind{
			{name: "pcap captured length 0", entry: cutTo(0)},
			{name: "pcap captured length 1", entry: cutTo(1)},
			{name: "pcap lengths 0", entry: func(s *sheet, i int) { cutTo(0)(s, i); s.entries[i].original = 0 }},
			{name: "pcap long packet", entry: func(s *sheet, i int) { lengthen(s, i, 70_000) }},
			{name: "pcap capture inside, original length 0", entry: func(s *sheet, i int) { carry(s, i); s.entries[i].original = 0 }},
			{name: "pcap capture inside, original length below", entry: func(s *sheet, i int) { carry(s, i); s.entries[i].original-- }},
			{name: "pcap time zone all ones", file: func(s *sheet) { s.zone = 0xFFFFFFFF }},
			{name: "pcap digits all ones", file: func(s *sheet) { s.digits = 0xFFFFFFFF }},
			{name: "pcap snap length 0", file: func(s *sheet) { s.snap = 0 }},
			{name: "pcap snap length 1", file: func(s *sheet) { s.snap = 1 }},
			{name: "pcap snap length all ones", file: func(s *sheet) { s.snap = 0xFFFFFFFF }},
			{name: "pcap snap length below", file: func(s *sheet) { s.snap = longest(s) - 1 }},
			{name: "pcap snap length above", file: func(s *sheet) { s.snap = longest(s) + 1 }},
			{name: "pcap minor version 5", file: func(s *sheet) { s.minor = 5 }},
			{name: "pcap frame check sequence", file: func(s *sheet) { s.link |= 0x24000000 }},
			{name: "pcap USB packets", file: func(s *sheet) { large(s, 249) }},
			{name: "pcap D-Bus packets", file: func(s *sheet) { large(s, 231) }},
		},
		fieldKinds("EPB time, high", true, "", high, nil),
		fieldKinds("EPB time, low", true, "", low, nil),
		fieldKinds("EPB original length", true, "", original, nil),
		fieldKinds("PB original length", true, "", original, obsolete),
		fieldKinds("SPB original length", true, "it takes another length for the block's", original, simple),
	)
	return append(kinds, oddBlocks()...)
}

func oddBlocks() []oddKind {
	const stops = "it stops there"
	after := func(typ uint32, words ...uint32) func(s *sheet, i int) {
		return func(s *sheet, i int) {
			var body []byte
			for _, w := range words {
				body = s.order.AppendUint32(body, w)
			}
			s.entries[i].after = s.block(typ, body)
		}
	}
	option := func(code, length uint16, value ...byte) func(s *sheet, i int) {
		return func(s *sheet, i int) { s.entries[i].options = s.option(code, length, value...) }
	}
	return []oddKind{
		{name: "EPB captured length 0", ng: true, entry: cutTo(0)},
		{name: "EPB captured length 1", ng: true, entry: cutTo(1)},
		{name: "EPB padding all ones", ng: true, entry: func(s *sheet, i int) { s.entries[i].padding = 0xFF }},
		{name: "EPB option code all ones", ng: true, entry: option(0xFFFF, 4, 1, 2, 3, 4)},
		{name: "EPB option length 0", ng: true, entry: option(1, 0)},
		{name: "EPB option length above", ng: true, entry: option(1, 5, 'a', 'b', 'c', 'd'), blind: stops},
		{name: "EPB option length all ones", ng: true, entry: option(1, 0xFFFF, 'a', 'b', 'c', 'd'), blind: stops},
		{name: "PB drop count all ones", ng: true, entry: func(s *sheet, i int) { obsolete(s, i); s.entries[i].drops = 0xFFFF }},
		{name: "SPB beyond the snap length", ng: true, entry: func(s *sheet, i int) { simple(s, i); s.snap = 1 }, blind: stops},
		{name: "SHB section length 0", ng: true, file: func(s *sheet) { s.section = 0 }},
		{name: "SHB section length 1", ng: true, file: func(s *sheet) { s.section = 1 }},
		{name: "SHB minor version 1", ng: true, file: func(s *sheet) { s.minor = 1 }, blind: stops},
		{name: "SHB minor version 2", ng: true, file: func(s *sheet) { s.minor = 2 }},
		{name: "SHB minor version all ones", ng: true, file: func(s *sheet) { s.minor = 0xFFFF }, blind: stops},
		{name: "SHB option length all ones", ng: true, file: func(s *sheet) { s.sectionList = s.option(1, 0xFFFF, 'a', 'b', 'c', 'd') }, blind: stops},
		{name: "IDB reserved all ones", ng: true, file: func(s *sheet) { s.reserved = 0xFFFF }},
		{name: "IDB snap length 0", ng: true, file: func(s *sheet) { s.snap = 0 }},
		{name: "IDB snap length 1", ng: true, file: func(s *sheet) { s.snap = 1 }},
		{name: "IDB snap length all ones", ng: true, file: func(s *sheet) { s.snap = 0xFFFFFFFF }},
		{name: "IDB snap length below", ng: true, file: func(s *sheet) { s.snap = longest(s) - 1 }},
		{name: "IDB option length all ones", ng: true, file: func(s *sheet) { s.describeList = s.option(2, 0xFFFF, 'e', 't', 'h', '0') }, blind: stops},
		{name: "unknown block 0", ng: true, entry: after(0, 7)},
		{name: "unknown block all ones", ng: true, entry: after(0xFFFFFFFF, 7)},
		{name: "custom block, enterprise all ones", ng: true, entry: after(0xBAD, 0xFFFFFFFF, 7), blind: "it counts it as a frame"},
		{name: "ISB interface all ones", ng: true, entry: after(5, 0xFFFFFFFF, 0, 0)},
		{name: "NRB record length all ones", ng: true, entry: after(4, 0xFFFFFFFF, 7), blind: stops},
		{name: "DSB length all ones", ng: true, entry: after(10, 0x544C534B, 0xFFFFFFFF, 7), blind: stops},
	}
}

// small are packets that are mostly zeros and small numbers, which look like lengths
// and times to whoever searches them for records.
func small(n int) []packet {
	packets := make([]packet, n)
	for i := range packets {
		p := []byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00\x45\x00\x00\x00\x00\x00\x40\x00\x40\x06\x00\x00\x0a\x00\x00\x01\x0a\x00\x00\x02" +
			"\x00\x01\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x50\x11\xff\xff\x00\x00\x00\x00")
		p = append(p, bytes.Repeat([]byte("d"), i*7%31)...)
		binary.BigEndian.PutUint16(p[16:], uint16(len(p)-14))
		binary.BigEndian.PutUint16(p[18:], uint16(i*3571))
		binary.BigEndian.PutUint32(p[38:], uint32(i*40))
		binary.BigEndian.PutUint32(p[42:], uint32(i*50))
		packets[i] = packet{1_700_000_000_000_000 + uint64(i/5)*1_000_000 + uint64(i)*1000, p}
	}
	return packets
}

// longest is the length of the longest packet, bytes.
func longest(s *sheet) uint32 {
	return slices.MaxFunc(s.entries, func(a, b entry) int { return int(a.captured) - int(b.captured) }).captured
}

// lengthen makes a packet longer by noise.
func lengthen(s *sheet, i, n int) {
	e := &s.entries[i]
	extra := make([]byte, n)
	noise(rand.New(rand.NewPCG(uint64(i), 7)), extra)
	e.data = slices.Concat(e.data, extra)
	e.captured, e.original = uint32(len(e.data)), uint32(len(e.data))
}

// carry makes a packet carry a capture of some others of this one.
func carry(s *sheet, i int) {
	e := &s.entries[i]
	inner := newSheet(nil, uint16(s.link), false, s.order, s.nano)
	for j := range 3 {
		one := s.entries[(i+j)%len(s.entries)]
		one.data = one.data[:min(len(one.data), 200)]
		one.captured = uint32(len(one.data))
		inner.entries = append(inner.entries, one)
	}
	e.data = slices.Concat(e.data[:min(len(e.data), 54)], inner.lay())
	if s.link == 1 && len(e.data) > 14 { // no header may state another length
		binary.BigEndian.PutUint16(e.data[12:], 0x88B5)
	} else {
		e.data[0] = 0
	}
	e.captured, e.original = uint32(len(e.data)), uint32(len(e.data))
}

// large makes packets of another link type, some of which are larger than others
// may be.
func large(s *sheet, link uint32) {
	s.link = link
	for i := range s.entries {
		if i%20 == 1 {
			lengthen(s, i, 300_000)
		}
	}
}

var orders = []byteOrder{binary.LittleEndian, binary.BigEndian}
