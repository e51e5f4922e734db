// Package degrade turns true recordings into what a raw-socket sniffer would have
// written, with the network tables of the host beside it.
//
//	lab degrade [-degradation NAME] [-seed N] [-form FORM] [-packets N]
//	        [-tables all|half|none] -o FILE RECORDING...
//
// Several recordings are merged as if they had been made at the same time. The
// tables go to the folder FILE.tables, with FILE's suffix taken off.
package degrade

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2/maybe"

	"github.com/mendcap/mendcap/internal/lab"
)

type options struct {
	degradation, form, tables, output string
	seed                              uint64
	packets                           int
}

// Main is the command: its flags and arguments follow its name.
func Main() {
	var o options
	flag.StringVar(&o.degradation, "degradation", "rawsocket", "one of "+strings.Join(names(), ", "))
	flag.StringVar(&o.form, "form", string(lab.Stub), "headers, stub, sockaddr-windows, sockaddr-linux or sockaddr-bsd")
	flag.StringVar(&o.tables, "tables", "all", "rows of the network tables: all, half or none")
	flag.StringVar(&o.output, "o", "", "capture to write: .pcap, else pcapng")
	flag.Uint64Var(&o.seed, "seed", 1, "of the degradation's dice")
	flag.IntVar(&o.packets, "packets", 0, "keep only the first so many (0: all)")
	flag.Parse()
	if err := run(o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "degrade:", err)
		os.Exit(1)
	}
}

func names() []string {
	var list []string
	for _, d := range lab.Degradations() {
		list = append(list, d.Name)
	}
	return list
}

func run(o options, recordings []string) error {
	if o.output == "" || len(recordings) == 0 {
		return fmt.Errorf("an output (-o) and at least one recording are needed")
	}
	at := slices.Index(names(), o.degradation)
	if at < 0 {
		return fmt.Errorf("unknown degradation %q", o.degradation)
	}
	var all [][]lab.Packet
	for _, path := range recordings {
		rec, err := lab.Load(path)
		if err != nil {
			return err
		}
		all = append(all, lab.Delivered(rec.Packets))
	}
	truth := lab.Merge(all...)
	if o.packets > 0 && o.packets < len(truth) {
		truth = truth[:o.packets]
	}
	return write(o, truth, lab.Degrade(truth, lab.Degradations()[at], o.seed))
}

func write(o options, truth, degraded []lab.Packet) error {
	format := lab.Pcapng
	if filepath.Ext(o.output) == ".pcap" {
		format = lab.Pcap
	}
	var file bytes.Buffer
	if err := lab.WriteForm(&file, degraded, lab.Form(o.form), format); err != nil {
		return err
	}
	if err := maybe.WriteFile(o.output, file.Bytes(), 0o644); err != nil {
		return err
	}
	snapshot := lab.SnapshotOf(truth)
	switch o.tables {
	case "none":
		return nil
	case "half":
		snapshot = lab.HalfOf(snapshot, o.seed)
	case "all":
	default:
		return fmt.Errorf("unknown choice of tables %q", o.tables)
	}
	dir := strings.TrimSuffix(o.output, filepath.Ext(o.output)) + ".tables"
	return lab.WriteTables(dir, snapshot, lab.TableFormats()...)
}
