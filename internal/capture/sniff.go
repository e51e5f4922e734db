package capture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/mendcap/mendcap/internal/compress"
)

// sniffLen is how much of a file tells what it is: the header of a pcap file,
// and more than the part of a section header that has the byte-order magic.
const sniffLen = PcapHeaderLen

// open finds the format by the first bytes and sets the reader up for it.
func (r *Reader) open() error {
	head, err := r.peek(r.source)
	if err != nil {
		return err
	}
	if c := compress.Of(head); c != nil {
		plain, err := r.decompress(c)
		if err != nil {
			return err
		}
		if head, err = r.peek(plain); err != nil {
			return err
		}
	}
	err = r.recognise(head)
	if err == nil || r.opts.Salvage == SalvageNone || r.source.Err != nil {
		return err
	}
	return r.openDamaged(err)
}

// peek reads the first bytes of src and leaves r.src as if it had not.
func (r *Reader) peek(src io.Reader) ([]byte, error) {
	head := make([]byte, sniffLen)
	n, err := io.ReadFull(src, head)
	for g, more := compress.GoesOn(err); more; g, more = compress.GoesOn(err) {
		r.reportGap(g) // what stands before it is too little to tell anything
		n, err = io.ReadFull(src, head)
	}
	if r.source.Err != nil {
		return nil, r.ended(n, err)
	}
	if n == 0 {
		empty := fmt.Errorf("%w", ErrEmpty)
		if src != io.Reader(r.source) && err != io.EOF {
			empty = r.compressionError(err)
		}
		return nil, r.damage(empty)
	}
	r.src = io.MultiReader(bytes.NewReader(head[:n]), src)
	return head[:n], nil
}

// recognise chooses the layout by the first bytes of the decompressed file.
func (r *Reader) recognise(head []byte) error {
	if p := NewPcap(head); p != nil {
		return r.openPcap(p, head)
	}
	if _, ok := SectionOrder(head); ok {
		r.layout = &Pcapng{maxDescribed: r.maxBlock}
		return nil
	}
	if len(head) < sectionMagicEnd && bytes.HasPrefix(head, []byte("\n\r\r\n")) {
		return r.damage(fmt.Errorf("%w within the section header", ErrTruncated))
	}
	return r.damage(fmt.Errorf("%w: it starts with %+q", ErrNotCapture, head[:min(len(head), 8)]))
}

// openPcap reads the file header, which becomes the first two blocks.
func (r *Reader) openPcap(p *Pcap, head []byte) error {
	if len(head) < PcapHeaderLen {
		return r.damage(fmt.Errorf("%w within the file header", ErrTruncated))
	}
	if err := p.readHeader(head); err != nil {
		return r.damage(err)
	}
	if _, err := io.CopyN(io.Discard, r.src, PcapHeaderLen); err != nil {
		return r.ended(0, err)
	}
	p.limit()
	r.layout = p
	r.offset = PcapHeaderLen
	r.pending = []Block{
		{Kind: Section, Pcap: true, Raw: head, Order: p.order},
		{Kind: Iface, Pcap: true, Offset: PcapHeaderLen, Order: p.order, Interface: p.iface},
	}
	return nil
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
