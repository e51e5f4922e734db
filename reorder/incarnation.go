package reorder

import "github.com/mendcap/mendcap/internal/tcp"

// flow is one connection: two halves of one incarnation of a port pair.
type flow struct {
	epoch  uint32
	sackOK bool // SACK blocks were seen, or both SYNs permit them
	// prior is the incarnation before: its last packets may be recorded after
	// the SYN of this one. nil without one.
	prior  *flow
	permit uint8 // bits 0 and 1: halves whose SYN permits SACK; 2 and 3: halves whose SYN was seen
	half   [2]half
}

// plausible bounds how far a number may lie from those of its connection; the
// largest window is 2^30 bytes (RFC 7323, section 2.3). Beyond, the packet is
// of another incarnation of the port pair.
const plausible = 1 << 30

// halves returns what is known of the packet's sender and of the other side.
func (f *flow) halves(seg *tcp.Segment) (own, peer *half) {
	return &f.half[seg.Dir&1], &f.half[1-seg.Dir&1]
}

// incarnate starts a new incarnation of the port pair at a SYN that is not of
// the present one, also where that answers the same SYN with another number.
func (f *flow) incarnate(seg *tcp.Segment) {
	if !seg.Bits.Has(tcp.SYN) {
		return
	}
	own, peer := f.halves(seg)
	if seg.Opening(&own.Origin, &peer.Origin) == tcp.Continues {
		return
	}
	if f.prior != nil && f.prior.half[seg.Dir&1].Origin == seg.Origin() {
		return // a late copy of the SYN before
	}
	last := *f
	last.prior = nil
	*f = flow{epoch: last.epoch + 1, prior: &last}
}

// usesSACK notes what the packet says of SACK and reports whether it is in use.
func (f *flow) usesSACK(seg *tcp.Segment) bool {
	if seg.SACKPermitted {
		f.permit |= 1 << (seg.Dir & 1)
	}
	if seg.Bits.Has(tcp.SYN) {
		f.permit |= 4 << (seg.Dir & 1)
	}
	f.sackOK = f.sackOK || seg.SACKs > 0 || f.permit&permitted == permitted
	return f.sackOK
}

// What flow.permit says when both SYNs have been seen, or permit SACK.
const (
	permitted = 3
	scaled    = 12
)

// fits reports whether the numbers are of this incarnation: near those seen, and
// neither before its SYN nor an acknowledgement of what came before the other
// side's.
func (h *half) fits(seg *tcp.Segment, peer *half) bool {
	if seg.Refuses() {
		return !peer.Begun || peer.First.Less(seg.Ack) && seg.Ack.AtMost(peer.maxSeq)
	}
	if h.Begun && !near(seg.Seq, h.maxSeq) || h.young() && seg.Seq.Less(h.First) {
		return false
	}
	if !seg.HasAck() || !peer.Begun {
		return true
	}
	return near(seg.Ack, peer.maxSeq) && !(peer.young() && seg.Ack.AtMost(peer.First))
}

// young reports whether numbers can still be compared with the SYN's: it was
// seen, and the stream has not come near going round.
func (h *half) young() bool { return h.SYN && !h.long }

func near(a, b tcp.Seq) bool { return a-b < plausible || b-a < plausible }
