package diagnose

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
)

const (
	// maxHoles is how many holes of one sender are remembered; beyond, the
	// lowest is forgotten.
	maxHoles = 64
	// maxJump is the longest hole that is believed in: numbers farther off are
	// nonsense, or another connection's.
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
	frame, stamp  int64
	after, before int64 // frames in the output: its own, and its sender's last one before it
	left          int64 // when that was
	tsval         uint32
	ipid          uint16
	hasTS, hasID  bool
}

func (m *moment) opener() opener {
	return opener{frame: m.p.Frame, stamp: m.p.Stamp, after: m.p.FrameAfter, before: m.from.lastAfter, left: m.from.lastStamp,
		tsval: m.s.TSval, hasTS: m.s.HasTS, ipid: m.s.IPID, hasID: m.s.HasIPID}
}

// open notes a hole up to where the packet begins.
func (e *end) open(m *moment, to tcp.Seq) {
	e.insert(m, hole{bytes: tcp.Range{Left: e.next, Right: to}, by: m.opener()})
	e.next = to
}

// insert adds a hole behind all others.
func (e *end) insert(m *moment, h hole) {
	if len(e.holes) >= maxHoles {
		e.count(m, 0)
		e.holes = slices.Delete(e.holes, 0, 1)
	}
	e.holes = append(e.holes, h)
}

// take notes that the receiver has these bytes, by the packet at hand.
func (e *end) take(m *moment, bytes tcp.Range) {
	if e.next.Less(bytes.Right) {
		from := e.next
		if from.Less(bytes.Left) {
			from = bytes.Left
		}
		by := opener{stamp: m.p.Stamp, after: m.p.FrameAfter, before: e.lastAfter, left: e.lastStamp}
		if e.next.Less(from) {
			e.insert(m, hole{bytes: tcp.Range{Left: e.next, Right: from}, by: by})
		}
		e.insert(m, hole{bytes: tcp.Range{Left: from, Right: bytes.Right}, by: by})
		e.next = bytes.Right
	}
	for i := 0; i < len(e.holes); i++ {
		if h := e.holes[i]; h.taken == 0 && h.bytes.Overlaps(bytes) {
			i += e.split(i, bytes)
			taken := &e.holes[i]
			taken.taken, taken.takenAt, taken.due = m.p.Frame, m.p.Stamp, true
			e.due++
		}
	}
}

// split cuts hole i at the edges of bytes, which it overlaps, and returns how
// many places behind i the common part stands.
func (e *end) split(i int, bytes tcp.Range) (behind int) {
	h := e.holes[i]
	if h.due {
		e.due += cuts(h.bytes, bytes)
	}
	if bytes.Right.Less(h.bytes.Right) {
		rest := h
		rest.bytes.Left = bytes.Right
		e.holes = slices.Insert(e.holes, i+1, rest)
		e.holes[i].bytes.Right = bytes.Right
	}
	if h.bytes.Left.Less(bytes.Left) {
		part := e.holes[i]
		part.bytes.Left = bytes.Left
		e.holes = slices.Insert(e.holes, i+1, part)
		e.holes[i].bytes.Right = bytes.Left
		behind = 1
	}
	return behind
}

// cuts is how many more holes there are when bytes have cut one.
func cuts(h, bytes tcp.Range) (n int) {
	if bytes.Right.Less(h.Right) {
		n++
	}
	if h.Left.Less(bytes.Left) {
		n++
	}
	return n
}

// fill takes bytes that are seen now out of the holes. Those that were
// acknowledged just before were recorded late, not missed.
func (e *end) fill(m *moment, bytes tcp.Range) {
	for i := 0; i < len(e.holes); i++ {
		if e.holes[i].bytes.Overlaps(bytes) {
			i += e.split(i, bytes)
			if h := &e.holes[i]; h.due && m.p.Stamp-h.takenAt <= recordedLate {
				h.due = false
				e.due--
			}
			e.count(m, i)
			e.holes = slices.Delete(e.holes, i, i+1)
			i--
		}
	}
}

// hole finds the first hole that bytes touch.
func (e *end) hole(bytes tcp.Range) (hole, bool) {
	for _, h := range e.holes {
		if h.bytes.Overlaps(bytes) {
			return h, true
		}
	}
	return hole{}, false
}

// recordedLate is by how much data can be recorded behind its acknowledgement,
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
		if all || m.p.Stamp-e.holes[i].takenAt > recordedLate {
			e.count(m, i)
		}
	}
}
