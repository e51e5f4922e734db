package infer

import (
	"net/netip"
	"time"

	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// Delivery is what an event trace of the host says of a packet that a raw socket was
// given, that was sent through one, or that a program took out of it. Destination is
// zero where only the source and the length are told.
type Delivery struct {
	Source, Destination netip.Addr
	NextHeader          uint8
	Length              int    // of the data that the socket gives, bytes: IPv6 without its header
	Socket              uint64 // the same for all packets that one event tells of one socket
	Taken               bool   // by the program
	Time                time.Time
}

// Handling is what an event trace of the host says of a segment that its TCP has received
// or sent: the sequence number, and either the length of its data or its ACK number.
type Handling struct {
	Source, Destination netip.AddrPort
	Seq, Length, Ack    uint32
	HasAck              bool // Ack is told, and Length is not
	Time                time.Time
}

// Event is what the Delivery says that was matched to a packet. That it belongs to this
// packet is told by source, length, time and order alone, so it never outweighs what the
// packet's own checksum says.
type Event struct {
	NextHeader  uint8
	Destination netip.Addr // zero where there is no event
}

// event is an Event with what the packet's checksum says of it.
type event struct {
	dst      packet.Addr
	protocol uint8
	match    Match // Contradicts where there is none
}

// Match says whether a packet's own checksum agrees with a header that is claimed for it.
type Match uint8

// The answers of a checksum.
const (
	Contradicts Match = iota // it can be verified, and comes out wrong
	Silent                   // it can't be verified
	Agrees                   // it comes out right, or holds the pseudo-header's sum for the network card
)

// Match compares the packet's checksum with a header.
func (f *Facts) Match(nextHeader uint8, destination netip.Addr) Match {
	h := header.HypothesisOf(nextHeader)
	if f.read.Bits[h] == 0 || f.read.Protocol(h) != nextHeader {
		if h != header.AsOther && f.read.IsWhole() {
			return Contradicts // no packet of that protocol looks so
		}
		return Silent
	}
	needs, residue := f.read.Needs(h), header.ResidueOf(packet.AddrOf(destination))
	for _, need := range needs {
		if need == residue {
			return Agrees
		}
	}
	if f.read.Checked(h) {
		return Contradicts
	}
	return Silent
}

// hear takes in the event that was matched to the packet.
func (f *Facts) hear(e *Event) {
	f.event = event{}
	if e.Destination.IsValid() {
		f.event = event{packet.AddrOf(e.Destination), e.NextHeader, f.Match(e.NextHeader, e.Destination)}
	}
}

// observeEvent takes in where the packet's event says that its flow goes. Only one with
// which a checksum agrees names that for other packets of the flow.
func (e *Engine) observeEvent(f *Facts) {
	if f.event.match != Agrees {
		return
	}
	key := f.key(header.HypothesisOf(f.event.protocol))
	e.candidates.add(f.event.dst, f.read.Zone, isSeen)
	e.flows.name(&key, f.event.dst, byEvent, always)
}

// posteriorUnchecked is that of an event with which no checksum agrees or disagrees:
// another packet's event may have been taken for this one's.
const posteriorUnchecked = 0.98

// hear lets the packet's event say what nothing else has proved. What is known otherwise
// has to agree with it.
func (e *Engine) hear(f *Facts, a *Answer) {
	h, to := f.event, f.event.dst.Netip()
	switch {
	case h.match == Contradicts, a.DestinationOrigin == Inferred:
		return
	case a.NextHeaderOrigin != NotKnown && a.NextHeaderOrigin != Likely && a.NextHeader != h.protocol:
		return
	case a.DestinationOrigin == AsCaptured && a.Destination != to:
		return
	case h.match == Agrees && e.rivalled(a, to):
		return
	case h.match == Silent && (e.confidence > posteriorUnchecked || a.DestinationOrigin == Likely && a.Destination != to):
		return
	}
	grade, posterior := Inferred, credible
	if h.match == Silent {
		grade, posterior = Likely, posteriorUnchecked
	}
	if a.NextHeaderOrigin == NotKnown || a.NextHeaderOrigin == Likely {
		a.NextHeader, a.NextHeaderOrigin = h.protocol, grade
	}
	if a.DestinationOrigin != AsCaptured {
		a.Destination, a.DestinationOrigin = to, grade
		a.Posterior, a.RunnerUp = posterior, 1-posterior
	}
	a.Evidence = ByEvent
	if h.match == Agrees {
		a.ChecksumVerified, a.Offloaded = f.agreesAs(h.protocol, h.dst)
		a.Candidates, a.Unlisted = nil, 0
	}
	a.HopLimit = f.read.HopLimit(a.NextHeader)
}

// rivalled reports whether another address than the event's is as good an answer: the
// checksum of the packet agrees with both.
func (e *Engine) rivalled(a *Answer, to netip.Addr) bool {
	const rival = 0.05 // of the posterior
	for i := range a.Candidates {
		if c := &a.Candidates[i]; c.Destination != to && !c.Destination.IsUnspecified() && c.Posterior >= rival {
			return true
		}
	}
	return false
}

// agreesAs reports how the checksum agrees with a header.
func (f *Facts) agreesAs(protocol uint8, dst packet.Addr) (verified, offloaded bool) {
	h := header.HypothesisOf(protocol)
	needs := f.read.Needs(h)
	if needs[header.Whole] == header.ResidueOf(dst) {
		return true, false
	}
	return false, true
}
