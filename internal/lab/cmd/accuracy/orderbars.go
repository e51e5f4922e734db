package main

import (
	"fmt"
	"math"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
)

// The bars of order. A cell is one recording, degraded in one way, over all
// seeds; one with fewer spurious flags than cellFewest counts only in the sum. In
// a cell the floor does not count: what times below a tick decide, no order can
// repair. In the sum it does.
const (
	maxSpuriousLeft     = .001
	maxSpuriousLeftCell = .01
	cellFewest          = 100
	minGenuineKept      = .995
	maxHarmed           = 1e-5 // of any two packets of a flow
	minInTime           = .99
)

// orderBars says which bars of order the results miss.
func orderBars(results []result) []string {
	var missed []string
	miss := func(format string, args ...any) { missed = append(missed, fmt.Sprintf(format, args...)) }
	var sum judge.Score
	for _, r := range results {
		s, name := r.score, r.name+", "+r.degradation.Name
		sum.Add(s)
		if limit := cellLimit(s); float64(s.SpuriousAfter-s.Floor) > limit {
			miss("%s: %d flags that the truth does not have, want at most %.0f over the floor of %d", name, s.SpuriousAfter, limit, s.Floor)
		}
		if inOrder(r.degradation) && s.Order.Touched > 0 {
			miss("%s: nothing was out of order, yet %d packets have another place or time", name, s.Order.Touched)
		}
		if !r.trueKept {
			miss("%s: the true capture did not leave as it came", r.name)
		}
	}
	if left := float64(sum.SpuriousAfter); left > maxSpuriousLeft*float64(sum.SpuriousBefore) {
		miss("in sum %d of %d flags that the truth does not have are left, want at most %.1f %%",
			sum.SpuriousAfter, sum.SpuriousBefore, 100*maxSpuriousLeft)
	}
	if kept := share(sum.Kept, sum.Genuine); kept < minGenuineKept {
		miss("in sum %.2f %% of the genuine flags kept, want %.1f", 100*kept, 100*minGenuineKept)
	}
	if n := float64(sum.Order.Harmed); n > maxHarmed*float64(sum.Order.Pairs) {
		miss("in sum %d of %d pairs harmed, want at most %.0f", sum.Order.Harmed, sum.Order.Pairs, maxHarmed*float64(sum.Order.Pairs))
	}
	return append(missed, heldBar("in sum", sum)...)
}

// cellLimit is how many flags that the truth does not have a cell may have left.
func cellLimit(s judge.Score) float64 {
	if s.SpuriousBefore < cellFewest {
		return math.Inf(1)
	}
	return maxSpuriousLeftCell * float64(s.SpuriousBefore)
}

// floors names the cells that only the floor lifts over what a cell may have left.
func floors(results []result) (lines []string) {
	for _, r := range results {
		s := r.score
		if limit := cellLimit(s); float64(s.SpuriousAfter) > limit && float64(s.SpuriousAfter-s.Floor) <= limit {
			lines = append(lines, fmt.Sprintf("%s, %s: %d flags that the truth does not have, over %.0f; %d of them its own order has with these times",
				r.name, r.degradation.Name, s.SpuriousAfter, limit, s.Floor))
		}
	}
	return lines
}

// inOrder reports whether the degradation leaves the order as it was: then
// nothing may move, whatever it drops and however late the stamps are.
func inOrder(d lab.Degradation) bool { return d.ResponseFirst == 0 && d.Threads == 0 && d.Reverse == 0 }
