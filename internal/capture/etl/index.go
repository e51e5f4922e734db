package etl

import "encoding/binary"

// place is a buffer that has records.
type place struct {
	offset int64 // in the file
	length int64 // in the file; less than its header says if that is wrong
	first  int64 // ticks of its first record
}

// run is a row of one processor's buffers in which time goes on. A processor has one,
// unless its log is circular (two, as the oldest buffer is not the first in the file)
// or time went back. It takes nine bytes or so for each buffer and 19 at most, which is
// little beside a file in which a buffer has more than 72.
type run struct {
	cpu    uint16
	logger uint16
	start  place  // its first buffer
	last   place  // its last one
	seq    int64  // of its last buffer
	rest   []byte // the other buffers: differences to the one before, as varints
}

const (
	maxRuns = 2 * (processorMask + 1) // of a log; then a processor that has one gets no other, and time may go back within it
	compare = 4                       // how many of a processor's newest runs a buffer may join
)

// add puts a buffer at the end of a run.
func (r *run) add(p place, seq int64) {
	r.rest = binary.AppendUvarint(r.rest, uint64(p.offset-r.last.offset))
	r.rest = binary.AppendUvarint(r.rest, uint64(p.length))
	r.rest = binary.AppendVarint(r.rest, p.first-r.last.first)
	r.last, r.seq = p, seq
}

// next is the buffer after p, of which rest are those that follow, and those that
// follow it. There must be one.
func (p place) next(rest []byte) (place, []byte) {
	offset, n := binary.Uvarint(rest)
	length, m := binary.Uvarint(rest[n:])
	first, k := binary.Varint(rest[n+m:])
	return place{offset: p.offset + int64(offset), length: int64(length), first: p.first + first}, rest[n+m+k:]
}

// index puts the buffers of a log in runs.
type index struct {
	runs     []run
	newest   map[uint16][]int // of each processor: where its runs are
	circular bool
}

// add takes in a buffer. If the ticks of its first record are not known, it is taken
// for as old as the one before it.
func (x *index) add(h *bufferHeader, p place, known bool) {
	if x.newest == nil {
		x.newest = make(map[uint16][]int)
	}
	own := x.newest[h.cpu]
	best := -1
	for _, at := range own[max(0, len(own)-compare):] {
		r := &x.runs[at]
		fits := r.logger == h.logger && (!known || r.last.first <= p.first) && (!x.circular || r.seq <= h.sequence)
		if fits && (best < 0 || r.last.first >= x.runs[best].last.first) {
			best = at
		}
	}
	if best < 0 && len(own) > 0 && len(x.runs) >= maxRuns {
		best = own[len(own)-1]
	}
	if best < 0 {
		x.newest[h.cpu] = append(own, len(x.runs))
		x.runs = append(x.runs, run{cpu: h.cpu, logger: h.logger, start: p, last: p, seq: h.sequence})
		return
	}
	if !known {
		p.first = x.runs[best].last.first
	}
	x.runs[best].add(p, h.sequence)
}
