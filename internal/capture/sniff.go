package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/mendcap/mendcap/internal/compress"
)

// SniffLen is how much of a file tells what it is: the header of a pcap file,
// and more than the part of a section header that has the byte-order magic.
const SniffLen = PcapHeaderLen

// Head gives the first bytes of the decompressed file, which r.Plain starts with.
func (r *Reader) Head() ([]byte, error) {
	head, err := r.peek(r.Source)
	if err != nil {
		return nil, err
	}
	c := compress.Of(head)
	if c == nil {
		return head, nil
	}
	plain, err := r.decompress(c)
	if err != nil {
		return nil, err
	}
	return r.peek(plain)
}

// peek reads the first bytes of src and leaves r.Plain as if it had not.
func (r *Reader) peek(src io.Reader) ([]byte, error) {
	head := make([]byte, SniffLen)
	n, err := io.ReadFull(src, head)
	for g, more := compress.GoesOn(err); more && r.opts.Gap != nil; g, more = compress.GoesOn(err) {
		r.opts.Gap(g) // what is before it is too little to tell anything
		n, err = io.ReadFull(src, head)
	}
	if r.Source.Err != nil {
		return nil, r.End(n, err)
	}
	if n == 0 {
		empty := fmt.Errorf("%w", ErrEmpty)
		if src != io.Reader(r.Source) && err != io.EOF {
			empty = r.Damaged(err)
		}
		return nil, r.Broken(empty)
	}
	r.Plain = io.MultiReader(bytes.NewReader(head[:n]), src)
	return head[:n], nil
}

// Recognise chooses the layout by the first bytes of the decompressed file, which
// r.Plain starts with. A *FormatError says that they are nothing that it can read.
func (r *Reader) Recognise(head []byte) error {
	if p := NewPcap(head); p != nil {
		return r.openPcap(p, head)
	}
	if _, ok := SectionOrder(head); ok {
		r.Resume(NewPcapng(0, r.maxBlock))
		return nil
	}
	if len(head) < sectionMagicEnd && bytes.HasPrefix(head, []byte("\n\r\r\n")) {
		return r.Broken(fmt.Errorf("%w within the section header", ErrTruncated))
	}
	return r.Broken(fmt.Errorf("%w: it starts with %+q", ErrNotCapture, head[:min(len(head), 8)]))
}

// openPcap reads the file header, which becomes the first two blocks.
func (r *Reader) openPcap(p *Pcap, head []byte) error {
	if len(head) < PcapHeaderLen {
		return r.Broken(fmt.Errorf("%w within the file header", ErrTruncated))
	}
	if err := p.ReadHeader(head); err != nil {
		return r.Broken(err)
	}
	at := r.offset
	if err := r.Discard(PcapHeaderLen); err != nil {
		return r.End(0, err)
	}
	r.Resume(p)
	r.Add(p.Header(head, at))
	return nil
}

// Recognised reports whether a decompressed file that starts with head is a
// pcap or pcapng capture; 24 bytes tell.
func Recognised(head []byte) bool {
	head = head[:min(len(head), SniffLen)]
	return NewPcap(head) != nil || bytes.HasPrefix(head, []byte("\n\r\r\n"))
}

// byteOrder gives the order in which four bytes read as one of the magics.
func byteOrder(p []byte, magics ...uint32) (order binary.ByteOrder, magic uint32, ok bool) {
	if len(p) < 4 {
		return nil, 0, false
	}
	for _, m := range magics {
		switch m {
		case binary.LittleEndian.Uint32(p):
			return binary.LittleEndian, m, true
		case binary.BigEndian.Uint32(p):
			return binary.BigEndian, m, true
		}
	}
	return nil, 0, false
}
