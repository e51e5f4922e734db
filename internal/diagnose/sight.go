package diagnose

import "github.com/mendcap/mendcap/internal/tcp"

// The bounds of waiting, nanoseconds.
const (
	leastGrace = int64(50e6)  // after the ACK of all bytes: a D-SACK can still come
	mostWait   = int64(120e9) // without any ACK
	recordedBy = int64(100e6) // by which a packet is recorded after the ACK for it
)

// stage is how far a case that waits has come.
type stage uint8

const (
	bySecond  stage = 1 << iota // its sender is that of direction 1
	isFresh                     // what its receiver says next may answer the packet itself
	isTold                      // a D-SACK has told of its bytes
	isCovered                   // all of them are acknowledged, or refused
	isLost                      // it opened a hole
)

// stages is a set of stages, a bit for each.
type stages uint32

// The sets of those that have one of the bits.
const (
	allBySecond stages = 0xAAAAAAAA
	allFresh    stages = 0xCCCCCCCC
	allTold     stages = 0xF0F0F0F0
	allCovered  stages = 0xFF00FF00
	allLost     stages = 0xFFFF0000
)

// sight is a packet as the cases that wait look at it.
type sight struct {
	p     *Packet
	s     *tcp.Segment
	time  int64
	bytes tcp.Range // its own; empty where it has none
	bears bool      // it has some
	says  bool      // something new: it is no bare duplicate ACK
	told  bool      // the first SACK block is a D-SACK
	twin  bool      // it is a second copy of a packet that its sender sent once
	after bool      // it has no bytes, and begins after some that were never seen
	ack   tcp.Seq   // its ACK number

	// It can tell something of cases in these stages: in any case, where it acknowledges
	// their bytes, where it bears some of them, and where it tells of them by a D-SACK.
	all, acked, borne, copied stages
	// until is when a case begins to wait that waits no longer, by its two last bits, and
	// latest the latest of these times, nanoseconds.
	until  [4]int64
	latest int64
}

// sight fills at, which is zero.
func (m *moment) sight(at *sight) {
	p, s, span := m.p, m.s, m.s.Span()
	at.p, at.s, at.time, at.twin, at.told, at.ack = p, s, p.Time, m.original != nil, s.DSACK(), s.Ack
	at.bytes.Left, at.bytes.Right, at.bears = s.Seq, s.Seq.Add(span), span != 0
	at.after = span == 0 && m.from.packets > 0 && m.from.next.Less(s.Seq)
	at.says = span > 0 || (p.Before|p.After)&tcp.DuplicateAck == 0
	own := allBySecond
	if m.dir == 0 {
		own = ^own
	}
	if at.bears {
		at.all, at.borne = own&allFresh, own
	}
	switch peers := ^own; {
	case s.HasAck():
		at.all, at.acked = at.all|peers&allFresh, peers&^allCovered
		if s.SACKs > 0 {
			at.all |= peers & allLost &^ allCovered
		}
		if at.told {
			at.copied = peers &^ allTold
		}
	case s.Refuses():
		at.all |= peers &^ allCovered
	}
	grace := max(leastGrace, 2*m.f.roundTrip())
	at.until[0], at.until[1], at.until[2], at.until[3] = at.time-mostWait, at.time-grace, at.time-mostWait, at.time-recordedBy
	at.latest = max(at.until[0], at.until[1], at.until[3])
}

// expired reports whether the case has waited for long enough.
func (at *sight) expired(w *awaited) bool {
	return w.since < at.latest && w.since < at.until[w.stage/isCovered&3]
}

// next finds the first case from one on of which the packet can tell something, or
// that waits no longer; the length of the list where there is none. A hostile capture
// has dozens wait for each packet.
func (at *sight) next(list []awaited, from int) int {
	all, acked, borne, copied := at.all, at.acked, at.borne, at.copied
	ack, bytes, latest := at.ack, at.bytes, at.latest
	for i := from; i < len(list); i++ {
		w := &list[i]
		stage := stages(1) << (w.stage & 31)
		if all&stage != 0 || acked&stage != 0 && w.bytes.Right.AtMost(ack) || borne&stage != 0 && w.bytes.Overlaps(bytes) ||
			copied&stage != 0 && w.bytes.Overlaps(at.s.SACK[0]) || w.since < latest && at.expired(w) {
			return i
		}
	}
	return len(list)
}
