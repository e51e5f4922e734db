package diagnose

import (
	"math"

	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// side is the direction of data, seen from the capturing host.
type side uint8

const (
	in side = iota
	out
	both // on loopback, or where the host is unproven
	sides
)

var sideNames = [sides]string{"in", "out", "both"}

// sideOf is the side of what the sender of the current packet sends; the other
// one's is the opposite.
func sideOf(o tcp.Side, opposite bool) side {
	switch {
	case o == tcp.In && !opposite || o == tcp.Out && opposite:
		return in
	case o == tcp.Out || o == tcp.In:
		return out
	}
	return both
}

// lossMeter counts bytes that were acknowledged, and those of them that were
// never seen.
type lossMeter struct {
	sums  [sides]lossSum
	sizes [sides]sizes
	gaps  gaps
	bins  bins
}

// lossSum is what is known of one side.
type lossSum struct {
	acked       int64 // bytes
	runs        int64 // of missed bytes, in one connection each
	single      int64 // of them, of one number: mostly a SYN or FIN
	connections int64
	oneSided    int64
}

// acknowledged takes in that data is acknowledged, by the current packet.
func (l *lossMeter) acknowledged(m *moment, bytes int64) {
	s := sideOf(m.s.Outbound, true)
	l.sums[s].acked += bytes
	if !m.to.counted {
		m.to.counted = true
		l.sums[s].connections++
	}
	l.bins.at(m.p.Time, s).acked += bytes
}

// missed takes in a hole that the receiver has the bytes of.
func (l *lossMeter) missed(m *moment, e *end, h *hole) {
	s := e.side
	n := int64(h.bytes.Right.Sub(h.bytes.Left))
	if e.lastMissed != h.bytes.Left || l.sums[s].runs == 0 {
		l.sums[s].runs++
		if n == 1 {
			l.sums[s].single++
		}
	}
	e.lastMissed = h.bytes.Right
	l.bins.at(h.by.time, s).missed += n
	one := gap{before: h.by.before, after: h.by.after, start: h.by.left, end: h.by.time, flow: m.f.id, side: s, missed: n}
	l.gaps.add(one, m.p.FrameAfter)
}

// The least that a rate is told of.
const (
	leastGaps     = 5   // with fewer an interval means nothing
	leastSegments = 100 // acknowledged, of the usual size
)

// result is the estimate.
func (l *lossMeter) result() report.CaptureLoss {
	l.gaps.flush()
	r := report.CaptureLoss{Directions: []report.DirectionLoss{}, Overflows: l.gaps.overflows, OverflowsOmitted: l.gaps.omitted}
	r.Timeline, r.Omitted = l.bins.result()
	for s := range sides {
		if sum := &l.sums[s]; s != both || sum.connections+sum.oneSided > 0 {
			r.Directions = append(r.Directions, sum.describe(s, &l.sizes[s], l.gaps.sums[s]))
		}
	}
	return r
}

func (l *lossSum) describe(s side, z *sizes, g gapSum) report.DirectionLoss {
	median, largest := z.median(), z.largest
	r := report.DirectionLoss{
		Direction: sideNames[s], AckedBytes: l.acked, MissedBytes: g.missed, GapEvents: l.runs,
		Connections: l.connections, OneSided: l.oneSided, MedianBytes: median,
	}
	if largest > 0 {
		r.PacketsLeast = max(l.runs-l.single, (g.missed+largest-1)/largest)
		r.PacketsMost = max(r.PacketsLeast, z.most(g.missed))
	}
	switch {
	case l.acked == 0 || median == 0 || l.acked < leastSegments*median:
		r.NoEstimate = "too little was acknowledged"
	case g.gaps > 0 && g.gaps < leastGaps:
		r.NoEstimate = "too few gaps to tell a rate"
	default:
		rate, low, high := l.interval(g, float64(largest))
		r.RatePPM, r.LowPPM, r.HighPPM = ppm(rate), ppm(low), min(1e6, ppm(high))
	}
	return r
}

// interval is the rate of missed bytes with its 95 % interval. Drops come in
// bursts, so it is the gaps that are counted: their number is Poisson's, and the
// sum of their squares is the variance of the bytes. The interval is taken in
// the logarithm, where a sum of few bursts of unequal length is nearly normal.
func (l *lossSum) interval(g gapSum, largest float64) (rate, low, high float64) {
	acked := float64(l.acked)
	if g.gaps == 0 {
		return 0, 0, -math.Log(.025) * largest / acked // no event where 3.7 were expected
	}
	rate = float64(g.missed) / acked
	spread := quantile(g.gaps) * math.Sqrt(g.square) / float64(g.missed)
	return rate, rate * math.Exp(-spread), rate * math.Exp(spread)
}

// quantile is that of Student's distribution for n samples, 97.5 %, as its
// expansion in 1/(n-1) has it.
func quantile(n int64) float64 {
	const z = 1.959964
	v := float64(n - 1)
	z3, z5, z7 := math.Pow(z, 3), math.Pow(z, 5), math.Pow(z, 7)
	return z + (z3+z)/(4*v) + (5*z5+16*z3+3*z)/(96*v*v) + (3*z7+19*z5+17*z3-15*z)/(384*v*v*v)
}

func ppm(share float64) int64 { return int64(math.Round(share * 1e6)) }

// sizes counts the payload of data packets.
type sizes struct {
	counts  []int64 // up to the largest, of maxSize at most
	total   int64
	largest int64
	sum     float64
	squares float64
}

// maxSize is from where on sizes count as one: larger ones come from offloads.
const maxSize = 1 << 11

func (z *sizes) add(n uint32) {
	at := int(min(n, maxSize-1))
	if more := at + 1 - len(z.counts); more > 0 {
		z.counts = append(z.counts, make([]int64, more)...)
	}
	z.counts[at]++
	z.total++
	z.largest = max(z.largest, int64(n))
	z.sum += float64(n)
	z.squares += float64(n) * float64(n)
}

// most is how many packets of these sizes so many bytes are at most: of the mean
// size, and three standard deviations more of how such a number varies.
func (z *sizes) most(bytes int64) int64 {
	mean := z.sum / float64(z.total)
	n := float64(bytes) / mean
	deviation := math.Sqrt(max(0, z.squares/float64(z.total)-mean*mean)) / mean
	return int64(math.Ceil(n + 3*deviation*math.Sqrt(n)))
}

func (z *sizes) median() int64 {
	seen := int64(0)
	for n, count := range z.counts {
		if seen += count; 2*seen >= z.total && z.total > 0 {
			return int64(n)
		}
	}
	return 0
}
