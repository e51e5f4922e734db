package pipeline

import (
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// sequencer is the stage of a pass that writes in which packets are put in order. In:
// blocks in file order, tracked, which it analyses as they were recorded and has aligned;
// out: the same in repaired order. It fills before and placed, and begins the clue of a
// packet that is to be explained.
type sequencer struct {
	align       *aligner
	order       *reorder.Orderer
	sorts       bool  // the basis is stamps
	uncertainty int64 // of corrected stamps, nanoseconds
	explain     *explainer
	analyse     *tcp.Analyser
	asIs        *asIs // nil where no header is missing
	counts      ordered

	idle    bool  // every packet stays: it is placed as soon as the orderer has it
	current *unit // then: that packet
	pending pending
	pushed  int64
	highest int64 // highest index placed
	others  []waiting
	held    weights // of pending and others
	out     []*unit

	recorded recordedOrder
}

// waiting is a block that is no packet: it goes out before the first packet
// placed that came after it, or when no packet waits.
type waiting struct {
	u    *unit
	next int64 // index of the next packet
}

// newSequencer returns a sequencer; x is nil where nothing is to be explained.
func newSequencer(f *facts, o reorder.Options, x *explainer) *sequencer {
	s := &sequencer{
		analyse: tcp.NewAnalyser(), asIs: newAsIs(f), highest: -1, recorded: recordedOrder{reach: f.profile.Backward}, explain: x,
		sorts: f.profile.Basis == reorder.StampOrder, uncertainty: f.clocks.uncertainty,
	}
	s.align = newAligner(&f.clocks, s.arrange)
	s.order = valid(reorder.NewOrderer(f.profile, o, s.placed))
	s.idle = x == nil && !f.profile.Broken()
	if x != nil {
		s.watch()
	}
	return s
}

// watch asks the orderer for the traces of the frames that are to be explained.
func (s *sequencer) watch() {
	s.pending.framed = true
	s.order.Watch(
		func(index int64) bool { return s.explain.wants(s.pending.frame(index)) },
		func(t reorder.Trace) {
			if c := s.pending.at(t.Index).clue; c != nil {
				c.take(t, s.pending.frame)
			}
		})
}

// ordered is what a sequencer has counted.
type ordered struct {
	stats    reorder.Stats
	segments int64 // of TCP that were analysed
	before   flagCounts
	asIs     map[string]int64 // as the report has it
	crowded  int64            // times that packets were placed early, for their bytes
	forced   int64            // times that more packets or bytes had to wait for their time than could
	steps    int64
}

// result is to be asked for once all blocks are through.
func (s *sequencer) result() ordered {
	s.counts.stats, s.counts.forced, s.counts.steps = s.order.Stats(), s.align.result(), s.order.Steps()
	s.counts.asIs = s.asIs.named()
	return s.counts
}

// take adds one unit of the capture, its segment complete.
func (s *sequencer) take(u *unit) {
	if u.block.Kind == capture.Packet {
		s.analyseBefore(u)
	}
	s.align.take(u)
}

// arrange adds one unit with its stamp corrected.
func (s *sequencer) arrange(u *unit) {
	if isBarrier(u.block) {
		s.barrier()
		s.out = append(s.out, u)
		return
	}
	if u.block.Kind != capture.Packet {
		s.between(u)
		return
	}
	var p reorder.Packet
	subject(&p, u)
	if u.tracked.left != 0 && s.sorts {
		p.Stamp = s.recorded.stamp(u.pair.Hash, p.Stamp)
	}
	if s.idle {
		s.current = u
		s.order.Push(&p)
		return
	}
	s.pending.add(s.pushed, u)
	s.held.add(u, 1)
	s.pushed++
	s.order.Push(&p)
	s.relieve()
}

// between adds a block that is no packet. It waits for the packets before it, if
// there are some.
func (s *sequencer) between(u *unit) {
	if s.pending.left == 0 {
		s.out = append(s.out, u)
		return
	}
	s.others = append(s.others, waiting{u, s.pushed})
	s.held.add(u, 1)
	s.relieve()
}

// relieve places packets early once too many bytes are kept: so many that it is
// seldom done.
func (s *sequencer) relieve() {
	if s.held.sparse() {
		m := mover{held: &s.held}
		s.pending.each(m.consider)
		m.finish()
	}
	if !s.held.over(1) {
		return
	}
	for s.pending.left > 0 && s.held.over(2) {
		s.out = slices.Grow(s.out, (s.pending.left+1)/2)
		if s.order.Relieve() {
			s.counts.crowded++
		}
	}
}

func (s *sequencer) analyseBefore(u *unit) {
	if u.tracked.followed {
		s.counts.segments++
		u.before = s.analyse.Add(&u.seg)
		s.counts.before.add(u.before)
		if s.asIs != nil {
			s.asIs.add(u)
		}
	}
	if s.explain != nil {
		u.clue = s.explain.begin(u)
	}
}

// placed takes a packet from the orderer. One whose time another takes is placed after
// that, so it is always still here.
func (s *sequencer) placed(p reorder.Placement) {
	if s.idle {
		s.put(s.current, s.current, &p)
		return
	}
	s.passOn(p.Index)
	u := s.pending.at(p.Index)
	s.put(u, s.pending.at(p.TimeFrom), &p)
	s.held.add(u, -1)
	if s.pending.remove(p.Index); s.pending.left == 0 {
		s.passOn(s.pushed)
	}
}

// put hands on a packet in its place, with the time of another one or its own.
func (s *sequencer) put(u, from *unit, p *reorder.Placement) {
	sorted := s.sorts && p.Index < s.highest
	if u.tracked.left != 0 {
		asRecorded(p, u)
	}
	to := &u.placed // zero until now; field by field: see tcp.Analyser.AddAt
	to.time, to.earliest, to.latest = p.Stamp, p.Earliest-s.uncertainty, p.Latest+s.uncertainty
	to.law, to.byLaw, to.left, to.excused, to.moved = p.Law, p.Moved, p.Left, p.Excused, p.Moved || sorted
	s.highest = max(s.highest, p.Index)
	if from != u {
		u.placed.ticks, u.placed.borrowed = u.block.Interface.Rebase(from.ticks(), from.block.Interface), true
		u.placed.timed = u.placed.ticks != u.ticks()
	}
	s.out = append(s.out, u)
}

// passOn hands on the blocks that came before the packet of that index.
func (s *sequencer) passOn(index int64) {
	for len(s.others) > 0 && s.others[0].next <= index {
		u := s.others[0].u
		s.out = append(s.out, u)
		s.held.add(u, -1)
		s.others[0].u = nil // so that its chunk can go
		s.others = s.others[1:]
	}
}

// asRecorded gives the placement the packet's own stamp: that of a connection that is
// left as recorded may be sorted by another one.
func asRecorded(p *reorder.Placement, u *unit) {
	stamp, _ := u.stamp()
	later := p.Stamp - stamp
	p.Stamp, p.Earliest, p.Latest = stamp, p.Earliest-later, p.Latest-later
}

// ready returns what is in order since it was asked last: the caller's from now on.
func (s *sequencer) ready() []*unit {
	out := s.out
	if len(out) > 0 {
		s.out = make([]*unit, 0, min(len(out), pieceBlocks))
	}
	return out
}

// flush places all packets that wait, at the end.
func (s *sequencer) flush() {
	s.align.flush()
	s.barrier()
}

// barrier places all packets before a point that none crosses, and with them the
// blocks between them.
func (s *sequencer) barrier() { s.order.Barrier() }

// flagCounts counts analyser's flags.
type flagCounts [32]int64

func (c *flagCounts) add(a tcp.Analysis) {
	for i := 0; a != 0; i, a = i+1, a>>1 {
		if a&1 != 0 {
			c[i]++
		}
	}
}

func (c *flagCounts) named() map[string]int64 {
	m := make(map[string]int64)
	for i, name := range tcp.AnalysisNames() {
		m[name] = c[i]
	}
	return m
}
