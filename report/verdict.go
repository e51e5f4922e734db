package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mendcap/mendcap/report/internal/text"
)

// Verdict says what one flag of the analyser, or one violated law, was. Each
// finding has exactly one. In a report of another version it may be none of the
// constants.
type Verdict string

// The verdicts, those that ask for most attention first.
const (
	Undecided   Verdict = "undecided"    // neither could be shown
	Created     Verdict = "created"      // flagged after repair, not before
	Drop        Verdict = "drop"         // the capture missed packets that the network delivered
	Discard     Verdict = "discard"      // the host dropped it, as it says itself; the detail is its reason
	Loss        Verdict = "loss"         // the network lost it; the detail says how it was recovered
	Reordering  Verdict = "reordering"   // the network delivered it out of order
	Spurious    Verdict = "spurious"     // sent again though the first had arrived
	Duplicate   Verdict = "duplicate"    // one packet twice; the detail says by whom
	NotCaptured Verdict = "not-captured" // one direction was never recorded
	Genuine     Verdict = "genuine"      // what the flag says is what happened
	Artefact    Verdict = "artefact"     // made by the capture's order, now gone
)

// The details of Loss, how the sender found out and filled the hole, and of
// Duplicate, who made the second copy.
const (
	FastRetransmission = "fast-retransmission" // three duplicate ACKs (RFC 5681, section 3.2)
	TimeBased          = "time-based"          // fewer of them (RACK: RFC 8985)
	TailLossProbe      = "tail-loss-probe"     // after about two round trips of silence (RFC 8985, section 7)
	Timeout            = "timeout"             // after an RTO of silence (RFC 6298)
	ByNetwork          = "network"
	ByCapture          = "capture"
)

// verdictRow is what is known of a verdict.
type verdictRow struct {
	name    Verdict
	meaning string // in a few words
	passes  bool   // a check allows findings of it, unless it is told otherwise
}

// verdicts are all of them, in the order in which they are shown.
var verdicts = []verdictRow{
	{name: Undecided, meaning: "neither capture nor network could be shown to be the cause"},
	{name: Created, meaning: "flagged after the repair only"},
	{name: Drop, meaning: "the capture missed packets that the network delivered"},
	{name: Discard, meaning: "the host itself dropped the packet"},
	{name: Loss, meaning: "the network lost packets"},
	{name: Reordering, meaning: "the network delivered packets out of order"},
	{name: Spurious, meaning: "sent again though the first had arrived"},
	{name: Duplicate, meaning: "one packet seen twice"},
	{name: NotCaptured, meaning: "one direction was never recorded"},
	{name: Genuine, meaning: "happened as flagged", passes: true},
	{name: Artefact, meaning: "made by the capture's order, repaired", passes: true},
}

// verdictOf returns the row of a verdict; one that is unknown, since another
// version has stored it, has no meaning.
func verdictOf(name Verdict) verdictRow {
	if i := rank(name); i >= 0 {
		return verdicts[i]
	}
	return verdictRow{name: name}
}

// Verdicts lists all verdicts, in the order in which they are shown.
func Verdicts() []Verdict {
	names := make([]Verdict, len(verdicts))
	for i, v := range verdicts {
		names[i] = v.name
	}
	return names
}

// ParseVerdict reads one of the verdicts.
func ParseVerdict(text string) (Verdict, error) {
	if v := Verdict(text); slices.Contains(Verdicts(), v) {
		return v, nil
	}
	var names []string
	for i := range verdicts {
		names = append(names, string(verdicts[i].name))
	}
	return "", fmt.Errorf("%q is not a verdict; they are %s", text, strings.Join(names, ", "))
}

// VerdictsIn lists all verdicts, and before them, by name, those that counts has
// in addition: a stored report of another version may know more.
func VerdictsIn(counts map[Verdict]int64) (list []Verdict) {
	for _, verdict := range slices.Sorted(maps.Keys(counts)) {
		if rank(verdict) < 0 {
			list = append(list, verdict)
		}
	}
	return append(list, Verdicts()...)
}

// rank is the place of a verdict in the order in which they are shown; -1 of one that
// is unknown.
func rank(name Verdict) int {
	return slices.IndexFunc(verdicts, func(v verdictRow) bool { return v.name == name })
}

// Meaning says in a few words what a verdict says; "" of one that is unknown.
func (v Verdict) Meaning() string { return verdictOf(v).meaning }

// FailsCheck reports whether a check fails on a finding of a verdict, unless it is
// told otherwise: on all but what a repair undoes and what happened as flagged.
func FailsCheck(verdict Verdict) bool { return !verdictOf(verdict).passes }

// Label names what a finding is about: a flag, a law without one, a packet that was
// dropped, or a whole connection.
func (f *Finding) Label() string {
	return cmp.Or(f.Flag, text.When(f.Law != "", "law "+string(f.Law)), text.When(f.Verdict == Discard, "packet"), "connection")
}

// Place says where the input is broken: "after frame 3, at byte 240"; where the frame is
// not known, only the byte.
func (d *Damage) Place() string {
	at := fmt.Sprintf("at byte %d", d.Offset)
	switch {
	case d.Frame < 0:
		return at
	case d.Frame == 0:
		return "before any frame, " + at
	}
	return fmt.Sprintf("after frame %d, %s", d.Frame, at)
}

// Text says where the input is broken, and what.
func (d *Damage) Text() string {
	done := " passed over"
	if d.Mended {
		done = ", mended"
	}
	return d.Place() + ": " + d.What + text.When(d.Length != 0, " ("+text.Plural(d.Length, "byte")+done+")")
}
