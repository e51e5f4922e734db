//go:build unix

// Package lots measures what many captures cost a plan of lots and the merge of what was
// found in them.
//
//	lab lots [-captures 1000000] [-objects 10000000] [-finished 100000] [-dir DIR] [-check]
//
// The captures are made up: a store lists them, and nothing can be opened there. Each
// step is a process of its own, whose peak of memory counts.
//
// Seconds are those of the processors, or those of a clock where these are fewer: others
// may work at the same machine.
//
//   - Plan and merge: a plan of so many captures in 1,000 lots, made-up summaries of the
//     lots, and their merge as JSON, CSV and HTML, which are counted and not kept, take at
//     most 200 MB each and 60 s together.
//   - Objects: a plan of so many objects takes at most 300 MB.
//   - Finished: a plan that resumes one of so many captures, all of whose lots are done,
//     opens no capture and no output.
//
// With -check the command exits with 1 where a bar is missed.
package lots

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/repair/batch/lots"
)

// The bars.
const (
	mostSeconds = 60
	mostMemory  = 200e6 // bytes, of a plan and of a merge
	mostListing = 300e6 // of a plan of many objects
)

type options struct {
	captures, objects, finished int
	dir, step                   string
	check                       bool
}

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.IntVar(&o.captures, "captures", 1_000_000, "captures that are planned, and summed up")
	flag.IntVar(&o.objects, "objects", 10_000_000, "objects that are planned alone")
	flag.IntVar(&o.finished, "finished", 100_000, "captures that are finished when they are planned again")
	flag.StringVar(&o.dir, "dir", "", "folder for plans and summaries, about 1 kB a capture (default: a temporary one)")
	flag.StringVar(&o.step, "step", "", "")
	flag.BoolVar(&o.check, "check", false, "exit with 1 when a bar is missed")
	flag.Parse()
	err := errors.New("it takes no arguments")
	if flag.NArg() == 0 {
		err = o.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lots:", err)
		os.Exit(1)
	}
}

// steps are what a process does, on a folder and so many captures.
var steps = map[string]func(dir string, n int) error{"plan": plan, "sum-up": sumUp, "merge": merge, "resume": resume}

func (o *options) run() error {
	if o.step != "" {
		return steps[o.step](o.dir, o.captures)
	}
	if o.dir == "" {
		dir, err := os.MkdirTemp("", "lots-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.dir = dir
	}
	missed, err := o.measure()
	if err == nil && missed && o.check {
		err = errors.New("a bar was missed")
	}
	return err
}

// measure carries out all steps and prints what they took.
func (o *options) measure() (missed bool, err error) {
	fmt.Println("| step | seconds | peak, MB | at most |")
	fmt.Println("| --- | --- | --- | --- |")
	var all time.Duration
	for _, s := range []struct {
		name string
		dir  string
		n    int
		most float64 // bytes
		sum  bool    // its time counts
	}{
		{"plan", "one", o.captures, mostMemory, true},
		{"sum-up", "one", o.captures, 0, true},
		{"merge", "one", o.captures, mostMemory, true},
		{"plan", "many", o.objects, mostListing, false},
		{"plan", "finished", o.finished, 0, false},
		{"sum-up", "finished", o.finished, 0, false},
		{"resume", "finished", o.finished, 0, false},
	} {
		if s.n == 0 {
			continue
		}
		took, peak, err := step(s.name, filepath.Join(o.dir, s.dir), s.n)
		if err != nil {
			return missed, err
		}
		bar := "-"
		if s.most > 0 {
			bar = fmt.Sprintf("%.0f MB", s.most/1e6)
			missed = missed || peak > s.most
		}
		fmt.Printf("| %s %d | %.1f | %.0f | %s |\n", s.name, s.n, took.Seconds(), peak/1e6, bar)
		if s.sum {
			all += took
		}
	}
	fmt.Printf("\nplan, summaries and merge of %d: %.1f s, at most %d s\n", o.captures, all.Seconds(), mostSeconds)
	return missed || all.Seconds() > mostSeconds, nil
}

// step carries out one in a process of its own.
func step(name, dir string, n int) (took time.Duration, peak float64, err error) {
	exe, err := os.Executable()
	if err != nil {
		return 0, 0, err
	}
	cmd := exec.Command(exe, "lots", "-step", name, "-dir", dir, "-captures", strconv.Itoa(n))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("%s: %w", name, err)
	}
	state := cmd.ProcessState
	return min(time.Since(began), state.UserTime()+state.SystemTime()), float64(state.SysUsage().(*syscall.Rusage).Maxrss) * 1024, nil // getrusage(2): kilobytes
}

// plan plans made-up captures in about 1,000 lots.
func plan(dir string, n int) error {
	run, existed, err := planIn(store.NewFolder(dir), dir, n, false)
	if err != nil {
		return err
	}
	if existed || run.Items != int64(n) || run.Lots < 900 || run.Lots > 1100 {
		return fmt.Errorf("got a plan of %d captures in %d lots, there already: %v", run.Items, run.Lots, existed)
	}
	return nil
}

const program = "lab"

// planIn plans made-up captures in a store that has the folder.
func planIn(out store.Store, dir string, n int, resume bool) (run *lots.Run, existed bool, err error) {
	o := lots.Options{Batch: batch.Options{Dir: dir, Program: program}, Lots: 1000, Resume: resume}
	source := lots.Source{Root: "caps", Store: listing(n)}
	return lots.PlanSources(context.Background(), out, []lots.Source{source}, nil, o)
}

// resume plans the captures of a plan again, all of whose lots are done.
func resume(dir string, n int) error {
	out := &finished{Folder: store.NewFolder(dir)}
	run, _, err := planIn(out, dir, n, true)
	if err != nil {
		return err
	}
	failed := 0
	for i := range n {
		if hasFailed(sizeOf(i)) {
			failed++
		}
	}
	fmt.Printf("of %d finished captures %d are planned again, those that had failed; opened: %d\n", n, run.Items, out.opened)
	if run.Items != int64(failed) || out.opened > 0 {
		return fmt.Errorf("want %d, and none opened", failed)
	}
	return nil
}

// planned opens the plan in a folder.
func planned(dir string) (*lots.Run, error) {
	found, err := filepath.Glob(filepath.Join(dir, lots.Folder, "*"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("plans in %s: %v, %w", dir, found, err)
	}
	return lots.Open(context.Background(), found[0])
}
