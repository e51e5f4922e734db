package diagnose

import (
	"cmp"

	"github.com/mendcap/mendcap/internal/tcp"
)

// overtaken: its copy, which was sent later, arrived first.
func (v *view) overtaken() sentence {
	if !v.seen || datedBy(&v.copied.Segment).compare(&v.seg) >= 0 {
		return sentence{}
	}
	return verdict(Reordering, "the original, late: frame %d is a copy of it that was sent later and arrived first", v.copied.Frame)
}

// reordered: it fills a hole, and was sent before its sender can have known of that.
func (v *view) reordered() sentence {
	if v.seen || !v.known || v.hole.taken != 0 || v.seg.Outbound == tcp.Out {
		return sentence{}
	}
	by, open := cmp.Or(v.hole.by.frame, v.shown.frame), v.time-v.hole.by.time // or the first ACK to tell of what began beyond
	order, words := v.hole.by.sent.compare(&v.seg), ""
	switch {
	case order > 0:
	case order < 0:
		words = "sent before frame %d, which overtook it by %s, as its timestamp or IPv4 Identification tells"
	case v.unaware():
		words = "frame %d overtook it by %s: by its timestamps it was sent before its sender can have heard that it was missing"
	case v.unasked:
		words = "frame %d overtook it by %s: without SACK its sender sends again only what the receiver asks for next, and that is still missing"
	case v.asksBefore && !v.resending && v.live() < 2*v.causal():
		words = "frame %d overtook it by %s: its sender sends the lowest of what is missing first, and the receiver asks for bytes before it still"
	case v.unanswerable():
		words = "frame %d overtook it by %s: less than a round trip, too soon for a retransmission"
	case v.heldUp():
		words = "frame %d overtook it by %s, of which nothing of the connection moved for %s: the rest is less than a round trip, too soon for a retransmission"
	case v.late() && v.later == 0:
		return verdict(Reordering, "late by %s; the same bytes came again, needlessly, as frame %d tells by a D-SACK", open, v.dsack)
	case v.late():
		return verdict(Reordering, "late by %s; frame %d brings the same bytes again, needlessly, as frame %d tells by a D-SACK", open, v.later, v.dsack)
	}
	return verdict(Reordering, words, by, open, v.stall.lasting)
}

// unaware: it echoes an older timestamp than that of the first ACK that shows the
// hole. A sender that had heard of the hole would echo that ACK's (RFC 7323, section
// 4.3). It can't have been sent again by a timer either, which runs for many ticks:
// it bears the timestamp of the packet beyond the hole, or came before one can have
// run out.
func (v *view) unaware() bool {
	by := &v.hole.by.sent
	sameTick := by.hasTS && v.seg.TSval == by.tsval
	if !v.seg.HasTS || v.shown.times == 0 {
		return v.seg.HasTS && sameTick
	}
	return int32(v.seg.TSecr-v.shown.tsval) < 0 && (sameTick || v.time-v.hole.by.since() < leastRTO)
}

// unanswerable: nothing that was caused by the hole can have come so soon. What a
// timer sends needs no cause.
func (v *view) unanswerable() bool {
	since := v.missed()
	return v.time-v.hole.by.since() < leastRTO && v.time-since < v.causal()
}

// heldUp: as unanswerable, without the time for which nothing moved. It tells less, for
// what was sent again can have been held up with the rest: on a network that overtakes
// more than it loses, and where its sender isn't sending again anyway.
func (v *view) heldUp() bool {
	return !v.resending && v.network[Reordering] > v.network[Loss] && v.time-v.hole.by.since() < leastRTO && v.live() < v.causal()
}

// live is how long after its sender can have been told of the hole it came, nanoseconds,
// without the time for which nothing moved: for longer than answers take, so that its
// sender would have sent what is missing again in that time had it heard.
func (v *view) live() int64 {
	took := v.time - v.missed()
	if v.stall.from >= v.missed() && v.stall.lasting > v.f.answerTime(&v.seg) {
		took -= v.stall.lasting
	}
	return took
}

// late: the bytes came again, needlessly, and nothing dates the two, but this came before
// what is sent again first. That is while its receiver asks for bytes before it, or until
// a quarter of a round trip more has passed, for which a sender waits for what may be late
// (RFC 8985, section 6.2). By a clock that ticks a time is known to a tick, and the
// shortest of many is short by one.
func (v *view) late() bool {
	return v.dsack != 0 && v.byLater && v.laterSent == 0 && (v.asksBefore || v.live()-2*v.f.tick < v.causal()+v.causal()/4)
}

// missed is when its sender can have been told of the hole at the earliest, nanoseconds.
func (v *view) missed() int64 {
	if since := v.hole.by.since(); v.shown.times == 0 || since > v.shown.time {
		return since
	}
	return v.shown.time
}

// since is when the hole can have begun at the earliest, nanoseconds.
func (o *opener) since() int64 {
	if o.frame == 0 {
		return o.left
	}
	return o.time
}

// unknownTrip is taken for a round trip where none is known, as Wireshark does.
const unknownTrip = int64(3e6)

// causal is the time within which nothing arrives that was caused here.
func (v *view) causal() int64 {
	trip := v.f.answerTime(&v.seg)
	return trip - trip/8
}

// answerTime is the shortest time in which a packet of this sender was the answer to one
// that passed here, nanoseconds.
func (f *flow) answerTime(s *tcp.Segment) int64 {
	if back := f.ends[s.Dir&1^1].shortest; s.Outbound == tcp.In && back > 0 {
		return back
	}
	if trip := f.roundTrip(); trip > 0 {
		return trip
	}
	return unknownTrip
}

// coveredByEarlier: of a hole, the ACK of its bytes echoes what was sent no later
// than the packet beyond it. So those were late, and not sent again: an ACK that
// moves on echoes the packet that let it (RFC 7323, section 4.3).
func (v *view) coveredByEarlier() bool {
	return v.echoes && v.seg.HasTS && int32(v.echo-v.seg.TSval) <= 0
}

// misplaced: it was recorded after the ACK that answers it, and nothing but that ACK
// tells that it was missing.
func (v *view) misplaced() sentence {
	if v.answer == 0 || v.known && v.hole.by.frame != 0 {
		return sentence{}
	}
	return verdict(Artefact, "recorded after frame %d, which acknowledges it, and no ACK tells of two; in its true place it is not flagged", v.answer)
}

// recordedLate: the ACK of its bytes just before it is the answer to itself, not to
// another copy. It echoes its very timestamp; where there are none, the host would
// have answered a second copy at once.
func (v *view) recordedLate() bool {
	if v.seen || v.forgotten || v.seg.Outbound != tcp.In || v.dsack != 0 && !v.byLater || v.acked <= 0 || v.time-v.ackedAt > recordedLate {
		return false
	}
	if v.seg.HasTS {
		return v.ackedEcho == v.seg.TSval
	}
	return v.heard && v.repeated == 0
}

// answeredBefore: as recordedLate, of a packet that has a copy before it. Only an echo
// tells which of the two was taken (RFC 7323, section 4.3).
func (v *view) answeredBefore() bool {
	return v.seen && v.seg.Outbound == tcp.In && v.acked > 0 && v.time-v.ackedAt <= recordedLate &&
		v.seg.HasTS && v.ackedEcho == v.seg.TSval && v.copied.HasTS && v.copied.TSval != v.seg.TSval
}

// isReversed reports whether the packet came before its sender's packet before
// it, in a capture that reverses bursts: both have one stamp, and are as they
// were recorded.
func (m *moment) isReversed() bool {
	return m.s.Outbound == tcp.In && m.from.packets > 0 && m.from.lastTime == m.p.Time && m.from.lastFrame < m.p.Frame
}

// reversedHere: the packet beyond the hole, or the copy that was sent later, is one of
// its burst, which came in reverse.
func (v *view) reversedHere() sentence {
	switch {
	case !v.reversed:
	case v.seen && v.copied.time == v.time && datedBy(&v.copied.Segment).compare(&v.seg) < 0:
		return verdict(Artefact, "recorded in reverse: frame %d is a copy that was sent later and has the same stamp, and this capture has all bursts of packets the wrong way round", v.copied.Frame)
	case !v.seen && v.known && v.hole.taken == 0 && v.hole.by.frame != 0 && v.hole.by.time == v.time:
		return verdict(Artefact, "recorded in reverse: frame %d has the same stamp, and this capture has all bursts of packets the wrong way round; in its true place it is not flagged", v.hole.by.frame)
	}
	return sentence{}
}
