package accuracy

import (
	"fmt"
	"math"
	"strings"

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

// What has been reached of the same where threads stamp each packet on their own, and
// over links that reorder much: -check holds it to that. See orderTargets.
const (
	reachedSpuriousLeft = .006
	reachedGenuineKept  = .985
)

// new reports whether a row is of those that the targets are for.
func (r *result) new() bool {
	return r.degradation.Scatter > 0 || strings.HasPrefix(r.name, crossing)
}

// crossing begins the names of the recordings over links that reorder much.
const crossing = "cross-"

// orderBars says which bars of order the results miss.
func orderBars(results []result) []string {
	var missed []string
	miss := func(format string, args ...any) { missed = append(missed, fmt.Sprintf(format, args...)) }
	var sum judge.Score
	var reached sums
	for _, r := range results {
		s, name := r.score, r.name+", "+r.degradation.Name
		if !r.trueKept {
			miss("%s: the true capture did not leave as it came", r.name)
		}
		if r.new() {
			reached.add(r)
			continue
		}
		sum.Add(s)
		if limit := cellLimit(s); float64(s.SpuriousAfter-s.Floor) > limit {
			miss("%s: %d flags that the truth does not have, want at most %.0f over the floor of %d", name, s.SpuriousAfter, limit, s.Floor)
		}
		if !r.degradation.Disorders() && s.Order.Touched > 0 {
			miss("%s: nothing was out of order, yet %d packets have another place or time", name, s.Order.Touched)
		}
	}
	barSum(miss, "", sum, maxSpuriousLeft, minGenuineKept)
	if n := float64(sum.Order.Harmed); n > maxHarmed*float64(sum.Order.Pairs) {
		miss("in sum %d of %d pairs harmed, want at most %.0f", sum.Order.Harmed, sum.Order.Pairs, maxHarmed*float64(sum.Order.Pairs))
	}
	barSum(miss, " of the new ones that are tuned on", reached.tuned.score, reachedSpuriousLeft, reachedGenuineKept)
	barSum(miss, " of the new ones that are held out", reached.held.score, reachedSpuriousLeft, reachedGenuineKept)
	missed = append(missed, heldBar("in sum", sum)...)
	missed = append(missed, heldBar("in sum of the new ones that are tuned on", reached.tuned.score)...)
	return append(missed, heldBar("in sum of the new ones that are held out", reached.held.score)...)
}

// barSum says where a sum has more flags that the truth does not have than a share of
// those before, or fewer of the genuine ones.
func barSum(miss func(string, ...any), of string, sum judge.Score, left, kept float64) {
	if n := float64(sum.SpuriousAfter); n > left*float64(sum.SpuriousBefore) {
		miss("in sum%s %d of %d flags that the truth does not have are left, want at most %.1f %%",
			of, sum.SpuriousAfter, sum.SpuriousBefore, 100*left)
	}
	if n := share(sum.Kept, sum.Genuine); n < kept {
		miss("in sum%s %.2f %% of the genuine flags kept, want %.1f", of, 100*n, 100*kept)
	}
}

// minGenuineKeptCell is what is wanted of a cell with cellFewest genuine flags.
const minGenuineKeptCell = .98

// orderTargets says what is wanted of the new rows and not reached: the bars of the
// others, the sums of those that are held out apart, and genuine flags by cell.
func orderTargets(results []result) (open []string) {
	miss := func(format string, args ...any) { open = append(open, fmt.Sprintf(format, args...)) }
	var all sums
	for _, r := range results {
		if !r.new() {
			continue
		}
		all.add(r)
		s, name := r.score, r.name+", "+r.degradation.Name
		if r.leavesTooMany() {
			miss("%s: %d flags that the truth does not have, want at most %.0f over the floor of %d", name, s.SpuriousAfter, cellLimit(s), s.Floor)
		}
		if r.hidesTooMany() {
			miss("%s: %d of %d genuine flags kept, want %.0f %%", name, s.Kept, s.Genuine, 100*minGenuineKeptCell)
		}
		if !r.degradation.Disorders() && s.Order.Touched > 0 {
			miss("%s: nothing was out of order, yet %d packets have another place or time", name, s.Order.Touched)
		}
	}
	barSum(miss, " of those tuned on", all.tuned.score, maxSpuriousLeft, minGenuineKept)
	barSum(miss, " of those held out", all.held.score, maxSpuriousLeft, minGenuineKept)
	return open
}

// leavesTooMany reports whether a cell has more flags left than it may.
func (r *result) leavesTooMany() bool {
	return float64(r.score.SpuriousAfter-r.score.Floor) > cellLimit(r.score)
}

// hidesTooMany reports whether a cell has fewer of the genuine flags than it must.
func (r *result) hidesTooMany() bool {
	return r.score.Genuine >= cellFewest && share(r.score.Kept, r.score.Genuine) < minGenuineKeptCell
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

// swapLines says how many inbound segments are the wrong way round: those that an ACK
// of the host's tells apart, and those that none does, with how much there was to tell.
func swapLines(results []result) (lines []string) {
	var all sums
	for _, r := range results {
		all.add(r)
	}
	for _, part := range []struct {
		name string
		sum  judge.Swaps
	}{{"tuned on", all.tuned.score.Swaps}, {"held out", all.held.score.Swaps}} {
		lines = append(lines, fmt.Sprintf("%s: %d neighbours stand wrong that an ACK tells apart, and %d that none does; of those that the network swapped between two ACKs nothing tells of %d, and stamps alone of %d",
			part.name, part.sum.Apart, part.sum.Together, part.sum.Hopeless, part.sum.Contested))
	}
	return lines
}

// kindLines says on which kinds of packets the new rows have flags left and hidden.
func kindLines(results []result) (lines []string) {
	var all sums
	for _, r := range results {
		if r.new() {
			all.add(r)
		}
	}
	for _, part := range []struct {
		name  string
		kinds judge.ByKind
	}{{"tuned on", all.tuned.score.ByKind}, {"held out", all.held.score.ByKind}} {
		var words []string
		for kind, e := range part.kinds {
			words = append(words, fmt.Sprintf("%s %d and %d", judge.Kind(kind), e.Left, e.Hidden))
		}
		lines = append(lines, fmt.Sprintf("%s: flags left and hidden on %s", part.name, strings.Join(words, ", ")))
	}
	return lines
}
