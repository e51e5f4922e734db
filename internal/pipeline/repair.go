package pipeline

import (
	"context"
	"errors"
)

// write repairs the capture into a file that appears as the output once it is whole.
func (j *job) write(ctx context.Context) error {
	o, err := newOutput(&j.config, j.source.permissions(), &j.report.Output)
	if err != nil {
		return err
	}
	fill := j.repair
	if j.o.Annotate {
		fill = j.repairAnnotated
	}
	if err := fill(ctx, &o.draft); err != nil {
		return errors.Join(err, o.discard())
	}
	return o.publish(ctx, j.config.o.OnlyChanged && !j.report.Output.Changed && len(j.report.Damage) == 0)
}

// rehearse repairs the capture into nothing, to tell what would be written.
func (j *job) rehearse(ctx context.Context) error { return j.repair(ctx, nil) }

// repair takes the capture through the passes after the first one. It writes to d,
// unless that is nil. What it has written may not appear where it fails: also where the
// run was ended or the input was changed meanwhile.
func (j *job) repair(ctx context.Context, d *draft) error {
	err := j.draw(ctx, d)
	if flushed := d.flush(); err == nil {
		err = ioError("write the output", flushed)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = j.source.changed()
	}
	return err
}

// draw surveys the capture and writes it repaired. Where the survey finds
// nothing to repair it has written the capture along the way; where repairs were
// expected and none turned out to be needed, the capture is copied.
func (j *job) draw(ctx context.Context, d *draft) error {
	written, err := j.survey(ctx, d)
	if written || err != nil {
		return err
	}
	p, err := j.emitGuarded(ctx, d)
	if err != nil {
		return err
	}
	w, said := p.writer, &j.report.Output
	said.Edited, said.Changed = w.edited, w.edited > 0 || w.moved > 0
	if d == nil {
		return nil
	}
	said.LeftOut = p.out.Dropped() + w.skipped
	if w.edits && !said.Changed {
		said.LeftOut, err = j.copy(ctx, d)
	}
	return err
}

// copy writes every block as it came, and returns how many had to be left out.
func (j *job) copy(ctx context.Context, d *draft) (leftOut int64, err error) {
	out, err := newPacked(&j.config, d)
	if err != nil {
		return 0, err
	}
	_, err = j.pass(ctx, &decoder{}, func(c *chunk) error {
		for i := range c.units {
			if err := out.Write(c.units[i].block); err != nil {
				return ioError("write the output", err)
			}
		}
		c.release(len(c.units))
		return nil
	})
	if err == nil {
		err = ioError("write the output", out.Flush())
	}
	return out.Dropped(), errors.Join(err, out.close())
}
