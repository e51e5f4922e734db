package infer

import (
	"math"
	"time"
)

// recording is how long after its moment a table may have been read: a script
// names the moment, then runs one command after another.
const recording = time.Minute

// period is from the first to the last of some stamps, nanoseconds since 1970.
type period struct{ first, last int64 }

var never = period{first: math.MaxInt64, last: math.MinInt64}

// add takes in a stamp.
func (p *period) add(stamp int64) { p.first, p.last = min(p.first, stamp), max(p.last, stamp) }

// within reports whether some of p is in o: whether tables were recorded while the
// capture ran, as its stamps have it. Where none was, the stamps may be those of
// another clock, or of another time zone.
func (p *period) within(o period) bool { return p.first <= o.last && o.first <= p.last }

// isStamp reports whether a time is one that a stamp can be: not the zero time,
// nor one beyond what nanoseconds count.
func isStamp(t time.Time) bool { return t.Year() >= 1970 && t.Year() < 2200 }
