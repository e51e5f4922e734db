package windows

import "math/bits"

// Clock is what stamps the records of a log. The zero value is a performance counter of
// 10 MHz.
type Clock struct {
	Kind      int    // 0 or 1 the performance counter, 2 the system's time, 3 the processor's cycles
	Frequency uint64 // of the performance counter, ticks in a second; 0 = 10,000,000
	MHz       uint64 // of the processors
}

const (
	performanceCounter = 1
	systemTime         = 2
	processorCycles    = 3

	second = 10_000_000 // in units of FILETIME
)

// first is what the clock shows as the log is begun.
func (c Clock) first(start int64) int64 {
	if c.kind() == systemTime {
		return start
	}
	return 119_334_567_891
}

func (c Clock) kind() int {
	if c.Kind == 0 {
		return performanceCounter
	}
	return c.Kind
}

// rate is how many ticks a second has.
func (c Clock) rate() uint64 {
	if c.kind() == processorCycles {
		return c.MHz * 1_000_000
	}
	return c.counter()
}

// counter is the frequency of the performance counter, whatever the clock.
func (c Clock) counter() uint64 {
	if c.Frequency == 0 {
		return second
	}
	return c.Frequency
}

// Ticks is what the clock of a log that was begun at start shows at a time that is not
// earlier: the least number of ticks that does not lie before it.
func (c Clock) Ticks(start, time int64) int64 {
	if c.kind() == systemTime {
		return time
	}
	hi, lo := bits.Mul64(uint64(time-start), c.rate())
	ticks, rest := bits.Div64(hi, lo, second)
	if rest > 0 {
		ticks++
	}
	return c.first(start) + int64(ticks)
}

// Time is when the clock of a log that was begun at start shows a number of ticks, cut
// to 100 ns.
func (c Clock) Time(start, ticks int64) int64 {
	if c.kind() == systemTime {
		return ticks
	}
	hi, lo := bits.Mul64(uint64(ticks-c.first(start)), second)
	units, _ := bits.Div64(hi, lo, c.rate())
	return start + int64(units)
}
