package capture

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// maxSnap is the longest record that is credible where the snap length of the
// file does not allow for more, bytes. It is libpcap's and Wireshark's limit.
const maxSnap = 256 << 10

// maxStatedSnap is the largest snap length that is believed, bytes: that of
// D-Bus, the largest that libpcap knows.
const maxStatedSnap = 128 << 20

// sound says whether a record's header looks as it should: fields that fit
// each other. A record of another look may be genuine, and is looked at closely.
func (p *Pcap) sound(rec []byte) bool {
	captured, original := U32(rec[8:], p.big), U32(rec[12:], p.big)
	if p.swapped != asNamed {
		captured, original = p.lengths(rec)
	}
	if captured-1 < p.longest && captured <= original && original <= LongOriginal && uint64(U32(rec[4:], p.big)) < p.perSecond {
		return true
	}
	return p.usual != 0 && captured <= p.longest && p.oddness(rec)&^(p.usual|OddSnap) == 0 && !allZero(rec[:PcapRecordLen])
}

// oddness says what is odd about a record.
func (p *Pcap) oddness(rec []byte) Oddity {
	captured, original := p.lengths(rec)
	odd := oddLengths(captured, original, p.iface.SnapLen)
	if uint64(U32(rec[4:], p.big)) >= p.perSecond {
		odd |= OddFraction
	}
	return odd
}

// learn takes in what is usual in this capture: what is odd about one packet in
// habit of those so far.
func (p *Pcap) learn(odd *[Oddities]oddCount, packets int64) {
	const habit = 16
	for i, n := range odd {
		if n.count >= 2 && n.count*habit >= packets {
			p.usual |= 1 << i
		}
	}
}

// limit sets the longest credible record by the link type and the snap length of
// the file.
func (p *Pcap) limit() {
	p.longest, p.snap = maxSnap, p.iface.SnapLen
	if p.snap == 0 {
		p.snap = math.MaxUint32
	}
	switch p.iface.LinkType {
	case linkUSB, linkUSBMapped, linkDBus, linkUSBPcap:
		p.longest = maxStatedSnap
	}
	if p.iface.SnapLen <= maxStatedSnap {
		p.longest = max(p.longest, p.iface.SnapLen)
	}
}

func (p *Pcap) believable(rec []byte, size int, sure bool) (need int, ok bool) {
	if !sure && !p.sound(rec) {
		return 0, false
	}
	need = size + PcapRecordLen
	if len(rec) < need {
		return need, true
	}
	next := rec[size:]
	return need, p.sound(next) && p.nearby(rec, next)
}

// trail is a run of records that follow each other.
type trail struct {
	records int  // with sound headers
	points  int  // what speaks for them
	near    int  // records with a time near to those of packets delivered
	last    int  // where the last of them begins
	inside  int  // records that begin before the offset that it must pass
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
	p   *Pcap
	w   []byte
	eof bool
	// at is the record at hand where no packet was delivered before it, to whose
	// time that of others must be near; nil elsewhere.
	at []byte
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
		t.last = t.end
		if t.last < past {
			t.inside++
		}
		t.points += pointsSound
		if s.near(rec) {
			t.near++
			t.points += pointsNear
		}
		if s.p.usual&(OddNoOriginal|OddShortOriginal) != 0 {
			original = max(original, captured)
		}
		switch agrees(s.p.iface.LinkType, rec[s.p.headerLen:size], int(min(original, LongOriginal))) {
		case exactly:
			t.points += pointsExact
		case like:
			t.points += pointsLike
		case unlike:
			t.points -= pointsSound
		}
		t.end += size
		if t.records >= most && t.last >= past {
			return t
		}
	}
}

// near says whether the time of a record is near to those of the packets before it,
// or not known not to be.
func (s *search) near(rec []byte) bool {
	near, known := s.r.near(int64(U32(rec, s.p.big)))
	if !known && s.at != nil {
		return s.p.nearby(s.at, rec)
	}
	return near || !known
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
	// Many records that end with the packet that they are in are what it carries.
	const many = 4
	if !t.closed && (t.end <= past || t.inside > many && t.last < past) {
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
	if s.at != nil {
		other.at = append([]byte(nil), s.at[:4]...)
		slices.Reverse(other.at)
	}
	for c := from; c < to && c < len(s.w); c++ {
		if s.found(c, past) || other.found(c, past) || s.r.startsFile(s.w[c:], s.eof, true) || s.leads(c, past) {
			return c
		}
	}
	return -1
}

// turned is the layout in the other byte order.
func (p *Pcap) turned() *Pcap {
	q := *p
	q.big = !p.big
	q.order = OrderOf(q.big)
	return &q
}

func OrderOf(big bool) binary.ByteOrder {
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
	for at := 0; at < PcapRecordLen; at += 4 {
		s.p.order.PutUint32(raw[at:], U32(s.w[at:], other.p.big))
	}
	if !s.r.mend(b, raw, size, ErrMixed) {
		return 0
	}
	return size
}

func (p *Pcap) rescue(r *Reader, b *Batch, w []byte, eof bool, why error) int {
	if len(w) < p.headerLen {
		return r.pass(len(w), why)
	}
	if n := r.pasted(b, w, eof); n > 0 {
		return n
	}
	s := &search{r: r, p: p, w: w, eof: eof}
	if r.lost {
		return s.search(why, 0, 0)
	}
	p.learn(&r.odd, r.frame)
	if n := s.mendLength(b, s.strong); n > 0 {
		return n
	}
	captured, original := p.lengths(w)
	size := p.headerLen + int(min(captured, maxStatedSnap))
	fits := captured <= p.longest && size <= len(w) && !allZero(w[:PcapRecordLen])
	if fits && s.expected(size) {
		return s.deliver(b, size, why)
	}
	if n := s.mendOrder(b); n > 0 {
		return n
	}
	if n := s.mendLength(b, s.follows); n > 0 {
		return n
	}
	switch {
	case fits && s.mendable(size):
		return s.deliver(b, size, why)
	case fits:
		return s.undecided(b, size, why)
	case eof && p.sound(w) && agrees(p.iface.LinkType, w[p.headerLen:], int(min(original, LongOriginal))) == exactly:
		return s.search(why, 1, len(w)) // its last packet was cut off: what that carries is not the capture's
	}
	return s.search(why, 1, 0)
}

// follows is expected as rightLength asks for it.
func (s *search) follows(_, at int) bool { return s.expected(at) }

// mendable says whether the record behind the one at hand is at an offset, its
// header wrong, and can be mended: by its original length if its time is near, else
// by its packet alone, or by the other byte order.
func (s *search) mendable(at int) bool {
	if len(s.w)-at < s.p.headerLen {
		return false
	}
	near := s.p.nearby(s.w, s.w[at:])
	if n := s.rightLength(at, s.follows); n != 0 {
		_, own := resemble(s.p.iface.LinkType, s.w[at+s.p.headerLen:])
		return near || n == uint32(own)
	}
	other := s.p.turned()
	if U32(s.w[at:], other.big)-U32(s.w, s.p.big)+nearTime > 2*nearTime || !other.sound(s.w[at:]) {
		return false
	}
	captured, _ := other.lengths(s.w[at:])
	return s.expected(at + s.p.headerLen + int(captured))
}

// few is how many records of an unusual look a wrong length hardly leads to.
const few = 3

// undecided deals with a record that fits, and that nothing else of a usual look
// follows. Either its length is wrong, then true records begin before its end and
// go on past the point up to which it leads; or what follows it is broken. The
// reading wins that keeps more records.
func (s *search) undecided(b *Batch, size int, why error) int {
	c, from := s.chain(0), s.p.headerLen
	if !s.p.sound(s.w) {
		if from = 1; c.records < 2 && !(c.ending == cut && s.resembles(size)) {
			return s.search(why, 1, 0)
		}
	}
	past := size
	if c.records >= few {
		past = c.end
	}
	s.at = s.w
	at := s.scan(from, size, past)
	if at < 0 {
		return s.deliver(b, size, why)
	}
	if n := s.mendText(b, at); n > 0 {
		return n
	}
	return s.r.pass(at, fmt.Errorf("%w: record of %d bytes reaches into others", ErrLength, size-s.p.headerLen))
}

// resembles says whether the packet at hand is like others of its link type.
func (s *search) resembles(size int) bool {
	l, _ := resemble(s.p.iface.LinkType, s.w[s.p.headerLen:size])
	return l >= like
}

// deliver delivers the record at hand as it is.
func (s *search) deliver(b *Batch, size int, why error) int {
	if s.r.deliver(b, s.w[:size:size], size) != nil {
		return s.r.pass(size, why)
	}
	return size
}

// search passes over bytes up to the next records, which must go on past an
// offset.
func (s *search) search(why error, from, past int) int {
	to := len(s.w)
	if !s.eof {
		to = min(to, stride)
	}
	c := s.scan(from, to, past)
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

// mendLength delivers a record whose length is wrong, but proved: by the other
// length, or by the packet's own headers, and by the records behind it.
func (s *search) mendLength(b *Batch, holds func(from, at int) bool) int {
	p := s.p
	n := s.rightLength(0, holds)
	if n == 0 {
		return 0
	}
	captured, original := p.lengths(s.w)
	size := p.headerLen + int(n)
	raw := append([]byte(nil), s.w[:size]...)
	p.order.PutUint32(raw[8:], n)
	if original < n || original > p.longest {
		p.order.PutUint32(raw[12:], n)
	}
	if !s.r.mend(b, raw, size, fmt.Errorf("%w: captured length %d, read as %d", ErrLength, captured, n)) {
		return 0
	}
	return size
}
