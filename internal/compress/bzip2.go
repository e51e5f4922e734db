package compress

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"io"
)

func openBzip2(r *bufio.Reader) (io.Reader, error) {
	u := &unpadded{r: r}
	return wholeBlocks{bzip2.NewReader(bytewise(u.ReadByte))}, nil
}

// spliceBzip2 reads blocks from a bit on, as a file of the largest blocks.
func spliceBzip2(_ []byte, r *bufio.Reader, bit int) (io.Reader, error) {
	return wholeBlocks{bzip2.NewReader(shifted("BZh9", r, bit))}, nil
}

// wholeBlocks gives nothing that comes together with an error: of bzip2 that is a
// block whose end is missing, made of bits that were never there, and how much of
// it comes depends on how it is asked for.
type wholeBlocks struct{ r io.Reader }

func (w wholeBlocks) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil {
		n = 0
	}
	return n, err
}

// bzip2Magic begins a block of bzip2, at any bit. bzip2Look is how many bytes
// that takes at most.
const (
	bzip2Magic = 0x314159265359
	bzip2Look  = 7
)

// nextBlock finds a block of bzip2.
func nextBlock(p []byte) (at, bit int) {
	window := uint64(0)
	for i, c := range p {
		window = window<<8 | uint64(c)
		if i+1 < bzip2Look {
			continue
		}
		for bit := range 8 {
			if window>>(8-bit)&(1<<48-1) == bzip2Magic {
				return i + 1 - bzip2Look, bit
			}
		}
	}
	return -1, 0
}

// bytewise gives one byte after the other, of which the decompressor takes no more than
// it needs.
type bytewise func() (byte, error)

func (next bytewise) ReadByte() (byte, error) { return next() }

// Read makes it an io.Reader. Package bzip2 doesn't call it where there is a ReadByte.
func (next bytewise) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

// shifted gives some bytes, and then those that begin at a bit of the first byte of r.
func shifted(before string, r *bufio.Reader, bit int) bytewise {
	var last uint16
	begun, ended := false, false
	return func() (byte, error) {
		if before != "" {
			c := before[0]
			before = before[1:]
			return c, nil
		}
		c, err := r.ReadByte()
		if bit == 0 {
			return c, err
		}
		if err == nil && !begun {
			begun, last = true, uint16(c)
			c, err = r.ReadByte()
		}
		if err == io.EOF && begun && !ended {
			ended, err = true, nil // the last bits are still to come
		}
		if err != nil {
			return 0, err
		}
		last = last<<8 | uint16(c)
		return byte(last >> (8 - bit)), nil
	}
}

// unpadded passes a file of bzip2 on without the zeros that follow the ends of its
// streams: the decompressor gives up at them, and a new one for each stream would
// take its table of 3.6 MB every time.
type unpadded struct {
	r    *bufio.Reader
	last [2]uint64 // the last 16 bytes that were given, big-endian
}

// ReadByte is what the decompressor reads by.
func (u *unpadded) ReadByte() (byte, error) {
	c, err := u.r.ReadByte()
	if c == 0 && err == nil && endsBzip2(u.last[0]<<40|u.last[1]>>24) {
		c, err = u.next()
	}
	if err == nil {
		u.last[0], u.last[1] = u.last[0]<<8|u.last[1]>>56, u.last[1]<<8|uint64(c)
	}
	return c, err
}

// next returns the first byte after the zeros of which one was read, or a zero where
// neither a stream nor the end of the file follows.
func (u *unpadded) next() (byte, error) {
	if skipZeros(u.r) == nil {
		if p, _ := u.r.Peek(2); string(p) != "BZ" {
			return 0, nil
		}
	}
	return u.r.ReadByte() // which gives the error of skipZeros, if there is one
}

// skipZeros skips zeros. The error is that of reading on where nothing else follows.
func skipZeros(r *bufio.Reader) error {
	for {
		p, err := r.Peek(max(1, r.Buffered()))
		rest := bytes.TrimLeft(p, "\x00")
		_, _ = r.Discard(len(p) - len(rest)) // they are in the buffer
		if len(rest) > 0 {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
