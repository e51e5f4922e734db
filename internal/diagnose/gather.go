package diagnose

import "github.com/mendcap/mendcap/internal/tcp"

// gather looks back for what is known of a packet that goes back: the copy or
// the hole before it, and what its receiver said meanwhile.
func (m *moment) gather(c *pending) {
	c.hole, c.known = m.from.hole(c.bytes)
	c.last = m.from.next.AtMost(c.bytes.Right)
	c.before, c.recovering = m.from.recovery, m.recovering
	c.front, c.selects = m.to.acks && m.to.acked == c.bytes.Left, m.to.selects
	c.asksBefore = m.asksForEarlier(c.bytes.Left)
	c.unasked = c.asksBefore && m.f.withoutSACK()
	late := m.s.Bits.Has(tcp.SYN) && !m.from.origin.SYN // it was said first, and never seen before
	if !late && m.to.acks && c.bytes.Right.AtMost(m.to.acked) {
		c.acked = -1 // which frame is found below
	}
	asks, blocks := m.lookBack(c)
	c.forgotten = !late && !c.seen && !c.known && c.bytes.Right.AtMost(m.from.next)
	c.shown = blocks
	if !m.to.selects {
		c.shown = asks
		if c.seen && c.shown.times > 0 {
			c.shown.times-- // the first one acknowledged what comes before
		}
		c.denied = c.shown.times
	}
}

// lookBack goes through the packets before, from the latest one back, as far as they
// can show something. It returns the ACKs that ask for the case's bytes, and those that
// have SACK blocks beyond them. A hostile capture has it look at dozens of packets for
// each: what most of them don't show is asked here, and first.
func (m *moment) lookBack(c *pending) (asks, blocks shown) {
	left, right := c.bytes.Left, c.bytes.Right
	opens := c.seg.Bits&(tcp.SYN|tcp.ACK) == tcp.SYN
	var asker *record // the latest packet of its receiver that asks for it next
	next, goesOn := int64(0), false
	for r := range m.d.history.back(m.f) {
		if goesOn && next-r.time > c.stall.lasting {
			c.stall = stall{r.time, next - r.time}
		}
		next = r.time
		if r.Dir&1 != m.dir {
			if opens && c.refusal == 0 && c.refusedBy(&r.Segment) {
				c.refusal = r.Frame
			}
			if !r.HasAck() || r.twin {
				continue
			}
			c.heard = true
			switch {
			case right.AtMost(r.Ack) || r.SACKs > 0 && c.sacked(&r.Segment) && !r.DSACK():
				c.acked, c.ackedAt, c.ackedEcho = r.Frame, r.time, r.TSecr
				asks, blocks, c.denied = shown{}, shown{}, 0 // later ACKs that don't name it had no room
				continue
			case r.Ack == left:
				if asker == nil {
					asker = r
				}
				if r.Span() == 0 {
					asks.add(r)
				}
			}
			if r.SACKs > 0 && c.gatherBlocks(r) {
				blocks.add(r)
			}
			continue
		}
		if r.Span() == 0 {
			continue
		}
		goesOn = goesOn || !r.fills && !r.repeats
		if c.silent == 0 {
			c.silent, c.resending = max(1, c.time-r.time), r.repeats && !r.twin
		}
		if r.Seq.Less(right) && left.Less(r.End()) {
			c.seen, c.copied = true, *r
			if datedBy(&r.Segment).compare(&c.seg) >= 0 {
				break // no other was sent before it
			}
			continue
		}
		if asker != nil && !c.passedOver && !r.repeats && asker.has(r) {
			c.passedOver = true
		}
		if c.known && r.Frame == c.hole.by.frame {
			break
		}
	}
	return asks, blocks
}

// gatherBlocks reports whether an earlier packet of the receiver has a SACK block
// beyond the bytes.
func (c *pending) gatherBlocks(r *record) bool {
	for i := range r.SACKs {
		if c.bytes.Right.AtMost(r.SACK[i].Left) {
			if r.Ack == c.bytes.Left || r.SACKs < roomForSACKs(&r.Segment) {
				c.denied++ // else there may have been no room to name the bytes
			}
			return true
		}
	}
	return false
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

// has reports whether a packet says that its sender has all of another one.
func (r *record) has(other *record) bool {
	bytes := other.Range()
	return bytes.Right.AtMost(r.Ack) || selects(&r.Segment, bytes)
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
