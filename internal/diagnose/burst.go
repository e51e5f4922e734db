package diagnose

import "github.com/mendcap/mendcap/internal/tcp"

// isReversed reports whether the packet came before its sender's packet before
// it, in a capture that reverses bursts: both have one stamp, and are as they
// were recorded.
func (m *moment) isReversed() bool {
	return m.s.Outbound == tcp.In && m.from.packets > 0 && m.from.lastTime == m.p.Time && m.from.lastFrame < m.p.Frame
}

// reversedHere: the packet beyond the hole, or the copy that was sent later, is one of
// its burst, which came in reverse.
func (v *view) reversedHere() sentence {
	switch {
	case !v.reversed:
	case v.seen && v.copied.time == v.time && datedBy(&v.copied.Segment).compare(&v.seg) < 0:
		return judged(Artefact, "recorded in reverse: frame %d is a copy that was sent later and has the same stamp, and this capture has all bursts of packets the wrong way round", v.copied.Frame)
	case !v.seen && v.known && v.hole.taken == 0 && v.hole.by.frame != 0 && v.hole.by.time == v.time:
		return judged(Artefact, "recorded in reverse: frame %d has the same stamp, and this capture has all bursts of packets the wrong way round; in its true place it is not flagged", v.hole.by.frame)
	}
	return sentence{}
}
