package compress

import (
	"bufio"
	"compress/bzip2"
	"encoding/binary"
	"io"
)

// unpadded passes a file of bzip2 on without the zeros that follow the ends of its
// streams: the decompressor gives up at them, and a new one for each stream would
// take its table of 3.6 MB every time.
type unpadded struct {
	r    *bufio.Reader
	last [2]uint64 // the last 16 bytes that were given, big-endian
}

// openBareBzip2 is openBzip2 where the streams may have zeros between them.
func openBareBzip2(r *bufio.Reader) (io.Reader, error) {
	return wholeBlocks{bzip2.NewReader(&unpadded{r: r})}, nil
}

// ReadByte is what the decompressor reads by.
func (u *unpadded) ReadByte() (byte, error) {
	c, err := u.r.ReadByte()
	if c == 0 && err == nil && u.ended() {
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
	for {
		p, err := u.r.Peek(1)
		if err != nil {
			return u.r.ReadByte() // which gives the error
		}
		if p[0] != 0 {
			break
		}
		_, _ = u.r.Discard(1) // it is in the buffer
	}
	if p, _ := u.r.Peek(2); string(p) != "BZ" {
		return 0, nil
	}
	return u.r.ReadByte()
}

// ended says whether the last byte that was given ends a stream.
func (u *unpadded) ended() bool {
	var p [16]byte
	binary.BigEndian.PutUint64(p[:], u.last[0])
	binary.BigEndian.PutUint64(p[8:], u.last[1])
	return endsBzip2(p[:])
}

// Read reads one byte: there is a ReadByte.
func (u *unpadded) Read(p []byte) (n int, err error) {
	if len(p) > 0 {
		p[0], err = u.ReadByte()
		n = 1
	}
	if err != nil {
		n = 0
	}
	return n, err
}
