package pipeline

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/filesys"
	"github.com/mendcap/mendcap/internal/naming"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/witness"
	"github.com/mendcap/mendcap/reorder"
)

// leastConfidence is that from which on an answer is likelier than all others
// together.
const leastConfidence = 0.5

// config is what the command and the options say, checked. Nothing of it is written
// once the first pass has begun.
type config struct {
	in, out   string
	o         Options
	layout    packet.Layout
	tunnels   packet.Tunnels
	beginning int64 // packets that the first pass reads where all have their header
	apart     bool  // write in a pass of its own in any case
	order     reorder.Options
	events    *witness.Matcher // what a trace says of packets, nil without
	drops     *drops           // packets that the host dropped, nil without
	logs      *hostLogs        // what the host's own trace says of the order, nil without
	whole     bool             // a trace is gone through before it is read, however large
}

// newConfig checks the options, and fills in what follows from the names.
func newConfig(in, out string, o Options) (config, error) {
	c := config{in: in, out: out, o: o, beginning: vantagePackets}
	if c.out == "" {
		if in == "-" {
			return c, fmt.Errorf("%w: standard input needs a named output", ErrUsage)
		}
		c.out = naming.OutputName(in, "") + naming.PackedSuffix(o.Compress)
	}
	if err := c.chooseCompression(); err != nil {
		return c, err
	}
	if err := o.check(); err != nil {
		return c, err
	}
	c.o.Findings = cmp.Or(o.Findings, DefaultFindings)
	c.o.Flows = cmp.Or(o.Flows, DefaultFlows)
	c.order.Without = o.Without
	var err error
	if c.layout, err = packet.ParseLayout(cmp.Or(o.UserLayout, "auto")); err == nil {
		err = c.order.Validate()
	}
	for _, statement := range o.DecodeAs {
		err = errors.Join(err, c.tunnels.DecodeAs(statement))
	}
	if err != nil {
		return c, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	if sameFile(in, c.out) && !(o.Hardlink && filesys.IsLink(in, c.out)) {
		return c, fmt.Errorf("%w: %s: %w", ErrUsage, c.out, errSame)
	}
	return c, nil
}

// check checks the options that are numbers or addresses.
func (o *Options) check() error {
	switch {
	case o.Reflink && o.Hardlink, o.OnlyChanged && (o.Reflink || o.Hardlink):
		return fmt.Errorf("%w: OnlyChanged, Reflink and Hardlink exclude each other", ErrUsage)
	case o.Findings < 0:
		return fmt.Errorf("%w: %d findings", ErrUsage, o.Findings)
	case o.SpoolLimit < 0:
		return fmt.Errorf("%w: a limit of %d bytes", ErrUsage, o.SpoolLimit)
	case o.Flows < 0 || o.Flows > MaxFlows:
		return fmt.Errorf("%w: %d connections", ErrUsage, o.Flows)
	case o.Confidence != 0 && !(o.Confidence >= leastConfidence && o.Confidence <= 1):
		return fmt.Errorf("%w: confidence %v is not from %v to 1", ErrUsage, o.Confidence, leastConfidence)
	case o.Protocol == infer.Unknown:
		return fmt.Errorf("%w: protocol %d stands for unknown", ErrUsage, o.Protocol)
	}
	for _, a := range o.Local {
		if !a.IsValid() || a.IsUnspecified() || a.IsMulticast() {
			return fmt.Errorf("%w: %v is no address that a host can have", ErrUsage, a)
		}
	}
	return nil
}

// valid is what reorder makes of options that newConfig has checked.
func valid[T any](made T, err error) T {
	if err != nil {
		panic(err)
	}
	return made
}

// chooseCompression settles how the output is compressed: as asked for, or as
// its name says.
func (c *config) chooseCompression() error {
	all := naming.Compressions()
	if asked := c.o.Compress; asked != "" && !slices.Contains(all, asked) {
		return fmt.Errorf("%w: %q is no compression: one of %s", ErrUsage, asked, strings.Join(all, ", "))
	}
	for _, known := range all {
		if c.o.Compress == "" && naming.HasSuffix(c.out, naming.PackedSuffix(known)) {
			c.o.Compress = known
		}
	}
	return nil
}

// sameFile reports whether both names lead to one existing file; "-" is none.
func sameFile(in, out string) bool {
	if in == "-" || out == "-" {
		return false
	}
	b, err := os.Stat(out)
	if err != nil {
		return false
	}
	a, err := os.Stat(in)
	return err == nil && os.SameFile(a, b)
}
