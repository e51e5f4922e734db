package diagnose

import (
	"slices"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// told are the flags of what the packet itself says: a second copy says it too.
const told = tcp.ZeroWindow | tcp.WindowFull | tcp.DuplicateSACK

// judgeState takes a flag that stands and needs no explanation from elsewhere,
// unless the packet is another one's copy, or made so by a drop.
func (m *moment) judgeState(flag tcp.Analysis) {
	f := finding(m.p, number(flag))
	f.Verdict, f.because = Genuine, because("flagged before and after, with no moving law violated here")
	if flag&told == 0 {
		if m.p.Left {
			f.Verdict, f.because = Undecided, because("flagged before and after; a law is violated here that could not be repaired")
		} else if copied := m.copied(); copied != nil {
			f.Verdict, f.Detail = Duplicate, m.copier()
			f.because = because("every bit of it is as in frame %d, %s before", copied.Frame).lasting(m.p.Stamp - copied.Stamp)
		}
	}
	m.d.tell(m.f, &f)
}

// copied returns the packet of which this one without data is a copy, nil where
// it is none. The same bits alone are not enough: a receiver repeats itself.
func (m *moment) copied() (found *record) {
	if m.s.Span() > 0 || !m.neverRepeats() || !slices.Contains(m.from.sums[:], m.s.Sum) {
		return nil
	}
	n := 0
	m.d.history.back(m.f, func(r *record) bool {
		if r.Dir&1 != m.dir {
			return true
		}
		if identical(&r.Segment, m.s) && (!m.numbered() || m.s.IPID == r.IPID) {
			found = r
		}
		n++
		return found == nil && n < copyReach
	})
	return found
}

// copyReach is how many packets of a sender a copy of a bare ACK may be behind.
const copyReach = 16

// neverRepeats reports whether the sender of a bare ACK would have made a second
// one differ: by the IPv4 Identification that it counts, or because it has SACK,
// and so no reason to say again just what it said (RFC 2018, section 4).
func (m *moment) neverRepeats() bool {
	return m.numbered() || m.s.HasTS && m.from.sackOK && m.to.sackOK
}

// numbered reports whether the packet has an IPv4 Identification that is
// counted.
func (m *moment) numbered() bool { return m.s.HasIPID && m.s.IPID != 0 }

// identical reports whether two segments are the same in all that TCP says.
func identical(a, b *tcp.Segment) bool {
	return a.Seq == b.Seq && a.Ack == b.Ack && a.Len == b.Len && a.Bits == b.Bits && a.Window == b.Window &&
		a.Sum == b.Sum && a.TSval == b.TSval && a.TSecr == b.TSecr && a.SACKs == b.SACKs && a.SACK == b.SACK
}

// copier tells who made a second copy of a packet without data. What the host
// itself sent has not met the network yet; a capture that has such packets twice
// has the others twice too.
func (m *moment) copier() string {
	if m.s.Outbound == tcp.In && !m.f.twice {
		return report.ByNetwork
	}
	m.f.twice = true
	return report.ByCapture
}
