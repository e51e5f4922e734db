package diagnose

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// pending is a packet whose flags wait for their verdict, with what is known of
// it. Frames are 0 where there is none.
type pending struct {
	findings []Finding
	seg      tcp.Segment // Stamp as repaired, Frame in the input
	dir      uint8
	left     bool // a law is violated here that could not be repaired
	lost     bool // it opened a hole: bytes is the last one in it
	bytes    tcp.Range

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

	// After it.
	dsack     int64 // frame of the first D-SACK for its bytes
	later     int64 // frame of the first packet that bore bytes of it again
	byLater   bool  // the D-SACK came behind that
	covered   int64 // frame of the first ACK of all of it
	coveredAt int64
	echo      uint32 // TSecr there
	echoes    bool
	repeated  int64 // frame of an ACK right after it that said nothing new
	answers   int   // how often its receiver has said something since
	more      bool  // its sender has sent more since
	asked     shown // what the receiver says of a hole, until it has the bytes

	followers []*pending // whose hole it fills
}

// shown is what the receiver said of a hole while it was open.
type shown struct {
	times        int // ACKs that ask for its first byte, or have a SACK block beyond it
	frame, stamp int64
}

// pending begins a case of the packet at hand.
func (m *moment) pending() *pending {
	c := &pending{seg: *m.s, dir: m.dir, left: m.p.Left, bytes: tcp.Range{Left: m.s.Seq, Right: m.s.End()}}
	c.seg.Stamp, c.seg.Frame = m.p.Stamp, m.p.Frame
	return c
}

// await lets the case wait, and the ones with it whose hole the packet fills.
func (m *moment) await(c *pending) {
	if !c.lost {
		c.followers, m.f.filled = append(c.followers, m.f.filled...), nil
	}
	f, d := m.f, m.d
	if len(f.waiting) > 0 && (len(f.waiting) >= maxWaitingFlow || d.waiting >= maxWaiting) {
		d.settle(f, 0)
	}
	f.waiting = append(f.waiting, c)
	if d.waiting++; d.waiting > maxWaiting {
		d.settle(f, len(f.waiting)-1)
	}
}

// observe shows a packet to the cases that wait in its connection.
func (d *Diagnoser) observe(m *moment) {
	f := m.f
	for i := 0; i < len(f.waiting); {
		c := f.waiting[i]
		switch done, filled := c.see(m); {
		case filled:
			f.filled = append(f.filled, c)
			f.waiting = slices.Delete(f.waiting, i, i+1)
			d.waiting--
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
	f.waiting = slices.Delete(f.waiting, i, i+1)
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
	for _, follower := range c.followers {
		d.pronounce(f, follower, s.of(follower, c))
	}
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
func (c *pending) see(m *moment) (done, filled bool) {
	p, s := m.p, m.s
	switch {
	case s.Dir&1 == c.dir:
		filled = c.seeSender(p, s)
	case s.HasAck():
		c.seeReceiver(m)
	case c.covered == 0 && c.refusedBy(s):
		c.covered, c.coveredAt = p.Frame, p.Stamp
	}
	waited := p.Stamp - c.seg.Stamp
	if c.covered != 0 {
		grace := max(leastGrace, 2*m.f.roundTrip())
		if c.lost {
			grace = recordedBy
		}
		return p.Stamp-c.coveredAt > grace, filled
	}
	return waited > mostWait, filled
}

// seeSender looks for the bytes again.
func (c *pending) seeSender(p *Packet, s *tcp.Segment) (filled bool) {
	c.more = c.more || s.Span() > 0
	if s.Span() == 0 || !(tcp.Range{Left: s.Seq, Right: s.End()}).Overlaps(c.bytes) {
		return false
	}
	if c.later == 0 {
		c.later = p.Frame
	}
	return c.lost
}

// seeReceiver looks for what the receiver says of the bytes.
func (c *pending) seeReceiver(m *moment) {
	p, s := m.p, m.s
	if s.SACKs > 0 && c.dsack == 0 && s.DSACK() && s.SACK[0].Overlaps(c.bytes) {
		c.dsack, c.byLater = p.Frame, c.later != 0
	}
	if m.original == nil {
		if c.mayRepeat() && s.Span() == 0 && tcp.Analysis(p.Before|p.After)&tcp.DuplicateAck != 0 {
			c.repeated = p.Frame
		}
		c.answers++
	}
	if c.covered == 0 && c.bytes.Right.AtMost(s.Ack) {
		c.covered, c.coveredAt, c.echo, c.echoes = p.Frame, p.Stamp, s.TSecr, s.HasTS
	}
	if !c.lost || c.covered != 0 {
		return
	}
	if c.sacked(s) {
		c.covered, c.coveredAt = p.Frame, p.Stamp
	} else if m.original == nil && c.denies(s) {
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
