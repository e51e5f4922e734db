package infer

import (
	"math"
	"math/bits"

	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
)

// class is a Next Header value; that of an ICMPv6 message that is no echo has
// its type in the second byte, so that a flow is of one kind.
type class uint32

func icmpClass(icmpType uint8) class { return packet.ProtoICMPv6 | class(icmpType)<<8 }

// flowKey names one direction of a conversation by what a header-less packet
// says of it. An echo request has its identifier for source port and 0 for
// destination port, the reply the other way round.
type flowKey struct {
	src   packet.Addr
	zone  uint32 // of a link-local source where the capture has it
	ports ports
	class class
}

// key returns the flow of f under h.
func (f *Facts) key(h hypothesis) flowKey {
	k := flowKey{src: f.src, zone: f.zone, class: class(f.protocol(h))}
	switch {
	case h == asOther:
		switch k.class {
		case protoDCCP, protoSCTP, protoUDPLite, packet.ProtoESP: // ESP has its SPI there
			k.ports = f.ports
		}
	case h != asICMPv6:
		k.ports = f.ports
	case f.icmpType == icmpEchoRequest:
		k.ports = portsOf(f.icmpID, 0)
	case f.icmpType == icmpEchoReply:
		k.ports = portsOf(0, f.icmpID)
	default:
		k.class = icmpClass(f.icmpType)
	}
	return k
}

// hypothesis returns the one under which k is a flow.
func (k *flowKey) hypothesis() hypothesis {
	switch uint8(k.class) {
	case packet.ProtoTCP:
		return asTCP
	case packet.ProtoUDP:
		return asUDP
	case packet.ProtoICMPv6:
		return asICMPv6
	}
	return asOther
}

// twoWay reports whether the other direction of k has a key of its own.
func (k *flowKey) twoWay() bool { return k.class <= 0xFF && k.ports != 0 && k.class != packet.ProtoESP }

// discovers reports whether k is neighbour discovery (RFC 4861), which may
// cross scopes.
func (k *flowKey) discovers() bool {
	return k.class >= icmpClass(icmpRouterSolicit) && k.class <= icmpClass(icmpRedirect)
}

// answeredBy returns the key of the other direction, from peer.
func (k *flowKey) answeredBy(peer packet.Addr) flowKey {
	r := flowKey{src: peer, ports: k.ports.reversed(), class: k.class}
	if isLinkLocal(peer) {
		r.zone = k.zone
	}
	return r
}

// clustered reports whether packets like f, read under h, are decided by the
// cluster. What dictates its own destination is decided by itself.
func (f *Facts) clustered(h hypothesis) bool {
	switch h {
	case asICMPv6:
		return f.dictation == dictatesNothing
	case asOther:
		return !f.other.serial
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
	first    int32  // its first cluster, none without one; the others are in clusterOf
	named    int32  // the first of its named destinations, none without one
	settled  int32  // by Conclude: a cluster with the only destination proved; none, or several
	twin     int32  // by Conclude: the next flow between the same ports, none behind the last
	packets  uint32 // header-less ones
	proofs   uint32 // of those, with a checksum of their own that came out
	clusters uint32
	cut      uint8  // clusters that began with a packet that was cut
	modes    uint8  // by Conclude: of its proved clusters, a bit each
	empty    uint32 // by Conclude: clusters that no address fits
	seqs     span   // of a TCP flow
	acks     span
	begun    int64 // stamp of its first packet
}

// cluster is what the packets of a flow have in common that need the same
// residue of their destination: one destination, unless two collide. What their
// checksums hold is not known yet: they agree with the first one in some mode.
type cluster struct {
	flow   int32
	needs  needs
	least  int8          // bits of its least plausible header
	rivals bool          // a packet of it is plausible under another hypothesis too
	hits   [modes]uint32 // packets that agree in each mode
	bodies uint64        // the data seen, without the checksum's place, hashed to a bit each
	proven bool          // by Conclude: see proved

	outcome // by Conclude
}

// dominant returns what c needs in the modes in which most of its packets
// agree.
func (c *cluster) dominant() (n needs) {
	most := c.most()
	for m, hits := range c.hits {
		if hits == most {
			n[m] = c.needs[m]
		}
	}
	return n
}

func (c *cluster) most() uint32 { return max(c.hits[whole], c.hits[partial], c.hits[lengthless]) }

// named is a destination that something outside of the packet names for a
// flow.
type named struct {
	dst  packet.Addr
	by   evidence
	next int32
}

// flows is the table of flows and their clusters.
type flows struct {
	max       int
	index     flowIndex // of list
	list      []flow
	clusters  []cluster
	clusterOf map[clusterKey]int32 // those that aren't a flow's first, once for each mode
	names     []named
	esp       int // flows of ESP, or what looks so
	evicted   int64
}

func newFlows() flows {
	return flows{max: math.MaxInt32, clusterOf: map[clusterKey]int32{}}
}

// limit leaves room for that many more flows, clusters and names.
func (t *flows) limit(room int) { t.max = min(max(len(t.list), len(t.names))+room, math.MaxInt32) }

// find returns the flow with key k, or nil.
func (t *flows) find(k flowKey) *flow {
	if i, ok := t.index.find(&k, t.list); ok {
		return &t.list[i]
	}
	return nil
}

// open returns the index of the flow with key k, which is new if fresh; none
// if there is no room.
func (t *flows) open(k flowKey) (i int32, fresh bool) {
	if i, ok := t.index.find(&k, t.list); ok {
		return i, false
	}
	if len(t.list) >= t.max {
		return none, true
	}
	i = int32(len(t.list))
	t.list = append(t.list, flow{key: k, first: none, named: none, settled: none, twin: none})
	t.index.add(t.list)
	return i, true
}

// roomForESP reports whether there is room for a flow of ESP: anything that
// nothing else explains may look like the first packet of one.
func (t *flows) roomForESP(k flowKey) bool {
	const share = 16
	if _, ok := t.index.find(&k, t.list); ok {
		return true
	}
	t.esp++
	return t.esp <= max(1, t.max/share)
}

// name notes that by names dst for the flow with key k.
func (t *flows) name(k flowKey, dst packet.Addr, by evidence) {
	i, _ := t.open(k)
	if i == none || len(t.names) >= t.max {
		return
	}
	count := 0
	for j := t.list[i].named; j != none; j = t.names[j].next {
		n := &t.names[j]
		if n.dst == dst {
			n.by = min(n.by, by)
			return
		}
		count++
	}
	if count < maxNamed {
		t.names = append(t.names, named{dst: dst, by: by, next: t.list[i].named})
		t.list[i].named = int32(len(t.names) - 1)
	}
}

// namedBy reports whether fl has dst among its named destinations, and by what.
func (t *flows) namedBy(fl *flow, dst packet.Addr) (evidence, bool) {
	for j := fl.named; j != none; j = t.names[j].next {
		if t.names[j].dst == dst {
			return t.names[j].by, true
		}
	}
	return noEvidence, false
}

// clusterKey finds a cluster by what it needs in a mode.
type clusterKey struct {
	flow int32
	mode mode
	need residue
}

// cluster returns that of flow i that n agrees with, none if there is none.
func (t *flows) cluster(i int32, n *needs) int32 {
	fl := &t.list[i]
	if fl.first == none || t.clusters[fl.first].needs.meets(n) {
		return fl.first
	}
	if fl.clusters > 1 {
		for m, need := range n {
			if j, ok := t.clusterOf[clusterKey{i, mode(m), need}]; ok && need != 0 {
				return j
			}
		}
	}
	return none
}

// leads reports whether packets of flow i need what r is, in a mode that most
// of their cluster agree in.
func (t *flows) leads(i int32, r residue) bool {
	j := t.cluster(i, &needs{r, r, r})
	if j == none {
		return false
	}
	for _, need := range t.clusters[j].dominant() {
		if need == r {
			return true
		}
	}
	return false
}

// add counts f, read under h, to flow i and its cluster; false if there is no
// room for that.
func (t *flows) add(i int32, f *Facts, h hypothesis) bool {
	n := f.needs(h)
	if !n.any() {
		return true
	}
	j := t.cluster(i, &n)
	if j == none {
		fl := &t.list[i]
		if len(t.clusters) >= t.max || fl.clusters >= maxNeeds {
			return false
		}
		if n[whole] == 0 {
			if fl.cut >= maxCut {
				return true // nothing like it came before: its field says nothing
			}
			fl.cut++
		}
		j = t.found(i, &n, f.bits[h])
	}
	t.clusters[j].join(f, h, &n)
	return true
}

// found makes a cluster of flow i.
func (t *flows) found(i int32, n *needs, bits int8) int32 {
	fl, j := &t.list[i], int32(len(t.clusters))
	t.clusters = append(t.clusters, cluster{flow: i, needs: *n, least: bits, outcome: outcome{listed: none}})
	if fl.first == none {
		fl.first = j
	} else {
		for m, need := range n {
			if need != 0 {
				t.clusterOf[clusterKey{i, mode(m), need}] = j
			}
		}
	}
	fl.clusters++
	return j
}

// join counts f to c.
func (c *cluster) join(f *Facts, h hypothesis, n *needs) {
	for m := range n {
		if n[m] != 0 && n[m] == c.needs[m] {
			c.hits[m]++
		}
	}
	c.least = min(c.least, f.bits[h])
	c.bodies |= 1 << (f.body(h) * 0x9E37 >> 10)
	if _, alone := f.only(); !alone {
		c.rivals = true
	}
}

// proved reports whether c's packets show by themselves that what they need is
// no chance, whatever the destination: different data, and always the same
// need. By chance a flow of m packets has n with one need C(m, n) / 65536^(n-1)
// times, in each mode.
func (fl *flow) proved(c *cluster) bool {
	const credible = 10 // bits
	n := float64(bits.OnesCount64(c.bodies))
	if n < 2 || c.most() < 2 {
		return false
	}
	m := math.Max(float64(fl.packets), n)
	ways := math.Log2(float64(modes)) // log2 C(m, n)
	for k := 0.0; k < n; k++ {
		ways += math.Log2((m - k) / (n - k))
	}
	return 16*(n-1)-ways >= credible
}

// continuous reports whether the sequence numbers of an ESP flow go on, one by
// one but for some that are missing.
func (fl *flow) continuous() bool {
	const least = 16
	if fl.packets < least || !fl.seqs.any {
		return false
	}
	covered := uint64(fl.seqs.high-fl.seqs.low) + 1
	return covered >= uint64(fl.packets)/2 && covered <= 2*uint64(fl.packets)
}

// span is the range of the sequence numbers seen, whatever their order. It
// says nothing once they went around.
type span struct {
	low, high uint32
	any       bool
}

func (s *span) add(n tcp.Seq) {
	v := uint32(n)
	if !s.any {
		*s = span{low: v, high: v, any: true}
		return
	}
	s.low, s.high = min(s.low, v), max(s.high, v)
}

// agree returns what it is worth, in bits, that s and o are within a window of
// one another: the less the more numbers they cover, 0 where they can't tell,
// bitsNoSequence where they are further apart.
func (s *span) agree(o *span) float64 {
	const window = 1 << 19 // so that chance has it 1 in 2^12 times
	if !s.any || !o.any || s.high-s.low > 1<<31 || o.high-o.low > 1<<31 {
		return 0
	}
	apart := s.low > o.high || o.low > s.high
	if apart && min(o.low-s.high, s.low-o.high) > window {
		return bitsNoSequence
	}
	covered := float64(s.high-s.low) + float64(o.high-o.low) + 2*window
	return min(bitsSequence, max(0, 32-math.Log2(covered)))
}
