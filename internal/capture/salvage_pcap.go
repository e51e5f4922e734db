package capture

import (
	"encoding/binary"
	"fmt"
)

// maxSnap is the longest record that is credible where the snap length of the
// file does not allow for more, bytes. It is libpcap's and Wireshark's limit.
const maxSnap = 256 << 10

// maxStatedSnap is the largest snap length that is believed, bytes: that of
// D-Bus, the largest that libpcap knows.
const maxStatedSnap = 128 << 20

// sound says whether a record's header looks as it should: fields that fit
// each other. A record of another look may be genuine, and is looked at closely.
func (p *pcap) sound(rec []byte) bool {
	captured, original := u32(rec[8:], p.big), u32(rec[12:], p.big)
	if p.swapped != asNamed {
		captured, original = p.lengths(rec)
	}
	return captured-1 < p.longest && captured <= original && original <= 1<<30 && uint64(u32(rec[4:], p.big)) < p.perSecond
}

// limit sets the longest credible record by the snap length of the file.
func (p *pcap) limit() {
	p.longest = maxSnap
	if p.iface.SnapLen <= maxStatedSnap {
		p.longest = max(p.longest, p.iface.SnapLen)
	}
}

func (p *pcap) believable(rec []byte, size int, sure bool) (need int, ok bool) {
	if !sure && !p.sound(rec) {
		return 0, false
	}
	need = size + pcapRecordLen
	if len(rec) < need {
		return need, true
	}
	next := rec[size:]
	return need, p.sound(next) && u32(next, p.big)-u32(rec, p.big)+nearTime <= 2*nearTime
}

// mostShift is by how many bytes true records can stand before those that seem
// to stand there.
const mostShift = 256

// trail is a run of records that follow each other.
type trail struct {
	records int  // with sound headers
	points  int  // what speaks for them
	near    int  // records with a time near to those of packets delivered
	end     int  // where it ends
	closed  bool // it ends with the file, or goes on beyond what may be looked at
}

// What speaks for a record: a sound header, a time that is near, a packet that
// resembles its link type, or that gives its own length.
const (
	pointsSound = 2
	pointsNear  = 1
	pointsLike  = 1
	pointsExact = 4
	pointsFound = 6 // so many are enough for a record that is found where none was expected

	longTrail = 64 << 10 // bytes of records that no packet can carry
	trailMost = 8        // records that are looked at where no more are needed
)

// search looks for records in a window.
type search struct {
	r   *Reader
	p   *pcap
	w   []byte
	eof bool
	// dead are starts of trails that were followed to a poor end.
	dead map[int]struct{}
}

// follow follows records from an offset: until so many, or past an offset.
func (s *search) follow(at, most, past int) trail {
	t := trail{end: at}
	for {
		if len(s.w)-t.end < s.p.headerLen {
			t.closed = !s.eof || t.end == len(s.w)
			return t
		}
		rec := s.w[t.end:]
		if !s.p.sound(rec) {
			return t
		}
		captured, original := s.p.lengths(rec)
		size := s.p.headerLen + int(captured)
		if size > len(rec) {
			t.closed = !s.eof
			return t
		}
		t.records++
		t.points += pointsSound
		if near, known := s.r.near(int64(u32(rec, s.p.big))); near || !known {
			t.near++
			t.points += pointsNear
		}
		switch agrees(s.p.iface.LinkType, rec[s.p.headerLen:size], int(original)) {
		case exactly:
			t.points += pointsExact
		case like:
			t.points += pointsLike
		case unlike:
			t.points -= pointsSound
		}
		t.end += size
		if t.records >= most && t.end > past {
			return t
		}
	}
}

// expected says whether records stand at an offset at which a header says so.
func (s *search) expected(at int) bool {
	if at == len(s.w) {
		return s.eof
	}
	if at > len(s.w) {
		return false
	}
	t := s.follow(at, trailMost, 0)
	return t.points >= t.records && (t.records >= 2 || t.records == 1 && (t.closed || t.points >= pointsFound))
}

// loose follows records by their lengths alone, whatever else their headers
// hold: it says whether they go on for long, or to the very end of the file.
func (s *search) loose(at int) bool {
	const enough = 6
	for n := 0; ; n++ {
		if at == len(s.w) && s.eof {
			return true
		}
		if n >= enough {
			return true
		}
		if len(s.w)-at < s.p.headerLen {
			return !s.eof && n > 0
		}
		rec := s.w[at:]
		captured, _ := s.p.lengths(rec)
		if captured > s.p.longest || allZero(rec[:pcapRecordLen]) {
			return false
		}
		if at += s.p.headerLen + int(captured); at > len(s.w) {
			return !s.eof && n > 0
		}
	}
}

func allZero(p []byte) bool {
	for _, c := range p {
		if c != 0 {
			return false
		}
	}
	return true
}

// found says whether records stand at an offset where nothing said so. Those
// must be the capture's own, not what a packet carries.
func (s *search) found(at, past int) bool {
	if len(s.w)-at < s.p.headerLen || !s.p.sound(s.w[at:]) {
		return false
	}
	t := s.follow(at, trailMost, past)
	if t.end <= past && !t.closed {
		return false
	}
	if t.near > 0 && (t.points >= pointsFound || t.closed && t.records > 0 && t.points >= pointsFound-pointsExact/2) {
		return true
	}
	return t.near == 0 && s.long(at)
}

// long says whether a trail goes on for longer than a packet can.
func (s *search) long(at int) bool {
	if _, known := s.dead[at]; known {
		return false
	}
	start := at
	var seen []int
	for {
		t := s.follow(at, 1, 0)
		if t.records == 0 {
			if t.closed && len(seen) >= 3 {
				return true
			}
			break
		}
		seen = append(seen, at)
		if at = t.end; at-start > longTrail && len(seen) >= trailMost {
			return true
		}
		if _, known := s.dead[at]; known {
			break
		}
	}
	if s.dead == nil {
		s.dead = make(map[int]struct{})
	}
	for _, at := range seen {
		s.dead[at] = struct{}{}
	}
	return false
}

// scan gives the first offset from which records go on past another, -1 for
// none.
func (s *search) scan(from, to, past int) int {
	other := &search{r: s.r, p: s.p.turned(), w: s.w, eof: s.eof}
	for c := from; c < to && c < len(s.w); c++ {
		if s.found(c, past) || other.found(c, past) || s.r.startsFile(s.w[c:], s.eof, true) {
			return c
		}
	}
	return -1
}

// turned is the layout in the other byte order.
func (p *pcap) turned() *pcap {
	q := *p
	q.big = !p.big
	q.order = orderOf(q.big)
	return &q
}

func orderOf(big bool) binary.ByteOrder {
	if big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// mendOrder delivers a record whose header is in the other byte order.
func (s *search) mendOrder(b *Batch) int {
	other := &search{r: s.r, p: s.p.turned(), w: s.w, eof: s.eof}
	if s.p.sound(s.w) || !other.p.sound(s.w) {
		return 0
	}
	captured, _ := other.p.lengths(s.w)
	size := s.p.headerLen + int(captured)
	if size > len(s.w) || !other.found(0, 0) && !s.expected(size) {
		return 0
	}
	raw := append([]byte(nil), s.w[:size]...)
	for at := 0; at < pcapRecordLen; at += 4 {
		s.p.order.PutUint32(raw[at:], u32(s.w[at:], other.p.big))
	}
	if !s.r.mend(b, raw, size, ErrMixed) {
		return 0
	}
	return size
}

func (p *pcap) rescue(r *Reader, b *Batch, w []byte, eof bool, why error) int {
	if len(w) < p.headerLen {
		return r.pass(len(w), why)
	}
	if n := r.pasted(b, w, eof); n > 0 {
		return n
	}
	s := &search{r: r, p: p, w: w, eof: eof}
	captured, _ := p.lengths(w)
	size := p.headerLen + int(captured)
	fits := captured <= p.longest && size <= len(w)
	if r.lost {
		return s.search(why, 0)
	}
	fits = fits && !allZero(w[:pcapRecordLen])
	if fits && s.expected(size) {
		return s.deliver(b, size, why)
	}
	if n := s.mendOrder(b); n > 0 {
		return n
	}
	if n := s.mendLengths(b); n > 0 {
		return n
	}
	odd := fits && s.loose(size)
	if !fits || !p.sound(w) {
		if odd {
			return s.deliver(b, size, why)
		}
		return s.search(why, 1)
	}
	// The record looks good, but none follows: either its length is wrong, then
	// true records begin before its end, or the next record is broken. Where
	// records of a sort follow they may be shifted by a few bytes.
	from := p.headerLen
	if odd {
		from = max(from, size-mostShift)
	}
	if c := s.scan(from, size, size); c >= 0 {
		if n := s.mendText(b, c); n > 0 {
			return n
		}
		return r.pass(c, fmt.Errorf("%w: record of %d bytes reaches into others", ErrLength, captured))
	}
	return s.deliver(b, size, why)
}

// deliver delivers the record at hand as it is.
func (s *search) deliver(b *Batch, size int, why error) int {
	if s.r.deliver(b, s.w[:size:size], size) != nil {
		return s.r.pass(size, why)
	}
	return size
}

// search passes over bytes up to the next records.
func (s *search) search(why error, from int) int {
	to := len(s.w)
	if !s.eof {
		to = min(to, stride)
	}
	c := s.scan(from, to, 0)
	switch {
	case c == 0: // only where nothing was believed before
		s.r.lost = false
		return 0
	case c > 0:
		s.r.lost = false
		return s.r.pass(c, why)
	}
	s.r.lost = !s.eof
	return s.r.pass(to, why)
}

// mendLengths delivers a record whose length is wrong, but proved: by the
// other length, or by the packet's own headers, and by the records behind it.
func (s *search) mendLengths(b *Batch) int {
	p := s.p
	captured, original := p.lengths(s.w)
	if p.swapped != asNamed {
		return 0
	}
	_, own := resemble(p.iface.LinkType, s.w[p.headerLen:])
	for _, n := range [...]uint32{original, uint32(own)} {
		if n == 0 || n == captured || n > p.longest {
			continue
		}
		size := p.headerLen + int(n)
		if size > len(s.w) || !s.expected(size) {
			continue
		}
		raw := append([]byte(nil), s.w[:size]...)
		p.order.PutUint32(raw[8:], n)
		if original < n || original > p.longest {
			p.order.PutUint32(raw[12:], n)
		}
		if s.r.mend(b, raw, size, fmt.Errorf("%w: captured length %d, read as %d", ErrLength, captured, n)) {
			return size
		}
	}
	return 0
}
