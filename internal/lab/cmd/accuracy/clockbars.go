package accuracy

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
)

// jumpingClocks judges the intervals of captures whose clock is set, in memory.
// Their flags depend on stamps that no order repairs, so they count nowhere else.
func jumpingClocks(ctx context.Context, o options, paths []string) ([]result, error) {
	o.quick = true
	return runTrials(ctx, o, paths, lab.ClockDegradations())
}

// byDegradation adds up the results of each degradation, in the order in which they come.
func byDegradation(results []result) (all []result) {
	for _, r := range results {
		if n := len(all); n == 0 || all[n-1].degradation.Name != r.degradation.Name {
			all = append(all, result{name: "sum", degradation: r.degradation})
		}
		all[len(all)-1].score.Add(r.score)
	}
	return all
}

func printClocks(w io.Writer, results []result) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "clock\tpackets\tin time\ttouched\t")
	for _, r := range byDegradation(results) {
		fmt.Fprintf(table, "%s\t%d\t%s\t%d\t\n", r.degradation.Name, r.score.Packets, percent(r.score.Held, r.score.Times), r.score.Order.Touched)
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

// clockBars says where too few intervals hold the true time, or a packet moved
// though nothing was out of order.
func clockBars(results []result) (missed []string) {
	for _, r := range byDegradation(results) {
		missed = append(missed, heldBar(r.degradation.Name, r.score)...)
		if n := r.score.Order.Touched; n > 0 {
			missed = append(missed, fmt.Sprintf("%s: nothing was out of order, yet %d packets have another place or time", r.degradation.Name, n))
		}
	}
	return missed
}

func heldBar(name string, s judge.Score) []string {
	if held := share(s.Held, s.Times); held < minInTime {
		return []string{fmt.Sprintf("%s: %.2f %% of the intervals hold the true time, want %.0f", name, 100*held, 100*minInTime)}
	}
	return nil
}
