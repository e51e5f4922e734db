package diagnose

import (
	"slices"
	"sync"

	"github.com/mendcap/mendcap/internal/tcp"
)

// pending is a packet whose flags wait for their verdict, with what is known of
// it. Frames are 0 where there is none.
type pending struct {
	bytes    tcp.Range
	dir      uint8
	lost     bool // it opened a hole: bytes is the last one in it
	left     bool // a law is violated here that could not be repaired
	reversed bool // it came before its sender's packet before it
	strays   bool // before and after it its sender sends again what lies elsewhere, in turn
	byLater  bool // the D-SACK came after later
	// laterSent compares when later was sent: -1 before this packet, 1 after it, or
	// it is a copy of this one, 0 unknown.
	laterSent int
	echoes    bool  // echo is there
	answered  bool  // the first ACK of all of it has no bytes, and begins after some that were never seen
	dsack     int64 // frame of the first D-SACK for its bytes
	dsackAt   int64 // when that came
	later     int64 // frame of the first packet that bore bytes of it again
	covered   int64 // frame of the first ACK of all of it
	coveredAt int64
	repeated  int64  // frame of an ACK right after it that said nothing new
	answers   int    // how often its receiver has said something since, while that matters
	echo      uint32 // TSecr of the first ACK of all of it
	asked     shown  // what the receiver says of a hole, until it has the bytes

	findings []Finding
	seg      tcp.Segment // Stamp as recorded
	time     int64       // as repaired, nanoseconds

	// Before it, of a packet that goes back.
	known  bool   // a hole is known that it fills, wholly or in part
	hole   hole   // then
	copied record // the latest packet that bore bytes of it
	seen   bool   // then
	// forgotten: there was one, too long ago or before the capture began.
	forgotten  bool
	acked      int64  // frame that acknowledged or sacked all of it
	ackedAt    int64  // then
	ackedEcho  uint32 // its TSecr
	refusal    int64  // frame that refused it, a SYN
	shown      shown
	denied     int      // how many ACKs say that its receiver does not have it
	passedOver bool     // its receiver had taken later packets than the copy before it, and asked for it
	stall      stall    // while it was missing
	silent     int64    // ns since its sender's latest packet with data
	resending  bool     // its sender's latest packet with data brought nothing new
	last       bool     // nothing beyond it had been sent
	recovering bool     // its sender sent something else again just before
	before     recovery // of its sender
	heard      bool     // its receiver has said something since that packet
	front      bool     // its receiver asks for it next
	selects    bool     // its receiver has sent SACK blocks
	asksBefore bool     // its receiver lacks what it asks for, and that lies before
	unasked    bool     // as asksBefore, of a receiver that has no SACK

	followers []*pending // whose hole it fills
}

// shown is what the receiver said of a hole while it was open.
type shown struct {
	times       int // ACKs that ask for its first byte, or have a SACK block beyond it
	frame, time int64
	tsval       uint32 // of the first
}

// add takes in an ACK that came before those that it has.
func (s *shown) add(earlier *record) {
	*s = shown{s.times + 1, earlier.Frame, earlier.time, earlier.TSval}
}

// cases are those that have their verdict, to be used again: nothing may point to them.
var cases = sync.Pool{New: func() any { return new(pending) }}

// pending begins a case of the current packet.
func (m *moment) pending() *pending {
	c := cases.Get().(*pending)
	*c = pending{findings: c.findings[:0], followers: c.followers[:0],
		seg: *m.s, dir: m.dir, left: m.p.Left, reversed: m.reversed, bytes: m.s.Range()}
	c.time, c.seg.Frame = m.p.Time, m.p.Frame
	return c
}

// concludeFirst concludes the oldest case of the connection.
func (d *Diagnoser) concludeFirst(f *flow) {
	c := f.waiting[0].pending
	f.waiting[0].pending = nil
	f.waiting = f.waiting[1:]
	d.conclude(f, c)
}

// conclude says the verdict of a case of the connection that waits no longer, and of those
// that follow it.
func (d *Diagnoser) conclude(f *flow, c *pending) {
	d.waiting--
	fates := &d.fates[sideOf(c.seg.Outbound, false)]
	s := c.sentence(f, fates, d.Drops)
	if s.Verdict == Loss {
		f.ends[c.dir].recovery = recovery{s.Detail, c.time}
	}
	if !c.lost {
		fates[s.Verdict]++
	}
	d.tellAll(f, c, s)
	d.waiting -= len(c.followers)
	for i, follower := range c.followers {
		d.tellAll(f, follower, s.of(follower, c))
		cases.Put(follower)
		c.followers[i] = nil
	}
	cases.Put(c)
}

func (d *Diagnoser) tellAll(f *flow, c *pending, s sentence) {
	for i := range c.findings {
		c.findings[i].sentence = s
		d.tell(f, &c.findings[i])
	}
}

// refusedBy: a closed port answers the packet, a SYN.
func (c *pending) refusedBy(s *tcp.Segment) bool {
	return c.seg.Bits&(tcp.SYN|tcp.ACK) == tcp.SYN && s.Dir&1 != c.dir && s.Refuses() && c.bytes.Left.Less(s.Ack) && s.Ack.AtMost(c.bytes.Right)
}

// denies reports whether an ACK says that its sender has what lies after the
// hole, but not its last byte. Without SACK it says so of the first one only.
func (c *pending) denies(s *tcp.Segment) bool {
	if !s.Ack.AtMost(c.bytes.Left) {
		return false
	}
	for _, block := range s.SACK[:s.SACKs] {
		if c.bytes.Right == block.Left || block.Right == c.bytes.Left {
			return true // a block ends where something is missing (RFC 2018, section 3)
		}
		if c.bytes.Right.AtMost(block.Left) && (s.Ack == c.bytes.Left || s.SACKs < roomForSACKs(s)) {
			return true
		}
	}
	return false
}

// sacked reports whether a block holds all bytes.
func (c *pending) sacked(s *tcp.Segment) bool { return selects(s, c.bytes) }

func selects(s *tcp.Segment, bytes tcp.Range) bool {
	return slices.ContainsFunc(s.SACK[:s.SACKs], func(block tcp.Range) bool { return block.Contains(bytes) })
}
