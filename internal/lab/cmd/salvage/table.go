package salvage

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// print prints one row for each kind of damage.
func print(w io.Writer, judges []contender, rows []row) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "damage\tfiles\trecoverable\t")
	for _, c := range judges {
		fmt.Fprintf(table, "%s\tfalse\t", c.name)
	}
	fmt.Fprintln(table)
	all := row{name: "all", scores: make([]score, len(judges))}
	for _, r := range rows {
		printRow(table, judges, r)
		all.files += r.files
		all.recoverable += r.recoverable
		for i, s := range r.scores {
			t := &all.scores[i]
			t.recovered, t.wrong, t.written = t.recovered+s.recovered, t.wrong+s.wrong, t.written+s.written
		}
	}
	printRow(table, judges, all)
	_ = table.Flush() // writing to the terminal is best effort
}

func printRow(w io.Writer, judges []contender, r row) {
	fmt.Fprintf(w, "%s\t%d\t%d\t", r.name, r.files, r.recoverable)
	for i, c := range judges {
		if c.run == nil {
			fmt.Fprint(w, "-\t-\t")
			continue
		}
		s := r.scores[i]
		fmt.Fprintf(w, "%.2f %%\t%d\t", 100*float64(s.recovered)/float64(max(r.recoverable, 1)), s.wrong)
	}
	fmt.Fprintln(w)
}

// misses names the bars that mendcap misses.
func misses(rows []row, judges []contender) (missed []string) {
	wrong, written := 0, 0
	for _, r := range rows {
		mine := r.scores[0]
		wrong, written = wrong+mine.wrong, written+mine.written
		for i, s := range r.scores[1:] {
			if s.recovered > mine.recovered {
				missed = append(missed, fmt.Sprintf("missed: %s: %d packets recovered, %s %d", r.name, mine.recovered, judges[i+1].name, s.recovered))
			}
		}
		if r.name == kinds()[0].name && mine.recovered < r.recoverable {
			missed = append(missed, fmt.Sprintf("missed: %s: %d packets lost", r.name, r.recoverable-mine.recovered))
		}
	}
	if float64(wrong) > mostFalse*float64(written) {
		missed = append(missed, fmt.Sprintf("missed: %d of %d packets are false", wrong, written))
	}
	return missed
}
