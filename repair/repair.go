// Package repair is the whole job: it reads a capture, infers the headers that
// a raw socket left out, puts the packets in their true order, and writes a
// pcapng and a report.
//
// It promises that the output appears whole or not at all, that a capture in
// which nothing had to be repaired leaves as the bytes that came (pcapng), and
// that the same input gives the same bytes on any number of cores. It holds no
// more of the capture in memory than a bounded window.
package repair

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// Options choose how a capture is repaired. The zero value works.
type Options struct {
	Tables   []string // files or folders of network tables; none: those found beside the capture
	Force    bool     // overwrite an output that exists and differs
	Findings int      // kept in the report, 0 = DefaultFindings
	Flows    int      // connections listed in the report, 0 = DefaultFlows
	Protocol uint8    // IANA number of what the socket was opened for; 0 = not stated
	// Confidence is the probability from which on a destination or Next Header that
	// isn't proved is filled in as likely, from 0.5 to 1; 1 fills in proved ones
	// alone. 0 means infer.DefaultConfidence.
	Confidence float64
	// Local are addresses of the capturing host, beside those that tables name.
	Local      []netip.Addr
	UserLayout string   // sockaddr records in USER0-15: auto (""), windows, linux, bsd, none
	Without    []string // names of laws that are switched off, of Laws
	Compress   string   // how the output is compressed, of Compressions; "": as its name says, .gz or .zst
	// RefuseDamaged makes any damage in the input an ErrNoCapture. Otherwise what
	// can be read is repaired, and the report says what can't.
	RefuseDamaged bool
	// MaxUnpacked is how much a compressed capture may decompress to, bytes; 0 = any
	// amount. Beyond it is an ErrUnpacked, which is an ErrNoCapture too.
	MaxUnpacked int64
	// SpoolLimit is how much of an input that can be read only once (standard input,
	// a pipe) is copied to a temporary file, bytes; 0 = half of what is free there.
	// Beyond it is an ErrSpoolLimit.
	SpoolLimit int64
	// AlignInterfaces corrects the stamps of interfaces whose clock is shown to
	// differ from that of the interface with most packets.
	AlignInterfaces bool
	// EachFinding is handed every finding, also those that the report leaves
	// out, in the order in which they are decided and by one goroutine at a
	// time. The finding is valid during the call. It may be nil.
	EachFinding func(*report.Finding)
	// NeedsEvidence is asked of each finding before EachFinding is handed it whether
	// its Evidence is to be put into words, which takes longer than the rest of it.
	// Where it is nil, all have it.
	NeedsEvidence func(*report.Finding) bool
	// TakeBack is called before a capture is repaired again because the flags of
	// some connections had risen: the findings that were handed out don't hold,
	// and all are handed out anew. An error ends the repair. Where it is nil,
	// findings are held back until a pass of its own has shown that they hold.
	TakeBack func() error
	Progress func(done, total int64) // bytes read over all passes; total < 0 = unknown; may be nil
	Stdin    io.Reader               // what "-" reads, nil = os.Stdin; a read that waits when the context ends is left
	Stdout   io.Writer               // what "-" writes, nil = os.Stdout
}

// DefaultFindings and DefaultFlows are how many findings and connections a
// report lists at most by default.
const (
	DefaultFindings = 10_000
	DefaultFlows    = 20
)

// leastConfidence is that from which on an answer is likelier than all others
// together.
const leastConfidence = 0.5

// MaxFlows is the most connections that a report can list.
const MaxFlows = 1_000

// The conditions that callers tell apart.
var (
	ErrUsage     = errors.New("bad option")          // an option's value can't be used
	ErrNoCapture = errors.New("no usable capture")   // nothing in the input could be read as one
	ErrNoTables  = errors.New("no such tables")      // nothing has a name of Options.Tables
	ErrUnpacked  = capture.ErrUnpacked               // the input decompresses to more than Options.MaxUnpacked
	ErrIO        = errors.New("i/o failed")          // reading the input or writing the output failed
	ErrExists    = errors.New("output exists")       // it differs, and Force was not given; is an ErrIO too
	errSame      = errors.New("output is the input") // is an ErrUsage too
)

// Check returns an ErrUsage if File would refuse the options whatever the capture.
func (o Options) Check() error {
	_, err := newJob("-", "-", o)
	return err
}

// Flags lists the names of the flags that findings have, as in Wireshark's filters
// without "tcp.analysis.".
func Flags() []string { return append([]string(nil), tcp.AnalysisNames()...) }

// Laws lists the names of the laws of order, for Options.Without.
func Laws() []string { return reorder.LawNames() }

// File repairs the capture in ("-" for standard input) and writes the result to
// out ("-" for standard output, "" for OutputName(in, "") and the suffix of
// o.Compress). The report's Damage names what was broken in the input; that is no error as long as something
// could be read. Errors are ErrUsage, ErrNoCapture, ErrNoTables, ErrIO, ErrExists,
// or the context's; after any of them there is no output.
func File(ctx context.Context, in, out string, o Options) (report.Report, error) {
	j, err := newJob(in, out, o)
	if err != nil {
		return report.Report{}, err
	}
	defer j.close()
	if err := j.run(ctx); err != nil {
		return report.Report{}, err
	}
	return j.report, nil
}

// job is one capture's way through the stages.
type job struct {
	in, out   string
	o         Options
	layout    packet.Layout
	beginning int64 // packets that the first pass reads where all have their header
	apart     bool  // write in a pass of its own in any case
	order     reorder.Options

	source   *source
	spare    chan *chunk
	snapshot *infer.Snapshot // what the tables say
	engine   *infer.Engine
	flows    *flowTable
	facts    facts
	ticks    reorder.TickMeter
	local    vantage
	clocks   clocks
	left     left
	twice    *sightings

	profile reorder.Profile
	report  report.Report
	steps   int64      // in loops whose length the capture decides, as order and diagnosis count them
	explain *explainer // nil where nothing is to be explained
}

func newJob(in, out string, o Options) (*job, error) {
	j := &job{in: in, out: out, o: o, beginning: vantagePackets, spare: make(chan *chunk, spareChunks)}
	if j.out == "" {
		if in == "-" {
			return nil, fmt.Errorf("%w: standard input needs a named output", ErrUsage)
		}
		j.out = OutputName(in, "") + PackedSuffix(o.Compress)
	}
	if err := j.chooseCompression(); err != nil {
		return nil, err
	}
	if o.Findings < 0 {
		return nil, fmt.Errorf("%w: %d findings", ErrUsage, o.Findings)
	}
	if o.SpoolLimit < 0 {
		return nil, fmt.Errorf("%w: a limit of %d bytes", ErrUsage, o.SpoolLimit)
	}
	if o.Flows < 0 || o.Flows > MaxFlows {
		return nil, fmt.Errorf("%w: %d connections", ErrUsage, o.Flows)
	}
	j.o.Findings = cmp.Or(o.Findings, DefaultFindings)
	j.o.Flows = cmp.Or(o.Flows, DefaultFlows)
	if o.Confidence != 0 && !(o.Confidence >= leastConfidence && o.Confidence <= 1) {
		return nil, fmt.Errorf("%w: confidence %v is not from %v to 1", ErrUsage, o.Confidence, leastConfidence)
	}
	if err := o.checkStated(); err != nil {
		return nil, err
	}
	name := o.UserLayout
	if name == "" {
		name = "auto"
	}
	var err error
	if j.layout, err = packet.ParseLayout(name); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	j.order.Without = o.Without
	if err := j.order.Validate(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUsage, err)
	}
	if sameFile(in, j.out) {
		return nil, fmt.Errorf("%w: %s: %w", ErrUsage, j.out, errSame)
	}
	return j, nil
}

// sameFile reports whether both names lead to one existing file; "-" is none.
func sameFile(in, out string) bool {
	if in == "-" || out == "-" {
		return false
	}
	a, err := os.Stat(in)
	if err != nil {
		return false
	}
	b, err := os.Stat(out)
	return err == nil && os.SameFile(a, b)
}

func (j *job) close() {
	if j.source != nil {
		j.source.close()
	}
}

// run takes the capture through its passes, and writes it.
func (j *job) run(ctx context.Context) error { return j.carryOut(ctx, j.write) }

// carryOut takes the capture through the first pass, and then through the rest.
func (j *job) carryOut(ctx context.Context, rest func(context.Context) error) error {
	err := j.collect(ctx)
	if err == nil {
		err = rest(ctx)
	}
	if err == nil || ctx.Err() != nil || j.source == nil {
		return err
	}
	if changed := j.source.changed(); changed != nil {
		return changed // whatever else went wrong, this may be why
	}
	return err
}

// collect opens the input and takes it through the first pass.
func (j *job) collect(ctx context.Context) error {
	if err := j.loadTables(); err != nil {
		return err
	}
	var err error
	if j.source, err = openSource(ctx, j.in, &j.o); err != nil {
		return err
	}
	j.flows = newFlowTable()
	return j.gather(ctx)
}

// tablePaths returns where the network tables of a capture are.
func tablePaths(in string, o Options) ([]string, error) {
	if len(o.Tables) > 0 || in == "-" {
		return o.Tables, nil
	}
	found, err := tables.Find(in, Stem(in))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrIO, err)
	}
	return found, nil
}

// loadTables reads the tables that were named, or those beside the capture.
func (j *job) loadTables() error {
	paths, err := tablePaths(j.in, j.o)
	if err != nil {
		return err
	}
	snapshot, results, err := tables.Load(paths...)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNoTables, err)
	}
	j.report.Tables = make([]report.Table, 0, len(results))
	for _, r := range results {
		j.report.Tables = append(j.report.Tables, report.Table{
			Name: r.Name, Format: r.Format, Rows: r.Rows, Addresses: r.Addresses, NotUnderstood: r.NotUnderstood, Cut: r.Cut,
		})
		if r.Problem != "" {
			j.note("tables %s: %s", r.Name, r.Problem)
		}
	}
	j.snapshot = withLocal(snapshot, j.o.Local)
	j.engine = j.newEngine()
	j.local.fromTables(j.snapshot)
	return nil
}

func (j *job) note(format string, args ...any) {
	j.report.Notes = append(j.report.Notes, fmt.Sprintf(format, args...))
}
