//go:build linux

// Package slurm has a real Slurm of two nodes carry out a plan, ends one of them in the
// middle, and compares with what one machine makes of the same captures.
//
//	lab slurm [-lots 64] [-captures 96] [-seed 1] [-dir DIR] [-store URL]
//
// It needs root; slurmctld, slurmd, Slurm's clients and munge are installed by apt-get
// where they are missing. All of it is on the loopback interface and in a temporary
// folder (-dir says where), with a key and a configuration of its own; nothing of the
// machine's own Slurm is touched.
//
// The captures are undisturbed, disturbed, without headers and with tables, damaged, and
// in archives. The script that `mendcap batch submit` prints is given to sbatch as it is.
// One running lot is requeued, so that its worker is interrupted, and the worker of
// another is killed, so that its script requeues it. Then one of the nodes is ended by
// SIGKILL, its daemon and all of its processes, while a worker there writes an output,
// and Slurm gives its lots to the other node. With -store captures and outputs are below
// a URL (the lab is to be built with the tag cloud), and workers are disturbed while
// they have a capture's copy open. Outputs, reports and the merged summary,
// but for the footer of its page, must be those of `mendcap batch`, byte for byte; it
// exits with 1 if not.
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

	"github.com/mendcap/mendcap/internal/lab/planned"
)

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o planned.Options
	flag.IntVar(&o.Lots, "lots", 64, "lots that the plan has, about")
	flag.IntVar(&o.Captures, "captures", 96, "captures that are made, beside those in archives")
	flag.Uint64Var(&o.Seed, "seed", 1, "of the captures")
	flag.StringVar(&o.Store, "store", "", "`URL` in a store of objects below which captures and outputs are (default files)")
	dir := flag.String("dir", "", "where the temporary folder is made (default the system's)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, o); err != nil {
		fmt.Fprintln(os.Stderr, "slurm:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, in string, o planned.Options) (err error) {
	if os.Geteuid() != 0 {
		return errors.New("it starts daemons as root")
	}
	if err := install(ctx); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(in, "slurm-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := planned.New(ctx, dir, o)
	if err != nil {
		return err
	}
	cluster, err := start(ctx, filepath.Join(dir, "cluster"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.stop()) }()
	if err := cluster.carryOut(b); err != nil {
		return err
	}
	return b.Compare()
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
