package infer

import (
	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// answered returns what it is worth, in bits, that the other direction of q, from peer,
// is in the capture; 0 if it isn't. It returns its flow, too, nil where it has retired.
func (e *Engine) answered(peer packet.Addr, q *question) (worth float64, back *flow) {
	if !q.key.twoWay() || peer.IsMulticast() {
		return 0, nil
	}
	key := q.key.answeredBy(peer)
	hash := key.hash()
	i := e.flows.place(&key, hash)
	if i == none {
		return e.answeredBefore(&key, hash, q), nil
	}
	back = e.flows.list.at(i)
	switch {
	case e.flows.namedBy(back, q.key.src) == bySeen:
		return bitsNamed, back
	case back.packets == 0:
		return 0, back // of a table
	case e.flows.leads(i, header.ResidueOf(q.key.src)):
		return bitsNamed, back
	}
	return q.portsAgree(back.clusters <= uint16(back.cut)), back
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

// sequence returns what the sequence numbers of both directions say of who sends back.
func (q *question) sequence(back *flow) float64 {
	if q.h != header.AsTCP || q.fl == nil {
		return 0
	}
	seqs, acks := back.agreement(&q.fl.seqs, &q.fl.acks)
	if acks < 0 || seqs < 0 {
		return bitsNoSequence
	}
	return max(acks, seqs)
}

// agreement returns what it is worth that the sequence and ACK numbers of packets are those
// that fl, if it is their other direction, acknowledges and sends; 0 without it.
func (fl *flow) agreement(seqs, acks *span) (ofSeqs, ofAcks float64) {
	if fl != nil {
		ofSeqs, ofAcks = seqs.agree(&fl.acks), acks.agree(&fl.seqs)
	}
	return ofSeqs, ofAcks
}
