package infer

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/mendcap/mendcap/infer/internal/header"
)

// Several addresses may have the sum that a flow needs. What separates them is
// where the host's other flows go, those that begin beside it and those to the
// same port, and what DNS gave just before. How much each says is learnt from the
// capture, as a mixture of the addresses that are familiar in that way and of all
// others.

// familiarity says why a flow is likelier to go to an address than to another of
// the lists.
type familiarity uint8

const (
	unfamiliar familiarity = iota // nothing does
	atTheTime                     // another flow to the address begins at about the same time
	byPort                        // another connection to the address has the same port
	byName                        // DNS gave the address just before
)

// beside is how long before or after a flow another one begins that says where it
// may go, nanoseconds.
const beside = 2e9

// maxBeside bounds the flows that are looked at beside one, and allBeside those
// beside all that tie. Where more begin, they are no sign.
const (
	maxBeside = 1 << 10
	allBeside = 1 << 24
)

// acquaintance is what is proved of where the host's flows go.
type acquaintance struct {
	shares [header.Hypotheses]func() *fits // of the flows, learnt when they are asked for
	listed float64                         // addresses
	visits []visit                         // sorted by stamp
	beside int                             // flows that are looked at beside one
	ports  map[portKey]service             // by the ports' second half
}

// visit is a flow whose destination is proved.
type visit struct {
	begun int64
	at    int32 // its destination's place among the candidates
	fl    *flow
}

// service is what is known of a port: where connections to it go, by place among the
// candidates, each with the host's port, or several.
type service map[int32]int32

// familiars are the addresses that are familiar to one flow.
type familiars struct {
	beside []int32 // sorted
	served service
	local  int32 // the host's port
	begun  int64
}

// familiarity returns how much likelier than for any of the addresses it is by
// each kind that f's flow goes to at, if it goes anywhere by it.
func (e *Engine) familiarity(f *familiars, at int32) (fits fits) {
	listed := e.familiar.listed
	fits[unfamiliar] = 1
	if _, ok := slices.BinarySearch(f.beside, at); ok {
		fits[atTheTime] = listed / float64(len(f.beside))
	}
	if local, ok := f.served[at]; ok && local != f.local {
		fits[byPort] = listed / float64(len(f.served))
	}
	if c := e.candidates.list.at(at); c.roles&isResolved != 0 {
		if among, ok := e.resolved.before(c.addr, f.begun); ok {
			fits[byName] = listed / among
		}
	}
	return fits
}

// familiarTo returns the addresses that are familiar to fl; around says whether by
// flows beside it, too.
func (k *acquaintance) familiarTo(fl *flow, around bool) familiars {
	f := familiars{local: int32(fl.key.ports >> 16), begun: fl.begun}
	if fl.key.twoWay() && fl.key.ports.Destination() != 0 {
		f.served = k.ports[portKeyOf(fl.key.ports&0xFFFF, fl.key.class)]
	}
	if fl.begun == 0 || !around {
		return f
	}
	from, _ := slices.BinarySearchFunc(k.visits, fl.begun-beside, func(v visit, stamp int64) int { return cmp.Compare(v.begun, stamp) })
	if last := from + k.beside; last < len(k.visits) && k.visits[last].begun <= fl.begun+beside {
		return f
	}
	for i := from; i < len(k.visits) && k.visits[i].begun <= fl.begun+beside; i++ {
		if k.visits[i].fl != fl {
			f.beside = append(f.beside, k.visits[i].at)
		}
	}
	slices.Sort(f.beside)
	f.beside = slices.Compact(f.beside)
	return f
}

// separate weighs the explanations of q that have nothing but a list in their
// favour by what is familiar. It changes nothing where there is only one, and what
// they come to together stays: that the sum fits one of them grows no likelier.
func (e *Engine) separate(list []scored, q *question) {
	const near = 10 // bits within which explanations tie
	tied, best := 0, math.Inf(-1)
	for i := range list {
		switch s := &list[i]; {
		case s.named || s.by < byCache || s.settled:
			return
		case s.ties():
			tied++
			best = math.Max(best, s.bits)
		}
	}
	if tied < 2 {
		return
	}
	f, shares := e.familiar.familiarTo(q.fl, true), e.familiar.shares[q.h]()
	before, after := 0.0, 0.0
	for i := range list {
		s := &list[i]
		if !s.ties() {
			continue
		}
		weight := 0.0
		for k, fit := range e.familiarity(&f, s.at) {
			weight += shares[k] * fit
		}
		before += math.Exp2(s.bits - best)
		s.gain = math.Log2(weight) - s.lift
		after += math.Exp2(s.bits + s.gain - best)
	}
	rest := math.Log2(after / before)
	for i := range list {
		if s := &list[i]; s.ties() {
			s.bits += s.gain - rest
			s.total += s.gain - rest
			if s.gain+s.lift > rest+1 && s.bits > best-near {
				s.by = byOthers
			}
		}
	}
}

// ties reports whether s is one that a list alone speaks for.
func (s *scored) ties() bool {
	return s.at != none && s.mode != header.Unverified && s.by >= byCache && s.by != byGroup && s.by < noEvidence && !s.addr.IsMulticast()
}

// separateTies decides the host's clusters again that several addresses fit, with
// what the proved ones show.
func (e *Engine) separateTies() {
	var tied []int32
	for j, c := range e.flows.clusters.all() {
		if c.tied && !c.proved && e.direction(e.flows.list.at(c.flow).key.src) == outbound {
			tied = append(tied, j)
		}
	}
	if len(tied) == 0 {
		return
	}
	e.familiar = e.acquaint()
	e.familiar.beside = min(maxBeside, allBeside/len(tied))
	e.learnFamiliarity(tied)
	e.decideClusters(tied)
	e.familiar = nil // no packet that is decided by itself asks for it
}

// acquaint gathers what is proved of where the host's flows go.
func (e *Engine) acquaint() *acquaintance {
	k := &acquaintance{ports: map[portKey]service{}}
	for _, c := range e.candidates.list.all() {
		if c.roles&^(isKnown|isJoined|isLocal) != 0 {
			k.listed++
		}
	}
	for _, c := range e.flows.clusters.all() {
		fl := e.flows.list.at(c.flow)
		if !c.proved || c.at < 0 || c.rivals || e.direction(fl.key.src) != outbound || e.destination(c.at).IsMulticast() {
			continue
		}
		if fl.begun != 0 {
			k.visits = append(k.visits, visit{fl.begun, c.at, fl})
		}
		k.serve(&fl.key, c.at, fl.key.ports)
	}
	for _, fl := range e.flows.list.all() {
		if e.direction(fl.key.src) == outbound {
			for n := range e.flows.namesOf(fl) {
				if !n.dst.IsLinkLocal() {
					k.serve(&fl.key, e.candidates.place(&n.dst, 0, hashPlace(&n.dst, 0)), fl.key.ports)
				}
			}
		} else if fl.packets > 0 {
			k.serve(&fl.key, e.candidates.place(&fl.key.src, fl.key.zone, hashPlace(&fl.key.src, fl.key.zone)), fl.key.ports.Reversed())
		}
	}
	for a, of := range e.retired.all() {
		e.serveRetired(k, a, of.class)
	}
	slices.SortFunc(k.visits, func(a, b visit) int {
		return cmp.Or(cmp.Compare(a.begun, b.begun), cmp.Compare(a.at, b.at))
	})
	return k
}

// serveRetired is serve for what a flow that has retired shows, as others do.
func (e *Engine) serveRetired(k *acquaintance, a *answered, of class) {
	key := flowKey{src: e.candidates.list.at(a.home).addr, ports: a.ports, class: of}
	if e.direction(key.src) != outbound {
		k.serve(&key, a.home, key.ports.Reversed())
	} else if !e.destination(a.at).IsMulticast() {
		k.serve(&key, a.at, key.ports)
	}
}

// serve notes that at has a connection between ports, the host's first, of the
// class of key.
func (k *acquaintance) serve(key *flowKey, at int32, p header.Ports) {
	if at == none || !key.twoWay() || p.Destination() == 0 {
		return
	}
	port, local := portKeyOf(p&0xFFFF, key.class), int32(p>>16)
	to := k.ports[port]
	if to == nil {
		to = service{}
		k.ports[port] = to
	}
	switch known, ok := to[at]; {
	case !ok:
		to[at] = local
	case known != local && known != several:
		to[at] = several
	}
}

// surroundings says of visits, one after the other, which begin beside them.
type surroundings struct {
	visits   []visit
	most     int           // beside one; where more begin, it has none
	from, to int           // the visits that begin beside the current one
	times    map[int32]int // how many of them go to an address
}

// of reports whether other flows beside visit i go to its address too, and to how
// many addresses others go. Each i must be greater than the one before.
func (s *surroundings) of(i int) (there bool, among int) {
	v := &s.visits[i]
	for ; s.to < len(s.visits) && s.visits[s.to].begun <= v.begun+beside; s.to++ {
		s.times[s.visits[s.to].at]++
	}
	for ; s.visits[s.from].begun < v.begun-beside; s.from++ {
		s.leave(s.visits[s.from].at)
	}
	if s.to-s.from > s.most {
		return false, 0
	}
	own := s.own(i)
	for _, at := range own {
		s.leave(at)
	}
	there, among = s.times[v.at] > 0, len(s.times)
	for _, at := range own {
		s.times[at]++
	}
	return there, among
}

func (s *surroundings) leave(at int32) {
	if s.times[at]--; s.times[at] == 0 {
		delete(s.times, at)
	}
}

// own lists where the flow of visit i goes: they begin at the same time.
func (s *surroundings) own(i int) (all []int32) {
	v := &s.visits[i]
	for ; i > 0 && s.visits[i-1].begun == v.begun; i-- {
	}
	for ; i < len(s.visits) && s.visits[i].begun == v.begun; i++ {
		if s.visits[i].fl == v.fl {
			all = append(all, s.visits[i].at)
		}
	}
	return all
}

// learnFamiliarity learns from the flows whose destination is proved, and from
// those that tie, how often flows go where others do: by
// expectation-maximisation, with a prior that a few flows do not overturn.
func (e *Engine) learnFamiliarity(tied []int32) {
	var sample sample
	around := surroundings{visits: e.familiar.visits, most: e.familiar.beside, times: map[int32]int{}}
	for i, v := range e.familiar.visits[:min(maxObserved, len(e.familiar.visits))] {
		f := e.familiar.familiarTo(v.fl, false)
		fits := e.familiarity(&f, v.at)
		if there, among := around.of(i); there {
			fits[atTheTime] = e.familiar.listed / float64(among)
		}
		sample.add(seen{v.fl.key.hypothesis(), fits})
	}
	var room []scored
	for _, j := range tied[:min(maxObserved, len(tied))] {
		c := e.flows.clusters.at(j)
		fl := e.flows.list.at(c.flow)
		q := e.questionOf(fl, c)
		o, f, n := seen{h: q.h}, e.familiar.familiarTo(fl, true), 0.0
		room = e.explain(room[:0], &q)
		for i := range room {
			if !room[i].ties() {
				continue
			}
			for k, fit := range e.familiarity(&f, room[i].at) {
				o.fits[k] += fit
			}
			n++
		}
		if n > 0 {
			o.fits.divideBy(n)
			sample.add(o)
		}
	}
	for h := range header.Hypotheses {
		e.familiar.shares[h] = sync.OnceValue(func() *fits { return familiarityOf(sample, h) })
	}
}

// familiarityOf returns the shares of the familiarities for h. That flows go where no
// other does is rather over- than underestimated.
func familiarityOf(seen sample, h header.Hypothesis) *fits {
	const (
		rounds     = 32
		deviations = 2
	)
	prior := fits{unfamiliar: 2, atTheTime: 0.5, byPort: 0.5, byName: 2} // flows
	shares := prior
	shares.divideBy(prior.sum())
	counts := seen.maximise(&shares, &prior, h, rounds-1)
	next := shares
	alone := seen.maximise(&next, &prior, h, 1)[unfamiliar]
	shares[unfamiliar] += deviations * math.Sqrt(alone) / counts.sum()
	return &shares
}
