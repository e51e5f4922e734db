package capture

import (
	"bytes"
	"encoding/binary"
	"io"
	"slices"
	"testing"
)

var (
	littleEndian binary.ByteOrder = binary.LittleEndian
	bigEndian    binary.ByteOrder = binary.BigEndian
)

// file builds a pcapng file block by block.
type file struct {
	order binary.ByteOrder
	buf   []byte
}

func (f *file) u16(v uint16) []byte { return word(2, func(p []byte) { f.order.PutUint16(p, v) }) }
func (f *file) u32(v uint32) []byte { return word(4, func(p []byte) { f.order.PutUint32(p, v) }) }
func (f *file) u64(v uint64) []byte { return word(8, func(p []byte) { f.order.PutUint64(p, v) }) }

func word(n int, put func([]byte)) []byte {
	p := make([]byte, n)
	put(p)
	return p
}

// option makes one option; end makes the opt_endofopt.
func (f *file) option(code uint16, value []byte) []byte {
	return slices.Concat(f.u16(code), f.u16(uint16(len(value))), value, []byte(padding(len(value))))
}

func (f *file) end() []byte { return make([]byte, 4) }

// block adds a block of a type with a body that is a multiple of four long.
func (f *file) block(typ uint32, body ...[]byte) *file {
	all := slices.Concat(body...)
	n := f.u32(uint32(len(all) + BlockMin))
	f.buf = slices.Concat(f.buf, f.u32(typ), n, all, n)
	return f
}

func (f *file) section(order binary.ByteOrder, options ...[]byte) *file {
	f.order = order
	body := [][]byte{f.u32(ByteOrderMagic), f.u16(1), f.u16(0), f.u64(UnstatedLength)}
	return f.block(TypeSection, append(body, options...)...)
}

func (f *file) iface(link uint16, snap uint32, options ...[]byte) *file {
	body := [][]byte{f.u16(link), f.u16(0), f.u32(snap)}
	return f.block(TypeInterface, append(body, options...)...)
}

func (f *file) epb(id uint32, ticks uint64, data string, options ...[]byte) *file {
	body := [][]byte{f.u32(id), f.u32(uint32(ticks >> 32)), f.u32(uint32(ticks)),
		f.u32(uint32(len(data))), f.u32(uint32(len(data) + 100)), []byte(data + padding(len(data)))}
	return f.block(TypeEPB, append(body, options...)...)
}

func (f *file) pb(id, drops uint16, ticks uint64, data string, options ...[]byte) *file {
	body := [][]byte{f.u16(id), f.u16(drops), f.u32(uint32(ticks >> 32)), f.u32(uint32(ticks)),
		f.u32(uint32(len(data))), f.u32(uint32(len(data))), []byte(data + padding(len(data)))}
	return f.block(TypePB, append(body, options...)...)
}

func (f *file) spb(original uint32, data string) *file {
	return f.block(TypeSPB, f.u32(original), []byte(data+padding(len(data))))
}

func (f *file) stats(id uint32) *file {
	return f.block(TypeStats, f.u32(id), f.u64(77), f.option(4, f.u64(12345)), f.end())
}

// everything is a file with all that the package knows, and more.
func everything() []byte {
	f := &file{}
	for _, order := range []binary.ByteOrder{littleEndian, bigEndian, littleEndian} {
		f.section(order)
		f.section(order, f.option(optComment, []byte("hello")), f.option(optApplication, []byte("Dumpcap 2.2")), f.end())
		f.iface(1, 96, f.option(optName, []byte("eth0")), f.option(OptResol, []byte{9}),
			f.option(OptOffset, f.u64(3600)), f.end())
		f.epb(0, 1<<40+5, "first packet", f.option(OptFlags, f.u32(2)), f.option(optHash, []byte("\x02abcd")),
			f.option(OptDropCount, f.u64(9)), f.option(optComment, []byte("one")), f.end())
		f.spb(200, string(make([]byte, 96)))
		f.pb(0, 3, 7, "obsolete", f.option(OptFlags, f.u32(1)))
		f.iface(101, 0, f.option(OptResol, []byte{0x80 | 10}), f.end())
		f.epb(1, 42, "late", f.option(optCustomNC, f.u32(32473)), f.option(optCustomTextNC, f.u32(32473)), f.end())
		f.epb(7, 42, "nobody's")
		f.block(TypeNames, f.u16(0), f.u16(0))
		f.block(TypeSecrets, f.u32(0x544c534b), f.u32(4), []byte("keys"))
		f.block(TypeCustom, f.u32(32473), []byte("body"))
		f.block(TypeCustomNC, f.u32(32473))
		f.block(0x99).block(0).block(0xFFFFFFFF)
		f.stats(0).stats(1)
	}
	return f.buf
}

// resolutions has one interface and one packet of each time resolution.
func resolutions() []byte {
	f := (&file{}).section(bigEndian)
	for id, resol := range []byte{0, 6, 9, 0x80 | 10, 0x80 | 63, 0x80, 19, 20, 127, 255} {
		f.iface(1, 0, f.option(OptResol, []byte{resol}), f.end())
		f.epb(uint32(id), 1<<33, "x")
	}
	return f.buf
}

// pcapFile builds a pcap file. Each record has the seconds and subseconds
// given; the extra bytes of a modified record are 0xEE.
func pcapFile(order binary.ByteOrder, magic, network uint32, records ...[2]uint32) []byte {
	f := &file{order: order}
	buf := slices.Concat(f.u32(magic), f.u16(2), f.u16(4), f.u32(0), f.u32(0), f.u32(65535), f.u32(network))
	for i, r := range records {
		data := bytes.Repeat([]byte{byte(i + 1)}, i+1)
		buf = slices.Concat(buf, f.u32(r[0]), f.u32(r[1]), f.u32(uint32(len(data))), f.u32(1500))
		if magic == magicModified {
			buf = append(buf, bytes.Repeat([]byte{0xEE}, modifiedRecordLen-PcapRecordLen)...)
		}
		buf = append(buf, data...)
	}
	return buf
}

// readAll collects copies of all blocks, and the error that ended them, nil
// for a clean end.
func readAll(r io.Reader, opts ReaderOptions) ([]Block, error) {
	rd, err := NewReader(r, opts)
	if err != nil {
		return nil, err
	}
	var blocks []Block
	for {
		b, err := rd.Next()
		if err == io.EOF {
			return blocks, nil
		}
		if err != nil {
			return blocks, err
		}
		for _, block := range b.Blocks {
			block.Raw = bytes.Clone(block.Raw)
			block.Data = bytes.Clone(block.Data)
			block.Options = bytes.Clone(block.Options)
			blocks = append(blocks, block)
		}
		b.Release()
	}
}

// mustRead is readAll of an undamaged file.
func mustRead(t testing.TB, data []byte) []Block {
	t.Helper()
	blocks, err := readAll(bytes.NewReader(data), ReaderOptions{})
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return blocks
}

// write writes through a Writer and gives what came out.
func write(t testing.TB, do func(w *Writer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out)
	if err := do(w); err != nil {
		t.Fatalf("write: %v", err)
	}
	if err := w.Flush(); err != nil {
		t.Fatalf("flush: %v", err)
	}
	return out.Bytes()
}

// copyAll writes blocks without an edit.
func copyAll(blocks []Block) func(w *Writer) error {
	return func(w *Writer) error {
		for i := range blocks {
			if err := w.Write(&blocks[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

// packets are the packets among blocks.
func packets(blocks []Block) []Block {
	var found []Block
	for _, b := range blocks {
		if b.Kind == Packet {
			found = append(found, b)
		}
	}
	return found
}
