package tcp

// Values of end.shift that are no shift (Wireshark's -1 and -2).
const (
	shiftUnknown = -1 // no SYN of this end was seen
	shiftUnused  = -2 // the handshake agreed on no scaling
)

const (
	// maxShift is the largest shift that counts (RFC 7323, section 2.3).
	maxShift = 14
	// noWindow is the window of an end that was not seen yet.
	noWindow = 1<<32 - 1
	// ackedUnseen in end.dupAcks: an ACK of unseen data was flagged, and is
	// not again before this end repeats an ACK or sends a new one. As in
	// Wireshark it counts as many duplicate ACKs.
	ackedUnseen = 1<<32 - 1
	// maxUnacked is how many unacknowledged segments of an end Wireshark
	// remembers. A SYN or FIN beyond them takes no sequence number.
	maxUnacked = 10_000
)

// conversation is what is remembered of one connection: a pair of endpoints
// between two SYNs with different initial sequence numbers.
type conversation struct {
	ends [2]end // by Segment.Dir

	synStamp int64 // of the latest SYN without ACK
	firstRTT int64 // from that SYN to the first ACK after it, ns; 0 while unknown
	sawSYN   bool
	begun    bool
}

// end is what is remembered of one sender. As in Wireshark the sequence number
// 0 in nextSeq, contiguous and lastAck means "none yet": equal flags at the
// wrap need the same quirk.
type end struct {
	nextSeq    Seq // highest end of a segment
	contiguous Seq // end of what was seen without a hole
	lastAck    Seq // of the latest segment, not the highest
	base       Seq // initial sequence number, or a guess at it

	highStamp int64 // of the segment that set nextSeq
	lastStamp int64 // of the latest segment

	window  uint32 // of the latest segment, unscaled, or noWindow
	dupAcks uint32 // duplicate ACKs in a row, or ackedUnseen
	unacked uint32 // segments since the peer's ACK number moved last
	last    Analysis

	shift     int8 // of the window scale option, or a shift constant
	hasBase   bool
	handshake bool // no ACK without SYN since the SYN: windows are not scaled yet
}

// begin forgets all.
func (c *conversation) begin() {
	*c = conversation{begun: true}
	for i := range c.ends {
		c.ends[i].window = noWindow
		c.ends[i].shift = shiftUnknown
	}
}

// reuse takes in what a SYN says of the connection's identity: a new initial
// sequence number begins another one on the same ports, and in a SYN/ACK
// corrects this one. Both are flagged.
func (c *conversation) reuse(s *Segment) Analysis {
	e := &c.ends[s.Dir&1]
	switch {
	case s.Bits&SYN == 0 || !e.hasBase:
		return 0
	case s.Seq != e.base && s.Bits&ACK != 0:
		e.base = s.Seq
		return ReusedPorts
	case s.Seq != e.base:
		c.begin()
		return ReusedPorts
	case s.Bits&ACK == 0:
		// The same SYN again: an RST in between may have left nextSeq with a
		// number of its own.
		e.nextSeq = e.contiguous
	}
	return 0
}

// scaledWindow is the end's window in bytes, as far as the handshake was seen.
func (e *end) scaledWindow() uint32 {
	if e.handshake || e.shift < 0 {
		return e.window
	}
	return e.window << e.shift
}
