package headers

import (
	"math"
	"net/netip"
	"slices"

	"github.com/mendcap/mendcap/infer"
)

// Tally counts answers about one header field.
type Tally struct{ Right, Wrong, Open int }

// Total is how many there were to give.
func (t Tally) Total() int { return t.Right + t.Wrong + t.Open }

// Plus adds another tally.
func (t *Tally) Plus(o Tally) {
	t.Right, t.Wrong, t.Open = t.Right+o.Right, t.Wrong+o.Wrong, t.Open+o.Open
}

// Fields are tallies of both fields.
type Fields struct{ NextHeader, Destination Tally }

func (f *Fields) plus(o Fields) {
	f.NextHeader.Plus(o.NextHeader)
	f.Destination.Plus(o.Destination)
}

// Bin holds the flows whose top candidate has a posterior in one tenth.
type Bin struct {
	Flows, Right int
	Posterior    float64 // sum
}

// Score is how answers compare with the truth; scores add up. A flow is right
// if all of its packets are, and wrong if one is.
type Score struct {
	Packets, Flows Fields
	Proven         [2]Fields // of them those whose field is proved: packets, and flows
	Summed         Fields    // packets of flows in which some checksum covers the addresses
	TwoWay         Fields    // packets of those that have another direction in the capture
	Bins           [10]Bin
	// Flows by how many addresses of the tables and of the sources have the sum
	// that a flow's checksums ask for: one, or several, one of them the right one.
	Single, Tied Tally
	// Of those tied: neither proved, and of these the ones of which all addresses are
	// listed as candidates, or counted beyond the most that an answer lists.
	Unproved, Listed int
	Chosen           Tally // the likely ones among them
	Proved           Grade
	Likely           Grade
}

// Grade holds the flows whose destination was answered with one grade.
type Grade struct {
	Flows, Wrong int
	Doubt        float64 // sum of 1 - posterior over the flows
	Groups       []Group // of the likely ones: those to one destination are right or wrong together
	// Flows to one destination are right or wrong together. Of the destinations as
	// many are to be wrong as Expected, the sum of 1 - posterior, says.
	Destinations, Missed int
	Expected             float64
}

func (g *Grade) plus(o Grade) {
	g.Flows, g.Wrong, g.Doubt = g.Flows+o.Flows, g.Wrong+o.Wrong, g.Doubt+o.Doubt
	g.Groups = append(slices.Clip(g.Groups), o.Groups...)
	g.Destinations, g.Missed = g.Destinations+o.Destinations, g.Missed+o.Missed
	g.Expected += o.Expected
}

// Most is how many wrong destinations are within what the posteriors say, as sure
// as three standard deviations are: the least number that is exceeded with a
// probability of at most 0.135 %.
func (g *Grade) Most() int {
	alone := make([]Group, len(g.Groups))
	for i, group := range g.Groups {
		alone[i] = Group{1, group.Doubt / float64(group.Flows)}
	}
	return most(alone)
}

// MostFlows is the same of flows, where all flows to a destination are wrong or
// none.
func (g *Grade) MostFlows() int { return most(g.Groups) }

func most(groups []Group) int {
	const beyond = 0.00135
	chance := []float64{1} // of so many wrong flows
	for _, group := range groups {
		wrong := group.Doubt / float64(group.Flows)
		chance = append(chance, make([]float64, group.Flows)...)
		for n := len(chance) - 1; n >= 0; n-- {
			chance[n] *= 1 - wrong
			if n >= group.Flows {
				chance[n] += wrong * chance[n-group.Flows]
			}
		}
	}
	most, rest := len(chance)-1, 0.0
	for ; most > 0 && rest+chance[most] <= beyond; most-- {
		rest += chance[most]
	}
	return most
}

// Group is the likely flows to one destination.
type Group struct {
	Flows int
	Doubt float64 // sum of 1 - posterior
}

// Add adds another score.
func (s *Score) Add(o Score) {
	s.Packets.plus(o.Packets)
	s.Flows.plus(o.Flows)
	for i := range s.Proven {
		s.Proven[i].plus(o.Proven[i])
	}
	s.Summed.plus(o.Summed)
	s.TwoWay.plus(o.TwoWay)
	s.Single.Plus(o.Single)
	s.Tied.Plus(o.Tied)
	s.Unproved, s.Listed = s.Unproved+o.Unproved, s.Listed+o.Listed
	s.Chosen.Plus(o.Chosen)
	s.Proved.plus(o.Proved)
	s.Likely.plus(o.Likely)
	for i := range s.Bins {
		s.Bins[i].Flows += o.Bins[i].Flows
		s.Bins[i].Right += o.Bins[i].Right
		s.Bins[i].Posterior += o.Bins[i].Posterior
	}
}

// CalibrationError is the expected calibration error over the bins with at
// least a number of flows, and how many these are.
func (s *Score) CalibrationError(least int) (err float64, bins int) {
	all := 0
	for _, b := range s.Bins {
		if b.Flows >= least {
			err += math.Abs(b.Posterior - float64(b.Right))
			all += b.Flows
			bins++
		}
	}
	return err / float64(max(1, all)), bins
}

// judge gathers the answers of one trial.
type judge struct {
	c      *Case
	oneWay bool
	total  Score
	flows  []verdict
}

// verdict is what became of a flow.
type verdict struct {
	seen      bool
	summed    bool    // some packet's checksum covers its addresses, whole or of the pseudo-header alone
	next, dst Tally   // of its packets
	proven    Fields  // of those whose field is proved
	topped    bool    // its first packet has a candidate
	posterior float64 // of the likeliest
	right     bool    // that is the truth
	answered  bool    // it is the answer, proved or not
	proved    bool
	listed    bool // all of fits are among the first packet's candidates, or counted
	ends      [2]netip.Addr
	fits      []netip.Addr // with the sum that a checksum asks for; none where none is whole
}

func newJudge(c *Case, under Condition) *judge {
	return &judge{c: c, oneWay: under.Only != "", flows: make([]verdict, len(c.flows))}
}

// add takes in one answer.
func (j *judge) add(s *sample, a *infer.Answer) {
	var f Fields
	switch a.NextHeader {
	case s.next:
		f.NextHeader.Right++
	case infer.Unknown:
		f.NextHeader.Open++
	default:
		f.NextHeader.Wrong++
	}
	switch a.Destination {
	case s.dst:
		f.Destination.Right++
	case netip.IPv6Unspecified():
		f.Destination.Open++
	default:
		f.Destination.Wrong++
	}
	j.total.Packets.plus(f)
	v := &j.flows[s.flow]
	if v.summed {
		j.total.Summed.plus(f)
	}
	if j.c.flows[s.flow].twoWay && !j.oneWay {
		j.total.TwoWay.plus(f)
	}
	v.next.Plus(f.NextHeader)
	v.dst.Plus(f.Destination)
	if a.NextHeaderOrigin == infer.Inferred {
		v.proven.NextHeader.Plus(f.NextHeader)
	}
	if a.DestinationOrigin == infer.Inferred {
		v.proven.Destination.Plus(f.Destination)
	}
	if !v.seen {
		v.seen, v.ends = true, [2]netip.Addr{s.src, s.dst}
		v.top(s, a)
	}
}

// top notes the likeliest address of the flow's first packet.
func (v *verdict) top(s *sample, a *infer.Answer) {
	v.listed = v.lists(a)
	if !a.Destination.IsUnspecified() {
		v.topped, v.posterior = true, a.Posterior
		v.right = a.Destination == s.dst && a.NextHeader == s.next
		v.answered, v.proved = true, a.DestinationOrigin == infer.Inferred
		return
	}
	for _, c := range a.Candidates {
		if !c.Destination.IsUnspecified() {
			v.topped, v.posterior = true, c.Posterior
			v.right = c.Destination == s.dst && c.NextHeader == s.next
			return
		}
	}
}

// lists reports whether a names all addresses that fit, or counts those beyond the
// most that it may name.
func (v *verdict) lists(a *infer.Answer) bool {
	missing := 0
	for _, to := range v.fits {
		if !slices.ContainsFunc(a.Candidates, func(c infer.Candidate) bool { return c.Destination == to }) {
			missing++
		}
	}
	return missing == 0 || missing <= a.Unlisted && len(a.Candidates) >= mostListed
}

// mostListed is how many candidates an answer lists.
const mostListed = 64

// score closes the flows.
func (j *judge) score() Score {
	for i := range j.flows {
		v := &j.flows[i]
		if !v.seen {
			continue
		}
		j.total.Flows.NextHeader.Plus(v.next.whole())
		j.total.Flows.Destination.Plus(v.dst.whole())
		j.total.prove(v)
		j.total.grade(v)
		if v.topped {
			b := &j.total.Bins[min(9, int(v.posterior*10))]
			b.Flows++
			b.Posterior += v.posterior
			if v.right {
				b.Right++
			}
		}
	}
	j.destinations()
	return j.total
}

// prove counts what is proved of a flow.
func (s *Score) prove(v *verdict) {
	s.Proven[0].plus(v.proven)
	for _, t := range [][2]*Tally{
		{&s.Proven[1].NextHeader, &v.proven.NextHeader},
		{&s.Proven[1].Destination, &v.proven.Destination},
	} {
		if t[1].Total() > 0 {
			t[0].Plus(t[1].whole())
		}
	}
}

// grade counts a flow by what there was to choose from, and by its grade.
func (s *Score) grade(v *verdict) {
	whole := v.dst.whole()
	switch {
	case len(v.fits) == 1:
		s.Single.Plus(whole)
	case len(v.fits) > 1:
		s.Tied.Plus(whole)
		s.tie(v, whole)
	}
	if !v.answered {
		return
	}
	g := s.of(v)
	g.Flows++
	g.Doubt += 1 - v.posterior
	if !v.right {
		g.Wrong++
	}
}

// tie counts a flow that several addresses fit, if none of them is proved.
func (s *Score) tie(v *verdict, whole Tally) {
	if v.proved {
		return
	}
	s.Unproved++
	if v.listed {
		s.Listed++
	}
	if v.answered {
		s.Chosen.Plus(whole)
	}
}

// destinations counts the destinations of each grade by their first flows, and
// groups the likely flows.
func (j *judge) destinations() {
	type key struct {
		ends   [2]netip.Addr
		proved bool
	}
	place := map[key]int{}
	for i := range j.flows {
		v := &j.flows[i]
		if !v.answered {
			continue
		}
		k, g := key{v.ends, v.proved}, j.total.of(v)
		at, seen := place[k]
		if !seen {
			at = len(g.Groups)
			place[k] = at
			g.Destinations++
			g.Expected += 1 - v.posterior
			if !v.right {
				g.Missed++
			}
		}
		if v.proved {
			continue
		}
		if !seen {
			g.Groups = append(g.Groups, Group{})
		}
		g.Groups[at].Flows++
		g.Groups[at].Doubt += 1 - v.posterior
	}
}

// of returns the grade of a flow's answer.
func (s *Score) of(v *verdict) *Grade {
	if v.proved {
		return &s.Proved
	}
	return &s.Likely
}

// whole is the tally of a flow from that of its packets.
func (t Tally) whole() Tally {
	switch {
	case t.Wrong > 0:
		return Tally{Wrong: 1}
	case t.Open > 0:
		return Tally{Open: 1}
	}
	return Tally{Right: 1}
}
