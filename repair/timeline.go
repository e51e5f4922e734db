package repair

import (
	"time"

	"github.com/mendcap/mendcap/report"
)

// maxIntervals bounds how many intervals a timeline has.
const maxIntervals = 100

// timeline counts packets and findings by the time at which they happened.
type timeline struct {
	start, width int64
	packets      []int64
	moved        []int64
	byVerdict    map[string][]int64
	// The interval that was last met, and its bounds.
	at       int
	from, to int64
}

// newTimeline spans the capture's times; what is corrected beyond them counts
// in the first or the last interval.
func newTimeline(f *facts) *timeline {
	t := &timeline{byVerdict: make(map[string][]int64)}
	if !f.stamped {
		return t
	}
	span := uint64(f.last) - uint64(f.first)
	t.start, t.width = f.first, int64(step(span/maxIntervals+1))
	n := span/uint64(t.width) + 1
	t.packets, t.moved = make([]int64, n), make([]int64, n)
	t.to = t.start // nothing met so far
	return t
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

// interval returns the place of a time.
func (t *timeline) interval(at int64) int {
	if at >= t.from && at < t.to {
		return t.at
	}
	t.at = 0
	if at > t.start {
		t.at = int(min((uint64(at)-uint64(t.start))/uint64(t.width), uint64(len(t.packets)-1)))
	}
	t.from = t.start + int64(t.at)*t.width
	t.to = t.from + t.width
	return t.at
}

// packet counts one packet.
func (t *timeline) packet(at int64, moved bool) {
	if t.width == 0 {
		return
	}
	i := t.interval(at)
	t.packets[i]++
	if moved {
		t.moved[i]++
	}
}

// finding counts what was found of a packet.
func (t *timeline) finding(at int64, verdict string) {
	if t.width == 0 {
		return
	}
	counts := t.byVerdict[verdict]
	if counts == nil {
		counts = make([]int64, len(t.packets))
		t.byVerdict[verdict] = counts
	}
	counts[t.interval(at)]++
}

func (t *timeline) result() report.Timeline {
	r := report.Timeline{Width: time.Duration(t.width), Packets: t.packets, Moved: t.moved, ByVerdict: t.byVerdict}
	if t.width > 0 {
		r.Start = utc(t.start)
	}
	return r
}

// displacement counts packets by how far they were moved.
type displacement struct{ byStep map[uint64]int64 }

func (d *displacement) add(shift int64) {
	if d.byStep == nil {
		d.byStep = make(map[uint64]int64)
	}
	d.byStep[reach(shift)]++
}

// reach is the step of the histogram that a shift belongs to: 0, or 1, 2 or 5
// times a power of ten from a microsecond.
func reach(shift int64) uint64 {
	switch {
	case shift == 0:
		return 0
	case shift < 0:
		shift = -shift
	}
	return step(max(uint64(shift), 1000))
}

// result lists the steps from the first to the last that occurs, those between
// them too; but none where no packet moved.
func (d *displacement) result() []report.Displacement {
	list := []report.Displacement{}
	left := len(d.byStep)
	for next := uint64(0); left > 0; {
		n := d.byStep[next]
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
