package merged

import (
	"context"
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
)

// kind is one way to make a capture from a source. make returns "" where the
// source isn't one from which it can be made.
type kind struct {
	name string
	make func(ctx context.Context, b *bench, s source) (string, error)
}

// kinds lists all ways.
func kinds() []kind {
	list := []kind{
		{"as it is", func(_ context.Context, _ *bench, s source) (string, error) { return s.path, nil }},
		{"appended to itself", func(ctx context.Context, b *bench, s source) (string, error) {
			return b.merge(ctx, true, s.path, s.path)
		}},
		{"overlapping, appended", func(ctx context.Context, b *bench, s source) (string, error) { return overlapping(ctx, b, s, true) }},
		{"overlapping, merged", func(ctx context.Context, b *bench, s source) (string, error) { return overlapping(ctx, b, s, false) }},
		{"clock set back", setBack},
		{"degraded, appended to itself", func(ctx context.Context, b *bench, s source) (string, error) {
			path, err := degraded(b, s, "everything")
			if path == "" || err != nil {
				return "", err
			}
			return b.merge(ctx, true, path, path)
		}},
	}
	for _, later := range []string{"0.000005", "0.00005", "0.0003", "0.005", "0.05", "0.3"} {
		list = append(list, kind{"again " + later + " s later", func(ctx context.Context, b *bench, s source) (string, error) {
			return again(ctx, b, s.path, later)
		}})
	}
	for _, name := range []string{"rawsocket", "completion-port", "batches"} {
		list = append(list,
			kind{"degraded, " + name, func(_ context.Context, b *bench, s source) (string, error) { return degraded(b, s, name) }},
			kind{"true and degraded, " + name, func(ctx context.Context, b *bench, s source) (string, error) {
				path, err := degraded(b, s, name)
				if path == "" || err != nil {
					return "", err
				}
				return b.merge(ctx, false, s.path, path)
			}},
			kind{"degraded, again 0.0003 s later, " + name, func(ctx context.Context, b *bench, s source) (string, error) {
				path, err := degraded(b, s, name)
				if path == "" || err != nil {
					return "", err
				}
				return again(ctx, b, path, "0.0003")
			}})
	}
	const ms = 1e6
	for _, p := range []places{
		{"two places, directions", true, 5 * ms, 0}, {"two places", false, 5 * ms, 0},
		{"two places, clocks 3 ms apart", false, ms, 3 * ms}, {"two places, clocks 40 ms apart", false, 10 * ms, -40 * ms},
	} {
		list = append(list, kind{p.name, p.make})
	}
	return list
}

func overlapping(ctx context.Context, b *bench, s source, appended bool) (string, error) {
	first, err := b.part(ctx, s.path, 0, 60)
	if err != nil {
		return "", err
	}
	second, err := b.part(ctx, s.path, 40, 100)
	if err != nil {
		return "", err
	}
	return b.merge(ctx, appended, first, second)
}

// setBack sets the clock back by 0.7 seconds in the middle.
func setBack(ctx context.Context, b *bench, s source) (string, error) {
	first, err := b.part(ctx, s.path, 0, 50)
	if err != nil {
		return "", err
	}
	rest, err := b.part(ctx, s.path, 50, 100)
	if err != nil {
		return "", err
	}
	if rest, err = b.later(ctx, rest, "-0.7"); err != nil {
		return "", err
	}
	return b.merge(ctx, true, first, rest)
}

// again merges a capture with itself, so many seconds later.
func again(ctx context.Context, b *bench, path, seconds string) (string, error) {
	later, err := b.later(ctx, path, seconds)
	if err != nil {
		return "", err
	}
	return b.merge(ctx, false, path, later)
}

// degraded writes a recording as a raw-socket sniffer would have, with headers.
func degraded(b *bench, s source, name string) (string, error) {
	if s.packets == nil {
		return "", nil
	}
	all := lab.Degradations()
	at := slices.IndexFunc(all, func(d lab.Degradation) bool { return d.Name == name })
	return b.write(lab.Degrade(s.packets, all[at], 1), false)
}

// places are two recorders, one at each end.
type places struct {
	name          string
	directions    bool
	delay, offset int64 // nanoseconds
}

func (p places) make(ctx context.Context, b *bench, s source) (string, error) {
	if s.packets == nil {
		return "", nil
	}
	here, err := b.write(s.packets, p.directions)
	if err != nil {
		return "", err
	}
	there, err := b.write(atPeer(s.packets, p.delay, p.offset), p.directions)
	if err != nil {
		return "", err
	}
	return b.merge(ctx, false, here, there)
}
