package summary

import (
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// An excerpt holds the latest packets of a connection, and a copy of those around
// which most was found so far.
type excerpt struct {
	latest stretch
	weight int64 // of the latest packets but for the lead
	best   stretch
	peak   int64 // weight of best, or of the latest packets that are to become it
	stale  bool  // the latest packets are the best so far, and best no copy of them yet
}

// The size of a picture, packets: so many in all, and so many of them before
// the first one that anything was found of.
const (
	excerptMarks = 192
	excerptLead  = 48
)

// mark is what a picture keeps of a packet.
type mark struct {
	frame, after int64 // numbers in the input and in the output
	stamp, time  int64 // as recorded and as repaired, nanoseconds
	seq, ack     tcp.Seq
	span         uint32
	window       int64 // scaled, bytes; -1 where the scale is unknown
	sack         [tcp.MaxSACK]tcp.Range
	flags        tcp.Analysis // before or after
	verdicts     verdictSet
	sacks, dir   uint8
	acks, moved  bool
	weight       uint8
}

// clear forgets all; what the rings hold is met no more.
func (e *excerpt) clear() {
	*e = excerpt{latest: stretch{ring: e.latest.ring}, best: stretch{ring: e.best.ring}}
}

// next returns the place of the current packet.
func (e *excerpt) next() *mark {
	if old := e.latest.n - (excerptMarks - excerptLead); old >= 0 {
		if w := e.latest.at(old).weight; w > 0 {
			e.keep()
			e.weight -= int64(w)
		}
	}
	return e.latest.add()
}

// stretch holds the last excerptMarks of the packets that it was given, in the order of the
// output. The zero value is empty.
type stretch struct {
	ring []mark // of excerptMarks, once there were so many
	n    int64  // packets given
}

// first is the number of the first packet that it holds, from 0.
func (s *stretch) first() int64 { return max(0, s.n-excerptMarks) }

// at returns the mark of a packet that it holds, by its number.
func (s *stretch) at(n int64) *mark { return &s.ring[n%excerptMarks] }

// add returns the place of a further packet.
func (s *stretch) add() *mark {
	if n := int64(len(s.ring)); n == s.n && n < excerptMarks {
		s.ring = append(s.ring, mark{})
	}
	s.n++
	return s.at(s.n - 1)
}

// find returns the mark of a frame of the output, nil if it is not among those that it
// holds, or one of the first of them, of which so many may be the lead. Most that is asked
// for is the latest.
func (s *stretch) find(after, lead int64) *mark {
	low, high := max(0, s.n-excerptMarks+lead), s.n
	for n := high - 1; low < high; n = (low + high) / 2 {
		switch m := s.at(n); {
		case m.after == after:
			return m
		case m.after < after:
			low = n + 1
		default:
			high = n
		}
	}
	return nil
}

// weigh says how much was found of a packet.
func (e *excerpt) weigh(m *mark, weight uint8) {
	if weight > m.weight {
		e.weight += int64(weight - m.weight)
		m.weight = weight
	}
	if e.weight > e.peak {
		e.peak, e.stale = e.weight, true
	}
}

// keep copies the latest packets where they are the best so far.
func (e *excerpt) keep() {
	if !e.stale {
		return
	}
	e.stale = false
	ring := append(e.best.ring[:0], e.latest.ring...)
	e.best = e.latest
	e.best.ring = ring
}

// picture is the graph of a connection; nil where nothing was found.
func (f *connection) picture() *report.Graph {
	e := f.excerpt
	if e == nil || e.peak == 0 {
		return nil
	}
	e.keep()
	d := uint8(0)
	if f.bytes[1] > f.bytes[0] {
		d = 1
	}
	from, to := f.key.Ends(d)
	r := &report.Graph{Direction: report.Endpoints{Source: from, Destination: to}, Skipped: f.skipped + e.best.first(), Points: []report.Point{}}
	line := streamLine{base: f.base[d], near: f.base[d]}
	for n := e.best.first(); n < e.best.n; n++ {
		if p, ok := f.point(e.best.at(n), d, &line); ok {
			r.Points = append(r.Points, p)
		}
	}
	r.Omitted = f.packets - int64(len(r.Points))
	return r
}

// point draws a packet in the picture of the direction d; false where it has no
// place there.
func (f *connection) point(m *mark, d uint8, line *streamLine) (report.Point, bool) {
	p := report.Point{
		Frame: m.frame, FrameAfter: m.after, Before: m.stamp - f.first, After: m.time - f.first,
		Moved: m.moved, Flags: m.flags.Names(), Verdicts: m.verdicts.names(),
	}
	switch {
	case m.dir == d && m.span > 0:
		p.Kind, p.Left = "data", line.place(m.seq)
		p.Right = p.Left + int64(m.span)
	case m.dir != d && m.acks:
		p.Kind, p.Left = "ack", line.place(m.ack)
		if m.window >= 0 {
			p.Right = p.Left + m.window
		}
		for _, block := range m.sack[:m.sacks] {
			left := line.place(block.Left)
			p.SACK = append(p.SACK, [2]int64{left, left + int64(uint32(block.Right-block.Left))})
		}
	default:
		return p, false
	}
	return p, true
}

// streamLine unrolls the circle of sequence numbers from the one that was first
// seen, by the last one that was placed.
type streamLine struct {
	base, near tcp.Seq
	at         int64 // where near is
	begun      bool
}

func (l *streamLine) place(s tcp.Seq) int64 {
	if !l.begun {
		l.begun, l.near, l.at = true, s, int64(uint32(s-l.base))
		if l.base.Sub(s) > 0 && l.base.Sub(s) < 1<<16 { // just in front of the first one seen
			l.at = int64(s.Sub(l.base))
		}
		return l.at
	}
	l.at += int64(s.Sub(l.near))
	l.near = s
	return l.at
}

func (v verdictSet) names() []report.Verdict {
	var names []report.Verdict
	for i, name := range report.Verdicts() {
		if v&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}
