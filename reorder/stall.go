package reorder

// Stalls of the reader that are taken out of the clock: a gap of this length
// after which a run of packets is drained at once.
const (
	stallMin   = int64(3e6)
	stallMax   = int64(30e6)
	stallDrain = 8  // packets drained
	stallSpeed = 32 // in at most this fraction of the gap

	// What threads drain: so many packets, at least, each in less time than a stack
	// takes for one, nanoseconds; and what is stamped within so many usual delays.
	drainFewest = 24
	drainSpeed  = 1000
	drainLasts  = 16
)

// readClock fills stamp and clock for the window. The clock counts time but for
// the reader's stalls: in one, no packet was read, so what it separates may be
// neighbours.
func (r *Orderer) readClock() {
	r.stamp, r.clock = resize(r.stamp, len(r.items)), resize(r.clock, len(r.items))
	var out int64
	for i := range r.items {
		r.stamp[i] = r.items[i].seg.Stamp
		if i > 0 {
			out += r.stalledBefore(i)
		}
		r.clock[i] = r.stamp[i] - out
	}
	if r.profile.ThreadMandate && r.profile.Usual > 0 {
		r.drains()
	}
}

// drains gives what threads drained after a stall one time: each of them stamped
// when it came to it, so the stamps tell nothing.
func (r *Orderer) drains() {
	for i := 1; i+drainFewest < len(r.items); i++ {
		stalled := r.clock[i]-r.clock[i-1] != r.stamp[i]-r.stamp[i-1]
		if !stalled || r.stamp[i+drainFewest]-r.stamp[i] > drainFewest*drainSpeed {
			continue
		}
		for at := r.clock[i]; i < len(r.items) && r.clock[i] >= at && r.clock[i]-at < drainLasts*r.profile.Usual; i++ {
			r.clock[i] = at
		}
	}
}

func (r *Orderer) stalledBefore(i int) int64 {
	gap := r.items[i].seg.Stamp - r.items[i-1].seg.Stamp
	if gap < stallMin || gap > stallMax || i+stallDrain >= len(r.items) {
		return 0
	}
	drain := r.items[i+stallDrain].seg.Stamp - r.items[i].seg.Stamp
	if drain < 0 || drain > gap/stallSpeed || gap <= 2*r.profile.Tick {
		return 0
	}
	return gap
}
