package infer

import (
	"iter"
	"math"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
)

// class is a Next Header value; that of an ICMPv6 message that is no echo has
// its type in the second byte, so that a flow is of one kind.
type class uint16

func icmpClass(icmpType uint8) class { return packet.ProtoICMPv6 | class(icmpType)<<8 }

// flowKey names one direction of a conversation by what a header-less packet
// says of it. An echo request has its identifier for source port and 0 for
// destination port, the reply the other way round.
type flowKey struct {
	src   packet.Addr
	zone  uint32 // of a link-local source where the capture has it
	ports header.Ports
	class class
}

// key returns the flow of f under h.
func (f *Facts) key(h header.Hypothesis) flowKey {
	k := flowKey{src: f.read.Src, zone: f.read.Zone, class: class(f.read.Protocol(h))}
	switch k.class {
	case packet.ProtoTCP, packet.ProtoUDP, header.ProtoDCCP, header.ProtoSCTP, header.ProtoUDPLite,
		packet.ProtoESP: // which has its SPI there
		k.ports = f.read.Ports
	case packet.ProtoICMPv6:
		switch f.read.ICMPType {
		case header.ICMPEchoRequest:
			k.ports = header.PortsOf(f.read.ICMPID, 0)
		case header.ICMPEchoReply:
			k.ports = header.PortsOf(0, f.read.ICMPID)
		default:
			k.class = icmpClass(f.read.ICMPType)
		}
	}
	return k
}

// hypothesis returns the one under which k is a flow.
func (k *flowKey) hypothesis() header.Hypothesis { return header.HypothesisOf(uint8(k.class)) }

// twoWay reports whether the other direction of k has a key of its own.
func (k *flowKey) twoWay() bool { return k.class <= 0xFF && k.ports != 0 && k.class != packet.ProtoESP }

// discovers reports whether k is neighbor discovery (RFC 4861), which may
// cross scopes.
func (k *flowKey) discovers() bool {
	return k.class >= icmpClass(header.ICMPRouterSolicit) && k.class <= icmpClass(header.ICMPRedirect)
}

// answeredBy returns the key of the other direction, from peer.
func (k *flowKey) answeredBy(peer packet.Addr) flowKey {
	r := flowKey{src: peer, ports: k.ports.Reversed(), class: k.class}
	if peer.IsLinkLocal() {
		r.zone = k.zone
	}
	return r
}

// clustered reports whether packets like f, read under h, are decided by the
// cluster. What dictates its own destination is decided by itself.
func (f *Facts) clustered(h header.Hypothesis) bool {
	switch h {
	case header.AsICMPv6:
		return f.read.Dictation == header.DictatesNothing
	case header.AsOther:
		return !f.read.Other.Serial
	}
	return true
}

// Indices of nothing in a table, and of more than one.
const (
	none    = -1
	several = -2
)

// maxNeeds bounds the clusters of one flow. A flow has one for each of its
// destinations; many more mean that its checksums aren't whole. maxCut bounds
// those that begin with a packet that was cut.
const (
	maxNeeds = 256
	maxCut   = 4
)

// maxNamed bounds the destinations named for one flow.
const maxNamed = 16

// flow is one direction of a conversation.
type flow struct {
	key      flowKey
	first    int32  // its first cluster, none without one; the others are in clusterAt
	named    int32  // the first of its named destinations, none without one
	settled  int32  // by Conclude: a cluster with the only destination proved; none, or several
	twin     int32  // by Conclude: the next flow between the same ports, none after the last
	packets  uint32 // header-less ones
	seqs     span   // of a TCP flow
	acks     span
	begun    int64 // stamp of its first packet
	clusters uint16
	empty    uint16 // by Conclude: clusters that no address fits
	cut      uint8  // clusters that began with a packet that was cut
	modes    uint8  // by Conclude: of its proved clusters, a bit each
	proofs   bool   // a checksum of its own came out in one of its packets
	alone    bool   // of some packet no cluster decides: see Infer
	stays    bool   // by Conclude: it doesn't retire
}

// named is a destination that something outside of the packet names for a
// flow.
type named struct {
	dst   packet.Addr
	until int64 // stamp from which on it says nothing of a connection that opens, or always
	next  int32
	by    evidence
	past  bool // the flow began after until, by the packets' clock: see begin
}

// always is when names end that have no end.
const always = math.MaxInt64

// flows is the table of flows and their clusters.
type flows struct {
	max       int
	index     index // of list
	list      pages[flow]
	clusters  pages[cluster]
	clusterAt index // of those that aren't a flow's first, once for each mode
	names     pages[named]
	esp       int // flows of ESP, or what looks so
	evicted   int64
	unnamed   int64   // names beyond maxNamed
	wanted    portSet // of which all flows stay: a packet may need them that is decided by itself
}

// find returns the flow with key k, or nil.
func (t *flows) find(k *flowKey) *flow {
	if i := t.place(k, k.hash()); i != none {
		return t.list.at(i)
	}
	return nil
}

// place returns the index of the flow with key k, whose hash is given; none if
// there is none.
func (t *flows) place(k *flowKey, hash uint64) int32 {
	return t.index.find(hash, func(at int32) bool { return t.list.at(at).key == *k })
}

// open returns the index of the flow with key k, which is new if fresh; none
// if there is no room.
func (t *flows) open(k *flowKey, hash uint64) (i int32, fresh bool) {
	if i = t.place(k, hash); i != none {
		return i, false
	}
	if t.list.len() >= t.max {
		return none, true
	}
	i = t.list.push(flow{key: *k, first: none, named: none, settled: none, twin: none, seqs: nowhere, acks: nowhere})
	t.index.add(hash, i)
	return i, true
}

// roomForESP reports whether there is room for a flow of ESP: anything that
// nothing else explains may look like the first packet of one.
func (t *flows) roomForESP(k *flowKey, hash uint64) bool {
	const share = 16
	if t.place(k, hash) != none {
		return true
	}
	t.esp++
	return t.esp <= max(1, t.max/share)
}

// namesOf are fl's named destinations.
func (t *flows) namesOf(fl *flow) iter.Seq[*named] {
	return func(yield func(*named) bool) {
		for j := fl.named; j != none; {
			n := t.names.at(j)
			if !yield(n) {
				return
			}
			j = n.next
		}
	}
}

// name notes that by names dst for the flow with key k: that it says nothing of a
// connection that opens after until.
func (t *flows) name(k *flowKey, dst packet.Addr, by evidence, until int64) {
	i, _ := t.open(k, k.hash())
	if i == none || t.names.len() >= t.max {
		return
	}
	fl, count := t.list.at(i), 0
	for n := range t.namesOf(fl) {
		if n.dst == dst {
			n.by, n.until = min(n.by, by), max(n.until, until)
			n.past = n.past && until != always
			return
		}
		count++
	}
	if count == maxNamed {
		t.unnamed++
	} else {
		fl.named = t.names.push(named{dst: dst, until: until, by: by, next: fl.named})
	}
}

// namedBy returns by what fl has dst among its named destinations; noEvidence where it
// hasn't.
func (t *flows) namedBy(fl *flow, dst packet.Addr) evidence {
	for n := range t.namesOf(fl) {
		if n.dst == dst {
			return n.by
		}
	}
	return noEvidence
}

// continuous reports whether the sequence numbers of an ESP flow go on, one by
// one but for some that are missing.
func (fl *flow) continuous() bool {
	const least = 16
	if fl.packets < least || !fl.seqs.any() {
		return false
	}
	covered := uint64(fl.seqs.high-fl.seqs.low) + 1
	return covered >= uint64(fl.packets)/2 && covered <= 2*uint64(fl.packets)
}

// span is the range of the sequence numbers seen, whatever their order: nowhere
// at first. It says nothing once they went around.
type span struct{ low, high uint32 }

var nowhere = span{low: math.MaxUint32}

// any reports whether a number was seen.
func (s *span) any() bool { return s.low <= s.high }

func (s *span) add(n tcp.Seq) {
	s.low, s.high = min(s.low, uint32(n)), max(s.high, uint32(n))
}

// agree returns what it is worth, in bits, that s and o are within a window of
// one another: the less the more numbers they cover, 0 where they can't tell,
// bitsNoSequence where they are further apart.
func (s *span) agree(o *span) float64 {
	const window = 1 << 19 // so that chance has it 1 in 2^12 times
	if !s.any() || !o.any() || s.high-s.low > 1<<31 || o.high-o.low > 1<<31 {
		return 0
	}
	apart := s.low > o.high || o.low > s.high
	if apart && min(o.low-s.high, s.low-o.high) > window {
		return bitsNoSequence
	}
	covered := float64(s.high-s.low) + float64(o.high-o.low) + 2*window
	return min(bitsSequence, max(0, 32-math.Log2(covered)))
}
