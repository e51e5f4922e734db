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
	"context"
	"io"
	"net/netip"

	"github.com/mendcap/mendcap/internal/pipeline"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/render"
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
	Compress   string   // how the output is compressed: gzip or zstd; "": as its name says, .gz or .zst
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
	DefaultFindings = pipeline.DefaultFindings
	DefaultFlows    = pipeline.DefaultFlows
)

// MaxFlows is the most connections that a report can list.
const MaxFlows = pipeline.MaxFlows

// MaxExplained is how many frames Explain takes at once.
const MaxExplained = pipeline.MaxExplained

// The conditions that callers tell apart.
var (
	ErrUsage      = pipeline.ErrUsage      // an option's value can't be used
	ErrNoCapture  = pipeline.ErrNoCapture  // nothing in the input could be read as one
	ErrNoTables   = pipeline.ErrNoTables   // nothing has a name of Options.Tables
	ErrUnpacked   = pipeline.ErrUnpacked   // the input decompresses to more than Options.MaxUnpacked
	ErrSpoolLimit = pipeline.ErrSpoolLimit // the input can be read only once and is larger than Options.SpoolLimit; is an ErrIO too
	ErrIO         = pipeline.ErrIO         // reading the input or writing the output failed
	ErrExists     = pipeline.ErrExists     // it differs, and Force was not given; is an ErrIO too
)

// Check returns an ErrUsage if File would refuse the options whatever the capture.
func (o Options) Check() error { return pipeline.Options(o).Check() }

// File repairs the capture in ("-" for standard input) and writes the result to
// out ("-" for standard output, "" for a name beside the capture that ends in
// .mended.pcapng, with the suffix of o.Compress). The report's Damage names what was broken in the input; that is no
// error as long as something could be read. Errors are ErrUsage, ErrNoCapture,
// ErrNoTables, ErrIO, ErrExists, or the context's; after any of them there is no
// output.
func File(ctx context.Context, in, out string, o Options) (report.Report, error) {
	return pipeline.File(ctx, in, out, pipeline.Options(o))
}

// Check says of the capture in ("-" for standard input) what File would: the
// same report and findings, but for Output, which only says whether anything
// would change. It writes nothing. Options about outputs are not used; errors
// are those of File.
func Check(ctx context.Context, in string, o Options) (report.Report, error) {
	return pipeline.Check(ctx, in, pipeline.Options(o))
}

// Explain says of frames of the capture in ("-" for standard input), by their
// numbers from 1, what File would do to them and why. It writes nothing. Options
// about outputs and findings are not used. Errors are those of File; a frame that
// the capture does not have is an ErrUsage.
func Explain(ctx context.Context, in string, frames []int64, o Options) (report.Explanations, error) {
	x, err := pipeline.Explain(ctx, in, frames, pipeline.Options(o))
	render.FillText(&x)
	return x, err
}

// Fingerprint is a hash, in hex, of all that the output and the report of a
// repair follow from: the bytes and the names of the capture and of its network
// tables, the options, and the program, which the caller names. Two runs
// with one fingerprint write the same. Errors are ErrNoCapture, ErrIO or the
// context's.
func Fingerprint(ctx context.Context, in, program string, o Options) (string, error) {
	return pipeline.Fingerprint(ctx, in, program, pipeline.Options(o))
}

// Hash returns the SHA-256 of a file, in hex. Errors are ErrNoCapture, ErrIO or the
// context's.
func Hash(ctx context.Context, path string) (string, error) { return pipeline.Hash(ctx, path) }

// Flags lists the names of the flags that findings have, as in Wireshark's filters
// without "tcp.analysis.".
func Flags() []string { return pipeline.Flags() }

// Laws lists the names of the laws of order, for Options.Without.
func Laws() []string { return pipeline.Laws() }

// ParseProtocol reads the name of an upper-layer protocol, in any case, or its
// number from 1 to 254, for Options.Protocol.
func ParseProtocol(text string) (uint8, error) { return pipeline.ParseProtocol(text) }

// ProfileFile is one file of a configuration profile for Wireshark.
type ProfileFile struct{ Name, Text string }

// WiresharkProfile returns the files of a profile that shows in the list of
// packets what a repair has done: rules that colour packets by their comments,
// a column with the comments, and buttons that filter by them. A folder in
// Wireshark's folder of profiles that holds these files is a profile.
func WiresharkProfile() []ProfileFile {
	var files []ProfileFile
	for _, f := range pipeline.WiresharkProfile() {
		files = append(files, ProfileFile(f))
	}
	return files
}
