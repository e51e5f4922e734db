package pipeline

import (
	"context"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/report"
)

// emitGuarded repeats the pass that writes until no connection has more flags
// than in the input, and concludes the report. begin starts an output, anew.
func (j *job) emitGuarded(ctx context.Context, begin func() (*capture.Writer, error)) (*writer, error) {
	if j.o.EachFinding != nil && j.o.TakeBack == nil && j.facts.profile.Broken() {
		if _, err := j.emitUntilSettled(ctx, beginDry, nil); err != nil { // so that the findings hold that are handed out
			return nil, err
		}
	}
	p, err := j.emitUntilSettled(ctx, begin, j.o.EachFinding)
	if err != nil {
		return nil, err
	}
	j.conclude(p, p.sequencer.result())
	return p.writer, nil
}

// emitUntilSettled hands each finding to each, if that is not nil.
func (j *job) emitUntilSettled(ctx context.Context, begin func() (*capture.Writer, error), each func(*report.Finding)) (*emitter, error) {
	for run := 1; ; run++ {
		out, err := begin()
		if err != nil {
			return nil, err
		}
		p, err := j.emit(ctx, out, each)
		if err != nil {
			return nil, err
		}
		if !j.facts.leaveRisen(p.judge.changes(), run) {
			return p, nil
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
func (j *job) emit(ctx context.Context, out *capture.Writer, each func(*report.Finding)) (*emitter, error) {
	j.explain.restart()
	p, err := j.newEmitter(ctx, out, each)
	if err != nil {
		return nil, err
	}
	track := newTracker(&j.facts, j.flows, &j.facts.placed)
	_, err = j.pass(p.ctx, newDecoder(&j.config, &j.facts), func(c *chunk) error {
		for i := range c.units {
			track.take(&c.units[i])
		}
		return p.take(c)
	})
	if err = p.finish(err); err != nil {
		return nil, err
	}
	return p, nil
}
