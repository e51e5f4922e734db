package diagnose

// Dropped is who dropped packets of the host, and why, as its own trace names both.
type Dropped struct {
	By     string // "tcpip.sys, TCPIP"
	Reason string // "INET_ChecksumInvalid"
}

// words name a drop at the end of a sentence.
func (d *Dropped) words() string { return d.By + ": " + d.Reason }

// discard says that the host dropped a packet.
func (d *Diagnoser) discard(p *Packet) {
	drop, f := &d.Drops[p.Drop-1], d.begin(p, -1)
	f.lawful = false
	f.sentence = verdict(Discard, "dropped by ").with(drop.Reason)
	f.drop = drop.words()
	d.hand(nil, f)
}

// dropDelay is how long after a packet was recorded its drop is told at most, nanoseconds.
// Both come from one host, which takes microseconds from one of its layers to the next.
const dropDelay = int64(10e6)

// isDropped reports whether the packet, which the host dropped, is there as it was
// recorded before that, marks it then, and says so of the flags of this copy. Where all
// layers were recorded there are several.
func (m *moment) isDropped() bool {
	for r := range m.d.history.back(m.f) {
		if m.p.Time-r.time > dropDelay {
			break
		}
		if r.Dir&1 == m.dir && m.same(r) {
			r.dropped, m.original = m.p.Drop, r
		}
	}
	if m.original == nil {
		return false
	}
	m.decideSecond("; it is that packet where the host dropped it")
	return true
}

// discarded: the host itself had dropped the copy before it, and its receiver didn't have
// the bytes from another.
func (v *view) discarded() sentence {
	if !v.seen || v.copied.dropped == 0 || v.acked != 0 || v.dsack != 0 && !v.byLater {
		return sentence{}
	}
	s := verdict(Loss, "sent again: frame %d was dropped by ", v.copied.Frame).with(v.recovery())
	s.drop = v.drops[v.copied.dropped-1].words()
	return s
}
