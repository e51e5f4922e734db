package diagnose

import (
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// told are the flags of what the packet itself says: a second copy says it too.
const told = tcp.ZeroWindow | tcp.WindowFull | tcp.DuplicateSACK

// judgeState takes a flag that stands and needs no explanation from elsewhere,
// unless the packet is another one's copy, or made so by a drop.
func (m *moment) judgeState(flag tcp.Analysis) {
	f := finding(m.p, number(flag))
	if flag&(tcp.DuplicateAck|tcp.WindowUpdate) != 0 && m.reversed && m.from.since == m.p.Stamp && m.from.acked == m.s.Ack {
		f.Verdict = Artefact
		f.because = because("recorded in reverse: frame %d has the same stamp and ACK number, and this capture has all bursts of packets the wrong way round", m.from.lastFrame)
		m.d.tell(m.f, &f)
		return
	}
	f.Verdict, f.because = Genuine, because("flagged before and after, with no moving law violated here")
	if flag&told == 0 {
		if m.p.Left {
			f.Verdict, f.because = Undecided, because("flagged before and after; a law is violated here that could not be repaired")
		} else if m.original != nil {
			f.Verdict, f.Detail = Duplicate, m.copier()
			f.because = because("every bit of it is as in frame %d, %s before", m.original.Frame).lasting(m.p.Stamp - m.original.Stamp)
		}
	}
	m.d.tell(m.f, &f)
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
