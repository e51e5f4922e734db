package infer

import (
	"github.com/mendcap/mendcap/infer/internal/header"
	"github.com/mendcap/mendcap/internal/packet"
)

// Infer returns what can be proved of the header of the packet that f is of. The
// candidates that an answer lists may be shared with others': they are not to be
// changed.
func (a *Answers) Infer(f *Facts) Answer {
	answer := a.infer(f)
	if f.event.match != Contradicts {
		a.engine.hear(f, &answer)
	}
	return answer
}

// infer is Infer without the packet's own event.
func (a *Answers) infer(f *Facts) Answer {
	e := a.engine
	h, sole := f.only()
	if !sole || !f.read.Dst.IsUnspecified() || !f.clustered(h) {
		return e.inferAlone(f)
	}
	k, n := f.key(h), f.read.Needs(h)
	if r, _ := e.retiredAs(&k, hashFlow(f.home, k.ports, k.class), &n); r != nil && f.read.Checked(h) {
		v := e.retired.verdict(r)
		return f.answer(e.outcomeOf(&v))
	}
	if _, c := e.clusterOf(f, h); c != nil && (c.proven || f.read.Checked(h)) {
		return e.inferClustered(f, h, c)
	}
	return e.inferAlone(f)
}

// InferObserved returns what Infer does of the facts of a packet that was observed, in s.
// Where one cluster has all packets of a flow, it reads no more of the data than the ports,
// unless the packet has an event of its own.
func (a *Answers) InferObserved(p *Packet, s *Sheet) *Answer {
	if protocol, ports, ok := header.Glance(p.NextHeader, p.Data, p.Length); ok && !p.Event.Destination.IsValid() {
		var of sharing // field by field: see tcp.Analyser.AddAt
		of.key.src, of.key.ports, of.key.class = packet.AddrOf(p.Source), ports, class(protocol)
		of.nextHeader, of.stated = p.NextHeader, p.Stated
		if of.key.src.IsLinkLocal() {
			of.key.zone = p.Zone
		}
		if shared := s.find(&of); shared != nil {
			return shared
		}
		if v, ok := a.engine.unanimous(&of.key, hashPlace(&of.key.src, of.key.zone)); ok {
			to := s.room()
			var f Facts
			f.begin(p)
			f.fill(to, a.engine.outcomeOf(&v))
			s.share(&of, to)
			return to
		}
	}
	f := Examine(p)
	to := s.room()
	*to = a.Infer(&f)
	return to
}

// unanimous returns what was decided of the cluster that has all packets of the flow with
// key k, for all of them alike; ok is false where there is none. home is the hash of the
// flow's source.
func (e *Engine) unanimous(k *flowKey, home uint64) (v verdict, ok bool) {
	hash := hashFlow(home, k.ports, k.class)
	if a := e.firstRetired(k, hash); a != nil {
		return e.retired.verdict(a), e.retired.kinds[a.kind].only
	}
	i := e.flows.place(k, hash)
	if i == none {
		return v, false
	}
	fl := e.flows.list.at(i)
	if fl.alone || fl.clusters != 1 {
		return v, false
	}
	c := e.flows.clusters.at(fl.first)
	return c.verdict, c.found || c.proven
}

// only returns the one hypothesis that is plausible; ok is false if none or
// several are.
func (f *Facts) only() (h header.Hypothesis, ok bool) {
	for i := range header.Hypotheses {
		if f.read.Bits[i] == 0 {
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
func (e *Engine) clusterOf(f *Facts, h header.Hypothesis) (*flow, *cluster) {
	k := f.key(h)
	i := e.flows.place(&k, hashFlow(f.home, k.ports, k.class))
	if i == none {
		return nil, nil
	}
	fl := e.flows.list.at(i)
	if !f.clustered(h) {
		return fl, nil
	}
	n := f.read.Needs(h)
	j := e.flows.cluster(i, &n)
	if !n.Any() || j == none {
		return fl, nil
	}
	return fl, e.flows.clusters.at(j)
}

// inferClustered answers with what was decided of f's cluster.
func (e *Engine) inferClustered(f *Facts, h header.Hypothesis, c *cluster) Answer {
	if !c.found && !c.proven {
		q := e.ask(f, h)
		if o := e.continued(f, &q); o.found {
			return f.answer(&o)
		}
	}
	return f.answer(e.outcomeOf(&c.verdict))
}

// outcomeOf returns the outcome of which v is kept.
func (e *Engine) outcomeOf(v *verdict) *outcome {
	o := outcome{verdict: *v}
	if v.found {
		o.dst = e.destination(v.at)
	}
	if v.listed != none {
		o.open = e.lists[v.listed]
	}
	return &o
}

// inferAlone answers for a packet that no cluster answers for: several
// protocols are plausible, the payload dictates the destination, the sniffer
// recorded one, the checksum can't be verified, or there was no room.
func (e *Engine) inferAlone(f *Facts) Answer {
	var (
		room      [16]scored
		asked     [header.Hypotheses]question
		list      = room[:0]
		questions = asked[:0]
	)
	for h := range header.Hypotheses {
		if f.read.Bits[h] != 0 {
			questions = append(questions, e.ask(f, h))
			list = e.explain(list, &questions[len(questions)-1])
		}
	}
	if len(questions) == 0 {
		return f.answer(&outcome{verdict: undecided})
	}
	o := e.settle(list, questions)
	if !o.found && len(questions) == 1 {
		if u := e.continued(f, &questions[0]); u.found {
			o = u
		}
	}
	return f.answer(&o)
}

// ask returns the question that f asks under h.
func (e *Engine) ask(f *Facts, h header.Hypothesis) question {
	q := question{key: f.key(h), from: e.direction(f.read.Src), h: h, protocol: f.read.Protocol(h), needs: f.read.Needs(h), header: float64(f.read.Bits[h]), said: f.read.Dictates(h)}
	q.cut = !f.read.Checked(h)
	fl, c := e.clusterOf(f, h)
	q.fl = fl
	switch {
	case c != nil && c.proven:
		q.needs = c.dominant()
		q.proved, q.cut = true, false
		q.header += bitsProved
	case h == header.AsOther:
		if f.read.Other.Proved || fl != nil && fl.proofs {
			q.proved, q.itself = true, f.read.Other.Proved
		} else if f.read.Other.Serial && fl != nil && fl.continuous() {
			q.protocol, q.needs, q.said, q.cut = packet.ProtoESP, header.Needs{}, header.Dictated{}, true
			q.proved = true
			q.header += 2 * bitsProved
		}
	}
	if !f.read.Dst.IsUnspecified() {
		q.said = header.Dictated{Strict: true}
		q.said.Add(f.read.Dst)
		return q
	}
	if h == header.AsICMPv6 && (f.read.Dictation == header.ToSolicitor || f.read.Dictation == header.ToRouterClients) {
		q.asked, q.about = f.solicited(), true
	}
	return q
}

// continued returns the only destination that f's flow has elsewhere, for a
// TCP segment whose own checksum is wrong (receive coalescing leaves that of
// its first part), if both its numbers are within the window of the other
// direction; nothing is found otherwise.
func (e *Engine) continued(f *Facts, q *question) (o outcome) {
	dst, ok := e.settled(q.fl)
	if q.h != header.AsTCP || !ok || !f.read.HasSeq || !f.read.HasAck {
		return o
	}
	seq, ack := nowhere, nowhere
	seq.add(f.read.Seq)
	ack.add(f.read.Ack)
	back := q.key.answeredBy(dst)
	seqs, acks := e.flows.find(&back).agreement(&seq, &ack)
	if acks <= 0 || seqs <= 0 || acks+seqs < bitsSequence {
		return o
	}
	return outcome{dst: dst, verdict: verdict{found: true, proved: true, protocolProved: true, protocol: q.protocol, by: byFlow, mode: header.Unverified, at: none, listed: none,
		posterior: credible, second: 1 - credible}}
}

// answer returns o as an answer for f. What the sniffer recorded stays.
func (f *Facts) answer(o *outcome) (a Answer) {
	f.fill(&a, o)
	return a
}

// fill is answer in a place of the caller's.
func (f *Facts) fill(a *Answer, o *outcome) {
	*a = Answer{}
	a.NextHeader, a.NextHeaderOrigin, a.DestinationOrigin = f.read.NextHeader, f.recorded(), AsCaptured
	contradicted := o.found && !f.read.Dst.IsUnspecified() && o.dst != f.read.Dst
	if contradicted {
		o = &outcome{verdict: undecided, open: o.open}
	}
	if f.read.NextHeader == Unknown {
		a.NextHeader, a.NextHeaderOrigin = o.protocol, grade(o.protocolProved)
		if o.protocol == Unknown {
			a.NextHeaderOrigin = NotKnown
		}
	}
	a.ChecksumVerified, a.Offloaded = o.confirmed()
	if o.protocol == header.ProtoPIM {
		a.ChecksumVerified, a.Offloaded = a.ChecksumVerified || a.Offloaded, false
	}
	switch {
	case !f.read.Dst.IsUnspecified():
		a.Destination = f.read.Dst.Netip()
	case o.found:
		a.Destination, a.DestinationOrigin = o.dst.Netip(), grade(o.proved)
		a.Posterior, a.RunnerUp = float64(o.posterior), float64(o.second)
	default:
		a.Destination, a.DestinationOrigin = packet.Addr{}.Netip(), NotKnown
	}
	if a.NextHeaderOrigin.inferred() || a.DestinationOrigin.inferred() {
		a.Evidence = evidenceNames[o.by]
		if o.found && !f.read.Dst.IsUnspecified() {
			a.Evidence = ByChecksum
		}
	}
	if a.NextHeaderOrigin == NotKnown || a.DestinationOrigin == NotKnown || a.DestinationOrigin == Likely {
		a.Candidates, a.Unlisted = o.open.candidates, o.open.rest
	}
	a.HopLimit = f.read.HopLimit(a.NextHeader)
}

// grade returns the origin of a field that was inferred.
func grade(proved bool) Origin {
	if proved {
		return Inferred
	}
	return Likely
}

// inferred reports whether the field was inferred, proved or not.
func (o Origin) inferred() bool { return o == Inferred || o == Likely }

// recorded returns where a Next Header comes from that is known.
func (f *Facts) recorded() Origin {
	if f.read.Stated {
		return AsStated
	}
	return AsCaptured
}

// confirmed reports by what checksum o was.
func (o *outcome) confirmed() (verified, offloaded bool) {
	if o.by == noEvidence {
		return false, false
	}
	return o.mode == header.Whole, o.mode == header.Partial || o.mode == header.Lengthless
}
