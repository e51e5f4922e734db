package repair

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/capture"
)

// Compressions lists the values of Options.Compress.
func Compressions() []string { return []string{"gzip", "zstd"} }

// PackedSuffix gives the suffix of files of a compression, of Compressions: .gz
// or .zst; "" of any other.
func PackedSuffix(compress string) string {
	switch compress {
	case "gzip":
		return ".gz"
	case "zstd":
		return ".zst"
	}
	return ""
}

// chooseCompression settles how the output is compressed: as asked for, or as
// its name says.
func (j *job) chooseCompression() error {
	if c := j.o.Compress; c != "" {
		if !slices.Contains(Compressions(), c) {
			return fmt.Errorf("%w: %q is no compression: one of %s", ErrUsage, c, strings.Join(Compressions(), ", "))
		}
		return nil
	}
	for _, c := range Compressions() {
		if hasSuffix(j.out, PackedSuffix(c)) {
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
	to, err := capture.NewCompressor(d, j.o.Compress)
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
