package infer

import (
	"math"
	"slices"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// Evidence in bits: log2 odds. Priors are those of an address's best single
// source; sources don't add.
const (
	priorNamed     = 0  // a table names the 4-tuple, or the payload says so
	priorReverse   = -1 // the other direction is in the capture
	priorListed    = -1 // one of the destination cache; of the host's addresses, for what others sent
	priorResolved  = -1 // one of those that DNS gave just before
	priorSeen      = -4 // one of the neighbors, of the addresses seen, or that DNS gave
	priorJoined    = -3 // one of the groups that somebody has joined
	priorKnown     = -7 // a well-known group
	priorElsewhere = -4 // in no list: as a neighbor of listed ones, and as any other
	priorUnrelated = -40

	openLeast = -12 // that it's none of the candidates, at least
	openNamed = -5  // that it's none of these, more: something names one

	bitsSum        = 16  // the checksum fits
	bitsNamed      = 10  // ports or payload agree with what names the address
	bitsAnswered   = 4   // the other direction has the ports, but not proved to be for us
	bitsLone       = 7   // the same where its checksums can't be verified
	bitsGroup      = 10  // the port's group is what most of its packets go to
	bitsNoGroup    = 4   // the rest of them
	bitsSequence   = 12  // sequence numbers within the window of the other direction
	bitsNoSequence = -8  // out of it
	bitsProved     = 8   // the flow's packets prove the protocol
	bitsTCPGroup   = -30 // TCP to a group
	bitsSolicited  = -20 // anything but ICMPv6 to a solicited-node group
	bitsScope      = -8  // from a link-local source to beyond the link
	bitsToLink     = -4  // from beyond the link to a link-local address
	bitsLoopback   = -30 // loopback at one end alone
	bitsSelf       = -6  // to the source itself
	bitsPassing    = -8  // neither end is the host's
	bitsBreach     = -12 // against what the payload dictates
)

// question is what is to be decided: one packet or cluster, under one
// hypothesis.
type question struct {
	key      flowKey
	from     direction // that of its source
	h        header.Hypothesis
	protocol uint8
	fl       *flow        // nil without one
	needs    header.Needs // in the modes that are tenable
	cut      bool         // nothing may be right about the field: the data were cut off, or it is zero
	proved   bool         // the protocol is right, whatever the destination
	itself   bool         // by a checksum of its own, that covers no address
	header   float64
	open     float64 // log2 of how likely it is for none of the candidates, by explain: see openFor
	said     header.Dictated
	asked    flowKey // under which those are named who asked for this, if about
	about    bool
}

// scored is one explanation of a packet. An unspecified address stands for
// "none of the candidates".
type scored struct {
	addr     packet.Addr
	at       int32 // of addr among the candidates, none if it isn't known
	roles    role
	h        header.Hypothesis
	protocol uint8
	mode     header.Mode
	by       evidence
	named    bool
	settled  bool    // the flow's other packets go there
	just     bool    // DNS gave it just before the flow
	lift     float64 // bits by which that is likelier than what else speaks for it
	group    uint8   // the port's group, though nothing can be verified: the usual one is 1
	barred   bool    // of "none of the candidates": see unseen
	beyond   int32   // of "none of the candidates": how many fit and weren't looked at
	bits     float64 // without the header's, which are its hypothesis's
	total    float64 // with them
	gain     float64 // of bits, by what is familiar: see separate; of "none of the candidates": odds of those beyond
}

// explain appends to list the explanations of q, the open one included.
func (e *Engine) explain(list []scored, q *question) []scored {
	from := len(list)
	var left unseen
	for m, need := range q.needs {
		if need != 0 {
			start := len(list)
			list = e.named(list, q, need)
			list = e.fitting(list, start, q, e.lookedAt(q, need, header.Mode(m), &left))
			list = e.assess(list, from, start, q, header.Mode(m))
		}
	}
	if q.cut || !q.needs.Any() {
		start := len(list)
		list = e.named(list, q, 0)
		list = e.answering(list, start, q)
		list = e.assess(list, from, start, q, header.Unverified)
	}
	q.open = e.openFor(q)
	open := q.open + e.accident(q)
	if q.cut && !slices.ContainsFunc(list[from:], func(s scored) bool { return s.mode == header.Unverified }) {
		// That a field left to the card fits some candidate has to be likelier
		// than that it holds a checksum which can't be verified.
		open = max(open, e.modeOf(q, header.Whole))
	}
	names, group := false, false
	for i := from; i < len(list); i++ {
		s := &list[i]
		s.total = s.bits + q.header
		names = names || s.by <= byPayload
		group = group || s.group == 1
	}
	if names {
		open += openNamed
	}
	if group {
		open = max(open, bitsNoGroup)
	}
	if left.n > 0 {
		open = math.Log2(math.Exp2(open) + left.mass)
	}
	return append(list, scored{at: none, h: q.h, protocol: q.protocol, by: noEvidence, barred: left.barred, beyond: int32(left.n), gain: left.mass, bits: open, total: open + q.header})
}

// assess weighs list[start:], which fit in mode m, and joins those that are in
// list[from:start] already: one address may fit in several modes.
func (e *Engine) assess(list []scored, from, start int, q *question, m header.Mode) []scored {
	kept := start
	before := explanationsOf(list[from:start], len(list)-start)
	for i := start; i < len(list); i++ {
		s := &list[i]
		s.mode = m
		e.weigh(s, q)
		switch {
		case m != header.Unverified:
			s.bits += e.modeOf(q, m)
		case q.needs.Any(): // then it is a whole checksum over what was cut off
			s.bits += e.modeOf(q, header.Whole)
		}
		o := before.of(s.addr)
		if o == nil {
			list[kept] = *s
			kept++
			continue
		}
		both := math.Log2(math.Exp2(o.bits) + math.Exp2(s.bits))
		if s.bits > o.bits {
			*o = *s
		}
		o.bits = both
	}
	return list[:kept]
}

// openFor returns log2 of how likely q is for none of the candidates: what was
// learnt of all flows, and what the other packets of its own say. Where they
// each need something else, their checksums aren't whole, and one that fits
// does so by chance: the more of them, the sooner. That says
// nothing of a proved cluster.
func (e *Engine) openFor(q *question) float64 {
	open := e.openShare(q)
	if q.fl == nil || q.fl.clusters < 2+uint16(q.fl.cut) || q.proved {
		return open
	}
	clusters := float64(q.fl.clusters - uint16(q.fl.cut))
	share := math.Log2(math.Max(float64(q.fl.empty), math.Exp2(open)) / clusters)
	return math.Max(open, share) + math.Log2(clusters)
}

// named appends the destinations that the payload, a table or another packet
// names for q, as far as they fit need; 0 fits all.
func (e *Engine) named(list []scored, q *question, need header.Residue) []scored {
	from := len(list)
	add := func(a packet.Addr, by evidence) {
		if a.IsUnspecified() || need != 0 && header.ResidueOf(a) != need {
			return
		}
		if s := explained(list[from:], a); s != nil {
			s.by = min(s.by, by)
			return
		}
		list = append(list, scored{addr: a, at: none, h: q.h, protocol: q.protocol, by: by, named: true})
	}
	group, known := e.groupPorts[portKeyOf(q.key.ports&0xFFFF, q.key.class)]
	switch {
	case need != 0 || q.said.Strict && q.said.N == 1:
		for _, a := range q.said.List() {
			add(a, byPayload)
		}
		if known && !q.said.Strict {
			add(group, byGroup)
		}
	case !q.said.Strict: // to a group, or to one receiver
		groups := q.said.List()
		if known && q.said.N == 0 {
			groups = []packet.Addr{group}
		}
		for i, a := range groups {
			list = append(list, scored{addr: a, at: none, h: q.h, protocol: q.protocol, by: byGroup, group: 1 + uint8(i)})
		}
	}
	e.eachNamed(&q.key, q.fl, add)
	if q.about {
		e.eachNamed(&q.asked, e.flows.find(&q.asked), add)
	}
	return list
}

// eachNamed calls add with the destinations named for k, whose flow fl is, nil where there
// is none. Tables don't always know the zone. A connection that opens after a table had a
// row is another than the row's.
func (e *Engine) eachNamed(k *flowKey, fl *flow, add func(packet.Addr, evidence)) {
	if fl == nil && k.zone != 0 {
		anywhere := *k
		anywhere.zone = 0
		fl = e.flows.find(&anywhere)
	}
	if fl == nil {
		return
	}
	for n := range e.flows.namesOf(fl) {
		if !n.past || !e.moments.within(e.span) {
			add(n.dst, n.by)
		}
	}
}

// fitting appends the candidates of crowd, which fit. Those in list from there on
// were named, and only gain their roles.
func (e *Engine) fitting(list []scored, from int, q *question, crowd []int32) []scored {
	named := len(list)
	for _, i := range crowd {
		c := e.candidates.list.at(i)
		if c.zone != 0 && q.key.zone != 0 && c.zone != q.key.zone {
			continue
		}
		switch s, last := explained(list[from:named], c.addr), len(list)-1; {
		case s != nil:
			s.roles, s.at = s.roles|c.roles, i
		case last >= named && list[last].addr == c.addr:
			list[last].roles |= c.roles
		default:
			list = append(list, scored{addr: c.addr, at: i, roles: c.roles, h: q.h, protocol: q.protocol, by: noEvidence})
		}
	}
	return list
}

// maxTwins bounds the flows between the same ports that are looked at.
const maxTwins = 64

// answering appends, where no checksum can be verified, where the flow's other
// packets go, and who sends the other way between these ports.
func (e *Engine) answering(list []scored, from int, q *question) []scored {
	add := func(a packet.Addr, settled bool) {
		if s := explained(list[from:], a); s != nil {
			s.settled = s.settled || settled
			return
		}
		list = append(list, scored{addr: a, at: none, h: q.h, protocol: q.protocol, by: noEvidence, settled: settled})
	}
	if dst, ok := e.settled(q.fl); ok {
		add(dst, true)
	}
	if !q.key.twoWay() {
		return list
	}
	others := len(list)
	i, ok := e.byPorts[portKeyOf(q.key.ports.Reversed(), q.key.class)]
	for n := 0; ok && i != none; n++ {
		fl := e.flows.list.at(i)
		if n == maxTwins {
			return list[:others] // too many to be told apart
		}
		if fl.key.src != q.key.src {
			add(fl.key.src, false)
		}
		i = fl.twin
	}
	return list
}

// weigh sets the bits of s and what carries it.
func (e *Engine) weigh(s *scored, q *question) {
	prior, by := e.standing(s, q)
	bits := 0.0
	if s.group > 0 {
		prior, by, bits = priorNamed, byGroup, bitsNoGroup
	}
	if s.group == 1 {
		bits = bitsGroup
	}
	if s.named {
		bits += bitsNamed
		if s.by >= bySeen {
			prior, by = math.Max(prior, priorReverse), min(by, s.by)
		} else {
			prior, by = priorNamed, s.by
		}
	}
	if s.settled {
		prior, by = math.Max(prior, priorReverse), min(by, byFlow)
		bits += bitsNamed
	}
	if extra, back := e.answered(s.addr, q); extra > 0 {
		prior, by = math.Max(prior, priorReverse), min(by, byReverse)
		if s.named || s.settled {
			extra = math.Max(extra-bitsNamed, 0) // the ports agree once only
		}
		bits += extra
		bits += q.sequence(back)
	}
	if s.mode != header.Unverified {
		bits += bitsSum
	}
	s.by = by
	s.bits = prior + bits + e.scope(s.addr, q)
	if q.said.Strict && !(s.named && by <= byPayload) {
		s.bits += bitsBreach
	}
}

// priorOf has the log2 of how common destinations with a role are, before
// anything is learnt.
var priorOf = [roles]float64{priorListed, priorSeen, priorSeen, priorSeen, priorSeen, priorJoined, priorKnown, priorListed}

// evidenceOf has what an address with a role alone is answered by.
var evidenceOf = [roles]evidence{byCache, byNeighbor, byLocal, bySeen, byResolved, byGroup, byGroup, byCache}

// standing returns the prior of an address by its roles, and the strongest of
// them.
func (e *Engine) standing(s *scored, q *question) (prior float64, by evidence) {
	prior, by = priorUnrelated, noEvidence
	for r := range roles {
		if s.roles>>r&1 != 0 {
			prior, by = math.Max(prior, e.priorAs(r, q)), min(by, evidenceOf[r])
		}
	}
	if q.fl != nil && s.roles&isResolved != 0 {
		if n, just := e.resolved.before(s.addr, q.fl.begun); just {
			given := e.complete.given[q.from][q.h] - math.Log2(n)
			s.just, s.lift = true, math.Max(0, given-prior)
			prior, by = math.Max(prior, given), min(by, byResolved)
		}
	}
	return prior, by
}

// priorAs returns the prior of one of the addresses with the role that r counts:
// of what the host sends as the capture shows it.
func (e *Engine) priorAs(r int, q *question) float64 {
	switch {
	case q.from == outbound:
		return e.complete.shares[q.h]().log[r] + e.candidates.shares[r]
	case role(1)<<r == isLocal:
		return priorListed + e.candidates.shares[r]
	case role(1)<<r == isKnown:
		return priorKnown
	}
	return priorOf[r] + e.candidates.shares[r]
}

// openShare returns log2 of how likely q is for none of the candidates, as all
// flows show it.
func (e *Engine) openShare(q *question) float64 {
	if q.from == inbound {
		return e.open
	}
	return math.Max(e.complete.shares[q.h]().unlisted, openLeast)
}

// accident returns, in bits, how much sooner an unlisted neighbor of listed
// addresses fits q than any address at all. What others send goes to the host's
// own addresses: of these the list has no unlisted neighbors.
func (e *Engine) accident(q *question) float64 {
	if q.from == inbound && e.vantage.known != nil {
		return 0
	}
	shares := &e.complete.shares[q.h]().of
	near, far := shares[nearby], shares[anywhere]
	density, total := 0.0, 0.0
	for m, need := range q.needs {
		if need != 0 {
			weight := math.Exp2(e.modeOf(q, header.Mode(m)))
			density += weight * e.complete.near().density(need)
			total += weight
		}
	}
	if total == 0 {
		return 0
	}
	return math.Log2((far + near*density/total) / (near + far))
}

// scope returns what speaks against an address because of where it lies.
func (e *Engine) scope(a packet.Addr, q *question) (bits float64) {
	src := q.key.src
	if q.h == header.AsTCP && a.IsMulticast() {
		bits += bitsTCPGroup
	}
	if q.h != header.AsICMPv6 && a.IsSolicitedNode() {
		bits += bitsSolicited
	}
	if !q.key.discovers() && !a.IsMulticast() {
		switch {
		case src.IsLinkLocal() && !a.IsLinkLocal():
			bits += bitsScope
		case a.IsLinkLocal() && !src.IsLinkLocal():
			bits += bitsToLink
		}
	}
	switch {
	case a.IsLoopback() != src.IsLoopback():
		if a.IsLoopback() || !e.vantage.proved(a) {
			bits += bitsLoopback
		}
	case a == src && !a.IsLoopback():
		bits += bitsSelf
	}
	if q.from == inbound && e.vantage.some() && !a.IsMulticast() && !e.vantage.proved(a) {
		bits += bitsPassing
	}
	return bits
}
