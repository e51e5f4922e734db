package pipeline

import (
	"context"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/summary"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// judge is the last stage but one: it analyses the result, and collects the findings.
// In: blocks in repaired order, as they are going to be written; out: the same. It fills
// judged.
type judge struct {
	edits    bool  // blocks may be edited; else the analysis is that of the input
	frame    int64 // packets seen
	analyse  *tcp.Analyser
	findings *collector
	diagnose *diagnose.Diagnoser
	said     diagnose.Packet // to it and the summary, last
	apart    map[uint64]apartBy
	declared declared
	drops    *drops
	guard    *guard
	explain  *explainer

	annotations *annotations // nil where none are wanted
	judgement
}

// judgement is what a judge has found.
type judgement struct {
	after    flagCounts
	widths   reorder.Histogram // of the intervals in which packets can have happened
	loss     report.CaptureLoss
	reported report.Findings
	seen     *summary.Summary
	givenUp  diagnose.GivenUp
	steps    int64
	unread   [packet.Unreads]int64 // packets, by why not all of them was read
}

// newJudge returns a judge that hands each finding to each, if that is not nil; x is nil
// where nothing is to be explained.
func newJudge(c *config, f *facts, x *explainer, each func(*report.Finding)) *judge {
	seen := summary.New(c.o.Flows, f.Span)
	v := &judge{
		edits: f.expectsEdits(), analyse: tcp.NewAnalyser(), judgement: judgement{seen: seen}, explain: x, apart: f.copies.apart,
		findings: &collector{limit: c.o.Findings, each: each, evident: c.o.NeedsEvidence, seen: seen},
		declared: declared{by: make(map[declaration]uint64)},
		guard:    newGuard(f.flagsApart()),
	}
	v.diagnose = diagnose.New(v.found)
	if v.drops = c.drops; v.drops != nil {
		v.diagnose.Drops = v.drops.by
	}
	v.diagnose.Reverses, v.diagnose.Tick = f.profile.Reverses, f.profile.Tick
	return v
}

// all judges batches of units until there are no more, and hands them on.
func (v *judge) all(ctx context.Context, batches <-chan []*unit, judged chan<- []*unit) error {
	defer close(judged)
	for units := range batches {
		v.units(units)
		select {
		case judged <- units:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// units takes in the next blocks of the output.
func (v *judge) units(units []*unit) {
	for _, u := range units {
		v.declared.take(u.block)
		if u.block.Kind == capture.Packet {
			v.frame++
			v.packet(u)
		}
	}
}

// packet analyses the packet where it is now, and keeps what is to be said.
func (v *judge) packet(u *unit) {
	u.judged.frame, u.judged.after = v.frame, v.flags(u)
	if v.annotations != nil {
		v.annotations.place(u.block.Frame, v.frame)
	}
	v.after.add(u.judged.after)
	if u.unread != packet.AllRead {
		v.unread[u.unread]++
	}
	v.unread[packet.Fragmented] -= int64(u.others)
	if u.block.HasStamp {
		v.widths.Add(u.placed.latest - u.placed.earliest)
	}
	if u.tracked.followed {
		v.diagnose.Meet(u.seg.Flow) // what it finds of one that makes way comes while the summary has that one
		v.guard.packet(u.seg.Flow, u.pair.Hash, u.before, u.judged.after)
	}
	p := v.packetOf(u)
	v.seen.Packet(p)
	if v.explain != nil {
		v.explain.judged(u)
	}
	v.diagnose.Add(p)
}

// packetOf is what diagnosis and summary need to know of the packet, until the next one.
func (v *judge) packetOf(u *unit) *diagnose.Packet {
	p := &v.said
	*p = diagnose.Packet{} // and field by field: see tcp.Analyser.AddAt
	p.Frame, p.FrameAfter, p.Time, p.Timed, p.Pair = u.block.Frame, u.judged.frame, u.placed.time, u.block.HasStamp, u.pair
	p.Before, p.After, p.Moved, p.ByLaw, p.Left, p.Law = u.before, u.judged.after, u.placed.moved, u.placed.byLaw, u.placed.left, u.placed.law
	if v.drops != nil {
		v.drops.mark(p)
	}
	if p.Moved {
		stamp, _ := u.stamp()
		p.Earlier = stamp - p.Time
	}
	if u.tracked.followed {
		p.Segment = &u.seg
		if len(v.apart) > 0 {
			apart := v.apart[u.pair.Hash]
			p.Nearest, p.Farthest = apart.nearest, apart.farthest
		}
	}
	return p
}

// found takes a finding from the diagnosis.
func (v *judge) found(f *diagnose.Finding) {
	v.findings.add(f)
	if v.annotations != nil {
		v.annotations.add(f)
	}
	if v.explain != nil {
		v.explain.found(f)
	}
}

// flags analyses the packet in the order of the output, with its repaired time.
// Where nothing is edited that is what it was in the input.
func (v *judge) flags(u *unit) tcp.Analysis {
	switch {
	case !v.edits || !u.tracked.followed:
		return u.before
	case !u.block.HasStamp:
		return v.analyse.Add(&u.seg)
	}
	return v.analyse.AddAt(&u.seg, u.placed.time)
}

// changes are those of the flags of connections, once all blocks are through.
func (v *judge) changes() *guard { return v.guard }

// fits reports whether the judge was begun where a capture of this span begins.
func (v *judge) fits(span summary.Span) bool { return v.seen.Fits(span) }

// result settles what still waits. It is to be asked for once, after the last block;
// interfaces are those of the capture.
func (v *judge) result(interfaces []report.Interface) *judgement {
	v.diagnose.Finish()
	v.loss, v.reported = v.diagnose.Loss(), v.findings.result()
	v.reported.Events = v.diagnose.Events()
	v.loss.DropCounts = v.declared.result(interfaces)
	v.givenUp, v.steps = v.diagnose.GivenUp(), v.diagnose.Steps()
	return &v.judgement
}
