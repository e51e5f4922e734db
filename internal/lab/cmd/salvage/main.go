// Package salvage damages good captures in the ways in which files break, and counts
// how many of the packets that are still there mendcap brings back, beside
// pcapfix and Wireshark's own reader (editcap, which writes what that reads).
//
//	lab salvage [-seeds 5] [-packets 300] [-kinds 'NAME; ...'] [-check] [-v] [FILE...]
//
// Each FILE (default: some of testdata/recordings) is damaged in three forms:
// pcap in both byte orders, and pcapng. A packet counts as recovered if it is in
// the output byte for byte; as false if no packet of the good file has its bytes,
// nor its time and length. With -check it exits with 1 where mendcap recovers
// less than the better of the two others on a kind of damage, where more than one
// packet in 10,000 is false, or where a disordered file without damage loses
// packets. A program that is not installed is named and left out.
//
// The second half of the table is of captures that are odd and not damaged: fields
// of pcap and pcapng are set to 0, to 1, to all ones, and to just below and above
// their neighbours, in one packet, in a fifth of them, and in all, of small captures
// and of large ones. What an independent walk along the lengths reads of the input is
// held against what it reads of the output, with time and original length. With
// -check it exits with 1 where one packet is lost, or a capture called damaged.
package salvage

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

// mostFalse is the bar of false packets, parts of all that mendcap wrote.
const mostFalse = 1.0 / 10_000

// errMissed says that a bar was missed; which one was printed.
var errMissed = errors.New("a bar was missed")

// recordings are what is damaged by default: IPv4 and IPv6, small packets and
// large ones, Ethernet, text in the payload.
var recordings = []string{
	"testdata/recordings/clean.pcapng.gz", "testdata/recordings/many-flows.pcapng.gz",
	"testdata/recordings/v4-lossy.pcapng.gz", "testdata/recordings/offload.pcapng.gz",
}

type options struct {
	seeds, packets int
	kinds          string
	check, verbose bool
}

// chosen says whether a kind is to be measured.
func (o *options) chosen(kind string) bool {
	return o.kinds == "" || strings.Contains("; "+o.kinds+";", "; "+kind+";")
}

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.IntVar(&o.seeds, "seeds", 5, "damaged files of each kind, form and recording")
	flag.IntVar(&o.packets, "packets", 300, "packets of a recording that are used")
	flag.StringVar(&o.kinds, "kinds", "", "only these kinds, separated by semicolons and a space")
	flag.BoolVar(&o.check, "check", false, "exit with 1 when a bar is missed")
	flag.BoolVar(&o.verbose, "v", false, "name each file of which mendcap recovers less than another")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "salvage:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, names []string) error {
	if len(names) == 0 {
		names = recordings
	}
	good, err := load(names, o.packets)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "salvage-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	judges := contenders(dir)
	var rows []row
	for _, k := range kinds() {
		if !o.chosen(k.name) {
			continue
		}
		r, err := measure(ctx, o, k, good, judges)
		if err != nil {
			return err
		}
		rows = append(rows, r)
	}
	legal, err := measureLegal(ctx, o, good)
	if err != nil {
		return err
	}
	print(os.Stdout, judges, rows)
	printLegal(os.Stdout, legal)
	if missed := append(misses(rows, judges), missesLegal(o, legal)...); len(missed) > 0 {
		fmt.Println(strings.Join(missed, "\n"))
		if o.check {
			return errMissed
		}
	}
	return nil
}
