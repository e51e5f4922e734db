// Package accuracy degrades the recordings as a raw-socket sniffer would have, has
// them repaired, and prints how far that is from the truth, as tshark sees it.
//
//	lab accuracy [-recordings A,B] [-seeds N] [-degradations A,B] [-form FORM]
//	         [-tables all|half|none] [-quick] [-bars repair|order] [-check] [-bound]
//	lab accuracy -remains [-recordings A,B] [-seeds N] [-degradations A,B]
//	lab accuracy -bars verdicts [-mistakes] [-recordings A,B] [-seeds N] [-degradations A,B] [-check]
//	lab accuracy -bars loss [-seeds N] [-check]
//	lab accuracy -bars events [-recordings LIST] [-seeds N] [-check]
//	lab accuracy -bars arrivals [-tables all|half|none] [-quick] [-remains] [-check]
//	lab accuracy -rawcap FILE [-check]
//	lab accuracy -bars inference [-recordings A,B] [-check]
//
// With -check it exits with 1 when a bar is missed: those of the repair as a
// whole, or the much higher ones of order (which takes all degradations and five
// seeds by default). With -quick order alone is judged, in memory, with the
// flags of internal/tcp in tshark's stead. The second form shows the packets
// around each flag that differs from the truth. The last one judges the real
// capture of RawCap, whose IPv4 Identification tells the true order.
//
// The bars of verdicts set what the report says of each flag beside what it was,
// as the recorder's network and the degradation tell: a table of confusions for
// what sniffers do, one for drivers that reverse bursts and one for captures that
// have every packet twice. Below are the flags of some kinds by what is said of them:
// connects tried again after a refusal are made up, all others recorded. Floors count
// the wrong verdicts that a packet alike, a packet that the capture missed, or the
// order that the repair gave account for.
// Those of loss compare the estimate of what the capture missed with what was
// dropped, over many seeds and kinds of drops.
//
// The bars of events judge the order of what threads recorded, with the host's own event
// trace beside it and without: flags left and hidden, in recordings that are tuned on and
// in those that are held out; and the headers of what the host sent, of which some have no
// checksum, beside traces with each trouble. Of packets that are left open those are apart
// whose events were lost, those whose events might be other packets', and the rest, which
// should have been answered.
//
// The bars of arrivals judge what sniffers recorded beside a true capture (the folder
// sockets of the recordings), from packet sockets and from raw sockets, whose headers are
// judged besides; and captures of completion ports over networks that reorder, which were
// recorded and degraded elsewhere: those in the folder order of MENDCAP_SAMPLES. Of the
// inbound neighbours that are the wrong way round after repair, those that an ACK of the
// host's separates are counted apart from those that arrived between the same two ACKs.
// Of the latter, floor are all pairs that sequence numbers and recorded stamps both turn
// round, and by stamps alone those that only sequence numbers do. Beside stand the readings
// of the host's ACKs that the order breaks: the byte asked for, what is not reported, the
// first block.
// The packets that each law moved in recordings not held out are counted by whether they stand
// better than before among those of their connection.
//
// The bars of order also hold captures to stay as they are: the recordings that
// were not taken at the host's stack, and the public ones in the folder that
// MENDCAP_SAMPLES names. Beside, the intervals are judged of captures whose clock is
// set back, for good or for a while.
//
// Recordings that no constant is tuned on have sums of their own. Where threads stamp
// each packet on its own, and over links that reorder much, not all is reached that is
// wanted: lines with "target" say what is not, and -check holds the sums to what is.
//
// With -bound, lines with "bound" set beside the repair, in each cell that misses a target
// and in sum, a reading that has the true order but for inbound packets which nothing of
// the host's separates. Of those it chooses by the difference of the stamps what is likelier,
// and knows how often which is so in this recording with this degradation: where it errs,
// that difference does not tell. It trades flags left against flags hidden at par; below the
// sums stands what readings leave and hide that ask for other odds before they say that a
// packet came late.
//
// The last form judges the inference of headers alone, in memory: each recording,
// and many-flows once for each plan of addresses in ten copies at a time, is put
// under conditions that take knowledge away. Right, open and wrong are counted by
// packet and by flow (of which each packet must be right); the plain method of
// the design is set beside. With a checksum are packets of flows in which some
// checksum covers the addresses, both ways those of flows with another direction
// in the capture: destinations right. Of all flows the posterior of the likeliest candidate
// is set beside how often that was the truth. Plans and recordings that are held out
// have tables of their own. Of flows that several addresses fit and that no proof
// separates it is told of how many all addresses are listed, and how many are
// answered as likely; at most are the wrong ones that the posteriors allow with a
// probability of 99.865 %, where flows to one destination are wrong together.
//
// Columns: spurious are (packet, flag) pairs that the truth does not have, in
// the degraded file with right headers and after its repair; floor is how many
// are there in the true order with the latest times that the sniffer's allow.
// Inverted are neighbours of a flow in the truth that are the wrong way round.
// Worsened are those of them, and harmed are any two packets of a flow, that
// stood right before and are wrong after. In time are intervals that hold the
// true time of their packet. Touched are packets with another place in the file
// or another time than before.
package accuracy

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/reorder"
)

// options choose what is tried.
type options struct {
	folder, recordings, degradations string
	form, tables, rawcap             string
	without                          []reorder.Law
	bars                             string
	seeds, firstSeed                 uint64
	check, quick, remains, mistakes  bool
	best                             bool
}

// errMissed says that a bar was missed; which one was printed.
var errMissed = errors.New("a bar was missed")

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.StringVar(&o.folder, "folder", "testdata/recordings", "where the recordings are")
	flag.StringVar(&o.recordings, "recordings", "", "names, separated by commas or spaces (default all)")
	flag.StringVar(&o.degradations, "degradations", "", "names, separated by commas, or all (default rawsocket,completion-port; all with -bars order)")
	flag.StringVar(&o.form, "form", string(lab.Stub), "stub, sockaddr-windows, sockaddr-linux or sockaddr-bsd")
	flag.StringVar(&o.tables, "tables", "all", "rows of the network tables: all, half or none")
	flag.Func("without", "laws to switch off, separated by commas", o.switchOff)
	flag.StringVar(&o.rawcap, "rawcap", "", "judge this real capture instead")
	flag.StringVar(&o.bars, "bars", "repair", "the bars: repair, order, arrivals, events, inference, verdicts or loss")
	flag.BoolVar(&o.quick, "quick", false, "judge order alone, without files and tshark")
	flag.BoolVar(&o.remains, "remains", false, "show what is left around each flag that differs from the truth; in memory")
	flag.BoolVar(&o.mistakes, "mistakes", false, "with -bars verdicts: list the flags whose verdict is not the truth")
	flag.BoolVar(&o.best, "bound", false, "with -bars order: set the best reading of the stamps beside what is missed")
	flag.Uint64Var(&o.seeds, "seeds", 0, "number of seeds (default 2; 5 with -bars order)")
	flag.Uint64Var(&o.firstSeed, "seed", 1, "first seed")
	flag.BoolVar(&o.check, "check", false, "exit with 1 when a bar is missed")
	flag.Parse()
	o.setDefaults()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

func (o *options) setDefaults() {
	degradations, seeds := "rawsocket,completion-port", uint64(2)
	switch o.bars {
	case "order":
		degradations, seeds = "all", 5
	case "events":
		degradations, seeds = "ports-stamped,ports-heavy", 1
	case "verdicts":
		degradations = "" // several tables
	case "loss":
		seeds = 20
	}
	if o.degradations == "" {
		o.degradations = degradations
	}
	if o.seeds == 0 {
		o.seeds = seeds
	}
}

func run(ctx context.Context, o options) error {
	if o.rawcap != "" {
		return runRawcap(ctx, o)
	}
	if o.bars == "loss" {
		return runLoss(ctx, o)
	}
	if o.bars == "arrivals" {
		return runArrivals(ctx, o)
	}
	if o.bars == "events" {
		return runEvents(ctx, o)
	}
	if o.bars == "inference" {
		return runInference(ctx, o, os.Stdout)
	}
	if o.bars != "repair" && o.bars != "order" && o.bars != "verdicts" {
		return fmt.Errorf("unknown bars %q", o.bars)
	}
	paths, err := o.paths()
	if err != nil {
		return err
	}
	if o.bars == "verdicts" {
		if o.recordings == "" {
			besides, err := filepath.Glob(filepath.Join(o.folder, lab.ForVerdicts, "*.pcapng.gz"))
			if err != nil {
				return err
			}
			paths = append(paths, besides...)
		}
		return runVerdicts(ctx, o, paths)
	}
	degradations, err := o.chosen()
	if err != nil {
		return err
	}
	if o.remains {
		return showRemains(ctx, o, paths, degradations)
	}
	results, err := runTrials(ctx, o, paths, degradations)
	if err != nil {
		return err
	}
	printResults(os.Stdout, o, results)
	missed := misses(results, o)
	if o.bars == "order" {
		all, err := repairUndegraded(ctx, o)
		if err != nil {
			return err
		}
		printUndegraded(os.Stdout, all)
		for _, line := range floors(results) {
			fmt.Println("floor:", line)
		}
		for _, line := range swapLines(results) {
			fmt.Println("swaps:", line)
		}
		for _, line := range countedLines(results) {
			fmt.Println("without SACK:", line)
		}
		for _, line := range kindLines(results) {
			fmt.Println("kinds:", line)
		}
		for _, line := range orderTargets(results) {
			fmt.Println("target:", line)
		}
		if o.best {
			lines, err := boundLines(ctx, o, results)
			if err != nil {
				return err
			}
			for _, line := range lines {
				fmt.Println("bound:", line)
			}
		}
		clocks, err := jumpingClocks(ctx, o, paths)
		if err != nil {
			return err
		}
		printClocks(os.Stdout, clocks)
		missed = slices.Concat(missed, undegradedBars(all), clockBars(clocks))
	}
	for _, line := range missed {
		fmt.Println("missed:", line)
	}
	if o.check && len(missed) > 0 {
		return errMissed
	}
	return nil
}

func misses(results []result, o options) []string {
	if o.bars == "order" {
		return orderBars(results)
	}
	return bars(results, o)
}

// paths finds the recordings, sorted by name.
func (o options) paths() ([]string, error) {
	if o.recordings == "" {
		paths, err := filepath.Glob(filepath.Join(o.folder, "*.pcapng.gz"))
		if err == nil && len(paths) == 0 {
			err = fmt.Errorf("no recordings in %s", o.folder)
		}
		return paths, err
	}
	var paths []string
	for name := range strings.FieldsFuncSeq(o.recordings, func(r rune) bool { return r == ',' || r == ' ' }) {
		paths = append(paths, filepath.Join(o.folder, name+".pcapng.gz"))
	}
	return paths, nil
}

func (o options) chosen() ([]lab.Degradation, error) {
	all := lab.Degradations()
	if o.degradations == "all" {
		return all, nil
	}
	all = slices.Concat(all, lab.DriverDegradations(), lab.ClockDegradations())
	var chosen []lab.Degradation
	for name := range strings.SplitSeq(o.degradations, ",") {
		at := slices.IndexFunc(all, func(d lab.Degradation) bool { return d.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("unknown degradation %q", name)
		}
		chosen = append(chosen, all[at])
	}
	return chosen, nil
}

// switchOff reads the names of laws to switch off.
func (o *options) switchOff(names string) error {
	o.without = nil
	for name := range strings.SplitSeq(names, ",") {
		var law reorder.Law
		if err := law.UnmarshalText([]byte(name)); err != nil {
			return err
		}
		o.without = append(o.without, law)
	}
	return nil
}
