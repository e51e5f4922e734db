package diagnose

import "github.com/mendcap/mendcap/internal/tcp"

// copyReach is how many packets of a sender a copy of a bare ACK may be after it.
const copyReach = 32

// findOriginal finds the packet of which the current one is a second copy. The
// same bits alone are not enough: a receiver repeats itself, and a sender sends
// again.
func (m *moment) findOriginal() {
	bare := m.s.Span() == 0
	if bare && !(m.f.twice || m.neverRepeats() || m.needsNoRepeat()) || !bare && !m.goesBack() || !m.d.history.mayHave(m.s) {
		return
	}
	m.recovering = m.from.resentAt != 0 && m.p.Time-m.from.resentAt < max(m.f.roundTrip(), unknownTrip)/8
	if bare {
		m.original = m.bareOriginal()
	} else {
		m.original = m.dataOriginal()
	}
	if m.original != nil && m.s.Outbound == tcp.Out && datesItself(m.s) {
		m.f.hasTwice(m.p.Time - m.original.time)
	}
}

// bareOriginal finds that of a packet without bytes.
func (m *moment) bareOriginal() *record {
	n, answers := 0, false
	for r := range m.d.history.back(m.f) {
		if r.Dir&1 != m.dir {
			answers = answers || m.provokes(r)
			continue
		}
		apart := m.p.Time - r.time
		if !r.twin && m.same(r) && (!answers && m.saidOnce(apart) || m.f.likeOthers(apart)) {
			return r
		}
		if n++; n == copyReach {
			break
		}
	}
	return nil
}

// dataOriginal finds that of a packet with bytes: the latest one before it that bore some
// of them, unless that was sent again, and overtook both.
func (m *moment) dataOriginal() *record {
	for r := range m.d.history.back(m.f) {
		if r.Dir&1 != m.dir || !overlaps(r, m.s) || datedBy(&r.Segment).compare(m.s) < 0 {
			continue
		}
		if !m.same(r) {
			break // nor is any other, as far as mayHave tells
		}
		if m.f.sentOnce(m.s, m.p.Time, r, m.recovering) {
			return r
		}
		m.from.resentAt = m.p.Time
		break
	}
	return nil
}

func (m *moment) same(r *record) bool { return identical(&r.Segment, m.s) }

func overlaps(r *record, s *tcp.Segment) bool {
	return r.Span() > 0 && r.Range().Overlaps(s.Range())
}

// identical reports whether two segments are the same in all that TCP and the
// IPv4 Identification say.
func identical(a, b *tcp.Segment) bool {
	return a.Seq == b.Seq && a.Ack == b.Ack && a.Len == b.Len && a.Bits == b.Bits && a.Window == b.Window && a.IPID == b.IPID &&
		a.Sum == b.Sum && a.TSval == b.TSval && a.TSecr == b.TSecr && a.SACKs == b.SACKs && a.SACK == b.SACK
}

// neverRepeats reports whether the sender of a bare ACK would have made a second
// one differ: by the IPv4 Identification that it counts, or because it has SACK,
// and so no reason to say again just what it said (RFC 2018, section 4). What a host had
// for a reason can be recorded after its answer in the same tick of a coarse clock: there
// what it sent is a copy only in a capture that has others.
func (m *moment) neverRepeats() bool {
	if m.s.Outbound == tcp.Out && m.f.tick > 0 && !m.f.twice {
		return numbered(m.s)
	}
	return numbered(m.s) || (m.s.HasTS || m.s.SACKs > 0) && m.f.bothSACK()
}

// needsNoRepeat reports whether the peer had no reason to say the same again at once: with
// SACK it names what came out of order or twice (RFC 2883), and nothing without bytes is
// on its way to it that could come late, and be answered (RFC 9293, section 3.10.7.4).
func (m *moment) needsNoRepeat() bool {
	return m.s.Outbound == tcp.In && m.f.bothSACK() && m.p.Time-m.to.bareAt > 2*m.f.roundTrip()
}

// saidOnce reports whether of two bare ACKs that are the same, and so far apart, the second
// is a copy, for all that their sender does.
func (m *moment) saidOnce(apart int64) bool {
	return m.neverRepeats() || m.needsNoRepeat() && apart < m.f.roundTrip()/8
}

// provokes reports whether a packet of the other side, between two that are alike, can
// be the reason for the second of a host: data, where its stack may not have taken it,
// and what bears an older timestamp than one that came (RFC 7323, section 5.3).
func (m *moment) provokes(r *record) bool {
	return m.s.Outbound == tcp.Out && (r.Span() > 0 || m.s.HasTS && r.HasTS && int32(r.TSval-m.s.TSecr) < 0)
}

// datesItself reports whether a second sending of the segment would differ, or
// come much later.
func datesItself(s *tcp.Segment) bool { return numbered(s) || s.HasTS || s.Bits.Has(tcp.SYN) }

// numbered reports whether the packet has an IPv4 Identification that is
// counted.
func numbered(s *tcp.Segment) bool { return s.HasIPID && s.IPID != 0 }

// hasTwice notes that the capture has a packet twice, this time apart, that the
// host sent once.
func (f *flow) hasTwice(apart int64) {
	if !f.twice {
		f.twice, f.nearest = true, apart
	}
	f.nearest, f.farthest = min(f.nearest, apart), max(f.farthest, apart)
}

// likeOthers reports whether two packets are as far apart as others are that the
// capture has twice.
func (f *flow) likeOthers(apart int64) bool {
	return f.twice && apart >= f.nearest-f.nearest/8 && apart <= f.farthest+f.farthest/8
}

// sentOnce reports whether of two identical segments with data, SYN or FIN, the
// second of which has the time at, one is a copy and no retransmission: the IPv4
// Identification, or a timestamp, would have changed. Without both only the time
// is left: a SYN is sent again by a timer alone (or in answer to one that was),
// and other data not within a round trip after it was sent: SACK of what was sent later
// can't have come sooner. The first of the two came as long after it was sent as others
// do, unless it filled a hole, or all were held up. If it may have been late itself, less
// time is allowed, and none where its sender is recovering from losses.
func (f *flow) sentOnce(s *tcp.Segment, at int64, r *record, recovering bool) bool {
	trip, apart := f.roundTrip(), at-r.time
	switch {
	case numbered(s) || s.HasTS:
		return true
	case s.Bits.Has(tcp.SYN) && !f.ends[s.Dir&1^1].insists:
		return apart < leastRTO
	case trip == 0:
		trip = unknownTrip
	}
	return f.tooSoonToRepeat(s, at, r, trip) || !recovering && apart < trip/8 || f.likeOthers(apart)
}

// tooSoonToRepeat reports whether an inbound segment comes again, at its time, too soon
// after the one that it is like. Without SACK its sender sends again what it is asked for next while
// it recovers, even if it was sent just before (RFC 6582, section 3.2): then the round
// trip counts from when it was asked. The shortest of many round trips is short by a tick
// of the clock.
func (f *flow) tooSoonToRepeat(s *tcp.Segment, at int64, r *record, trip int64) bool {
	if s.Outbound != tcp.In || r.fills || r.resumes || at-r.time >= (trip+f.tick)/2 {
		return false
	}
	return f.bothSACK() || r.askedAt == 0 || at-r.askedAt < trip-trip/8
}
