// Package merged repairs captures that no single recorder has written, and holds them to
// never have more flags of the analyser after repair than before: captures that
// are appended to themselves, overlap, hold every packet twice, were taken at
// both ends of a connection, or are degraded and true at once. It makes them with
// mergecap and editcap from the recordings and, where MENDCAP_SAMPLES names their
// folder, from samples.
//
//	lab merged [-quick] [-tshark] [-every N] [-packets N] [-program FILE] [-v] [-check]
//	lab merged -bars unrelated [-quick] [-program FILE] [-check]
//	lab merged -bars guard [-seeds N] [-quick] [-check]
//
// The first form prints how often flags rise, by kind of capture. Flags are
// counted by the repair's own analyser, which tests hold against tshark, or by
// tshark itself. With -quick there are fewer captures. With -program another build
// of mendcap repairs them. Each output is repaired again, which may change nothing.
//
// The second form merges degraded captures that have no connection in common, and
// sets the flags that repair takes away beside those that it takes away from each
// of them alone.
//
// The third form repairs the degraded recordings, and counts the connections that
// the repair left as recorded, because flags had risen or because it took them for
// recorded twice: a repair that leaves all is none.
//
// With -check it exits with 1 when a bar is missed.
package merged

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

// options choose what is tried.
type options struct {
	folder, program, bars string
	packets, every        int
	seeds                 uint64
	quick, tshark         bool
	verbose, check        bool
}

// errMissed says that a bar was missed; which one was printed.
var errMissed = errors.New("a bar was missed")

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.StringVar(&o.folder, "folder", "testdata/recordings", "where the recordings are")
	flag.StringVar(&o.bars, "bars", "merged", "the bars: merged, unrelated or guard")
	flag.StringVar(&o.program, "program", "", "repair with this build of mendcap")
	flag.IntVar(&o.packets, "packets", 400, "keep the first so many packets of each recording")
	flag.IntVar(&o.every, "every", 0, "try one in so many captures (default 3; 6 with -quick)")
	flag.Uint64Var(&o.seeds, "seeds", 1, "seeds of each degradation")
	flag.BoolVar(&o.quick, "quick", false, "fewer captures")
	flag.BoolVar(&o.tshark, "tshark", false, "let tshark count the flags")
	flag.BoolVar(&o.verbose, "v", false, "print every capture")
	flag.BoolVar(&o.check, "check", false, "exit with 1 when a bar is missed")
	flag.Parse()
	every := 3
	if o.quick {
		every = 6
	}
	o.every = cmp.Or(o.every, every)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "merged:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "merged-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var missed []string
	switch o.bars {
	case "merged":
		missed, err = runMerged(ctx, o, dir)
	case "unrelated":
		missed, err = runUnrelated(ctx, o, dir)
	case "guard":
		missed, err = runGuard(ctx, o, dir)
	default:
		return fmt.Errorf("unknown bars %q", o.bars)
	}
	for _, line := range missed {
		fmt.Println("missed:", line)
	}
	if err == nil && o.check && len(missed) > 0 {
		return errMissed
	}
	return err
}
