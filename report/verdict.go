package report

import (
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

// The verdicts.
const (
	Artefact    Verdict = "artefact"     // made by the capture's order, now gone
	Drop        Verdict = "drop"         // the capture missed packets that the network delivered
	Loss        Verdict = "loss"         // the network lost it; the detail says how it was recovered
	Reordering  Verdict = "reordering"   // the network delivered it out of order
	Spurious    Verdict = "spurious"     // sent again though the first had arrived
	Duplicate   Verdict = "duplicate"    // one packet twice; the detail says by whom
	Genuine     Verdict = "genuine"      // what the flag says is what happened
	NotCaptured Verdict = "not-captured" // one direction was never recorded
	Undecided   Verdict = "undecided"    // neither could be shown
	Created     Verdict = "created"      // flagged after repair, not before
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

// verdicts are all of them, in the order in which they are shown, and what each
// says in a few words.
var verdicts = []struct {
	name    Verdict
	meaning string
}{
	{Artefact, "made by the capture's order, repaired"},
	{Drop, "the capture missed packets that the network delivered"},
	{Loss, "the network lost packets"},
	{Reordering, "the network delivered packets out of order"},
	{Spurious, "sent again though the first had arrived"},
	{Duplicate, "one packet seen twice"},
	{Genuine, "happened as flagged"},
	{NotCaptured, "one direction was never recorded"},
	{Undecided, "neither capture nor network could be shown to be the cause"},
	{Created, "flagged after the repair only"},
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
	return "", fmt.Errorf("%q is no verdict; they are %s", text, strings.Join(names, ", "))
}

// VerdictsIn lists all verdicts, and after them, by name, those that counts has
// besides: a stored report of another version may know more.
func VerdictsIn(counts map[Verdict]int64) []Verdict {
	list := Verdicts()
	for _, verdict := range slices.Sorted(maps.Keys(counts)) {
		if !slices.Contains(list, verdict) {
			list = append(list, verdict)
		}
	}
	return list
}

// Meaning says in a few words what a verdict says; "" of one that is unknown.
func (v Verdict) Meaning() string {
	for i := range verdicts {
		if verdicts[i].name == v {
			return verdicts[i].meaning
		}
	}
	return ""
}

// Label names what a finding is about: a flag, a law without one, or a whole
// connection.
func (f *Finding) Label() string {
	switch {
	case f.Flag != "":
		return f.Flag
	case f.Law != "":
		return "law " + string(f.Law)
	}
	return "connection"
}

// Place says where the input is broken: "after frame 3, at byte 240".
func (d *Damage) Place() string {
	if d.Frame == 0 {
		return fmt.Sprintf("before any frame, at byte %d", d.Offset)
	}
	return fmt.Sprintf("after frame %d, at byte %d", d.Frame, d.Offset)
}

// Text says where the input is broken, and what.
func (d *Damage) Text() string {
	said := d.Place() + ": " + d.What
	switch {
	case d.Length == 0:
		return said
	case d.Mended:
		return fmt.Sprintf("%s (%s, mended)", said, text.Plural(d.Length, "byte"))
	}
	return fmt.Sprintf("%s (%s passed over)", said, text.Plural(d.Length, "byte"))
}
