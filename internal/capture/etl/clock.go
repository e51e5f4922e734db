package etl

import (
	"fmt"
	"math"
	"math/bits"
)

// Clock is what stamped the records of a log (Wnode.ClientContext of evntrace.h).
type Clock uint32

// The clocks of Windows.
const (
	PerformanceCounter Clock = 1
	SystemTime         Clock = 2
	ProcessorCycles    Clock = 3
)

// fileTimeSecond is how many units of FILETIME a second has.
const fileTimeSecond = 10_000_000

// ticker turns ticks of a log's clock into FILETIME.
type ticker struct {
	first     int64  // ticks at the start of the log
	start     int64  // the same as FILETIME
	frequency uint64 // ticks in a second; 0 = ticks are FILETIME
}

// newTicker takes the clock of a log from its header and the stamp of the header's
// record, which is that of the log's start.
func newTicker(h *Header, first int64) (ticker, error) {
	t := ticker{first: first, start: h.Start, frequency: uint64(h.Frequency)}
	switch h.Clock {
	case 0, PerformanceCounter:
	case SystemTime:
		return ticker{}, nil
	case ProcessorCycles:
		// PerfFreq is the performance counter's, whatever the clock.
		if h.MHz != 0 {
			t.frequency = uint64(h.MHz) * 1_000_000
		}
	default:
		return ticker{}, fmt.Errorf("%w: type %d", ErrClock, h.Clock)
	}
	if t.frequency == 0 || t.frequency > math.MaxInt64 {
		return ticker{}, fmt.Errorf("%w: clock of %d ticks a second", ErrHeader, h.Frequency)
	}
	return t, nil
}

// fileTime is when a clock showed so many ticks, rounded down to 100 ns. What does not
// fit is the first or the last time that there is.
func (t *ticker) fileTime(ticks int64) int64 {
	if t.frequency == 0 {
		return ticks
	}
	if ticks >= t.first {
		distance, _, ok := t.scale(uint64(ticks) - uint64(t.first))
		if !ok || distance > uint64(math.MaxInt64)-uint64(t.start) {
			return math.MaxInt64
		}
		return t.start + int64(distance)
	}
	distance, exact, ok := t.scale(uint64(t.first) - uint64(ticks))
	if room := uint64(t.start) + 1<<63; !ok || distance > room || distance == room && !exact {
		return math.MinInt64
	}
	if !exact {
		distance++ // rounding down leads away from the start
	}
	return t.start - int64(distance)
}

// scale turns a number of ticks into units of 100 ns, rounded down. It reports whether
// that is exact, and whether it fits.
func (t *ticker) scale(ticks uint64) (units uint64, exact, ok bool) {
	if t.frequency == fileTimeSecond {
		return ticks, true, true
	}
	hi, lo := bits.Mul64(ticks, fileTimeSecond)
	if hi >= t.frequency {
		return 0, false, false
	}
	units, rest := bits.Div64(hi, lo, t.frequency)
	return units, rest == 0, true
}
