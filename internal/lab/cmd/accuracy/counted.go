package accuracy

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
)

// printCounted prints, of captures without SACK, what the number of the host's ACKs told of
// arrivals beyond a hole, and how often truth breaks what that is read from.
func printCounted(w io.Writer, rows []sampled) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nwithout SACK\taligned\tin order\tin turn\twrong\tlate\twrong\tgiven up\tlate in truth\ttruth: beyond a hole\tno ACK\tACKs repeated\tfor none\tholes filled\tACK covers later ones\t")
	for _, r := range rows {
		if c, a := r.score.Counted, r.answers; c != (judge.Counted{}) || a != (judge.Answers{}) {
			fmt.Fprintf(table, "%s\t%s%s\n", r.name, countedCells(c), answersCells(a))
		}
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

func countedCells(c judge.Counted) string {
	return fmt.Sprintf("%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t", c.All(), c.Unique, c.InTurn, c.WrongInTurn, c.Late, c.WrongLate, c.Open, c.DelayedOfOpen)
}

func answersCells(a judge.Answers) string {
	return fmt.Sprintf("%d\t%d\t%d\t%d\t%d\t%d\t", a.Beyond, a.Unanswered, a.Repeated, a.Unasked, a.Fillers, a.Outrun)
}

// countedLines say the same of the rows of the order's table: in sum of all degradations,
// and of truth once.
func countedLines(results []result) (lines []string) {
	var all sums
	var truth, held judge.Answers
	told := map[string]bool{}
	for _, r := range results {
		all.add(r)
		switch {
		case told[r.name]:
		case lab.HeldOut(r.name):
			held.Add(r.answers)
		default:
			truth.Add(r.answers)
		}
		told[r.name] = true
	}
	for _, part := range []struct {
		name  string
		sum   judge.Counted
		truth judge.Answers
	}{{"tuned on", all.tuned.score.Counted, truth}, {"held out", all.held.score.Counted, held}} {
		c, a := part.sum, part.truth
		lines = append(lines,
			fmt.Sprintf("%s: of %d arrivals beyond a hole %d are in order, %d told to be in turn (%d wrongly), %d late (%d wrongly), %d given up (%d of them late)",
				part.name, c.All(), c.Unique, c.InTurn, c.WrongInTurn, c.Late, c.WrongLate, c.Open, c.DelayedOfOpen),
			fmt.Sprintf("%s: in truth %d of %d arrivals beyond a hole have no ACK of their own, %d of %d repeated ACKs are for none, and %d of %d ACKs for what fills a hole cover what came later",
				part.name, a.Unanswered, a.Beyond, a.Unasked, a.Repeated, a.Outrun, a.Fillers))
	}
	return lines
}
