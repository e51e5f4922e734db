package diagnose

import (
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// told are the flags of what the packet itself says: a second copy says it too.
const told = tcp.ZeroWindow | tcp.WindowFull | tcp.DuplicateSACK

// judgeState takes a flag that is there after the repair, too, and needs no explanation
// from elsewhere, unless the packet is another one's copy, or made so by a drop.
func (m *moment) judgeState(flag tcp.Analysis) {
	switch {
	case flag&told == 0 && m.p.Left:
		m.say(flag, judged(Undecided, "flagged before and after; a law is violated here that could not be repaired"))
	case flag&told == 0 && m.original != nil:
		m.say(flag, m.copied(m.copier(), ""))
	default:
		m.say(flag, judged(Genuine, "flagged before and after, with no moving law violated here"))
	}
}

// copied is what is said of a flag of a second copy, with more words at its end.
func (m *moment) copied(by, words string) sentence {
	return judged(Duplicate, sameBits+words, m.original.Frame, m.p.Time-m.original.time).with(by)
}

// copier tells who made a second copy of a packet without data. What the host
// itself sent has not met the network yet; a capture that has such packets twice
// has the others twice too.
func (m *moment) copier() string {
	if m.s.Outbound == tcp.In && !m.f.twice {
		return report.ByNetwork
	}
	return report.ByCapture
}
