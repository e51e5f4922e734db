package infer

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"sync"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// credible is the posterior from which on an answer is proved. The runner-up
// has at most a thousandth then. Where nothing but the checksum speaks for an
// address among many, chance is all that can be wrong, and comes in flows of many
// packets: there it is credibleAlone.
const (
	credible      = 0.999
	credibleAlone = 0.9999
)

// DefaultConfidence is the posterior from which on an answer is given as likely
// where Options name none.
const DefaultConfidence = 0.9

// enough is the posterior from which on s is proved.
func (s *scored) enough() float64 {
	if s.by >= byCache && !s.just {
		return credibleAlone
	}
	return credible
}

// evidence is Evidence in a byte, the strongest first.
type evidence uint8

const (
	byTable evidence = iota
	byEvent
	byPayload
	byReverse
	byFlow
	byCache
	byNeighbor
	byLocal
	byResolved
	bySeen
	byGroup
	byOthers
	byChecksum
	noEvidence

	evidences // their number
)

var evidenceNames = [evidences]Evidence{
	ByConnection, ByEvent, ByPayload, ByReverseFlow, ByFlow, ByCache, ByNeighbor, ByLocal, ByResolved, BySeen, ByGroup, ByOthers, ByChecksum, ByNone,
}

// outcome is what was decided of a cluster or a packet.
type outcome struct {
	verdict
	dst  packet.Addr // if found
	open shortlisted // if the destination isn't proved
}

// verdict is what is kept of an outcome.
type verdict struct {
	// at is the destination's place among the candidates, or below 0 the
	// complement of its place in Engine.strays, if it was found; none otherwise.
	at             int32
	listed         int32 // place of what is listed in Engine.lists, none without that
	protocol       uint8 // Unknown where it isn't proved
	by             evidence
	mode           header.Mode // of what was found
	found          bool        // the destination is proved or likely, and with it the protocol
	proved         bool        // the destination is proved
	protocolProved bool        // the protocol is proved
	tied           bool        // several addresses fit

	posterior, second float32 // of the destination, and of the next best explanation
}

var undecided = verdict{at: none, listed: none, protocol: Unknown, by: noEvidence}

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

// Conclude decides all that was observed, and returns the answers. The Engine is
// theirs from then on, and is not to be used again.
func (e *Engine) Conclude() *Answers {
	e.decide()
	e.retire()
	e.past, e.complete.observed = past{}, [directions]func() []observation{} // nothing more is decided
	return &Answers{e}
}

// decide decides all that was observed.
func (e *Engine) decide() {
	if e.truncated {
		e.groupPorts = map[portKey]packet.Addr{}
		e.indexPorts()
	}
	slices.Sort(e.resolved.stamps)
	local := e.settleLocal()
	e.decideAll()
	if e.vantage.known == nil {
		for _, fl := range e.flows.list.all() {
			if dst, ok := e.settled(fl); ok {
				e.vantage.edge(fl.key.src, dst)
			}
		}
		if again := e.settleLocal(); !slices.Equal(local, again) {
			e.decideAll()
		}
	}
}

// settleLocal gives the host's own addresses, as known now, their role, and
// arranges the candidates.
func (e *Engine) settleLocal() []netip.Addr {
	list := e.vantage.all()
	if e.vantage.known == nil {
		for _, c := range e.candidates.list.all() {
			c.roles &^= isLocal
		}
		for _, a := range list {
			e.candidates.add(packet.AddrOf(a), 0, isLocal)
		}
	}
	e.candidates.arrange()
	return list
}

// destination returns the address that was found: see verdict.
func (e *Engine) destination(at int32) packet.Addr {
	if at < 0 {
		return e.strays[^at]
	}
	return e.candidates.list.at(at).addr
}

// settled returns the only destination that fl's clusters prove; false where
// there is none, or no flow.
func (e *Engine) settled(fl *flow) (packet.Addr, bool) {
	if fl == nil || fl.settled < 0 {
		return packet.Addr{}, false
	}
	return e.destination(e.flows.clusters.at(fl.settled).at), true
}

// decideAll decides every cluster.
func (e *Engine) decideAll() {
	e.decideEach()
	e.separateTies()
	e.settleFlows()
}

// decideEach decides every cluster by itself.
func (e *Engine) decideEach() {
	e.lists, e.few, e.long, e.unlisted = nil, 0, 0, 0
	for _, fl := range e.flows.list.all() {
		fl.modes, fl.empty = 0, 0
	}
	e.limitCrowds()
	e.learnModes()
	e.learnOpen()
	e.learnShares()
	every := make([]int32, e.flows.clusters.n)
	for j, c := range e.flows.clusters.all() {
		c.listed = none
		every[j] = j
	}
	e.decideClusters(every)
}

// decideClusters decides the clusters at some places.
func (e *Engine) decideClusters(places []int32) {
	outcomes := make([]outcome, min(decidedAtOnce, len(places)))
	for some := range slices.Chunk(places, decidedAtOnce) {
		e.decideSome(some, outcomes)
		for i, at := range some {
			c := e.flows.clusters.at(at)
			c.verdict = e.keep(&outcomes[i], c.listed)
		}
	}
}

// decidedAtOnce is how many clusters are decided on all cores before what is
// kept of them is written down, in their order.
const decidedAtOnce = 1 << 12

// decideSome fills in the outcomes of the clusters at some places.
func (e *Engine) decideSome(places []int32, outcomes []outcome) {
	const share = 256 // clusters
	var workers sync.WaitGroup
	for from := 0; from < len(places); from += share {
		decide := func() {
			room, asked := make([]scored, 0, 64), make([]question, 1)
			q := &asked[0]
			for i := from; i < min(from+share, len(places)); i++ {
				c := e.flows.clusters.at(places[i])
				*q = e.questionOf(e.flows.list.at(c.flow), c)
				room = e.explain(room[:0], q)
				if e.familiar != nil {
					e.separate(room, q)
				}
				outcomes[i] = e.settle(room, asked)
			}
		}
		if from+share < len(places) {
			workers.Go(decide)
		} else {
			decide() // for a few clusters a goroutine is not worth its stack
		}
	}
	workers.Wait()
}

// keep returns what is kept of o; listed is the place of what was listed before,
// none without that.
func (e *Engine) keep(o *outcome, listed int32) verdict {
	if o.found && o.at == none {
		o.at = ^int32(len(e.strays))
		e.strays = append(e.strays, o.dst)
	}
	o.listed = listed
	switch {
	case o.open.candidates == nil:
	case listed != none: // it has as much room as before
		o.open.cut(len(e.lists[listed].candidates))
		e.lists[listed] = o.open
	case e.keepListed(&o.open):
		o.listed = int32(len(e.lists))
		e.lists = append(e.lists, o.open)
	case e.familiar == nil: // else it was counted before
		e.unlisted++
	}
	return o.verdict
}

// settleFlows notes for every flow the only destination that its clusters
// prove.
func (e *Engine) settleFlows() {
	for _, fl := range e.flows.list.all() {
		fl.settled = none
	}
	for j, c := range e.flows.clusters.all() {
		if !c.proved {
			continue
		}
		fl, dst := e.flows.list.at(c.flow), e.destination(c.at)
		switch {
		case c.rivals || c.mode == header.Unverified || fl.settled == several:
		case fl.settled == none:
			fl.settled = j
		case e.destination(e.flows.clusters.at(fl.settled).at) != dst:
			fl.settled = several
		}
		if dst.IsMulticast() && e.groupPorts != nil { // of several the lowest, whatever their order
			k := portKeyOf(fl.key.ports&0xFFFF, fl.key.class)
			if known, ok := e.groupPorts[k]; !ok || compareAddr(dst, known) < 0 {
				e.groupPorts[k] = dst
			}
		}
	}
}

// questionOf returns the question that c asks.
func (e *Engine) questionOf(fl *flow, c *cluster) question {
	q := question{key: fl.key, from: e.direction(fl.key.src), h: fl.key.hypothesis(), protocol: uint8(fl.key.class), fl: fl, needs: c.dominant(), header: float64(c.least), said: header.DictatedBy(uint8(fl.key.class), fl.key.ports)}
	q.cut = c.needs[header.Whole] == 0 && !c.proven
	if c.proven {
		q.proved = true
		q.header += bitsProved
	}
	return q
}

// learnOpen counts the clusters of each flow that no candidate fits, and learns
// from what others sent how often its true destination is not among the
// candidates; those that match by chance are allowed for. Of what the host sends
// the shares say that.
func (e *Engine) learnOpen() {
	const assumed = 16 // flows that had one, before the first is seen
	for _, c := range e.flows.clusters.all() {
		if fl := e.flows.list.at(c.flow); c.needs[header.Whole] != 0 && !e.hasCandidate(fl, c) {
			fl.empty++
		}
	}
	seen := e.past.inbound
	for _, fl := range e.flows.list.all() {
		seen.add(e, fl)
	}
	missing := seen.empty / math.Max(1-e.candidates.occupied, 0.05)
	e.open = math.Log2(min(1, max(math.Exp2(openLeast), (missing+1)/(seen.flows+assumed))))
}

// answerable are flows that others sent, and those of them that no candidate fits.
type answerable struct{ flows, empty float64 }

// add counts a flow.
func (a *answerable) add(e *Engine, fl *flow) {
	if fl.clusters <= uint16(fl.cut) || e.direction(fl.key.src) != inbound {
		return
	}
	empty := fl.empty == fl.clusters-uint16(fl.cut)
	if empty && e.flows.clusters.at(fl.first).rivals {
		return // it may be no flow at all, but another protocol's packets
	}
	a.flows++
	if empty {
		a.empty++
	}
}

// hasCandidate reports whether any address fits c, in a mode that isn't rare.
func (e *Engine) hasCandidate(fl *flow, c *cluster) bool {
	const rare = -5 // bits
	q := e.questionOf(fl, c)
	for m, need := range q.needs {
		if need == 0 || e.modeOf(&q, header.Mode(m)) < rare {
			continue
		}
		var room [4]scored
		if len(e.candidates.with(need)) > 0 || len(e.named(room[:0], &q, need)) > 0 {
			return true
		}
	}
	return false
}

// settle weighs list, all explanations of questions, against one another.
func (e *Engine) settle(list []scored, questions []question) outcome {
	sortScored(list)
	other := math.Exp2(questions[0].open)
	total, barred := other, false
	for i := range list {
		total += math.Exp2(list[i].total)
		barred = barred || list[i].barred
	}
	o := outcome{verdict: undecided}
	best := &list[0]
	share := math.Exp2(best.total) / total
	if !best.addr.IsUnspecified() && (!barred || best.named && best.by <= byPayload) {
		o.proved = share >= best.enough()
		// What the port's group is said to be is usual, and no more.
		usual := best.mode == header.Unverified && best.by == byGroup
		o.found = o.proved || share >= e.confidence && !usual
		o.protocolProved = o.proved
	}
	for i := range questions {
		if q := &questions[i]; !o.proved && e.protocolKnown(list, q, total, other, &o.verdict) {
			o.protocol, o.by, o.mode = q.protocol, byChecksum, q.shown()
		}
	}
	o.tied = addressesIn(list) > 1
	if !o.found || o.tied && !o.proved {
		o.open = shortlist(list, total)
	}
	if !o.found {
		return o
	}
	o.dst, o.at, o.by, o.protocol, o.mode = best.addr, best.at, best.by, best.protocol, best.mode
	o.posterior = float32(share)
	o.second = float32(math.Exp2(list[1].total) / total) // the open explanation is always there
	if o.clear() {
		o.coarsen(best.enough())
	}
	return o
}

// sortScored sorts the likeliest first, and otherwise so that the order does
// not depend on the capture's.
func sortScored(list []scored) {
	slices.SortFunc(list, func(a, b scored) int {
		if a.total != b.total { // as most do
			return cmp.Compare(b.total, a.total)
		}
		return cmp.Or(compareAddr(a.addr, b.addr), cmp.Compare(a.h, b.h))
	})
}

// protocolKnown reports whether q's protocol is proved or likely though its
// destination isn't proved: by the flow's own packets, or by a sum that fits
// several candidates. It notes in v if it is proved.
func (e *Engine) protocolKnown(list []scored, q *question, total, other float64, v *verdict) bool {
	mass, fits := 0.0, 0.0
	for i := range list {
		if list[i].h != q.h {
			continue
		}
		mass += math.Exp2(list[i].total)
		if !list[i].addr.IsUnspecified() {
			fits += math.Exp2(list[i].bits)
		} else {
			fits += list[i].gain
		}
	}
	share := mass / total
	if !q.proved {
		share = min(share, fits/(fits+other))
	}
	if !q.proved && !q.needs.Any() {
		return false
	}
	v.protocolProved = v.protocolProved || share >= credible
	return share >= min(credible, e.confidence)
}

// shown is the mode that proves q's protocol where its destination stays open.
func (q *question) shown() header.Mode {
	if q.itself {
		return header.Whole
	}
	for m, need := range q.needs {
		if need != 0 {
			return header.Mode(m)
		}
	}
	return header.Unverified
}

// portKey names the flows of one class between two ports.
type portKey uint64

func portKeyOf(p header.Ports, c class) portKey { return portKey(p)<<16 | portKey(c) }

// indexPorts finds the flows by their ports, for packets whose checksum can't
// be verified.
func (e *Engine) indexPorts() {
	e.byPorts = map[portKey]int32{}
	for i, fl := range e.flows.list.all() {
		fl.twin = none
		if !fl.key.twoWay() || fl.packets == 0 {
			continue
		}
		k := portKeyOf(fl.key.ports, fl.key.class)
		if first, ok := e.byPorts[k]; ok {
			fl.twin = first
		}
		e.byPorts[k] = i
	}
}
