package accuracy

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/judge"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
)

// sampled is a row: a capture of a completion port that was degraded elsewhere, or one
// that threads recorded.
type sampled struct {
	name     string
	recorded bool // by threads
	score    judge.Score
	answers  judge.Answers // in truth
}

// runArrivals judges the captures of completion ports over networks that reorder.
// Window updates are not counted: with automatic buffers nearly every ACK is one.
func runArrivals(ctx context.Context, o options) error {
	trials, err := o.loadSamples(ctx)
	if err != nil {
		return err
	}
	var rows []sampled
	laws := map[reorder.Law]judge.Moves{}
	for _, t := range trials {
		t.Options.Without, t.Ignore = o.without, tcp.WindowUpdate
		if o.remains {
			if err := t.Remains(os.Stdout); err != nil {
				return err
			}
			continue
		}
		score, err := t.Direct()
		if !o.quick {
			err = inTemporary(func(dir string) error {
				score, err = t.RunFile(ctx, dir)
				return err
			})
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.Case.Name, err)
		}
		row := sampled{t.Case.Name, t.Tables != "", score, t.Case.Answers()}
		if rows = append(rows, row); row.recorded && !lab.HeldOut(row.name) {
			if err := addLaws(laws, t, row.headerless()); err != nil {
				return err
			}
		}
	}
	printArrivals(os.Stdout, rows)
	printCounted(os.Stdout, rows)
	if !o.quick {
		printHeaders(os.Stdout, rows)
	}
	printLaws(os.Stdout, laws)
	missed := slices.Concat(arrivalBars(rows), headerBars(rows, o.tables))
	for _, line := range missed {
		fmt.Println("missed:", line)
	}
	if o.check && len(missed) > 0 {
		return errMissed
	}
	return nil
}

// loadSamples loads the recordings that a sniffer with threads took beside the true
// ones, which get the tables asked for, and the samples where they are there.
func (o options) loadSamples(ctx context.Context) (trials []judge.Trial, err error) {
	trials, err = loadTrials(ctx, filepath.Join(o.folder, "sockets", "*.truth.pcapng.gz"))
	if err != nil {
		return nil, err
	}
	for i := range trials {
		trials[i].Tables = o.tables
	}
	samples := os.Getenv(samplesVariable)
	if samples == "" {
		return trials, nil
	}
	others, err := loadTrials(ctx, filepath.Join(samples, "order", "*.truth.pcapng.xz"))
	return append(trials, others...), err
}

// loadTrials loads captures that have the truth beside them, by the truths' names.
func loadTrials(ctx context.Context, pattern string) (trials []judge.Trial, err error) {
	truths, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	for _, truth := range truths {
		path := strings.Replace(truth, ".truth", "", 1)
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		t, err := judge.LoadSample(ctx, name, path, truth)
		if err != nil {
			return nil, err
		}
		trials = append(trials, t)
	}
	return trials, nil
}

func printArrivals(w io.Writer, rows []sampled) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "capture\tpackets\tspurious\tleft\tgenuine\thidden\twrong neighbours\tafter\tharmed\tinbound swaps apart\ttogether\tfloor\tby stamps alone\thost's ACKs\tbroken in truth\tafter\t")
	for _, r := range slices.Concat(rows, recordedSums(rows)) {
		s := r.score
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t\n", r.name, s.Packets, s.SpuriousBefore, s.SpuriousAfter,
			s.Genuine, s.Genuine-s.Kept, s.Order.InvertedBefore, s.Order.InvertedAfter, s.Order.Harmed,
			s.Swaps.Apart, s.Swaps.Together, s.Swaps.Hopeless, s.Swaps.Contested, s.Readings.All, broken(s.TrueReadings), broken(s.Readings))
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

// headerless reports whether raw sockets recorded it: IPv6 came without headers.
func (r sampled) headerless() bool { return strings.HasPrefix(r.name, "raw-") }

// recordedSums are the sums of what threads recorded, of held-out recordings apart.
func recordedSums(rows []sampled) []sampled {
	sums := []sampled{{name: "recorded by threads"}, {name: "held out"}}
	for _, r := range rows {
		switch {
		case r.recorded && lab.HeldOut(r.name):
			sums[1].score.Add(r.score)
		case r.recorded:
			sums[0].score.Add(r.score)
		}
	}
	return sums
}

// printHeaders prints what became of the headers that raw sockets left out.
func printHeaders(w io.Writer, rows []sampled) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\ncapture\twithout header\tNext Header right\topen\twrong\tdestination right\topen\twrong\t")
	raw := slices.DeleteFunc(slices.Clone(rows), func(r sampled) bool { return !r.headerless() })
	for _, r := range slices.Concat(raw, recordedSums(raw)) {
		s := r.score
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t\n", r.name, s.IPv6, s.NextHeader.Right, s.NextHeader.Unknown,
			s.NextHeader.Wrong, s.Destination.Right, s.Destination.Unknown, s.Destination.Wrong)
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

// addLaws adds what the laws did in one recording. Only with raw sockets the true times
// are the kernel's.
func addLaws(sum map[reorder.Law]judge.Moves, t judge.Trial, timed bool) error {
	laws, err := t.Laws()
	for law, m := range laws {
		s := sum[law]
		if !timed {
			m.Early = 0
		}
		sum[law] = judge.Moves{Packets: s.Packets + m.Packets, Better: s.Better + m.Better, Worse: s.Worse + m.Worse, Early: s.Early + m.Early}
	}
	return err
}

// printLaws prints what became of the packets that each law moved in what threads
// recorded, but for what is held out.
func printLaws(w io.Writer, laws map[reorder.Law]judge.Moves) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nlaw\tpackets moved\tbetter\tworse\tof raw sockets: latest time before the true one\t")
	for _, law := range slices.Sorted(maps.Keys(laws)) {
		m := laws[law]
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t\n", law, m.Packets, m.Better, m.Worse, m.Early)
	}
	// Writing to the terminal is best effort.
	_ = table.Flush()
}

// broken tells how often an order breaks what the host's ACKs say: the byte that they
// ask for, what they don't report, and the first block.
func broken(r judge.Readings) string {
	return fmt.Sprintf("%d+%d+%d", r.NotYet, r.NotSacked, r.FirstBlock)
}

// maxReadingsBroken is by what share of the host's ACKs the repaired order may break
// more readings than the true one.
const maxReadingsBroken = .0002

// What is wanted of the samples: flags left, as a share of those before, and genuine
// ones hidden. In reorder-ports the network's compressed ACKs leave some swaps open.
const (
	maxArrivalsLeft   = .005
	maxArrivalsHidden = .01
	maxHiddenOpen     = .015
	openSample        = "reorder-ports"
)

// arrivalBars says what is missed. Of what real threads recorded, which disorders
// little, only that it has no more flags than before. A packet whose header stays open
// is a hole to the analyser: where there are some, flags are not compared.
func arrivalBars(rows []sampled) (missed []string) {
	for _, r := range rows {
		s, left, hidden := r.score, maxArrivalsLeft, maxArrivalsHidden
		switch {
		case r.name == openSample:
			hidden = maxHiddenOpen
		case !strings.HasSuffix(r.name, "-ports"):
			left, hidden = 1, 1
		}
		if n := s.Lost + s.Added + s.Changed; n > 0 {
			missed = append(missed, fmt.Sprintf("%s: %d packets lost, added or changed, want none", r.name, n))
		}
		if limit := int(left * float64(s.SpuriousBefore)); s.SpuriousAfter > limit && s.Destination.Unknown == 0 {
			missed = append(missed, fmt.Sprintf("%s: %d flags left, want at most %d", r.name, s.SpuriousAfter, limit))
		}
		if limit := int(hidden * float64(s.Genuine)); s.Genuine-s.Kept > limit {
			missed = append(missed, fmt.Sprintf("%s: %d genuine flags hidden, want at most %d", r.name, s.Genuine-s.Kept, limit))
		}
		more := s.Readings.Broken() - s.TrueReadings.Broken()
		if limit := maxReadingsBroken * float64(s.Readings.All); strings.HasSuffix(r.name, "-ports") && float64(more) > limit {
			missed = append(missed, fmt.Sprintf("%s: %d readings of the host's ACKs are broken that truth does not break, want at most %.1f", r.name, more, limit))
		}
	}
	return missed
}

// headerBars says what is missed of the headers that raw sockets left out: none may be
// wrong and, where the tables are complete, none open.
func headerBars(rows []sampled, tables string) (missed []string) {
	for _, r := range rows {
		next, destination := r.score.NextHeader, r.score.Destination
		if n := next.Wrong + destination.Wrong; n > 0 {
			missed = append(missed, fmt.Sprintf("%s: %d fields of headers are wrong, want none", r.name, n))
		}
		if n := next.Unknown + destination.Unknown; n > 0 && r.headerless() && tables == "all" {
			missed = append(missed, fmt.Sprintf("%s: %d fields of headers are open, want none", r.name, n))
		}
	}
	return missed
}
