package reorder

import "math"

// leastDelay is how late a packet may be stamped in any capture, nanoseconds:
// also in one whose order shows no disturbance to measure it by.
const leastDelay = int64(1e6)

// FinestTick is the resolution that stamps are taken to have at least.
const FinestTick = int64(1e3)

// lateness bounds when a packet can have happened, by its stamp. Where the clock
// was set back nothing tells which of its times were right: all may be off by as
// much.
type lateness struct {
	delay int64 // at most so late is a packet stamped while the reader runs
	tick  int64 // at most so early
	each  int64 // threads take at most so long for a packet, on average; 0 without threads

	newest           int64 // stamp
	busy, since      int64 // threads may have so much to do still, without a pause since then
	resumed, stalled int64 // the last gap that may have been a stall: when it ended, how long it was
}

func newLateness(p *Profile) lateness {
	return lateness{delay: shifted(max(p.Gate, p.Tick, leastDelay), p.SetBack), tick: shifted(max(p.Tick, FinestTick), p.SetBack),
		each: p.Each, newest: math.MinInt64, resumed: math.MinInt64, since: math.MinInt64}
}

// earliest returns the bound for the next packet. Within the delay after a gap
// the packet may have waited for a reader that stood still.
func (l *lateness) earliest(stamp int64) int64 {
	if gap := stamp - l.newest; l.newest != math.MinInt64 && gap >= stallMin && gap <= stallMax {
		l.resumed, l.stalled = stamp, gap
	}
	from := stamp
	if l.each > 0 {
		from = l.work(stamp)
	}
	l.newest = max(l.newest, stamp)
	if stamp < l.newest-widestGate {
		l.newest, l.busy, l.since = stamp, 0, stamp // the clock was set back
		from = stamp
	}
	bound := shifted(from, -l.delay)
	if l.resumed != math.MinInt64 && bound <= l.resumed {
		bound = shifted(bound, -l.stalled)
	}
	return bound
}

// work follows how much threads may have to do, and returns since when the packet may
// have waited for them: one that comes while they are busy waits for those before it.
func (l *lateness) work(stamp int64) int64 {
	if l.busy += l.each - max(0, stamp-l.newest); l.busy <= 0 || l.newest == math.MinInt64 {
		l.busy, l.since = 0, stamp
	}
	l.busy = min(l.busy, stallMax)
	return min(stamp, max(l.since, shifted(stamp, -stallMax)))
}

// shifted returns t moved by d, held at the ends of what a stamp can be: a
// damaged capture may have stamps there.
func shifted(t, d int64) int64 {
	switch {
	case d > 0 && t > math.MaxInt64-d:
		return math.MaxInt64
	case d < 0 && t < math.MinInt64-d:
		return math.MinInt64
	}
	return t + d
}

// unmoved is the placement of a packet that keeps its place and time.
func (r *Orderer) unmoved(index, stamp, earliest int64) Placement {
	return Placement{Index: index, Stamp: stamp, TimeFrom: index, Earliest: earliest, Latest: shifted(stamp, r.lateness.tick)}
}

// stay emits a packet about which no law is in doubt.
func (r *Orderer) stay(index, stamp, earliest int64) {
	p := r.unmoved(index, stamp, earliest)
	if r.wanted != nil {
		r.watched(p, noNode, stamp)
	}
	r.emit(p)
}
