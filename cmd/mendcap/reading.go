package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/store"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/repair"
)

// Values of flags that take one of a few, in the order in which the help names them.
var (
	layoutNames   = []string{"auto", "windows", "linux", "bsd", "none"}
	salvageModes  = []string{"on", "off"}
	scriptSystems = []string{"windows", "linux", "macos"}
)

// alternatives lists words of which one is to be chosen.
func alternatives(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// readingFlags decide how a capture is read and understood. All commands that
// take captures have them.
type readingFlags struct {
	options         repair.Options // of which check sets what the texts below say
	layout, salvage string
	without         []string
}

// add adds all of them.
func (f *readingFlags) add(flags *pflag.FlagSet) {
	o := &f.options
	flags.StringArrayVar(&o.Tables, "tables", nil, "read network tables from `PATH`, a file or a folder (repeatable) instead of those beside the capture")
	flags.StringVar(&f.layout, "user-layout", "auto", "`LAYOUT` of sockaddr records in USER0-15: "+alternatives(layoutNames))
	flags.StringArrayVar(&o.DecodeAs, "decode-as", nil, "a UDP port leads into a tunnel by `RULE`, such as udp.port==8472,vxlan, or a session of L2TPv3, such as l2tp.pw_type==0,eth (repeatable)")
	flags.StringArrayVar(&f.without, "without", nil, "switch off a `LAW` of order (repeatable); mendcap help laws lists them")
	flags.BoolVar(&o.AlignInterfaces, "align-interfaces", false, "correct the time stamps of interfaces whose clock differs from the others'")
	flags.BoolVar(&o.AllLayers, "all-layers", false, "take packets of an event trace from every layer that recorded them, not from one a network interface")
	flags.Var((*zoneValue)(&o.CaptureZone), "capture-zone", "`ZONE` such as +01:00 of local times that don't state theirs, as in Network Monitor captures before version 2.3")
	flags.StringVar(&f.salvage, "salvage", "on", "`MODE` for damaged captures: on rescues what can be read, off refuses them")
	flags.Float64Var(&o.Confidence, "confidence", infer.DefaultConfidence, "fill in answers of probability `P` or more, from 0.5 to 1; 1 fills in only what is proved")
	flags.TextVar(&o.Protocol, "protocol", o.Protocol, "the socket was opened for `PROTOCOL`, a name or a number: the Next Header where it is missing")
	flags.Func("local", "`ADDR` is an address of the capturing host (repeatable)", func(text string) error {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return fmt.Errorf("%q is not an IP address such as 192.0.2.1 or 2001:db8::1", text)
		}
		o.Local = append(o.Local, addr)
		return nil
	})
}

// addSpool adds the flag of commands that read standard input.
func (f *readingFlags) addSpool(flags *pflag.FlagSet) {
	flags.Var((*sizeValue)(&f.options.SpoolLimit), "spool-limit", "copy at most `SIZE` bytes of standard input or a pipe to a temporary file (default half of what is free there)")
}

// check reads and checks their values, once.
func (f *readingFlags) check() error {
	o := &f.options
	if !slices.Contains(salvageModes, f.salvage) {
		return usagef(seeCommand, "--salvage: %q is neither on nor off", f.salvage)
	}
	o.RefuseDamaged = f.salvage == "off"
	if !(o.Confidence >= 0.5 && o.Confidence <= 1) {
		return usagef(seeCommand, "--confidence: %v is not a number from 0.5 to 1", o.Confidence)
	}
	if err := o.Layout.UnmarshalText([]byte(f.layout)); err != nil {
		return usagef(seeCommand, "--user-layout: %s", plainly(err))
	}
	for _, path := range o.Tables {
		if _, err := os.Stat(path); path != "" && err != nil {
			return fmt.Errorf("--tables: %w: %w", repair.ErrNoTables, err)
		}
	}
	for _, name := range f.without {
		var law reorder.Law
		if err := law.UnmarshalText([]byte(name)); err != nil {
			return usagef(seeCommand, "--without: %s%s", plainly(err), guess("", name, reorder.LawNames()))
		}
		o.Without = append(o.Without, law)
	}
	if err := (repair.Options{DecodeAs: o.DecodeAs}).Check(); err != nil {
		return usagef(seeCommand, "--decode-as: %s", plainly(err))
	}
	if err := (repair.Options{Local: o.Local}).Check(); err != nil {
		return usagef(seeCommand, "--local: %s", plainly(err))
	}
	return nil
}

// unread gives the error of a capture that could not be read the hint that fits how
// it was to be read.
func (f *readingFlags) unread(in string, err error) error {
	var at *fs.PathError
	switch {
	case !errors.Is(err, repair.ErrNoCapture):
		return err
	case errors.As(err, &at): // which says why it can't be opened
		return hinted{err, exitNoCapture, nameHint(at)}
	case isFolder(in):
		return hinted{err, exitNoCapture, "mendcap batch repairs the captures in a folder, mendcap check checks them"}
	case f.options.RefuseDamaged:
		return hinted{err, exitNoCapture, "without --salvage=off, mendcap repairs what can be read of a damaged capture"}
	}
	return err
}

// mostNames is how many names of a folder are read to find one that was meant.
const mostNames = 10_000

// nameHint is the hint for a capture that can't be opened: the file that is called much
// the same, if it isn't there.
func nameHint(at *fs.PathError) string {
	if store.IsURL(at.Path) {
		return "of all commands only mendcap batch takes URLs; mendcap help stores tells more"
	}
	if !errors.Is(at, fs.ErrNotExist) {
		return ""
	}
	var names []string
	if folder, err := os.Open(filepath.Dir(at.Path)); err == nil {
		names, _ = folder.Readdirnames(mostNames) // those that could be read
		folder.Close()
	}
	slices.Sort(names)
	dir, base := filepath.Split(at.Path)
	suffix := filepath.Ext(base)
	var stems []string // what names have in common says nothing
	for _, name := range names {
		if stem, ok := strings.CutSuffix(name, suffix); ok && stem != "" {
			stems = append(stems, stem)
		}
	}
	if near, ok := nearest(strings.TrimSuffix(base, suffix), stems); ok {
		return "did you mean " + dir + near + suffix + "?"
	}
	return "names are looked for in the current folder unless a folder is part of them"
}
