package compress

import (
	"bufio"
	"io"
)

// Decompress returns the bytes of r as they were before they were compressed,
// and the name of the compression; bytes that are not compressed come as they
// are, with "". It reads ahead. Damage after which there is more is a *Gap.
func Decompress(r io.Reader) (io.Reader, string, error) {
	src := &Source{R: r}
	buf := bufio.NewReader(src) // reads of a larger buffer pass it by
	head, err := buf.Peek(buf.Size())
	switch {
	case err == io.EOF:
		src.Expected = int64(len(head))
	case err != nil:
		return nil, "", err
	}
	c := Of(head)
	if c == nil {
		return buf, "", nil
	}
	plain, err := NewSalvager(c, src, buf)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // within the header
	}
	return plain, c.Name, err
}

// DecompressSalvaging is Decompress that goes on after damage where it can.
func DecompressSalvaging(r io.Reader) (io.Reader, string, error) {
	plain, name, err := Decompress(r)
	return gapless{plain}, name, err
}
