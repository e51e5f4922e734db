package infer

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

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

// doubts returns the flows that were left open or decided narrowly: see
// Answers.Doubts.
func (e *Engine) doubts(limit int) (list []Doubt, total int) {
	var room []scored
	for j := range e.flows.clusters.n {
		c := e.flows.clusters.at(j)
		if c.clear() || c.rivals {
			continue
		}
		total++
		fl := e.flows.list.at(c.flow)
		d := e.doubtOf(fl, c)
		if c.tied && c.listed != none {
			d.tie(&e.lists[c.listed])
		} else {
			q := e.questionOf(fl, c)
			room = e.explain(room[:0], &q)
			sortScored(room)
			d.rank(room)
		}
		list = append(list, d)
		if len(list) >= 2*limit {
			list = mostPackets(list, limit)
		}
	}
	return mostPackets(list, limit), total
}

func (e *Engine) doubtOf(fl *flow, c *cluster) Doubt {
	d := Doubt{
		Source: fl.key.src.Netip(), NextHeader: c.protocol, Destination: packet.Addr{}.Netip(), Packets: c.most(),
	}
	if fl.key.twoWay() {
		d.SourcePort, d.DestinationPort = uint16(fl.key.ports>>16), fl.key.ports.Destination()
	}
	if c.found {
		d.Destination = e.destination(c.at).Netip()
	}
	return d
}

// tie fills in the candidates of a flow that several addresses fit.
func (d *Doubt) tie(s *shortlisted) {
	d.Candidates, d.Unlisted = s.candidates, s.rest
	d.Best, d.RunnerUp = s.candidates[0], s.candidates[1]
}

// rank fills in the two likeliest explanations.
func (d *Doubt) rank(ranked []scored) {
	weights := 0.0
	for i := range ranked {
		weights += math.Exp2(ranked[i].total)
	}
	for i, to := range []*Candidate{&d.Best, &d.RunnerUp} {
		if i < len(ranked) {
			s := &ranked[i]
			*to = Candidate{s.protocol, s.addr.Netip(), math.Exp2(s.total) / weights, evidenceNames[s.by]}
		}
	}
}

// mostPackets keeps the first limit of list by packets; the rest of the order is
// that of the flows, so that it depends on nothing else.
func mostPackets(list []Doubt, limit int) []Doubt {
	order := make([]int32, len(list))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := &list[i], &list[j]
		return cmp.Or(cmp.Compare(b.Packets, a.Packets), a.Source.Compare(b.Source), cmp.Compare(a.SourcePort, b.SourcePort),
			cmp.Compare(a.DestinationPort, b.DestinationPort), cmp.Compare(a.NextHeader, b.NextHeader), cmp.Compare(i, j))
	})
	most := make([]Doubt, min(limit, len(list)))
	for k := range most {
		most[k] = list[order[k]]
	}
	return most
}
