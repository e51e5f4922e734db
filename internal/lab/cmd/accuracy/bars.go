package accuracy

import (
	"fmt"

	"github.com/mendcap/mendcap/internal/lab/judge"
)

// The bars.
const (
	minNextHeader  = .999
	minDestination = .995
	minFlagsLess   = .75
	minGenuine     = .94
)

// bars says which bars the results miss. Headers are barred with complete
// tables only.
func bars(results []result, o options) []string {
	var missed []string
	miss := func(format string, args ...any) { missed = append(missed, fmt.Sprintf(format, args...)) }
	var sum judge.Score
	for _, r := range results {
		name := r.name + ", " + r.degradation.Name
		s := r.score
		sum.Add(s)
		if s.Lost+s.Added+s.Changed > 0 {
			miss("%s: %d packets lost, %d added, %d changed, want none", name, s.Lost, s.Added, s.Changed)
		}
		if !r.trueKept {
			miss("%s: the true capture did not leave as it came", r.name)
		}
		if o.tables == "all" {
			barHeader(miss, name+": next header", s.NextHeader, s.IPv6, minNextHeader)
			barHeader(miss, name+": destination", s.Destination, s.IPv6, minDestination)
		}
	}
	if less := share(sum.SpuriousBefore-sum.SpuriousAfter, sum.SpuriousBefore); less < minFlagsLess {
		miss("flags that the truth does not have fell by %.2f %%, want %.0f", 100*less, 100*minFlagsLess)
	}
	if kept := share(sum.Kept, sum.Genuine); kept < minGenuine {
		miss("genuine flags kept: %.2f %%, want %.0f", 100*kept, 100*minGenuine)
	}
	return missed
}

func barHeader(miss func(string, ...any), name string, t judge.Tally, total int, want float64) {
	if got := share(t.Right, total); got < want {
		miss("%s right on %.2f %%, want %.1f", name, 100*got, 100*want)
	}
	if t.Wrong > 0 {
		miss("%s wrong on %d packets, want none", name, t.Wrong)
	}
}

// share is n of total, all of it where there was nothing.
func share(n, total int) float64 {
	if total == 0 {
		return 1
	}
	return float64(n) / float64(total)
}
