package infer

import (
	"cmp"
	"math"
	"slices"

	"github.com/mendcap/mendcap/internal/packet"
)

// credible is the posterior from which on an answer is given. The runner-up
// has at most a thousandth then.
const credible = 0.999

// maxListed bounds the candidates that an answer lists.
const maxListed = 3

// evidence is Evidence in a byte, the strongest first.
type evidence uint8

const (
	byTable evidence = iota
	byPayload
	byReverse
	byCache
	byNeighbor
	byLocal
	bySeen
	byChecksum
	noEvidence

	evidences // their number
)

var evidenceNames = [evidences]Evidence{
	ByConnection, ByPayload, ByReverseFlow, ByCache, ByNeighbor, ByLocal, BySeen, ByChecksum, ByNone,
}

// outcome is what was decided of a cluster or a packet.
type outcome struct {
	dst      packet.Addr // if found
	found    bool        // the destination is proved, and with it the protocol
	protocol uint8       // Unknown where it isn't proved
	by       evidence
	listed   int32 // in Engine.lists, none without one

	posterior, second float32 // of the destination, and of the next best explanation
}

// direction tells what the host sent from the rest.
type direction uint8

const (
	outbound direction = iota
	inbound            // or not known

	directions // their number
)

func (e *Engine) direction(src packet.Addr) direction {
	if e.vantage.proved(src) {
		return outbound
	}
	return inbound
}

// Conclude decides all that was observed. It is called once, between the last
// Observe and the first Infer.
func (e *Engine) Conclude() {
	if e.truncated {
		e.indexPorts()
	}
	local := e.settleLocal()
	e.decideAll()
	if e.vantage.known != nil {
		return
	}
	e.learnEdges()
	if again := e.settleLocal(); !slices.Equal(local, again) {
		e.decideAll()
	}
}

// settleLocal gives the host's own addresses, as known now, their role, and
// arranges the candidates.
func (e *Engine) settleLocal() []packet.Addr {
	list := e.vantage.all()
	slices.SortFunc(list, compareAddr)
	if e.vantage.known == nil {
		for i := range e.candidates.list {
			e.candidates.list[i].roles &^= isLocal
		}
		for _, a := range list {
			e.candidates.add(a, 0, isLocal)
		}
	}
	e.candidates.arrange()
	return list
}

// learnEdges shows the vantage the conversations that were proved between two
// addresses.
func (e *Engine) learnEdges() {
	for i := range e.flows.list {
		if fl := &e.flows.list[i]; fl.settled >= 0 {
			e.vantage.edge(fl.key.src, e.flows.clusters[fl.settled].dst)
		}
	}
}

// eachCluster calls visit with the indices of every flow and cluster in it, in
// any order: what is done must not depend on it.
func (e *Engine) eachCluster(visit func(int32, int32)) {
	for i := range e.flows.list {
		if first := e.flows.list[i].first; first != none {
			visit(int32(i), first)
		}
	}
	for k, c := range e.flows.clusterOf {
		visit(int32(k>>16), c)
	}
}

// decideAll decides every cluster.
func (e *Engine) decideAll() {
	e.lists = nil
	e.learnOpen()
	room := make([]scored, 0, 64)
	e.eachCluster(func(i, j int32) {
		c := &e.flows.clusters[j]
		q := e.questionOf(&e.flows.list[i], c)
		room = e.explain(room[:0], &q)
		var listed []Candidate
		c.outcome, listed = e.settle(room, []question{q})
		if listed != nil {
			c.listed = int32(len(e.lists))
			e.lists = append(e.lists, listed)
		}
	})
	e.settleFlows()
}

// settleFlows notes for every flow the only destination that its clusters
// prove.
func (e *Engine) settleFlows() {
	for i := range e.flows.list {
		e.flows.list[i].settled = none
	}
	e.eachCluster(func(i, j int32) {
		fl, c := &e.flows.list[i], &e.flows.clusters[j]
		switch {
		case !c.found || c.rivals || fl.settled == several:
		case fl.settled == none:
			fl.settled = j
		case e.flows.clusters[fl.settled].dst != c.dst:
			fl.settled = several
		}
	})
}

// questionOf returns the question that c asks.
func (e *Engine) questionOf(fl *flow, c *cluster) question {
	q := question{key: fl.key, h: fl.key.hypothesis(), fl: fl, need: c.need, checked: true, header: float64(c.least)}
	if q.h == asUDP {
		q.said = dictatedByPort(fl.key.ports)
	}
	if fl.proved(c) {
		q.proved = true
		q.header += bitsProved
	}
	return q
}

// learnOpen learns from the flows without any candidate how often the true
// destination is not among the candidates. Those that match by chance are
// allowed for.
func (e *Engine) learnOpen() {
	const (
		least   = 1.0 / 64
		assumed = 16 // flows that had one, before the first is seen
	)
	for i := range e.flows.list {
		e.flows.list[i].empty = 0
	}
	e.eachCluster(func(i, j int32) {
		if fl := &e.flows.list[i]; !e.hasCandidate(fl, &e.flows.clusters[j]) {
			fl.empty++
		}
	})
	var flows, empty [directions]float64
	for i := range e.flows.list {
		if fl := &e.flows.list[i]; fl.clusters > 0 {
			d := e.direction(fl.key.src)
			flows[d]++
			if fl.empty == fl.clusters {
				empty[d]++
			}
		}
	}
	for d := range e.open {
		missing := empty[d] / math.Max(1-e.candidates.occupied, 0.05)
		e.open[d] = math.Log2(min(1, max(least, (missing+1)/(flows[d]+assumed))))
	}
}

// hasCandidate reports whether any address fits c.
func (e *Engine) hasCandidate(fl *flow, c *cluster) bool {
	if len(e.candidates.with(c.need)) > 0 {
		return true
	}
	q := e.questionOf(fl, c)
	var room [4]scored
	return len(e.named(room[:0], &q)) > 0
}

// settle weighs list, all explanations of questions, against one another.
func (e *Engine) settle(list []scored, questions []question) (outcome, []Candidate) {
	sortScored(list)
	other := math.Exp2(e.openFor(&questions[0]))
	total := other
	for i := range list {
		total += math.Exp2(list[i].total)
	}
	o := outcome{protocol: Unknown, by: noEvidence, listed: none}
	if best := &list[0]; !isUnspecified(best.addr) && math.Exp2(best.total) >= credible*total {
		o.found, o.dst, o.by = true, best.addr, best.by
		o.posterior = float32(math.Exp2(best.total) / total)
		o.second = float32(math.Exp2(list[1].total) / total) // the open explanation is always there
		o.protocol = protocols[best.h]
		return o, nil
	}
	for i := range questions {
		if q := &questions[i]; protocolStands(list, q, total, other) {
			o.protocol, o.by = protocols[q.h], byChecksum
		}
	}
	return o, shortlist(list, total)
}

// sortScored sorts the likeliest first, and otherwise so that the order does
// not depend on the capture's.
func sortScored(list []scored) {
	slices.SortFunc(list, func(a, b scored) int {
		return cmp.Or(cmp.Compare(b.total, a.total), compareAddr(a.addr, b.addr), cmp.Compare(a.h, b.h))
	})
}

// protocolStands reports whether q's protocol is proved though its destination
// isn't: by the flow's own packets, or by a sum that fits several candidates.
func protocolStands(list []scored, q *question, total, other float64) bool {
	mass, fits := 0.0, 0.0
	for i := range list {
		if list[i].h != q.h {
			continue
		}
		mass += math.Exp2(list[i].total)
		if !isUnspecified(list[i].addr) {
			// A plan makes addresses collide, not protocols.
			fits += math.Exp2(list[i].bits + list[i].discount)
		}
	}
	if mass < credible*total {
		return false
	}
	return q.proved || q.checked && fits >= credible*(fits+other)
}

// shortlist returns the likeliest candidates, or nil where nothing but "none
// of them" is open.
func shortlist(list []scored, total float64) []Candidate {
	any := slices.ContainsFunc(list, func(s scored) bool { return !isUnspecified(s.addr) })
	if !any {
		return nil
	}
	listed := make([]Candidate, 0, maxListed)
	for _, s := range list[:min(maxListed, len(list))] {
		listed = append(listed, Candidate{
			NextHeader:  protocols[s.h],
			Destination: s.addr.Netip(),
			Posterior:   math.Exp2(s.total) / total,
			Evidence:    evidenceNames[s.by],
		})
	}
	return listed
}

// portKey names the flows between two ports.
type portKey struct {
	ports ports
	class class
}

// indexPorts finds the flows by their ports, for packets whose checksum can't
// be verified.
func (e *Engine) indexPorts() {
	e.byPorts = map[portKey]int32{}
	for i := range e.flows.list {
		fl := &e.flows.list[i]
		if !fl.key.twoWay() || fl.packets == 0 {
			continue
		}
		k := portKey{fl.key.ports, fl.key.class}
		if _, ok := e.byPorts[k]; ok {
			e.byPorts[k] = several
		} else {
			e.byPorts[k] = int32(i)
		}
	}
}
