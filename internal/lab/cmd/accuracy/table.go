package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/mendcap/mendcap/internal/lab/judge"
)

// printResults prints a row for each recording and a sum for each degradation.
func printResults(w io.Writer, results []result) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for i := 0; i < len(results); {
		n := 1
		for i+n < len(results) && results[i+n].degradation == results[i].degradation {
			n++
		}
		printGroup(table, results[i:i+n])
		i += n
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

func printGroup(w io.Writer, results []result) {
	fmt.Fprintf(w, "%s\tpackets\tlost\tadded\tchanged\tnext header\tunknown\twrong\tdestination\tunknown\twrong\t"+
		"spurious\tafter\tless\tgenuine\tkept\tinverted\tafter\tworsened\ttrue kept\t\n", results[0].degradation)
	sum, kept := judge.Score{}, true
	for _, r := range results {
		printRow(w, r.name, r.score, r.trueKept)
		sum.Add(r.score)
		kept = kept && r.trueKept
	}
	printRow(w, "sum", sum, kept)
	fmt.Fprintln(w, "\t")
}

func printRow(w io.Writer, name string, s judge.Score, trueKept bool) {
	fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%d\t%d\t%s\t%d\t%d\t%d\t%d\t%s\t%d\t%s\t%d\t%d\t%d\t%v\t\n", name,
		s.Packets, s.Lost, s.Added, s.Changed,
		percent(s.NextHeader.Right, s.IPv6), s.NextHeader.Unknown, s.NextHeader.Wrong,
		percent(s.Destination.Right, s.IPv6), s.Destination.Unknown, s.Destination.Wrong,
		s.SpuriousBefore, s.SpuriousAfter, percent(s.SpuriousBefore-s.SpuriousAfter, s.SpuriousBefore),
		s.Genuine, percent(s.Kept, s.Genuine), s.InvertedBefore, s.InvertedAfter, s.Worsened, trueKept)
}

// percent writes n of total; "-" where there was nothing.
func percent(n, total int) string {
	if total == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f%%", 100*float64(n)/float64(total))
}
