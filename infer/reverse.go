package infer

import (
	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// answered returns what it is worth, in bits, that the other direction of q, from peer,
// is in the capture; 0 if it isn't.
func (e *Engine) answered(peer packet.Addr, q *question) float64 {
	if !q.key.twoWay() || peer.IsMulticast() {
		return 0
	}
	back := q.key.answeredBy(peer)
	hash := back.hash()
	i := e.flows.place(&back, hash)
	if i == none {
		return e.answeredBefore(&back, hash, q)
	}
	fl := e.flows.list.at(i)
	if e.flows.namedBy(fl, q.key.src) == bySeen {
		return bitsNamed
	}
	if fl.packets == 0 {
		return 0 // of a table
	}
	if e.flows.leads(i, header.ResidueOf(q.key.src)) {
		return bitsNamed
	}
	return q.portsAgree(fl.clusters <= uint16(fl.cut))
}

// answeredBefore is answered where the other direction has retired, if it has.
func (e *Engine) answeredBefore(back *flowKey, hash uint64, q *question) float64 {
	r := header.ResidueOf(q.key.src)
	a, left := e.retiredAs(back, hash, &header.Needs{r, r, r})
	switch {
	case !left:
		return 0
	case a != nil && e.retired.leads(a, r):
		return bitsNamed
	}
	return q.portsAgree(false)
}

// portsAgree returns what it says that the ports of another flow are those of
// the other direction, and nothing else; lone says that no checksum there can be
// verified.
func (q *question) portsAgree(lone bool) float64 {
	switch {
	case q.key.ports == q.key.ports.Reversed():
		return 0
	case lone:
		return bitsLone
	}
	return bitsAnswered
}

// sequence returns what the sequence numbers of both directions say of peer.
func (e *Engine) sequence(peer packet.Addr, q *question) float64 {
	if q.h != header.AsTCP || q.fl == nil {
		return 0
	}
	seqs, acks := e.agreement(q, peer, &q.fl.seqs, &q.fl.acks)
	if acks < 0 || seqs < 0 {
		return bitsNoSequence
	}
	return max(acks, seqs)
}

// agreement returns what it is worth that the numbers which q's flow sends and
// acknowledges are those that its other direction, from peer, acknowledges and
// sends; 0 without one.
func (e *Engine) agreement(q *question, peer packet.Addr, seqs, acks *span) (ofSeqs, ofAcks float64) {
	back := q.key.answeredBy(peer)
	if other := e.flows.find(&back); other != nil {
		ofSeqs, ofAcks = seqs.agree(&other.acks), acks.agree(&other.seqs)
	}
	return ofSeqs, ofAcks
}
