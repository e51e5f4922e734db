// Package compare runs two builds of mendcap on the same captures and says where they
// differ: in a byte of the repaired capture or of a report, in a line that is
// printed, or in the exit code. It shows that a change that is meant to change
// nothing has changed nothing.
//
//	lab compare [-with REVISION] [-workers 1,2,8] [-every N] [-sense] [-v] [-check] [FILE...]
//
// The build of the present tree is set beside that of another revision (the last
// commit, unless -with names one), which is checked out for the time into a
// temporary folder. The other build runs on one processor, the present build on
// each of -workers numbers of them. Without a FILE, the captures are those of
// testdata, those of the folder that MENDCAP_SAMPLES names, and each recording under
// several degradations. With -sense words may differ: captures are compared without
// the text of packets' comments, reports as JSON that is read by the words of today,
// and texts for people not at all. With -check it exits with 1 when something differs or
// when fewer than 200 captures were compared, or than so many parts of that as -every takes.
package compare

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/internal/lab/builds"
)

// wantedCaptures is how many captures -check wants to be compared at least.
const wantedCaptures = 200

var errDiffers = errors.New("the builds differ")

type options struct {
	with, workers  string
	every          int
	sense          bool
	verbose, check bool
}

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.StringVar(&o.with, "with", "HEAD", "the revision that is compared with")
	flag.StringVar(&o.workers, "workers", "1,2,8", "how many processors the build at hand may use, separated by commas")
	flag.IntVar(&o.every, "every", 1, "take one in so many captures")
	flag.BoolVar(&o.sense, "sense", false, "compare what captures and reports say, whatever their words")
	flag.BoolVar(&o.verbose, "v", false, "print the first line that differs of each difference")
	flag.BoolVar(&o.check, "check", false, "exit with 1 when something differs or too little was compared")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, files []string) (err error) {
	dir, err := os.MkdirTemp("", "compare-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	workers, err := numbers(o.workers)
	if err != nil {
		return err
	}
	b := bench{
		dir: dir, workers: workers, sense: o.sense, verbose: o.verbose,
		now: filepath.Join(dir, "now"), other: filepath.Join(dir, "other"),
	}
	if err := errors.Join(builds.Here(ctx, b.now), builds.Of(ctx, o.with, b.other)); err != nil {
		return err
	}
	if files, err = b.captures(files); err != nil {
		return err
	}
	compared, differing := 0, 0
	for i := 0; i < len(files); i += max(1, o.every) {
		differs, err := b.compare(ctx, files[i])
		if err != nil {
			return fmt.Errorf("%s: %w", files[i], err)
		}
		compared++
		if differs {
			differing++
		}
	}
	fmt.Printf("%d captures compared with %s: %d differ\n", compared, o.with, differing)
	switch {
	case o.check && differing > 0:
		return errDiffers
	case o.check && compared < wantedCaptures/max(1, o.every):
		return fmt.Errorf("%d captures were compared, wanted %d at least", compared, wantedCaptures/max(1, o.every))
	}
	return nil
}

func numbers(list string) (all []int, err error) {
	for _, word := range strings.Split(list, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-workers: %q is not a number of processors", word)
		}
		all = append(all, n)
	}
	return all, nil
}

// bench has the two builds, and a folder for what they write.
type bench struct {
	dir           string
	now, other    string // programs
	workers       []int
	sense         bool // compare what is said, whatever the words
	verbose       bool
	samples, made string // folders that names of captures are told without
}

// name is how a capture is called where it is printed.
func (b *bench) name(path string) string {
	for _, folder := range []string{b.samples, b.made} {
		if rest, ok := strings.CutPrefix(path, folder+string(filepath.Separator)); ok && folder != "" {
			return rest
		}
	}
	return path
}
