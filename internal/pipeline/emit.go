package pipeline

import (
	"context"

	"github.com/mendcap/mendcap/report"
)

// emitGuarded repeats the pass that writes until no connection has more flags
// than in the input, and concludes the report.
func (j *job) emitGuarded(ctx context.Context, d *draft) (*emitter, error) {
	each := j.o.EachFinding
	if each != nil && j.o.TakeBack == nil && j.facts.profile.Broken() {
		if _, err := j.emitUntilSettled(ctx, nil, nil); err != nil { // so that the findings hold that are handed out
			return nil, err
		}
	}
	p, err := j.emitUntilSettled(ctx, d, each)
	if err == nil {
		j.conclude(p, p.sequencer.result())
	}
	return p, err
}

// emitUntilSettled hands each finding to each, if that is not nil.
func (j *job) emitUntilSettled(ctx context.Context, d *draft, each func(*report.Finding)) (*emitter, error) {
	for run := 1; ; run++ {
		p, err := j.emit(ctx, d, each)
		if err != nil || !j.facts.leaveRisen(p.judge.changes(), run) {
			return p, err
		}
		j.passed++
		if each != nil && j.o.TakeBack != nil {
			if err := j.o.TakeBack(); err != nil {
				return nil, ioError("take findings back", err)
			}
		}
	}
}

// emit is the third pass: order, analyse, write. It hands each finding to each, if that
// is not nil.
func (j *job) emit(ctx context.Context, d *draft, each func(*report.Finding)) (*emitter, error) {
	j.explain.restart()
	p, err := newEmitter(ctx, &j.config, &j.facts, j.explain, d, each)
	if err != nil {
		return nil, err
	}
	track := newTracker(&j.facts, j.flows, &j.facts.placed)
	_, err = j.pass(ctx, newDecoder(&j.config, &j.facts), func(c *chunk) error {
		for i := range c.units {
			track.take(&c.units[i])
		}
		return p.take(c)
	})
	return p, p.finish(err)
}
