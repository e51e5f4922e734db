package accuracy

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
)

// printResults prints a row for each recording, a sum for each degradation, and
// one for all.
func printResults(w io.Writer, o options, results []result) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	var all sums
	for i := 0; i < len(results); {
		n := 1
		for i+n < len(results) && results[i+n].degradation.Name == results[i].degradation.Name {
			n++
		}
		printGroup(table, o, results[i:i+n])
		for _, r := range results[i : i+n] {
			all.add(r)
		}
		i += n
	}
	printHead(table, o, "all")
	all.print(table, o)
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

func printGroup(w io.Writer, o options, results []result) {
	printHead(w, o, results[0].degradation.Name)
	var group sums
	for _, r := range results {
		printRow(w, o, r.name, r.score, r.trueKept)
		group.add(r)
	}
	group.print(w, o)
	fmt.Fprintln(w, "\t")
}

// sums adds up rows: those of recordings that constants may be tuned on, and those
// of the others, apart.
type sums struct{ tuned, held, all sum }

type sum struct {
	score  judge.Score
	rows   int
	spoilt bool // a true capture didn't leave as it came
}

func (s *sums) add(r result) {
	part := &s.tuned
	if lab.HeldOut(r.name) {
		part = &s.held
	}
	for _, to := range [...]*sum{part, &s.all} {
		to.score.Add(r.score)
		to.rows++
		to.spoilt = to.spoilt || !r.trueKept
	}
}

func (s *sums) print(w io.Writer, o options) {
	if s.tuned.rows > 0 && s.held.rows > 0 {
		printRow(w, o, "sum, tuned on", s.tuned.score, !s.tuned.spoilt)
		printRow(w, o, "sum, held out", s.held.score, !s.held.spoilt)
	}
	printRow(w, o, "sum", s.all.score, !s.all.spoilt)
}

func printHead(w io.Writer, o options, name string) {
	fmt.Fprintf(w, "%s\tpackets\t", name)
	if !o.quick {
		fmt.Fprint(w, "lost\tadded\tchanged\tnext header\tunknown\twrong\tdestination\tunknown\twrong\ttrue kept\t")
	}
	fmt.Fprintln(w, "spurious\tafter\tless\tfloor\tgenuine\tkept\tinverted\tafter\tworsened\tharmed\tper 100,000\tin time\ttouched\t")
}

func printRow(w io.Writer, o options, name string, s judge.Score, trueKept bool) {
	fmt.Fprintf(w, "%s\t%d\t", name, s.Packets)
	if !o.quick {
		fmt.Fprintf(w, "%d\t%d\t%d\t%s\t%d\t%d\t%s\t%d\t%d\t%v\t", s.Lost, s.Added, s.Changed,
			percent(s.NextHeader.Right, s.IPv6), s.NextHeader.Unknown, s.NextHeader.Wrong,
			percent(s.Destination.Right, s.IPv6), s.Destination.Unknown, s.Destination.Wrong, trueKept)
	}
	order := s.Order
	fmt.Fprintf(w, "%d\t%d\t%s\t%d\t%d\t%s\t%d\t%d\t%d\t%d\t%.2f\t%s\t%d\t\n",
		s.SpuriousBefore, s.SpuriousAfter, percent(s.SpuriousBefore-s.SpuriousAfter, s.SpuriousBefore), s.Floor,
		s.Genuine, percent(s.Kept, s.Genuine), order.InvertedBefore, order.InvertedAfter, order.Worsened,
		order.Harmed, 1e5*share(order.Harmed, order.Pairs), percent(s.Held, s.Times), order.Touched)
}

// percent writes n of total; "-" where there was nothing.
func percent(n, total int) string {
	if total == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f%%", 100*float64(n)/float64(total))
}
