package batch

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/capture/convert"
	"github.com/mendcap/mendcap/internal/compress"
	"github.com/mendcap/mendcap/internal/filesys"
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
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
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

// startsTar reports whether a block is a tar header: its checksum says so.
func startsTar(block []byte) bool {
	if bytes.Count(block, []byte{0}) == len(block) {
		return false // the end of an empty archive, or no archive
	}
	_, err := tar.NewReader(bytes.NewReader(block)).Next()
	return err == nil || errors.Is(err, io.ErrUnexpectedEOF)
}

// sniffFile tells what the file holds, and how long it is, bytes.
func sniffFile(path string) (kind kind, size int64, err error) {
	f, err := filesys.Open(path)
	if err != nil {
		return kindOther, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return kindOther, 0, err
	}
	whole := &cutReader{r: f}
	kind = kindOf(io.LimitReader(whole, mostSniffed))
	return kind, info.Size(), whole.err
}
