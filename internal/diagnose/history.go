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

	markBits   = 16     // two marks for each record that is remembered
	markedFrom = 1 << 9 // records: of fewer none is marked
	mostMarked = 8      // records with one mark that are looked at
)

// record is a segment that went by.
type record struct {
	tcp.Segment
	time     int64  // as repaired, nanoseconds; Stamp is as recorded
	previous int64  // serial of the connection's record before, 0 for none
	askedAt  int64  // since when its receiver had asked for it next, 0 for not yet
	dropped  int32  // by the host: its place in Diagnoser.Drops, from 1; 0 for not known
	marked   uint16 // serial of the record before that has the same mark, as in history.marks
	twin     bool   // a second copy of a packet before it: it says nothing new
	fills    bool   // it came into a hole
	repeats  bool   // it brought nothing that had not been seen
	resumes  bool   // it came at the end of a silence in which timers can have run out
}

// history is a ring of the latest segments. Each connection's are linked from
// its latest one back. Serials count from 1.
type history struct {
	ring []*[historyPage]record
	// marks are, by markOf, the lowest bits of the serial of the latest such record, which may
	// be forgotten: few bytes, so that they stay in the caches. nil while few are remembered.
	marks []uint16
	last  int64 // serial
	steps int64 // records that were looked at
	short int64 // times that a connection was not allowed to look at more
}

func (h *history) add(m *moment) {
	f, p := m.f, m.p
	if int(h.last) == historyPage*len(h.ring) && h.last < historyLength {
		h.ring = append(h.ring, new([historyPage]record))
	}
	h.last++
	r := h.at(h.last)
	r.Segment, r.previous, r.twin = *p.Segment, f.latest, m.original != nil
	r.fills, r.repeats, r.resumes, r.askedAt = m.fills, m.repeats, f.resumes(p.Time), m.askedAt
	r.time, r.Frame, r.dropped = p.Time, p.Frame, p.Drop
	f.latest = h.last
	r.marked = h.mark(h.last, p.Segment.Seq, p.Segment.Sum)
	f.look, f.watch = min(f.look+lookPerPacket, mostLook), min(f.watch+watchPerPacket, mostLook)
}

// markOf is where a segment with that sequence number and checksum is marked.
func markOf(seq tcp.Seq, sum uint16) uint32 {
	return (uint32(seq) ^ uint32(sum)<<16 ^ uint32(sum)>>3) * 0x9E3779B1 >> (32 - markBits) // Knuth's multiplicative hash
}

// mark notes the numbers of the record with that serial, the latest one, so that most
// segments of which the history has no copy need not be looked for in it. It returns what
// their mark was before.
func (h *history) mark(serial int64, seq tcp.Seq, sum uint16) (before uint16) {
	if h.marks == nil {
		if serial < markedFrom {
			return 0
		}
		h.marks = make([]uint16, 1<<markBits)
		for n := int64(1); n < serial; n++ {
			r := h.at(n)
			r.marked = h.mark(n, r.Seq, r.Sum)
		}
	}
	mark := &h.marks[markOf(seq, sum)]
	before, *mark = *mark, uint16(serial)
	return before
}

// mayHave reports whether the history may have a segment with the same sequence
// number and checksum: where not, it has none.
func (h *history) mayHave(s *tcp.Segment) bool {
	if h.marks == nil {
		return true
	}
	at := markOf(s.Seq, s.Sum)
	mark := h.marks[at]
	for range mostMarked {
		r := h.at(h.last - int64(uint16(h.last)-mark))
		if r == nil || markOf(r.Seq, r.Sum) != at { // the one that was marked is forgotten
			return false
		}
		if r.Seq == s.Seq && r.Sum == s.Sum {
			return true
		}
		mark = r.marked
	}
	return true
}

// at returns the record of a serial, nil where it is none or forgotten.
func (h *history) at(serial int64) *record {
	if serial <= max(0, h.last-historyLength) {
		return nil
	}
	at := uint64(serial-1) % historyLength
	return &h.ring[at/historyPage][at%historyPage]
}

// back gives the connection's segments from the latest one back, as far as it may look.
func (h *history) back(f *flow) iter.Seq[*record] {
	return func(yield func(*record) bool) {
		most, n := min(reach, f.look), 0
		r := h.at(f.latest)
		for ; r != nil && n < most; r = h.at(r.previous) {
			if n++; !yield(r) {
				r = nil
				break
			}
		}
		f.look -= n
		h.steps += int64(n)
		if r != nil && most < reach { // it was not allowed to look at more
			h.short++
		}
	}
}
