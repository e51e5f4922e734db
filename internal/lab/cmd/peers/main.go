//go:build linux

// Package peers measures mendcap beside programs that do less, and beside itself.
//
//	lab peers [-size 1GB] [-pairs 5] [-dir DIR] [-check] [WORK...]
//
// The works, all of them where none is named:
//
//	repair   a repair of a header-less, disturbed capture with a JSON report,
//	         beside `editcap -F pcapng`, which copies the same packets with headers
//	floor    the same repair, beside one loop that reads each block, looks its flow
//	         up, sums its payload and writes it with a comment (lab floor)
//	plain    a repair of a capture that nothing disturbed, beside editcap
//	check    a check of the disturbed capture, beside `tshark -q -z expert`
//	cores    the repair on two processors, beside the same on one
//	start    `mendcap version`, beside /bin/true
//	small    a batch of 10,000 captures of 20 packets, beside a loop that writes and
//	         syncs the same files
//	batch    a batch of 20 captures of a hundredth of -size with one job and with two,
//	         beside a repair of each, one after the other, and beside the same with a
//	         JSON report of each, which a batch writes too
//	scale    a repair of a capture of -size, beside one of an eighth of it, plain and
//	         disturbed, time and memory
//	etl      a repair of event traces of Windows, with packets on 2, 16 and 64 processors,
//	         compressed and not, beside one of the pcapng that each becomes
//
// The two sides take turns, A B A B, so that what else the machine does meets both
// alike. Of the ratios, pair by pair, median, least and most are printed, for the time by
// the clock and for that of the processors, which tells more where the machine is busy.
// What either side writes is synced before its clock stops, which costs nothing where -dir
// is in memory. With -check it exits with 1 where a median misses its bar. All files are in
// a temporary folder in -dir, which it removes.
package peers

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

// errMissed says that a bar was missed; which one was printed.
var errMissed = errors.New("a bar was missed")

type options struct {
	size, dir, recordings string
	pairs                 int
	check                 bool
}

// work is one comparison.
type work struct {
	name string
	run  func(*bench, context.Context) error
}

// works are what can be measured, in the order in which they are.
var works = []work{
	{"repair", (*bench).repairWork},
	{"floor", (*bench).floorWork},
	{"plain", (*bench).plainWork},
	{"check", (*bench).checkWork},
	{"cores", (*bench).coresWork},
	{"start", (*bench).startWork},
	{"small", (*bench).smallWork},
	{"batch", (*bench).batchWork},
	{"scale", (*bench).scaleWork},
	{"etl", (*bench).etlWork},
}

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.StringVar(&o.size, "size", "1GB", "bytes of the capture that is made; KB, MB and GB are powers of ten")
	flag.StringVar(&o.dir, "dir", "", "where the temporary folder is made (default the system's)")
	flag.StringVar(&o.recordings, "recordings", "testdata/recordings/lossy.pcapng.gz,testdata/recordings/many-flows.pcapng.gz",
		"what captures are made of, separated by commas")
	flag.BoolVar(&o.check, "check", false, "exit with 1 when a bar is missed")
	flag.IntVar(&o.pairs, "pairs", 5, "runs of each side")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, names []string) (err error) {
	if o.pairs < 1 {
		return fmt.Errorf("%d pairs", o.pairs)
	}
	for _, name := range names {
		if !slices.ContainsFunc(works, func(w work) bool { return w.name == name }) {
			return fmt.Errorf("there is no work %q", name)
		}
	}
	dir, err := os.MkdirTemp(o.dir, "peers-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{options: o, dir: dir}
	if err := b.build(ctx); err != nil {
		return err
	}
	for _, w := range works {
		if len(names) > 0 && !slices.Contains(names, w.name) {
			continue
		}
		if err := w.run(b, ctx); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	if o.check && len(b.missed) > 0 {
		return fmt.Errorf("%w: %s", errMissed, strings.Join(b.missed, "; "))
	}
	return nil
}
