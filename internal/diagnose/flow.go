package diagnose

import (
	"github.com/mendcap/mendcap/internal/tcp"
)

// flow is what is remembered of one incarnation of a connection. What each
// packet needs lies together.
type flow struct {
	begun  bool
	proven bool // the direction that is unseen has packets all the same
	twice  bool // the capture has packets twice that the host sent once
	// nearest and farthest are the shortest and the longest time between those two,
	// nanoseconds.
	nearest, farthest int64
	// unseenSYN: it began with a SYN/ACK, after another connection.
	unseenSYN bool
	// renumbered: it began with a SYN/ACK for a SYN whose receiver had counted otherwise:
	// it had answered with another number, or with an ACK of another connection.
	renumbered bool
	opened     tcp.Side
	id         uint64
	latest     int64       // serial of the latest record in the history
	heardAt    int64       // when its latest packet came
	resumedAt  int64       // when the latest came before which it was silent for so long that timers ran out
	look       int         // how many records it may look at
	watch      int         // how often a packet may be shown to a case that waits
	tick       int64       // of the clock: so much more or less can have passed between two stamps
	waiting    []awaited   // oldest first
	filled     []*pending  // of the current packet: it fills what they miss
	ends       [2]end      // by Segment.Dir
	held       []Finding   // while one direction is unseen
	holesLost  bool        // more holes of it were open than are remembered
	hidden     undecidable // flags that can't be decided for its lack
	opening    Packet      // the first one, without its segment
}

// end is what is remembered of one sender.
type end struct {
	packets int64
	origin  tcp.Origin
	long    bool // it has sent so much that numbers can't be compared with the origin
	insists bool // it has sent its SYN again
	answers bool // it has sent a SYN/ACK
	sackOK  bool // it takes SACK
	selects bool // it has sent SACK blocks

	first  tcp.Seq // where it begins, as far as seen
	next   tcp.Seq // highest end seen, or acknowledged by the peer
	holes  []hole  // in its bytes, by sequence
	due    int     // of them taken, and not counted as missed yet
	events []event // about its bytes, by sequence
	side   side    // of what it sends

	counted    bool    // its bytes count among the acknowledged
	lastMissed tcp.Seq // end of the last hole that was counted

	acked  tcp.Seq // highest ACK number that it sent
	since  int64   // when it was first sent
	acks   bool
	echoed uint32 // its latest TSecr
	echoes bool

	sample   tcp.Seq // end of the segment whose ACK is timed
	sampleAt int64
	sampling bool
	shortest int64 // time until its data is acknowledged, at least, ns; 0 while unknown

	lastFrame int64 // of its latest packet, in the input
	lastAfter int64 // and in the output
	lastTime  int64
	recovery  recovery // the latest one
	turn      turn     // of what it sends again
	bareAt    int64    // when it last sent a packet without bytes, 0 for never
	resentAt  int64    // when it last sent a packet again bit for bit, 0 for never

	// unpaired are serials in the history, rising, of packets whose second copy is to
	// come.
	unpaired []int64
}

// recovery is how a sender found out that a segment was lost.
type recovery struct {
	detail string
	time   int64
}

// begin forgets all of an earlier connection.
func (f *flow) begin(p *Packet, tick int64) {
	first, second := f.ends[0].unpaired, f.ends[1].unpaired
	*f = flow{begun: true, id: p.Segment.Flow, tick: tick, opening: *p, look: firstLook, watch: firstLook}
	f.opening.Segment, f.opened = nil, p.Segment.Outbound
	f.ends[0].unpaired, f.ends[1].unpaired = first, second // copies can come after other connections have begun
}

// hear notes when a packet comes. In a silence of two round trips a timer can have
// sent again what was held up, without SACK in one of a retransmission timeout only (RFC
// 8985, section 7.2).
func (f *flow) hear(time int64) {
	silence := 2 * max(f.roundTrip(), unknownTrip)
	if f.withoutSACK() {
		silence = max(silence, leastRTO)
	}
	if time-f.heardAt >= silence {
		f.resumedAt = time
	}
	f.heardAt = time
}

// resumes reports whether a packet comes at the end of the latest silence, with all that
// was held up: within a quarter of a round trip.
func (f *flow) resumes(time int64) bool {
	return time-f.resumedAt < max(f.roundTrip(), unknownTrip)/4
}

// withoutSACK reports whether the two have agreed on no SACK.
func (f *flow) withoutSACK() bool {
	a, b := &f.ends[0], &f.ends[1]
	return a.origin.SYN && b.origin.SYN && !f.bothSACK()
}

// bothSACK reports whether the two have agreed on SACK.
func (f *flow) bothSACK() bool { return f.ends[0].sackOK && f.ends[1].sackOK }

// roundTrip is the shortest time there and back that the connection has shown,
// nanoseconds; 0 while unknown.
func (f *flow) roundTrip() int64 { return f.ends[0].shortest + f.ends[1].shortest }

// oneSided reports whether one direction was never seen although it has
// packets.
func (f *flow) oneSided() bool {
	return f.proven && (f.ends[0].packets == 0) != (f.ends[1].packets == 0)
}

// moment is a packet with the state of its connection before it.
type moment struct {
	d        *Diagnoser
	p        *Packet
	s        *tcp.Segment
	f        *flow
	dir      uint8
	from, to *end
	// original is an earlier packet of which this one is a second copy, nil
	// where it is none: its sender sent it once.
	original *record
	// recovering: its sender sent another packet again just before, by an eighth of a
	// round trip at most.
	recovering bool
	reversed   bool  // it came before its sender's packet before it
	fills      bool  // it comes into a hole
	repeats    bool  // it brings nothing that has not been seen
	askedAt    int64 // since when its receiver has asked for it next, 0 for not yet
	waits      bool  // it is flagged for that it goes back, and waits for its verdict
}

// beginAgain forgets the connection before on the same ports, but for the SYN that the
// packet answers, if its sender had other numbers alone.
func (m *moment) beginAgain(opening tcp.Opening) {
	unseen, asks := m.answersUnseen(), *m.to
	m.d.close(m.f)
	m.f.begin(m.p, m.d.Tick)
	if opening == tcp.Renumbers {
		m.f.renumbered = true
		*m.to = end{packets: asks.packets, origin: asks.origin, insists: asks.insists, sackOK: asks.sackOK,
			first: asks.origin.First + 1, next: asks.origin.First + 1, side: asks.side, unpaired: asks.unpaired,
			lastFrame: asks.lastFrame, lastAfter: asks.lastAfter, lastTime: asks.lastTime}
	} else {
		m.f.unseenSYN = unseen
	}
}

// learn takes the packet into the state.
func (m *moment) learn() {
	m.f.hear(m.p.Time)
	if m.goesBack() {
		_, m.fills = m.from.hole(m.s.Range())
		m.repeats = !m.fills
	}
	if m.fills || m.repeats {
		m.sendsAgain()
	}
	if m.to.acks && m.to.acked == m.s.Seq {
		m.askedAt = m.to.since
	}
	if m.s.Bits.Has(tcp.SYN) {
		m.from.insists = m.from.insists || m.from.origin == m.s.Origin() && m.original == nil
		m.from.answers = m.from.answers || m.s.Bits.Has(tcp.ACK)
		m.from.sackOK = m.s.SACKPermitted
	}
	if m.s.Bits.Has(tcp.SYN) || !m.from.origin.Begun && !m.s.Refuses() {
		m.from.origin = m.s.Origin()
	}
	m.from.side = sideOf(m.s.Outbound, false)
	if m.s.Len > 0 {
		m.d.loss.sizes[m.from.side].add(m.s.Len)
	}
	if m.to.due > 0 {
		m.to.countMissed(m, false)
	}
	if m.s.HasAck() || m.refuses() {
		m.proveOther()
		m.acknowledge()
		m.selected()
	}
	if m.s.Span() == 0 {
		m.from.bareAt = m.p.Time
	}
	if !m.s.Bits.Has(tcp.RST) {
		m.extend()
	}
	if m.from.packets++; m.from.packets == 1 { // what was held back while its direction was unseen
		for i := range m.f.held {
			m.d.hand(m.f, &m.f.held[i])
		}
		m.f.held = nil
	}
	m.from.lastFrame, m.from.lastAfter, m.from.lastTime = m.p.Frame, m.p.FrameAfter, m.p.Time
}

// refuses: a closed port answers the SYN of the other side.
func (m *moment) refuses() bool {
	return m.s.Refuses() && m.to.origin.SYN && m.to.origin.First.Less(m.s.Ack) && m.s.Ack.AtMost(m.to.next)
}

// proveOther notes what shows that the unseen direction has packets: an answer
// to a SYN, an ACK number or an echoed timestamp that moves.
func (m *moment) proveOther() {
	if m.to.packets == 0 && (m.from.origin.SYN && !m.s.Bits.Has(tcp.SYN) ||
		m.from.acks && m.from.acked != m.s.Ack ||
		m.from.echoes && m.s.HasTS && m.from.echoed != m.s.TSecr) {
		m.f.proven = true
	}
	if m.s.HasTS {
		m.from.echoed, m.from.echoes = m.s.TSecr, true
	}
}

// acknowledge takes in an ACK number.
func (m *moment) acknowledge() {
	ack := m.s.Ack
	if m.from.acks && ack.AtMost(m.from.acked) {
		return
	}
	if m.to.packets > 0 && ack.Sub(m.to.next) < maxJump {
		from := m.to.first
		if m.from.acks && from.Less(m.from.acked) {
			from = m.from.acked
		}
		if n := ack.Sub(from); n > 0 && n < maxJump {
			m.d.loss.acknowledged(m, int64(n))
		}
		m.to.take(m, tcp.Range{Left: ack - maxJump, Right: ack})
	}
	m.from.acked, m.from.acks, m.from.since = ack, true, m.p.Time
	if m.to.sampling && m.to.sample.AtMost(ack) {
		m.to.sampling = false
		m.to.answered(m.p.Time-m.to.sampleAt, m.s.Outbound == tcp.Out)
	}
}

// answered takes in how long it took until data was acknowledged. That both have one stamp
// tells of an answer of the host's own alone: after its reader stalled, a capture has all
// that had waited in one moment.
func (e *end) answered(took int64, here bool) {
	if here {
		took = max(1, took)
	}
	if took > 0 && (e.shortest == 0 || took < e.shortest) {
		e.shortest = took
	}
}

// selected takes in SACK blocks.
func (m *moment) selected() {
	if m.s.SACKs == 0 {
		return
	}
	m.from.selects = true
	if m.to.packets == 0 {
		return
	}
	for i, block := range m.s.SACK[:m.s.SACKs] {
		told := i == 0 && m.s.DSACK()
		if !told && m.s.Ack.Less(block.Left) && block.Left.Less(block.Right) && block.Right.Sub(m.to.next) < maxJump {
			m.to.take(m, block)
		}
	}
}

// extend takes in the sender's own numbers.
func (m *moment) extend() {
	e, s := m.from, m.s
	switch jump := s.Seq.Sub(e.next); {
	case e.packets == 0:
		e.first, e.next = s.Seq, s.Seq
	case jump > 0 && jump < maxJump:
		e.open(m, s.Seq, true)
	}
	bytes := s.Range()
	if !believable(bytes) {
		return // no bytes, or more than there can be
	}
	if s.Seq.Less(e.next) {
		if e.sampling && s.Seq.Less(e.sample) && m.original == nil {
			e.sampling = false // Karn: its ACK could be for either packet
		}
		e.fill(m, bytes)
	}
	if bytes.Right.Sub(e.next) > 0 {
		e.advance(m, bytes.Right)
		if !e.sampling {
			e.sample, e.sampleAt, e.sampling = e.next, m.p.Time, true
		}
	}
}
