package tcp

// setBases notes the initial sequence numbers, or guesses them from the first
// segment of a capture that begins in mid-flow.
func (m *moment) setBases() {
	if !m.from.hasBase {
		m.from.base, m.from.hasBase = m.s.Seq-1, true
		if m.s.Bits&SYN != 0 {
			m.from.base = m.s.Seq
		}
	}
	if !m.to.hasBase && m.s.Bits&ACK != 0 {
		m.to.base, m.to.hasBase = m.s.Ack-1, true
	}
}

// countDuplicate counts a duplicate ACK; one after ackedUnseen is the first.
func (m *moment) countDuplicate() {
	if m.from.dupAcks == ackedUnseen {
		m.from.dupAcks = 0
	}
	m.from.dupAcks++
}

// openGap notes that unseen data of the peer was acknowledged, and reports
// whether it is news: a gap is told once.
func (m *moment) openGap() bool {
	if m.to.contiguous.Less(m.to.nextSeq) {
		m.to.contiguous = m.to.nextSeq
		return true
	}
	news := m.to.dupAcks == 0
	m.to.dupAcks = ackedUnseen
	return news
}

// remember takes the segment, flagged a, into the state of both ends.
func (m *moment) remember(a Analysis) {
	end := m.s.Seq.Add(m.s.Len)
	if m.s.Span() > 0 && m.from.unacked < maxUnacked {
		end = m.segmentEnd()
		m.from.unacked++
	}
	if a&ZeroWindowProbe == 0 {
		m.from.extend(m, end)
	}
	if m.s.Ack != m.from.lastAck {
		m.to.unacked = 0
	}
	m.from.window = uint32(m.s.Window)
	m.from.lastAck = m.s.Ack
	m.from.lastStamp = m.at
	m.from.last = a
}

// extend moves the highest and the contiguous end. Zero window probes move
// neither: the peer may not have taken the byte.
func (e *end) extend(m *moment, to Seq) {
	if e.nextSeq == 0 || e.nextSeq.Less(to) {
		e.nextSeq, e.highStamp = to, m.at
	}
	if e.contiguous == 0 || m.s.Seq == e.contiguous {
		e.contiguous = e.nextSeq
	}
}

// learnHandshake takes in what later segments are measured by: the initial
// round trip and the scale of windows.
func (m *moment) learnHandshake() {
	s := m.s
	switch s.Bits & (SYN | ACK) {
	case SYN:
		m.c.synStamp, m.c.sawSYN = m.at, true
	case ACK:
		if m.c.sawSYN && m.c.firstRTT == 0 {
			m.c.firstRTT = m.at - m.c.synStamp
		}
		m.from.handshake = false
	}
	if s.WindowShift >= 0 {
		m.from.shift = min(s.WindowShift, maxShift)
	}
	if s.Bits&SYN != 0 {
		m.from.handshake = true
		m.settleScaling()
	}
}

// settleScaling sees whether both SYNs carry the option: if not, windows are
// not scaled (RFC 7323, section 2.2).
func (m *moment) settleScaling() {
	switch {
	case m.from.shift == shiftUnknown:
		m.from.shift, m.to.shift = shiftUnused, shiftUnused
	case m.s.Bits&ACK != 0 && m.to.shift == shiftUnused:
		m.from.shift = shiftUnused
	}
}
