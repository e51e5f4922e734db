package infer

import (
	"slices"

	"github.com/mendcap/mendcap/infer/internal/header"
)

// A capture may have any number of connections, and while it is observed most of them
// end. So from time to time those flows retire early that nothing to come decides
// otherwise: the other direction, a table or the payload names where they go, or the
// tables list the host's own addresses, and they go to one. A packet of such a flow that
// its clusters don't answer for begins it again.

const (
	// earlyShare is in how many parts the flows come for which there is room: after each
	// some retire.
	earlyShare = 4
	// earlyMost is how many times as many clusters as there is room for retire early.
	earlyMost = 4
)

// past is what flows that have retired early have shown, as far as the others are
// decided by it.
type past struct {
	modes    modeCounts
	inbound  answerable
	observed [directions][]observation // as observeClusters has them
}

// retireEarly lets flows retire if it is time. Where packets between ports were cut,
// which any flow between those may answer, none does.
func (e *Engine) retireEarly() {
	t := &e.flows
	if max(t.list.len(), t.clusters.len()) < e.early {
		return
	}
	if !e.cut && e.retired.n < earlyMost*e.most {
		e.decideNow()
		if home, some := e.leaving(e.lasts); some {
			e.recall(home)
			e.leave(home)
		}
		e.forget()
	}
	left := max(t.list.len(), t.clusters.len())
	e.early = left + max(left, e.round) // so that each is decided a few times at most
}

// decideNow decides what was observed so far, but for ties: none of those lasts.
func (e *Engine) decideNow() {
	slices.Sort(e.resolved.stamps)
	e.settleLocal()
	e.decideEach()
	e.settleFlows()
}

// lasts reports whether c, which was decided, would be decided so whatever comes.
func (e *Engine) lasts(fl *flow, c *cluster) bool {
	if !c.clear() || c.at < 0 || fl.key.hypothesis() == header.AsOther {
		return false
	}
	return c.by <= byReverse || c.by == byLocal && e.vantage.known != nil
}

// recall keeps what the flows show that leave, which have a home.
func (e *Engine) recall(home []int32) {
	for d := range directions {
		e.past.observed[d] = e.complete.observed[d]()
	}
	for _, c := range e.flows.clusters.all() {
		if home[c.flow] != none {
			e.countMode(c, &e.past.modes)
		}
	}
	for i, fl := range e.flows.list.all() {
		if home[i] == none {
			continue
		}
		e.past.inbound.add(e, fl)
		if dst, ok := e.settled(fl); ok && e.vantage.known == nil {
			e.vantage.edge(fl.key.src, dst)
		}
	}
}

// forget forgets what was decided of the flows that stay: they are decided again.
func (e *Engine) forget() {
	for _, fl := range e.flows.list.all() {
		fl.settled = none
	}
	e.strays, e.lists = nil, nil
}

// answeredEarly reports whether f, read under h, is of a flow that has retired, and one of
// its clusters answers for it. Otherwise the flow, if there is one, begins again. alone
// says that no cluster decides the packet.
func (e *Engine) answeredEarly(f *Facts, k *flowKey, hash uint64, h header.Hypothesis, alone bool) bool {
	if e.retired.n == 0 {
		return false
	}
	n := f.read.Needs(h)
	a, left := e.retiredAs(k, hash, &n)
	if a != nil && !alone && f.clustered(h) && f.read.Checked(h) {
		return true
	}
	if left {
		e.rejoin(k, hash)
	}
	return false
}
