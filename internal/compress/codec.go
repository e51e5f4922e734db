// Package compress reads and writes compressed files: gzip, zstd, xz, lz4 and bzip2.
//
// It promises that no file makes it take much memory, that several members, frames or
// streams one after the other are read as one file, and that damage costs no more than
// what depends on the damaged bytes.
package compress

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
	"github.com/ulikunitz/xz/lzma"
)

// BufferSize is how much compressed data is read at a time, bytes.
const BufferSize = 256 << 10

// MaxWindow is the largest window or dictionary that a compressed file may ask
// for, bytes. It is what zstd's own tool allows, and twice what xz -9 uses.
const MaxWindow = 128 << 20

// headLen is how much of a file is looked at to tell its compression, bytes.
const headLen = 24

// ErrTooLarge says that compressed data ask for more memory than they may.
var ErrTooLarge = errors.New("larger than the limit")

// Codec is one form of compression. All of them read several members, frames
// or streams one after the other as one file.
type Codec struct {
	Name  string // "gzip", "zstd", "xz", "lz4" or "bzip2"
	magic string
	open  func(*bufio.Reader) (io.Reader, error)

	// next finds the next place at which open may go on after damage, among bytes
	// of which it has to see look; -1 for none.
	next func(p []byte) (at, bit int)
	look int
	back int64 // how much of what is before the damage may be looked at
	// splice, if it is there, opens what is at such a place within a stream, or
	// at a bit of its first byte; head is how the file begins.
	splice func(head []byte, r *bufio.Reader, bit int) (io.Reader, error)
	here   bool // the very place of the damage may be one
}

// The magics by which compressed data begin.
const (
	magicGzip      = "\x1f\x8b\x08" // with the one method that there is
	magicZstd      = "\x28\xb5\x2f\xfd"
	magicXZ        = "\xfd7zXZ\x00"
	magicLZ4       = "\x04\x22\x4d\x18"
	magicLegacyLZ4 = "\x02\x21\x4c\x18"
)

// Of finds the compression by the first bytes of a file, nil for none.
func Of(head []byte) *Codec {
	for i := range codecs {
		if c := &codecs[i]; bytes.HasPrefix(head, []byte(c.magic)) {
			return c
		}
	}
	if len(head) >= 4 && startsLike(head[:4]) {
		return &skipping
	}
	return nil
}

// codecs are those that a magic tells.
var codecs = []Codec{
	{Name: "gzip", magic: magicGzip[:2], open: openGzip, next: nextGzip, look: gzipHeader, back: lookback},
	{Name: "zstd", magic: magicZstd, open: openZstd, next: nextMagic(magicZstd), look: len(magicZstd)},
	{Name: "xz", magic: magicXZ, open: openXZ, next: nextXZ, look: xzBlockMost, splice: spliceXZ},
	{Name: "lz4", magic: magicLZ4, open: openLZ4, next: nextMagic(magicLZ4), look: len(magicLZ4), splice: spliceLZ4, here: true},
	{Name: "lz4", magic: magicLegacyLZ4, open: openLZ4, next: nextMagic(magicLegacyLZ4), look: len(magicLZ4), splice: spliceLegacy, here: true},
	{Name: "bzip2", magic: "BZh", open: openBzip2, next: nextBlock, look: bzip2Look, splice: spliceBzip2, back: bzip2Look},
}

// skipping is that of files that start with a skippable frame, as pzstd's do (RFC 8878,
// section 3.1.2).
var skipping = Codec{Name: "zstd", open: openZstd, next: nextMagic(magicZstd), look: len(magicZstd)}

// nextMagic finds data that begin by a magic.
func nextMagic(magic string) func([]byte) (int, int) {
	return func(p []byte) (int, int) { return bytes.Index(p, []byte(magic)), 0 }
}

// gzipHeader is the least length of a member's header (RFC 1952, section 2.3).
const gzipHeader = 10

func openGzip(r *bufio.Reader) (io.Reader, error) { return gzip.NewReader(r) }

// nextGzip finds a member's header: what is not its magic has few values.
func nextGzip(p []byte) (int, int) {
	for at := 0; ; at++ {
		i := bytes.Index(p[at:], []byte(magicGzip))
		if at += i; i < 0 || at+gzipHeader > len(p) {
			return -1, 0
		}
		const reserved = 0xE0 // flags
		level, system := p[at+8], p[at+9]
		if p[at+3]&reserved == 0 && (level == 0 || level == 2 || level == 4) && (system <= 13 || system == 255) {
			return at, 0
		}
	}
}

// openZstd starts no goroutine, hence there is nothing to close.
func openZstd(r *bufio.Reader) (io.Reader, error) {
	return zstd.NewReader(newZstdGuard(r), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(MaxWindow))
}

func openXZ(r *bufio.Reader) (io.Reader, error) { return readXZ(newXZGuard(r, r, false)) }

// readXZ lets each block have the dictionary that its header asks for: the
// decompressor's own least one is larger than most need.
func readXZ(g *xzGuard) (io.Reader, error) {
	return xz.ReaderConfig{DictCap: lzma.MinDictCap}.NewReader(g)
}

func openLZ4(r *bufio.Reader) (io.Reader, error) { return lz4.NewReader(newLZ4Guard(r)), nil }

// xzBlockMost is the most that the header of a block takes that xz writes.
const xzBlockMost = 32

// nextXZ finds a stream or a block of xz: a block's header has a checksum.
func nextXZ(p []byte) (int, int) {
	for at := range len(p) - xzBlockMost + 1 {
		h := p[at:]
		if size := (int(h[0]) + 1) * 4; h[0] > 0 && size <= xzBlockMost && h[1]&0x3F == 0 && checkFilters(h[:size]) == nil &&
			crc32.ChecksumIEEE(h[:size-4]) == binary.LittleEndian.Uint32(h[size-4:]) {
			return at, 0
		}
		if bytes.HasPrefix(h, []byte(magicXZ)) {
			return at, 0
		}
	}
	return -1, 0
}

// spliceXZ reads blocks after the header of the file's first stream.
func spliceXZ(head []byte, r *bufio.Reader, _ int) (io.Reader, error) {
	return readXZ(newXZGuard(io.MultiReader(bytes.NewReader(head[:xzHeaderLen]), r), r, true))
}

// errWithin says that one of the stream's own frames can't be gone on with.
var errWithin = errors.New("nothing can be read within this stream")

// spliceLZ4 goes on with the next block, where blocks are independent: after the
// header of the file's first frame.
func spliceLZ4(head []byte, r *bufio.Reader, _ int) (io.Reader, error) {
	const independent, contentSize, dictionary = 0x20, 0x08, 0x01 // flags
	size := len(magicLZ4) + 3
	if len(head) < size || head[4]&independent == 0 {
		return nil, errWithin
	}
	if head[4]&contentSize != 0 {
		size += 8
	}
	if head[4]&dictionary != 0 {
		size += 4
	}
	return lz4.NewReader(io.MultiReader(bytes.NewReader(head[:min(size, len(head))]), r)), nil
}

func spliceLegacy(_ []byte, r *bufio.Reader, _ int) (io.Reader, error) {
	return lz4.NewReader(io.MultiReader(bytes.NewReader([]byte(magicLegacyLZ4)), r)), nil
}
