package summary

import (
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// An excerpt holds the last packets of a connection, and a copy of those around
// which most was found so far.
type excerpt struct {
	ring   []mark     // of excerptMarks, once there were so many
	frames frameIndex // of the marks in the ring
	n      int64      // packets seen; the last ones are in the ring
	weight int64      // of the last packets but for the lead
	best   []mark
	chosen *frameIndex // of best, as frames was then; nil without best
	peak   int64       // weight of best, or of the packets in the ring that are to become it
	first  int64       // number of the first packet of best within the excerpt
	stale  bool        // the ring is the best so far, and best no copy of it yet
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

// clear forgets all; what the ring holds is met no more.
func (e *excerpt) clear() {
	e.n, e.weight, e.peak, e.first, e.stale = 0, 0, 0, 0, false
	e.best = e.best[:0]
	e.frames, e.chosen = frameIndex{}, nil
}

// next returns the place of the packet at hand, a frame of the input.
func (e *excerpt) next(frame int64) *mark {
	if old := e.n - (excerptMarks - excerptLead); old >= 0 {
		if w := e.ring[old%excerptMarks].weight; w > 0 {
			e.keep()
			e.weight -= int64(w)
		}
	}
	e.frames.add(frame, e.n)
	e.n++
	if int64(len(e.ring)) < min(e.n, excerptMarks) {
		e.ring = append(e.ring, mark{})
	}
	return &e.ring[(e.n-1)%excerptMarks]
}

// last returns the mark of a frame of the input that was seen a short while
// ago, nil where it is gone.
func (e *excerpt) last(frame int64) *mark {
	if n := e.frames.find(frame, e.n-excerptMarks+excerptLead); n >= 0 {
		return &e.ring[n%excerptMarks]
	}
	return nil
}

// kept returns the mark of a frame of the input in the best stretch, nil where
// it is not in it.
func (e *excerpt) kept(frame int64) *mark {
	if e.chosen == nil {
		return nil
	}
	if n := e.chosen.find(frame, e.first); n >= 0 {
		return &e.best[n-e.first]
	}
	return nil
}

// frameIndex finds frames of the input among the last excerptMarks that were
// added, in a step or two however many findings are of frames that are gone. The
// zero value is empty.
type frameIndex struct {
	frames [excerptMarks]int64
	newest [frameChains]int64  // by the low bits of a frame: the number of the last one added, from 1; 0 is none
	before [excerptMarks]int64 // the one before it that has the same bits
}

// frameChains is a power of two that the frames of a ring rarely share low bits in.
const frameChains = 256

// add takes in the n-th frame, from 0.
func (x *frameIndex) add(frame, n int64) {
	chain := &x.newest[frame%frameChains]
	at := n % excerptMarks
	x.frames[at], x.before[at], *chain = frame, *chain, n+1
}

// find returns the number of a frame if it is not below least, which leaves no
// more than excerptMarks; -1 where it is not there.
func (x *frameIndex) find(frame, least int64) int64 {
	n := x.newest[frame%frameChains] - 1
	for n >= max(0, least) && x.frames[n%excerptMarks] != frame {
		n = x.before[n%excerptMarks] - 1
	}
	if n < least {
		return -1
	}
	return n
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

// keep copies the ring where it is the best so far.
func (e *excerpt) keep() {
	if !e.stale {
		return
	}
	e.stale = false
	e.first = max(0, e.n-excerptMarks)
	e.best = e.best[:0]
	for n := e.first; n < e.n; n++ {
		e.best = append(e.best, e.ring[n%excerptMarks])
	}
	if e.chosen == nil {
		e.chosen = new(frameIndex)
	}
	*e.chosen = e.frames
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
	r := &report.Graph{Direction: report.Endpoints{Source: from, Destination: to}, Skipped: f.skipped + e.first, Points: []report.Point{}}
	line := streamLine{base: f.base[d], near: f.base[d]}
	for i := range e.best {
		if p, ok := f.point(&e.best[i], d, &line); ok {
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
