package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/mendcap/mendcap/internal/lab/browser"
	"github.com/mendcap/mendcap/internal/lab/builds"
	"github.com/mendcap/mendcap/report"
)

// The bar of the page of a large capture.
const (
	mostBytes = 1_500_000
	mostTime  = 2 * time.Second
	mostRatio = 1.5 // median, of the times to open this page and the other revision's
)

// visits is how often each page is opened.
const visits = 15

// opened is what came of opening a page some times, beside another one each time.
type opened struct {
	times      []time.Duration // sorted
	ratios     []float64       // sorted; none where there is no other
	complaints []string
}

// measureLarge makes a large capture, and measures its page.
func measureLarge(ctx context.Context, o options, dir string, recorded []string) (missed, err error) {
	if len(recorded) == 0 {
		recorded = recordings("lossy", "reorder-light", "many-flows")
	}
	in, lab, mendcap := filepath.Join(dir, "large.pcapng"), filepath.Join(dir, "lab"), filepath.Join(dir, "mendcap")
	err = errors.Join(builds.Here(ctx, mendcap), builds.Run(ctx, "", "go", "build", "-o", lab, "github.com/mendcap/mendcap/internal/lab/cmd"))
	if err == nil {
		err = builds.Run(ctx, "", lab, slices.Concat([]string{"large", "-size", o.size, "-degraded", "-o", in}, recorded)...)
	}
	if err != nil {
		return nil, err
	}
	r, page, err := repaired(ctx, mendcap, in)
	if err != nil {
		return nil, err
	}
	fmt.Printf("capture   %d packets, %d moved, %d findings, %d connections\n", r.Capture.Packets, r.Order.Moved, r.Findings.Total, r.Flows.Total)
	fmt.Printf("page      %.2f MB\n", float64(len(page))/1e6)
	var other []byte
	if o.with != "" {
		if err := builds.Of(ctx, o.with, mendcap); err != nil {
			return nil, err
		}
		if _, other, err = repaired(ctx, mendcap, in); err != nil {
			return nil, err
		}
		fmt.Printf("%-9s %.2f MB\n", o.with, float64(len(other))/1e6)
	}
	got, err := open(ctx, page, other)
	if err != nil {
		return nil, err
	}
	least, middle, most := spread(got.times)
	fmt.Printf("opened    loaded and laid out after %d ms by the browser's clock (%d to %d, %d times)\n", middle.Milliseconds(), least.Milliseconds(), most.Milliseconds(), visits)
	if got.ratios != nil {
		least, middle, most := spread(got.ratios)
		fmt.Printf("          %.2f times as long as %s's, opened in turn (%.2f to %.2f)\n", middle, o.with, least, most)
	}
	return bar(o, r.Capture.Packets, len(page), got), nil
}

// bar says what is missed.
func bar(o options, packets int64, size int, got *opened) error {
	var missed []error
	if packets < o.packets {
		missed = append(missed, fmt.Errorf("%d packets, want at least %d", packets, o.packets))
	}
	if size > mostBytes {
		missed = append(missed, fmt.Errorf("a page of %d bytes, want at most %d", size, mostBytes))
	}
	if _, middle, _ := spread(got.times); middle >= mostTime {
		missed = append(missed, fmt.Errorf("loaded after %v, want less than %v", middle, mostTime))
	}
	if got.ratios != nil {
		if _, middle, _ := spread(got.ratios); middle > mostRatio {
			missed = append(missed, fmt.Errorf("%.2f times as long to open, want at most %.2f", middle, mostRatio))
		}
	}
	if len(got.complaints) > 0 {
		missed = append(missed, fmt.Errorf("the browser says %q", got.complaints))
	}
	return errors.Join(missed...)
}

// spread returns the least, the middle and the most of sorted numbers.
func spread[T any](sorted []T) (least, middle, most T) {
	return sorted[0], sorted[len(sorted)/2], sorted[len(sorted)-1]
}

// repaired gives the report and the page of a capture, by a build of mendcap.
func repaired(ctx context.Context, mendcap, in string) (r report.Report, page []byte, err error) {
	stored, html := in+".json", in+".html"
	if err := builds.Run(ctx, "", mendcap, "repair", "-q", "-w", os.DevNull, "--report", stored, "--report", html, in); err != nil {
		return r, nil, err
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

// open opens a page some times, and another one, if there is one, in turn with it, in the
// same browser. A first visit of both is not counted.
func open(ctx context.Context, page, other []byte) (*opened, error) {
	s, err := browser.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	got := &opened{}
	for i := range visits + 1 {
		took, err := s.Show(page)
		if err != nil {
			return nil, err
		}
		got.complaints = append(got.complaints, s.Complaints...)
		var its time.Duration
		if other != nil {
			if its, err = s.Show(other); err != nil {
				return nil, err
			}
		}
		if i == 0 {
			continue
		}
		got.times = append(got.times, took)
		if other != nil {
			got.ratios = append(got.ratios, float64(took)/float64(its))
		}
	}
	slices.Sort(got.times)
	slices.Sort(got.ratios)
	return got, nil
}
