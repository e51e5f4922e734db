package diagnose

import (
	"iter"

	"github.com/mendcap/mendcap/internal/tcp"
)

const (
	// historyLength is how many of the latest segments of all connections are
	// remembered, and reach how many of a connection's are looked at for one
	// flag at most.
	historyLength = 1 << 15
	historyPage   = 1 << 6 // of which so many are made at once
	reach         = 1 << 11
	// A connection may look back at so many records for each of its packets, and
	// save up what it doesn't; it begins with some saved. The lossiest of our
	// recordings looks at 30 for each of its packets.
	lookPerPacket = 32
	firstLook     = 1 << 13
	mostLook      = 1 << 16

	markBits   = 17     // four marks for each record that is remembered
	markedFrom = 1 << 9 // records: of fewer none is marked
)

// record is a segment that went by.
type record struct {
	tcp.Segment
	time     int64 // as repaired, nanoseconds; Stamp is as recorded
	previous int64 // serial of the connection's record before, 0 for none
	same     int64 // that of the record before of the same direction
	number   int64 // among the connection's records, from 1
	twin     bool  // a second copy of a packet before it: it says nothing new
	askedAt  int64 // since when its receiver had asked for it next, 0 for not yet
	fills    bool  // it came into a hole
	repeats  bool  // it brought nothing that had not been seen
	resumes  bool  // it came at the end of a silence in which timers can have run out
}

// history is a ring of the latest segments. Each connection's are linked from
// its latest one back. Serials count from 1.
type history struct {
	ring  []*[historyPage]record
	marks []uint32 // by markOf, the serial of the latest such record; nil while few are remembered
	last  int64    // serial
	steps int64    // records that were looked at
	short int64    // times that a connection was not allowed to look at more
}

func (h *history) add(m *moment) {
	f, p := m.f, m.p
	h.last++
	at := int((h.last - 1) % historyLength)
	if at/historyPage == len(h.ring) {
		h.ring = append(h.ring, new([historyPage]record))
	}
	r := &h.ring[at/historyPage][at%historyPage]
	f.records++
	r.Segment, r.previous, r.same, r.number, r.twin = *p.Segment, f.latest, f.sent[m.dir], f.records, m.original != nil
	r.fills, r.repeats, r.resumes, r.askedAt = m.fills, m.repeats, f.resumes(p.Time), m.askedAt
	r.time, r.Frame = p.Time, p.Frame
	f.latest, f.sent[m.dir] = h.last, h.last
	h.mark(r.Segment.Seq, r.Segment.Sum)
	f.look, f.watch = min(f.look+lookPerPacket, mostLook), min(f.watch+watchPerPacket, mostLook)
}

// markOf is where a segment with that sequence number and checksum is marked.
func markOf(seq tcp.Seq, sum uint16) uint32 {
	return (uint32(seq) ^ uint32(sum)<<16 ^ uint32(sum)>>3) * 0x9E3779B1 >> (32 - markBits) // Knuth's multiplicative hash
}

// mark notes the latest record's numbers, so that most segments of which the
// history has no copy need not be looked for in it.
func (h *history) mark(seq tcp.Seq, sum uint16) {
	if h.marks == nil {
		if h.last < markedFrom {
			return
		}
		h.marks = make([]uint32, 1<<markBits)
		for i := range h.last {
			r := &h.ring[i/historyPage][i%historyPage]
			h.marks[markOf(r.Seq, r.Sum)] = uint32(i + 1)
		}
	}
	h.marks[markOf(seq, sum)] = uint32(h.last)
}

// mayHave reports whether the history may have a segment with the same sequence
// number and checksum: where not, it has none.
func (h *history) mayHave(s *tcp.Segment) bool {
	if h.marks == nil {
		return true
	}
	serial := h.marks[markOf(s.Seq, s.Sum)]
	return serial != 0 && uint32(h.last)-serial < historyLength
}

// walker finds records one after the other: most lie in the same page.
type walker struct {
	ring   []*[historyPage]record
	oldest int64 // serial before those that are remembered
	page   *[historyPage]record
	number uint64 // of the page
}

func (h *history) walker() walker {
	return walker{ring: h.ring, oldest: max(0, h.last-historyLength), number: historyLength}
}

// at returns the record, nil where it is none or forgotten.
func (w *walker) at(serial int64) *record {
	if serial <= w.oldest {
		return nil
	}
	at := uint64(serial-1) % historyLength
	if at/historyPage != w.number {
		w.number = at / historyPage
		w.page = w.ring[w.number]
	}
	return &w.page[at%historyPage]
}

// back gives the connection's segments from the latest one back, as far as it may look.
func (h *history) back(f *flow) iter.Seq[*record] {
	return func(yield func(*record) bool) {
		w, most, n := h.walker(), min(reach, f.look), 0
		r := w.at(f.latest)
		for ; r != nil && n < most; r = w.at(r.previous) {
			if n++; !yield(r) {
				r = nil
				break
			}
		}
		h.looked(f, n, r != nil && most < reach)
	}
}

// backAlong is as back, of the segments of one direction alone. Those between them count as
// looked at.
func (h *history) backAlong(f *flow, dir uint8) iter.Seq[*record] {
	return func(yield func(*record) bool) {
		w, most := h.walker(), min(reach, f.look)
		next, n := f.latest, 0 // what is next after n
		for r := w.at(f.sent[dir]); r != nil; r = w.at(r.same) {
			if at := int(f.records - r.number); at >= most {
				h.looked(f, most, most < reach)
				return
			} else if n = at + 1; !yield(r) {
				h.looked(f, n, false)
				return
			}
			next = r.previous
		}
		r := w.at(next)
		for ; r != nil && n < most; r = w.at(r.previous) {
			n++
		}
		h.looked(f, n, r != nil && most < reach)
	}
}

// looked takes in that a connection has looked at n records; short says that it
// was not allowed to look at more.
func (h *history) looked(f *flow, n int, short bool) {
	f.look -= n
	h.steps += int64(n)
	if short {
		h.short++
	}
}
