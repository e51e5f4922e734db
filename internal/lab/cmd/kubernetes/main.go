//go:build linux

// Package kubernetes has a real control plane of Kubernetes carry out a plan, with nodes
// that are made up, loses one of them in the middle, and compares with what one machine
// makes of the same captures.
//
//	lab kubernetes [-bin DIR] [-lots 64] [-captures 96] [-seed 1] [-dir DIR]
//
// The API server and the controllers are those of the module k8s.io/kubernetes, which it
// builds (half an hour of processor time, 4 GB of disk) unless -bin names the folder
// where kube-apiserver and kube-controller-manager are; etcd is Debian's, and has to be
// installed. All are on the loopback interface and in a temporary folder.
//
// There is no kubelet and no scheduler: this command binds Pods to two nodes, of two
// Pods at a time each, runs their containers' arguments as processes of this machine,
// and tells the API server what became of them. So the Job as `mendcap batch submit`
// prints it, its indexes, retries, failure policy and tolerations are real, and images,
// volumes and limits of memory are not. One Pod is evicted while its worker writes an
// output, and another worker is killed. Then one node falls silent and its processes are killed; its Pods are evicted
// by their tolerations, and its Node object is deleted, as a cloud provider would.
// Outputs, reports and the merged summary, but for the footer of its page, must be those
// of `mendcap batch`, byte for byte; it exits with 1 if not.
package kubernetes

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/mendcap/mendcap/internal/lab/planned"
)

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o planned.Options
	flag.IntVar(&o.Lots, "lots", 64, "lots that the plan has, about")
	flag.IntVar(&o.Captures, "captures", 96, "captures that are made, beside those in archives")
	flag.Uint64Var(&o.Seed, "seed", 1, "of the captures")
	bin := flag.String("bin", "", "where the programs of Kubernetes are (default they are built)")
	dir := flag.String("dir", "", "where the temporary folder is made (default the system's)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *bin, *dir, o); err != nil {
		fmt.Fprintln(os.Stderr, "kubernetes:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, bin, in string, o planned.Options) (err error) {
	dir, err := os.MkdirTemp(in, "kubernetes-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if bin == "" {
		bin = filepath.Join(dir, "control")
		if err := build(ctx, bin); err != nil {
			return err
		}
	}
	b, err := planned.New(ctx, dir, o)
	if err != nil {
		return err
	}
	p, err := start(ctx, bin, filepath.Join(dir, "plane"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	b.Say("the control plane is ready")
	if err := carryOut(b, p); err != nil {
		return err
	}
	return b.Compare()
}
