package pipeline

import (
	"fmt"
	"io"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/compress"
)

// packed is a Writer of blocks whose bytes are compressed on their way.
type packed struct {
	*capture.Writer
	compressor io.Closer // nil where nothing is compressed
}

// newPacked begins a draft anew. What is written where there is none is lost.
func newPacked(c *config, d *draft) (*packed, error) {
	if d == nil {
		return &packed{Writer: capture.NewWriter(io.Discard)}, nil
	}
	if err := d.restart(); err != nil {
		return nil, ioError("write the output", err)
	}
	if c.o.Compress == "" || d.annotations != nil {
		return &packed{Writer: capture.NewWriter(d)}, nil // straight into the draft's buffers
	}
	to, err := compress.NewCompressor(d, c.o.Compress)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	return &packed{capture.NewWriter(to), to}, nil
}

// close ends the compressed data, after the last flush.
func (p *packed) close() error {
	if p.compressor == nil {
		return nil
	}
	return ioError("write the output", p.compressor.Close())
}
