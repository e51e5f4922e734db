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
		m.say(flag, sentence{Undecided, "", because("flagged before and after; a law is violated here that could not be repaired")})
	case flag&told == 0 && m.original != nil:
		m.say(flag, m.copied(m.copier(), "every bit of it is as in frame %d, %s before"))
	default:
		m.say(flag, sentence{Genuine, "", because("flagged before and after, with no moving law violated here")})
	}
}

// copied is what is said of a flag of a second copy.
func (m *moment) copied(by, words string) sentence {
	return sentence{Duplicate, by, because(words, m.original.Frame).lasting(m.p.Time - m.original.time)}
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
