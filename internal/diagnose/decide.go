package diagnose

import (
	"math/bits"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// again are the flags of a segment that goes back. Which of them it gets depends
// on times; what happened is the same for all.
const again = tcp.Retransmission | tcp.FastRetransmission | tcp.SpuriousRetransmission | tcp.OutOfOrder

// decide gives or begins the verdict for each flag of the packet.
func (m *moment) decide() {
	if flags := m.p.Before & again; flags != 0 {
		m.decideAgain(flags, m.p.After&again != 0)
	}
	for rest := m.p.Before &^ again; rest != 0; rest &= rest - 1 {
		m.decideFlag(rest & -rest)
	}
	m.decideCreated()
}

// decideCreated says which flags only the repaired order has.
func (m *moment) decideCreated() { m.say(m.p.After&^m.p.Before, &created) }

var created = verdict(Created, "flagged in the repaired order only")

// say gives the verdict for each of the flags.
func (m *moment) say(flags tcp.Analysis, s *sentence) {
	for ; flags != 0; flags &= flags - 1 {
		f := m.d.begin(m.p, number(flags))
		f.sentence = *s
		m.d.tell(m.f, f)
	}
}

// sayOfMissing gives the verdict for the flag, which is about these bytes.
func (m *moment) sayOfMissing(bytes tcp.Range, flag tcp.Analysis, s sentence) {
	f := m.d.begin(m.p, number(flag))
	f.ofMissing(bytes)
	f.sentence = s
	m.d.tell(m.f, f)
}

// number is the place of the lowest flag.
func number(a tcp.Analysis) int { return bits.TrailingZeros32(uint32(a)) }

// decideAgain takes the flags of a segment that goes back.
func (m *moment) decideAgain(flags tcp.Analysis, remains bool) {
	if s, ok := m.notSentAgain(remains); ok {
		m.say(flags, &s)
		return
	}
	c := m.pending()
	for ; flags != 0; flags &= flags - 1 {
		c.findings = append(c.findings, finding(m.p, number(flags)))
	}
	m.gather(c)
	m.await(c)
	m.waits = true
}

// goesBack: it begins before the highest byte seen.
func (m *moment) goesBack() bool {
	return m.from.packets > 0 && m.s.Span() > 0 && m.s.Seq.Less(m.from.next)
}

// notSentAgain says why a segment that the analyser takes for one sent again is none, as
// its numbers alone show. One that does not go back in its place was recorded late.
func (m *moment) notSentAgain(remains bool) (s sentence, ok bool) {
	switch first := m.from.origin.First; {
	case !m.goesBack() && !remains:
		return *m.artefact(), true
	case !m.goesBack():
		return m.f.misnumbered()
	case m.from.origin.SYN && !m.from.long && m.s.Seq.Less(first):
		return verdict(Undecided, "it begins before the SYN of its sender: it is of another connection on the same ports, sent long ago or without a SYN that was seen"), true
	case m.s.Bits.Has(tcp.SYN|tcp.ACK) && m.from.origin == m.s.Origin() && !m.from.answers && m.to.origin.SYN && m.to.origin.First+1 == m.s.Ack:
		// RFC 9293, section 3.5, figure 8
		return verdict(Genuine, "both sides opened the connection at once: its sender's SYN again, with the answer to the other side's"), true
	}
	return sentence{}, false
}

// decideFlag takes one flag of another kind.
func (m *moment) decideFlag(flag tcp.Analysis) {
	remains := m.p.After&flag != 0
	const ofNumbers = tcp.LostSegment | tcp.AckLostSegment | tcp.ReusedPorts
	switch {
	case remains && flag&ofNumbers != 0 && (m.answersUnseen() || m.f.unseenSYN && m.from.packets == 0):
		m.say(flag, &ofUnseenSYN) // the numbers of the first packets don't fit the connection before
	case remains && flag == tcp.LostSegment && m.f.renumbered && m.from.packets == 0:
		m.say(flag, &ofOtherNumbers)
	case flag == tcp.LostSegment:
		m.decideHole(remains)
	case flag == tcp.AckLostSegment && remains:
		m.decideAckOfUnseen()
	case !remains:
		m.say(flag, m.artefact())
	default:
		m.decideState(flag)
	}
}

var ofUnseenSYN = verdict(Drop, "the SYN before it was never seen: the capture missed the beginning of another connection on the same ports")

var ofOtherNumbers = verdict(Genuine, "the analyser counts by the numbers from before the SYN/ACK that began the connection again")

// misnumbered says why the analyser's numbers are not those of the connection: it takes
// a SYN/ACK alone for no new one.
func (f *flow) misnumbered() (s sentence, ok bool) {
	switch {
	case f.unseenSYN:
		return ofUnseenSYN, true
	case f.renumbered:
		return ofOtherNumbers, true
	}
	return sentence{}, false
}

// artefact says of a flag that is gone in the repaired order why it was there.
func (m *moment) artefact() *sentence {
	if m.p.ByLaw {
		return &lateBy[m.p.Law]
	}
	return &amongLate
}

// Of a flag that is gone: of packets that were not recorded late themselves, and of those
// that were, by law.
var (
	amongLate = repaired("packets around it were recorded late; with them in their true places it is not flagged")
	lateBy    = func() (s [reorder.NumLaws]sentence) {
		for law := range s {
			s[law] = repaired("the packet was recorded late (law %l); in its true place it is not flagged", int64(law))
		}
		return s
	}()
)

func repaired(words string, figures ...int64) sentence {
	s := verdict(Artefact, words, figures...)
	s.Repaired = true
	return s
}

// decideHole takes a packet that was flagged as beyond a hole: the verdict is
// what becomes of the last byte before it.
func (m *moment) decideHole(remains bool) {
	last := tcp.Range{Left: m.s.Seq - 1, Right: m.s.Seq}
	known, within := m.from.hole(last)
	open := m.from.packets > 0 && m.from.next.Less(m.s.Seq)
	if !remains && !open && !within {
		m.say(tcp.LostSegment, m.artefact())
		return
	}
	missing := known.bytes
	if open {
		missing = tcp.Range{Left: m.from.next, Right: m.s.Seq}
	}
	switch {
	case within && known.taken != 0:
		m.sayOfMissing(missing, tcp.LostSegment, verdict(Drop, "%d bytes before it were never seen, yet frame %d acknowledges them",
			int64(missing.Right.Sub(missing.Left)), known.taken))
	case open || within:
		c, f := m.pending(), finding(m.p, number(tcp.LostSegment))
		f.ofMissing(missing)
		c.findings, c.lost, c.bytes = append(c.findings, f), true, last
		m.await(c)
	default:
		m.say(tcp.LostSegment, &ofNothingMissing)
	}
}

var ofNothingMissing = verdict(Undecided, "flagged before and after, yet no byte before it is known to be missing")

// answersUnseen: a SYN/ACK, but not for the latest SYN that was seen.
func (m *moment) answersUnseen() bool {
	return m.s.Bits.Has(tcp.SYN|tcp.ACK) && !(m.to.origin.SYN && m.to.origin.First+1 == m.s.Ack)
}

// decideAckOfUnseen takes an ACK of bytes that were not seen before it.
func (m *moment) decideAckOfUnseen() {
	missing, found := m.to.hole(tcp.Range{Left: m.s.Ack - maxJump, Right: m.s.Ack})
	bytes := missing.bytes
	if !found {
		bytes, found = tcp.Range{Left: m.to.next, Right: m.s.Ack}, m.to.next.Less(m.s.Ack)
	}
	s := verdict(Genuine, "all that it acknowledges was seen; the analyser had given up counting at an earlier hole")
	switch {
	case m.p.Left:
		s = verdict(Undecided, "data acknowledged before it arrived: the packet violates a law that could not be repaired, or the capture missed the data")
	case found && uint32(m.s.Ack-bytes.Left) > maxJump:
		s = verdict(Undecided, "it acknowledges what is more than 1 GiB beyond what was seen before it: it is of another connection on the same ports, or the capture missed all of that")
	case found:
		s = verdict(Drop, "it acknowledges data that was never seen before it: %d bytes, sent by the other side, that the capture missed", int64(m.s.Ack.Sub(bytes.Left)))
	default:
		if other, ok := m.f.misnumbered(); ok { // the analyser counts by the numbers before still
			s = other
		}
	}
	if !found {
		m.say(tcp.AckLostSegment, &s)
		return
	}
	m.sayOfMissing(bytes, tcp.AckLostSegment, s)
}

// told are the flags of what the packet itself says: a second copy says it too.
const told = tcp.ZeroWindow | tcp.WindowFull | tcp.DuplicateSACK

// decideState takes a flag that is there after the repair, too, and needs no explanation
// from elsewhere, unless the packet is another one's copy, or made so by a drop.
func (m *moment) decideState(flag tcp.Analysis) {
	switch {
	case flag&told == 0 && m.p.Left:
		m.say(flag, &ofViolation)
	case flag&told == 0 && m.original != nil:
		s := m.copied(m.copier(), "")
		m.say(flag, &s)
	default:
		m.say(flag, &asRecorded)
	}
}

var (
	ofViolation = verdict(Undecided, "flagged before and after; a law is violated here that could not be repaired")
	asRecorded  = verdict(Genuine, "flagged before and after, with no moving law violated here")
)

// copied is what is said of a flag of a second copy, with more words at its end.
func (m *moment) copied(by, words string) sentence {
	return verdict(Duplicate, sameBits+words, m.original.Frame, m.p.Time-m.original.time).with(by)
}

// copier tells who made a second copy of a packet without data. What the host
// itself sent has not met the network yet; a capture that has such packets twice
// has the others twice too.
func (m *moment) copier() string {
	if m.s.Outbound == tcp.In && !m.f.twice {
		return report.ByNetwork
	}
	return report.ByCapture
}
