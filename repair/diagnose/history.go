package diagnose

import "github.com/mendcap/mendcap/internal/tcp"

const (
	// historyLength is how many of the latest segments of all connections are
	// remembered, and reach how many of a connection's are looked at for one
	// flag at most.
	historyLength = 1 << 15
	reach         = 1 << 11
)

// record is a segment that went by.
type record struct {
	tcp.Segment       // Stamp as repaired, Frame in the input
	previous    int64 // serial of the connection's record before, 0 for none
	twin        bool  // a second copy of a packet before it: it says nothing new
}

// history is a ring of the latest segments. Each connection's are linked from
// its latest one back. Serials count from 1.
type history struct {
	ring []record
	last int64 // serial
}

func (h *history) add(m *moment) {
	f, p := m.f, m.p
	h.last++
	at := int((h.last - 1) % historyLength)
	if at == len(h.ring) {
		h.ring = append(h.ring, record{})
	}
	r := &h.ring[at]
	r.Segment, r.previous, r.twin = *p.Segment, f.latest, m.original != nil
	r.Stamp, r.Frame = p.Stamp, p.Frame
	f.latest = h.last
}

// at returns the record, nil where it is none or forgotten.
func (h *history) at(serial int64) *record {
	if serial <= 0 || serial <= h.last-historyLength {
		return nil
	}
	return &h.ring[(serial-1)%historyLength]
}

// back calls each for the connection's segments from the latest one back, until
// it returns false.
func (h *history) back(f *flow, each func(*record) bool) {
	r := h.at(f.latest)
	for n := 0; r != nil && n < reach && each(r); n++ {
		r = h.at(r.previous)
	}
}
