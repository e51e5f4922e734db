// Package page looks at mendcap's pages in a headless Chromium.
//
//	lab page [-with REVISION] [-size 750MB] [-packets 1000000] [-check] [RECORDING...]
//	lab page -batch 10000 [-check]
//	lab page -looks DIR [-axe DIR] [-check] [CAPTURE...]
//
// The first form measures the report's page for a large capture: how big it is, and how
// long it takes to open it; with -with beside the page of another revision, in turn. The
// capture is made out of recordings as a raw socket would have disordered them, so that
// the report has much to show.
//
// With -batch it measures the page of a batch of so many captures: how big it is, and how
// long after a key is pressed in the filter the list is on the screen.
//
// With -looks it writes pictures and prints of the pages of captures, and of the page of a
// batch of them, into a folder, to look at them, and checks what a program can: that the
// browser complains of nothing, that no page is wider than the window, that the tab key
// reaches whatever can be used, with an outline to see, and that prints are short. The
// folder of -axe has axe-core (github.com/dequelabs/axe-core), which is fetched by npm
// where it is not there, and asked too.
//
// With -check it fails where a bar is missed.
package page

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
)

type options struct {
	with, size, dir string
	packets         int64
	batch           int
	looks, axe      string
	check           bool
}

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.StringVar(&o.with, "with", "", "the revision whose page is opened in turn with this one's")
	flag.StringVar(&o.size, "size", "750MB", "size of the capture to make")
	flag.Int64Var(&o.packets, "packets", 1_000_000, "packets that the capture must have at least")
	flag.IntVar(&o.batch, "batch", 0, "measure the page of a batch of so many captures instead")
	flag.StringVar(&o.looks, "looks", "", "write pictures of pages into this folder instead")
	flag.StringVar(&o.axe, "axe", "", "ask axe-core too, which is in this folder or is fetched into it")
	flag.StringVar(&o.dir, "dir", "", "folder for scratch files")
	flag.BoolVar(&o.check, "check", false, "fail where a bar is missed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, args []string) (err error) {
	dir, err := os.MkdirTemp(o.dir, "page-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	var missed error
	switch {
	case o.batch > 0:
		missed, err = measureBatch(ctx, o.batch)
	case o.looks != "":
		missed, err = look(ctx, o, dir, args)
	default:
		missed, err = measureLarge(ctx, o, dir, args)
	}
	if err == nil && o.check {
		return missed
	}
	if missed != nil {
		fmt.Printf("missed    %v\n", missed)
	}
	return err
}

// recordings are those with these names.
func recordings(names ...string) (paths []string) {
	for _, name := range names {
		paths = append(paths, filepath.Join("testdata", "recordings", name+".pcapng.gz"))
	}
	return paths
}
