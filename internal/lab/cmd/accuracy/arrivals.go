package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/internal/tcp"
)

// sampled is a row: a capture of a completion port that was degraded elsewhere.
type sampled struct {
	name  string
	score judge.Score
}

// runArrivals judges the captures of completion ports over networks that reorder.
// Window updates are not counted: with automatic buffers nearly every ACK is one.
func runArrivals(ctx context.Context, o options) error {
	trials, err := o.loadSamples(ctx)
	if err != nil {
		return err
	}
	var rows []sampled
	for _, t := range trials {
		t.Options.Without, t.Ignore = o.laws(), tcp.WindowUpdate
		if o.remains {
			if err := t.Remains(os.Stdout); err != nil {
				return err
			}
			continue
		}
		score, err := t.Direct()
		if !o.quick {
			err = inTemporary(func(dir string) error {
				score, err = t.RunFile(ctx, dir)
				return err
			})
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.Case.Name, err)
		}
		rows = append(rows, sampled{t.Case.Name, score})
	}
	printArrivals(os.Stdout, rows)
	missed := arrivalBars(rows)
	for _, line := range missed {
		fmt.Println("missed:", line)
	}
	if o.check && len(missed) > 0 {
		return errMissed
	}
	return nil
}

// loadSamples loads the recordings that a sniffer with threads took beside the true
// ones, and the samples where they are at hand.
func (o options) loadSamples(ctx context.Context) (trials []judge.Trial, err error) {
	patterns := []string{filepath.Join(o.folder, "sockets", "*.truth.pcapng.gz")}
	if samples := os.Getenv(samplesVariable); samples != "" {
		patterns = append(patterns, filepath.Join(samples, "order", "*.truth.pcapng.xz"))
	}
	for _, pattern := range patterns {
		truths, err := filepath.Glob(pattern)
		if err != nil {
			return nil, err
		}
		for _, truth := range truths {
			path := strings.Replace(truth, ".truth", "", 1)
			name, _, _ := strings.Cut(filepath.Base(path), ".")
			t, err := judge.LoadSample(ctx, name, path, truth)
			if err != nil {
				return nil, err
			}
			trials = append(trials, t)
		}
	}
	return trials, nil
}

func printArrivals(w io.Writer, rows []sampled) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "capture\tpackets\tspurious\tleft\tgenuine\thidden\twrong neighbours\tafter\tharmed\tinbound swaps apart\ttogether\t")
	for _, r := range rows {
		s := r.score
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", r.name, s.Packets, s.SpuriousBefore, s.SpuriousAfter,
			s.Genuine, s.Genuine-s.Kept, s.Order.InvertedBefore, s.Order.InvertedAfter, s.Order.Harmed,
			s.Swaps.Apart, s.Swaps.Together)
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

// What is wanted of the samples: flags left, as a share of those before, and genuine
// ones hidden. In reorder-ports the network's compressed ACKs leave some swaps open.
const (
	maxArrivalsLeft   = .005
	maxArrivalsHidden = .01
	maxHiddenOpen     = .015
	openSample        = "reorder-ports"
)

// arrivalBars says what is missed. Of what real threads recorded, which disorders
// little, only that it has no more flags than before.
func arrivalBars(rows []sampled) (missed []string) {
	for _, r := range rows {
		s, left, hidden := r.score, maxArrivalsLeft, maxArrivalsHidden
		switch {
		case r.name == openSample:
			hidden = maxHiddenOpen
		case !strings.HasSuffix(r.name, "-ports"):
			left, hidden = 1, 1
		}
		if limit := int(left * float64(s.SpuriousBefore)); s.SpuriousAfter > limit {
			missed = append(missed, fmt.Sprintf("%s: %d flags left, want at most %d", r.name, s.SpuriousAfter, limit))
		}
		if limit := int(hidden * float64(s.Genuine)); s.Genuine-s.Kept > limit {
			missed = append(missed, fmt.Sprintf("%s: %d genuine flags hidden, want at most %d", r.name, s.Genuine-s.Kept, limit))
		}
	}
	return missed
}
