package capture

import (
	"bufio"
	"bytes"
	"io"
)

// Recognised reports whether a decompressed file that starts with head is a
// pcap or pcapng capture; 24 bytes tell.
func Recognised(head []byte) bool {
	head = head[:min(len(head), sniffLen)]
	return newPcap(head) != nil || bytes.HasPrefix(head, []byte("\n\r\r\n"))
}

// Decompress returns the bytes of r as they were before they were compressed,
// and the name of the compression; bytes that are not compressed come as they
// are, with "". It reads ahead.
func Decompress(r io.Reader) (io.Reader, string, error) {
	buf := bufio.NewReaderSize(r, compressedBuffer)
	head, err := buf.Peek(sniffLen)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	c := codecOf(head)
	if c == nil {
		return buf, "", nil
	}
	plain, err := c.open(buf)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF // within the header
	}
	return plain, c.name, err
}
