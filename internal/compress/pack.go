package compress

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// NewCompressor compresses what is written to it: by "gzip" or "zstd", or
// not at all by "". The same bytes give the same file on any number of cores.
// Close ends the compressed data; it leaves w open.
func NewCompressor(w io.Writer, name string) (io.WriteCloser, error) {
	switch name {
	case "":
		return plain{w}, nil
	case "gzip":
		return gzip.NewWriter(w), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	}
	return nil, fmt.Errorf("write capture: no compression %q", name)
}

// NewTextCompressor compresses lines that resemble those near them, by zstd. It takes 2 MB
// where NewCompressor takes 16, and so does what reads the text.
func NewTextCompressor(w io.Writer) (io.WriteCloser, error) {
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
}

// plain is the compressor that does not compress.
type plain struct{ io.Writer }

func (plain) Close() error { return nil }
