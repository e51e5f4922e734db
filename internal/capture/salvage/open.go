package salvage

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
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
	w, err := io.ReadAll(io.LimitReader(r.in.Plain, lookahead))
	if r.in.Source.Err != nil {
		return nil, r.in.End(0, err)
	}
	after, rest := r.in.Plain, r.in.Plain
	g, more := compress.GoesOn(err)
	switch {
	case more:
		rest = io.MultiReader(&failing{g, io.EOF}, after)
	case err != nil:
		rest = &failing{err, err}
	}
	r.in.Plain = io.MultiReader(bytes.NewReader(w), rest)
	if r.foreign != nil && r.foreign(w) || holdsFiles(w) {
		return nil, why
	}
	win := window{r: r, w: w, eof: err != nil || len(w) < lookahead}
	if r.openText(w) || win.openHeader(why) || win.openBlocks() || win.openRecords() {
		if r.refuse {
			return nil, why
		}
		return nil, nil
	}
	if more {
		r.passUnread(len(w))
		r.in.Plain = after
	}
	return g, why
}

// failing is a reader that gives an error, and then another one for ever.
type failing struct{ err, then error }

func (f *failing) Read([]byte) (int, error) {
	err := f.err
	f.err = f.then
	return 0, err
}

// holdsFiles says whether a file is of a known kind that holds other files: what
// is inside is not this file's.
func holdsFiles(w []byte) bool {
	starts := func(magic string) bool { return bytes.HasPrefix(w, []byte(magic)) }
	const at = 257 // of the magic in a tar header
	return slices.ContainsFunc([]string{"PK\x03\x04", "GMBU", "\x7fELF", "MZ", "%PDF", "7z\xbc\xaf", "Rar!"}, starts) ||
		len(w) > at+5 && string(w[at:at+5]) == "ustar"
}

// openHeader opens a pcap file whose header is damaged, but there.
func (s *window) openHeader(why error) bool {
	if len(s.w) < capture.PcapHeaderLen {
		return false
	}
	head, body := s.w[:capture.PcapHeaderLen], window{r: s.r, w: s.w[capture.PcapHeaderLen:], eof: s.eof}
	for _, big := range []bool{false, true} {
		found := &records{window: body, p: guessedPcap(big)}
		p := found.p
		if p.Order.Uint16(head[4:]) == 2 && p.Order.Uint16(head[6:]) == 4 {
			p.Interface.LinkType, p.Interface.SnapLen = uint16(p.Order.Uint32(head[20:])), p.Order.Uint32(head[16:])
			*p = *newPcap(p.Pcap)
			found.fine(0)
		} else if !found.choose(0) {
			continue
		}
		if t := found.follow(0, trailMost, 0); t.records < 3 && !(t.closed && t.records > 0) {
			continue
		}
		return s.r.openPcap(p, head, p.unlabelled(why))
	}
	return false
}

// openPcap starts to read records after a file header that can't be read, none if it
// is missing.
func (r *Reader) openPcap(p *pcap, head []byte, why error) bool {
	r.resume(p.Pcap)
	r.report(len(head), false, why)
	r.in.Add(p.Header(head, r.in.Offset()))
	return r.in.Discard(int64(len(head))) == nil
}

// unlabelled says that a file has no header that can be read, why if that is known
// to be its version, and what its records were read as.
func (p *pcap) unlabelled(why error) error {
	byteOrder := "little-endian"
	if p.Big {
		byteOrder = "big-endian"
	}
	header := ErrNoHeader
	var at *capture.FormatError
	if errors.As(why, &at) && errors.Is(at.Err, capture.ErrVersion) {
		header = fmt.Errorf("%w (%w)", ErrNoHeader, at.Err)
	}
	return fmt.Errorf("%w; read as that of %s records of link type %d", header, byteOrder, p.Interface.LinkType)
}

// passUnread goes over bytes before the first that can be read.
func (r *Reader) passUnread(n int) {
	if n > 0 {
		r.report(n, true, ErrNoHeader)
		_ = r.in.Discard(int64(n)) // from memory
	}
}

// guessedPcap is the form of records whose file header is lost.
func guessedPcap(big bool) *pcap {
	p := capture.PcapIn(big)
	p.PerSecond = 1e9
	p.Interface.SnapLen, p.Interface.LinkType = maxSnap, linkUnknown
	return newPcap(p)
}

// choose finds out what records are like that follow each other from an offset: their
// resolution and link type.
func (s *records) choose(from int) bool {
	var g guess
	for at := from; g.packets < sampled; {
		t := s.follow(at, 1, 0)
		if t.records == 0 {
			break
		}
		_, original := s.p.Lengths(s.w[at:])
		g.add(s.w[at+s.p.HeaderLen:t.end], original)
		at = t.end
	}
	s.p.Interface.LinkType = g.link()
	s.fine(from)
	return g.packets > 0
}

// fine finds out whether the records from an offset count nanoseconds: a file of
// microseconds has no larger part of a second.
func (s *records) fine(at int) {
	p := s.p
	largest := uint32(0)
	for ; s.sound(at); at = s.after(at) {
		largest = max(largest, capture.U32(s.w[at+4:], p.Big))
	}
	if largest < 1e6 {
		p.PerSecond = 1e6
		return
	}
	p.CountNanoseconds()
}

// openBlocks opens a pcapng file that lacks its section header.
func (s *window) openBlocks() bool {
	r := s.r
	r.resume(capture.NewPcapng(0, r.in.MaxBlock()))
	for c := 0; c < min(len(s.w), stride); c++ {
		for _, big := range []bool{false, true} {
			found := &blocks{window: s.anew(), big: big}
			if n, _ := found.blockAt(c, big); n == 0 {
				continue
			}
			if t := found.follow(c, longTrail); t.packets == 0 || t.records < 2 && !t.closed {
				continue
			}
			r.passUnread(c)
			if _, ok := capture.SectionOrder(s.w[c:]); !ok {
				r.report(0, false, ErrNoSHB)
				r.made(madeSection(capture.OrderOf(big)))
			}
			return true
		}
	}
	r.form = nil
	return false
}

// openRecords opens a pcap file that lacks its header, or more than that.
func (s *window) openRecords() bool {
	both := [...]*records{
		{window: *s, p: guessedPcap(false)},
		{window: *s, p: guessedPcap(true)},
	}
	for c := 0; c < min(len(s.w)-capture.PcapRecordLen, stride); c++ {
		for _, found := range both {
			p := found.p
			if !found.sound(c) || !found.long(c) || !found.choose(c) || p.Interface.LinkType == linkUnknown {
				continue
			}
			s.r.passUnread(c)
			return s.r.openPcap(p, nil, p.unlabelled(nil))
		}
	}
	return false
}
