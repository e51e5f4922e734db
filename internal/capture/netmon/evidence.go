package netmon

import "math"

// evidence is how much speaks for a record.
type evidence int

const (
	none evidence = iota
	some          // its fields are as they should be
	sure          // its two times agree
)

// base is when the capture began, as far as that is known for comparing the two times of
// records of version 2.3.
type base struct {
	start int64 // FILETIME
	known bool  // to the year, and to a quarter of an hour
	exact bool  // to the microsecond
}

// slack is how far the two times of a record and those of another that it is compared
// with may be apart, 100 ns: each is cut to a microsecond in one of them.
const slack = 2 * perMicro

// agrees says whether the two times of a record do.
func (b *base) agrees(r *record) bool {
	if !b.known || !credible(r.stamp) || !nearStart(r.delta) {
		return false
	}
	d := r.stamp - r.delta*perMicro - b.start
	if b.exact {
		return -slack < d && d < slack
	}
	return zoned(d)
}

// learn takes the start of the capture from a record whose times agree.
func (b *base) learn(r *record) {
	if !b.exact && b.agrees(r) {
		b.start, b.exact = r.stamp-r.delta*perMicro, true
	}
}

// near says whether a frame is likely to have been captured at a time.
func (b *base) near(stamp int64) bool {
	return credible(stamp) && (!b.known || nearStart((stamp-b.start)/perMicro))
}

// nearStart says whether a frame is likely to have been captured so many microseconds
// after the start of the capture: within a year of it.
func nearStart(delta int64) bool {
	const year = 366 * 24 * 3600 * 1e6
	return -year < delta && delta < year
}

// judge says what speaks for a record that is within the file.
func (s *Frames) judge(r *record) evidence {
	minor := s.file.Minor
	if minor == 3 {
		switch {
		case s.base.agrees(r):
			return sure
		case known(r.media) && s.base.near(r.stamp):
			return some
		}
		return none
	}
	if !nearStart(r.delta) || r.original > math.MaxInt32 || minor >= 1 && !known(r.media) {
		return none
	}
	if minor >= 2 && (r.process < -1 || r.process > maxProcesses) {
		return none
	}
	return some
}

// accepts says whether a record is one, where the frame table leads to it. Zeros look
// like one without data.
func (s *Frames) accepts(r *record) bool {
	e := s.judge(r)
	return e == sure || e == some && r.included > 0
}

// plausible says whether the lengths of a record are such that it is believed where
// nothing leads to it.
func (r *record) plausible() bool {
	return r.included > 0 && r.included <= min(int64(r.original), maxSought) && r.original <= maxOriginal && nearStart(r.delta)
}

// soon says whether a record is of a time within an hour of the one delivered last.
func (s *Frames) soon(r *record) bool {
	const hour = 3600 * 1e6
	d := r.delta - s.last.delta
	return s.last.offset == 0 || -hour < d && d < hour
}
