package report

import (
	"fmt"
	"maps"
	"slices"
)

// The verdicts: what one flag of the analyser, or one violated law, was. Each
// finding has exactly one.
const (
	Artefact    = "artefact"     // made by the capture's order, now gone
	Drop        = "drop"         // the capture missed packets that the network delivered
	Loss        = "loss"         // the network lost it; the detail says how it was recovered
	Reordering  = "reordering"   // the network delivered it out of order
	Spurious    = "spurious"     // sent again though the first had arrived
	Duplicate   = "duplicate"    // one packet twice; the detail says by whom
	Genuine     = "genuine"      // what the flag says is what happened
	NotCaptured = "not-captured" // one direction was never recorded
	Undecided   = "undecided"    // neither could be shown
	Created     = "created"      // flagged after repair, not before
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

// Verdicts lists all verdicts, in the order in which they are shown.
func Verdicts() []string {
	return []string{Artefact, Drop, Loss, Reordering, Spurious, Duplicate, Genuine, NotCaptured, Undecided, Created}
}

// meaning says in a few words what a verdict says; "" of one that is unknown.
func meaning(verdict string) string {
	switch verdict {
	case Artefact:
		return "made by the capture's order, repaired"
	case Drop:
		return "the capture missed packets that the network delivered"
	case Loss:
		return "the network lost packets"
	case Reordering:
		return "the network delivered packets out of order"
	case Spurious:
		return "sent again though the first had arrived"
	case Duplicate:
		return "one packet seen twice"
	case Genuine:
		return "happened as flagged"
	case NotCaptured:
		return "one direction was never recorded"
	case Undecided:
		return "neither capture nor network could be shown to be the cause"
	case Created:
		return "flagged after the repair only"
	}
	return ""
}

// plain reports whether a verdict asks for nothing: what the flag says is what
// happened.
func plain(verdict string) bool { return verdict == Genuine }

// label names what a finding is about: a flag, a law without one, or a whole
// connection.
func (f *Finding) label() string {
	switch {
	case f.Flag != "":
		return f.Flag
	case f.Law != "":
		return "law " + f.Law
	}
	return "connection"
}

// verdictText is the verdict with its detail.
func (f *Finding) verdictText() string {
	if f.Detail == "" {
		return f.Verdict
	}
	return f.Verdict + " (" + f.Detail + ")"
}

// Place says where the input is broken: "after frame 3, at byte 240".
func (d *Damage) Place() string {
	if d.Frame == 0 {
		return fmt.Sprintf("before any frame, at byte %d", d.Offset)
	}
	return fmt.Sprintf("after frame %d, at byte %d", d.Frame, d.Offset)
}

// text says where the input is broken, and what.
func (d *Damage) text() string {
	text := d.Place() + ": " + d.What
	switch {
	case d.Length == 0:
		return text
	case d.Mended:
		return fmt.Sprintf("%s (%s, mended)", text, plural(d.Length, "byte"))
	}
	return fmt.Sprintf("%s (%s passed over)", text, plural(d.Length, "byte"))
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
