package capture

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/mendcap/mendcap/internal/compress"
)

// unpacking is how many times as long as its compressed file a capture is expected to be.
const unpacking = 8

// decompress puts the decompressor in front of what is read.
func (r *Reader) decompress(c *compress.Codec) (io.Reader, error) {
	r.compression = c.Name
	r.fit.size = min(unpacking*r.fit.size, r.batchSize)
	plain, err := compress.NewSalvager(c, r.Source, r.Plain)
	r.Unpacked = plain
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // within the header
	}
	if err != nil {
		return nil, r.End(0, err)
	}
	if r.opts.MaxUnpacked > 0 {
		return &capped{r: plain, left: r.opts.MaxUnpacked, source: r.Source, most: r.opts.MaxUnpacked}, nil
	}
	return plain, nil
}

// capped fails, as if the file could not be read, once more was decompressed
// than may be.
type capped struct {
	r          io.Reader
	left, most int64
	source     *compress.Source
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		c.source.Err = fmt.Errorf("%w of %d bytes", ErrUnpacked, c.most)
		return 0, c.source.Err
	}
	return n, err
}

// Damaged says what a decompressor's error means, and where it is if that is
// known; nil where the data ended as it should.
func (r *Reader) Damaged(err error) error {
	var g *compress.Gap
	damaged := r.decompressorError(err)
	if errors.As(err, &g) {
		return fmt.Errorf("%w (at byte %d of the compressed file, %s passed over)", damaged, g.Offset, byteCount(g.Skipped))
	}
	return damaged
}

func (r *Reader) decompressorError(err error) error {
	switch {
	case err == io.EOF:
		return nil
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: %s: %w", ErrCompressed, r.compression, ErrTruncated)
	case errors.Is(err, ErrTooLarge):
		return fmt.Errorf("%w: %w", ErrCompressed, err)
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fmt.Errorf("%w: %w of %d bytes: window", ErrCompressed, ErrTooLarge, compress.MaxWindow)
	case errors.Is(err, gzip.ErrChecksum):
		return fmt.Errorf("%w: gzip: wrong checksum", ErrCompressed)
	case errors.Is(err, gzip.ErrHeader):
		return fmt.Errorf("%w: gzip: no header where one must be", ErrCompressed)
	}
	return fmt.Errorf("%w: %s: %w", ErrCompressed, r.compression, err)
}
