package netmon

import "math"

const (
	recordLen = 16 // of the part before the data: delta, original and included length

	// maxRecord is the longest data of a record that are believed, bytes: where the
	// frame table leads to it, and where it is looked for. Wireshark reads no more
	// than the latter.
	maxRecord = 16 << 20
	maxSought = 256 << 10

	maxOriginal = 1 << 20 // likewise, of the original length of a record that is looked for
)

// trailerLen is the length of what follows the data of a record, by minor version,
// bytes.
var trailerLen = [...]int64{0, 2, 6, 15}

// record is what a record says beside its data.
type record struct {
	offset   int64 // of the record in the file, bytes
	delta    int64 // of its time from the start of the capture, microseconds
	original uint32
	included int64 // length of its data, bytes

	media   uint16
	process int32 // index into the process table; -1 = none
	stamp   int64 // FILETIME; 0 before version 2.3

	stated int64 // included length as the record states it
}

// end is where the record ends in a file.
func (f *File) end(r *record) int64 { return f.endOf(r.offset, r.included) }

// endOf is where a record at an offset with so many bytes of data ends.
func (f *File) endOf(offset, included int64) int64 {
	return offset + recordLen + included + trailerLen[f.Minor]
}

// parseHead reads the part of a record before its data.
func (f *File) parseHead(p []byte, offset int64) record {
	included := int64(le.Uint32(p[12:]))
	return record{
		offset:   offset,
		delta:    int64(le.Uint64(p)),
		original: le.Uint32(p[8:]),
		included: included,
		stated:   included,
		media:    f.head.media,
		process:  -1,
	}
}

// parseTrailer reads the part of a record after its data.
func (f *File) parseTrailer(r *record, p []byte) {
	r.media = le.Uint16(p)
	if f.Minor >= 2 {
		r.process = int32(le.Uint32(p[2:]))
	}
	if f.Minor >= 3 {
		r.stamp = int64(le.Uint64(p[6:]))
	}
}

// evidence is how much speaks for a record.
type evidence int

const (
	none evidence = iota
	some          // its fields are as they should be
	sure          // its two times agree, to the microsecond
)

// judge says what speaks for a record that is within the file.
func (f *File) judge(r *record) evidence {
	if f.Minor == 3 {
		switch {
		case f.agrees(r):
			return sure
		case known(r.media) && credible(r.stamp):
			return some
		}
		return none
	}
	if !nearStart(r.delta) || r.original > math.MaxInt32 || f.Minor >= 1 && !known(r.media) {
		return none
	}
	if f.Minor >= 2 && (r.process < -1 || r.process > maxProcesses) {
		return none
	}
	return some
}

// agrees says whether the two times of a record of version 2.3 do.
func (f *File) agrees(r *record) bool {
	if !credible(r.stamp) || !nearStart(r.delta) {
		return false
	}
	d := r.stamp - r.delta*perMicro - f.Start
	if f.startStated {
		return -stampSlack < d && d < stampSlack
	}
	return !f.Local.IsZero() && zoned(d) && r.stamp != 0
}

// nearStart says whether a frame is likely to have been captured so many microseconds
// after the start of the capture: within a year of it.
func nearStart(delta int64) bool {
	const year = 366 * 24 * 3600 * 1e6
	return -year < delta && delta < year
}

// accepts says whether a record is one, where the frame table leads to it. Zeros look
// like one without data.
func (f *File) accepts(r *record) bool {
	e := f.judge(r)
	return e == sure || e == some && (r.included > 0 || r.original > 0)
}

// soughtAfter says whether the lengths of a record are such that it is believed where
// nothing leads to it.
func (r *record) soughtAfter() bool {
	return r.included > 0 && r.included <= int64(r.original) && r.original <= maxOriginal && nearStart(r.delta)
}
