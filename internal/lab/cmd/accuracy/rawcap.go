package accuracy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/repair"
)

// The bars for the real capture: flags left, and neighbours whose IPv4
// Identification falls.
const (
	maxFlagsLeft      = .01
	maxInversionsLeft = 20
)

// rawcapFlags are those that the true order has few of.
const rawcapFlags = tcp.AckLostSegment | tcp.SpuriousRetransmission | tcp.Retransmission |
	tcp.WindowFull | tcp.LostSegment

// tally is what is counted of one file.
type tally struct {
	name       string
	flags      map[tcp.Analysis]int
	sum        int
	inversions int
}

func runRawcap(ctx context.Context, o options) error {
	before, err := count(ctx, "as recorded", o.rawcap)
	if err != nil {
		return err
	}
	tallies := []tally{before}
	for _, without := range [][]reorder.Law{nil, {reorder.LawIPID}} {
		name := "repaired"
		if without != nil {
			name = "repaired without ip-id"
		}
		err := inTemporary(func(dir string) error {
			out := filepath.Join(dir, "repaired.pcapng")
			if _, err := repair.File(ctx, o.rawcap, out, repair.Options{Without: without}); err != nil {
				return err
			}
			t, err := count(ctx, name, out)
			tallies = append(tallies, t)
			return err
		})
		if err != nil {
			return err
		}
	}
	printTallies(tallies)
	missed := rawcapBars(tallies)
	for _, line := range missed {
		fmt.Println("missed:", line)
	}
	if o.check && len(missed) > 0 {
		return errMissed
	}
	return nil
}

func count(ctx context.Context, name, path string) (tally, error) {
	rows, err := judge.Dissect(ctx, path)
	t := tally{name: name, flags: map[tcp.Analysis]int{}}
	for i, row := range rows {
		for flag := tcp.Analysis(1); flag <= row.Flags; flag <<= 1 {
			if row.Flags&flag&rawcapFlags != 0 {
				t.flags[flag]++
				t.sum++
			}
		}
		if i > 0 && row.ID >= 0 && rows[i-1].ID >= 0 && int16(row.ID-rows[i-1].ID) < 0 {
			t.inversions++
		}
	}
	return t, err
}

func printTallies(tallies []tally) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "flag\t")
	for _, t := range tallies {
		fmt.Fprintf(table, "%s\t", t.name)
	}
	for i, name := range tcp.AnalysisNames() {
		flag := tcp.Analysis(1) << i
		if flag&rawcapFlags == 0 {
			continue
		}
		fmt.Fprintf(table, "\n%s\t", name)
		for _, t := range tallies {
			fmt.Fprintf(table, "%d\t", t.flags[flag])
		}
	}
	fmt.Fprint(table, "\nsum\t")
	for _, t := range tallies {
		fmt.Fprintf(table, "%d\t", t.sum)
	}
	fmt.Fprint(table, "\ninversions of the IPv4 ID\t")
	for _, t := range tallies {
		fmt.Fprintf(table, "%d\t", t.inversions)
	}
	fmt.Fprintln(table)
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

func rawcapBars(tallies []tally) (missed []string) {
	before, with, without := tallies[0], tallies[1], tallies[2]
	if limit := int(maxFlagsLeft * float64(before.sum)); with.sum > limit {
		missed = append(missed, fmt.Sprintf("%d flags left, want at most %d", with.sum, limit))
	}
	if with.inversions > maxInversionsLeft {
		missed = append(missed, fmt.Sprintf("%d inversions left, want at most %d", with.inversions, maxInversionsLeft))
	}
	if without.sum > before.sum || without.inversions > before.inversions {
		missed = append(missed, "without the ip-id law it is worse than as recorded")
	}
	return missed
}
