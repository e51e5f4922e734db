package pipeline

import (
	"fmt"
	"hash/crc32"
	"io"
)

// given is a Source that is read in several passes, and what the passes that came
// to its end have read: that must be the same, since the passes would have seen
// different captures otherwise.
type given struct {
	from    Source
	ended   bool // size and sum are known
	size    int64
	sum     uint32 // CRC-32C
	changed error  // an ErrIO where passes have read different bytes
}

// open begins a pass.
func (g *given) open(name string) (io.ReadCloser, error) {
	r, err := g.from.Open()
	return &givenReader{ReadCloser: r, of: g, name: name}, err
}

// givenReader adds up what one pass reads.
type givenReader struct {
	io.ReadCloser
	of   *given
	name string
	size int64
	sum  uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Read reads, and compares at the end.
func (r *givenReader) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.size += int64(n)
	r.sum = crc32.Update(r.sum, castagnoli, p[:n])
	if err != io.EOF {
		return n, err
	}
	switch g := r.of; {
	case !g.ended:
		g.ended, g.size, g.sum = true, r.size, r.sum
	case g.size != r.size || g.sum != r.sum:
		g.changed = fmt.Errorf("%w: %s was changed while it was read (%d bytes before, %d now)", ErrIO, r.name, g.size, r.size)
		return n, g.changed
	}
	return n, io.EOF
}
