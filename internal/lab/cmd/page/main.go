// Package page measures the report's page for a large capture: how big it is, and how
// long a headless Chromium takes to open it.
//
//	lab page [-size 750MB] [-packets 1000000] [-check] [RECORDING...]
//
// The capture is made out of recordings as a raw socket would have disordered
// them, so that the report has much to show, and repaired by the binary of this
// module. With -check it fails where the capture has too few packets, the page
// is larger than 5 MB, or opening it takes more than 2 s.
package page

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"github.com/mendcap/mendcap/internal/lab/browser"
	"github.com/mendcap/mendcap/report"
)

// The bar.
const (
	mostBytes = 5_000_000
	mostTime  = 2 * time.Second
)

// visits is how often each page is opened; the slowest counts.
const visits = 3

type options struct {
	size, dir string
	packets   int64
	check     bool
}

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.StringVar(&o.size, "size", "750MB", "size of the capture to make")
	flag.Int64Var(&o.packets, "packets", 1_000_000, "packets that the capture must have at least")
	flag.StringVar(&o.dir, "dir", "", "folder for scratch files")
	flag.BoolVar(&o.check, "check", false, "fail where the bar is missed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	recordings := flag.Args()
	if len(recordings) == 0 {
		for _, name := range []string{"lossy", "reorder-light", "many-flows"} {
			recordings = append(recordings, filepath.Join("testdata", "recordings", name+".pcapng.gz"))
		}
	}
	if err := run(ctx, o, recordings); err != nil {
		fmt.Fprintln(os.Stderr, "page:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, recordings []string) (err error) {
	dir, err := os.MkdirTemp(o.dir, "page-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r, page, err := repaired(ctx, dir, o.size, recordings)
	if err != nil {
		return err
	}
	fmt.Printf("capture   %d packets, %d moved, %d findings, %d connections\n", r.Capture.Packets, r.Order.Moved, r.Findings.Total, r.Flows.Total)
	fmt.Printf("page      %.2f MB\n", float64(len(page))/1e6)
	empty, err := open(ctx, []byte(blank))
	if err != nil {
		return err
	}
	full, err := open(ctx, page)
	if err != nil {
		return err
	}
	fmt.Printf("opened    loaded and laid out after %d ms by the browser's clock, the slowest of %d\n", full.Loaded.Milliseconds(), visits)
	fmt.Printf("          the whole process took %d ms, with an empty page %d ms\n", full.Whole.Milliseconds(), empty.Whole.Milliseconds())
	if !o.check {
		return nil
	}
	return bar(o, r.Capture.Packets, len(page), full)
}

// blank is a page with nothing to see, whose policy has a place for the probe.
const blank = `<!DOCTYPE html><meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'self'"><body></body>`

// bar says what is missed.
func bar(o options, packets int64, size int, v *browser.Visit) error {
	var missed []error
	if packets < o.packets {
		missed = append(missed, fmt.Errorf("%d packets, want at least %d", packets, o.packets))
	}
	if size >= mostBytes {
		missed = append(missed, fmt.Errorf("a page of %d bytes, want less than %d", size, mostBytes))
	}
	if v.Loaded >= mostTime {
		missed = append(missed, fmt.Errorf("loaded after %v, want less than %v", v.Loaded, mostTime))
	}
	if len(v.Console)+len(v.Resources) > 0 {
		missed = append(missed, fmt.Errorf("the page loads %q, and the browser says %q", v.Resources, v.Console))
	}
	return errors.Join(missed...)
}

// repaired makes a capture and gives its report and page.
func repaired(ctx context.Context, dir, size string, recordings []string) (r report.Report, page []byte, err error) {
	const module = "github.com/mendcap/mendcap/"
	in, stored, html := filepath.Join(dir, "large.pcapng"), filepath.Join(dir, "report.json"), filepath.Join(dir, "report.html")
	mendcap, lab := filepath.Join(dir, "mendcap"), filepath.Join(dir, "lab")
	for _, args := range [][]string{
		{"go", "build", "-o", mendcap, module + "cmd/mendcap"},
		{"go", "build", "-o", lab, module + "internal/lab/cmd"},
		slices.Concat([]string{lab, "large", "-size", size, "-degraded", "-o", in}, recordings),
		{mendcap, "repair", "-q", "--report", stored, "--report", html, in},
	} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return r, nil, fmt.Errorf("%s: %w: %s", args[0], err, out)
		}
	}
	text, err := os.ReadFile(stored)
	if err != nil {
		return r, nil, err
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return r, nil, err
	}
	page, err = os.ReadFile(html)
	return r, page, err
}

// open opens a page a few times and returns the slowest visit.
func open(ctx context.Context, page []byte) (*browser.Visit, error) {
	var slowest *browser.Visit
	for range visits {
		v, err := browser.Open(ctx, page, "return null")
		if err != nil {
			return nil, err
		}
		if slowest == nil || v.Loaded > slowest.Loaded {
			slowest = v
		}
	}
	return slowest, nil
}
