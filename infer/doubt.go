package infer

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// Doubt is what of a flow was left open, or was decided with another
// explanation not far behind: its packets that need the same of their
// destination.
type Doubt struct {
	Source                      netip.Addr
	SourcePort, DestinationPort uint16     // of protocols with ports; of echo one is the identifier
	NextHeader                  uint8      // Unknown where that is open too
	Destination                 netip.Addr // :: where it is open
	Packets                     uint32
	Best, RunnerUp              Candidate // the zero Candidate where there is none; "none of the candidates" has ::
	// Candidates are all explanations, ranked, where several addresses fit and none is
	// proved: at most as many as an Answer has; Unlisted counts the others. They are
	// not to be changed.
	Candidates []Candidate
	Unlisted   int
}

// narrow is the posterior of the next best explanation from which on a decision
// counts as narrow.
const narrow = 1e-4

// clear reports whether v is decided, and not narrowly.
func (v *verdict) clear() bool { return v.proved && v.second < narrow }

// coarsen rounds the posteriors of what is clear, so that many flows that retire have the
// same: those of all that is not so to powers of two, up, as far as it stays clear and
// proved, for which least is enough.
func (v *verdict) coarsen(least float64) {
	const negligible = 1.0 / (1 << 24)
	up := func(p float64) float64 { return math.Exp2(math.Ceil(math.Log2(max(p, negligible)))) }
	v.posterior = float32(max(least, 1-up(1-float64(v.posterior))))
	v.second = min(float32(up(float64(v.second))), math.Nextafter32(narrow, 0))
}

// Doubts returns the flows that were left open or decided narrowly, those with
// most packets first, at most limit of them, and how many there are in all.
// Packets that may be of several protocols, or whose payload dictates where they
// go, are decided one by one and not listed.
func (a *Answers) Doubts(limit int) (list []Doubt, total int) {
	e := a.engine
	var open []int32 // clusters
	for j, c := range e.flows.clusters.all() {
		if c.clear() || c.rivals {
			continue
		}
		total++
		if open = append(open, j); len(open) >= 2*limit {
			open = e.mostPackets(open, limit)
		}
	}
	open = e.mostPackets(open, limit)
	list = make([]Doubt, len(open))
	for i, j := range open {
		list[i] = e.doubt(j)
	}
	return list, total
}

// doubt describes cluster j with its candidates.
func (e *Engine) doubt(j int32) Doubt {
	c := e.flows.clusters.at(j)
	fl := e.flows.list.at(c.flow)
	ports := fl.key.doubtfulPorts()
	d := Doubt{
		Source: fl.key.src.Netip(), SourcePort: uint16(ports >> 16), DestinationPort: ports.Destination(),
		NextHeader: c.protocol, Destination: packet.Addr{}.Netip(), Packets: c.most(),
	}
	if c.found {
		d.Destination = e.destination(c.at).Netip()
	}
	if c.tied && c.listed != none {
		s := &e.lists[c.listed]
		d.Candidates, d.Unlisted = s.candidates, s.rest
		d.Best, d.RunnerUp = s.candidates[0], s.candidates[1]
		return d
	}
	q := e.questionOf(fl, c)
	ranked := e.explain(nil, &q)
	sortScored(ranked)
	total := 0.0
	for i := range ranked {
		total += math.Exp2(ranked[i].total)
	}
	d.Best = ranked[0].candidate(total)
	if len(ranked) > 1 {
		d.RunnerUp = ranked[1].candidate(total)
	}
	return d
}

// doubtfulPorts are those that a Doubt shows, 0 where its protocol has none.
func (k *flowKey) doubtfulPorts() header.Ports {
	if !k.twoWay() {
		return 0
	}
	return k.ports
}

// mostPackets keeps the first limit of some clusters by packets; the rest of the order
// is that of their flows, so that it depends on nothing else.
func (e *Engine) mostPackets(list []int32, limit int) []int32 {
	slices.SortStableFunc(list, func(i, j int32) int {
		c, d := e.flows.clusters.at(i), e.flows.clusters.at(j)
		k, l := &e.flows.list.at(c.flow).key, &e.flows.list.at(d.flow).key
		return cmp.Or(cmp.Compare(d.most(), c.most()), k.src.Netip().Compare(l.src.Netip()),
			cmp.Compare(k.doubtfulPorts(), l.doubtfulPorts()), cmp.Compare(c.protocol, d.protocol))
	})
	return list[:min(limit, len(list))]
}
