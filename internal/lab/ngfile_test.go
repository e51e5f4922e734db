package lab

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/strict"
)

// Option codes of pcapng blocks that the tests build or look for.
const (
	ngComment  = 1
	ngUserAppl = 4 // of a section
	ngName     = 2 // of an interface
	ngResol    = 9 // of an interface
	ngFlags    = 2 // of a packet
	ngHash     = 3 // of a packet
	ngPacketID = 5 // of a packet
	ngCopied   = 2988
	ngNoCopy   = 19372
)

// byteOrder is what encoding/binary's two orders can do.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// ngFile builds a pcapng file block by block, by the specification and not by
// the product's writer.
type ngFile struct {
	order byteOrder
	buf   []byte
}

func (f *ngFile) u16(v uint16) []byte { return f.order.AppendUint16(nil, v) }
func (f *ngFile) u32(v uint32) []byte { return f.order.AppendUint32(nil, v) }
func (f *ngFile) u64(v uint64) []byte { return f.order.AppendUint64(nil, v) }

// fill pads to a multiple of four bytes.
func fill(p []byte) []byte { return append(slices.Clip(p), make([]byte, (4-len(p)%4)%4)...) }

// option makes one option.
func (f *ngFile) option(code uint16, value []byte) []byte {
	return slices.Concat(f.u16(code), f.u16(uint16(len(value))), fill(value))
}

// block adds a block whose body may end in options.
func (f *ngFile) block(kind uint32, fixed []byte, options ...[]byte) {
	body := slices.Concat(fill(fixed), slices.Concat(options...))
	if len(options) > 0 {
		body = append(body, 0, 0, 0, 0) // opt_endofopt
	}
	size := f.u32(uint32(len(body) + 12))
	for _, part := range [][]byte{f.u32(kind), size, body, size} {
		f.buf = append(f.buf, part...)
	}
}

func (f *ngFile) section(order byteOrder, options ...[]byte) {
	f.order = order
	f.block(capture.TypeSection, slices.Concat(f.u32(0x1A2B3C4D), f.u16(1), f.u16(0), f.u64(^uint64(0))), options...)
}

func (f *ngFile) iface(link uint16, snap uint32, options ...[]byte) {
	f.block(capture.TypeInterface, slices.Concat(f.u16(link), f.u16(0), f.u32(snap)), options...)
}

func (f *ngFile) epb(id uint32, ticks uint64, data []byte, options ...[]byte) {
	n := f.u32(uint32(len(data)))
	f.block(capture.TypeEPB, slices.Concat(f.u32(id), f.u32(uint32(ticks>>32)), f.u32(uint32(ticks)), n, n, data), options...)
}

func (f *ngFile) spb(data []byte) {
	f.block(capture.TypeSPB, slices.Concat(f.u32(uint32(len(data))), data))
}

// ngOption is one option that was read.
type ngOption struct {
	code  uint16
	value string
}

// ngOptions reads a list of options up to its end.
func ngOptions(t testing.TB, order binary.ByteOrder, list []byte) []ngOption {
	t.Helper()
	var all []ngOption
	for len(list) >= 4 {
		code, n := order.Uint16(list), int(order.Uint16(list[2:]))
		if code == 0 {
			break
		}
		size := 4 + (n+3)&^3
		if size > len(list) {
			t.Fatalf("option %d of %d bytes does not fit its list", code, n)
		}
		all = append(all, ngOption{code, string(list[4 : 4+n])})
		list = list[size:]
	}
	return all
}

// optionsOf reads the options of a block of any type that the tests build.
func optionsOf(t testing.TB, b *capture.Block) []ngOption {
	t.Helper()
	switch b.Type {
	case capture.TypeEPB:
		return ngOptions(t, b.Order, b.Options)
	case capture.TypeSection:
		return ngOptions(t, b.Order, b.Raw[24:len(b.Raw)-4])
	case capture.TypeInterface:
		return ngOptions(t, b.Order, b.Raw[16:len(b.Raw)-4])
	}
	return nil
}

// ngBlocks reads all blocks; damage is an error.
func ngBlocks(r io.Reader) ([]capture.Block, error) {
	in, err := strict.NewReader(r, capture.ReaderOptions{})
	if err != nil {
		return nil, err
	}
	var all []capture.Block
	for {
		batch, err := in.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		// Never released, so that the blocks stay valid.
		all = append(all, batch.Blocks...)
	}
}

// readBlocks reads the file at path, which must be whole.
func readBlocks(t testing.TB, path string) []capture.Block {
	t.Helper()
	blocks, err := ngBlocks(bytes.NewReader(readFile(t, path)))
	if err != nil {
		t.Fatalf("read %s: %v", path, err)
	}
	return blocks
}

// packetBlocks are the packets among blocks.
func packetBlocks(blocks []capture.Block) []capture.Block {
	return slices.DeleteFunc(slices.Clone(blocks), func(b capture.Block) bool { return b.Kind != capture.Packet })
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func writeTestFile(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
