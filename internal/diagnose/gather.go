package diagnose

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

// gather looks back for what is known of a packet that goes back: the copy or
// the hole before it, and what its receiver said meanwhile.
func (m *moment) gather(c *pending) {
	c.hole, c.known = m.from.hole(c.bytes)
	c.last = m.from.next.AtMost(c.bytes.Right)
	c.before, c.recovering = m.from.recovery, m.recovering
	c.front, c.selects = m.to.acks && m.to.acked == c.bytes.Left, m.to.selects
	c.asksBefore = m.asksForEarlier(c.bytes.Left)
	c.unasked = c.asksBefore && m.f.withoutSACK()
	if m.to.acks && c.bytes.Right.AtMost(m.to.acked) {
		c.acked = -1 // which frame is found below
	}
	asks, blocks := shown{}, shown{}
	c.asker = nil
	next, goesOn := int64(0), false
	m.d.history.back(m.f, func(r *record) bool {
		if goesOn && next-r.Stamp > c.stall.lasting {
			c.stall = stall{r.Stamp, next - r.Stamp}
		}
		next, goesOn = r.Stamp, goesOn || r.Dir&1 == m.dir && r.Span() > 0 && !r.fills && !r.repeats
		if r.Dir&1 == m.dir {
			return m.gatherSent(c, r)
		}
		c.gatherSaid(r, &asks, &blocks)
		return true
	})
	c.asker = nil
	c.forgotten = !c.seen && !c.known && c.bytes.Right.AtMost(m.from.next)
	c.shown = blocks
	if !m.to.selects {
		c.shown = asks
		if c.seen && c.shown.times > 0 {
			c.shown.times-- // the first one acknowledged what stands before
		}
		c.denied = c.shown.times
	}
}

// asksForEarlier reports whether the receiver of what begins at a number asks for bytes
// before it that are missing still. Its sender sends those again first (RFC 6675, section
// 4), and without SACK nothing beyond until they are acknowledged (RFC 6582, section 3.2).
func (m *moment) asksForEarlier(left tcp.Seq) bool {
	if !m.to.acks {
		return false
	}
	missing, found := m.from.hole(tcp.Range{Left: m.to.acked, Right: m.to.acked + 1})
	return found && missing.taken == 0 && missing.bytes.Right.Less(left)
}

// gatherSent takes in an earlier packet of the sender; it returns false where
// looking farther back shows nothing.
func (m *moment) gatherSent(c *pending, r *record) bool {
	if r.Span() == 0 {
		return true
	}
	if c.silent == 0 {
		c.silent = max(1, c.seg.Stamp-r.Stamp)
		c.resending = r.repeats && !r.twin
	}
	if overlaps(r, &c.seg) {
		c.seen, c.copied = true, *r
		return datedBy(&r.Segment).compare(&c.seg) < 0 // was another sent before it?
	}
	if c.asker != nil && !r.repeats && c.asker.has(r) {
		c.passedOver = true
	}
	return !(c.known && r.Frame == c.hole.by.frame)
}

// gatherSaid takes in an earlier packet of the receiver.
func (c *pending) gatherSaid(r *record, asks, blocks *shown) {
	if c.refusedBy(&r.Segment) && c.refusal == 0 {
		c.refusal = r.Frame
	}
	if !r.HasAck() || r.twin {
		return
	}
	c.heard = true
	if c.bytes.Right.AtMost(r.Ack) || c.sacked(&r.Segment) && !r.DSACK() {
		c.acked, c.ackedAt, c.ackedEcho = r.Frame, r.Stamp, r.TSecr
		*asks, *blocks, c.denied = shown{}, shown{}, 0 // later ACKs that don't name it had no room
		return
	}
	if r.Ack == c.bytes.Left && c.asker == nil {
		c.asker = r
	}
	if r.Ack == c.bytes.Left && r.Span() == 0 {
		*asks = shown{asks.times + 1, r.Frame, r.Stamp, r.TSval}
	}
	for _, block := range r.SACK[:r.SACKs] {
		if c.bytes.Right.AtMost(block.Left) {
			*blocks = shown{blocks.times + 1, r.Frame, r.Stamp, r.TSval}
			if r.Ack == c.bytes.Left || r.SACKs < roomForSACKs(&r.Segment) {
				c.denied++ // else there may have been no room to name the bytes
			}
			return
		}
	}
}

// has reports whether a packet says that its sender has all of another one.
func (r *record) has(other *record) bool {
	bytes := tcp.Range{Left: other.Seq, Right: other.End()}
	return bytes.Right.AtMost(r.Ack) ||
		slices.ContainsFunc(r.SACK[:r.SACKs], func(block tcp.Range) bool { return block.Contains(bytes) })
}

// stall is a time in which nothing of a connection moved, and after which its sender
// went on with new data: from then on, nanoseconds.
type stall struct{ from, lasting int64 }

// roomForSACKs is how many blocks an option can hold, beside timestamps or alone
// (RFC 2018, section 3).
func roomForSACKs(s *tcp.Segment) uint8 {
	if s.HasTS {
		return 3
	}
	return 4
}
