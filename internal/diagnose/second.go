package diagnose

import (
	"slices"

	"github.com/mendcap/mendcap/report"
)

// maxUnpaired is how many packets of one sender wait for their second copy at
// most, and maxUnpairedInAll those of all senders. Beyond, none is waited for.
const (
	maxUnpaired      = 1 << 12
	maxUnpairedInAll = 1 << 16
)

// isSecond reports whether the packet, of a connection that is recorded twice, is
// the second copy of one before it, and says so of its flags. Copies come in the
// order of the packets: of several that are alike the first that can be it is.
func (m *moment) isSecond() bool {
	e, now, h := m.from, m.p.Time, &m.d.history
	gone := 0
	for gone < len(e.unpaired) {
		if r := h.at(e.unpaired[gone]); r != nil && now-r.time <= m.p.Farthest {
			break
		}
		gone++
	}
	m.d.due -= gone
	e.unpaired = e.unpaired[gone:]
	for i, serial := range e.unpaired {
		r := h.at(serial)
		if now-r.time < m.p.Nearest || m.f.look <= 0 {
			break
		}
		m.f.look--
		m.d.steps++
		if m.same(r) {
			e.unpaired = slices.Delete(e.unpaired, i, i+1)
			m.d.due--
			m.original = r
			m.decideSecond(", as all of the connection's packets are there again")
			return true
		}
	}
	return false
}

// awaitSecond lets the packet wait for its second copy.
func (m *moment) awaitSecond() {
	if len(m.from.unpaired) < maxUnpaired && m.d.due < maxUnpairedInAll {
		m.from.unpaired = append(m.from.unpaired, m.d.history.last)
		m.d.due++
	}
}

// decideSecond gives the verdict for each flag of a second copy, with words on how that is
// known.
func (m *moment) decideSecond(words string) {
	for rest := m.p.Before; rest != 0; rest &= rest - 1 {
		switch flag := rest & -rest; {
		case m.p.After&flag == 0:
			m.say(flag, m.artefact())
		case flag&told != 0:
			m.decideState(flag)
		default:
			s := m.copied(report.ByCapture, words)
			m.say(flag, &s)
		}
	}
	m.decideCreated()
}
