package diagnose

import (
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// sentence tries the verdicts in the order of their precedence. Each has a
// predicate of its own, which says nothing where it is another one.
func (c *pending) sentence(f *flow, network *Counts, drops []Dropped) sentence {
	v := view{pending: c, f: f, network: network, drops: drops, roundTrip: f.roundTrip(), away: f.ends[c.dir].shortest}
	if c.lost {
		return v.ofHole()
	}
	switch {
	case v.recordedLate():
		v.answer, v.hole.taken, v.acked = v.acked, 0, 0
	case v.answeredBefore():
		v.covered, v.coveredAt, v.echo, v.echoes, v.acked = v.acked, v.ackedAt, v.ackedEcho, true, 0
	}
	for _, try := range [...]func(*view) sentence{
		(*view).reversedHere, (*view).misplaced, (*view).discarded, (*view).dropped, (*view).duplicated, (*view).overtaken, (*view).refused, (*view).reordered, (*view).needed, (*view).spurious, (*view).lost,
	} {
		if s := try(&v); s.words != "" {
			return s
		}
	}
	return v.undecided()
}

// view is a case with the shortest times of its connection, nanoseconds, 0 where they are
// not known: a round trip, and until data is acknowledged in the direction of the packet.
type view struct {
	*pending
	f               *flow
	network         *Counts // what became of the packets of its direction that went back
	roundTrip, away int64
	drops           []Dropped // of the host
	answer          int64     // frame of the ACK of a packet that was recorded after it
}

// dropped: the receiver had the bytes although they were never seen before.
func (v *view) dropped() sentence {
	acknowledged := v.acked
	if v.known && v.hole.taken != 0 {
		acknowledged = v.hole.taken
	}
	switch {
	case v.seen || v.forgotten || v.left:
	case acknowledged > 0:
		return verdict(Drop, "retransmitted with the original missing: frame %d acknowledges the bytes before; the capture missed them", acknowledged)
	case v.dsack != 0 && !v.byLater:
		return verdict(Drop, "retransmitted with the original missing: frame %d tells by a D-SACK that it came twice; the capture missed the first", v.dsack)
	}
	return sentence{}
}

// duplicated: the same packet twice, not sent twice.
func (v *view) duplicated() (s sentence) {
	if !v.seen || !identical(&v.copied.Segment, &v.seg) || !v.sameSending() {
		return s
	}
	words, by, copier := sameBits+"; nobody tells of two", int64(0), report.ByCapture
	switch {
	case v.seg.Outbound == tcp.Out:
		words = sameBits + ", and the host had not sent it to the network yet"
	case v.dsack != 0:
		words, by, copier = sameBits+"; frame %d tells of two by a D-SACK", v.dsack, report.ByNetwork
	case v.repeated != 0:
		words, by, copier = sameBits+"; frame %d repeats its ACK at once", v.repeated, report.ByNetwork
	}
	return verdict(Duplicate, words, v.copied.Frame, v.time-v.copied.time, by).with(copier)
}

// sameBits begins what is said of a second copy.
const sameBits = "every bit of it is as in frame %d, %s before"

// sameSending: it was sent once, as far as its bits and the time tell, and
// where they leave it open, as its receiver had not asked for it, or its sender was
// sending other bytes again.
func (v *view) sameSending() bool {
	return v.seg.Outbound == tcp.In && (v.strays || v.wasHeldUp()) || v.f.sentOnce(&v.seg, v.time, &v.copied, v.recovering) && (v.shown.times == 0 || numbered(&v.seg) || v.seg.HasTS)
}

// wasHeldUp: without a silence it came too soon after the one that it is like to be its
// sender's answer to what it was told of that. In a silence that is too short for a
// retransmission timeout only a tail loss probe can have been sent, of what was sent last
// (RFC 8985, section 7.2); what is sent again for SACKs comes with others of its kind.
func (v *view) wasHeldUp() bool {
	silence := max(v.stall.lasting, v.silent)
	return v.f.bothSACK() && !v.last && !v.resending && !v.recovering && !v.copied.fills &&
		silence < leastRTO && v.time-v.copied.time-silence < v.roundTrip/2
}

// refused: a closed port had answered the SYN before it, and its sender tries
// again, as Windows does twice.
func (v *view) refused() sentence {
	if !v.seen || v.refusal == 0 {
		return sentence{}
	}
	return verdict(Genuine, "connect tried again after a refusal: frame %d answers frame %d with an RST", v.refusal, v.copied.Frame)
}

// slowestAck is how long a receiver holds an ACK back at most, nanoseconds (RFC
// 9293, section 3.8.6.3).
const slowestAck = int64(500e6)

// needed: its copy arrived at the host, whose stack did not take it.
func (v *view) needed() sentence {
	if !v.seen || v.seg.Outbound != tcp.In || v.acked != 0 || v.dsack != 0 && !v.byLater || v.covered == 0 ||
		!v.passedOver && v.denied < fastAsks && v.time-v.copied.time < slowestAck {
		return sentence{}
	}
	return verdict(Genuine, "sent again because the host's stack did not take frame %d: it acknowledges the bytes in frame %d, after this copy only", v.copied.Frame, v.covered)
}

// spurious: its receiver had the bytes, or got them another way.
func (v *view) spurious() sentence {
	switch {
	case v.dsack != 0 && v.byLater && v.laterSent < 0:
		return verdict(Spurious, "sent again though the first was only late: frame %d has it, and frame %d tells of two by a D-SACK", v.later, v.dsack)
	case v.forgotten && v.acked != 0:
		return verdict(Spurious, "sent again though it had arrived: it was acknowledged long before")
	case v.forgotten && v.dsack != 0:
		return verdict(Spurious, "sent again though it had arrived: frame %d tells of two by a D-SACK", v.dsack)
	case !v.seen:
	case v.acked > 0:
		return verdict(Spurious, "sent again though frame %d had arrived: frame %d acknowledges it before", v.copied.Frame, v.acked)
	case v.dsack != 0 && !(v.byLater && v.selects && v.shown.times > 0):
		return verdict(Spurious, "sent again though frame %d had arrived: frame %d tells of two by a D-SACK", v.copied.Frame, v.dsack)
	case v.seg.Outbound == tcp.In:
		return verdict(Spurious, "sent again though frame %d had arrived at the host", v.copied.Frame)
	case (v.shown.times == 0 || v.front) && v.echoed() < 0:
		return verdict(Spurious, "sent again though frame %d had arrived: frame %d acknowledges it and echoes an older timestamp than that of this copy", v.copied.Frame, v.covered)
	case v.answered && v.shown.times == 0:
		return verdict(Spurious, "sent again though frame %d had arrived: frame %d acknowledges it and begins after bytes that were never seen: what brought them had acknowledged it, too", v.copied.Frame, v.covered)
	case v.tooSoon():
		return verdict(Spurious, "sent again though frame %d had arrived: frame %d acknowledges it too soon to be meant for this copy", v.copied.Frame, v.covered)
	}
	return sentence{}
}

// echoed compares the timestamp that the first ACK of the bytes echoes with that
// of the packet: -1 is older, so the copy before it was taken; 1 is its own,
// which no copy before it had: it was taken itself (RFC 7323, section 4.3). 0 is
// unknown.
func (v *view) echoed() int {
	switch {
	case v.covered == 0 || !v.echoes || !v.seg.HasTS:
		return 0
	case int32(v.echo-v.seg.TSval) < 0:
		return -1
	case v.echo == v.seg.TSval && v.copied.HasTS && v.copied.TSval != v.echo:
		return 1
	}
	return 0
}

// tooSoon: the first ACK of the bytes came sooner than any before did. That is
// asked last: an echo tells which copy was taken, and a receiver that shows the
// hole by SACK would tell of a second copy by a D-SACK (RFC 2883).
func (v *view) tooSoon() bool {
	return v.covered != 0 && v.echoed() == 0 && !(v.selects && v.shown.times > 0) &&
		v.away > 0 && v.coveredAt-v.time < v.away-v.away/8
}

// lost: the network lost it, and its sender found out.
func (v *view) lost() sentence {
	fills := v.known && v.hole.taken == 0
	before := v.seen || v.forgotten
	if !fills && !before || v.left && !v.seen && v.shown.times == 0 || before && v.covered == 0 && v.shown.times == 0 {
		return sentence{}
	}
	detail := v.recovery()
	return v.lostBy(detail).with(detail)
}

// undecided says what speaks for each side.
func (v *view) undecided() sentence {
	switch {
	case v.left:
		return verdict(Undecided, "a law is violated here that could not be repaired: recorded late, or sent again with the original missing")
	case v.seen:
		return verdict(Undecided, "frame %d has the same bytes, and the capture ends before an answer tells whether that had arrived", v.copied.Frame)
	}
	return verdict(Undecided, "it goes back, yet nothing is known to be missing there, and nobody tells of two")
}

// ofHole: nothing came that fills it. What a host receives and says that it
// lacks was not there yet: then it is the late or second copy that is missing.
func (v *view) ofHole() sentence {
	open := v.coveredAt - v.time
	switch {
	case v.covered == 0:
		return verdict(Undecided, "lost segments: the bytes before it were never seen, and nobody acknowledges them until the capture ends")
	case v.asked.times == 0 || v.seg.Outbound == tcp.Out:
		return verdict(Drop, "lost segments: the bytes before it were never seen, yet frame %d acknowledges them; the capture missed them", v.covered)
	case open < v.causal() || v.coveredByEarlier():
		return verdict(Reordering, "frame %d shows that the bytes before it had not come, frame %d that they came %s later; the capture missed that", v.asked.frame, v.covered, open)
	}
	detail := report.TimeBased
	if v.asked.times >= fastAsks {
		detail = report.FastRetransmission
	} else if open >= max(leastRTO, 3*v.roundTrip) {
		detail = report.Timeout
	}
	return verdict(Loss, "lost segments: frame %d shows that the bytes before it had not come, frame %d that they came again; the capture missed that", v.asked.frame, v.covered).with(detail)
}

// of is what a case's verdict means for the packet that opened the hole that it
// fills.
func (s sentence) of(opened, filler *pending) sentence {
	frame := filler.seg.Frame
	switch s.Verdict {
	case Drop:
		if opened.asked.times > 0 && opened.seg.Outbound == tcp.In {
			return verdict(Reordering, "frame %d shows that the bytes before it had not come; the capture missed the packet that brought them late, and frame %d brings them again",
				opened.asked.frame, frame)
		}
		return verdict(Drop, "lost segments: the bytes before it come in frame %d, again: the capture missed the first copy", frame)
	case Loss:
		return verdict(Loss, "lost segments: the network lost the bytes before it; frame %d brings them again", frame).with(s.Detail)
	case Reordering:
		return verdict(Reordering, "the bytes before it come in frame %d, which it overtook in the network", frame)
	case Artefact:
		return verdict(Artefact, "the bytes before it come in frame %d, of its burst, which was recorded in reverse", frame)
	case Spurious:
		return verdict(Reordering, "the bytes before it come in frame %d, a copy that overtook the original", frame)
	}
	return s
}
