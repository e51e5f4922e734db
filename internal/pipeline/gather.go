package pipeline

import (
	"context"

	"github.com/mendcap/mendcap/internal/conn"
)

// gather is the first pass: over the whole capture, or over as much as tells what there
// is to learn.
func (j *job) gather(ctx context.Context, whole bool) error {
	j.flows = conn.NewTable()
	g := newGatherer(&j.config, j.snapshot, j.flows, whole)
	broken, err := j.pass(ctx, newDecoder(&j.config, &facts{}), func(c *chunk) error {
		for i := range c.units {
			if err := g.take(&c.units[i]); err != nil {
				return err
			}
		}
		c.release(len(c.units))
		if g.enough() && !j.o.AlignInterfaces {
			return errEnough
		}
		return nil
	})
	partial := err == errEnough
	switch {
	case err == errGatherAll:
		return j.gather(ctx, true)
	case err != nil && !partial:
		return err
	case g.packets == 0 && broken != nil:
		return j.nothingReadable(broken)
	}
	j.noteConverted()
	j.facts = g.result(partial)
	j.facts.damage = broken
	j.facts.left.stays = j.source.converted != nil && j.o.AllLayers
	j.passed++
	return nil
}
