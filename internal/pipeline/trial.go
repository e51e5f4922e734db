package pipeline

import (
	"context"

	"github.com/mendcap/mendcap/reorder"
)

// A trial writes the capture while it is surveyed, for the case that nothing in it
// has to be repaired: then that was the last pass. It ends at the first sign of
// disturbance.

// newTrial begins to write to d, unless that is nil or repairs are expected
// already. Of a capture without disturbance order needs to know the clock's tick
// alone, and the first pass has seen that.
func (j *job) newTrial(ctx context.Context, d *draft) (*emitter, error) {
	j.facts.profile = reorder.Undisturbed(j.facts.tick)
	if d == nil || j.apart || j.o.AlignInterfaces || j.o.EachFinding != nil || j.facts.expectsEdits() {
		return nil, nil // findings that were handed out can't be taken back
	}
	return newEmitter(ctx, &j.config, &j.facts, j.explain, d, nil)
}

// accept reports whether a trial, if it has come to the end, has written and said what a
// repair would have, and completes the report then. Of packets that are there twice the
// judge has to know.
func (j *job) accept(t *emitter) bool {
	f := &j.facts
	p, assumed := &f.profile, reorder.Undisturbed(f.tick)
	if t == nil || f.expectsEdits() || len(f.copies.apart) > 0 || p.Tick != assumed.Tick || p.Gate != assumed.Gate || p.SetBack != assumed.SetBack || !t.judge.fits(f.Span) {
		return false
	}
	ordered := t.sequencer.result()
	ordered.stats.Explained = p.Explained
	j.conclude(t, ordered)
	return true
}
