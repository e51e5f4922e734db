package diagnose

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

const (
	// maxHoles is how many holes of one sender are remembered, and maxHolesInAll
	// how many of all senders together; beyond, a sender's lowest is forgotten.
	// Whatever is done with a packet's bytes takes at most so many steps.
	maxHoles      = 64
	maxHolesInAll = 1 << 16
	// maxJump is the longest hole that is believed in, and how far back one is
	// remembered: numbers farther off are nonsense, or another connection's.
	// Within it serial arithmetic orders all holes of a sender.
	maxJump = 1 << 30
)

// hole is a range of a sender's bytes that was not seen.
type hole struct {
	bytes tcp.Range
	by    opener
	// taken is the frame whose ACK or SACK covers it, 0 for none: its receiver
	// has the bytes.
	taken   int64
	takenAt int64
	due     bool // taken, and not counted as missed yet
}

// opener is the packet that began beyond a hole; Frame is 0 where the hole is
// known by an acknowledgement alone.
type opener struct {
	frame, time   int64
	after, before int64 // frames in the output: its own, and its sender's last one before it
	left          int64 // when that was
	sent          sent
}

// believable reports whether a range of sequence numbers can be what a packet
// says it is.
func believable(bytes tcp.Range) bool {
	n := bytes.Right.Sub(bytes.Left)
	return n > 0 && n <= maxJump
}

// open notes a hole up to a number, by the current packet: own says that it is the
// sender's, and begins there.
func (e *end) open(m *moment, to tcp.Seq, own bool) {
	by := opener{time: m.p.Time, after: m.p.FrameAfter, before: e.lastAfter, left: e.lastTime}
	if own {
		by.frame, by.sent = m.p.Frame, datedBy(m.s)
	}
	h := hole{bytes: tcp.Range{Left: e.next, Right: to}, by: by}
	e.advance(m, to)
	e.insert(m, len(e.holes), h)
}

// advance moves the highest end seen forward to a number, and forgets the holes
// and events that lie too far back then.
func (e *end) advance(m *moment, to tcp.Seq) {
	e.next = to
	e.long = e.long || uint32(to-e.origin.First) > maxJump
	for len(e.holes) > 0 && uint32(to-e.holes[0].bytes.Left) > maxJump {
		e.forget(m)
	}
	for len(e.events) > 0 && to.Sub(e.events[0].bytes.Left) > maxJump {
		m.d.forgetEvent(e)
	}
}

// insert adds a hole at a place among the others, which are in order of
// sequence. The lowest of all is forgotten if there are too many.
func (e *end) insert(m *moment, at int, h hole) {
	e.holes = slices.Insert(e.holes, at, h)
	m.d.holes++
	if len(e.holes) > maxHoles || m.d.holes > maxHolesInAll {
		e.forget(m)
		if !m.f.holesLost {
			m.f.holesLost = true
			m.d.givenUp.Holes++
		}
	}
}

// forget forgets the lowest hole. If its receiver has the bytes, they were missed.
func (e *end) forget(m *moment) {
	e.count(m, 0)
	e.remove(m.d, 0)
}

// remove takes hole i out. What a burst of holes has taken up is given back.
func (e *end) remove(d *Diagnoser, i int) {
	e.holes = slices.Delete(e.holes, i, i+1)
	d.holes--
	if n := len(e.holes); n < cap(e.holes)/4 && cap(e.holes) > fewHoles {
		e.holes = append(make([]hole, 0, max(2*n, fewHoles)), e.holes...)
	}
}

// fewHoles is for how many holes the room is kept.
const fewHoles = 8

// take notes that the receiver has these bytes, by the current packet.
func (e *end) take(m *moment, bytes tcp.Range) {
	if !believable(bytes) {
		return
	}
	if bytes.Right.Sub(e.next) > 0 {
		e.open(m, bytes.Right, false)
	}
	e.cut(m, bytes.Left, true)
	e.cut(m, bytes.Right, true)
	for i := range e.holes {
		if h := &e.holes[i]; h.taken == 0 && h.bytes.Overlaps(bytes) {
			h.taken, h.takenAt, h.due = m.p.Frame, m.p.Time, true
			e.due++
		}
	}
}

// cut makes two of the hole that lies on both sides of a number; untaken is to
// leave it whole if its receiver has the bytes.
func (e *end) cut(m *moment, at tcp.Seq, untaken bool) {
	for i := range e.holes {
		h := &e.holes[i]
		if !h.bytes.Left.Less(at) || !at.Less(h.bytes.Right) {
			continue
		}
		if untaken && h.taken != 0 {
			return
		}
		if h.due {
			e.due++
		}
		lower := *h
		lower.bytes.Right, h.bytes.Left = at, at
		e.insert(m, i, lower)
		return
	}
}

// fill takes bytes that are seen now out of the holes. Those that were
// acknowledged just before were recorded late, not missed.
func (e *end) fill(m *moment, bytes tcp.Range) {
	if len(e.holes) == 0 {
		return
	}
	e.cut(m, bytes.Left, false)
	e.cut(m, bytes.Right, false)
	for i := 0; i < len(e.holes); {
		h := &e.holes[i]
		if !h.bytes.Overlaps(bytes) {
			i++
			continue
		}
		if h.due && m.p.Time-h.takenAt <= recordedLate {
			h.due = false
			e.due--
		}
		e.count(m, i)
		e.remove(m.d, i)
	}
}

// hole finds the first hole that bytes touch.
func (e *end) hole(bytes tcp.Range) (hole, bool) {
	for i := range e.holes {
		if e.holes[i].bytes.Overlaps(bytes) {
			return e.holes[i], true
		}
	}
	return hole{}, false
}

// recordedLate is by how much data can be recorded after its acknowledgement,
// nanoseconds, where that could not be repaired.
const recordedLate = int64(5e6)

// count counts hole i as missed, if that is due.
func (e *end) count(m *moment, i int) {
	if h := &e.holes[i]; h.due {
		h.due = false
		e.due--
		m.d.loss.missed(m, e, h)
	}
}

// countMissed counts the holes that are known for long enough, or all of them.
func (e *end) countMissed(m *moment, all bool) {
	for i := 0; i < len(e.holes) && e.due > 0; i++ {
		if all || m.p.Time-e.holes[i].takenAt > recordedLate {
			e.count(m, i)
		}
	}
}
