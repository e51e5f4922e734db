package accuracy

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
)

// boundLines sets the best reading of the stamps beside the repair: in each cell that
// misses a target, and in the sums of the new ones.
func boundLines(ctx context.Context, o options, results []result) (lines []string, err error) {
	bounds := make([]judge.Bound, len(results))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, r := range results {
		if r.new() && r.degradation.Disorders() {
			group.Go(func() (err error) {
				bounds[i], err = o.bound(ctx, r)
				return err
			})
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var tuned, held judge.Bound
	for i, r := range results {
		if lab.HeldOut(r.name) {
			held.Add(bounds[i])
		} else {
			tuned.Add(bounds[i])
		}
		if bounds[i].Pairs > 0 && (r.leavesTooMany() || r.hidesTooMany()) {
			lines = append(lines, r.name+", "+r.degradation.Name+": "+boundText(bounds[i]))
		}
	}
	return append(lines,
		"in sum of those tuned on: "+boundText(tuned), "in sum of those tuned on: "+curveText(tuned),
		"in sum of those held out: "+boundText(held), "in sum of those held out: "+curveText(held)), nil
}

func (o options) bound(ctx context.Context, r result) (sum judge.Bound, err error) {
	recording, err := lab.Load(filepath.Join(o.folder, r.name+".pcapng.gz"))
	if err != nil {
		return sum, err
	}
	c := judge.NewCase(ctx, recording)
	odds := c.Odds(r.degradation)
	for seed := o.firstSeed; seed < o.firstSeed+o.seeds; seed++ {
		b, err := o.trial(c, r.degradation, seed).Bound(odds)
		if err != nil {
			return sum, err
		}
		sum.Add(b)
	}
	return sum, nil
}

func boundText(b judge.Bound) string {
	return fmt.Sprintf("%d flags left and %d hidden, of which the best reading errs in %d and %d, too; it leaves %d and hides %d; of %d packets of which stamps alone tell it gets %d wrong",
		b.Here.Left, b.Here.Hidden, b.Alike.Left, b.Alike.Hidden, b.Left, b.Hidden, b.Pairs, b.Wrong)
}

// curveText says what readings leave and hide that say more or less often that a packet
// came late.
func curveText(b judge.Bound) string {
	var points []string
	for i, weight := range judge.BoundWeights {
		points = append(points, fmt.Sprintf("%d and %d at %g", b.Curve[i].Left, b.Curve[i].Hidden, weight))
	}
	return "flags left and hidden by readings that ask for such odds: " + strings.Join(points, ", ")
}
