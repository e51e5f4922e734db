// Package repair is the whole job: it reads a capture, infers the headers that
// a raw socket left out, puts the packets in their true order, and writes a
// pcapng and a report.
//
// File repairs a capture that is a file and writes another; Capture repairs what a
// Source opens and writes to an io.Writer. Check and CheckCapture return the same
// report without an output. Explain and ExplainCapture say of single frames what
// would be done to them, and why.
//
// Package repair promises that an output file appears whole or not at all, that a
// capture in which nothing had to be repaired leaves as the bytes that came
// (pcapng), and that the same input gives the same bytes on any number of cores.
// It holds no more of the capture in memory than a bounded window.
//
// Functions of this package may be called by several goroutines at a time. Each
// ends with the context's error soon after the context is done. Temporary files
// are made in os.TempDir.
package repair

import (
	"context"
	"fmt"
	"io"

	"github.com/mendcap/mendcap/internal/pipeline"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
)

// A Source is a capture that can be read several times: a repair reads it two to
// six times, and in rare cases more often. Its methods are called by one goroutine
// at a time.
type Source interface {
	// Name returns what the report and errors call the capture: for a file its base
	// name.
	Name() string
	// Open returns a reader of the capture from its start, in any format that File reads
	// and compressed or not. It must have the same bytes each time: passes that read
	// it to its end are compared, and that they differ is an ErrIO. The reader is
	// closed, and no longer used, before Open is called again and before the function
	// that the Source was given to returns; it need not be safe for use by several
	// goroutines. A context that is done does not end a Read that waits.
	Open() (io.ReadCloser, error)
}

// MaxExplained is how many frames Explain takes at once.
const MaxExplained = pipeline.MaxExplained // 1,000

// The conditions that callers tell apart, with errors.Is.
var (
	ErrUsage      = pipeline.ErrUsage      // an argument or the value of an option can't be used
	ErrNoCapture  = pipeline.ErrNoCapture  // the input can't be opened, or nothing in it could be read as a capture
	ErrNoTables   = pipeline.ErrNoTables   // nothing has a name of Options.Tables
	ErrUnpacked   = pipeline.ErrUnpacked   // the input decompresses to more than Options.MaxUnpacked; is an ErrNoCapture too
	ErrSpoolLimit = pipeline.ErrSpoolLimit // the input can be read only once and is larger than Options.SpoolLimit; is an ErrIO too
	ErrIO         = pipeline.ErrIO         // reading the input or writing the output failed
	ErrExists     = pipeline.ErrExists     // the output exists and differs, and Options.Force is not set; is an ErrIO too
)

// File repairs the capture in and writes the result to the file out, which appears
// whole or not at all. In may be "-" for standard input, and out "-" for standard
// output. Where out is "", the output is beside the capture under its name with
// the ending .mended.pcapng, and the suffix of Options.Compression.
//
// The report's Damage names what was broken in the input; that is no error as long
// as something could be read. Errors are ErrUsage, ErrNoCapture, ErrNoTables, ErrIO,
// ErrExists, or the context's; after any of them there is no output, and the report
// is empty.
func File(ctx context.Context, in, out string, o Options) (report.Report, error) {
	return pipeline.File(ctx, in, out, o.inner(nil))
}

// Capture repairs what src opens and writes the result to dst, as a pcapng that is
// compressed as Options.Compression says. Nothing is written to dst before the
// whole result is in a temporary file: after an error that does not come from
// writing to dst, and with a context that was not done meanwhile, dst has got
// nothing; otherwise it may have got the beginning of the result. The report's
// Output has no name, and src and dst are still the caller's to close.
//
// What is not said here is as for File. ErrExists does not occur.
func Capture(ctx context.Context, src Source, dst io.Writer, o Options) (report.Report, error) {
	switch {
	case src == nil:
		return report.Report{}, errNoSource()
	case dst == nil:
		return report.Report{}, fmt.Errorf("%w: nothing to write to", ErrUsage)
	}
	o.Stdout = dst
	return pipeline.File(ctx, "-", "-", o.inner(src))
}

// Check says of the capture in ("-" for standard input) what File would: the
// same report and findings, but for Output, which only says whether anything
// would change. It writes nothing. Options about outputs are not used; errors
// are those of File.
func Check(ctx context.Context, in string, o Options) (report.Report, error) {
	return pipeline.Check(ctx, in, o.inner(nil))
}

// CheckCapture is Check of what src opens.
func CheckCapture(ctx context.Context, src Source, o Options) (report.Report, error) {
	if src == nil {
		return report.Report{}, errNoSource()
	}
	return pipeline.Check(ctx, "-", o.inner(src))
}

// Explain says of frames of the capture in ("-" for standard input), by their
// numbers from 1, what File would do to them and why. Where no frames are named it says
// how much a repair leaves of the findings, and explains the frames of the worst of them,
// at most ten. What mendcap's comments in the capture say of an earlier repair is
// explained too. It writes nothing. Options
// about outputs and findings are not used. Errors are those of File; that there
// are more than MaxExplained frames, or one that the capture does not have, is an
// ErrUsage.
func Explain(ctx context.Context, in string, frames []int64, o Options) (report.Explanations, error) {
	x, err := pipeline.Explain(ctx, in, frames, o.inner(nil))
	render.FillText(&x)
	return x, err
}

// ExplainCapture is Explain of what src opens.
func ExplainCapture(ctx context.Context, src Source, frames []int64, o Options) (report.Explanations, error) {
	if src == nil {
		return report.Explanations{}, errNoSource()
	}
	x, err := pipeline.Explain(ctx, "-", frames, o.inner(src))
	render.FillText(&x)
	return x, err
}

func errNoSource() error { return fmt.Errorf("%w: no Source", ErrUsage) }
