package main

import (
	"errors"

	"github.com/spf13/pflag"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/repair"
)

// readingFlags decide how a capture is read and understood. All commands that
// take captures have them.
type readingFlags struct {
	tables  []string
	layout  string
	without []string
	align   bool
	salvage string
	spool   sizeValue

	confidence float64
	stated     statedFlags

	chosen repair.Options // what check has read of layout and without
}

// add adds all of them.
func (f *readingFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.tables, "tables", nil, "read network tables from `PATH`, a file or a folder (repeatable) instead of those beside the capture")
	flags.StringVar(&f.layout, "user-layout", "auto", "`LAYOUT` of sockaddr records in USER0-15: auto, windows, linux, bsd or none")
	flags.StringArrayVar(&f.without, "without", nil, "switch off a `LAW` of order (repeatable); mendcap help laws lists them")
	flags.BoolVar(&f.align, "align-interfaces", false, "correct the time stamps of interfaces whose clock differs from the others'")
	flags.StringVar(&f.salvage, "salvage", "on", "`MODE` for damaged captures: on rescues what can be read, off refuses them")
	flags.Float64Var(&f.confidence, "confidence", infer.DefaultConfidence, "fill in answers of probability `P` or more, from 0.5 to 1; 1 fills in only what is proved")
	f.stated.add(flags)
}

// addSpool adds the flag of commands that read standard input.
func (f *readingFlags) addSpool(flags *pflag.FlagSet) {
	flags.Var(&f.spool, "spool-limit", "copy at most `SIZE` bytes of standard input or a pipe to a temporary file (default half of what is free there)")
}

// check reads and checks their values.
func (f *readingFlags) check() error {
	if f.salvage != "on" && f.salvage != "off" {
		return usagef(seeCommand, "--salvage: %q is neither on nor off", f.salvage)
	}
	if !(f.confidence >= 0.5 && f.confidence <= 1) {
		return usagef(seeCommand, "--confidence: %v is not a number from 0.5 to 1", f.confidence)
	}
	if err := f.chosen.Layout.UnmarshalText([]byte(f.layout)); err != nil {
		return usagef(seeCommand, "--user-layout: %s", plainly(err))
	}
	f.chosen.Without = nil
	for _, name := range f.without {
		var law reorder.Law
		if err := law.UnmarshalText([]byte(name)); err != nil {
			return usagef(seeCommand, "--without: %s%s", plainly(err), guess("", name, reorder.LawNames()))
		}
		f.chosen.Without = append(f.chosen.Without, law)
	}
	if err := (repair.Options{Local: f.stated.local}).Check(); err != nil {
		return usagef(seeCommand, "--local: %s", plainly(err))
	}
	return nil
}

// unread gives the error of a capture that could not be read the hint that fits how
// it was to be read, and how it is named.
func (f *readingFlags) unread(in string, err error) error {
	switch {
	case !errors.Is(err, repair.ErrNoCapture):
		return err
	case naming.IsEventTrace(in):
		return hinted{err, "its name is that of a Windows event trace: pktmon etl2pcap or etl2pcapng converts one to pcapng"}
	case f.salvage == "off":
		return hinted{err, "without --salvage=off, mendcap repairs what can be read of a damaged capture"}
	}
	return err
}

// options are those that the flags ask for, once they are checked.
func (f *readingFlags) options() repair.Options {
	o := repair.Options{
		Tables: f.tables, Layout: f.chosen.Layout, Without: f.chosen.Without, AlignInterfaces: f.align,
		RefuseDamaged: f.salvage == "off", Confidence: f.confidence, SpoolLimit: int64(f.spool),
	}
	f.stated.state(&o)
	return o
}
