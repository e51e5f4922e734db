package infer

import "github.com/mendcap/mendcap/internal/packet"

// Infer returns what can be proved of the header of the packet behind f. It is
// safe for concurrent use after Conclude. The candidates that an answer lists
// may be shared with others': they are not to be changed.
func (e *Engine) Infer(f *Facts) Answer {
	if h, ok := f.only(); ok && isUnspecified(f.dst) && f.clustered(h) && f.checked(h) {
		if _, c := e.clusterOf(f, h); c != nil {
			return e.inferClustered(f, h, c)
		}
	}
	return e.inferAlone(f)
}

// only returns the one hypothesis that is plausible; ok is false if none or
// several are.
func (f *Facts) only() (h hypothesis, ok bool) {
	for i := range hypotheses {
		if f.bits[i] == 0 {
			continue
		}
		if ok {
			return 0, false
		}
		h, ok = i, true
	}
	return h, ok
}

// clusterOf returns f's cluster under h and its flow; nil where there is none.
func (e *Engine) clusterOf(f *Facts, h hypothesis) (*flow, *cluster) {
	i, ok := e.flows.index[f.key(h)]
	if !ok {
		return nil, nil
	}
	fl := &e.flows.list[i]
	if !f.clustered(h) || !f.checked(h) {
		return fl, nil
	}
	return fl, e.flows.cluster(i, f.need(h))
}

// inferClustered answers with what was decided of f's cluster.
func (e *Engine) inferClustered(f *Facts, h hypothesis, c *cluster) Answer {
	if !c.found {
		q := e.ask(f, h)
		if o := e.unverified(f, &q); o.found {
			return f.answer(o, false, nil)
		}
	}
	var listed []Candidate
	if c.listed != none {
		listed = e.lists[c.listed]
	}
	return f.answer(c.outcome, c.by != noEvidence, listed)
}

// inferAlone answers for a packet that no cluster stands for: several
// protocols are plausible, the payload dictates the destination, the sniffer
// recorded one, the checksum can't be verified, or there was no room.
func (e *Engine) inferAlone(f *Facts) Answer {
	var (
		room      [16]scored
		asked     [hypotheses]question
		list      = room[:0]
		questions = asked[:0]
	)
	for h := range hypotheses {
		if f.bits[h] != 0 {
			questions = append(questions, e.ask(f, h))
			list = e.explain(list, &questions[len(questions)-1])
		}
	}
	if len(questions) == 0 {
		return f.answer(outcome{protocol: Unknown, by: noEvidence}, false, nil)
	}
	o, listed := e.settle(list, questions)
	verified := o.by != noEvidence && f.checkedAs(o.protocol)
	if !o.found && len(questions) == 1 {
		if u := e.unverified(f, &questions[0]); u.found {
			o, verified, listed = u, false, nil
		}
	}
	return f.answer(o, verified, listed)
}

// checkedAs reports whether f has a checksum that can be verified under a
// protocol.
func (f *Facts) checkedAs(protocol uint8) bool {
	for h := range hypotheses {
		if protocols[h] == protocol {
			return f.checked(h)
		}
	}
	return false
}

// ask returns the question that f asks under h.
func (e *Engine) ask(f *Facts, h hypothesis) question {
	q := question{key: f.key(h), h: h, checked: f.checked(h), header: float64(f.bits[h]), said: f.dictates(h)}
	if q.checked {
		q.need = f.need(h)
	}
	fl, c := e.clusterOf(f, h)
	q.fl = fl
	if c != nil && fl.proved(c) {
		q.proved = true
		q.header += bitsProved
	}
	if !isUnspecified(f.dst) {
		q.said = dictated{strict: true}
		q.said.add(f.dst)
		return q
	}
	if h == asICMPv6 {
		q.asked, q.about = f.soliciting()
	}
	return q
}

// soliciting returns the key under which those are named who asked for the
// advertisement f; ok is false for anything else.
func (f *Facts) soliciting() (k flowKey, ok bool) {
	switch f.dictation {
	case toSolicitor:
		return solicited(f.target, f.zone), true
	case toRouterClients:
		return solicited(packet.Addr{}, f.zone), true
	}
	return k, false
}

// unverified returns what can be proved without a checksum over all of the
// data; nothing is found if that's nothing.
func (e *Engine) unverified(f *Facts, q *question) outcome {
	dst, by := e.offloaded(f, q)
	if by == noEvidence {
		dst, by = e.continued(f, q)
	}
	return outcome{dst: dst, found: by != noEvidence, protocol: protocols[q.h], by: by, listed: none}
}

// continued returns the only destination that f's flow has elsewhere, for a
// TCP segment whose own checksum is wrong (receive coalescing leaves that of
// its first part), if both its numbers are within the window of the other
// direction; noEvidence otherwise.
func (e *Engine) continued(f *Facts, q *question) (dst packet.Addr, by evidence) {
	if q.h != asTCP || q.fl == nil || q.fl.settled < 0 || !f.hasSeq || !f.hasAck {
		return dst, noEvidence
	}
	dst = e.flows.clusters[q.fl.settled].dst
	other := e.flows.find(q.key.answeredBy(dst))
	if other == nil {
		return packet.Addr{}, noEvidence
	}
	var seq, ack span
	seq.add(f.seq)
	ack.add(f.ack)
	acks, seqs := ack.agree(&other.seqs), seq.agree(&other.acks)
	if acks <= 0 || seqs <= 0 || acks+seqs < bitsSequence {
		return packet.Addr{}, noEvidence
	}
	return dst, byReverse
}

// offloaded returns the destination whose pseudo-header's sum stands in f's
// checksum field, if the payload or a table names just one such, and by what;
// noEvidence otherwise. Such a field is what a host leaves to its network card.
func (e *Engine) offloaded(f *Facts, q *question) (dst packet.Addr, by evidence) {
	by = noEvidence
	if !f.checked(q.h) || q.proved || e.repeated(f, q.h) {
		return dst, by
	}
	q.need = f.offloadedNeed(q.h)
	var room [8]scored
	for _, s := range e.named(room[:0], q) {
		if s.by != byTable && s.by != byPayload {
			continue
		}
		if by != noEvidence {
			return packet.Addr{}, noEvidence // two of them
		}
		dst, by = s.addr, s.by
	}
	return dst, by
}

// repeated reports whether other packets of f's flow need the same of their
// destination, which speaks for a checksum over all of the data.
func (e *Engine) repeated(f *Facts, h hypothesis) bool {
	_, c := e.clusterOf(f, h)
	return c != nil && c.fields&(c.fields-1) != 0
}

// answer returns o as an answer for f. What the sniffer recorded stays.
func (f *Facts) answer(o outcome, verified bool, listed []Candidate) Answer {
	a := Answer{NextHeader: f.nextHeader, NextHeaderOrigin: AsCaptured, DestinationOrigin: AsCaptured}
	contradicted := o.found && !isUnspecified(f.dst) && o.dst != f.dst
	if contradicted {
		o = outcome{protocol: Unknown, by: noEvidence}
		verified = false
	}
	if f.nextHeader == Unknown {
		a.NextHeader, a.NextHeaderOrigin = o.protocol, Inferred
		if o.protocol == Unknown {
			a.NextHeaderOrigin = NotKnown
		}
	}
	switch {
	case !isUnspecified(f.dst):
		a.Destination = f.dst.Netip()
		if o.found {
			o.by = byChecksum
		}
	case o.found:
		a.Destination, a.DestinationOrigin = o.dst.Netip(), Inferred
		a.Posterior, a.RunnerUp = float64(o.posterior), float64(o.second)
	default:
		a.Destination, a.DestinationOrigin = packet.Addr{}.Netip(), NotKnown
	}
	a.ChecksumVerified = verified
	if a.NextHeaderOrigin == Inferred || a.DestinationOrigin == Inferred {
		a.Evidence = evidenceNames[o.by]
	}
	if a.NextHeaderOrigin == NotKnown || a.DestinationOrigin == NotKnown {
		a.Candidates = listed
	}
	a.HopLimit = f.hopLimit(a.NextHeader)
	return a
}
