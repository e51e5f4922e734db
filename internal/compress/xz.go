package compress

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// xzGuard passes an xz file on and follows its structure (the .xz file format
// 1.2.0, sections 2 to 5), since the decompressor takes the memory that a block
// header asks for before it has seen any data: a dictionary larger than
// maxWindow is an error. Of small blocks it gives the header with as small a
// dictionary as they need, see fitDictionary.
type xzGuard struct {
	guard
	ahead *bufio.Reader

	header  []byte // of a block, until the bytes that complete it are given
	check   int    // length of a block's checksum
	data    int64  // compressed bytes of the block
	varints uint64
	index   int64 // bytes of the index so far
	spliced bool  // blocks are missing before those that are read: the index does not fit
}

// newXZGuard guards r, which ends in ahead: what has been read of r can be followed
// by what is peeked of that.
func newXZGuard(r io.Reader, ahead *bufio.Reader, spliced bool) *xzGuard {
	g := &xzGuard{guard: guard{r: r}, ahead: ahead, spliced: spliced}
	g.begins = func(head []byte) bool {
		return bytes.HasPrefix([]byte(magicXZ), head[:min(len(head), len(magicXZ))])
	}
	g.expect(0, xzHeaderLen, g.stream)
	return g
}

// errSplicedIndex ends blocks without the index that belongs to them.
var errSplicedIndex = errors.New("the index of a stream whose beginning is lost")

// Lengths of parts of an xz file, bytes.
const (
	xzHeaderLen = 12 // of a stream, and of its footer
	xzIndexCRC  = 4
)

// complete says whether the file may end here: after a stream.
func (g *xzGuard) complete() bool { return g.between && g.skip == 0 && len(g.head) == 0 }

// stream reads a stream header (section 2.1.1).
func (g *xzGuard) stream() error {
	if string(g.head[:6]) != "\xfd7zXZ\x00" || g.head[7] > 0x0F {
		return fmt.Errorf("no stream header where one must be")
	}
	g.check = xzCheckLen(g.head[7])
	return g.expect(0, 1, g.block)
}

// xzCheckLen is the length of a checksum by its number (section 2.1.1.2).
func xzCheckLen(id byte) int {
	if id == 0 {
		return 0
	}
	return 4 << ((id - 1) / 3)
}

// block reads a block header (section 3.1), or the start of the index.
func (g *xzGuard) block() error {
	if g.head[0] == 0 && g.spliced {
		return errSplicedIndex
	}
	if g.head[0] == 0 {
		g.index, g.varints = 1, 0
		return g.expect(0, 1, g.records)
	}
	if size := (int(g.head[0]) + 1) * 4; len(g.head) < size {
		return g.more(size)
	}
	if err := checkFilters(g.head); err != nil {
		return err
	}
	g.header = append(g.header[:0], g.head...)
	g.data = 0
	return g.expect(0, 1, g.chunk)
}

// checkFilters reads the filters of a block header. Only LZMA2 is decompressed.
func checkFilters(h []byte) error {
	at := dictionaryAt(h)
	switch {
	case at < 0:
		return fmt.Errorf("bad block header")
	case at == 0:
		return fmt.Errorf("a filter other than LZMA2")
	}
	if size := xzDictionary(h[at]); size > MaxWindow {
		return fmt.Errorf("%w of %d bytes: dictionary of %d bytes", ErrTooLarge, MaxWindow, size)
	}
	return nil
}

// dictionaryAt is the place of the size of the dictionary in a block header: 0 where
// the data are not just compressed by LZMA2, and -1 where the header is broken.
func dictionaryAt(h []byte) int {
	const lzma2 = 0x21
	flags, at := h[1], 2
	for range int(flags>>6&1) + int(flags>>7) { // compressed and uncompressed size
		_, n := binary.Uvarint(h[at:])
		if n <= 0 {
			return -1
		}
		at += n
	}
	if flags&3 != 0 || at+3 > len(h) || h[at] != lzma2 || h[at+1] != 1 {
		return 0
	}
	return at + 2
}

// xzDictionary decodes the size of a dictionary (section 5.3.1), bytes.
func xzDictionary(bits byte) uint64 {
	return uint64(2|bits&1) << (bits&0x3F/2 + 11)
}

// chunk reads the header of one LZMA2 chunk: control byte, sizes, properties.
func (g *xzGuard) chunk() error {
	control := g.head[0]
	if control == 0 {
		g.data++
		return g.expect(-g.data&3+int64(g.check), 1, g.block)
	}
	size := lzmaHeader(control)
	if size == 0 {
		return fmt.Errorf("bad LZMA2 chunk")
	}
	if len(g.head) < size {
		return g.more(size)
	}
	packed, _ := lzmaSizes(g.head)
	g.data += int64(size) + packed
	return g.expect(packed, 1, g.chunk)
}

// lzmaHeader is the length of the header of a chunk that begins with a control byte
// other than 0, bytes; 0 where none does.
func lzmaHeader(control byte) int {
	switch {
	case control >= 0xC0:
		return 6
	case control >= 0x80:
		return 5
	case control <= 2:
		return 3
	}
	return 0
}

// lzmaSizes reads from the header of a chunk how many bytes follow it, and how many
// they unpack to.
func lzmaSizes(h []byte) (packed int64, unpacked uint64) {
	size := int64(binary.BigEndian.Uint16(h[1:])) + 1
	if h[0] < 0x80 { // not compressed
		return size, uint64(size)
	}
	return int64(binary.BigEndian.Uint16(h[3:])) + 1, uint64(h[0]&0x1F)<<16 + uint64(size)
}

// records passes over the index (section 4): the number of records, two
// numbers each, padding and checksum; and over the footer after it.
func (g *xzGuard) records() error {
	last := g.head[len(g.head)-1]
	if g.index++; last >= 0x80 {
		if len(g.head) >= binary.MaxVarintLen64 {
			return fmt.Errorf("bad index")
		}
		return g.more(len(g.head) + 1)
	}
	v, _ := binary.Uvarint(g.head)
	if g.varints == 0 { // the first one
		if v > 1<<62 {
			return fmt.Errorf("bad index")
		}
		g.varints = 2*v + 1
	}
	if g.varints--; g.varints > 0 {
		return g.expect(0, 1, g.records)
	}
	return g.ended(-g.index&3+xzIndexCRC+xzHeaderLen, xzHeaderLen, g.stream)
}
