package accuracy

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/headers"
)

// peersCopies is how many copies of a recording happen at once in each plan.
const peersCopies = 10

// planned names the recording with hundreds of peers, whose peers get all plans'
// addresses.
const planned = "many-flows"

// unanswered ends the name of the recording with UDP datagrams beside that nobody
// answers, each to an address of its own: four in a hundred packets.
const (
	unanswered      = ", unanswered UDP"
	unansweredFlows = 220
)

// inferred is a row of the table: one capture under one condition.
type inferred struct {
	capture     string
	condition   headers.Condition
	ours, plain headers.Score
}

// conditions are those that every capture is put under.
func conditions() []headers.Condition {
	return []headers.Condition{
		{Tables: "all"}, {Tables: "no connections"}, {Tables: "half"}, {Tables: "none"},
		{Tables: "all", Snap: 96}, {Tables: "none", Snap: 96},
		{Tables: "all", Snap: 128}, {Tables: "none", Snap: 128},
		{Tables: "all", Only: "out"}, {Tables: "no connections", Only: "out"}, {Tables: "half", Only: "out"}, {Tables: "none", Only: "out"},
		{Tables: "all", Only: "in"}, {Tables: "no connections", Only: "in"}, {Tables: "half", Only: "in"}, {Tables: "none", Only: "in"},
		{Tables: "all", Offload: "partial"}, {Tables: "none", Offload: "partial"},
		{Tables: "all", Offload: "no length"}, {Tables: "none", Offload: "no length", Snap: 128},
		{Tables: "all", Zones: true},
	}
}

// runInference measures inference alone, in memory.
func runInference(ctx context.Context, o options, w io.Writer) error {
	cases, err := o.inferenceCases()
	if err != nil {
		return err
	}
	var rows []inferred
	for _, c := range cases {
		for _, under := range conditions() {
			rows = append(rows, inferred{capture: c.Name, condition: under})
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range rows {
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r := &rows[i]
			var err error
			r.ours, r.plain, err = headers.Run(cases[i/len(conditions())], r.condition, o.firstSeed)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	tuned, held := apart(rows)
	printInference(w, tuned)
	missed := rowBars(tuned)
	if len(held) > 0 {
		fmt.Fprintln(w, "\nheld out: plans and recordings that nothing is tuned on")
		printInference(w, held)
		missed = append(missed, rowBars(held)...)
	}
	if o.recordings == "" { // a part of them is no basis for claims
		missed = append(missed, sizeBars(sizes(w, cases))...)
		missed = append(missed, likelyBars(rows)...)
	}
	for _, line := range missed {
		fmt.Fprintln(w, "missed:", line)
	}
	if o.check && len(missed) > 0 {
		return errMissed
	}
	return nil
}

// apart separates the rows of what is held out.
func apart(rows []inferred) (tuned, held []inferred) {
	for _, r := range rows {
		if lab.HeldOut(r.capture) {
			held = append(held, r)
		} else {
			tuned = append(tuned, r)
		}
	}
	return tuned, held
}

// sizes prints and returns how much comes after the claims.
func sizes(w io.Writer, cases []*headers.Case) (packets, flows int) {
	for _, c := range cases {
		p, f := c.Size()
		packets, flows = packets+p, flows+f
	}
	fmt.Fprintf(w, "%d packets and %d flows, each under %d conditions\n", packets, flows, len(conditions()))
	return packets, flows
}

// inferencePaths finds the recordings, those among them that are there for
// inference alone.
func (o options) inferencePaths() ([]string, error) {
	paths, err := o.paths()
	if err != nil || o.recordings != "" {
		return paths, err
	}
	more, err := filepath.Glob(filepath.Join(o.folder, "headers", "*.pcapng.gz"))
	return append(paths, more...), err
}

// inferenceCases loads the recordings, and those with many peers once for each
// plan.
func (o options) inferenceCases() ([]*headers.Case, error) {
	paths, err := o.inferencePaths()
	if err != nil {
		return nil, err
	}
	var cases []*headers.Case
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".pcapng.gz")
		if strings.HasPrefix(name, "v4-") {
			continue
		}
		recording, err := lab.Load(path)
		if err != nil {
			return nil, err
		}
		truth := lab.Delivered(recording.Packets)
		cases = append(cases, headers.NewCase(name, truth))
		if name != planned {
			continue
		}
		silent := lab.Unanswered(truth, lab.Plans()[0], unansweredFlows)
		cases = append(cases, headers.NewCase(name+unanswered, silent))
		for _, plan := range append(lab.Plans(), lab.HeldOutPlans()...) {
			copies, err := lab.Renumber(truth, plan, peersCopies)
			if err != nil {
				return nil, err
			}
			cases = append(cases, headers.NewCase(name+", "+plan.Name, copies))
		}
	}
	return cases, nil
}

func printInference(w io.Writer, rows []inferred) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "capture\tcondition\tpackets\tnext header\topen\twrong\tdestination\topen\twrong\tflows\tright\topen\twrong\twith a checksum\tboth ways\tplain: next header\twrong\tdestination\twrong\t")
	var ours, plain headers.Score
	for _, r := range rows {
		printInferred(table, r.capture, r.condition.String(), &r.ours, &r.plain)
		ours.Add(r.ours)
		plain.Add(r.plain)
	}
	for _, under := range conditions() {
		var ours, plain headers.Score
		for _, r := range rows {
			if r.condition == under {
				ours.Add(r.ours)
				plain.Add(r.plain)
			}
		}
		printInferred(table, "all", under.String(), &ours, &plain)
	}
	printInferred(table, "all", "", &ours, &plain)
	// Writing to the terminal is best effort.
	_ = table.Flush()
	printGrades(w, rows)
	fmt.Fprintln(w, "\nposterior of the top candidate\tflows\tmean\tright")
	for i, b := range ours.Bins {
		if b.Flows > 0 {
			fmt.Fprintf(w, "%.1f to %.1f\t%d\t%.4f\t%.4f\n", float64(i)/10, float64(i+1)/10, b.Flows,
				b.Posterior/float64(b.Flows), float64(b.Right)/float64(b.Flows))
		}
	}
	calibration, bins := ours.CalibrationError(fewestInBin)
	fmt.Fprintf(w, "expected calibration error %.4f over %d bins with at least %d flows\n", calibration, bins, fewestInBin)
}

// printGrades prints, of the rows with one direction alone, what became of flows
// by how many addresses fit them, and of answers by their grade.
func printGrades(w io.Writer, rows []inferred) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\ncapture\tcondition\tone fits\tright\twrong\tplain: right\twrong\tseveral fit\tright\twrong\tnot proved, all listed\tchosen\tright\tproved\twrong\texpected\tlikely\twrong\texpected\tat most\tdestinations\twrong\texpected\tat most\t")
	for _, under := range append(conditions(), headers.Condition{}) {
		var ours, plain headers.Score
		for _, r := range rows {
			if r.condition != under && under != (headers.Condition{}) {
				continue
			}
			ours.Add(r.ours)
			plain.Add(r.plain)
			if under.Only == "out" && r.ours.Flows.Destination.Total() > 100 {
				printGraded(table, r.capture, under.String(), &r.ours, &r.plain)
			}
		}
		printGraded(table, "all", under.String(), &ours, &plain)
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

func printGraded(w io.Writer, capture, condition string, ours, plain *headers.Score) {
	l := &ours.Likely
	fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\t%s\t%d\t%d\t%d\t%d\t%d of %d\t%d\t%s\t%d\t%d\t%.2f\t%d\t%d\t%.2f\t%d\t%d\t%d\t%.2f\t%d\t\n", capture, condition,
		ours.Single.Total(), percent(ours.Single.Right, ours.Single.Total()), ours.Single.Wrong,
		percent(plain.Single.Right, plain.Single.Total()), plain.Single.Wrong,
		ours.Tied.Total(), ours.Tied.Right, ours.Tied.Wrong, ours.Listed, ours.Unproved,
		ours.Chosen.Total(), percent(ours.Chosen.Right, ours.Chosen.Total()),
		ours.Proved.Flows, ours.Proved.Wrong, ours.Proved.Doubt, l.Flows, l.Wrong, l.Doubt, l.MostFlows(),
		l.Destinations, l.Missed, l.Expected, l.Most())
}

func printInferred(w io.Writer, capture, condition string, ours, plain *headers.Score) {
	next, dst := ours.Packets.NextHeader, ours.Packets.Destination
	flows := ours.Flows.Destination
	fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%d\t%d\t%s\t%d\t%d\t%d\t%s\t%d\t%d\t%s\t%s\t%s\t%d\t%s\t%d\t\n", capture, condition,
		next.Total(), percent(next.Right, next.Total()), next.Open, next.Wrong, percent(dst.Right, dst.Total()), dst.Open, dst.Wrong,
		flows.Total(), percent(flows.Right, flows.Total()), flows.Open, flows.Wrong,
		percent(ours.Summed.Destination.Right, ours.Summed.Destination.Total()), percent(ours.TwoWay.Destination.Right, ours.TwoWay.Destination.Total()),
		percent(plain.Packets.NextHeader.Right, next.Total()), plain.Packets.NextHeader.Wrong,
		percent(plain.Packets.Destination.Right, dst.Total()), plain.Packets.Destination.Wrong)
}
