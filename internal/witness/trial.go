package witness

// Limits of what a trial shows.
const (
	hiddenOf    = 4       // one in so many checksums is hidden,
	mostHidden  = 1 << 16 // or fewer, so that there are about as many, of 100 bytes each
	rightForOne = 50      // packets that are given the right claim, for each that is given a wrong one
	wrongAnyhow = 1       // packets that may be given a wrong one, however few are given any
)

// hidden is a packet whose checksum is hidden in a trial, and what it was before.
type hidden struct {
	*seen
	was seen
}

// trial tells whether packets that no claim fits may be given those which they have in turn,
// and those which are open to them. Events that are missing where packets are, too, or a
// trace of another time, make others' events look like theirs. So some checksums are hidden,
// and the claims that their packets are given are compared with them.
func (m *Matcher) trial(c *Clock) (inTurn, inParts bool) {
	list := m.hide()
	m.decideInTurn(c)
	if inTurn = right(list); !inTurn {
		m.forget()
	}
	m.decideInParts(c)
	inParts = right(list)
	m.forget()
	for _, h := range list {
		*h.seen = h.was
	}
	return inTurn, inParts
}

// hide hides the checksums of some packets.
func (m *Matcher) hide() (list []hidden) {
	one := uint64(max(hiddenOf, m.packets/mostHidden)) // of so many
	for i := range m.groups {
		g := &m.groups[i]
		var all claimSet
		for claim := range g.claims {
			all.add(int32(claim))
		}
		for j := range g.seen {
			s := &g.seen[j]
			checked := s.open == nil || s.fitting[0] >= 0
			if mixed := uint64(s.frame) * 0x9E3779B97F4A7C15 >> 32; checked && mixed%one == 0 { // whatever the period of their lengths
				list = append(list, hidden{s, *s})
				s.fitting, s.open, s.result = [maxFitting]int32{-1, -1, -1, -1}, &all, -1
			}
		}
	}
	return list
}

// forget takes back what packets were given that no claim fits.
func (m *Matcher) forget() {
	for i := range m.groups {
		for j := range m.groups[i].seen {
			if s := &m.groups[i].seen[j]; s.fitting[0] < 0 {
				s.result = -1
			}
		}
	}
}

// right reports whether the hidden checksums agree with nearly all that their packets were
// given.
func right(list []hidden) bool {
	agree, contradict := 0, 0
	for _, h := range list {
		switch {
		case h.result < 0:
		case h.was.fits(h.result):
			agree++
		default:
			contradict++
		}
	}
	return (contradict-wrongAnyhow)*rightForOne <= agree
}
