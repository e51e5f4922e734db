// Package handmade builds captures for tests, byte by byte. It writes the numbers of
// the formats down once more: what is tested doesn't say what is right.
package handmade

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// Numbers of pcapng (draft-ietf-opsawg-pcapng, sections 3.5, 4 and 10.1) and pcap.
const (
	byteOrderMagic = 0x1A2B3C4D
	unstatedLength = 0xFFFFFFFFFFFFFFFF
	magicMicro     = 0xA1B2C3D4
	magicModified  = 0xA1B2CD34

	optComment, optApplication         = 1, 4
	optName, optResol, optOffset       = 2, 9, 14
	optFlags, optHash, optDropCount    = 2, 3, 4
	optCustomTextNC, optCustomNC       = 19372, 19373
	typeSection, typeInterface, typePB = 0x0A0D0D0A, 1, 2
	typeSPB, typeNames, typeStats      = 3, 4, 5
	typeEPB, typeSecrets               = 6, 0xA
	typeCustom, typeCustomNC           = 0xBAD, 0x40000BAD
)

var (
	littleEndian binary.ByteOrder = binary.LittleEndian
	bigEndian    binary.ByteOrder = binary.BigEndian
)

// padding fills n bytes up to a multiple of four.
func padding(n int) string { return "\x00\x00\x00"[:-n&3] }

// File builds a pcapng file block by block.
type File struct {
	Order binary.ByteOrder
	Buf   []byte
}

// U16, U32 and U64 are numbers in the file's byte order.
func (f *File) U16(v uint16) []byte { return word(2, func(p []byte) { f.Order.PutUint16(p, v) }) }
func (f *File) U32(v uint32) []byte { return word(4, func(p []byte) { f.Order.PutUint32(p, v) }) }
func (f *File) U64(v uint64) []byte { return word(8, func(p []byte) { f.Order.PutUint64(p, v) }) }

func word(n int, put func([]byte)) []byte {
	p := make([]byte, n)
	put(p)
	return p
}

// Option makes one option; End makes the opt_endofopt.
func (f *File) Option(code uint16, value []byte) []byte {
	return slices.Concat(f.U16(code), f.U16(uint16(len(value))), value, []byte(padding(len(value))))
}

func (f *File) End() []byte { return make([]byte, 4) }

// Block adds a block of a type with a body that is a multiple of four long.
func (f *File) Block(typ uint32, body ...[]byte) *File {
	all := slices.Concat(body...)
	n := f.U32(uint32(len(all) + 12))
	f.Buf = slices.Concat(f.Buf, f.U32(typ), n, all, n)
	return f
}

// Section adds a section header, whose byte order is the file's from then on.
func (f *File) Section(order binary.ByteOrder, options ...[]byte) *File {
	f.Order = order
	body := [][]byte{f.U32(byteOrderMagic), f.U16(1), f.U16(0), f.U64(unstatedLength)}
	return f.Block(typeSection, append(body, options...)...)
}

// Iface adds an interface description.
func (f *File) Iface(link uint16, snap uint32, options ...[]byte) *File {
	body := [][]byte{f.U16(link), f.U16(0), f.U32(snap)}
	return f.Block(typeInterface, append(body, options...)...)
}

// EPB adds an enhanced packet block, whose original length is 100 bytes more.
func (f *File) EPB(id uint32, ticks uint64, data string, options ...[]byte) *File {
	body := [][]byte{f.U32(id), f.U32(uint32(ticks >> 32)), f.U32(uint32(ticks)),
		f.U32(uint32(len(data))), f.U32(uint32(len(data) + 100)), []byte(data + padding(len(data)))}
	return f.Block(typeEPB, append(body, options...)...)
}

// PB adds an obsolete packet block.
func (f *File) PB(id, drops uint16, ticks uint64, data string, options ...[]byte) *File {
	body := [][]byte{f.U16(id), f.U16(drops), f.U32(uint32(ticks >> 32)), f.U32(uint32(ticks)),
		f.U32(uint32(len(data))), f.U32(uint32(len(data))), []byte(data + padding(len(data)))}
	return f.Block(typePB, append(body, options...)...)
}

// SPB adds a simple packet block.
func (f *File) SPB(original uint32, data string) *File {
	return f.Block(typeSPB, f.U32(original), []byte(data+padding(len(data))))
}

// Stats adds interface statistics.
func (f *File) Stats(id uint32) *File {
	return f.Block(typeStats, f.U32(id), f.U64(77), f.Option(4, f.U64(12345)), f.End())
}

// Everything is a file with all that the package knows, and more.
func Everything() []byte {
	f := &File{}
	for _, order := range []binary.ByteOrder{littleEndian, bigEndian, littleEndian} {
		f.Section(order)
		f.Section(order, f.Option(optComment, []byte("hello")), f.Option(optApplication, []byte("Dumpcap 2.2")), f.End())
		f.Iface(1, 96, f.Option(optName, []byte("eth0")), f.Option(optResol, []byte{9}),
			f.Option(optOffset, f.U64(3600)), f.End())
		f.EPB(0, 1<<40+5, "first packet", f.Option(optFlags, f.U32(2)), f.Option(optHash, []byte("\x02abcd")),
			f.Option(optDropCount, f.U64(9)), f.Option(optComment, []byte("one")), f.End())
		f.SPB(200, string(make([]byte, 96)))
		f.PB(0, 3, 7, "obsolete", f.Option(optFlags, f.U32(1)))
		f.Iface(101, 0, f.Option(optResol, []byte{0x80 | 10}), f.End())
		f.EPB(1, 42, "late", f.Option(optCustomNC, f.U32(32473)), f.Option(optCustomTextNC, f.U32(32473)), f.End())
		f.EPB(7, 42, "nobody's")
		f.Block(typeNames, f.U16(0), f.U16(0))
		f.Block(typeSecrets, f.U32(0x544c534b), f.U32(4), []byte("keys"))
		f.Block(typeCustom, f.U32(32473), []byte("body"))
		f.Block(typeCustomNC, f.U32(32473))
		f.Block(0x99).Block(0).Block(0xFFFFFFFF)
		f.Stats(0).Stats(1)
	}
	return f.Buf
}

// Resolutions has one interface and one packet of each time resolution.
func Resolutions() []byte {
	f := (&File{}).Section(bigEndian)
	for id, resol := range []byte{0, 6, 9, 0x80 | 10, 0x80 | 63, 0x80, 19, 20, 127, 255} {
		f.Iface(1, 0, f.Option(optResol, []byte{resol}), f.End())
		f.EPB(uint32(id), 1<<33, "x")
	}
	return f.Buf
}

// Pcap builds a pcap file. Each record has the seconds and subseconds
// given; the extra bytes of a modified record are 0xEE.
func Pcap(order binary.ByteOrder, magic, network uint32, records ...[2]uint32) []byte {
	f := &File{Order: order}
	buf := slices.Concat(f.U32(magic), f.U16(2), f.U16(4), f.U32(0), f.U32(0), f.U32(65535), f.U32(network))
	for i, r := range records {
		data := bytes.Repeat([]byte{byte(i + 1)}, i+1)
		buf = slices.Concat(buf, f.U32(r[0]), f.U32(r[1]), f.U32(uint32(len(data))), f.U32(1500))
		if magic == magicModified {
			buf = append(buf, bytes.Repeat([]byte{0xEE}, 8)...)
		}
		buf = append(buf, data...)
	}
	return buf
}

// EPBOf is EPB with an original length that is the captured one.
func (f *File) EPBOf(id uint32, ticks uint64, data []byte) *File {
	n := f.U32(uint32(len(data)))
	return f.Block(typeEPB, f.U32(id), f.U32(uint32(ticks>>32)), f.U32(uint32(ticks)), n, n, data, []byte(padding(len(data))))
}

// IPv4 is a packet of so many bytes whose header says so.
func IPv4(n int, fill byte) []byte {
	p := bytes.Repeat([]byte{fill}, n)
	p[0], p[1] = 0x45, 0
	binary.BigEndian.PutUint16(p[2:], uint16(n))
	return p
}

// Record is one record of a pcap file, as its header has it.
type Record struct {
	Sec, Frac, Captured, Original uint32
	Data                          []byte
}

// RecordOf is the record of a packet that was captured whole.
func RecordOf(sec, frac uint32, data []byte) Record {
	return Record{sec, frac, uint32(len(data)), uint32(len(data)), data}
}

// PcapOf is a file of microseconds and raw IP.
func PcapOf(order binary.ByteOrder, records ...Record) []byte {
	const raw = 101
	f := &File{Order: order}
	buf := slices.Concat(f.U32(magicMicro), f.U16(2), f.U16(4), f.U32(0), f.U32(0), f.U32(1<<18), f.U32(raw))
	for _, r := range records {
		buf = append(append(buf, slices.Concat(f.U32(r.Sec), f.U32(r.Frac), f.U32(r.Captured), f.U32(r.Original))...), r.Data...)
	}
	return buf
}
