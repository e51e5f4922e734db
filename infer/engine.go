package infer

import (
	"cmp"
	"math"
	"net/netip"

	"github.com/mendcap/mendcap/internal/packet"
)

// DefaultMaxClusters is the bound on clusters where Options name none.
const DefaultMaxClusters = 1 << 19

// Options say what an Engine starts from. The zero value works: no tables,
// default bound.
type Options struct {
	Snapshot *Snapshot // the host's tables; nil without any; not kept
	// MaxClusters bounds what is kept of the capture: flows, the clusters in
	// them, and addresses, about 250 bytes for one of each; and the candidates that
	// answers list. Conclude leaves 25 bytes of most flows. Packets beyond the bound
	// are answered one by one, without the evidence of their cluster, and counted by
	// Evicted. 0 means DefaultMaxClusters.
	MaxClusters int
	// Confidence is the posterior from which on an answer that isn't proved is
	// given as Likely, between 0.5 and 1; 1 gives proved ones alone. 0 means
	// DefaultConfidence.
	Confidence float64
}

// Engine infers headers from what it has observed.
type Engine struct {
	flows      flows
	candidates candidates
	crowds     crowds
	resolved   resolutions
	vantage    vantage
	byName     int      // candidates that were named before anything else showed them
	truncated  bool     // some packet's checksum can't be verified
	span       period   // of the packets' stamps
	moments    period   // of the tables'
	datagrams  readings // moments of the tables' rows of UDP
	confidence float64  // from which on an answer is likely

	// By Conclude.
	open      float64 // log2 odds that what others sent is for none of the candidates
	complete  completeness
	modes     [directions][hypotheses]modeBits
	lists     []shortlisted // of clusters whose destination isn't proved
	few, long int           // candidates in them, up to fewListed each and beyond that
	unlisted  int64         // such clusters for whose candidates there was no room
	familiar  *acquaintance // while ties are separated
	strays    []packet.Addr // destinations found that are no candidates
	retired   retired
	byPorts   map[portKey]int32 // the first of the flows from these ports; only if truncated
	// groupPorts are groups that are proved to be sent to, by destination port;
	// only if truncated.
	groupPorts map[portKey]packet.Addr
}

// New returns an Engine that knows what o's tables say.
func New(o Options) *Engine {
	most := o.MaxClusters
	if most <= 0 {
		most = DefaultMaxClusters
	}
	e := &Engine{
		confidence: cmp.Or(o.Confidence, DefaultConfidence),
		resolved:   resolutions{max: most, at: map[packet.Addr]*[4]int64{}}, span: never, moments: never,
	}
	e.flows.max, e.candidates.max = math.MaxInt32, math.MaxInt32
	e.seedGroups()
	if o.Snapshot != nil {
		e.seed(o.Snapshot)
	}
	e.flows.limit(most)
	e.candidates.limit(most)
	return e
}

// Observe takes in one header-less packet.
func (e *Engine) Observe(f *Facts) {
	if f.read.stamp != 0 {
		e.span.add(f.read.stamp)
	}
	if !f.read.dst.IsUnspecified() {
		e.candidates.add(f.read.dst, f.read.zone, isSeen)
	}
	_, sole := f.only()
	alone := !sole || !f.read.dst.IsUnspecified()
	known := false
	for h := range hypotheses {
		if f.read.bits[h] != 0 {
			e.observeAs(f, h, alone)
			known = true
		}
	}
	if !known {
		e.see(f.read.src, f.read.zone)
	}
}

// observeAs takes in f, read under h; alone says that no cluster decides it.
func (e *Engine) observeAs(f *Facts, h hypothesis, alone bool) {
	key := f.key(h)
	hash := hashFlow(f.home, key.ports, key.class)
	if h == asOther && f.read.other.protocol == packet.ProtoESP && !e.flows.roomForESP(&key, hash) {
		return
	}
	i, fresh := e.flows.open(&key, hash)
	if fresh {
		e.see(f.read.src, f.read.zone)
	}
	if h == asICMPv6 && f.read.dictation != dictatesNothing {
		e.observeDictated(f)
	}
	checked := f.read.checked(h)
	e.truncated = e.truncated || !checked && i != none
	if i == none {
		e.crowds.add(f.read.needs(h))
		e.flows.evicted++
		if !checked {
			e.flows.wanted.add(key.ports.reversed(), key.class)
		}
		return
	}
	fl := e.flows.list.at(i)
	if fl.packets++; fl.packets == 1 {
		fl.begun = f.read.stamp
		switch {
		case h == asTCP && f.read.opens:
			e.flows.opened(fl, f.read.stamp)
		case h == asUDP:
			e.flows.begun(fl, f.read.stamp, e.datagrams)
		}
	}
	if !f.read.dst.IsUnspecified() {
		e.flows.name(&key, f.read.dst, bySeen)
	}
	switch h {
	case asTCP:
		fl.follow(f)
	case asOther:
		fl.proofs = fl.proofs || f.read.other.proved
		if f.read.other.serial {
			fl.seqs.add(f.read.seq)
		}
	}
	cluster, full := int32(none), false
	if f.clustered(h) {
		cluster, full = e.flows.add(i, f, h)
	}
	if full {
		e.flows.evicted++
	}
	if alone || !checked || cluster == none {
		fl.alone = true
		e.crowds.add(f.read.needs(h))
	}
}

// follow takes in the sequence numbers of a TCP packet.
func (fl *flow) follow(f *Facts) {
	if f.read.hasSeq {
		fl.seqs.add(f.read.seq)
		fl.seqs.add(f.read.end)
	}
	if f.read.hasAck {
		fl.acks.add(f.read.ack)
	}
}

// observeDictated takes in what an ICMPv6 message says of other packets: who
// asked for an advertisement, and where the quoted packet went.
func (e *Engine) observeDictated(f *Facts) {
	switch f.read.dictation {
	case toSolicited:
		if !f.read.src.IsUnspecified() {
			e.nameSolicitor(f.read.target, f)
		}
	case toAllRouters:
		if f.read.icmpType == icmpRouterSolicit && !f.read.src.IsUnspecified() {
			e.nameSolicitor(packet.Addr{}, f)
		}
	case toQuotedSource:
		e.see(f.read.target, f.read.zone)
		e.see(f.read.quoted, f.read.zone)
		if f.read.quotedProto == packet.ProtoTCP || f.read.quotedProto == packet.ProtoUDP {
			k := flowKey{src: f.read.target, ports: f.read.quotedPorts, class: class(f.read.quotedProto)}
			if k.src.IsLinkLocal() {
				k.zone = f.read.zone
			}
			e.flows.name(&k, f.read.quoted, bySeen)
		}
	}
}

// nameSolicitor notes that an advertisement of target goes to f's source.
func (e *Engine) nameSolicitor(target packet.Addr, f *Facts) {
	k := solicited(target, f.read.zone)
	e.flows.name(&k, f.read.src, byPayload)
}

// solicited returns the key under which those are named who asked for an
// advertisement of target; :: stands for any router.
func solicited(target packet.Addr, zone uint32) flowKey {
	k := flowKey{src: target, zone: zone, class: icmpClass(icmpNeighborAdvert)}
	if target.IsUnspecified() {
		k.class = icmpClass(icmpRouterAdvert)
	} else if !target.IsLinkLocal() {
		k.zone = 0
	}
	return k
}

// see makes a candidate of an address that the capture shows.
func (e *Engine) see(a packet.Addr, zone uint32) {
	if !a.IsMulticast() {
		e.candidates.add(a, zone, isSeen)
	}
}

// ObserveFlow takes in one packet that has its IP header. sport and dport are
// 0 where there are no ports.
func (e *Engine) ObserveFlow(src, dst netip.Addr, proto uint8, sport, dport uint16) {
	from, to := packet.AddrOf(src), packet.AddrOf(dst)
	e.vantage.edge(from, to)
	if from.IsMapped() || from.IsUnspecified() {
		return
	}
	zone := zoneOf(src)
	key := flowKey{src: from, ports: portsOf(sport, dport), class: class(proto)}
	if from.IsLinkLocal() {
		key.zone = zone
	}
	i, fresh := e.flows.open(&key, key.hash())
	if i == none {
		e.flows.evicted++
	} else if !fresh {
		if _, known := e.flows.namedBy(e.flows.list.at(i), to); known {
			return
		}
	}
	e.candidates.add(from, zone, isSeen)
	e.candidates.add(to, zoneOf(dst), isSeen)
	e.flows.name(&key, to, bySeen)
}

// Local returns the host's own addresses, sorted: those that the tables name,
// else those that the capture proves to be an end of all its traffic.
func (e *Engine) Local() []netip.Addr { return e.vantage.addresses() }

// Candidates returns the number of distinct addresses tried.
func (e *Engine) Candidates() int { return e.candidates.distinct() }

// LeftOut returns how often an address was met or named that found no room among
// the candidates.
func (e *Engine) LeftOut() int64 { return e.candidates.left }

// Evicted returns the number of packets that found no room in the cluster
// table; they are answered without the evidence of their cluster.
func (e *Engine) Evicted() int64 { return e.flows.evicted }

// GivenUp counts what bounds have made the inference leave out.
type GivenUp struct {
	Crowded int64 // sums that more candidates have than are looked at: see maxCrowd and fitsEach
	Unnamed int64 // destinations that something named for a flow, beyond those that are kept
	// Unlisted counts the flows' clusters whose candidates no answer lists, since
	// others have all the room for lists.
	Unlisted int64
}

// GivenUp says what was left out. It is complete after Conclude.
func (e *Engine) GivenUp() GivenUp { return GivenUp{e.crowds.larger, e.flows.unnamed, e.unlisted} }
