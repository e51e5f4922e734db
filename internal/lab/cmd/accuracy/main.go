// Accuracy degrades the recordings as a raw-socket sniffer would have, has
// them repaired, and prints how far that is from the truth, as tshark sees it.
//
//	accuracy [-recordings A,B] [-seeds N] [-degradations A,B] [-form FORM]
//	         [-tables all|half|none] [-check]
//	accuracy -rawcap FILE [-check]
//
// With -check it exits with 1 when a bar is missed. The second form judges the
// real capture of RawCap, whose IPv4 Identification tells the true order.
package main

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
)

// options choose what is tried.
type options struct {
	folder, recordings, degradations string
	form, tables, rawcap, without    string
	seeds, firstSeed                 uint64
	check                            bool
}

// errMissed says that a bar was missed; which one was printed.
var errMissed = errors.New("a bar was missed")

func main() {
	var o options
	flag.StringVar(&o.folder, "folder", "testdata/recordings", "where the recordings are")
	flag.StringVar(&o.recordings, "recordings", "", "names, separated by commas (default all)")
	flag.StringVar(&o.degradations, "degradations", "rawsocket,completion-port", "names, separated by commas, or all")
	flag.StringVar(&o.form, "form", string(lab.Stub), "stub, sockaddr-windows, sockaddr-linux or sockaddr-bsd")
	flag.StringVar(&o.tables, "tables", "all", "rows of the network tables: all, half or none")
	flag.StringVar(&o.without, "without", "", "laws to switch off, separated by commas")
	flag.StringVar(&o.rawcap, "rawcap", "", "judge this real capture instead")
	flag.Uint64Var(&o.seeds, "seeds", 2, "number of seeds")
	flag.Uint64Var(&o.firstSeed, "seed", 1, "first seed")
	flag.BoolVar(&o.check, "check", false, "exit with 1 when a bar is missed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "accuracy:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.rawcap != "" {
		return runRawcap(ctx, o)
	}
	paths, err := o.paths()
	if err != nil {
		return err
	}
	degradations, err := o.chosen()
	if err != nil {
		return err
	}
	results, err := runTrials(ctx, o, paths, degradations)
	if err != nil {
		return err
	}
	printResults(os.Stdout, results)
	missed := bars(results, o)
	for _, line := range missed {
		fmt.Println("missed:", line)
	}
	if o.check && len(missed) > 0 {
		return errMissed
	}
	return nil
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
	for name := range strings.SplitSeq(o.recordings, ",") {
		paths = append(paths, filepath.Join(o.folder, name+".pcapng.gz"))
	}
	return paths, nil
}

func (o options) chosen() ([]lab.Degradation, error) {
	all := lab.Degradations()
	if o.degradations == "all" {
		return all, nil
	}
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

// laws lists the laws to switch off.
func (o options) laws() []string {
	if o.without == "" {
		return nil
	}
	return strings.Split(o.without, ",")
}
