package infer

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// pool is a set of addresses that destinations come from: one for each role,
// those that no list holds but that look like neighbors of ones that do, and
// all others.
type pool uint8

const (
	nearby   = pool(roles) + iota // unlisted, numbered like listed ones
	anywhere                      // unlisted, and unlike them

	pools // their number
)

// completeness is what the capture itself shows of its lists: which share of
// the destinations each of them holds, and how many are in none. It holds for
// what the host sends; for what others send, the host's own addresses are the
// list.
type completeness struct {
	shares [header.Hypotheses]func() *shares      // learnt when they are asked for
	given  [directions][header.Hypotheses]float64 // log2 of the share of flows that go where DNS just led
	near   func() *residues

	observed [directions]func() []observation // what the shares are learnt from: see observeClusters
}

// observation is a destination that the shares are learnt from: for each pool it has
// how much sooner one of its addresses has what the cluster needs than any address
// at all.
type observation struct {
	seen
	needs header.Needs
	named bool    // something beyond the lists names the destination
	given float64 // as fits, of the addresses that DNS gave just before
}

// maxObserved bounds the clusters that completeness is learnt from.
const maxObserved = 1 << 14

// learnShares learns the shares by expectation-maximisation over a mixture of
// the pools, for each kind of flow. A destination that several flows have in
// common counts once, since what fits by accident does so in all of them.
func (e *Engine) learnShares() {
	// Where all headers are there, nothing asks for them.
	e.complete.near = sync.OnceValue(e.candidates.neighborhoods)
	for d := range directions {
		e.complete.observed[d] = sync.OnceValue(func() []observation { return e.observeClusters(d) })
	}
	list := e.complete.observed[outbound]()
	var sample sample
	for i := range list {
		sample.add(list[i].seen)
	}
	for h := range header.Hypotheses {
		e.complete.shares[h] = sync.OnceValue(func() *shares { return e.sharesOf(sample, h) })
	}
	for d := range directions {
		if d == inbound && len(e.resolved.stamps) > 0 {
			list = e.complete.observed[inbound]()
		}
		for h := range header.Hypotheses {
			e.complete.given[d][h] = e.followed(list, h, d)
		}
	}
}

// followed returns log2 of the share of h's flows that go to an address which DNS
// gave just before, by expectation-maximisation beside what else explains them.
// Flows of one kind may follow DNS where those of another never do, so that no
// other kind counts.
func (e *Engine) followed(list []observation, h header.Hypothesis, d direction) float64 {
	const (
		strength = 2 // observations that the prior counts for
		rounds   = 16
		most     = 0.9
	)
	var of []*observation
	for i := range list {
		if list[i].h == h {
			of = append(of, &list[i])
		}
	}
	if len(of) == 0 {
		return priorResolved
	}
	others := e.besides(of, h, d)
	prior := math.Exp2(priorResolved)
	share := prior
	for range rounds {
		found := 0.0
		for i, o := range of {
			found += share * o.given / (share*o.given + (1-share)*others[i])
		}
		share = (strength*prior + found) / (strength + float64(len(of)))
	}
	return math.Log2(math.Min(share, most))
}

// besides returns how likely what observations of h need is by all but what DNS gave
// just before.
func (e *Engine) besides(list []*observation, h header.Hypothesis, d direction) []float64 {
	var weights fits
	open := 0.0
	if d == outbound {
		weights = e.complete.shares[h]().of
	} else {
		open = math.Exp2(e.open)
		for r, prior := range priorOf {
			weights[r] = math.Exp2(prior)
		}
	}
	all := make([]float64, len(list))
	for i, o := range list {
		all[i] = open
		for s, fit := range o.fits {
			all[i] += weights[s] * fit
		}
	}
	return all
}

// observeClusters returns what the clusters of one direction show, whatever their
// order.
func (e *Engine) observeClusters(d direction) []observation {
	seen := make(map[uint64]bool, min(maxObserved, e.flows.clusters.len()))
	list := slices.Clone(e.past.observed[d])
	for i := range list {
		seen[list[i].id()] = true
	}
	for _, c := range e.flows.clusters.all() {
		if len(list) == maxObserved {
			break
		}
		fl := e.flows.list.at(c.flow)
		if c.rivals || !c.proven && fl.clusters != 1 || e.direction(fl.key.src) != d {
			continue
		}
		q := e.questionOf(fl, c)
		if o, ok := e.observe(&q); ok && !seen[o.id()] {
			seen[o.id()] = true
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b observation) int {
		if a.order() != b.order() { // as most do
			return cmp.Compare(a.order(), b.order())
		}
		return cmp.Or(slices.Compare(a.fits[:], b.fits[:]), cmp.Compare(a.given, b.given))
	})
	return list
}

// order is what observations are sorted by: first the hypothesis, then the needs.
func (o *observation) order() uint64 {
	n := &o.needs
	return uint64(o.h)<<48 | uint64(n[header.Whole])<<32 | uint64(n[header.Partial])<<16 | uint64(n[header.Lengthless])
}

// id is the same for observations that count once.
func (o *observation) id() uint64 {
	if o.named {
		return o.order() | 1<<63
	}
	return o.order()
}

// observe returns what the cluster that asks q shows; nothing if it has no
// checksum that can be verified. Where something beyond the lists names its
// destination, that shows whether the lists have it. That it was seen in the
// capture proves nothing then: it was what named it.
func (e *Engine) observe(q *question) (o observation, ok bool) {
	const most = 64 // candidates looked at for one that is named
	o.h, o.needs = q.h, q.needs
	total := 0.0
	for m, need := range q.needs {
		if need == 0 {
			continue
		}
		weight := math.Exp2(e.modeOf(q, header.Mode(m)))
		total += weight
		crowd := e.candidates.with(need)
		for _, i := range crowd[:min(most, len(crowd))] {
			if e.namedOtherwise(q, e.candidates.list.at(i).addr) {
				return e.observeNamed(q, i), true
			}
		}
		var counts [roles]int
		for _, i := range crowd[:min(maxCrowd, len(crowd))] {
			o.given += weight * e.givenTo(q, i)
			for r := range counts {
				counts[r] += int(e.candidates.list.at(i).roles >> r & 1)
			}
		}
		for r, n := range counts {
			if n > 0 {
				o.fits[r] += weight * float64(n) / float64(e.candidates.counts[r]) * residueCount
			}
		}
		o.fits[nearby] += weight * e.complete.near().density(need)
		o.fits[anywhere] += weight
	}
	return o, total != 0
}

// namedOtherwise reports whether a table of connections or the other direction
// names a for q.
func (e *Engine) namedOtherwise(q *question, a packet.Addr) bool {
	named := false
	e.eachNamed(&q.key, q.fl, func(dst packet.Addr, by evidence) { named = named || dst == a && by <= byReverse })
	if named {
		return true
	}
	bits, _ := e.answered(a, q)
	return bits >= bitsNamed
}

// givenTo returns how much sooner than any address a candidate has q's residue, if
// DNS gave it just before; 0 if it didn't.
func (e *Engine) givenTo(q *question, at int32) float64 {
	c := e.candidates.list.at(at)
	if c.roles&isResolved == 0 {
		return 0
	}
	among, just := e.resolved.before(c.addr, q.fl.begun)
	if !just {
		return 0
	}
	return residueCount / among
}

// observeNamed returns what it shows that the candidate at a place is named for q.
func (e *Engine) observeNamed(q *question, at int32) (o observation) {
	c := e.candidates.list.at(at)
	o.h, o.needs, o.named, o.given = q.h, q.needs, true, e.givenTo(q, at)
	for r := range roles {
		if c.roles>>r&1 != 0 && role(1)<<r != isPeer && role(1)<<r != isSeen {
			o.fits[r] = residueCount / float64(e.candidates.counts[r])
		}
	}
	o.fits[seenRole], o.fits[nearby], o.fits[anywhere] = 1, 1, 1
	return o
}
