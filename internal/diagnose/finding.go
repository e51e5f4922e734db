package diagnose

import (
	"github.com/mendcap/mendcap/internal/conn"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

// Verdict is one of report's, by its place in report.Verdicts: it is counted
// more often than it is named.
type Verdict uint8

// The verdicts.
const (
	Undecided Verdict = iota
	Created
	Drop
	Discard
	Loss
	Reordering
	Spurious
	Duplicate
	NotCaptured
	Genuine
	Artefact
	NumVerdicts
)

var verdictNames = report.Verdicts()

// Reported returns report's verdict.
func (v Verdict) Reported() report.Verdict { return verdictNames[v] }

// Counts are how many findings have each verdict.
type Counts [NumVerdicts]int64

// Reported returns them as a report has them: those that there are.
func (c *Counts) Reported() map[report.Verdict]int64 {
	by := make(map[report.Verdict]int64)
	for v, n := range c {
		if n > 0 {
			by[verdictNames[v]] = n
		}
	}
	return by
}

// Finding is one flag, or one violated law, and what it was. What needs words is
// made up only when it is asked for.
type Finding struct {
	Frame, FrameAfter int64
	Time              int64 // as repaired, nanoseconds since 1970
	Pair              conn.Pair
	Flow              uint64 // the segment's, where Followed
	Event             int64  // its number, from 1; 0 of an artefact
	Sequence          report.Range
	Timed             bool
	Followed          bool // it has a segment
	Sequenced         bool // Sequence is there
	FlagNumber        int8 // its place in the order of flags, -1 without one
	law               reorder.Law
	lawful            bool // law is there
	about             about
	sentence
}

// Flag is Wireshark's name; "" for a law, or a whole connection.
func (f *Finding) Flag() string {
	if f.FlagNumber < 0 {
		return ""
	}
	return tcp.AnalysisNames()[f.FlagNumber]
}

// Law names the law that moved the packet, or that is violated; "" without one.
func (f *Finding) Law() string {
	if !f.lawful {
		return ""
	}
	return f.law.String()
}

// finding begins what is said of one flag of a packet, by its number; -1 is
// none.
func finding(p *Packet, number int) (f Finding) {
	f.begin(p, number)
	return f
}

// begin is finding in place.
func (f *Finding) begin(p *Packet, number int) {
	*f = Finding{} // and field by field: see tcp.Analyser.AddAt
	f.Frame, f.FrameAfter, f.Time, f.Timed, f.Pair = p.Frame, p.FrameAfter, p.Time, p.Timed, p.Pair
	f.FlagNumber, f.law, f.lawful = int8(number), p.Law, p.ByLaw || p.Left
	if s := p.Segment; s != nil {
		f.Flow, f.Followed = s.Flow, true
		f.of(s.Range())
		if number >= 0 {
			f.about = aboutOf(s, 1<<number)
		}
	}
}

// of names the sequence numbers that the finding is said of.
func (f *Finding) of(bytes tcp.Range) {
	f.Sequence.Left, f.Sequence.Right, f.Sequenced = uint32(bytes.Left), uint32(bytes.Right), true
}

// ofMissing names the bytes whose absence the finding is about, and says it of them.
func (f *Finding) ofMissing(bytes tcp.Range) {
	f.of(bytes)
	f.about.bytes, f.about.known = bytes, true
}
