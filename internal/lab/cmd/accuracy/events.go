package accuracy

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/internal/lab/witness"
)

// traces are the event traces that captures have beside them: none, a whole one, those of
// before Windows 11 24H2 and 21H2, one of AFD's events alone, and one with every trouble.
var traces = [...]struct {
	name    string
	trouble *witness.Trouble
}{
	{"without", nil},
	{"with", &witness.Trouble{}},
	{"before 24H2", &witness.Trouble{NoHeaders: true}},
	{"before 21H2", &witness.Trouble{NoHeaders: true, NoRaw: true}},
	{"AFD alone", &witness.Trouble{RawAlone: true, NoRaw: true}},
	{"troubled", &witness.Trouble{Lost: .1, Offset: int64(time.Second), Drift: 50e-6, Sockets: 2, Strangers: .5, Shuffle: true}},
}

// traced is how the captures of a recording come out with each of traces.
type traced struct {
	name   string
	held   bool
	scores [len(traces)]judge.Score
}

// runEvents judges the order of what threads recorded, with the host's own trace and
// without, and the headers that the trace tells.
func runEvents(ctx context.Context, o options) error {
	paths, err := o.paths()
	if err != nil {
		return err
	}
	degradations, err := o.chosen()
	if err != nil {
		return err
	}
	var rows []traced
	var headers, headersHeld answered
	for _, path := range paths {
		rec, err := lab.Load(path)
		if err != nil {
			return err
		}
		packets := lab.Delivered(rec.Packets)
		if !slices.ContainsFunc(packets, func(p lab.Packet) bool { return p.Data[0]>>4 == 6 && !p.Out }) {
			continue // events are of IPv6 alone
		}
		for seed := range o.seeds {
			of := &headers
			if lab.HeldOut(rec.Name) {
				of = &headersHeld
			}
			if err := of.judgeHeaders(ctx, packets, o.firstSeed+seed); err != nil {
				return fmt.Errorf("%s: %w", rec.Name, err)
			}
		}
		for _, d := range degradations {
			row := traced{name: rec.Name + " " + d.Name, held: lab.HeldOut(rec.Name)}
			for seed := range o.seeds {
				if err := row.judge(ctx, packets, d, o.firstSeed+seed); err != nil {
					return fmt.Errorf("%s: %w", row.name, err)
				}
			}
			rows = append(rows, row)
		}
	}
	rows = append(rows, sumOf(rows, "in all", false), sumOf(rows, "held out", true))
	printTraced(os.Stdout, rows)
	headers.print(os.Stdout, "headers")
	headersHeld.print(os.Stdout, "headers, held out")
	missed := slices.Concat(tracedBars(rows[len(rows)-2:]), headers.missed(), headersHeld.missed())
	for _, line := range missed {
		fmt.Println("missed:", line)
	}
	if o.check && len(missed) > 0 {
		return errMissed
	}
	return nil
}

func (r *traced) judge(ctx context.Context, packets []lab.Packet, d lab.Degradation, seed uint64) error {
	written := lab.Degrade(packets, d, seed)
	given, taken := lab.Socket(packets, d, seed)
	return inTemporary(func(dir string) error {
		c, err := witness.NewCase(ctx, dir, packets, written)
		if err != nil {
			return err
		}
		for i, beside := range traces {
			var log []byte
			if beside.trouble != nil {
				trouble := *beside.trouble
				trouble.Seed, trouble.Given, trouble.Taken = seed, given, taken
				log, _ = witness.Trace(packets, trouble)
			}
			s, err := c.Judge(ctx, log)
			if err != nil {
				return err
			}
			r.scores[i].Add(s)
		}
		return nil
	})
}

// sumOf adds up the rows of recordings that are held out, or that are not.
func sumOf(rows []traced, name string, held bool) traced {
	sum := traced{name: name, held: held}
	for _, r := range rows {
		if r.held == held {
			for i := range r.scores {
				sum.scores[i].Add(r.scores[i])
			}
		}
	}
	return sum
}

func hiddenOf(s *judge.Score) int { return s.Genuine - s.Kept }

func printTraced(w io.Writer, rows []traced) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "recording\tpackets\tspurious\tgenuine\t")
	for _, beside := range traces {
		fmt.Fprintf(table, "left %s\thidden\t", beside.name)
	}
	fmt.Fprintln(table)
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t", r.name, r.scores[0].Packets, r.scores[0].SpuriousBefore, r.scores[0].Genuine)
		for j := range r.scores {
			fmt.Fprintf(table, "%d\t%d\t", r.scores[j].SpuriousAfter, hiddenOf(&r.scores[j]))
		}
		fmt.Fprintln(table)
	}
	table.Flush()
}

// tracedBars are what sums miss: with a whole trace at most half of the flags are left
// that are left without, and no trace leaves or hides more than none.
func tracedBars(sums []traced) (missed []string) {
	for i := range sums {
		without := &sums[i].scores[0]
		for j := range sums[i].scores {
			with, bar := &sums[i].scores[j], without.SpuriousAfter
			if traces[j].name == "with" {
				bar /= 2
			}
			if with.SpuriousAfter > bar || hiddenOf(with) > hiddenOf(without) {
				missed = append(missed, fmt.Sprintf("%s, %s: %d flags are left and %d hidden, of at most %d and %d",
					sums[i].name, traces[j].name, with.SpuriousAfter, hiddenOf(with), bar, hiddenOf(without)))
			}
		}
	}
	return missed
}
