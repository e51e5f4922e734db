package clocks

import (
	"math"
	"math/big"
	"slices"
	"sort"

	"github.com/mendcap/mendcap/reorder"
)

// State says what a Survey found of two clocks.
type State uint8

// The states.
const (
	Unknown  State = iota // too few samples, or no line fits them all
	Aligned               // one clock explains all samples
	Differs               // none does; Offset and SkewPPB say by how much they differ
	OneSided              // only answers on one of the two were seen: Offset is a bound
)

// Clock is what is known of one interface's clock against the reference's.
// Times are nanoseconds.
type Clock struct {
	Interface, Reference int
	State                State
	// Apart: the stamps of the two interfaces can't be compared. One clock
	// doesn't explain the samples, whether the difference is known or not.
	Apart bool

	At          int64 // on the reference's clock; Offset is that of this instant
	Offset      int64 // by how much the interface's clock is ahead
	Uncertainty int64 // the offset is at most so far off, at any time of the capture
	AtLeast     bool  // one-sided: the offset is at least that; otherwise at most

	SkewPPB         int64 // how much faster it runs, parts per billion; 0 unless the data show one
	SkewUncertainty int64 // parts per billion

	Samples  int64
	Inverted int64 // samples whose answer is before its cause in the file
}

// Correct turns a stamp of the interface into the time of the reference's
// clock, rounded down; only where the State is Differs. Both are
// nanoseconds, and held within int64.
func (c *Clock) Correct(stamp int64) int64 {
	since := minus(minus(stamp, c.Offset), c.At)
	return minus(minus(stamp, c.Offset), proportion(since, c.SkewPPB, billion+c.SkewPPB))
}

const (
	billion = int64(1e9)
	// maxSkew is the largest skew that is believed: crystals keep within 100
	// parts per million, and clocks that are being set within 500.
	maxSkew = int64(1e6)
	// fewestSamples and fewestWindows tell of an offset and of a skew.
	fewestSamples = 8
	fewestWindows = 8
	// latestStamp is by how much a reader may stamp a packet late: it stalls for
	// 20 ms at most, as far as we have seen.
	latestStamp = int64(20e6)
	// fewBeyond: one in so many points may be an exception.
	fewBeyond = 16
	// atOnce is how long the fastest of a host's many answers may take: some
	// ACKs wait for nothing (RFC 5681, section 4.2: every second segment, and
	// what fills or opens a hole; RFC 9293, section 3.5: a handshake's).
	atOnce = int64(1e6)
)

// pair compares an interface with the reference. Both envelopes keep
// smallest values: most what the offset is at most, least the negative of what
// it is at least.
type pair struct {
	most, least envelope
	inverted    int64
}

// line is a skew, parts per billion, and how far it may be off.
type line struct{ skew, tolerance int64 }

func (p *pair) conclude(tickReference, tickOther int64) Clock {
	c := Clock{Samples: p.most.samples + p.least.samples, Inverted: p.inverted}
	first, last := p.span()
	c.At = first + int64(uint64(last-first)/2)
	most, least := p.most.points(c.At), p.least.points(c.At)
	switch {
	case p.most.samples >= fewestSamples && p.least.samples >= fewestSamples:
		c.between(p, most, least, tickReference, tickOther)
	case p.most.samples >= fewestSamples:
		c.State, c.Offset = OneSided, intercept(most, 0)
		c.Apart = contradicts(most, steepness(most, tickOther), -c.Offset-tickOther) || beyondLateness(most)
	case p.least.samples >= fewestSamples:
		c.State, c.Offset, c.AtLeast = OneSided, -intercept(least, 0), true
		c.Apart = contradicts(least, steepness(least, tickReference), c.Offset-tickReference) || beyondLateness(least)
	}
	return c
}

// contradicts reports whether points that ask for an answer so long before its
// cause, on one clock, mean another clock and not a reader that stamps late:
// then most keep to a line, rather than to zero with exceptions.
func contradicts(points []point, skew, violation int64) bool {
	if violation <= 0 {
		return false
	}
	base := intercept(points, skew)
	toLine, toZero := 0, 0
	for _, p := range points {
		if minus(rest(p, skew), base) <= violation/4 {
			toLine++
		}
		if p.value >= 0 && p.value <= violation/4 {
			toZero++
		}
	}
	return toLine >= 2*toZero && toLine > len(points)/fewBeyond
}

// beyondLateness reports whether more points than a clock that is set back can
// explain, between causes and their answers, ask for an answer before its cause
// by more than a reader can be late.
func beyondLateness(points []point) bool {
	n := 0
	for _, p := range points {
		if p.value < -latestStamp {
			n++
		}
	}
	return n >= fewestWindows && n > len(points)/fewBeyond
}

// span is the time of the first and the last sample.
func (p *pair) span() (first, last int64) {
	all := slices.Concat(p.most.points(0), p.least.points(0))
	return slices.MinFunc(all, point.compareTime).at, slices.MaxFunc(all, point.compareTime).at
}

// between finds the offset between two bounds.
func (c *Clock) between(p *pair, most, least []point, tickReference, tickOther int64) {
	high, low := intercept(most, 0), -intercept(least, 0)
	ticks := tickReference + tickOther
	early, late := low-tickReference, -high-tickOther // by how much one clock contradicts the bounds
	fit, ok := bestLine(most, least, ticks)
	switch {
	case early <= 0 && late <= 0:
		c.aligned(low, high, 0)
	case !ok:
		c.Apart = beyondLateness(least) || beyondLateness(most)
		return
	case max(early, late) > latestStamp, contradicts(least, -fit.skew, early), contradicts(most, fit.skew, late):
		c.State, c.Apart = Differs, true
		c.SkewPPB, c.SkewUncertainty = fit.skew, fit.tolerance
		c.place(-intercept(least, -fit.skew), intercept(most, fit.skew), p)
		fit.skew = 0 // it is accounted for
	default:
		c.aligned(low, high, max(early, late))
	}
	first, last := p.span()
	c.Uncertainty += ticks + proportion(minus(last, first), max(fit.skew, -fit.skew)+fit.tolerance, 2*billion)
}

// aligned says that one clock explains the samples, but for stamps that are late
// by so much.
func (c *Clock) aligned(low, high, late int64) {
	c.State = Aligned
	c.Offset, c.Uncertainty = low+(high-low)/2, max(high-low, low-high)/2+late
}

// place puts the offset in the middle of what the bounds leave, or, where the
// capturing host's answers give one bound, close to that.
func (c *Clock) place(low, high int64, p *pair) {
	lowByHost, highByHost := p.least.byHost(), p.most.byHost()
	half := (high - low) / 2
	near := min(max(half, 0), reorder.FinestTick)
	c.Uncertainty = min(max(high-low, 0), atOnce)
	switch {
	case lowByHost && !highByHost:
		c.Offset = low + near
	case highByHost && !lowByHost:
		c.Offset = high - near
	default:
		c.Offset, c.Uncertainty = low+half, max(half, 0)+1
	}
}

// byHost reports whether the answers are the capturing host's, and so many that
// some were given at once.
func (e *envelope) byHost() bool {
	return e.host >= 4*fewestSamples && 10*e.host >= 9*e.samples
}

// bestLine finds a skew with which both bounds can hold: what the envelope
// shows that shows it best, what the other does, or none.
func bestLine(most, least []point, ticks int64) (line, bool) {
	a, okA := slope(most, ticks)
	b, okB := slope(least, ticks)
	b.skew = -b.skew
	apart := disagreement(most, least)
	a.tolerance, b.tolerance = minus(a.tolerance, -apart), minus(b.tolerance, -apart)
	if okB && (!okA || b.tolerance < a.tolerance) {
		a, b, okA, okB = b, a, okB, okA
	}
	var candidates []line
	if okA {
		candidates = append(candidates, a.shown())
	}
	if okB {
		candidates = append(candidates, b.shown())
	}
	for _, l := range append(candidates, line{tolerance: a.tolerance}) {
		if max(l.skew, -l.skew) <= maxSkew && minus(-intercept(least, -l.skew), intercept(most, l.skew)) <= ticks {
			return l, true
		}
	}
	return line{}, false
}

// disagreement is by how much the skews differ that the smallest values near both ends of
// the capture show, of one envelope and of the other, where both may be skews. One that
// is none lets the same delays become longer in both.
func disagreement(most, least []point) int64 {
	a, okA := endToEnd(most)
	b, okB := endToEnd(least)
	if !okA || !okB {
		return 0
	}
	return max(a+b, -a-b)
}

// endToEnd is the skew of the smallest values in the first and in the last quarter.
func endToEnd(points []point) (skew int64, ok bool) {
	if len(points) < fewestWindows {
		return 0, false
	}
	quarter := minus(points[len(points)-1].at, points[0].at) / 4
	first, last := points[0], points[len(points)-1]
	for _, p := range points {
		if p.at <= points[0].at+quarter && p.value < first.value {
			first = p
		}
		if p.at >= points[len(points)-1].at-quarter && p.value < last.value {
			last = p
		}
	}
	if last.at <= first.at {
		return 0, false
	}
	skew = proportion(minus(last.value, first.value), billion, minus(last.at, first.at))
	return skew, max(skew, -skew) <= maxSkew
}

// shown leaves out a skew that the data don't show. They may have it all the same.
func (l line) shown() line {
	if size := max(l.skew, -l.skew); size <= l.tolerance {
		return line{tolerance: minus(l.tolerance, -size)}
	}
	return l
}

// steepness is the skew of one envelope alone, 0 where it shows none.
func steepness(points []point, ticks int64) int64 {
	if l, ok := slope(points, ticks); ok && max(l.skew, -l.skew) <= maxSkew {
		return l.shown().skew
	}
	return 0
}

// intercept is the largest offset of a line of a skew that lies below all
// points.
func intercept(points []point, skew int64) int64 {
	offset := rest(points[0], skew)
	for _, p := range points[1:] {
		offset = min(offset, rest(p, skew))
	}
	return offset
}

func rest(p point, skew int64) int64 { return minus(p.value, proportion(p.at, skew, billion)) }

// slope returns the skew of the points' smallest values, and how far it may be off: by
// how far they scatter, and as far as it hangs on one end of the capture. Where delays
// are shorter for a while, no line below all points tells that from a skew.
func slope(points []point, ticks int64) (line, bool) {
	if len(points) < fewestWindows {
		return line{}, false
	}
	skew, long := lowerSide(points)
	// A line that is steeper would leave the smallest values of one half.
	half := minus(points[len(points)-1].at, points[0].at) / 2
	tolerance := proportion(2*(noise(points, skew)+ticks), billion, max(long, half))
	after, before := inner(points)
	off := int64(0)
	for _, rest := range [...][]point{points[after:], points[:before]} {
		if len(rest) < 2 {
			return line{skew, math.MaxInt64}, true
		}
		other, _ := lowerSide(rest)
		change := minus(other, skew)
		off = max(off, change, -change)
	}
	return line{skew, minus(tolerance, -off)}, true
}

// inner returns where the first of the parts of a capture ends, and where the last one
// begins.
func inner(points []point) (after, before int) {
	first, last := points[0].at, points[len(points)-1].at
	width := minus(last, first)/noiseSlices + 1
	return since(points, first+width), since(points, last-width+1)
}

// since is the place of the first of the points that is not before a time.
func since(points []point, at int64) int {
	return sort.Search(len(points), func(i int) bool { return points[i].at >= at })
}

// lowerSide returns the skew of the side of the points' lower convex hull that is below
// their middle, the line below all points that is closest to them all (Moon, Skelly and
// Towsley, Estimation and Removal of Clock Skew from Network Delay Measurements,
// INFOCOM 1999), and how long that side is, nanoseconds.
func lowerSide(points []point) (skew, long int64) {
	hull := lowerHull(points)
	k := max(since(hull, points[len(points)/2].at), 1)
	a, b := hull[k-1], hull[k]
	long = minus(b.at, a.at)
	return proportion(minus(b.value, a.value), billion, long), long
}

// lowerHull returns the points that a line can touch from below.
func lowerHull(points []point) []point {
	var hull []point
	for _, p := range points {
		for len(hull) >= 2 && !convex(hull[len(hull)-2], hull[len(hull)-1], p) {
			hull = hull[:len(hull)-1]
		}
		hull = append(hull, p)
	}
	return hull
}

// convex reports whether b lies below the line from a to c.
func convex(a, b, c point) bool {
	return product(minus(b.value, a.value), minus(c.at, a.at)).Cmp(product(minus(c.value, a.value), minus(b.at, a.at))) < 0
}

// noiseSlices is into how many parts a capture is cut to see how steadily its
// smallest delays come back.
const noiseSlices = 8

// noise tells how far above the line below all points the smallest ones of
// each part of the capture lie, typically.
func noise(points []point, skew int64) int64 {
	base := intercept(points, skew)
	first := points[0].at
	width := minus(points[len(points)-1].at, first)/noiseSlices + 1
	var least []int64
	part := int64(-1)
	for _, p := range points {
		above := minus(rest(p, skew), base)
		if k := minus(p.at, first) / width; k != part {
			part, least = k, append(least, above)
		}
		least[len(least)-1] = min(least[len(least)-1], above)
	}
	slices.Sort(least)
	return least[len(least)/2]
}

func product(a, b int64) *big.Int { return new(big.Int).Mul(big.NewInt(a), big.NewInt(b)) }

// proportion is a*b/c rounded down, held within int64; c is positive.
func proportion(a, b, c int64) int64 {
	q := product(a, b)
	switch q.Div(q, big.NewInt(c)); {
	case q.IsInt64():
		return q.Int64()
	case q.Sign() < 0:
		return math.MinInt64
	}
	return math.MaxInt64
}
