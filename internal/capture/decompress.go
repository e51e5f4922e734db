package capture

import (
	"bufio"
	"io"
)

// Decompress returns the bytes of r as they were before they were compressed,
// and the name of the compression; bytes that are not compressed come as they
// are, with "". It reads ahead.
func Decompress(r io.Reader) (io.Reader, string, error) {
	return decompress(r, (*codec).openBuffered)
}

// DecompressSalvaging is Decompress that goes on after damage where it can.
func DecompressSalvaging(r io.Reader) (io.Reader, string, error) {
	src := &source{r: r}
	return decompress(src, func(c *codec, from *bufio.Reader) (io.Reader, error) {
		s, err := newResumer(c, src, from)
		return gapless{s}, err
	})
}

func decompress(r io.Reader, open func(*codec, *bufio.Reader) (io.Reader, error)) (io.Reader, string, error) {
	buf := bufio.NewReaderSize(r, compressedBuffer)
	head, err := buf.Peek(headLen)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	c := codecOf(head)
	if c == nil {
		return buf, "", nil
	}
	plain, err := open(c, buf)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // within the header
	}
	return plain, c.name, err
}

func (c *codec) openBuffered(r *bufio.Reader) (io.Reader, error) { return c.open(r) }
