//go:build linux

// Package peers measures mendcap beside `editcap -F pcapng`, which merely copies the
// packets, and how much memory mendcap needs for files of different sizes.
//
//	lab peers [-size 1GB] [-degraded] [-pairs 5] [-check] [FILE...]
//	lab peers -memory 200MB,2GB [-degraded] [-pairs 5] [-check]
//
// Without a FILE, a capture of the given size is made out of recordings. Both
// programs write it anew in turns, A B A B, so that what else the machine does
// meets both alike; of the ratios, pair by pair, median, least and most are
// printed, for the time by the clock and for that of the processors, which tells
// more where the machine is busy. The second form repairs one capture of each size and prints
// the peaks of memory. With -check it exits with 1 when mendcap takes longer
// than editcap (median of the pairs), or 1.2 times the memory for one file
// than for another. All files that it makes are in a temporary folder (-dir), which
// it removes.
package peers

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

// The bars of -check.
const (
	mostTime   = 1.0 // of editcap's
	mostMemory = 1.2 // of the file that takes least
)

// errMissed says that a bar was missed; which one was printed.
var errMissed = errors.New("a bar was missed")

type options struct {
	size, memory, dir, recordings string
	degraded, check               bool
	pairs                         int
}

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.StringVar(&o.size, "size", "1GB", "bytes of the capture that is made; KB, MB and GB are powers of ten")
	flag.StringVar(&o.memory, "memory", "", "measure memory instead, for captures of these sizes, separated by commas")
	flag.StringVar(&o.dir, "dir", "", "where the temporary folder is made (default the system's)")
	flag.StringVar(&o.recordings, "recordings", "testdata/recordings/lossy.pcapng.gz,testdata/recordings/many-flows.pcapng.gz",
		"what captures are made of, separated by commas")
	flag.BoolVar(&o.degraded, "degraded", false, "make what a raw-socket sniffer would have written")
	flag.BoolVar(&o.check, "check", false, "exit with 1 when a bar is missed")
	flag.IntVar(&o.pairs, "pairs", 5, "runs of each program")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, files []string) (err error) {
	if o.pairs < 1 {
		return fmt.Errorf("%d pairs", o.pairs)
	}
	dir, err := os.MkdirTemp(o.dir, "peers-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := bench{options: o, dir: dir}
	if err := b.build(ctx); err != nil {
		return err
	}
	if o.memory != "" {
		return b.compareMemory(ctx, strings.Split(o.memory, ","))
	}
	if len(files) == 0 {
		made, err := b.capture(ctx, o.size)
		if err != nil {
			return err
		}
		files = []string{made}
	}
	for _, file := range files {
		if err := b.comparePeers(ctx, file); err != nil {
			return err
		}
	}
	return nil
}

// bench has the programs that are measured, and a folder for what they write.
type bench struct {
	options
	dir          string
	mendcap, lab string
}

// build builds mendcap and the maker of captures.
func (b *bench) build(ctx context.Context) error {
	const module = "github.com/mendcap/mendcap/"
	b.mendcap, b.lab = filepath.Join(b.dir, "mendcap"), filepath.Join(b.dir, "lab")
	for path, pkg := range map[string]string{b.mendcap: "cmd/mendcap", b.lab: "internal/lab/cmd"} {
		if _, err := measure(ctx, "go", "build", "-o", path, module+pkg); err != nil {
			return err
		}
	}
	return nil
}

// capture makes a capture of a size, with its tables beside it if it is degraded.
func (b *bench) capture(ctx context.Context, size string) (string, error) {
	path := filepath.Join(b.dir, size+".pcapng")
	args := []string{"large", "-size", size, "-o", path}
	if b.degraded {
		args = append(args, "-degraded")
	}
	_, err := measure(ctx, b.lab, append(args, strings.Split(b.recordings, ",")...)...)
	return path, err
}
