package compress

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// fitAhead is how many compressed bytes are looked at to tell how large a block of xz
// is: a dictionary that costs more than to decompress the block does costs little then.
const fitAhead = 64 << 10

// Read reads like the guard's, but that the end of the file is an unexpected one where
// something is missing: the decompressor takes it for the end of the data within the
// header of a block. The decompressor makes a dictionary for each block, as
// large as the header asks for, and thousands of blocks of a few bytes would take
// seconds and hundreds of megabytes: such a block's header gets a smaller one.
func (g *xzGuard) Read(p []byte) (int, error) {
	n, err := g.guard.Read(p)
	if len(g.header) > 0 {
		g.fitDictionary(p[:n])
		g.header = g.header[:0]
	}
	if err == io.EOF && !g.complete() {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// fitDictionary gives the header that p ends with the smallest dictionary that is
// enough for what the block unpacks to, if that is smaller: no match goes farther
// back. It does nothing where less of the header than its dictionary and what comes
// after it is still to be given, or more than the header, nor to a header whose checksum
// is wrong: with a new one the damage would not be found.
func (g *xzGuard) fitDictionary(p []byte) {
	at := dictionaryAt(g.header)
	tail := len(g.header) - at
	if len(p) < tail || g.data > 0 || g.skip > 0 || len(g.head) > 0 {
		return
	}
	end := len(g.header) - crc32.Size
	if binary.LittleEndian.Uint32(g.header[end:]) != crc32.ChecksumIEEE(g.header[:end]) {
		return
	}
	declared := xzDictionary(g.header[at])
	need, known := g.unpacked(declared)
	if !known {
		return
	}
	bits := byte(0)
	for xzDictionary(bits) < need {
		bits++
	}
	if xzDictionary(bits) >= declared {
		return
	}
	g.header[at] = bits
	binary.LittleEndian.PutUint32(g.header[end:], crc32.ChecksumIEEE(g.header[:end]))
	copy(p[len(p)-tail:], g.header[at:])
}

// unpacked is how much the chunks of LZMA2 that come next unpack to, up to the end of
// the block, bytes. It is not known where the end is not near, nor where it is more
// than most.
func (g *xzGuard) unpacked(most uint64) (sum uint64, known bool) {
	for at := 0; at < fitAhead && sum < most; {
		h, err := g.ahead.Peek(at + 1)
		if err != nil {
			return 0, false
		}
		control := h[at]
		if control == 0 {
			return sum, true
		}
		size := lzmaHeader(control)
		if h, err = g.ahead.Peek(at + size); err != nil || size == 0 {
			return 0, false
		}
		packed, unpacked := lzmaSizes(h[at:])
		sum += unpacked
		at += size + int(packed)
	}
	return 0, false
}
