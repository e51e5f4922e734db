package diagnose

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/mendcap/mendcap/report"
)

const (
	// binWidth is how long an interval of the timeline of losses is.
	binWidth = int64(100e6)
	// binsHeld is how many intervals are counted at once; of older ones those
	// with missed bytes are kept, maxBins at most.
	binsHeld = 1 << 10
	maxBins  = 3000
)

// binKey is an interval of one side.
type binKey struct {
	number int64
	side   side
}

// bin is what happened in it, bytes.
type bin struct {
	binKey
	acked, missed int64
}

// bins is the timeline.
type bins struct {
	by      map[binKey]*bin
	recent  [sides]*bin // last met
	kept    []*bin
	omitted int64
}

// at returns the interval of a time, to be counted in.
func (b *bins) at(stamp int64, s side) *bin {
	key := binKey{stamp / binWidth, s}
	if r := b.recent[s]; r != nil && r.binKey == key {
		return r
	}
	if b.by == nil {
		b.by = make(map[binKey]*bin)
	}
	one := b.by[key]
	if one == nil {
		if len(b.by) >= binsHeld {
			b.retire(binsHeld / 2)
		}
		one = &bin{binKey: key}
		b.by[key] = one
	}
	b.recent[s] = one
	return one
}

// retire ends the n earliest intervals.
func (b *bins) retire(n int) {
	all := slices.SortedFunc(maps.Values(b.by), compareBins)
	for _, one := range all[:min(n, len(all))] {
		delete(b.by, one.binKey)
		if one.missed == 0 {
			continue
		}
		if len(b.kept) < maxBins {
			b.kept = append(b.kept, one)
		} else {
			b.omitted++
		}
	}
	b.recent = [sides]*bin{}
}

func compareBins(a, b *bin) int {
	return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.side, b.side))
}

// result lists the intervals with missed bytes, in order of time.
func (b *bins) result() (list []report.LossBin, omitted int64) {
	b.retire(len(b.by))
	slices.SortStableFunc(b.kept, compareBins)
	list = make([]report.LossBin, len(b.kept))
	for i, one := range b.kept {
		list[i] = report.LossBin{Start: time.Unix(0, one.number*binWidth).UTC(), Direction: sideNames[one.side], MissedBytes: one.missed, AckedBytes: one.acked}
	}
	return list, b.omitted
}
