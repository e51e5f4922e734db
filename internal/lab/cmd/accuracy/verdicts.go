package accuracy

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/report"
)

// The bars of verdicts.
const (
	minMacroF1   = .98
	minOfKind    = .98 // of the flags of a kind with the right verdict
	stallsOfKind = .97 // of links that stall, which is reached; minOfKind is wanted there, too
	maxUndecided = .03
)

// verdictTrials is the present work, and its sum.
type verdictTrials struct {
	o     options
	group *errgroup.Group
	mu    sync.Mutex // of the rest
	sum   judge.Confusion
}

// verdictTables are the degradations that verdicts are judged on by default. Each
// line has a table of its own: copies are so many that they would hide the rest.
var verdictTables = []string{"rawsocket,drops-0.1,drops-2,everything", "reversed", "copies-5us,copies-30us,copies-300us,copies-50ms"}

// runVerdicts judges the verdicts of all trials, and prints a table for each list
// of degradations.
func runVerdicts(ctx context.Context, o options, paths []string) error {
	sets, err := verdictSets(paths)
	if err != nil {
		return err
	}
	tables := verdictTables
	if o.degradations != "" {
		tables = []string{o.degradations}
	}
	failed := false
	for _, names := range tables {
		o.degradations = names
		for _, set := range sets {
			sum, err := judgeVerdicts(ctx, o, set.recordings)
			if err != nil {
				return err
			}
			fmt.Printf("%s: %s\n", set.name, names)
			printConfusion(os.Stdout, &sum)
			for _, line := range verdictBars(&sum, set.ofKind) {
				fmt.Println("missed:", line)
				failed = true
			}
			for _, kind := range judge.Kinds() {
				if all, right := sum.OfKind(kind); share(right, all) >= set.ofKind && share(right, all) < minOfKind {
					fmt.Printf("target: %s: %d of %d are called %s, want %.0f %%\n", kind[0], right, all, kind[1], 100*minOfKind)
				}
			}
		}
	}
	if o.check && failed {
		return errMissed
	}
	return nil
}

// verdictSet are recordings whose verdicts are added up together.
type verdictSet struct {
	name       string
	ofKind     float64 // the bar of the flags of a kind
	recordings []lab.Recording
}

// verdictSets loads the recordings, those over links that reorder much apart, and of
// these those that no constant is tuned on.
func verdictSets(paths []string) ([]verdictSet, error) {
	sets := []verdictSet{
		{name: "all but links that reorder much", ofKind: minOfKind, recordings: []lab.Recording{lab.Refusals()}},
		{name: "links that reorder much, tuned on", ofKind: minOfKind},
		{name: "links that reorder much, held out", ofKind: minOfKind},
		{name: "links that lose, duplicate and stall besides, tuned on", ofKind: stallsOfKind},
	}
	for _, path := range paths {
		recording, err := lab.Load(path)
		if err != nil {
			return nil, err
		}
		name, set := strings.TrimSuffix(filepath.Base(path), ".pcapng.gz"), &sets[0]
		switch {
		case lab.HeldOut(name):
			set = &sets[2]
		case filepath.Base(filepath.Dir(path)) == lab.ForVerdicts:
			set = &sets[3]
		case strings.HasPrefix(name, crossing):
			set = &sets[1]
		}
		set.recordings = append(set.recordings, recording)
	}
	return slices.DeleteFunc(sets, func(s verdictSet) bool { return len(s.recordings) == 0 }), nil
}

// judgeVerdicts degrades and repairs each recording in each way, and adds up what
// the verdicts on them are.
func judgeVerdicts(ctx context.Context, o options, recordings []lab.Recording) (judge.Confusion, error) {
	degradations, err := o.chosen()
	if err != nil {
		return judge.Confusion{}, err
	}
	v := &verdictTrials{o: o}
	v.group, ctx = errgroup.WithContext(ctx)
	v.group.SetLimit(runtime.GOMAXPROCS(0))
	for _, recording := range recordings {
		c := judge.NewCase(ctx, recording)
		for _, d := range degradations {
			for seed := o.firstSeed; seed < o.firstSeed+o.seeds; seed++ {
				v.group.Go(func() error { return v.try(ctx, o.trial(c, d, seed)) })
			}
		}
	}
	err = v.group.Wait()
	return v.sum, err
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
				fmt.Printf("%s, %s, seed %d, frame %d (%d of the recording) of %s: %s was %s, said to be %s: %s\n", t.Case.Name, t.Degradation.Name, t.Seed,
					m.Frame, m.Recorded, m.Flow, m.Flag, m.Truth, m.Verdict, m.Evidence)
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
			fmt.Fprintf(table, "%d\t", c.Counts[[2]string{truth, string(name)}])
		}
		right := c.Counts[[2]string{truth, truth}]
		fmt.Fprintf(table, "%d\t%s\t%s\t%.4f\t\n", c.Row(truth), percent(right, c.Row(truth)), percent(right, c.Column(truth)), c.F1(truth))
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
	printKinds(w, c)
	printFloors(w, c)
	fmt.Fprintf(w, "%d flags: macro-F1 %.4f, undecided %s; of %d more the events don't tell what they were; without verdict %d, with two %d\n",
		c.All(), c.MacroF1(), percent(c.Column(string(report.Undecided)), c.All()), c.Open, c.Unheard, c.Twice)
}

// printKinds prints what is said of the flags of each kind.
func printKinds(w io.Writer, c *judge.Confusion) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, kind := range judge.Kinds() {
		all, right := c.OfKind(kind)
		if all == 0 {
			continue
		}
		fmt.Fprintf(table, "%s	%d	%s right	", kind[0], all, percent(right, all))
		for _, pair := range slices.SortedFunc(maps.Keys(c.Kinds), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
			if pair[0] == kind[0] {
				fmt.Fprintf(table, " %s %d", pair[1], c.Kinds[pair])
			}
		}
		fmt.Fprintln(table)
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

// printFloors prints how many of the wrong verdicts belong to each floor.
func printFloors(w io.Writer, c *judge.Confusion) {
	wrong := c.All()
	for _, name := range c.Truths() {
		wrong -= c.Counts[[2]string{name, name}]
	}
	for _, why := range judge.Floors() {
		if n := c.Floors[why]; n > 0 {
			fmt.Fprintf(w, "floor: %d of %d wrong verdicts %s\n", n, wrong, why)
		}
	}
}

// verdictBars says which bars the verdicts miss, with that of the flags of a kind.
func verdictBars(c *judge.Confusion, ofKind float64) (missed []string) {
	miss := func(format string, args ...any) { missed = append(missed, fmt.Sprintf(format, args...)) }
	if got := c.MacroF1(); got < minMacroF1 {
		miss("macro-F1 is %.4f, want %.2f", got, minMacroF1)
	}
	if n := c.Counts[[2]string{string(report.Loss), string(report.Artefact)}]; n > 0 {
		miss("%d genuine losses were called artefacts, want none", n)
	}
	for _, kind := range judge.Kinds() {
		if all, right := c.OfKind(kind); share(right, all) < ofKind {
			miss("%s: %d of %d are called %s, want %.0f %%", kind[0], right, all, kind[1], 100*ofKind)
		}
	}
	if n := c.Column(string(report.Undecided)); float64(n) > maxUndecided*float64(c.All()) {
		miss("%d of %d flags undecided, want at most %.0f %%", n, c.All(), 100*maxUndecided)
	}
	if c.Unheard+c.Twice > 0 {
		miss("%d flags without verdict and %d with two, want none", c.Unheard, c.Twice)
	}
	return missed
}
