package compress

import (
	"bufio"
	"io"
)

// Decompress returns the bytes of r as they were before they were compressed,
// and the name of the compression; bytes that are not compressed come as they
// are, with "". It reads ahead.
func Decompress(r io.Reader) (io.Reader, string, error) {
	return decompress(r, (*Codec).openBuffered)
}

// DecompressSalvaging is Decompress that goes on after damage where it can.
func DecompressSalvaging(r io.Reader) (io.Reader, string, error) {
	src := &Source{R: r}
	return decompress(src, func(c *Codec, from *bufio.Reader) (io.Reader, error) {
		s, err := NewSalvager(c, src, from)
		return gapless{s}, err
	})
}

func decompress(r io.Reader, open func(*Codec, *bufio.Reader) (io.Reader, error)) (io.Reader, string, error) {
	buf := bufio.NewReaderSize(r, BufferSize)
	head, err := buf.Peek(headLen)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	c := Of(head)
	if c == nil {
		return buf, "", nil
	}
	plain, err := open(c, buf)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // within the header
	}
	return plain, c.Name, err
}

func (c *Codec) openBuffered(r *bufio.Reader) (io.Reader, error) { return c.Open(r) }
