package salvage

import (
	"math"

	"github.com/mendcap/mendcap/internal/capture"
)

// startsFile says whether another capture file starts at an offset. Where none is
// expected it must be longer than what a packet can carry.
func (s *window) startsFile(at int, unexpected bool) bool {
	rest := window{r: s.r, w: s.w[at:], eof: s.eof}
	if len(rest.w) < capture.PcapHeaderLen {
		return false
	}
	if p := pcapHeader(rest.w); p != nil {
		found := &records{window: rest, p: p}
		if unexpected {
			return found.long(capture.PcapHeaderLen)
		}
		return found.expected(capture.PcapHeaderLen)
	}
	if _, ok := capture.SectionOrder(rest.w); ok {
		t := (&blocks{window: rest}).follow(0, longTrail)
		return t.records > 0 && (!unexpected || t.closed && t.records > 1 || t.end > longTrail)
	}
	return false
}

// pcapHeader gives the form of a pcap file that w starts, nil where it does
// not look like one.
func pcapHeader(w []byte) *pcap {
	if len(w) < capture.PcapHeaderLen {
		return nil
	}
	p := capture.NewPcap(w)
	if p == nil || p.ReadHeader(w) != nil || p.Order.Uint16(w[6:]) > 4 {
		return nil
	}
	return newPcap(p)
}

// pasted starts a new section where another capture file is inside this
// one. It says whether that was so.
func (s *window) pasted() bool {
	r := s.r
	if !s.startsFile(0, r.lost) {
		return false
	}
	r.lost = false
	if p := pcapHeader(s.w); p != nil {
		p.Interface.Section = r.sections()
		r.resume(p.Pcap)
		r.report(capture.PcapHeaderLen, false, ErrPasted)
		r.in.Add(p.Header(s.w[:capture.PcapHeaderLen], r.in.Offset()))
		r.in.Skip(capture.PcapHeaderLen)
		return true
	}
	if _, ok := r.form.(*pcapng); !ok {
		r.report(0, false, ErrPasted)
		r.resume(capture.NewPcapng(r.sections(), r.in.MaxBlock()))
	}
	n, err := r.form.Size(s.w, math.MaxInt)
	return err == nil && n <= len(s.w) && r.deliver(s.w[:n:n], n) == nil
}

// sections is how many sections were delivered so far.
func (r *Reader) sections() int {
	switch l := r.form.(type) {
	case *pcap:
		return l.Interface.Section + 1
	case *pcapng:
		return l.Sections
	}
	return 0
}
