package pipeline

import (
	"context"

	"github.com/mendcap/mendcap/reorder"
)

// trial writes the capture while it is surveyed, for the case that nothing in it
// has to be repaired: then that was the last pass. It ends at the first sign of
// disturbance. A nil trial is one that has ended.
type trial struct {
	*emitter
	assumed reorder.Profile
	ended   bool
}

// newTrial begins to write to d, unless that is nil or repairs are expected
// already. Of a capture without disturbance order needs to know the clock's tick
// alone, and the first pass has seen that.
func (j *job) newTrial(ctx context.Context, d *draft) (*trial, error) {
	j.facts.profile = reorder.Undisturbed(j.facts.tick)
	if d == nil || j.apart || j.o.AlignInterfaces || j.o.EachFinding != nil || j.facts.expectsEdits() {
		return nil, nil // findings that were handed out can't be taken back
	}
	p, err := newEmitter(ctx, &j.config, &j.facts, j.explain, d, nil)
	if err != nil {
		return nil, err
	}
	return &trial{emitter: p, assumed: j.facts.profile}, nil
}

func (t *trial) over() bool { return t == nil || t.ended }

// context is that of the pass: done when a write has failed, too.
func (t *trial) context(ctx context.Context) context.Context {
	if t == nil {
		return ctx
	}
	return t.ctx
}

// take writes a chunk that was surveyed. disturbed says that there is something
// to repair.
func (t *trial) take(c *chunk, disturbed bool) error {
	if t.over() {
		return nil
	}
	err := t.emitter.take(c)
	if err == nil && disturbed {
		t.ended = true
		err = t.end()
		t.sequencer, t.judge, t.writer = nil, nil, nil // what they hold can go while the survey goes on
	}
	return err
}

// finish writes what is left after a pass that ended with err.
func (t *trial) finish(err error) error {
	if t == nil {
		return err
	}
	if t.ended {
		t.stop(nil)
		return err
	}
	return t.emitter.finish(err)
}

// accept reports whether the trial has written and said what a repair would have, and
// completes the report then. Of packets that are there twice the judge has to know.
func (j *job) accept(t *trial) bool {
	p := &j.facts.profile
	if t.over() || j.facts.expectsEdits() || len(j.facts.copies.apart) > 0 || p.Tick != t.assumed.Tick || p.Gate != t.assumed.Gate || p.SetBack != t.assumed.SetBack || !t.judge.fits(j.facts.span()) {
		return false
	}
	ordered := t.sequencer.result()
	ordered.stats.Explained = p.Explained
	j.conclude(t.emitter, ordered)
	return true
}
