package main

import (
	"errors"

	"github.com/spf13/pflag"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/repair"
)

// readingFlags decide how a capture is read and understood. All commands that
// take captures have them.
type readingFlags struct {
	options repair.Options
	salvage string
}

// add adds all of them.
func (f *readingFlags) add(flags *pflag.FlagSet) {
	o := &f.options
	flags.StringArrayVar(&o.Tables, "tables", nil, "read network tables from `PATH`, a file or a folder (repeatable) instead of those beside the capture")
	flags.Var(&textValue{"string", &o.Layout}, "user-layout", "`LAYOUT` of sockaddr records in USER0-15: auto, windows, linux, bsd or none")
	flags.Var((*lawsValue)(&o.Without), "without", "switch off a `LAW` of order (repeatable); mendcap help laws lists them")
	flags.BoolVar(&o.AlignInterfaces, "align-interfaces", false, "correct the time stamps of interfaces whose clock differs from the others'")
	flags.StringVar(&f.salvage, "salvage", "on", "`MODE` for damaged captures: on rescues what can be read, off refuses them")
	flags.Float64Var(&o.Confidence, "confidence", infer.DefaultConfidence, "fill in answers of probability `P` or more, from 0.5 to 1; 1 fills in only what is proved")
	flags.Var(&textValue{"protocol", &o.Protocol}, "protocol", "the socket was opened for `PROTOCOL`, a name or a number: the Next Header where it is missing")
	flags.Var((*addressesValue)(&o.Local), "local", "`ADDR` is an address of the capturing host (repeatable)")
}

// addSpool adds the flag of commands that read standard input.
func (f *readingFlags) addSpool(flags *pflag.FlagSet) {
	flags.Var((*sizeValue)(&f.options.SpoolLimit), "spool-limit", "copy at most `SIZE` bytes of standard input or a pipe to a temporary file (default half of what is free there)")
}

// check checks their values.
func (f *readingFlags) check() error {
	o := &f.options
	if f.salvage != "on" && f.salvage != "off" {
		return usagef(seeCommand, "--salvage: %q is neither on nor off", f.salvage)
	}
	o.RefuseDamaged = f.salvage == "off"
	if !(o.Confidence >= 0.5 && o.Confidence <= 1) {
		return usagef(seeCommand, "--confidence: %v is not a number from 0.5 to 1", o.Confidence)
	}
	if err := (repair.Options{Local: o.Local}).Check(); err != nil {
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
	case f.options.RefuseDamaged:
		return hinted{err, "without --salvage=off, mendcap repairs what can be read of a damaged capture"}
	}
	return err
}
