package tcp

const (
	// fastWindow is how soon after the peer's latest segment a fast
	// retransmission comes, nanoseconds.
	fastWindow = 20_000_000
	// reorderWindow is how soon after the highest segment one counts as out of
	// order while the initial round trip is unknown, nanoseconds.
	reorderWindow = 3_000_000
	// fastDupAcks is how many duplicate ACKs a fast retransmission needs; one
	// of the three of RFC 5681 may be missing in the capture.
	fastDupAcks = 2
)

// moment is a segment with the state of its conversation before it: all that a
// flag depends on. Each predicate is one flag's rule.
type moment struct {
	s        *Segment
	at       int64 // its time, nanoseconds
	c        *conversation
	from, to *end // the segment's sender and its peer
}

// flags says what the segment is, and keeps the counts of duplicate ACKs.
func (m *moment) flags() Analysis {
	a := m.windowFlags()
	if a&DuplicateAck != 0 {
		m.countDuplicate()
	}
	if m.s.Ack != m.from.lastAck {
		m.from.dupAcks = 0
	}
	if m.acksUnseen() && m.openGap() {
		a |= AckLostSegment
	}
	if a&KeepAlive == 0 {
		a |= m.repetition()
	}
	return a | when(m.isDuplicateSACK(), DuplicateSACK)
}

// when is the flag if so, else none.
func when(so bool, flag Analysis) Analysis {
	if so {
		return flag
	}
	return 0
}

// windowFlags are the flags that hang on windows and on what comes next. A
// probe has no other, and an answer to a keep-alive or probe is no duplicate.
func (m *moment) windowFlags() (a Analysis) {
	if m.isZeroWindowProbe() {
		return ZeroWindowProbe
	}
	a = when(m.isZeroWindow(), ZeroWindow) | when(m.isLost(), LostSegment) | when(m.isKeepAlive(), KeepAlive) |
		when(m.isWindowFull(), WindowFull)
	switch {
	case !m.repeatsAck():
	case m.isWindowUpdate():
		a |= WindowUpdate
	case m.isKeepAliveAck():
		a |= KeepAliveAck
	case m.isZeroWindowProbeAck():
		a |= ZeroWindowProbeAck
	case m.isDuplicateAck():
		a |= DuplicateAck
	}
	return a
}

// control reports whether a SYN, FIN or RST is set, which most rules exclude.
func (m *moment) control() bool { return m.s.Bits&(SYN|FIN|RST) != 0 }

// isZeroWindowProbe: one new byte although the peer's window is closed.
func (m *moment) isZeroWindowProbe() bool {
	return m.s.Len == 1 && m.s.Seq == m.from.nextSeq && m.to.window == 0
}

// isZeroWindow: the sender's window is closed.
func (m *moment) isZeroWindow() bool { return m.s.Window == 0 && !m.control() }

// isLost: it begins beyond all that was seen.
func (m *moment) isLost() bool {
	return m.from.nextSeq != 0 && m.from.nextSeq.Less(m.s.Seq) && m.s.Bits&RST == 0
}

// isKeepAlive: at most one byte, the last one that was sent already
// (RFC 9293, section 3.8.4).
func (m *moment) isKeepAlive() bool {
	return m.s.Len <= 1 && m.s.Seq == m.from.nextSeq-1 && !m.control()
}

// repeatsAck: no payload, in sequence, the same ACK number again. It is such segments
// alone that isWindowUpdate, isKeepAliveAck, isZeroWindowProbeAck and isDuplicateAck tell
// apart.
func (m *moment) repeatsAck() bool {
	return m.s.Len == 0 && m.s.Seq == m.from.nextSeq && m.s.Ack == m.from.lastAck && !m.control()
}

// sameWindow: the window field is as in the sender's latest segment.
func (m *moment) sameWindow() bool { return uint32(m.s.Window) == m.from.window }

// isWindowUpdate: nothing is new but the window, and it is open.
func (m *moment) isWindowUpdate() bool {
	return m.s.Window != 0 && !m.sameWindow()
}

// isWindowFull: payload up to the very edge of the peer's window, as far as
// that is known.
func (m *moment) isWindowFull() bool {
	if m.s.Len == 0 || m.to.shift == shiftUnknown || m.control() {
		return false
	}
	return m.s.Seq.Add(m.s.Len) == m.to.lastAck.Add(m.to.scaledWindow())
}

// isKeepAliveAck: a repeated ACK right after the peer's keep-alive.
func (m *moment) isKeepAliveAck() bool {
	return m.isDuplicateAck() && m.to.last&KeepAlive != 0
}

// isZeroWindowProbeAck: a repeated ACK that keeps the window closed, right
// after the peer's probe.
func (m *moment) isZeroWindowProbeAck() bool {
	return m.s.Window == 0 && m.sameWindow() && m.to.last&ZeroWindowProbe != 0
}

// isDuplicateAck: nothing is new, not even the window, and that is open.
func (m *moment) isDuplicateAck() bool {
	return m.s.Window != 0 && m.sameWindow()
}

// isDuplicateSACK: the first SACK block lies at or below the ACK number, or
// ends inside the second one. RFC 2883 asks for the whole block inside, which
// Segment.DSACK does; no stack sends what lies between the two.
func (m *moment) isDuplicateSACK() bool {
	if m.s.SACKs == 0 {
		return false
	}
	first, second := m.s.SACK[0], m.s.SACK[1]
	return first.Right.AtMost(m.s.Ack) ||
		m.s.SACKs > 1 && second.Left.Less(first.Right) && first.Right.AtMost(second.Right)
}

// acksUnseen: it acknowledges beyond what was seen without a hole.
func (m *moment) acksUnseen() bool {
	return m.to.contiguous != 0 && m.to.contiguous.Less(m.s.Ack) && m.s.Bits&ACK != 0
}

// isSpurious: all of its payload was acknowledged before.
func (m *moment) isSpurious() bool {
	return m.s.Len > 0 && m.to.lastAck != 0 && m.s.Seq.Add(m.s.Len).AtMost(m.to.lastAck)
}

// goesBack: it begins before the highest end. Payload from the last byte on is
// new data after a zero window probe, which did not move nextSeq.
func (m *moment) goesBack() bool {
	if m.s.Len > 1 && m.s.Seq == m.from.nextSeq-1 {
		return false
	}
	return m.from.nextSeq != 0 && m.s.Seq.Less(m.from.nextSeq)
}

// repetition tells apart the segments with payload, SYN or FIN that do not
// begin anew. Fast and spurious retransmissions are retransmissions too.
func (m *moment) repetition() Analysis {
	switch {
	case m.s.Span() == 0:
		return 0
	case m.isSpurious():
		return SpuriousRetransmission | Retransmission
	case !m.goesBack():
		return 0
	case m.isFast():
		return FastRetransmission | Retransmission
	case m.isOutOfOrder():
		return OutOfOrder
	}
	return Retransmission
}

// isFast: right after the peer's latest segment, after its duplicate ACKs, and
// with what they ask for. SACK blocks have no say in 4.0. A backward stamp is
// a huge difference.
func (m *moment) isFast() bool {
	return m.to.dupAcks >= fastDupAcks && m.to.lastAck == m.s.Seq &&
		uint64(m.at-m.to.lastStamp) < fastWindow
}

// isOutOfOrder: soon after the highest segment, and it ends elsewhere. A
// backward stamp is a huge difference here too, and so is a negative round
// trip.
func (m *moment) isOutOfOrder() bool {
	limit := uint64(reorderWindow)
	if m.c.firstRTT != 0 {
		limit = uint64(m.c.firstRTT)
	}
	return uint64(m.at-m.from.highStamp) < limit && m.segmentEnd() != m.from.nextSeq
}

// segmentEnd is the end as Wireshark counts it: SYN and FIN in one segment are
// one number.
func (m *moment) segmentEnd() Seq {
	end := m.s.Seq.Add(m.s.Len)
	if m.s.Bits&(SYN|FIN) != 0 {
		end++
	}
	return end
}
