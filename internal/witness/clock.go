package witness

import (
	"cmp"
	"math"
	"slices"
)

// Clock says how the trace's clock runs beside the capture's. Times are nanoseconds.
type Clock struct {
	Known bool

	Offset int64   // what the trace's clock shows more than the capture's, at Start
	Start  int64   // by the capture's clock
	Drift  float64 // how much the trace's clock gains, a part of the whole: 50e-6 is 50 ppm
	Drifts bool    // the capture is long enough to show that
	Pairs  int     // packets and events that show it

	// A packet is stamped at most Late after its event, and at most Early before it: what
	// the pairs show, and as much again.
	Late, Early int64
}

// OfTrace is when the trace's clock showed what the capture's did.
func (c *Clock) OfTrace(stamp int64) int64 {
	return stamp + c.Offset + int64(c.Drift*float64(stamp-c.Start))
}

const (
	millisecond = 1_000_000
	second      = 1000 * millisecond

	maxDrift  = 200e-6           // of two clocks of computers, a part of the whole
	fineWidth = 10 * millisecond // within which a reader stamps most packets, at least

	leastSpan = 10 * second // in which drift shows beside what a reader adds

	leastPairs = 3       // that show how clocks run
	maxPairs   = 1 << 20 // that are looked at
	maxEvents  = 16      // that one packet may be paired with, unless few others are there

	leastEarly = 20 * millisecond // clocks tick every 15.6 ms at worst
	leastLate  = 50 * millisecond
	manyRests  = 200 // show how packets are stamped, whatever the clocks are
	leastRest  = 2 * millisecond
	mostLate   = second // a reader stamps no packet later than that
)

// Pair is a packet and an event that may be about it. Times are nanoseconds.
type Pair struct {
	Stamp int64 // of the packet
	Apart int64 // the event's time less that
}

// fitClock finds the line that most pairs of packets and events lie on. Pairs are those in
// which the packet's checksum agrees with what the event claims; most of them are wrong,
// as packets of one flow are often of one length, but the wrong ones are apart by anything.
func (m *Matcher) fitClock() (c Clock) {
	if !c.fit(m.pairs()) {
		return Clock{}
	}
	c.Late, c.Early = mostLate, mostLate
	if !m.learnTolerance(&c) {
		return Clock{}
	}
	c.Known = true
	return c
}

// FitClock finds how clocks run of which pairs alone tell, where at least half of the sure
// ones agree: those whose packet and whose event nothing else looks like. It reorders
// the pairs.
func FitClock(pairs, sure []Pair) (c Clock) {
	if !c.fit(pairs) {
		return Clock{}
	}
	c.Late, c.Early = leastLate, leastEarly
	var rests []int64 // by how much packets are late
	for _, p := range sure {
		if rest := c.rest(p); rest <= c.Early && -rest <= c.Late {
			rests = append(rests, -rest)
		}
	}
	if c.Known = len(rests) >= leastPairs && 2*len(rests) >= len(sure); !c.Known {
		return Clock{}
	}
	if len(rests) >= manyRests { // what is usual shows
		c.Late, c.Early = max(leastRest, 2*slices.Max(rests)), max(leastRest, -2*slices.Min(rests))
	}
	return c
}

// fit moves the line to where most pairs lie, and reports whether enough do.
func (c *Clock) fit(pairs []Pair) bool {
	if len(pairs) < leastPairs {
		return false
	}
	c.Start = slices.MinFunc(pairs, func(a, b Pair) int { return cmp.Compare(a.Stamp, b.Stamp) }).Stamp
	end := slices.MaxFunc(pairs, func(a, b Pair) int { return cmp.Compare(a.Stamp, b.Stamp) }).Stamp
	span := end - c.Start
	c.Drifts = span >= leastSpan
	width := int64(maxDrift*float64(span)) + fineWidth
	pairs = c.within(pairs, width)
	for c.Drifts && width > fineWidth && len(pairs) >= leastPairs { // as far as drift widens them
		c.tilt(pairs, span, width)
		width = max(width/3, fineWidth)
		pairs = c.within(pairs, width)
	}
	pairs = c.within(pairs, fineWidth)
	if len(pairs) < leastPairs {
		return false
	}
	c.Pairs = len(pairs)
	c.lean(pairs, span)
	return true
}

// pairs are the pairs that may show how the clocks run, those of places with few events
// first: they are the ones that say most.
func (m *Matcher) pairs() (list []Pair) {
	order := make([]int, len(m.groups))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(m.groups[a].events), len(m.groups[b].events)) })
	for _, i := range order {
		g := &m.groups[i]
		if len(g.events) > maxEvents && len(list) >= maxPairs/64 {
			break
		}
		for j := range g.seen {
			for claim := range g.seen[j].fit() {
				g.looks += int64(len(g.of[claim]))
				for _, e := range g.of[claim] {
					list = append(list, Pair{g.seen[j].stamp, g.events[e].time - g.seen[j].stamp})
				}
			}
			if len(list) >= maxPairs {
				return list
			}
		}
	}
	return list
}

// rest is how far an event is from where the line has it.
func (c *Clock) rest(p Pair) int64 { return p.Stamp + p.Apart - c.OfTrace(p.Stamp) }

// within moves the line to where most pairs are within a width, and returns those.
func (c *Clock) within(pairs []Pair, width int64) []Pair {
	if len(pairs) == 0 {
		return nil
	}
	slices.SortFunc(pairs, func(a, b Pair) int { return cmp.Or(cmp.Compare(c.rest(a), c.rest(b)), cmp.Compare(a.Stamp, b.Stamp)) })
	best, most, from := 0, 0, 0
	for to := range pairs {
		for c.rest(pairs[to])-c.rest(pairs[from]) > width {
			from++
		}
		if n := to - from + 1; n > most {
			best, most = from, n
		}
	}
	pairs = pairs[best : best+most]
	c.Offset += c.rest(pairs[len(pairs)/2])
	return pairs
}

// tilt gives the line the slope that the pairs of the first and of the last third of the
// span show, each where most of them are.
func (c *Clock) tilt(pairs []Pair, span, width int64) {
	var first, last []Pair
	for _, p := range pairs {
		switch at := p.Stamp - c.Start; {
		case at < span/3:
			first = append(first, p)
		case at > span-span/3:
			last = append(last, p)
		}
	}
	if len(first) == 0 || len(last) == 0 {
		return
	}
	middle := func(list []Pair) (stamp, rest float64) {
		part := *c
		list = part.within(list, max(width/3, fineWidth))
		for _, p := range list {
			stamp += float64(p.Stamp-c.Start) / float64(len(list))
			rest += float64(c.rest(p)) / float64(len(list))
		}
		return stamp, rest
	}
	at1, rest1 := middle(first)
	at2, rest2 := middle(last)
	slope := (rest2 - rest1) / (at2 - at1)
	if math.Abs(c.Drift+slope) > maxDrift {
		return
	}
	c.Drift += slope
	c.Offset += int64(rest1 - slope*at1)
}

// lean gives the line the slope of least squares, where the span is long enough to show
// one beside what the reader adds.
func (c *Clock) lean(pairs []Pair, span int64) {
	if !c.Drifts || len(pairs) < 16 {
		return
	}
	n := float64(len(pairs))
	var sumX, sumY, sumXX, sumXY float64
	for _, p := range pairs {
		x, y := float64(p.Stamp-c.Start), float64(c.rest(p))
		sumX, sumY, sumXX, sumXY = sumX+x, sumY+y, sumXX+x*x, sumXY+x*y
	}
	spread := sumXX - sumX*sumX/n
	if spread <= 0 {
		return
	}
	slope := (sumXY - sumX*sumY/n) / spread
	if math.Abs(c.Drift+slope) > maxDrift || math.Abs(slope)*float64(span) > fineWidth {
		return
	}
	c.Drift += slope
	c.Offset += int64((sumY - slope*sumX) / n)
}

// learnTolerance learns how late and how early packets are stamped: from those that have
// but one event near enough that fits, which fits no other. It reports whether enough
// packets have one for the trace to be of this capture.
func (m *Matcher) learnTolerance(c *Clock) bool {
	with, without := m.matching(c)
	if with < leastPairs || with < without {
		return false
	}
	for range 2 { // packets that are more to each other apart tell of those that are less
		var rests []int64
		for i := range m.groups {
			rests = m.groups[i].rests(c, rests)
		}
		c.tolerate(rests)
	}
	return true
}

// tolerate takes from packets that were so late, by the clock, how late and how early any
// may be.
func (c *Clock) tolerate(rests []int64) {
	late, early := int64(leastLate), int64(leastEarly)
	if len(rests) > 0 {
		slices.Sort(rests)
		tail := len(rests) / 200
		if len(rests) >= manyRests { // what is usual shows
			tail, late, early = 0, leastRest, leastRest
		}
		late, early = max(late, 2*rests[len(rests)-1-tail]), max(early, -2*rests[tail])
	}
	c.Late, c.Early = min(c.Late, late), min(c.Early, early)
}

// rests adds by how much packets are stamped later than their event, of those with a
// checksum that may have but one event, which no other may have.
func (g *group) rests(c *Clock, rests []int64) []int64 {
	askers := make([]cover, len(g.of)) // how many packets may have each event
	for claim := range askers {
		askers[claim] = newCover(len(g.of[claim]))
	}
	type choice struct{ packet, claim, at int32 }
	var single []choice
	for i := range g.seen {
		a := asker{seen: &g.seen[i]}
		a.between(c)
		n, last := 0, choice{packet: int32(i)}
		for claim := range a.fit() {
			first, end := g.within(claim, a.from, a.to)
			askers[claim].add(first, end)
			if n += end - first; end > first {
				last.claim, last.at = claim, int32(first)
			}
		}
		if n == 1 {
			single = append(single, last)
		}
	}
	for claim := range askers {
		askers[claim] = askers[claim].counts()
	}
	for _, one := range single {
		if askers[one.claim][one.at] == 1 {
			rests = append(rests, c.OfTrace(g.seen[one.packet].stamp)-g.events[g.of[one.claim][one.at]].time)
		}
	}
	return rests
}

// matching is how many packets have an event near enough that fits, and how many none.
func (m *Matcher) matching(c *Clock) (with, without int) {
	for i := range m.groups {
		g := &m.groups[i]
		for j := range g.seen {
			a := asker{seen: &g.seen[j]}
			a.between(c)
			if at := c.OfTrace(a.stamp); a.fitting[0] < 0 || at < m.first || at > m.last {
				continue
			}
			n := 0
			for claim := range a.fit() {
				first, end := g.within(claim, a.from, a.to)
				n += end - first
			}
			if n > 0 {
				with++
			} else {
				without++
			}
		}
	}
	return with, without
}
