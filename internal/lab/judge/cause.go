package judge

import (
	"math"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// again are the flags of a segment that goes back; which of them one gets
// depends on times, so they count as one.
const again = tcp.Retransmission | tcp.FastRetransmission | tcp.SpuriousRetransmission | tcp.OutOfOrder

// states are the flags that say what the packet itself says, whoever sent it a
// second time.
const states = tcp.ZeroWindow | tcp.WindowFull | tcp.DuplicateSACK

// causes tells what the flags of a degraded capture were, from three sources
// and none of the project's own verdicts: the flags in the true order with all
// packets and with those that the capture kept (tshark's rules), what the
// network did on purpose, and what the capture dropped.
type causes struct {
	*passages
	table       map[int]fact
	seen        map[int]bool         // by Index: the capture kept it
	whole, kept map[int]tcp.Analysis // by Index
	copies      bool                 // the capture has packets twice
	alike       map[int]bool         // by Index: it has another packet that says the same, and nothing dates them
}

func (c *Case) causes(degraded []lab.Packet) *causes {
	x := &causes{passages: c.passages(), table: c.table, seen: map[int]bool{}}
	for _, p := range degraded {
		x.copies = x.copies || x.seen[p.Index]
		x.seen[p.Index] = true
	}
	x.whole, x.kept = c.flagged(c.truth), c.flagged(c.survivors(degraded))
	return x
}

// flagged gives the packets' flags in this order, by Index.
func (c *Case) flagged(packets []lab.Packet) map[int]tcp.Analysis {
	flags := make(map[int]tcp.Analysis, len(packets))
	f := c.analysed(packets)
	for i, p := range packets {
		flags[p.Index] = f.rows[i].Flags
	}
	return flags
}

// unknown is said where the events leave open what happened.
const unknown = "unknown"

// of says what one flag of a packet was: one of report's verdicts, or unknown.
func (x *causes) of(index int, flag tcp.Analysis) report.Verdict {
	like := flag
	if flag&again != 0 {
		like = again
	}
	switch {
	case x.kept[index]&like == 0 && x.copies:
		return unknown // the copies around it may have made it
	case x.kept[index]&like == 0:
		return report.Artefact
	case flag&again != 0:
		return x.ofRepetition(index)
	case flag == tcp.LostSegment:
		return x.ofHole(index)
	case x.whole[index]&flag == 0:
		return report.Drop
	case x.arrived(index) == lab.EventDuplicated && flag&states == 0:
		return report.Duplicate
	}
	return report.Genuine
}

// triedAgain reports whether the packet is a SYN that is sent again because a
// closed port refused it.
func (x *causes) triedAgain(index int) bool {
	return x.table[index].known.Bits&(tcp.SYN|tcp.ACK) == tcp.SYN &&
		x.refusedBefore(x.passages.of[index], 2*index, func(index int) bool { return x.seen[index] })
}

// ofCopy says what a flag of a packet was that the capture has a second time.
func (x *causes) ofCopy(index int, flag tcp.Analysis) report.Verdict {
	if flag&states != 0 && x.whole[index]&flag != 0 {
		return report.Genuine
	}
	return report.Duplicate
}

// kind is that of a flag with this truth, "" for none.
func (x *causes) kind(index int, truth report.Verdict, again bool, flag tcp.Analysis) string {
	switch {
	case again && truth == report.Duplicate:
		return KindCopies
	case !again && flag == tcp.Retransmission && x.triedAgain(index):
		return KindRefusals
	}
	return ""
}

// arrived is what the network did with an inbound packet on its way; what it did
// with an outbound one came later.
func (x *causes) arrived(index int) string {
	if x.table[index].known.Outbound != tcp.In {
		return ""
	}
	return x.events[index]
}

// ofHole looks for what became of the byte before the packet.
func (x *causes) ofHole(index int) report.Verdict {
	s, key, at := x.table[index].known.Segment, x.passages.of[index], 2*index
	last := tcp.Range{Left: s.Seq - 1, Right: s.Seq}
	open := x.missing(key, last, at, func(q *passage) bool { return q.index >= 0 })
	switch {
	case len(open) == 0:
		return report.Drop
	case x.any(key, open, -1, at, func(q *passage) bool { return !q.delivered }):
		return report.Loss
	case x.any(key, open, at, math.MaxInt, func(q *passage) bool { return q.what == lab.EventReordered }):
		return report.Reordering
	}
	return unknown
}

// ofRepetition looks at each byte's earlier ways.
func (x *causes) ofRepetition(index int) report.Verdict {
	s, key, at := x.table[index].known.Segment, x.passages.of[index], 2*index
	bytes := tcp.Range{Left: s.Seq, Right: s.End()}
	taken := func(q *passage) bool { return q.delivered && !q.untaken }
	seen := func(q *passage) bool { return x.seen[q.index] }
	open := x.missing(key, bytes, at, taken)
	unseen := x.missing(key, bytes, at, seen)
	switch event := x.arrived(index); {
	case x.triedAgain(index):
		return report.Genuine
	case len(open) == 0 && len(unseen) > 0:
		return report.Drop
	case event == lab.EventDuplicated:
		return report.Duplicate
	case x.any(key, open, -1, at, func(q *passage) bool { return q.untaken }):
		return report.Genuine
	case len(open) > 0 && x.any(key, open, -1, at, func(q *passage) bool { return !q.delivered }):
		return report.Loss
	case event == lab.EventReordered && len(open) == 0:
		return x.ofLateCopy(index, bytes)
	case event == lab.EventReordered:
		return report.Reordering
	case len(open) == 0:
		return report.Spurious
	case x.any(key, open, at, math.MaxInt, func(q *passage) bool { return q.what == lab.EventReordered }):
		return report.Spurious
	}
	return unknown
}

// ofLateCopy says what a packet was that the network delayed, and that was not the
// first to bring its bytes: the late original where it was sent before the one that
// was, else one that was sent again, and late besides.
func (x *causes) ofLateCopy(index int, bytes tcp.Range) report.Verdict {
	key, at := x.passages.of[index], 2*index
	first := x.first(key, bytes, at)
	if first == nil || first.index < 0 {
		return unknown
	}
	s, o := x.table[index].known, x.table[first.index].known
	switch later := int32(s.TSval - o.TSval); {
	case s.HasTS && o.HasTS && later > 0:
		return report.Spurious
	case s.HasTS && o.HasTS && later < 0:
		return report.Reordering
	case first.what == lab.EventReordered:
		return unknown // either may have been sent first
	case !x.sentAgain(key, first):
		return report.Spurious
	case x.any(key, []tcp.Range{bytes}, -1, first.at, func(q *passage) bool { return !q.delivered }):
		return unknown // the original was lost; of two that were sent again either may have been sent first
	}
	return report.Reordering
}
