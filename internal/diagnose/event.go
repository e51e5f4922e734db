package diagnose

import (
	"cmp"
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// What remains of the findings belongs to events: those about one range of missing
// bytes (that it was not there, the duplicate ACKs that ask for it, what was sent again to
// fill it) are one event, and any other finding is one by itself. What is an artefact
// belongs to none, as it did not happen. Events are counted from 1, in the order in which
// the first finding of each has its verdict.

// maxEvents is how many events of one sender are remembered, and maxEventsInAll how many of
// all senders together. Beyond, that about a sender's lowest bytes is forgotten: what is
// still said of them is another event then.
const (
	maxEvents      = 64
	maxEventsInAll = 1 << 16
)

// event is a range of a sender's bytes that findings are about; no two of a sender overlap.
type event struct {
	bytes  tcp.Range
	number int64
}

// about says which bytes a finding is about, where they are missing or sent again.
type about struct {
	bytes  tcp.Range
	sender uint8 // of them, its Segment.Dir
	known  bool
}

// aboutOf says which bytes a flag of a segment is about: of a packet that is sent again
// those that it brings, of an ACK those that it asks for, or that it says were received
// twice. Which ones were lost before a packet, or before an ACK, remains to be said.
func aboutOf(s *tcp.Segment, flag tcp.Analysis) about {
	switch own := s.Dir & 1; {
	case flag&again != 0:
		return about{s.Range(), own, true}
	case flag == tcp.LostSegment:
		return about{sender: own}
	case flag == tcp.AckLostSegment:
		return about{sender: own ^ 1}
	case flag == tcp.DuplicateSACK:
		return about{s.SACK[0], own ^ 1, s.SACKs > 0}
	case flag == tcp.DuplicateAck:
		return about{askedFor(s), own ^ 1, true}
	}
	return about{}
}

// askedFor is what an ACK says is missing: up to the next bytes that its sender has, if it
// says so by SACK, or else the first byte.
func askedFor(s *tcp.Segment) tcp.Range {
	asked := tcp.Range{Left: s.Ack, Right: s.Ack + 1}
	for i, block := range s.SACK[:s.SACKs] {
		told := i == 0 && s.DSACK()
		first := asked.Right == s.Ack+1 || block.Left.Less(asked.Right)
		if n := block.Left.Sub(s.Ack); !told && n > 0 && n <= maxJump && first {
			asked.Right = block.Left
		}
	}
	return asked
}

// number gives a finding the number of its event. It is to be asked once the verdict is
// there; f is nil for a finding that is of no connection.
func (d *Diagnoser) number(f *flow, one *Finding) {
	if one.Verdict == Artefact {
		return
	}
	if a := &one.about; f != nil && a.known && f.ends[a.sender].near(a.bytes) {
		one.Event = d.eventOf(&f.ends[a.sender], a.bytes)
		return
	}
	d.events++
	one.Event = d.events
}

// near reports whether serial arithmetic can compare bytes with the events about the
// sender's.
func (e *end) near(bytes tcp.Range) bool {
	n := bytes.Left.Sub(e.next)
	return believable(bytes) && -maxJump <= n && n <= maxJump
}

// eventOf returns the number of the event about a sender's bytes, which is begun where
// there is none yet. An event becomes one about all that is said of it, as far as there is
// no other event about that.
func (d *Diagnoser) eventOf(e *end, bytes tcp.Range) int64 {
	at, _ := slices.BinarySearchFunc(e.events, bytes, func(v event, bytes tcp.Range) int {
		return cmp.Compare(0, bytes.Left.Sub(v.bytes.Right-1))
	})
	if at < len(e.events) && e.events[at].bytes.Overlaps(bytes) {
		e.extend(at, bytes)
		return e.events[at].number
	}
	d.events++
	e.events = slices.Insert(e.events, at, event{bytes, d.events})
	if d.held++; len(e.events) > maxEvents || d.held > maxEventsInAll {
		d.forgetEvent(e)
	}
	return d.events
}

// extend makes an event one about more bytes, up to the events on both sides.
func (e *end) extend(at int, bytes tcp.Range) {
	v := &e.events[at].bytes
	if bytes.Left.Less(v.Left) {
		v.Left = bytes.Left // the event before ends there, or before that
	}
	if at+1 < len(e.events) && e.events[at+1].bytes.Left.Less(bytes.Right) {
		bytes.Right = e.events[at+1].bytes.Left
	}
	if v.Right.Less(bytes.Right) {
		v.Right = bytes.Right
	}
}

// forgetEvent forgets the event about the sender's lowest bytes.
func (d *Diagnoser) forgetEvent(e *end) {
	e.events = slices.Delete(e.events, 0, 1)
	d.held--
}

// forgetEvents forgets all of a sender that is gone.
func (d *Diagnoser) forgetEvents(e *end) {
	d.held -= len(e.events)
	e.events = nil
}
