//go:build unix

// Package flood measures what captures cost that mean to cost time or memory.
//
//	lab flood [-packets 70000] [-factor 10] [-runs 2] [-kinds PART] [-every 1]
//	      [-commands repair,check,explain] [-check] [-quick] [-v] [FILE...]
//
// Each kind of flood is made in two sizes, and mendcap is run on both as a
// process of its own: with ten times the packets it may take 13 times the
// processor's time and 1.2 times the memory, whatever the kind. Of several runs
// the least counts. Memory that a quiet capture of the larger size takes is not
// held against a kind, nor, where it opens connections whose headers are to be
// inferred, what the inference may keep of them. A FILE, a pcapng capture, is compared with a quiet
// capture of as many packets instead: it may take 5 microseconds a packet more,
// and 128 MiB. With -check the command exits with 1 where a bar is missed. -quick
// takes few kinds, 10,000 packets and one command, and leaves memory out: with so
// few no window is full.
package flood

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/mendcap/mendcap/internal/lab/flood"
)

// errMissed says that a bar was missed; which one was printed.
var errMissed = errors.New("a bar was missed")

type options struct {
	packets, factor, runs int
	every                 int
	kinds, commands       string
	check, verbose, quick bool
}

// ownMemory is what this process keeps to: a program's peak begins with that of
// the process that starts it.
const ownMemory = 32 << 20

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.IntVar(&o.packets, "packets", 70_000, "packets of the smaller size; windows and tables are full with that many")
	flag.IntVar(&o.factor, "factor", 10, "how many times as many the larger size has")
	flag.IntVar(&o.runs, "runs", 2, "runs of each command, of which the least counts")
	flag.StringVar(&o.kinds, "kinds", "", "only kinds whose name has this in it")
	flag.IntVar(&o.every, "every", 1, "only each so-manieth kind")
	flag.StringVar(&o.commands, "commands", "repair,check,explain", "commands of mendcap that are run")
	flag.BoolVar(&o.check, "check", false, "exit with 1 when a bar is missed")
	flag.BoolVar(&o.quick, "quick", false, "only look whether time grows evenly, in less than a minute")
	flag.BoolVar(&o.verbose, "v", false, "print each measurement")
	flag.Parse()
	debug.SetMemoryLimit(ownMemory)
	if o.quick {
		o.packets, o.every, o.commands, o.runs = 10_000, 41, "check", 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "flood:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, files []string) error {
	dir, err := os.MkdirTemp("", "flood-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{ctx: ctx, dir: dir, program: filepath.Join(dir, "mendcap"), o: o}
	build := exec.CommandContext(ctx, "go", "build", "-o", b.program, "github.com/mendcap/mendcap/cmd/mendcap")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build mendcap: %w\n%s", err, out)
	}
	missed := 0
	for _, command := range strings.Split(o.commands, ",") {
		n, err := b.command(command, files)
		if err != nil {
			return err
		}
		missed += n
	}
	if missed > 0 {
		fmt.Printf("%d bars missed\n", missed)
		if o.check {
			return errMissed
		}
	}
	return nil
}

// command measures one command of mendcap, and counts the bars that it misses.
func (b *bench) command(name string, files []string) (missed int, err error) {
	if len(files) > 0 {
		return b.files(name, files)
	}
	quiet, err := b.kind(name, flood.Quiet())
	if err != nil {
		return 0, err
	}
	worst := quiet
	kinds := 0
	for n, k := range flood.Kinds() {
		if !strings.Contains(k.Name, b.o.kinds) || n%max(1, b.o.every) != 0 {
			continue
		}
		pair, err := b.kind(name, k)
		if err != nil {
			return missed, err
		}
		kinds++
		worst.large.time = max(worst.large.time, pair.large.time)
		worst.large.memory = max(worst.large.memory, pair.large.memory)
		for _, why := range pair.misses(quiet, k, b.o) {
			fmt.Printf("missed: %s, %s: %s\n", name, k.Name, why)
			missed++
		}
	}
	n := b.o.packets * b.o.factor
	fmt.Printf("%s: %d kinds of %d packets: at most %.1f us a packet and %d MiB, quiet ones %.1f us and %d MiB\n", name, kinds, n,
		worst.large.perPacket(n), worst.large.memory>>20, quiet.large.perPacket(n), quiet.large.memory>>20)
	return missed, nil
}
