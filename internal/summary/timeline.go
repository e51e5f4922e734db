package summary

import (
	"math"
	"time"

	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/report"
)

// maxIntervals bounds how many intervals a timeline has.
const maxIntervals = 100

// timeline counts packets and findings by the time at which they happened. How
// far the capture's times reach need not be known before: cells become wider as
// they come. In the end the cells are put together to intervals.
type timeline struct {
	stamped bool
	start   int64 // of the first cell
	end     int64 // the latest time that counts as itself
	width   int64 // of a cell: a power of ten, nanoseconds
	cells   tally
	// The cell that was last met, and its bounds.
	at       int
	from, to int64
}

// maxCells is how many cells there are at most: so many that the width of an
// interval, 1, 2 or 5 times a power of ten, is a multiple of theirs.
const maxCells = 10 * maxIntervals

// The columns of a timeline.
const (
	allPackets   = iota
	movedPackets // of them
	findings     // of the first verdict, and so on

	columns = findings + diagnose.NumVerdicts
)

// tally holds the counts of each column by place, up to the last that was met.
type tally [columns][]int64

func (t *tally) add(column, place int, n int64) {
	if more := place + 1 - len(t[column]); more > 0 {
		t[column] = append(t[column], make([]int64, more)...)
	}
	t[column][place] += n
}

// gathered returns the counts with each place's added to another.
func (t *tally) gathered(place func(int) int) (r tally) {
	for column, counts := range t {
		for i, n := range counts {
			r.add(column, place(i), n)
		}
	}
	return r
}

// newTimeline starts where the capture's times do.
func newTimeline(s Span) *timeline {
	t := &timeline{stamped: s.Stamped, start: s.First, end: s.Last, width: 1}
	if s.Partial {
		t.end = math.MaxInt64 // only the beginning is known
	}
	t.from, t.to = t.start, t.start // nothing met so far
	return t
}

// fits reports whether the timeline started where the capture's times do.
func (t *timeline) fits(s Span) bool {
	return t.stamped == s.Stamped && (!s.Stamped || t.start == s.First)
}

// step is the least of 1, 2, 5, 10, 20 and so on that is not below n, as far as
// 64 bits reach.
func step(n uint64) uint64 {
	for decade := uint64(1); ; decade *= 10 {
		for _, k := range []uint64{1, 2, 5} {
			if s := k * decade; s >= n || decade > 1e17 {
				return s
			}
		}
	}
}

// cell returns the place of a time; what is corrected to beyond the capture's
// times counts in the first or in the last.
func (t *timeline) cell(at int64) int {
	if at >= t.from && at < t.to {
		return t.at
	}
	after := uint64(min(max(at, t.start), t.end)) - uint64(t.start)
	for after/uint64(t.width) >= maxCells {
		t.width *= 10
		t.cells = t.cells.gathered(func(i int) int { return i / 10 })
	}
	t.at = int(after / uint64(t.width))
	t.from = t.start + int64(t.at)*t.width
	t.to = t.from + t.width
	return t.at
}

// packet counts one packet.
func (t *timeline) packet(at int64, moved bool) {
	t.add(at, allPackets)
	if moved {
		t.add(at, movedPackets)
	}
}

// finding counts what was found of a packet.
func (t *timeline) finding(at int64, verdict diagnose.Verdict) { t.add(at, findings+int(verdict)) }

func (t *timeline) add(at int64, column int) {
	if t.stamped {
		place := t.cell(at) // which can make the cells wider
		t.cells.add(column, place, 1)
	}
}

// result spans the capture's times.
func (t *timeline) result(s Span) report.Timeline {
	if !t.stamped {
		return report.Timeline{ByVerdict: map[report.Verdict][]int64{}}
	}
	span := uint64(s.Last) - uint64(s.First)
	width := step(span/maxIntervals + 1)
	n := int(span/width + 1)
	r := t.cells.gathered(func(i int) int { return int(uint64(i) * uint64(t.width) / width) })
	whole := func(counts []int64) []int64 { return append(counts, make([]int64, n-len(counts))...) }
	byVerdict := make(map[report.Verdict][]int64)
	for verdict, counts := range r[findings:] {
		if len(counts) > 0 {
			byVerdict[diagnose.Verdict(verdict).Reported()] = whole(counts)
		}
	}
	return report.Timeline{
		Width: time.Duration(width), Packets: whole(r[allPackets]), Moved: whole(r[movedPackets]), ByVerdict: byVerdict, Start: utc(t.start),
	}
}

// displacement counts packets by how far they were moved.
type displacement map[uint64]int64

func (d displacement) add(shift int64) { d[reach(shift)]++ }

// reach is the step of the histogram that a shift belongs to: 0, or 1, 2 or 5
// times a power of ten from a microsecond.
func reach(shift int64) uint64 {
	if shift == 0 {
		return 0
	}
	return step(max(uint64(max(shift, -shift)), 1000))
}

// result lists the steps from the first to the last that occurs, those between
// them too; but none where no packet moved.
func (d displacement) result() []report.Displacement {
	list := []report.Displacement{}
	left := len(d)
	for next := uint64(0); left > 0; {
		n := d[next]
		if n > 0 {
			left--
		}
		if n > 0 || len(list) > 0 && list[len(list)-1].UpTo > 0 {
			list = append(list, report.Displacement{UpTo: time.Duration(next), Packets: n})
		}
		next = step(max(next+1, 1000))
	}
	return list
}
