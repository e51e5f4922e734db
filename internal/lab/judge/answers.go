package judge

import (
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
)

// Answers are what hosts without SACK do in a true recording while they miss a segment:
// by that the law answered reads their ACKs.
type Answers struct {
	Beyond     int // segments that arrive beyond a hole for the first time
	Unanswered int // of those, that have no ACK of their own
	Repeated   int // ACKs that repeat the number of the one before while a hole is open
	Unasked    int // of those, that come when nothing has arrived since the ACK before
	Fillers    int // segments that fill a hole or its beginning
	Outrun     int // of those, whose ACK covers what arrived after them
}

// Add adds others.
func (a *Answers) Add(o Answers) {
	a.Beyond, a.Unanswered = a.Beyond+o.Beyond, a.Unanswered+o.Unanswered
	a.Repeated, a.Unasked = a.Repeated+o.Repeated, a.Unasked+o.Unasked
	a.Fillers, a.Outrun = a.Fillers+o.Fillers, a.Outrun+o.Outrun
}

// Answers counts those of the recording's connections of which a SYN without
// SACK-permitted was recorded.
func (c *Case) Answers() (a Answers) {
	for _, f := range c.eachPlain(func(lab.Packet, *tcp.Segment, *plainReceiver) {}) {
		a.Add(f.answers)
	}
	return a
}

// eachPlain follows the hosts without SACK of a recording, tells what becomes of each after
// a segment with data has arrived, and returns all.
func (c *Case) eachPlain(arrived func(lab.Packet, *tcp.Segment, *plainReceiver)) (all []*plainReceiver) {
	flows := map[uint64]*plainReceiver{}
	for _, p := range c.truth {
		seg := c.table[p.Index].known
		if !seg.ok || seg.Bits.Has(tcp.RST) || seg.Outbound == tcp.Both {
			continue
		}
		f := flows[seg.Flow]
		switch {
		case seg.Bits.Has(tcp.SYN):
			if !seg.SACKPermitted {
				f = &plainReceiver{}
				flows[seg.Flow], all = f, append(all, f)
			} else if !seg.Bits.Has(tcp.ACK) {
				flows[seg.Flow] = nil
			}
		case f == nil:
		case seg.Outbound == tcp.In && seg.Len > 0:
			f.arrive(tcp.Range{Left: seg.Seq, Right: seg.End()})
			arrived(p, &seg.Segment, f)
		case seg.Outbound == tcp.Out && seg.HasAck():
			f.answer(seg.Ack, seg.Span() == 0)
		}
	}
	return all
}

// plainReceiver is a host without SACK as its own capture shows it.
type plainReceiver struct {
	answers Answers
	started bool
	next    tcp.Seq     // up to there all has arrived
	open    []tcp.Range // what has arrived beyond that
	last    tcp.Seq     // number of the last ACK
	since   int         // segments that arrived since that ACK
	beyond  bool        // the last of them arrived beyond a hole, for the first time
	fills   bool        // one of them fills a hole
	after   []tcp.Seq   // those after the first that does
}

// arrive takes a segment's bytes.
func (f *plainReceiver) arrive(r tcp.Range) {
	a := &f.answers
	if !f.started {
		return
	}
	if f.beyond {
		a.Unanswered++
	}
	f.since, f.beyond = f.since+1, false
	if f.fills {
		f.after = append(f.after, r.Left)
	}
	switch {
	case f.next.Less(r.Left):
		if f.beyond = !slices.Contains(f.open, r); f.beyond {
			f.open = append(f.open, r)
			a.Beyond++
		}
	case f.next.Less(r.Right):
		if len(f.open) > 0 {
			f.fills = true
			a.Fillers++
		}
		f.advance(r.Right)
	}
}

// advance goes on to what has arrived without a hole before it.
func (f *plainReceiver) advance(next tcp.Seq) {
	f.next = next
	for {
		at := slices.IndexFunc(f.open, func(r tcp.Range) bool { return r.Left.AtMost(f.next) })
		if at < 0 {
			return
		}
		if f.next.Less(f.open[at].Right) {
			f.next = f.open[at].Right
		}
		f.open = slices.Delete(f.open, at, at+1)
	}
}

// answer takes an ACK of the host's.
func (f *plainReceiver) answer(ack tcp.Seq, bare bool) {
	a := &f.answers
	if !f.started {
		f.started, f.next = true, ack
	}
	if bare && ack == f.last && len(f.open) > 0 {
		a.Repeated++
		if f.since == 0 {
			a.Unasked++
		}
	}
	if f.fills && slices.ContainsFunc(f.after, func(s tcp.Seq) bool { return s.Less(ack) }) {
		a.Outrun++
	}
	if bare || ack != f.last {
		f.since, f.beyond, f.fills, f.after, f.last = 0, false, false, f.after[:0], ack
	}
}
