package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/report"
)

// The bars of verdicts.
const (
	minMacroF1   = .95
	maxUndecided = .03
)

// verdictTrials is the work at hand, and its sum.
type verdictTrials struct {
	o     options
	group *errgroup.Group
	mu    sync.Mutex // of the rest
	sum   judge.Confusion
}

// runVerdicts judges the verdicts of all trials.
func runVerdicts(ctx context.Context, o options, paths []string, degradations []lab.Degradation) error {
	v := &verdictTrials{o: o}
	v.group, ctx = errgroup.WithContext(ctx)
	v.group.SetLimit(runtime.GOMAXPROCS(0))
	for _, path := range paths {
		recording, err := lab.Load(path)
		if err != nil {
			return err
		}
		c := judge.NewCase(ctx, recording)
		for _, d := range degradations {
			for seed := o.firstSeed; seed < o.firstSeed+o.seeds; seed++ {
				v.group.Go(func() error { return v.try(ctx, o.trial(c, d, seed)) })
			}
		}
	}
	if err := v.group.Wait(); err != nil {
		return err
	}
	printConfusion(os.Stdout, &v.sum)
	missed := verdictBars(&v.sum)
	for _, line := range missed {
		fmt.Println("missed:", line)
	}
	if o.check && len(missed) > 0 {
		return errMissed
	}
	return nil
}

func (v *verdictTrials) try(ctx context.Context, t judge.Trial) error {
	return inTemporary(func(dir string) error {
		c, mistakes, _, err := t.Verdicts(ctx, dir)
		if err != nil {
			return fmt.Errorf("%s, %s, seed %d: %w", t.Case.Name, t.Degradation.Name, t.Seed, err)
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.sum.Add(c)
		for _, m := range mistakes {
			if v.o.mistakes {
				fmt.Printf("%s, %s, seed %d, frame %d of %s: %s was %s, said to be %s: %s\n", t.Case.Name, t.Degradation.Name, t.Seed,
					m.Frame, m.Flow, m.Flag, m.Truth, m.Verdict, m.Evidence)
			}
		}
		return nil
	})
}

// printConfusion prints a row for each truth and a column for each verdict.
func printConfusion(w io.Writer, c *judge.Confusion) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "was, said to be\t")
	verdicts := report.Verdicts()
	for _, name := range verdicts {
		fmt.Fprintf(table, "%s\t", name)
	}
	fmt.Fprintln(table, "all\trecall\tprecision\tF1\t")
	for _, truth := range c.Truths() {
		fmt.Fprintf(table, "%s\t", truth)
		for _, name := range verdicts {
			fmt.Fprintf(table, "%d\t", c.Counts[[2]string{truth, name}])
		}
		right := c.Counts[[2]string{truth, truth}]
		fmt.Fprintf(table, "%d\t%s\t%s\t%.4f\t\n", c.Row(truth), percent(right, c.Row(truth)), percent(right, c.Column(truth)), c.F1(truth))
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
	fmt.Fprintf(w, "%d flags: macro-F1 %.4f, undecided %s; of %d more the events don't tell what they were; without verdict %d, with two %d\n",
		c.All(), c.MacroF1(), percent(c.Column(report.Undecided), c.All()), c.Open, c.Unheard, c.Twice)
}

// verdictBars says which bars the verdicts miss.
func verdictBars(c *judge.Confusion) (missed []string) {
	miss := func(format string, args ...any) { missed = append(missed, fmt.Sprintf(format, args...)) }
	if got := c.MacroF1(); got < minMacroF1 {
		miss("macro-F1 is %.4f, want %.2f", got, minMacroF1)
	}
	if n := c.Counts[[2]string{report.Loss, report.Artefact}]; n > 0 {
		miss("%d genuine losses were called artefacts, want none", n)
	}
	if n := c.Column(report.Undecided); float64(n) > maxUndecided*float64(c.All()) {
		miss("%d of %d flags undecided, want at most %.0f %%", n, c.All(), 100*maxUndecided)
	}
	if c.Unheard+c.Twice > 0 {
		miss("%d flags without verdict and %d with two, want none", c.Unheard, c.Twice)
	}
	return missed
}
