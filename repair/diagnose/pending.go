package diagnose

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// pending is a packet whose flags wait for their verdict, with what is known of
// it. Frames are 0 where there is none.
type pending struct {
	// What each later packet of the connection is compared with comes first, so
	// that it lies together.
	bytes     tcp.Range
	dir       uint8
	lost      bool  // it opened a hole: bytes is the last one in it
	left      bool  // a law is violated here that could not be repaired
	more      bool  // its sender has sent more since
	byLater   bool  // the D-SACK came after later
	echoes    bool  // echo is there
	stamp     int64 // as repaired
	dsack     int64 // frame of the first D-SACK for its bytes
	later     int64 // frame of the first packet that bore bytes of it again
	covered   int64 // frame of the first ACK of all of it
	coveredAt int64
	repeated  int64  // frame of an ACK right after it that said nothing new
	answers   int    // how often its receiver has said something since
	echo      uint32 // TSecr of the first ACK of all of it
	asked     shown  // what the receiver says of a hole, until it has the bytes

	findings []Finding
	seg      tcp.Segment // Stamp as repaired, Frame in the input

	// Before it, of a packet that goes back.
	known  bool   // a hole is known that it fills, wholly or in part
	hole   hole   // then
	copied record // the latest packet that bore bytes of it
	seen   bool   // then
	// forgotten: there was one, too long ago or before the capture began.
	forgotten bool
	acked     int64 // frame that acknowledged or sacked all of it
	refusal   int64 // frame that refused it, a SYN
	shown     shown
	denied    int      // how many ACKs say that its receiver does not have it
	silent    int64    // ns since its sender's latest packet with data
	last      bool     // nothing beyond it had been sent
	before    recovery // of its sender
	heard     bool     // its receiver has said something since that packet
	front     bool     // its receiver asks for it next
	selects   bool     // its receiver has sent SACK blocks

	followers []*pending // whose hole it fills
}

// shown is what the receiver said of a hole while it was open.
type shown struct {
	times        int // ACKs that ask for its first byte, or have a SACK block beyond it
	frame, stamp int64
}

// pending begins a case of the packet at hand, in the place of one that is
// settled where there is one.
func (m *moment) pending() *pending {
	d, c := m.d, (*pending)(nil)
	if n := len(d.settled); n > 0 {
		c, d.settled = d.settled[n-1], d.settled[:n-1]
	} else {
		c = new(pending)
	}
	*c = pending{findings: c.findings[:0], followers: c.followers[:0],
		seg: *m.s, stamp: m.p.Stamp, dir: m.dir, left: m.p.Left, bytes: tcp.Range{Left: m.s.Seq, Right: m.s.End()}}
	c.seg.Stamp, c.seg.Frame = m.p.Stamp, m.p.Frame
	return c
}

// maxSettled is how many settled cases are kept for those to come.
const maxSettled = 1 << 9

// reuse keeps a settled case, which nothing may point to any more.
func (d *Diagnoser) reuse(c *pending) {
	if len(d.settled) < maxSettled {
		d.settled = append(d.settled, c)
	}
}

// await lets the case wait, and the ones with it whose hole the packet fills.
func (m *moment) await(c *pending) {
	if !c.lost {
		c.followers, m.f.filled = append(c.followers, m.f.filled...), nil
	}
	f, d := m.f, m.d
	most := maxWaitingFlow
	if f.watch <= 0 {
		most = watchPerPacket
	}
	for len(f.waiting) > 0 && (len(f.waiting) >= most || d.waiting >= maxWaiting) {
		d.givenUp.Waits++
		d.settle(f, 0)
	}
	f.waiting = append(f.waiting, c)
	if d.waiting++; d.waiting > maxWaiting {
		d.givenUp.Waits++
		d.settle(f, len(f.waiting)-1)
	}
}

// sight is a packet as the cases that wait look at it.
type sight struct {
	p     *Packet
	s     *tcp.Segment
	stamp int64
	bytes tcp.Range // its own; empty where it has none
	dir   uint8
	acks  bool
	says  bool // something new: it is no bare duplicate ACK
	told  bool // the first SACK block is a D-SACK
	twin  bool // it is a second copy of a packet that its sender sent once
	grace int64
}

func (m *moment) sight() sight {
	p, s := m.p, m.s
	return sight{
		p: p, s: s, stamp: p.Stamp, twin: m.original != nil, dir: s.Dir & 1, acks: s.HasAck(), told: s.DSACK(), bytes: tcp.Range{Left: s.Seq, Right: s.End()},
		says:  s.Span() > 0 || tcp.Analysis(p.Before|p.After)&tcp.DuplicateAck == 0,
		grace: max(leastGrace, 2*m.f.roundTrip()),
	}
}

// observe shows a packet to the cases that wait in its connection.
func (d *Diagnoser) observe(m *moment) {
	f := m.f
	f.watch -= len(f.waiting)
	d.steps += int64(len(f.waiting))
	at := m.sight()
	for i := 0; i < len(f.waiting); {
		c := f.waiting[i]
		switch done, filled := c.see(&at); {
		case filled:
			f.filled = append(f.filled, c)
			f.waiting = slices.Delete(f.waiting, i, i+1)
		case done:
			d.settle(f, i)
		default:
			i++
		}
	}
}

// settle ends waiting case i of the connection.
func (d *Diagnoser) settle(f *flow, i int) {
	c := f.waiting[i]
	if i == 0 { // as mostly: the others stay where they are
		f.waiting[0], f.waiting = nil, f.waiting[1:]
	} else {
		f.waiting = slices.Delete(f.waiting, i, i+1)
	}
	d.waiting--
	d.conclude(f, c)
}

// conclude says the verdict of a case, and of those that follow it.
func (d *Diagnoser) conclude(f *flow, c *pending) {
	s := c.sentence(f)
	if s.verdict == Loss {
		f.ends[c.dir].recovery = recovery{s.detail, c.seg.Stamp}
	}
	d.pronounce(f, c, s)
	d.waiting -= len(c.followers)
	for i, follower := range c.followers {
		d.pronounce(f, follower, s.of(follower, c))
		d.reuse(follower)
		c.followers[i] = nil
	}
	d.reuse(c)
}

// sentence is a verdict with what speaks for it.
type sentence struct {
	verdict Verdict
	detail  string
	because evidence
}

func (d *Diagnoser) pronounce(f *flow, c *pending, s sentence) {
	for i := range c.findings {
		one := &c.findings[i]
		one.Verdict, one.Detail, one.because = s.verdict, s.detail, s.because
		d.tell(f, one)
	}
}

// The bounds of waiting, nanoseconds.
const (
	leastGrace = int64(50e6)  // after the ACK of all bytes: a D-SACK can still come
	mostWait   = int64(120e9) // without any ACK
	recordedBy = int64(100e6) // by which a packet is recorded behind the ACK for it
)

// see takes in a later packet of the connection: whether that settles the case,
// and whether the packet fills the hole of a lost one.
func (c *pending) see(at *sight) (done, filled bool) {
	switch {
	case at.dir == c.dir:
		filled = c.seeSender(at)
	case at.acks:
		c.seeReceiver(at)
	case c.covered == 0 && c.refusedBy(at.s):
		c.covered, c.coveredAt = at.p.Frame, at.stamp
	}
	if c.covered == 0 {
		return at.stamp-c.stamp > mostWait, filled
	}
	grace := at.grace
	if c.lost {
		grace = recordedBy
	}
	return at.stamp-c.coveredAt > grace, filled
}

// seeSender looks for the bytes again.
func (c *pending) seeSender(at *sight) (filled bool) {
	if at.bytes.Left == at.bytes.Right {
		return false
	}
	c.more = true
	if !c.bytes.Left.Less(at.bytes.Right) || !at.bytes.Left.Less(c.bytes.Right) {
		return false
	}
	if c.later == 0 {
		c.later = at.p.Frame
	}
	return c.lost
}

// seeReceiver looks for what the receiver says of the bytes.
func (c *pending) seeReceiver(at *sight) {
	s, p := at.s, at.p
	if at.told && c.dsack == 0 && s.SACK[0].Overlaps(c.bytes) {
		c.dsack, c.byLater = p.Frame, c.later != 0
	}
	if !at.twin {
		if c.mayRepeat() && !at.says {
			c.repeated = p.Frame
		}
		c.answers++
	}
	if c.covered != 0 {
		return
	}
	if c.bytes.Right.AtMost(s.Ack) {
		c.covered, c.coveredAt, c.echo, c.echoes = p.Frame, p.Stamp, s.TSecr, s.HasTS
		return
	}
	if !c.lost {
		return
	}
	if c.sacked(s) {
		c.covered, c.coveredAt = p.Frame, p.Stamp
	} else if !at.twin && c.denies(s) {
		if c.asked.times++; c.asked.times == 1 {
			c.asked.frame, c.asked.stamp = p.Frame, p.Stamp
		}
	}
}

// mayRepeat: what the receiver says next answers the packet itself, and not the
// one that it is like.
func (c *pending) mayRepeat() bool {
	return !c.more && (c.answers == 0 && c.heard || c.answers == 1 && !c.heard)
}

// refusedBy: a closed port answers the packet, a SYN.
func (c *pending) refusedBy(s *tcp.Segment) bool {
	return c.seg.Bits&(tcp.SYN|tcp.ACK) == tcp.SYN && s.Dir&1 != c.dir && s.Refuses() && c.bytes.Left.Less(s.Ack) && s.Ack.AtMost(c.bytes.Right)
}

// denies reports whether an ACK says that its sender has what lies behind the
// hole, but not its last byte. Without SACK it says so of the first one only.
func (c *pending) denies(s *tcp.Segment) bool {
	if !s.Ack.AtMost(c.bytes.Left) {
		return false
	}
	for _, block := range s.SACK[:s.SACKs] {
		if c.bytes.Right.AtMost(block.Left) {
			return s.Ack == c.bytes.Left || s.SACKs < roomForSACKs(s)
		}
	}
	return false
}

// sacked reports whether a block holds all bytes.
func (c *pending) sacked(s *tcp.Segment) bool {
	for _, block := range s.SACK[:s.SACKs] {
		if block.Contains(c.bytes) {
			return true
		}
	}
	return false
}
