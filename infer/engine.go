package infer

import (
	"cmp"
	"math"
	"net/netip"

	"github.com/mendcap/mendcap/infer/internal/header"
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
	// answers list. Conclude leaves about 21 bytes of most flows; where a quarter of the bound
	// is reached, that is left before of those that are decided for good, of up to four
	// times the bound, unless packets were cut. Packets beyond the bound are answered one
	// by one, without the evidence of their cluster, and counted by Answers.GivenUp. 0
	// means DefaultMaxClusters.
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
	cut        bool     // that of one between ports, which any flow between them may answer
	span       period   // of the packets' stamps
	moments    period   // of the tables'
	datagrams  readings // moments of the tables' rows of UDP
	confidence float64  // from which on an answer is likely
	most       int      // flows, and clusters, for which there is room besides those of the tables
	early      int      // flows or clusters from which on some retire before Conclude: see retireEarly
	round      int      // flows or clusters that come before some retire again
	past       past     // of those that did
	retired    retired

	// By Conclude.
	open      float64 // log2 odds that what others sent is for none of the candidates
	complete  completeness
	modes     [directions][header.Hypotheses]modeBits
	lists     []shortlisted     // of clusters whose destination isn't proved
	few, long int               // candidates in them, up to fewListed each and beyond that
	unlisted  int64             // such clusters for whose candidates there was no room
	familiar  *acquaintance     // while ties are separated
	strays    []packet.Addr     // destinations found that are no candidates
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
		most: most, confidence: cmp.Or(o.Confidence, DefaultConfidence),
		resolved: resolutions{max: most, at: map[packet.Addr]*[4]int64{}}, span: never, moments: never,
	}
	e.flows.max, e.candidates.max = math.MaxInt32, math.MaxInt32
	for _, a := range header.WellKnown {
		e.candidates.add(a, 0, isKnown)
	}
	if o.Snapshot != nil {
		e.seed(o.Snapshot)
	}
	e.flows.max = min(max(e.flows.list.len(), e.flows.names.len())+most, math.MaxInt32)
	e.candidates.max = min(e.candidates.list.len()+most, math.MaxInt32)
	e.round = max(1, most/earlyShare)
	e.early = e.flows.list.len() + e.round
	return e
}

// Observe takes in one header-less packet.
func (e *Engine) Observe(f *Facts) {
	if f.read.Stamp != 0 {
		e.span.add(f.read.Stamp)
	}
	if !f.read.Dst.IsUnspecified() {
		e.candidates.add(f.read.Dst, f.read.Zone, isSeen)
	}
	e.observeEvent(f)
	_, sole := f.only()
	alone := !sole || !f.read.Dst.IsUnspecified()
	if f.read.Bits == [header.Hypotheses]int8{} {
		e.see(f.read.Src, f.read.Zone)
	}
	for h := range header.Hypotheses {
		if f.read.Bits[h] != 0 {
			e.observeAs(f, h, alone)
		}
	}
	e.retireEarly()
}

// observeAs takes in f, read under h; alone says that no cluster decides it.
func (e *Engine) observeAs(f *Facts, h header.Hypothesis, alone bool) {
	key := f.key(h)
	hash := hashFlow(f.home, key.ports, key.class)
	if e.answeredEarly(f, &key, hash, h, alone) {
		return
	}
	if h == header.AsOther && f.read.Other.Protocol == packet.ProtoESP && !e.flows.roomForESP(&key, hash) {
		return
	}
	i, fresh := e.flows.open(&key, hash)
	if fresh {
		e.see(f.read.Src, f.read.Zone)
	}
	if h == header.AsICMPv6 && f.read.Dictation != header.DictatesNothing {
		e.observeDictated(f)
	}
	checked := f.read.Checked(h)
	e.truncated = e.truncated || !checked && i != none
	e.cut = e.cut || !checked && h != header.AsOther && key.twoWay()
	if i == none {
		e.crowds.add(f.read.Needs(h))
		e.flows.evicted++
		if !checked {
			e.flows.wanted.add(key.ports.Reversed(), key.class)
		}
		return
	}
	fl := e.flows.list.at(i)
	if fl.packets++; fl.packets == 1 {
		e.begin(fl, f, h)
	}
	if !f.read.Dst.IsUnspecified() {
		e.flows.name(&key, f.read.Dst, bySeen, always)
	}
	switch h {
	case header.AsTCP:
		fl.follow(f)
	case header.AsOther:
		fl.proofs = fl.proofs || f.read.Other.Proved
		if f.read.Other.Serial {
			fl.seqs.add(f.read.Seq)
		}
	}
	counted := f.clustered(h) && e.flows.add(i, f, h)
	if alone || !checked || !counted {
		fl.alone = true
		e.crowds.add(f.read.Needs(h))
	}
}

// begin notes that f, read under h, is fl's first packet. One that opens a connection
// is of another than what was named for an earlier one. A socket may be silent for
// long: that a datagram is of another than a row's shows where a table was read in
// between that lacks the row.
func (e *Engine) begin(fl *flow, f *Facts, h header.Hypothesis) {
	fl.begun = f.read.Stamp
	opens := h == header.AsTCP && f.read.Opens
	if !opens && h != header.AsUDP {
		return
	}
	for n := range e.flows.namesOf(fl) {
		n.past = fl.begun > n.until && (opens || e.datagrams.between(n.until, fl.begun))
	}
}

// follow takes in the sequence numbers of a TCP packet.
func (fl *flow) follow(f *Facts) {
	if f.read.HasSeq {
		fl.seqs.add(f.read.Seq)
		fl.seqs.add(f.read.End)
	}
	if f.read.HasAck {
		fl.acks.add(f.read.Ack)
	}
}

// observeDictated takes in what an ICMPv6 message says of other packets: who
// asked for an advertisement, and where the quoted packet went.
func (e *Engine) observeDictated(f *Facts) {
	switch {
	case f.read.Dictation == header.ToSolicited, f.read.ICMPType == header.ICMPRouterSolicit:
		if k := f.solicited(); !f.read.Src.IsUnspecified() {
			e.flows.name(&k, f.read.Src, byPayload, always)
		}
	case f.read.Dictation == header.ToQuotedSource:
		e.see(f.read.Target, f.read.Zone)
		e.see(f.read.Quoted, f.read.Zone)
		if f.read.QuotedProtocol == packet.ProtoTCP || f.read.QuotedProtocol == packet.ProtoUDP {
			k := flowKey{src: f.read.Target, ports: f.read.QuotedPorts, class: class(f.read.QuotedProtocol)}
			if k.src.IsLinkLocal() {
				k.zone = f.read.Zone
			}
			e.flows.name(&k, f.read.Quoted, bySeen, always)
		}
	}
}

// solicited returns the key under which those are named who asked for the
// advertisement that f asks for, or is; a target of :: means any router.
func (f *Facts) solicited() flowKey {
	k := flowKey{src: f.read.Target, zone: f.read.Zone, class: icmpClass(header.ICMPNeighborAdvert)}
	if k.src.IsUnspecified() {
		k.class = icmpClass(header.ICMPRouterAdvert)
	} else if !k.src.IsLinkLocal() {
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
	key := flowKey{src: from, ports: header.PortsOf(sport, dport), class: class(proto)}
	if from.IsLinkLocal() {
		key.zone = zone
	}
	i, fresh := e.flows.open(&key, key.hash())
	if i == none {
		e.flows.evicted++
	} else if !fresh && e.flows.namedBy(e.flows.list.at(i), to) != noEvidence {
		return
	}
	e.candidates.add(from, zone, isSeen)
	e.candidates.add(to, zoneOf(dst), isSeen)
	e.flows.name(&key, to, bySeen, always)
}
