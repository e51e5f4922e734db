package repair

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/filesys"
)

// Kind is what a file holds, told by its first bytes.
type Kind int

// The kinds. Captures and tar archives may be compressed.
const (
	Other   Kind = iota
	Capture      // pcap or pcapng
	Tar
	Zip
)

// mostSniffed is how much of a file is read to tell its kind, bytes. Of bzip2 a
// whole block must be read, of up to 900 kB.
const mostSniffed = 2 << 20

// tarBlock is the size of a tar header, bytes.
const tarBlock = 512

// Sniff tells what r holds. The reader that it returns gives all bytes of r,
// those too that were read to tell. Data whose decompression fails are Other.
func Sniff(r io.Reader) (Kind, io.Reader, error) {
	seen := &recorder{r: r}
	kind := sniff(&io.LimitedReader{R: seen, N: mostSniffed})
	return kind, io.MultiReader(&seen.bytes, r), seen.err
}

func sniff(r io.Reader) Kind {
	plain, compression, err := capture.Decompress(r)
	if err != nil {
		return Other
	}
	head := make([]byte, tarBlock)
	n, _ := io.ReadFull(plain, head)
	head = head[:n]
	switch {
	case capture.Recognised(head):
		return Capture
	case compression == "" && (bytes.HasPrefix(head, []byte("PK\x03\x04")) || bytes.HasPrefix(head, []byte("PK\x05\x06"))):
		return Zip
	case len(head) == tarBlock && startsTar(head):
		return Tar
	}
	return Other
}

// startsTar reports whether a block is a tar header: its checksum says so.
func startsTar(block []byte) bool {
	if bytes.Count(block, []byte{0}) == len(block) {
		return false // the end of an empty archive, or no archive
	}
	_, err := tar.NewReader(bytes.NewReader(block)).Next()
	return err == nil || errors.Is(err, io.ErrUnexpectedEOF)
}

// SniffFile tells what the file holds.
func SniffFile(path string) (Kind, error) {
	f, err := filesys.Open(path)
	if err != nil {
		return Other, err
	}
	defer f.Close()
	kind, _, err := Sniff(f)
	return kind, err
}

// Decompress returns the bytes of r as they were before they were compressed,
// by any compression that captures are read in, or as they are.
func Decompress(r io.Reader) (io.Reader, error) {
	plain, _, err := capture.Decompress(r)
	return plain, err
}

// DecompressSalvaging is Decompress that goes on behind damage as a repair does.
// packed says whether there was anything to decompress.
func DecompressSalvaging(r io.Reader) (plain io.Reader, packed bool, err error) {
	plain, compression, err := capture.DecompressSalvaging(r)
	return plain, compression != "", err
}

// recorder keeps what was read, and the error that was none of the end.
type recorder struct {
	r     io.Reader
	bytes bytes.Buffer
	err   error
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.bytes.Write(p[:n])
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}
