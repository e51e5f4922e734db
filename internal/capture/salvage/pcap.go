package salvage

import (
	"fmt"
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
)

// maxSnap is the longest record that is credible where the snap length of the
// file does not allow for more, bytes. It is libpcap's and Wireshark's limit.
const maxSnap = 256 << 10

// maxStatedSnap is the largest snap length that is believed, bytes: that of
// D-Bus, the largest that libpcap knows.
const maxStatedSnap = 128 << 20

// pcap is what salvage knows of the records of a pcap file.
type pcap struct {
	*capture.Pcap
	longest uint32         // record that is credible, bytes
	usual   capture.Oddity // what is odd elsewhere and usual in this file
}

// newPcap sets the longest credible record by the link type and the snap length of
// the file.
func newPcap(layout *capture.Pcap) *pcap {
	p := &pcap{Pcap: layout, longest: maxSnap}
	switch p.Interface.LinkType {
	case linkUSB, linkUSBMapped, linkDBus, linkUSBPcap:
		p.longest = maxStatedSnap
	}
	if p.Interface.SnapLen <= maxStatedSnap {
		p.longest = max(p.longest, p.Interface.SnapLen)
	}
	return p
}

// sound says whether a record's header looks as it should: fields that fit
// each other. A record of another look may be genuine, and is looked at closely.
func (p *pcap) sound(rec []byte) bool {
	_ = rec[capture.PcapRecordLen-1]
	captured, original := capture.U32(rec[8:], p.Big), capture.U32(rec[12:], p.Big)
	if !p.AsNamed() {
		captured, original = p.Lengths(rec)
	}
	if captured-1 < p.longest && captured <= original && original <= capture.LongOriginal && uint64(capture.U32(rec[4:], p.Big)) < p.PerSecond {
		return true
	}
	return p.usual != 0 && captured <= p.longest && p.Oddness(rec)&^(p.usual|capture.OddSnap) == 0 && !allZero(rec[:capture.PcapRecordLen])
}

// learn takes in what is usual in this capture: what is odd about one packet in
// habit of those so far.
func (p *pcap) learn(odd *[capture.Oddities]oddCount, packets int64) {
	const habit = 16
	for i, n := range odd {
		if n.count >= 2 && n.count*habit >= packets {
			p.usual |= 1 << i
		}
	}
}

func (p *pcap) believable(rec []byte, size int, sure bool) (need int, ok bool) {
	if !sure && !p.sound(rec) {
		if size > lookahead && size-p.HeaderLen > int(p.longest) {
			return -1, false
		}
		return 0, false
	}
	need = size + capture.PcapRecordLen
	if len(rec) < need {
		return need, true
	}
	next := rec[size:]
	return need, p.sound(next) && p.nearby(rec, next)
}

// trail is a run of records or blocks that follow each other.
type trail struct {
	records int  // with sound headers, or blocks
	packets int  // blocks with one
	points  int  // what speaks for records
	near    int  // records with a time near to those of packets delivered; of blocks one is enough
	last    int  // where the last record begins
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

// records looks for records in a window.
type records struct {
	window
	p *pcap
	// at is the current record where no packet was delivered before it, to whose
	// time that of others must be near; nil elsewhere.
	at []byte
}

// room says whether the header of a record at an offset is in the window.
func (s *records) room(at int) bool { return len(s.w)-at >= s.p.HeaderLen }

// sound says whether a record's header at an offset looks as it should.
func (s *records) sound(at int) bool { return s.room(at) && s.p.sound(s.w[at:]) }

// nearby says whether the times of the records at two offsets lie near to each other.
func (s *records) nearby(a, b int) bool { return s.p.nearby(s.w[a:], s.w[b:]) }

// after is the offset up to which the record at another goes, by its header.
func (s *records) after(at int) int {
	captured, _ := s.p.Lengths(s.w[at:])
	return at + s.p.HeaderLen + int(min(captured, maxStatedSnap))
}

// credible says whether the record at an offset is no longer than one can be.
func (s *records) credible(at int) bool {
	captured, _ := s.p.Lengths(s.w[at:])
	return captured <= s.p.longest
}

// agrees says how far the packet of the record between two offsets is what it should be,
// by an original length that least is the least of.
func (s *records) agrees(at, next int, least uint32) likeness {
	_, original := s.p.Lengths(s.w[at:])
	original = min(max(original, least), capture.LongOriginal)
	return agrees(s.p.Interface.LinkType, s.w[at+s.p.HeaderLen:next], int(original))
}

// blank says whether a record's header at an offset is all zero.
func (s *records) blank(at int) bool { return allZero(s.w[at:][:capture.PcapRecordLen]) }

// follow follows records from an offset: until so many, or past an offset.
func (s *records) follow(at, most, past int) trail {
	t := trail{end: at}
	for t.records < most || t.last < past {
		if !s.sound(t.end) {
			t.closed = !s.room(t.end) && (!s.eof || t.end == len(s.w))
			break
		}
		next := s.after(t.end)
		if next > len(s.w) {
			t.closed = !s.eof
			break
		}
		t.records++
		t.last = t.end
		if t.last < past {
			t.inside++
		}
		t.points += pointsSound
		if s.near(s.w[t.end:]) {
			t.near++
			t.points += pointsNear
		}
		least := uint32(0)
		if s.p.usual&(capture.OddNoOriginal|capture.OddShortOriginal) != 0 {
			least = uint32(next - t.end - s.p.HeaderLen)
		}
		switch s.agrees(t.end, next, least) {
		case exactly:
			t.points += pointsExact
		case like:
			t.points += pointsLike
		case unlike:
			t.points -= pointsSound
		}
		t.end = next
	}
	return t
}

// near says whether the time of a record is near to those of the packets before it,
// or not known not to be.
func (s *records) near(rec []byte) bool {
	near, known := s.r.recent.near(int64(capture.U32(rec, s.p.Big)))
	if !known && s.at != nil {
		return s.p.nearby(s.at, rec)
	}
	return near || !known
}

// expected says whether records are at an offset at which a header says so.
func (s *records) expected(at int) bool {
	if at == len(s.w) {
		return s.eof
	}
	if at > len(s.w) {
		return false
	}
	t := s.follow(at, trailMost, 0)
	return t.points >= t.records && (t.records >= 2 || t.records == 1 && (t.closed || t.points >= pointsFound))
}

// found says whether records are at an offset where nothing said so. Those
// must be the capture's own, not what a packet carries.
func (s *records) found(at, past int) bool {
	if !s.sound(at) {
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
func (s *records) long(at int) bool {
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
	s.bury(seen...)
	return false
}

// leadsPast says whether records that go on past another offset are at one.
func (s *records) leadsPast(past int) func(at int) bool {
	other := &records{window: s.anew(), p: s.p.turned()}
	if s.at != nil {
		other.at = slices.Clone(s.at[:4])
		slices.Reverse(other.at)
	}
	return func(at int) bool {
		return s.found(at, past) || other.found(at, past) || s.startsFile(at, true) || s.leads(at, past)
	}
}

// turned is the form in the other byte order.
func (p *pcap) turned() *pcap {
	layout := *p.Pcap
	layout.Big = !p.Big
	layout.Order = capture.OrderOf(layout.Big)
	return &pcap{&layout, p.longest, p.usual}
}

// mendOrder delivers a record whose header is in the other byte order.
func (s *records) mendOrder() bool {
	other := &records{window: s.anew(), p: s.p.turned()}
	if s.sound(0) || !other.sound(0) {
		return false
	}
	size := other.after(0)
	if size > len(s.w) || !other.found(0, 0) && !s.expected(size) {
		return false
	}
	raw := slices.Clone(s.w[:size])
	reverse(raw, 0, capture.PcapRecordLen, 4)
	return s.r.mend(raw, size, ErrMixed)
}

func (p *pcap) rescue(w window, why error) {
	s := &records{window: w, p: p}
	switch {
	case len(s.w) < p.HeaderLen:
		s.r.pass(len(s.w), why)
	case s.pasted():
	case s.r.lost:
		s.search(why, 0, 0)
	default:
		p.learn(&s.r.odd, s.r.in.Frame())
		s.rescue(why)
	}
}

// rescue deals with a record where one is expected.
func (s *records) rescue(why error) {
	if s.mendLength(s.strong) {
		return
	}
	size := s.after(0)
	fits := s.credible(0) && size <= len(s.w) && !s.blank(0)
	switch {
	case fits && s.expected(size):
		s.deliver(size, why)
	case s.mendOrder(), s.mendLength(s.follows):
	case fits && s.mendable(size):
		s.deliver(size, why)
	case fits:
		s.undecided(size, why)
	case s.eof && s.sound(0) && s.agrees(0, len(s.w), 0) == exactly:
		s.search(why, 1, len(s.w)) // its last packet was cut off: what that carries is not the capture's
	default:
		s.search(why, 1, 0)
	}
}

// follows is expected as rightLength asks for it.
func (s *records) follows(_, at int) bool { return s.expected(at) }

// mendable says whether the record after the current one is at an offset, its
// header wrong, and can be mended: by its original length if its time is near, else
// by its packet alone, or by the other byte order.
func (s *records) mendable(at int) bool {
	if !s.room(at) {
		return false
	}
	near := s.nearby(0, at)
	if n := s.rightLength(at, s.follows); n != 0 {
		_, own := resemble(s.p.Interface.LinkType, s.w[at+s.p.HeaderLen:])
		return near || n == uint32(own)
	}
	other := &records{window: s.window, p: s.p.turned()}
	return nearSeconds(capture.U32(s.w, s.p.Big), capture.U32(s.w[at:], other.p.Big)) && other.sound(at) && s.expected(other.after(at))
}

// few is how many records of an unusual look a wrong length hardly leads to.
const few = 3

// undecided deals with a record that fits, and that nothing else of a usual look
// follows. Either its length is wrong, then true records begin before its end and
// go on past the point up to which it leads; or what follows it is broken. The
// reading wins that keeps more records.
func (s *records) undecided(size int, why error) {
	c, from := s.chain(0), s.p.HeaderLen
	if !s.sound(0) {
		if from = 1; c.records < 2 && !(c.ending == cut && s.resembles(size)) {
			s.search(why, 1, 0)
			return
		}
	}
	past := size
	if c.records >= few {
		past = c.end
	}
	s.at = s.w
	at := s.scan(from, size, s.leadsPast(past))
	switch {
	case at < 0:
		s.deliver(size, why)
	case !s.mendText(at):
		s.r.pass(at, fmt.Errorf("%w: record of %d bytes reaches into others", capture.ErrLength, size-s.p.HeaderLen))
	}
}

// resembles says whether the current packet is like others of its link type.
func (s *records) resembles(size int) bool {
	l, _ := resemble(s.p.Interface.LinkType, s.w[s.p.HeaderLen:size])
	return l >= like
}

// search passes over bytes up to the next records, which must go on past an
// offset.
func (s *records) search(why error, from, past int) {
	c := s.next(why, from, s.leadsPast(past))
	if c > 0 { // 0 only where nothing was believed before
		s.r.pass(c, why)
	}
}

// mendLength delivers a record whose length is wrong, but proved: by the other
// length, or by the packet's own headers, and by the records after it.
func (s *records) mendLength(holds func(from, at int) bool) bool {
	n := s.rightLength(0, holds)
	if n == 0 {
		return false
	}
	captured, original := s.p.Lengths(s.w)
	size := s.p.HeaderLen + int(n)
	raw := slices.Clone(s.w[:size])
	s.p.Order.PutUint32(raw[8:], n)
	if original < n || original > s.p.longest {
		s.p.Order.PutUint32(raw[12:], n)
	}
	return s.r.mend(raw, size, fmt.Errorf("%w: captured length %d, read as %d", capture.ErrLength, captured, n))
}
