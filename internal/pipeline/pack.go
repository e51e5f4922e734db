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
	to io.WriteCloser
}

// newPacked begins a draft anew.
func (c *config) newPacked(d *draft) (*packed, error) {
	if err := d.restart(); err != nil {
		return nil, ioError("write the output", err)
	}
	to, err := compress.NewCompressor(d, c.o.Compress)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	if c.o.Compress == "" {
		return &packed{Writer: capture.NewWriter(d), to: to}, nil // straight into the draft's buffers
	}
	return &packed{Writer: capture.NewWriter(to), to: to}, nil
}

// close ends the compressed data, after the last flush.
func (p *packed) close() error { return ioResult("write the output", p.to.Close()) }
