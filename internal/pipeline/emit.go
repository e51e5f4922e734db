package pipeline

import (
	"context"
	"slices"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// sequencer is the middle of a pass that writes: it analyses packets in file order,
// puts them in repaired order, and hands all blocks on to the writer.
type sequencer struct {
	j       *job
	align   *aligner
	order   *reorder.Orderer
	analyse *tcp.Analyser
	before  flagCounts

	segments int64 // of TCP that were analysed

	pending pending
	pushed  int64
	highest int64 // highest index placed
	others  []waiting
	held    weights // of pending and others
	crowded int64   // times that packets were placed early, for their bytes
	out     []*unit

	recorded recordedOrder
}

// waiting is a block that is no packet: it goes out before the first packet
// placed that came behind it, or when no packet waits.
type waiting struct {
	u      *unit
	behind int64 // index of the next packet
}

func (j *job) newSequencer() (*sequencer, error) {
	s := &sequencer{j: j, analyse: tcp.NewAnalyser(), highest: -1, recorded: recordedOrder{reach: j.profile.Backward}}
	s.align = newAligner(&j.clocks, s.arrange)
	order, err := reorder.NewOrderer(j.profile, j.order, s.placed)
	s.order = order
	if err == nil && j.explain != nil {
		j.explain.watch(s)
	}
	return s, err
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
	p := s.j.subject(u)
	if u.tracked.left != 0 && s.j.profile.Basis == reorder.StampOrder {
		p.Stamp = s.recorded.stamp(u.pair.Hash, p.Stamp)
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
			s.crowded++
		}
	}
}

func (s *sequencer) analyseBefore(u *unit) {
	if u.tracked.followed {
		s.segments++
		u.before = s.analyse.Add(&u.seg)
		s.before.add(u.before)
	}
	if s.j.explain != nil {
		s.j.explain.see(u)
	}
}

// placed takes a packet from the orderer. One whose time another takes is placed after
// that, so it is always still here.
func (s *sequencer) placed(p reorder.Placement) {
	s.passOn(p.Index)
	u, from := s.pending.at(p.Index), s.pending.at(p.TimeFrom)
	sorted := s.j.profile.Basis == reorder.StampOrder && p.Index < s.highest
	if u.tracked.left != 0 {
		p = asRecorded(p, u)
	}
	u.placed = placed{
		time: p.Stamp, earliest: p.Earliest - s.j.clocks.uncertainty, latest: p.Latest + s.j.clocks.uncertainty,
		law: p.Law, byLaw: p.Moved, left: p.Left, excused: p.Excused, moved: p.Moved || sorted,
	}
	s.highest = max(s.highest, p.Index)
	if from != u {
		u.placed.ticks, u.placed.borrowed = u.block.Interface.Rebase(from.ticks(), from.block.Interface), true
		u.placed.timed = u.placed.ticks != u.ticks()
	}
	s.out = append(s.out, u)
	s.held.add(u, -1)
	if s.pending.remove(p.Index); s.pending.left == 0 {
		s.passOn(s.pushed)
	}
}

// passOn hands on the blocks that came before the packet of that index.
func (s *sequencer) passOn(index int64) {
	for len(s.others) > 0 && s.others[0].behind <= index {
		u := s.others[0].u
		s.out = append(s.out, u)
		s.held.add(u, -1)
		s.others[0].u = nil // so that its chunk can go
		s.others = s.others[1:]
	}
}

// asRecorded is the placement with the packet's own stamp: that of a connection
// that is left as recorded may be sorted by another one.
func asRecorded(p reorder.Placement, u *unit) reorder.Placement {
	stamp, _ := u.stamp()
	later := p.Stamp - stamp
	p.Stamp, p.Earliest, p.Latest = stamp, p.Earliest-later, p.Latest-later
	return p
}

// barrier places all packets before a point that none crosses, and with them the
// blocks between them.
func (s *sequencer) barrier() { s.order.Barrier() }

// emit is the third pass: order, analyse, write.
func (j *job) emit(ctx context.Context, w *writer) (*press, error) {
	p, err := j.newPress(ctx, w)
	if err != nil {
		return nil, err
	}
	_, err = j.pass(p.ctx, &decoder{layout: j.layout, protocol: j.o.Protocol, answers: j.answers, quoted: j.facts.quotes}, func(c *chunk) error {
		for i := range c.units {
			j.rule(&c.units[i])
		}
		return p.take(c)
	})
	if err = p.finish(err); err != nil {
		return nil, err
	}
	return p, nil
}

// press is what a pass that writes ends in: a sequencer, and two goroutines that
// judge and write what is in order.
type press struct {
	*sequencer
	w       *writer
	batches chan []*unit
	written chan error
	ctx     context.Context // done once a write has failed
	stop    context.CancelCauseFunc
}

func (j *job) newPress(ctx context.Context, w *writer) (*press, error) {
	s, err := j.newSequencer()
	if err != nil {
		return nil, err
	}
	p := &press{sequencer: s, w: w, batches: make(chan []*unit, ahead), written: make(chan error, 1)}
	p.ctx, p.stop = context.WithCancelCause(ctx)
	judged := make(chan []*unit, 1)
	go w.judge.all(p.batches, judged)
	go func() {
		err := w.all(judged)
		if err != nil {
			p.stop(err)
			for range judged { // so that the other one comes to its end
			}
		}
		p.written <- err
	}()
	return p, nil
}

// take adds a chunk whose segments are complete.
func (p *press) take(c *chunk) error {
	for i := range c.units {
		p.sequencer.take(&c.units[i])
	}
	return p.hand()
}

// hand gives what is in order to the goroutines, piece by piece: however much it
// is, little is on its way.
func (p *press) hand() error {
	all := len(p.out)
	if all == 0 {
		return nil
	}
	for rest := p.out; len(rest) > 0; {
		n := piece(rest)
		select {
		case p.batches <- rest[:n:n]:
		case <-p.ctx.Done():
			return p.ctx.Err()
		}
		rest = rest[n:]
	}
	p.out = make([]*unit, 0, min(all, pieceBlocks))
	return nil
}

// finish writes what is left, unless the pass has failed. A write that failed
// has made the pass fail.
func (p *press) finish(err error) error {
	defer p.stop(nil)
	if err == nil {
		p.align.flush()
		p.barrier()
		err = p.hand()
	}
	if failed := p.end(); failed != nil {
		return failed
	}
	return err
}

// end waits for the goroutines.
func (p *press) end() error {
	close(p.batches)
	return <-p.written
}

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
