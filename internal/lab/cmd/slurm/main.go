//go:build linux

// Package slurm has a real Slurm of two nodes carry out a plan, ends one of them in the
// middle, and compares with what one machine makes of the same captures.
//
//	lab slurm [-lots 50] [-captures 96] [-seed 1] [-dir DIR]
//
// It needs root; slurmctld, slurmd, Slurm's clients and munge are installed by apt-get
// where they are missing. All of it is on the loopback interface and in a temporary
// folder (-dir says where), with a key and a configuration of its own; nothing of the
// machine's own Slurm is touched.
//
// The captures are undisturbed, disturbed, without headers and with tables, damaged, and
// in archives. The script that `mendcap batch submit` prints is given to sbatch as it is.
// One running lot is requeued, so that its worker is interrupted; then one of the nodes
// is ended by SIGKILL, its daemon and all of its processes, while a worker there writes
// an output. Slurm gives its lots to the other node. Outputs, reports and the merged
// summary must be those of `mendcap batch`, byte for byte; it exits with 1 if not.
package slurm

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/mendcap/mendcap/internal/lab/trees"
)

type options struct {
	lots, captures int
	seed           uint64
	dir            string
}

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.IntVar(&o.lots, "lots", 50, "lots that the plan has")
	flag.IntVar(&o.captures, "captures", 96, "captures that are made, beside those in archives")
	flag.Uint64Var(&o.seed, "seed", 1, "of the captures")
	flag.StringVar(&o.dir, "dir", "", "where the temporary folder is made (default the system's)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "slurm:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	if os.Geteuid() != 0 {
		return errors.New("it starts daemons as root")
	}
	if err := install(ctx); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(o.dir, "slurm-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{options: o, ctx: ctx, dir: dir, began: time.Now()}
	if err := b.prepare(); err != nil {
		return err
	}
	cluster, err := start(ctx, filepath.Join(dir, "cluster"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.stop()) }()
	if err := b.carryOut(cluster); err != nil {
		return err
	}
	return b.compare()
}

// install installs what is missing.
func install(ctx context.Context) error {
	var lacking []string
	for program, name := range map[string]string{"slurmctld": "slurmctld", "slurmd": "slurmd", "sbatch": "slurm-client", "munged": "munge"} {
		if _, err := exec.LookPath(program); err != nil {
			lacking = append(lacking, name)
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	for _, args := range [][]string{{"update", "-qq"}, append([]string{"install", "-y", "-qq", "--no-install-recommends"}, lacking...)} {
		cmd := exec.CommandContext(ctx, "apt-get", args...)
		cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("apt-get %s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

// bench has the captures, and what one machine makes of them.
type bench struct {
	options
	ctx   context.Context
	dir   string // of all
	began time.Time
	plan  string // where the plan is
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// say prints a line with the time since the start.
func (b *bench) say(format string, args ...any) {
	fmt.Printf("%6.1f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// mendcap runs it, and returns what it prints.
func (b *bench) mendcap(args ...string) (string, error) {
	var complaints strings.Builder
	cmd := exec.CommandContext(b.ctx, b.path("bin/mendcap"), args...)
	cmd.Dir, cmd.Stderr = b.dir, &complaints
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == exitSomeFailed {
		err = nil // some captures are damaged, and some are none
	}
	if err != nil {
		err = fmt.Errorf("mendcap %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(complaints.String()))
	}
	return string(out), err
}

// exitSomeFailed is mendcap's exit code for a batch in which some captures failed.
const exitSomeFailed = 6

// summaries are the forms of a summary that are compared.
var summaries = []string{".json", ".csv", ".html"}

// reports are the flags that write a summary in all its forms.
func (b *bench) reports(name string) (flags []string) {
	for _, suffix := range summaries {
		flags = append(flags, "--report", b.path(name+suffix))
	}
	return flags
}

// prepare builds mendcap, makes the captures, and has one machine repair them.
func (b *bench) prepare() error {
	out, err := exec.CommandContext(b.ctx, "go", "build", "-o", b.path("bin/mendcap"), "github.com/mendcap/mendcap/cmd/mendcap").CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	if err := b.makeCaptures(); err != nil {
		return err
	}
	b.say("captures are made")
	if _, err := b.mendcap(append(append([]string{"batch", "-q", "-o", b.path("want")}, b.reports("want")...), b.path("in"))...); err != nil {
		return err
	}
	b.say("one machine has repaired them")
	return nil
}

// compare merges the lots' summaries, and compares.
func (b *bench) compare() error {
	if _, err := b.mendcap(append(append([]string{"batch", "merge", "-q"}, b.reports("got")...), b.plan)...); err != nil {
		return err
	}
	want, err := trees.Read(b.path("want"))
	if err != nil {
		return err
	}
	got, err := trees.Read(b.path("got"))
	if err != nil {
		return err
	}
	for name := range got {
		if strings.HasPrefix(name, ".mendcap"+string(filepath.Separator)) {
			delete(got, name) // the plan
		}
	}
	for _, suffix := range summaries {
		for tree, name := range map[*trees.Tree]string{&want: "want", &got: "got"} {
			data, err := os.ReadFile(b.path(name + suffix))
			if err != nil {
				return err
			}
			(*tree)["summary"+suffix] = string(data)
		}
	}
	if difference := got.Differs(want); difference != "" {
		return fmt.Errorf("of the cluster and of one machine: %s", difference)
	}
	b.say("%d outputs and reports and %d summaries are those of one machine, byte for byte", len(want)-len(summaries), len(summaries))
	return nil
}
