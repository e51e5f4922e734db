package pipeline

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/mendcap/mendcap/report"
)

// emitter is what a pass that writes ends in: a sequencer, and judge and writer of what
// is in order, each in a goroutine of its own unless one does it all. In: chunks whose
// blocks are tracked.
type emitter struct {
	sequencer *sequencer
	judge     *judge
	writer    *writer
	out       *packed
	batches   chan []*unit // nil where one goroutine does it all
	group     *errgroup.Group
	ctx       context.Context // done once a write has failed
}

// inOrder is how many pieces wait in order to be judged.
const inOrder = 4

// newEmitter begins the stages of a pass that writes to d, from its start; to nothing if
// that is nil.
func newEmitter(ctx context.Context, c *config, f *facts, x *explainer, d *draft, each func(*report.Finding)) (*emitter, error) {
	out, err := newPacked(c, d)
	if err != nil {
		return nil, err
	}
	p := &emitter{
		sequencer: newSequencer(f, c.order, x), judge: newJudge(c, f, x, each), writer: newWriter(out.Writer, f), out: out,
	}
	if d != nil && d.annotations != nil {
		d.annotations.restart()
		p.judge.annotations = d.annotations
	}
	if c.o.Sequential {
		return p, nil
	}
	p.batches = make(chan []*unit, inOrder)
	p.group, p.ctx = errgroup.WithContext(ctx)
	judged := make(chan []*unit, 1)
	p.group.Go(func() error { return p.judge.all(p.ctx, p.batches, judged) })
	p.group.Go(func() error { return p.writer.all(judged) })
	return p, nil
}

// take adds a chunk whose segments are complete.
func (p *emitter) take(c *chunk) error {
	for i := range c.units {
		p.sequencer.take(&c.units[i])
	}
	return p.hand()
}

// hand gives what is in order to the goroutines, piece by piece: however much it
// is, little is on its way.
func (p *emitter) hand() error {
	rest := p.sequencer.ready()
	if p.batches == nil {
		p.judge.units(rest)
		return p.writer.units(rest)
	}
	for len(rest) > 0 {
		n := piece(rest)
		select {
		case p.batches <- rest[:n:n]:
		case <-p.ctx.Done():
			return p.ctx.Err()
		}
		rest = rest[n:]
	}
	return nil
}

// finish writes what is left, unless the pass has failed. A write that failed
// has made the pass fail.
func (p *emitter) finish(err error) error {
	if err == nil {
		p.sequencer.flush()
		err = p.hand()
	}
	if failed := p.end(); failed != nil {
		return failed
	}
	if err == nil {
		err = p.out.close()
	}
	return err
}

// end waits for the goroutines.
func (p *emitter) end() error {
	if p.batches == nil {
		return p.writer.flush()
	}
	close(p.batches)
	return p.group.Wait()
}
