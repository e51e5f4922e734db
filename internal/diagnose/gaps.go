package diagnose

import (
	"cmp"
	"slices"
	"time"

	"github.com/mendcap/mendcap/report"
)

// gap is where one connection misses bytes: between two frames of the output.
type gap struct {
	before, after int64 // frames
	start, end    int64 // their times, nanoseconds
	flow          uint64
	side          side
	missed        int64 // bytes
}

const (
	// gapsHeld is how many gaps wait for others of the same time at most, and
	// gapHorizon how many frames back one can still be found. gapsSorted is how
	// many are sorted in at once: one takes gapsHeld/gapsSorted steps for that.
	gapsHeld   = 1 << 13
	gapHorizon = 1 << 16
	gapsSorted = 1 << 6
	// maxOverflows is how many overflows are listed.
	maxOverflows = 1000
)

// gaps puts the gaps of connections together that can have been one gap of the
// record: all of those that one place between two frames lies in.
type gaps struct {
	sums      [sides]gapSum
	held      []gap // by after
	fresh     []gap // not sorted in yet
	overflows []report.Overflow
	omitted   int64
	early     int64 // gaps that were handed on before all others of their time were there
	steps     int64 // gaps that were moved or looked at
}

// gapSum counts the gaps of the record in which one side misses bytes: what was missed at
// once, in all connections.
type gapSum struct {
	gaps, missed int64   // missed are bytes
	square       float64 // sum of the squares of the bytes that each missed
}

// add takes in a gap that is found at this frame of the output, and counts what can get
// no company any more.
func (g *gaps) add(one gap, frame int64) {
	g.fresh = append(g.fresh, one)
	switch n := len(g.held) + len(g.fresh); {
	case n >= gapsHeld:
		g.sortIn()
		all, last := len(g.held), g.held[n/2].after
		g.release(last+1, true)
		if last >= frame-gapHorizon {
			g.early += int64(all - len(g.held))
		}
	case n%gapsSorted == 0:
		g.sortIn()
		g.release(frame-gapHorizon, false)
	}
}

// sortIn puts the fresh gaps among those held.
func (g *gaps) sortIn() {
	slices.SortFunc(g.fresh, byAfter)
	old, place := len(g.held), len(g.held)+len(g.fresh)
	g.held = append(g.held, g.fresh...)
	for len(g.fresh) > 0 {
		last := len(g.fresh) - 1
		place--
		g.steps++
		if old > 0 && byAfter(g.held[old-1], g.fresh[last]) > 0 {
			old--
			g.held[place] = g.held[old]
		} else {
			g.held[place], g.fresh = g.fresh[last], g.fresh[:last]
		}
	}
}

func byAfter(a, b gap) int {
	return cmp.Or(cmp.Compare(a.after, b.after), cmp.Compare(a.before, b.before), cmp.Compare(a.flow, b.flow), cmp.Compare(a.side, b.side))
}

// release counts the gaps that end before a frame; not those that can get
// company after it, unless all are to go.
func (g *gaps) release(frame int64, all bool) {
	done := 0
	for done < len(g.held) && g.held[done].after < frame {
		n := done + 1
		for n < len(g.held) && g.held[n].before < g.held[done].after && !(all && g.held[n].after >= frame) {
			n++
		}
		g.steps += int64(n - done)
		if g.held[n-1].after >= frame {
			break // it can get company
		}
		g.together(g.held[done:n])
		done = n
	}
	if done > 0 {
		g.steps += int64(len(g.held) - done)
		g.held = slices.Delete(g.held, 0, done)
	}
}

// flush counts all gaps.
func (g *gaps) flush() {
	g.sortIn()
	if len(g.held) > 0 {
		g.release(g.held[len(g.held)-1].after+1, false)
	}
}

// together counts gaps that were one.
func (g *gaps) together(list []gap) {
	var missed [sides]int64
	flows := make(map[uint64]bool)
	start, end := list[0].start, list[0].end
	for _, one := range list {
		missed[one.side] += one.missed
		flows[one.flow] = true
		start, end = max(start, one.start), min(end, one.end)
	}
	for s, n := range missed {
		if n > 0 {
			g.sums[s].gaps++
			g.sums[s].missed += n
			g.sums[s].square += float64(n) * float64(n)
		}
	}
	if len(flows) < 2 {
		return
	}
	if len(g.overflows) >= maxOverflows {
		g.omitted++
		return
	}
	g.overflows = append(g.overflows, report.Overflow{
		Start: time.Unix(0, min(start, end)).UTC(), Span: time.Duration(max(0, end-start)), Connections: len(flows),
		MissedBytes: missed[in] + missed[out] + missed[both], Frame: list[0].after,
	})
}
