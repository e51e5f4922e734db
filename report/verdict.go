package report

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
