// Package infer finds the Next Header and the destination of IPv6 packets that
// a raw socket delivered without their IPv6 header, and proves them by the
// transport checksum.
//
// It promises never to guess in silence. An answer is proved where the evidence
// leaves no credible other one, and likely where its probability is at least
// Options.Confidence; both say so. Otherwise the destination stays :: and, where
// the protocol too is open, the Next Header stays 255. It reads no files and
// holds no packets.
//
// Use it in two passes: Examine and Observe every packet, Conclude, then ask the
// Answers for each packet's; one that was not observed is answered without what
// the sequence numbers of other packets say. Examine is pure and may run on many
// cores, and so may the methods of Answers; an Engine's are not safe for
// concurrent use. InferObserved asks for packets that were observed, and reads
// less of them.
//
// The words are used as follows. A flow is what one address sends from one port to
// another under one protocol; its reverse is a flow of its own. A residue is what
// an address adds to a transport checksum: a folded ones' complement sum. A
// cluster is those packets of a flow that need the same residue of their
// destination, and are answered together. A candidate is an address that a
// destination may be, since a table, the capture or a payload names it. An
// explanation is a candidate with a next header; its posterior is what all
// explanations of a cluster share, "none of the candidates" among them.
package infer

import (
	"net/netip"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// Unknown is the Next Header value that stands for "unknown".
const Unknown = 255

// Packet is one packet as a raw socket delivered it: what followed the IPv6
// header and its extension headers, and the source address.
type Packet struct {
	Source      netip.Addr // without zone
	Zone        uint32     // interface index of the source where the capture has it, else 0
	Destination netip.Addr // zero or :: where unknown
	NextHeader  uint8      // Unknown where unknown
	Stated      bool       // NextHeader is what the user states, not what the sniffer recorded
	Data        []byte     // captured upper-layer data; not kept
	Length      int        // length of the upper-layer data on the wire, bytes; at least len(Data)
	Stamp       int64      // time as recorded, nanoseconds since 1970; 0 where unknown
	Event       Event      // that was matched to the packet, if any
}

// Facts are what one packet says: all that Observe and Infer need, without a
// pointer into the packet. The zero value says nothing.
type Facts struct {
	read  header.Facts
	home  uint64 // hash of source and zone
	event event
}

// Examine returns the facts of p. It is pure, and reads the data once.
func Examine(p *Packet) (f Facts) {
	f.Examine(p)
	return f
}

// Examine fills f with the facts of p.
func (f *Facts) Examine(p *Packet) {
	f.begin(p)
	f.read.Read(p.Data, p.Length)
	f.home = hashPlace(&f.read.Src, f.read.Zone)
	f.hear(&p.Event)
}

// begin fills f with what is known of p without its data.
func (f *Facts) begin(p *Packet) {
	f.read = header.Facts{}
	f.read.Src, f.read.NextHeader, f.read.Stated, f.read.Stamp = packet.AddrOf(p.Source), p.NextHeader, p.Stated, p.Stamp
	if p.Destination.IsValid() {
		f.read.Dst = packet.AddrOf(p.Destination)
	}
	if f.read.Src.IsLinkLocal() {
		f.read.Zone = p.Zone
	}
}

// Origin says where a field of the rebuilt header comes from.
type Origin uint8

// The origins of a field.
const (
	NotKnown   Origin = iota // left unknown: nothing speaks for one value enough
	AsCaptured               // the sniffer had recorded it
	Inferred                 // proved by the evidence named beside it
	AsStated                 // the user states it: see Packet.Stated
	Likely                   // not proved, but at least as probable as Options.Confidence asks for

	Origins = 5 // their number
)

// Evidence names what carried an answer; the first that applies, from the
// strongest.
type Evidence string

// The kinds of evidence.
const (
	ByNone        Evidence = ""
	ByConnection  Evidence = "connection-table"   // checksum, and a table names this 4-tuple
	ByEvent       Evidence = "raw-endpoint-event" // the host's own trace says so of this packet, or of others of its flow whose checksums agree
	ByPayload     Evidence = "payload"            // the payload dictates the destination
	ByReverseFlow Evidence = "reverse-flow"       // the other direction is in the capture, and the checksum or the sequence numbers fit
	ByFlow        Evidence = "same-flow"          // no checksum, but others of the same flow have one that proves theirs
	ByCache       Evidence = "destination-cache"  // checksum, address in the destination cache
	ByNeighbor    Evidence = "neighbor-table"     // checksum, address in the neighbor table
	ByLocal       Evidence = "local-address"      // checksum, an address of the host
	ByResolved    Evidence = "dns-answer"         // checksum, address that DNS has given
	BySeen        Evidence = "seen-in-capture"    // checksum, address seen in the capture
	ByGroup       Evidence = "known-group"        // checksum, a well-known multicast group
	ByOthers      Evidence = "other-flows"        // checksum, and of the addresses that fit it is one that the host's other flows go to
	ByChecksum    Evidence = "checksum"           // next header alone: the sum fits over several packets
)

// Candidate is one possible answer with its posterior probability.
type Candidate struct {
	NextHeader  uint8
	Destination netip.Addr // :: where it is open
	Posterior   float64
	Evidence    Evidence
}

// Answer is what could be said of one packet's header.
type Answer struct {
	NextHeader        uint8      // Unknown where neither proved nor likely
	Destination       netip.Addr // :: where neither proved nor likely
	NextHeaderOrigin  Origin
	DestinationOrigin Origin
	Evidence          Evidence
	ChecksumVerified  bool        // a whole checksum over all the data confirmed the answer
	Offloaded         bool        // the field holds the pseudo-header's sum, left to the network card, and that confirmed it
	HopLimit          uint8       // to write where the sniffer recorded none (255 ND, 1 MLD, 64 otherwise)
	Posterior         float64     // of the destination answered, 0 without one; rounded down where RunnerUp is below 0.0001
	RunnerUp          float64     // posterior of the next best explanation, "none of the candidates" included; rounded up where it is so small
	Candidates        []Candidate // ranked, at most 64; where something stayed unknown, and where several addresses fit and none is proved
	Unlisted          int         // candidates beyond those
}
