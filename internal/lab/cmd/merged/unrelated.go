package merged

import (
	"context"
	"fmt"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
)

// leastKept is the bar of the flags that repair takes away from captures that are
// merged, as a share of those that it takes away from each alone.
const leastKept = .99

// runUnrelated merges captures that have no connection in common, in pairs.
func runUnrelated(ctx context.Context, o options, dir string) (missed []string, err error) {
	b := &bench{dir: dir}
	recordings, err := b.recordings(o)
	if err != nil {
		return nil, err
	}
	recordings = slices.DeleteFunc(recordings, func(s source) bool { return len(s.packets) < o.packets/2 })
	alone, together := 0, 0
	degradations := []string{"rawsocket", "completion-port", "everything", "none", "batches"}
	if o.quick {
		recordings = recordings[:8]
	}
	for i, s := range recordings {
		other := recordings[(i+1)%len(recordings)]
		p, err := b.pair(ctx, o, s, other, degradations[i%len(degradations)], degradations[(i/2+1)%len(degradations)])
		if err != nil {
			return nil, fmt.Errorf("%s and %s: %w", s.name, other.name, err)
		}
		alone, together = alone+p.alone, together+p.together
		fmt.Printf("%s (%s) and %s (%s): %d flags fewer alone, %d merged; %q\n", s.name, degradations[i%len(degradations)],
			other.name, degradations[(i/2+1)%len(degradations)], p.alone, p.together, p.notes)
	}
	fmt.Printf("in sum %d flags fewer alone, %d merged\n", alone, together)
	if float64(together) < leastKept*float64(alone) {
		missed = append(missed, fmt.Sprintf("merged captures lose %d flags, want at least %.0f %% of the %d that they lose alone",
			together, 100*leastKept, alone))
	}
	return missed, nil
}

// pair is two captures that are merged: by how much flags fall.
type pair struct {
	alone, together int
	notes           []string
}

func (b *bench) pair(ctx context.Context, o options, first, second source, one, two string) (p pair, err error) {
	var paths []string
	for i, s := range []source{first, second} {
		moved, err := degraded(b, s.renumbered(i+1, first), []string{one, two}[i])
		if err != nil {
			return p, err
		}
		r, err := mend(ctx, o, moved, b.file(".pcapng"))
		if err != nil {
			return p, err
		}
		p.alone += sum(r.Analysis.Before) - sum(r.Analysis.After)
		paths = append(paths, moved)
	}
	merged, err := b.merge(ctx, false, paths...)
	if err != nil {
		return p, err
	}
	r, err := mend(ctx, o, merged, b.file(".pcapng"))
	p.together, p.notes = sum(r.Analysis.Before)-sum(r.Analysis.After), r.Notes
	return p, err
}

// renumbered gives a recording other peers and ports, and lets it begin with the
// first packet of another.
func (s source) renumbered(number int, with source) source {
	c := lab.NewCopier(s.packets)
	moved := slices.Clone(s.packets)
	shift := with.packets[0].Stamp - s.packets[0].Stamp
	for i := range moved {
		p := &moved[i]
		p.Data = slices.Clone(p.Data)
		c.Copy(i, number, p.Data)
		p.Stamp += shift
	}
	return source{name: s.name, packets: moved}
}
