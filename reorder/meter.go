package reorder

import "slices"

// jumpMeter follows by how much a clock is behind what it showed before.
type jumpMeter struct {
	behind, most   int64
	pause, longest int64 // between two packets lately, at most, and among pauseReach or so
	set            int64 // by how much it was behind when it was set last
	near           int   // so many packets from now on are near that
}

// pauseReach is how many packets before and after a clock was set tell how long pauses
// are.
const pauseReach = 4096

// add takes the difference between a stamp and the one before it in the file. A
// clock that was set back may be set forward again, by about as much; other steps
// forward are time that passed. Time passed while it was set, too: up to twice as much as
// between the packets before, or as much as between any two near.
func (m *jumpMeter) add(step int64) {
	switch {
	case step < -leastDelay:
		m.behind -= step
		m.set, m.near = m.behind, pauseReach
		m.most = max(m.most, m.behind+max(2*m.pause, m.longest))
	case m.behind > 0 && step > m.behind-m.behind/4 && step-m.behind < m.behind/4:
		m.pause = max(m.pause, step-m.behind)
		m.most, m.behind = max(m.most, m.behind+max(2*m.pause, m.longest)), 0
	default:
		m.pause = max(step, m.pause-m.pause/256)
		m.longest = max(step, m.longest-m.longest/pauseReach)
		if m.near > 0 {
			m.near--
			m.most = max(m.most, m.set+step)
		}
	}
}

// rateMeter finds how fast packets are stamped where they come fastest. Threads that
// have more to do than they can do at once stamp so.
type rateMeter struct {
	recent  [rateWindow]int64 // the highest stamps so far
	seen    int
	fastest int64 // that a window lasts
}

// rateWindow is how many packets tell of a rate, and rateSlack by how much threads may
// be slower, on average, than when they are fastest.
const (
	rateWindow = 64
	rateSlack  = 2
)

func (m *rateMeter) add(latest int64) {
	at := &m.recent[m.seen%rateWindow]
	if span := latest - *at; m.seen >= rateWindow && span >= 0 && (m.seen == rateWindow || span < m.fastest) {
		m.fastest = span
	}
	*at = latest
	m.seen++
}

// each is how long a packet takes at most, on average, by stamps of a clock with the
// given tick.
func (m *rateMeter) each(tick int64) int64 { return rateSlack * (m.fastest + tick) / rateWindow }

const (
	tickSteps    = 4096       // steps that are looked at
	tickFewest   = 32         // steps that can tell
	tickSmallest = int64(2e3) // nanoseconds; finer clocks need no care
	tickDrift    = 50         // one part in this many

	fineStep  = int64(1e5) // steps within a burst are smaller
	fineTicks = 8          // and more than so many ticks long
)

// add takes the difference between a stamp and the one before it.
func (m *TickMeter) add(step int64) {
	if step != 0 && len(m.steps) < tickSteps {
		m.steps = append(m.steps, max(step, -step))
	}
}

// fine reports whether the clock, of that tick, is shown to tell the packets of a burst
// apart.
func (m *TickMeter) fine(tick int64) bool {
	small := 0
	for _, step := range m.steps {
		if step < fineStep {
			small++
		}
	}
	return small > len(m.steps)/10 && tick <= fineStep/fineTicks
}

// Tick returns the tick in nanoseconds, 0 if it is too fine to matter or too few
// stamps tell.
func (m *TickMeter) Tick() int64 {
	if len(m.steps) < tickFewest {
		return 0
	}
	if tick := m.drifting(); tick > 0 {
		return tick
	}
	if tick := m.divisor(); tick >= tickSmallest && tick <= widestGate {
		return tick
	}
	return 0
}

// divisor is the greatest length that all steps are multiples of.
func (m *TickMeter) divisor() (length int64) {
	for _, step := range m.steps {
		for step != 0 {
			length, step = step, length%step
		}
	}
	return length
}

// drifting is the tick of a clock that need not keep to it exactly, 0 for none: one
// that many packets are apart.
func (m *TickMeter) drifting() int64 {
	sorted := slices.Clone(m.steps)
	slices.Sort(sorted)
	tick := sorted[len(sorted)/10]
	if tick < tickSmallest || tick > widestGate {
		return 0 // too fine, or steps of a clock that is set again and again
	}
	near, fit := 0, 0
	for _, step := range sorted {
		k := (step + tick/2) / tick
		if k > 8 {
			break // too far for its drift to tell
		}
		near++
		if d := step - k*tick; max(d, -d) <= tick/tickDrift*max(k, 1) {
			fit++
		}
	}
	if near < tickFewest || 10*fit < 9*near {
		return 0
	}
	return tick
}
