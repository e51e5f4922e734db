//go:build unix

// Package kill ends mendcap by signals at random moments, and checks what is left.
//
//	lab kill [-kills 300] [-seed 1] [-packets 400] [-within 1s] [-dir DIR] [-check]
//
// A quarter of them are SIGKILL for `mendcap repair`, of a file and of standard
// input, a quarter SIGKILL for `mendcap batch` over folders, a tar and a zip archive.
// The others are mostly SIGINT and SIGTERM, for all commands in turns, some of which
// read hostile captures, and some wait: for a pipe or for standard input that give
// nothing, or for somebody who reads their output. Those must have ended within
// a second (-within), with exit code 130 and without temporary files. After each, outputs must
// be whole or absent, and inputs untouched. Then the command runs to its end
// (batch with --resume, after several kills in a row): outputs, reports and the
// summary must be those of an undisturbed run, byte for byte, and no temporary
// file may be left. Only kills that met a live process count. With -check it
// exits with 1 when anything was not so. All files are in a temporary folder
// (-dir says where), which it removes.
package kill

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

type options struct {
	kills, packets int
	seed           uint64
	dir            string
	recordings     string
	check          bool
	within         time.Duration
}

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.IntVar(&o.kills, "kills", 300, "kills and interrupts that have to meet a live process")
	flag.DurationVar(&o.within, "within", time.Second, "how long a run may take to end")
	flag.IntVar(&o.packets, "packets", 400, "of each capture that is repaired")
	flag.Uint64Var(&o.seed, "seed", 1, "of the moments")
	flag.StringVar(&o.dir, "dir", "", "where the temporary folder is made (default the system's)")
	flag.StringVar(&o.recordings, "recordings", filepath.Join("testdata", "recordings", "many-flows.pcapng.gz"), "what captures are made of")
	flag.BoolVar(&o.check, "check", false, "exit with 1 when anything was not as it must be")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "kill:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	if o.kills < 4 {
		return fmt.Errorf("%d kills", o.kills)
	}
	dir, err := os.MkdirTemp(o.dir, "kill-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := newBench(ctx, o, dir)
	if err := b.prepare(); err != nil {
		return err
	}
	repairs, err := b.killRepairs(o.kills / 4)
	if err != nil {
		return err
	}
	batches, err := b.killBatches(o.kills / 4)
	if err != nil {
		return err
	}
	all, err := b.interruptAll(o.kills - 2*(o.kills/4))
	if err != nil {
		return err
	}
	return conclude(o, []tally{repairs, batches, all})
}

// conclude prints the table.
func conclude(o options, rows []tally) error {
	fmt.Printf("%-8s %6s %14s %14s %10s %12s %9s %12s\n", "command", "kills", "output absent", "output whole", "leftovers", "completions", "failures", "slowest end")
	failures := 0
	for _, t := range rows {
		fmt.Printf("%-8s %6d %14d %14d %10d %12d %9d %12v\n", t.command, t.kills, t.absent, t.whole, t.leftovers, t.completions, len(t.failures), t.slowest.Round(time.Millisecond))
		failures += len(t.failures)
		for _, f := range t.failures {
			fmt.Println("  FAILURE:", f)
		}
	}
	if failures > 0 && o.check {
		return fmt.Errorf("%d failures", failures)
	}
	return nil
}

// build builds mendcap.
func build(ctx context.Context, path string) error {
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/mendcap/mendcap/cmd/mendcap").CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}
