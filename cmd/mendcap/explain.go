package main

import (
	"context"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report/render"
)

// explainFlags are the flags of explain as they were given.
type explainFlags struct {
	readingFlags
	json bool
}

func explainCommand() *command {
	f := &explainFlags{}
	flags := newFlags("explain")
	flags.BoolVar(&f.json, "json", false, "print the explanations as JSON")
	flags.BoolVar(&f.options.OutputFrames, "output", false, "each FRAME is a number in the repaired capture, not in CAPTURE")
	f.readingFlags.add(flags)
	f.addSpool(flags)
	return &command{flags, f.run}
}

func (f *explainFlags) run(ctx context.Context, s *streams, args []string) int {
	if len(args) == 0 {
		return s.fail("", usagef(seeCommand, "a capture must be named, and the frames to explain if it is not what remains"))
	}
	in := args[0]
	if _, err := os.Lstat(in); err != nil {
		if _, err := parseFrames(args[:1]); err == nil {
			return s.fail("", usagef("mendcap explain CAPTURE "+in, "the capture comes before the frames, not %s", in))
		}
	}
	frames, err := parseFrames(args[1:])
	if err != nil {
		return s.fail("", err)
	}
	if err := f.check(); err != nil {
		return s.fail("", err)
	}
	o := f.options
	done := s.watch(in, &o, false)
	x, err := repair.Explain(ctx, in, frames, o)
	done()
	if err != nil {
		return s.fail(in, f.unread(in, asUsage(err)))
	}
	text := func(w io.Writer) error { return render.Explanations(w, &x, s.width) }
	return max(s.sayDamage(in, x.Damage, false), s.show(f.json, x.WriteJSON, text))
}

// parseFrames reads frame numbers and ranges of them.
func parseFrames(words []string) ([]int64, error) {
	var frames []int64
	for _, word := range words {
		low, high, isRange := strings.Cut(word, "-")
		first, err := strconv.ParseInt(low, 10, 64)
		last := first
		if err == nil && isRange {
			last, err = strconv.ParseInt(high, 10, 64)
		}
		if err != nil || first < 1 || last < first {
			return nil, usagef("frames are numbers from 1, or ranges like 10-14", "%q is neither a frame nor a range of frames", word)
		}
		if last-first >= repair.MaxExplained || len(frames) > repair.MaxExplained {
			return nil, usagef("explain them in several runs", "more than %d frames", repair.MaxExplained)
		}
		for n := first; n <= last; n++ {
			frames = append(frames, n)
		}
	}
	return frames, nil
}
