package infer

import (
	"math"
	"slices"
	"time"
)

// recording is how long after its moment a table may have been read: a script
// names the moment, then runs one command after another.
const recording = time.Minute

// period is from the first to the last of some stamps, nanoseconds since 1970.
type period struct{ first, last int64 }

// never is the period of no stamp.
var never = period{first: math.MaxInt64, last: math.MinInt64}

// add takes in a stamp.
func (p *period) add(stamp int64) { p.first, p.last = min(p.first, stamp), max(p.last, stamp) }

// within reports whether some of p is in o: whether tables were recorded while the
// capture ran, as its stamps have it. Where none was, the stamps may be those of
// another clock, or of another time zone.
func (p *period) within(o period) bool { return p.first <= o.last && o.first <= p.last }

// maxReadings bounds the moments of tables that are kept one by one.
const maxReadings = 1 << 12

// readings are moments at which tables were read, nanoseconds since 1970: sorted,
// the first maxReadings that were noted.
type readings []int64

// note takes in a moment.
func (r *readings) note(stamp int64) {
	if i, known := slices.BinarySearch(*r, stamp); !known && len(*r) < maxReadings {
		*r = slices.Insert(*r, i, stamp)
	}
}

// between reports whether a table was read after one stamp, and not after
// another.
func (r readings) between(after, until int64) bool {
	i, _ := slices.BinarySearch(r, after+1)
	return i < len(r) && r[i] <= until
}

// isStamp reports whether a time is one that a stamp can be: not the zero time,
// nor one beyond what nanoseconds count.
func isStamp(t time.Time) bool { return t.Year() >= 1970 && t.Year() < 2200 }
