package pipeline

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/compress"
	"github.com/mendcap/mendcap/internal/naming"
)

// chooseCompression settles how the output is compressed: as asked for, or as
// its name says.
func (j *job) chooseCompression() error {
	if c := j.o.Compress; c != "" {
		if !slices.Contains(naming.Compressions(), c) {
			return fmt.Errorf("%w: %q is no compression: one of %s", ErrUsage, c, strings.Join(naming.Compressions(), ", "))
		}
		return nil
	}
	for _, c := range naming.Compressions() {
		if naming.HasSuffix(j.out, naming.PackedSuffix(c)) {
			j.o.Compress = c
		}
	}
	return nil
}

// packed is a Writer of blocks whose bytes are compressed on their way.
type packed struct {
	*capture.Writer
	to io.WriteCloser
}

// newPacked begins a draft anew.
func (j *job) newPacked(d *draft) (*packed, error) {
	if err := d.restart(); err != nil {
		return nil, ioError("write the output", err)
	}
	to, err := compress.NewCompressor(d, j.o.Compress)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	if j.o.Compress == "" {
		return &packed{Writer: capture.NewWriter(d), to: to}, nil // straight into the draft's buffers
	}
	return &packed{Writer: capture.NewWriter(to), to: to}, nil
}

// close ends the compressed data, behind the last flush.
func (p *packed) close() error { return ioResult("write the output", p.to.Close()) }
