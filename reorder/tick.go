package reorder

// TickMeter tells the tick of a capture's clock before a Survey is made, from
// the same stamps and as that does: steps between stamps are multiples of one length,
// but for the clock's drift. The zero value is ready.
type TickMeter struct {
	steps []int64
	last  int64
	any   bool
}

// Add takes the next stamp of the capture, nanoseconds.
func (m *TickMeter) Add(stamp int64) {
	if m.any {
		m.add(stamp - m.last)
	}
	m.last, m.any = stamp, true
}

// Undisturbed is the Profile of a capture in which no law is violated, as far as
// that tells where its packets stay and in which intervals they happened.
func Undisturbed(tick int64) Profile {
	return Profile{Basis: FileOrder, Tick: tick, Gate: tick}
}

// manySuspects is how many packets of one window that may violate a law are taken
// for a sign that some do. Our undisturbed recordings have one at most.
const manySuspects = 64

// Disturbed reports whether a violation was met so far in the file's order, or a
// step of the clock, or whether one is expected.
func (s *Survey) Disturbed() bool {
	file := s.orders[0]
	return s.clockSteps > 0 || len(file.suspects) >= manySuspects ||
		total(file.stats.Violations) > 0 || total(file.stats.Unrepaired) > 0
}

// fineClock spreads what was stamped in one tick over it, in the order of the basis: that
// still tells something of when it came.
type fineClock struct {
	at    []int64 // by packet of the window
	tick  int64
	known bool
	// How many packets were stamped in a tick, and how many of them so far.
	all, before names[int64, int64]
}

// read fills at from the clock of the window, unless that was done.
func (f *fineClock) read(stamp, clock []int64) {
	if f.known {
		return
	}
	f.known = true
	f.at = append(f.at[:0], clock...)
	if f.tick == 0 {
		return
	}
	f.all.empty(len(stamp))
	f.before.empty(len(stamp))
	for _, t := range stamp {
		f.all.at[t]++
	}
	for i, t := range stamp {
		f.at[i] += f.tick / f.all.at[t] * f.before.at[t]
		f.before.at[t]++
	}
}
