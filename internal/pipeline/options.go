package pipeline

import (
	"errors"
	"hash"
	"io"
	"net/netip"
	"time"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// Options choose how a capture is repaired: they are those of package repair, which
// says what each is for.
type Options struct {
	Tables          []string
	Force           bool
	OnlyChanged     bool
	Reflink         bool
	Hardlink        bool
	Findings        int
	Flows           int
	Protocol        uint8
	Confidence      float64
	Local           []netip.Addr
	UserLayout      string
	DecodeAs        []string
	Without         []reorder.Law
	Compress        string
	RefuseDamaged   bool
	MaxUnpacked     int64
	SpoolLimit      int64
	AlignInterfaces bool
	AllLayers       bool
	Annotate        bool
	OutputFrames    bool
	CaptureZone     time.Duration
	Sequential      bool
	EachFinding     func(*report.Finding)
	NeedsEvidence   func(*report.Finding) bool
	TakeBack        func() error
	Sum             hash.Hash
	Progress        func(done, total int64)
	Stdin           io.Reader
	Stdout          io.Writer

	Source Source // in place of the input that is named, which is "-" then
}

// DefaultFindings and DefaultFlows are how many findings and connections a
// report lists at most by default.
const (
	DefaultFindings = 10_000
	DefaultFlows    = 20
)

// MaxFlows is the most connections that a report can list.
const MaxFlows = 1_000

// The conditions that callers tell apart.
var (
	ErrUsage     = errors.New("bad option")          // an option's value can't be used
	ErrNoCapture = errors.New("no usable capture")   // nothing in the input could be read as one
	ErrNoTables  = errors.New("no such tables")      // nothing has a name of Options.Tables
	ErrUnpacked  = capture.ErrUnpacked               // the input decompresses to more than Options.MaxUnpacked
	ErrIO        = errors.New("i/o failed")          // reading the input or writing the output failed
	ErrExists    = error(existsError{})              // it differs, and Force was not given; is an ErrIO too
	errSame      = errors.New("output is the input") // is an ErrUsage too
)

// existsError is ErrExists: an i/o error that does not read like a disk's.
type existsError struct{}

func (existsError) Error() string        { return "output exists" }
func (existsError) Is(target error) bool { return target == ErrIO }

// Check returns an ErrUsage if File would refuse the options whatever the capture.
func (o Options) Check() error {
	_, err := newConfig("-", "-", o)
	return err
}
