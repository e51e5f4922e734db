package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/mendcap/mendcap/internal/compress"
)

// openDamaged finds a capture in a file that starts like none. The beginning
// must be near, and show more than chance could. Where the file was compressed,
// each part of it may hold one.
func (r *Reader) openDamaged(why error) error {
	for {
		g, err := r.openPart(why)
		if g == nil {
			return err
		}
		r.reportGap(g)
	}
}

// openPart looks for a capture in what can be read up to damage of compressed
// data, which it gives where there is none.
func (r *Reader) openPart(why error) (*compress.Gap, error) {
	w := make([]byte, lookahead)
	n, err := io.ReadFull(r.src, w)
	w = w[:n]
	if r.source.Err != nil {
		return nil, r.ended(0, err)
	}
	eof := err != nil
	behind := r.src
	g, more := compress.GoesOn(err)
	if more {
		r.src = io.MultiReader(bytes.NewReader(w), &once{g}, behind)
	} else if !eof {
		r.src = io.MultiReader(bytes.NewReader(w), r.src)
	} else {
		r.src = io.MultiReader(bytes.NewReader(w), endsWith{err})
	}
	if foreign(w) {
		return nil, why
	}
	if r.openText(w) || r.openHeader(w, eof, why) || r.openBlocks(w, eof) || r.openRecords(w, eof) {
		if r.opts.Salvage == SalvageRefuse {
			return nil, why
		}
		return nil, nil
	}
	if more {
		r.pass(len(w), ErrNoHeader)
		r.src = behind
	}
	return g, why
}

// endsWith is a reader that has ended.
type endsWith struct{ err error }

func (f endsWith) Read([]byte) (int, error) {
	if f.err == io.ErrUnexpectedEOF {
		return 0, io.EOF
	}
	return 0, f.err
}

// once is a reader that gives an error, and then nothing.
type once struct{ err error }

func (o *once) Read([]byte) (int, error) {
	err := o.err
	o.err = io.EOF
	return 0, err
}

// foreign says whether a file is of a known kind that holds other files: what
// stands inside is not this file's.
func foreign(w []byte) bool {
	for _, magic := range []string{"PK\x03\x04", "GMBU", "\x7fELF", "MZ", "%PDF", "7z\xbc\xaf", "Rar!"} {
		if bytes.HasPrefix(w, []byte(magic)) {
			return true
		}
	}
	const at = 257 // of the magic in a tar header
	return len(w) > at+5 && string(w[at:at+5]) == "ustar"
}

// openHeader opens a pcap file whose header is damaged, but stands there.
func (r *Reader) openHeader(w []byte, eof bool, why error) bool {
	if len(w) < PcapHeaderLen {
		return false
	}
	for _, big := range []bool{false, true} {
		p := guessedPcap(big)
		if version := p.order.Uint32(w[4:]); version == pcapVersion(big) {
			p.iface.LinkType, p.iface.SnapLen = uint16(p.order.Uint32(w[20:])), p.order.Uint32(w[16:])
			p.limit()
			(&search{r: r, p: p, w: w[PcapHeaderLen:], eof: eof}).fine()
		} else if !r.choosePcap(p, w[PcapHeaderLen:], eof) {
			continue
		}
		s := &search{r: r, p: p, w: w, eof: eof}
		if t := s.follow(PcapHeaderLen, trailMost, 0); t.records < 3 && !(t.closed && t.records > 0) {
			continue
		}
		after := r.offset + PcapHeaderLen
		r.opening = append(r.opening, Block{Kind: Section, Pcap: true, Raw: w[:PcapHeaderLen], Offset: r.offset, Order: p.order},
			Block{Kind: Iface, Pcap: true, Offset: after, Order: p.order, Interface: p.iface})
		r.layout = p
		r.report(PcapHeaderLen, false, p.unlabelled(why))
		r.offset = after
		return r.skipOpening(PcapHeaderLen)
	}
	return false
}

// unlabelled says that a file has no header that can be read, why if that is known
// to be its version, and what its records were read as.
func (p *Pcap) unlabelled(why error) error {
	byteOrder := "little-endian"
	if p.big {
		byteOrder = "big-endian"
	}
	var at *FormatError
	if errors.As(why, &at) && errors.Is(at.Err, ErrVersion) {
		return fmt.Errorf("%w (%w); read as that of %s records of link type %d", ErrNoHeader, at.Err, byteOrder, p.iface.LinkType)
	}
	return fmt.Errorf("%w; read as that of %s records of link type %d", ErrNoHeader, byteOrder, p.iface.LinkType)
}

// pcapVersion is version 2.4 as a number in one byte order.
func pcapVersion(big bool) uint32 {
	if big {
		return 0x00020004
	}
	return 0x00040002
}

// skipOpening goes over bytes that the opening is done with.
func (r *Reader) skipOpening(n int64) bool {
	_, err := io.CopyN(io.Discard, r.src, n)
	r.pending, r.opening = r.opening, nil
	return err == nil
}

// guessedPcap is the layout of records whose file header is lost.
func guessedPcap(big bool) *Pcap {
	p := &Pcap{order: OrderOf(big), big: big, headerLen: PcapRecordLen, perSecond: 1e9}
	p.iface = &Interface{Resol: 6, SnapLen: maxSnap, LinkType: linkUnknown, order: OrderOf(false)}
	p.limit()
	return p
}

// choosePcap finds out what records are like that follow each other from the
// start of w: their resolution and link type.
func (r *Reader) choosePcap(p *Pcap, w []byte, eof bool) bool {
	s := &search{r: r, p: p, w: w, eof: eof}
	var packets [][]byte
	var originals []int
	for at := 0; len(packets) < sampled; {
		t := s.follow(at, 1, 0)
		if t.records == 0 {
			break
		}
		_, original := p.lengths(w[at:])
		packets = append(packets, w[at+p.headerLen:t.end])
		originals = append(originals, int(original))
		at = t.end
	}
	p.iface.LinkType = guessLink(packets, originals)
	s.fine()
	return len(packets) > 0
}

// fine finds out whether the records at the start of the window count
// nanoseconds: a file of microseconds has no larger part of a second.
func (s *search) fine() {
	p := s.p
	largest := uint32(0)
	for at := 0; len(s.w)-at >= p.headerLen && p.sound(s.w[at:]); {
		captured, _ := p.lengths(s.w[at:])
		largest = max(largest, U32(s.w[at+4:], p.big))
		at += p.headerLen + int(captured)
	}
	if largest < 1e6 {
		p.perSecond = 1e6
		return
	}
	p.perSecond, p.iface.Resol = 1e9, 9
	p.iface.options = AppendOption(nil, p.iface.order, OptResol, "\x09")
}

// makeSection puts a section header in front of the blocks that can be read.
func (f *Pcapng) makeSection(r *Reader, order binary.ByteOrder) {
	r.report(0, false, ErrNoSHB)
	block := Block{Raw: madeSection(order), Offset: r.offset, Made: true}
	if f.decode(&block) == nil {
		r.opening = append(r.opening, block)
	}
}

// openBlocks opens a pcapng file that lacks its section header.
func (r *Reader) openBlocks(w []byte, eof bool) bool {
	f := &Pcapng{maxDescribed: r.maxBlock}
	r.layout = f
	for c := 0; c < min(len(w), stride); c++ {
		for _, big := range []bool{false, true} {
			s := &ngSearch{r: r, w: w, eof: eof, big: big}
			if n, _ := s.blockAt(c, big); n == 0 {
				continue
			}
			if t := s.follow(c, longTrail); t.packets == 0 || t.blocks < 2 && !t.closed {
				continue
			}
			r.openAt(c)
			if _, ok := SectionOrder(w[c:]); !ok {
				f.makeSection(r, OrderOf(big))
			}
			return r.skipOpening(int64(c))
		}
	}
	r.layout = nil
	return false
}

// openAt accounts for what stands before the first thing that can be read.
func (r *Reader) openAt(c int) {
	if c > 0 {
		r.report(c, true, ErrNoHeader)
		r.offset += int64(c)
	}
}

// openRecords opens a pcap file that lacks its header, or more than that.
func (r *Reader) openRecords(w []byte, eof bool) bool {
	both := [...]*search{
		{r: r, p: guessedPcap(false), w: w, eof: eof},
		{r: r, p: guessedPcap(true), w: w, eof: eof},
	}
	for c := 0; c < min(len(w)-PcapRecordLen, stride); c++ {
		for _, s := range both {
			p := s.p
			if !p.sound(w[c:]) || !s.long(c) || !r.choosePcap(p, w[c:], eof) || p.iface.LinkType == linkUnknown {
				continue
			}
			r.layout = p
			r.openAt(c)
			r.report(0, false, p.unlabelled(nil))
			r.opening = append(r.opening, Block{Kind: Section, Pcap: true, Order: p.order, Made: true, Offset: r.offset},
				Block{Kind: Iface, Pcap: true, Order: p.order, Interface: p.iface, Made: true, Offset: r.offset})
			return r.skipOpening(int64(c))
		}
	}
	return false
}
