// Package batch repairs whole folders and archives of captures: it finds the
// captures by their content, gives each an output, repairs several at a time
// within a budget of memory, and sums up.
//
// It promises that one bad file never stops the rest, that inputs are only read,
// that no output leaves its folder, and that the same files give the same
// outputs, reports and summary whatever the number of jobs, in however many
// runs. What a run that ended early has finished is told by content, not by
// time: see Options.Resume.
package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// Options choose what is repaired, and how. The zero value works.
type Options struct {
	Dir     string   // folder that mirrors what was walked, made if need be; "": outputs are written beside their captures
	Jobs    int      // captures repaired at a time, beside those that wait for the disk; 0 = one a processor
	Memory  int64    // bytes that the jobs may take together, roughly; 0 = DefaultMemory
	Include []string // patterns, one of which the name of a capture must match; none: all do
	Exclude []string // patterns of files and folders that are passed over
	// Resume leaves alone what an earlier run has finished with the same
	// capture, tables, options and program, by the report beside the output.
	Resume bool
	// Page writes the page of a capture, which appears beside its output as X.mended.html;
	// nil for none. It may be called by several goroutines at a time.
	Page    func(io.Writer, *report.Report) error
	Program string         // what tells this version of the program from others
	Repair  repair.Options // for each capture
	// Ends reports whether the error of a capture is to end the run, which returns it: not
	// the capture's fault, but one of the place, as a disk that is full. Nil: none is.
	Ends func(error) bool
	// Done is called once the output, the page and the report of a capture are there, with
	// the name of the output below Dir, with slashes. It may change what the summary says
	// of the capture. Its error ends the run. It may be called by several goroutines at a
	// time, and be nil.
	Done func(ctx context.Context, output string, e *report.Entry) error
	// Progress is told how far the run is, by one goroutine at a time. It may
	// be nil.
	Progress func(Progress)
}

// Progress is how far a run is. Bytes are those of the captures' files.
type Progress struct {
	Captures, Done, Failed int
	Bytes, DoneBytes       int64
}

// DefaultMemory is the budget of all jobs together, bytes.
const DefaultMemory = 1 << 30

// ErrUsage says that an option or a path is wrong.
var ErrUsage = errors.New("bad batch")

// check completes the options.
func (o *Options) check() error {
	if o.Jobs < 0 || o.Memory < 0 {
		return fmt.Errorf("%w: %d jobs, %d bytes of memory", ErrUsage, o.Jobs, o.Memory)
	}
	if o.Jobs == 0 {
		o.Jobs = runtime.GOMAXPROCS(0)
	}
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	for _, p := range slices.Concat(o.Include, o.Exclude) {
		if !doublestar.ValidatePattern(p) {
			return fmt.Errorf("%w: %q is no pattern", ErrUsage, p)
		}
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Ends == nil {
		o.Ends = func(error) bool { return false }
	}
	if err := o.Repair.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrUsage, err)
	}
	return nil
}
