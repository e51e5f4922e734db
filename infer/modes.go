package infer

import (
	"math"

	"github.com/mendcap/mendcap/infer/internal/header"
)

// How common each mode is before anything is learnt: as if that many flows had
// shown it.
var assumedModes = [header.Modes]float64{header.Whole: 3.9, header.Partial: 0.07, header.Lengthless: 0.03}

// modeCounts are how many flows have shown a mode.
type modeCounts [directions][header.Hypotheses][header.Modes]float64

// modeBits are log2 of how common each mode is.
type modeBits [header.Modes]float64

// learnModes learns from the flows that prove theirs what checksum fields hold,
// of what the host sends and of the rest. A flow that proves nothing counts half
// if only one of its modes has a candidate.
func (e *Engine) learnModes() {
	seen := e.past.modes
	for _, c := range e.flows.clusters.all() {
		c.proven = e.flows.list.at(c.flow).proved(c)
		e.countMode(c, &seen)
	}
	for d := range seen {
		for h := range seen[d] {
			e.modes[d][h] = modeShares(&seen[d], header.Hypothesis(h))
		}
	}
}

// countMode counts the mode that c shows, if it shows one.
func (e *Engine) countMode(c *cluster, seen *modeCounts) {
	fl := e.flows.list.at(c.flow)
	n, weight := c.needs, 0.5
	if c.proven {
		n, weight = c.dominant(), 1
	}
	m, one := e.onlyMode(&n, c.proven)
	if !one {
		return
	}
	if c.proven {
		fl.modes |= 1 << m
	}
	seen[e.direction(fl.key.src)][fl.key.hypothesis()][m] += weight
}

// onlyMode returns the one mode of n, or among several the one with a
// candidate.
func (e *Engine) onlyMode(n *header.Needs, proven bool) (only header.Mode, one bool) {
	there, fits := 0, 0
	var last header.Mode
	for m, need := range n {
		if need == 0 {
			continue
		}
		there++
		last = header.Mode(m)
		if len(e.candidates.with(need)) > 0 {
			fits++
			only = last
		}
	}
	if there == 1 && proven {
		return last, true
	}
	return only, fits == 1
}

// modeShares weighs what was seen of TCP or UDP with what was seen of both: the
// host's card is the same.
func modeShares(seen *[header.Hypotheses][header.Modes]float64, h header.Hypothesis) (b modeBits) {
	const elsewhere = 0.1 // what a flow of the other protocol counts
	total := 0.0
	for m := range b {
		b[m] = assumedModes[m] + seen[h][m]
		if h == header.AsTCP || h == header.AsUDP {
			b[m] += elsewhere * seen[header.AsTCP+header.AsUDP-h][m]
		}
		total += b[m]
	}
	for m := range b {
		b[m] = math.Log2(b[m] / total)
	}
	return b
}

// bitsOtherMode is what speaks against a mode that the flow's other packets
// don't have.
const bitsOtherMode = -12

// modeOf returns what mode m counts for q.
func (e *Engine) modeOf(q *question, m header.Mode) float64 {
	b := e.modes[q.from][q.h][m]
	if q.fl == nil || q.fl.modes == 0 {
		return b
	}
	if q.fl.modes&(1<<m) == 0 {
		return math.Min(b, bitsOtherMode)
	}
	return math.Max(b, -2)
}
