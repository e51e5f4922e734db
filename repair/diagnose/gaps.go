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
	flow          uint32
	side          side
	missed        int64 // bytes
}

const (
	// gapsHeld is how many gaps wait for others of the same time, and gapHorizon
	// how many frames back one can still be found.
	gapsHeld   = 1 << 13
	gapHorizon = 1 << 16
	// maxOverflows is how many overflows are listed.
	maxOverflows = 1000
)

// gaps puts the gaps of connections together that can have been one gap of the
// record: all of those that one place between two frames lies in.
type gaps struct {
	held      []gap // by after
	overflows []report.Overflow
	omitted   int64
}

// add takes in a gap that is found at this frame of the output, and hands on
// what can get no company any more.
func (g *gaps) add(one gap, frame int64, each func([sides]int64)) {
	place, _ := slices.BinarySearchFunc(g.held, one, byAfter)
	g.held = slices.Insert(g.held, place, one)
	if len(g.held) >= gapsHeld {
		g.release(g.held[len(g.held)/2].after, each)
	} else if len(g.held)%64 == 0 {
		g.release(frame-gapHorizon, each)
	}
}

func byAfter(a, b gap) int {
	return cmp.Or(cmp.Compare(a.after, b.after), cmp.Compare(a.before, b.before), cmp.Compare(a.flow, b.flow), cmp.Compare(a.side, b.side))
}

// release hands on the gaps that end before a frame.
func (g *gaps) release(frame int64, each func([sides]int64)) {
	done := 0
	for done < len(g.held) && g.held[done].after < frame {
		n := done + 1
		for n < len(g.held) && g.held[n].before < g.held[done].after {
			n++
		}
		if g.held[n-1].after >= frame {
			break // it can get company
		}
		g.together(g.held[done:n], each)
		done = n
	}
	g.held = slices.Delete(g.held, 0, done)
}

func (g *gaps) flush(each func([sides]int64)) {
	if len(g.held) > 0 {
		g.release(g.held[len(g.held)-1].after+1, each)
	}
}

// together takes in gaps that were one.
func (g *gaps) together(list []gap, each func([sides]int64)) {
	var missed [sides]int64
	flows := make(map[uint32]bool, len(list))
	start, end, bytes := list[0].start, list[0].end, int64(0)
	for _, one := range list {
		missed[one.side] += one.missed
		bytes += one.missed
		flows[one.flow] = true
		start, end = max(start, one.start), min(end, one.end)
	}
	each(missed)
	if len(flows) < 2 {
		return
	}
	if len(g.overflows) >= maxOverflows {
		g.omitted++
		return
	}
	g.overflows = append(g.overflows, report.Overflow{
		Start: time.Unix(0, min(start, end)).UTC(), Span: time.Duration(max(0, end-start)), Connections: len(flows),
		MissedBytes: bytes, Frame: list[0].after,
	})
}
