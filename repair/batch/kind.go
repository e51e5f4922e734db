package batch

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/convert"
	"github.com/mendcap/mendcap/internal/compress"
)

// kind is what a file holds, told by its first bytes.
type kind int

// The kinds. Captures and tar archives may be compressed.
const (
	kindOther   kind = iota
	kindCapture      // any that can be repaired
	kindTar
	kindZip
)

// mostSniffed is how much of a file is read to tell its kind, bytes. Of bzip2 a
// whole block must be read, of up to 900 kB.
const mostSniffed = 2 << 20

// tarBlock is the size of a tar header, bytes.
const tarBlock = 512

// sniff tells what r holds. The reader that it returns gives all bytes of r,
// those too that were read to tell. Data whose decompression fails are kindOther.
func sniff(r io.Reader) (kind, io.Reader, error) {
	var seen bytes.Buffer
	whole := &cutReader{r: r}
	kind := kindOf(io.TeeReader(io.LimitReader(whole, mostSniffed), &seen))
	return kind, io.MultiReader(&seen, r), whole.err
}

// kindOf tells what r holds: by its first bytes, or by those that they decompress to.
func kindOf(r io.Reader) kind {
	head := make([]byte, tarBlock)
	n, _ := io.ReadFull(r, head)
	switch head = head[:n]; {
	case compress.Of(head) != nil:
		plain, _, err := compress.Decompress(io.MultiReader(bytes.NewReader(head), r))
		if err != nil {
			return kindOther
		}
		head = make([]byte, tarBlock)
		n, _ = io.ReadFull(plain, head)
		head = head[:n]
	case startsZip(head):
		return kindZip
	}
	switch {
	case capture.Recognised(head), convert.Recognised(head):
		return kindCapture
	case len(head) == tarBlock && startsTar(head):
		return kindTar
	}
	return kindOther
}

// startsZip reports whether the first bytes are those of a zip archive: of a member, or of
// the end of an empty one.
func startsZip(head []byte) bool {
	return bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))
}

// startsTar reports whether a block is a tar header: its checksum says so.
func startsTar(block []byte) bool {
	if bytes.Count(block, []byte{0}) == len(block) {
		return false // the end of an empty archive, or no archive
	}
	_, err := tar.NewReader(bytes.NewReader(block)).Next()
	return err == nil || errors.Is(err, io.ErrUnexpectedEOF)
}
