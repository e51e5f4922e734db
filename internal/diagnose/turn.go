package diagnose

import "github.com/mendcap/mendcap/internal/tcp"

// turn follows a sender that sends again. It does so in the order of sequence (RFC 6675,
// section 4).
type turn struct {
	next  tcp.Seq // end of what it sent again last, in its turn
	stray int64   // frame of a packet that came since, out of turn; 0 for none
	bytes tcp.Range
	since int // packets in their turn since stray
}

// take takes in a packet that goes back, by its frame, and whether it waits for a verdict.
// It returns the frame of one that can't have been sent again, 0 for none: its sender,
// before and after it, was far from there, with as many packets in their turn to come as
// make reordering a loss (RFC 5681, section 3.2).
func (t *turn) take(bytes tcp.Range, frame int64, waits bool) int64 {
	switch {
	case bytes.Left == t.next:
		t.next = bytes.Right
		if t.since++; t.since == fastAsks && t.next.AtMost(t.bytes.Left) {
			return t.stray
		}
	case !waits || t.stray != 0 && bytes.Left == t.bytes.Right:
		*t = turn{next: bytes.Right}
	default:
		t.stray, t.bytes, t.since = frame, bytes, 0
	}
	return 0
}

// sendsAgain takes in a packet that goes back.
func (m *moment) sendsAgain() {
	stray := m.from.turn.take(m.s.Range(), m.p.Frame, m.waits)
	if stray == 0 {
		return
	}
	list := m.f.waiting
	m.f.watch -= len(list)
	m.d.steps += int64(len(list))
	for i := range list {
		if c := list[i].pending; c.dir == m.dir && c.seg.Frame == stray {
			c.strays = true
		}
	}
}
