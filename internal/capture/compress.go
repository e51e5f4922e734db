package capture

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// compressedBuffer is how much compressed data is read at a time, bytes.
const compressedBuffer = 256 << 10

// maxWindow is the largest window or dictionary that a compressed file may ask
// for, bytes. It is what zstd's own tool allows, and twice what xz -9 uses.
const maxWindow = 128 << 20

// codec is one form of compression. All of them read several members, frames
// or streams behind each other as one file.
type codec struct {
	name  string
	magic string
	open  func(io.Reader) (io.Reader, error)
}

// codecOf finds the compression by the first bytes of a file, nil for none.
func codecOf(head []byte) *codec {
	for _, c := range []codec{
		{"gzip", "\x1f\x8b", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }},
		{"zstd", "\x28\xb5\x2f\xfd", openZstd},
		{"xz", "\xfd7zXZ\x00", func(r io.Reader) (io.Reader, error) { return xz.NewReader(&xzGuard{r: r}) }},
		{"lz4", "\x04\x22\x4d\x18", func(r io.Reader) (io.Reader, error) { return lz4.NewReader(r), nil }},
		{"lz4", "\x02\x21\x4c\x18", func(r io.Reader) (io.Reader, error) { return lz4.NewReader(r), nil }}, // legacy frames
		{"bzip2", "BZh", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }},
	} {
		if bytes.HasPrefix(head, []byte(c.magic)) {
			return &c
		}
	}
	if skippableFrame(head) {
		return &codec{"zstd", "", openZstd}
	}
	return nil
}

// skippableFrame says whether a file starts as those do that pzstd writes
// (RFC 8878, section 3.1.2).
func skippableFrame(head []byte) bool {
	return len(head) >= 4 && head[0]&0xF0 == 0x50 && bytes.Equal(head[1:4], []byte("\x2a\x4d\x18"))
}

// openZstd starts no goroutine, hence there is nothing to close.
func openZstd(r io.Reader) (io.Reader, error) {
	return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
}

// decompress puts the decompressor in front of what is read.
func (r *Reader) decompress(c *codec) (io.Reader, error) {
	r.compression = c.name
	src, err := c.open(bufio.NewReaderSize(r.src, compressedBuffer))
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // within the header
	}
	if err != nil {
		return nil, r.ended(0, err)
	}
	if r.opts.MaxUnpacked > 0 {
		src = &capped{r: src, left: r.opts.MaxUnpacked, source: r.source, most: r.opts.MaxUnpacked}
	}
	return src, nil
}

// capped fails, as if the file could not be read, once more was decompressed
// than may be.
type capped struct {
	r          io.Reader
	left, most int64
	source     *source
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		c.source.err = fmt.Errorf("%w of %d bytes", ErrUnpacked, c.most)
		return 0, c.source.err
	}
	return n, err
}

// compressionError says what a decompressor's error means; nil where the
// data ended as it should.
func (r *Reader) compressionError(err error) error {
	switch {
	case err == io.EOF:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %s: %w", ErrCompressed, r.compression, ErrTruncated)
	case errors.Is(err, ErrTooLarge):
		return fmt.Errorf("%w: %w", ErrCompressed, err)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fmt.Errorf("%w: %w of %d bytes: window", ErrCompressed, ErrTooLarge, maxWindow)
	case errors.Is(err, gzip.ErrChecksum):
		return fmt.Errorf("%w: gzip: wrong checksum", ErrCompressed)
	case errors.Is(err, gzip.ErrHeader):
		return fmt.Errorf("%w: gzip: no header where one must be", ErrCompressed)
	}
	return fmt.Errorf("%w: %s: %w", ErrCompressed, r.compression, err)
}
