package repair

import (
	"hash"
	"io"
	"net/netip"
	"time"

	"github.com/mendcap/mendcap/internal/pipeline"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// Options choose how a capture is repaired. The zero value works. Nothing that an
// Options refers to may be changed while a capture is repaired with it; several
// captures may be repaired with one Options at a time only if its functions and
// its Tally, where it has some, allow that.
type Options struct {
	// Tables are files or folders of network tables. Where it is nil, File, Check and
	// Explain use the tables that they find beside the capture by its name, and the
	// functions that take a Source use none.
	Tables []string
	// Protocol is what the socket was opened for: the Next Header of packets that
	// lack it. 0 means that it is not stated.
	Protocol Protocol
	// Local are addresses of the capturing host, in addition to those that the
	// tables name.
	Local []netip.Addr
	// Confidence is the probability from which on a destination or Next Header that
	// is not proved is filled in as likely, from 0.5 to 1; 1 fills in only what is
	// proved. 0 means infer.DefaultConfidence.
	Confidence float64
	// Layout says what the records of LINKTYPE_USER0 to LINKTYPE_USER15 begin with.
	Layout Layout
	// DecodeAs says which UDP ports lead into tunnels besides Wireshark 4.0's, in the
	// notation of tshark's option -d: "udp.port==4790,vxlan". "data" is for a port that
	// doesn't. Of sessions of L2TPv3 without control messages it says what they carry,
	// "l2tp.pw_type==0,eth", and of all, in that of tshark's option -o, how long cookies
	// are, "l2tp.cookie_size:cookie8", and what comes after them,
	// "l2tp.l2_specific:default".
	DecodeAs []string
	// Without are the laws of order that are switched off.
	Without []reorder.Law
	// AlignInterfaces corrects the stamps of interfaces whose clock is shown to
	// differ from that of the interface with most packets.
	AlignInterfaces bool
	// AllLayers takes packets of an event trace from every layer that recorded them.
	// Otherwise those of one layer of each network interface are taken.
	AllLayers bool
	// CaptureZone is how far east of Greenwich, in time, a capture was made whose stamps
	// are local times of a zone that it does not state, as those of Network Monitor
	// before version 2.3 are.
	CaptureZone time.Duration

	// Annotate adds the verdict of each finding to its packet in the output, as a comment
	// that names frames by their numbers there. A capture in which nothing had to be
	// repaired does not leave as the bytes that came then, if something was found. The
	// capture is written twice, once to a temporary file.
	Annotate bool
	// OutputFrames says that the frames which Explain and ExplainCapture are to explain
	// are named by their numbers in the output.
	OutputFrames bool

	// Force lets File replace an output that exists and differs.
	Force bool
	// OnlyChanged makes File write no output of a capture in which nothing was damaged
	// and nothing had to be repaired; the report's Output is "omitted" then. A file that
	// has the output's name is treated as without it, so that it is never that of another
	// capture.
	OnlyChanged bool
	// Reflink lets an output that holds the same bytes as the capture share its blocks,
	// where the file system can (FICLONE of Linux, clonefile of macOS); elsewhere it is a
	// copy. Editing one of them does not change the other.
	Reflink bool
	// Hardlink makes such an output another name of the capture, where the file system can
	// and nothing has the name; elsewhere it is a copy. Whoever edits one of them in place
	// changes both. Of OnlyChanged, Reflink and Hardlink one can be set.
	Hardlink bool
	// Compression is how the output is compressed.
	Compression Compression
	// Findings is how many findings the report lists at most, 0 for DefaultFindings.
	Findings int
	// Flows is how many connections the report lists at most, up to MaxFlows; 0 for
	// DefaultFlows.
	Flows int

	// RefuseDamaged makes any damage in the input an ErrNoCapture. Otherwise what
	// can be read is repaired, and the report says what can't.
	RefuseDamaged bool
	// MaxUnpacked is how many bytes a compressed capture may decompress to, 0 for
	// any number. One that is larger is an ErrUnpacked, which is an ErrNoCapture too.
	MaxUnpacked int64
	// SpoolLimit is how many bytes of an input that can be read only once (standard
	// input or a pipe) are copied to a temporary file, 0 for half of what is free
	// there. An input that is larger is an ErrSpoolLimit. It does not apply to a
	// Source.
	SpoolLimit int64

	// Sequential lets the caller's goroutine alone read, infer, order, diagnose and
	// encode: it takes less processor time than several do, and longer. It is for who
	// repairs as many captures at a time as there are processors.
	Sequential bool

	// EachFinding is called with every finding, also those that the report leaves
	// out, in the order in which they are decided and by one goroutine at a time.
	// The finding is valid during the call only. It may be nil.
	EachFinding func(*report.Finding)
	// TakeBack is called before a capture is put in order again because the flags
	// of some connections had risen: the findings that EachFinding was called with
	// do not hold, and it will be called with all findings anew. An error ends the
	// repair, and is returned. Where TakeBack is nil, EachFinding is called only
	// once it is known that the findings hold, which takes another pass.
	TakeBack func() error
	// Tally counts every finding, also those that the report leaves out, and is
	// begun anew where findings are taken back. It costs less than EachFinding,
	// since only the findings that it shows as examples are put into words. It may
	// be nil, and is the repair's until that returns.
	Tally *report.Tally
	// Sum is given what the output holds while that is written, anew where it is
	// written anew. It may be nil, and is the repair's until that returns.
	Sum hash.Hash
	// Progress is called with the number of bytes that were read in all passes, and
	// with how many there will be, which is negative as long as that is not known.
	// It may be nil.
	Progress func(done, total int64)

	// Stdin is what the name "-" reads, nil for os.Stdin. A Read that waits when the
	// context ends is abandoned: it may still be under way when the repair returns.
	Stdin io.Reader
	// Stdout is what the name "-" writes to, nil for os.Stdout.
	Stdout io.Writer
}

// DefaultFindings and DefaultFlows are how many findings and connections a
// report lists at most by default.
const (
	DefaultFindings = pipeline.DefaultFindings
	DefaultFlows    = pipeline.DefaultFlows
)

// MaxFlows is the most connections that a report can list.
const MaxFlows = pipeline.MaxFlows

// Check returns an ErrUsage if the options would be refused whatever the capture.
func (o Options) Check() error { return o.inner(nil).Check() }

// inner returns the options as the pipeline takes them.
func (o *Options) inner(src Source) pipeline.Options {
	inner := pipeline.Options{
		Tables: o.Tables, Force: o.Force, OnlyChanged: o.OnlyChanged, Reflink: o.Reflink, Hardlink: o.Hardlink, Findings: o.Findings, Flows: o.Flows, Protocol: uint8(o.Protocol), Confidence: o.Confidence,
		Local: o.Local, Without: o.Without, UserLayout: o.Layout.String(), DecodeAs: o.DecodeAs, Compress: string(o.Compression), RefuseDamaged: o.RefuseDamaged,
		MaxUnpacked: o.MaxUnpacked, SpoolLimit: o.SpoolLimit, AlignInterfaces: o.AlignInterfaces, AllLayers: o.AllLayers, CaptureZone: o.CaptureZone,
		Annotate: o.Annotate, OutputFrames: o.OutputFrames,
		Sequential:  o.Sequential,
		EachFinding: o.EachFinding, TakeBack: o.TakeBack, Sum: o.Sum, Progress: o.Progress, Stdin: o.Stdin, Stdout: o.Stdout, Source: src,
	}
	if o.Tally != nil {
		o.count(&inner)
	}
	return inner
}

// count lets the tally count findings. Where nobody else wants all of them, those
// that were counted can always be taken back.
func (o *Options) count(inner *pipeline.Options) {
	tally, each, takeBack := o.Tally, o.EachFinding, o.TakeBack
	if each == nil {
		inner.NeedsEvidence = tally.NeedsEvidence
		each = func(*report.Finding) {}
		if takeBack == nil {
			takeBack = func() error { return nil }
		}
	}
	inner.EachFinding = func(f *report.Finding) {
		tally.Add(f)
		each(f)
	}
	if takeBack != nil { // else findings come only once they hold
		inner.TakeBack = func() error {
			tally.Reset()
			return takeBack()
		}
	}
}
