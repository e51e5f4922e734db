package render

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// inWords makes the sentences of e. They are not sanitised.
func inWords(x *report.Explanations, e *report.Explanation) report.ExplainedInWords {
	return report.ExplainedInWords{
		Header:     headerSentences(&e.Header),
		Order:      append(orderSentences(e, x), placeSentences(e)...),
		Neighbours: neighbourSentences(e),
		Flags:      flagSentences(e),
	}
}

// proofs says in words what carried an inferred header.
var proofs = map[string]string{
	"connection-table":  "the checksum fits, and a network table names this connection",
	"payload":           "the payload dictates the destination",
	"reverse-flow":      "the other direction of the flow is in the capture, and the checksum or the sequence numbers fit",
	"same-flow":         "other packets of the same flow have a checksum that proves where they go",
	"dns-answer":        "the checksum fits an address that DNS has given",
	"known-group":       "the checksum fits a multicast group that is well known, or that somebody has joined",
	"destination-cache": "the checksum fits an address in the host's destination cache",
	"neighbour-table":   "the checksum fits an address in the host's neighbour table",
	"local-address":     "the checksum fits an address of the host",
	"seen-in-capture":   "the checksum fits an address that is seen in the capture",
	"other-flows":       "the checksum fits several addresses, and the host's other flows or DNS speak for this one",
	"checksum":          "the checksum fits over several packets",
}

func headerSentences(h *report.ExplainedHeader) []string {
	switch h.Form {
	case report.FormWhole:
		return []string{"Captured as it was on the wire; nothing had to be inferred."}
	case report.FormMended:
		return []string{"Filled in by an earlier repair; left as it is."}
	case report.FormSockaddrIPv4:
		return []string{"A socket address stood in front of a whole IPv4 packet, and is taken away."}
	case report.FormNone:
		return []string{"No IP packet could be made out; it is left as it is."}
	}
	how := "Recorded without its IPv6 header"
	if h.Form == report.FormStub {
		how = "Recorded with a made-up IPv6 header in place of its own"
	}
	if h.Posterior > 0 {
		how += fmt.Sprintf(" (its destination has probability %.4f)", h.Posterior)
	}
	list := []string{fmt.Sprintf("%s. Next Header: %s; destination: %s.", how, fieldText(&h.NextHeader), fieldText(&h.Destination))}
	if h.Evidence != "" {
		list = append(list, headerProof(h))
	}
	if len(h.Candidates) > 0 {
		list = append(list, candidatesText(h.Candidates, h.CandidatesOmitted))
	}
	if h.Synthesised != "" && h.Synthesised != "nothing" {
		list = append(list, "Made up, since nothing tells: "+h.Synthesised+".")
	}
	return list
}

func headerProof(h *report.ExplainedHeader) string {
	why, ok := proofs[h.Evidence]
	if !ok {
		why = h.Evidence
	}
	checked := "no checksum over all of the data could be verified"
	if h.ChecksumVerified {
		checked = "the checksum over all of the data confirms it"
	} else if h.Offloaded {
		checked = "the checksum was left to the network card, and the sum of the pseudo-header in its place confirms it"
	}
	return fmt.Sprintf("Evidence (%s): %s; %s.", h.Evidence, why, checked)
}

func fieldText(f *report.ExplainedField) string {
	if f.Origin == "unknown" {
		return "unknown"
	}
	if f.Origin == "likely" {
		return f.Value + ", likely and not proved"
	}
	return f.Value + ", " + f.Origin
}

func candidatesText(candidates []report.ExplainedCandidate, omitted int) string {
	list := make([]string, len(candidates))
	for i, c := range candidates {
		list[i] = fmt.Sprintf("%s to %s with probability %.4f", c.NextHeader, c.Destination, c.Posterior)
		if c.Evidence != "" {
			list[i] += " (" + c.Evidence + ")"
		}
	}
	if omitted > 0 {
		list = append(list, fmt.Sprintf("and %d more", omitted))
	}
	return "Candidates: " + strings.Join(list, "; ") + "."
}

// orderSentences says why the frame moves, or why it stays.
func orderSentences(e *report.Explanation, x *report.Explanations) []string {
	n, p := e.Frame, &e.Place
	say := func(format string, args ...any) []string { return []string{fmt.Sprintf(format, args...)} }
	switch p.Why {
	case report.WhyMoved:
		return []string{movedSentence(e)}
	case report.WhySorted:
		return say("Frame %d stands elsewhere by its stamp: the order of the stamps breaks fewer laws than that of the file, so it is taken as the basis.", n)
	case report.WhyInOrder:
		return []string{inOrderSentence(e)}
	case report.WhyNotInDoubt:
		return say("Frame %d stays: no law was in doubt here, since nothing in its connection was recorded around it in an order that breaks one.", n)
	case report.WhyNothingBroken:
		return say("Frame %d stays: no law of order is broken in this capture, so nothing in it moves.", n)
	case report.WhyDrop:
		return say("Frame %d looks late, but it is a retransmission of an original that the capture dropped, so it stays where it was recorded.", n)
	case report.WhyBeyondGate:
		return say("Frame %d stays: %s asks for more than the gate, %s, which is as far as this capture's own jitter reaches; so it is not believed.", n, lawText(p.Law), text.Duration(x.Gate))
	case report.WhyContradiction:
		return say("Frame %d stays: the laws around it contradict each other, which means that a packet was taken for another one, so nothing there moves.", n)
	case report.WhyOutOfWindow:
		return say("Frame %d stays: what it should come before by %s had left the window when it came.", n, lawText(p.Law))
	case report.WhyPlacedBefore:
		return say("Frame %d stays: mendcap has put this capture in order before, and leaves its packets where that repair put them.", n)
	case report.WhyFlagsWouldRise:
		return say("Frame %d stays: putting its connection in order would have raised the analyser's flags, so the connection is left as recorded.", n)
	case report.WhySeenTwice:
		return say("Frame %d stays: the capture shows its connection more than once, from two places or at two times, so that laws prove nothing of it.", n)
	case report.WhyNoTCP:
		return say("Frame %d stays: it is not TCP, and no law of order speaks of it.", n)
	case report.WhyNotFollowed:
		return say("Frame %d stays: it is TCP, but a fragment, cut too short, without a known destination, or of one flow too many to be followed.", n)
	case report.WhyNoTime:
		return say("Frame %d stays: it was recorded without a time, so no packet moves past it either.", n)
	}
	return nil
}

func lawText(law string) string {
	if law == "" {
		return "a chain of laws"
	}
	return "law " + law
}

func movedSentence(e *report.Explanation) string {
	p := &e.Place
	late := "too late, within one tick of the clock"
	if p.Shift > 0 {
		late = text.Duration(p.Shift) + " late"
	}
	n := mover(e)
	switch {
	case n == nil:
		return fmt.Sprintf("Frame %d was recorded %s (law %s).", e.Frame, late, p.Law)
	case n.Broken:
		return fmt.Sprintf("Frame %d was recorded %s: %s, so it came before frame %d (law %s).", e.Frame, late, reason(e, n), n.Frame, n.Law)
	}
	return fmt.Sprintf("Frame %d was recorded %s, as was frame %d after it, which moves: %s, so it came before frame %d (law %s).",
		e.Frame, late, n.Frame, reason(e, n), n.Frame, n.Law)
}

// mover returns the neighbour that made the frame move: one that stood in front
// of it, or else one that moved itself; nil if neither is among those named.
func mover(e *report.Explanation) *report.Neighbour {
	var moved *report.Neighbour
	for i := range e.Followers {
		n := &e.Followers[i]
		if n.Repaired && n.Law == e.Place.Law {
			return n
		}
		if n.Law == e.Place.Law && moved == nil {
			moved = n
		}
	}
	if moved == nil {
		for i := range e.Followers {
			if e.Followers[i].Repaired {
				return &e.Followers[i]
			}
		}
	}
	return moved
}

func inOrderSentence(e *report.Explanation) string {
	var late []int64
	for _, n := range e.Causes {
		if n.Repaired {
			late = append(late, n.Frame)
		}
	}
	if len(late) == 0 {
		return fmt.Sprintf("Frame %d stays: it was recorded before all that must come after it.", e.Frame)
	}
	verb := "was"
	if len(late) > 1 {
		verb = "were"
	}
	return fmt.Sprintf("Frame %d keeps its time: %s, which must come before it, %s recorded late and moved in front of it.", e.Frame, framesText(late), verb)
}

// placeSentences says by how much the frame moved, and when it happened.
func placeSentences(e *report.Explanation) (list []string) {
	p := &e.Place
	switch {
	case e.FrameAfter < e.Frame:
		list = append(list, fmt.Sprintf("In the output it is frame %d, %s further ahead.", e.FrameAfter, text.Plural(e.Frame-e.FrameAfter, "place")))
	case e.FrameAfter > e.Frame:
		list = append(list, fmt.Sprintf("In the output it is frame %d, behind %s that the capture has after it.", e.FrameAfter, text.Plural(e.FrameAfter-e.Frame, "packet")))
	}
	if p.Recorded.IsZero() {
		return list
	}
	if !p.Corrected.IsZero() {
		list = append(list, fmt.Sprintf("The clock of its interface was corrected by %s, to %s.",
			text.Duration(p.Corrected.Sub(p.Recorded)), clock(p.Corrected)))
	}
	if p.Shift > 0 {
		list = append(list, fmt.Sprintf("Recorded %s; its time is now %s, %s earlier%s.", stamp(p.Recorded), clock(p.Time), text.Duration(p.Shift), timeFrom(p)))
	} else {
		list = append(list, fmt.Sprintf("Recorded %s.", stamp(p.Recorded)))
	}
	if !p.Earliest.IsZero() {
		list = append(list, fmt.Sprintf("It happened between %s and %s, within %s.", clock(p.Earliest.Truncate(time.Microsecond)),
			clock(p.Latest.Add(time.Microsecond-1).Truncate(time.Microsecond)), text.Duration(p.Latest.Sub(p.Earliest))))
	}
	return list
}

func timeFrom(p *report.ExplainedPlace) string {
	if p.TimeFrom == 0 {
		return ""
	}
	return fmt.Sprintf(", that of frame %d", p.TimeFrom)
}

// stamp and clock write a time in UTC, with and without its date.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 ") + clock(t) + " UTC" }

func clock(t time.Time) string {
	if t.Nanosecond()%1000 != 0 {
		return t.UTC().Format("15:04:05.000000000")
	}
	return t.UTC().Format("15:04:05.000000")
}

// neighbourSentences lists the constraints, those of one law together.
func neighbourSentences(e *report.Explanation) []string {
	list := append(neighbours(e.Causes, "It comes after"), neighbours(e.Followers, "It comes before")...)
	if e.More {
		list = append(list, "There are more than these, farther away.")
	}
	return list
}

func neighbours(all []report.Neighbour, how string) (list []string) {
	type kind struct {
		law              string
		broken, repaired bool
	}
	groups := make(map[kind][]int64)
	var order []kind
	for _, n := range all {
		k := kind{n.Law, n.Broken, n.Repaired}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], n.Frame)
	}
	for _, k := range order {
		slices.Sort(groups[k])
		clause := ""
		if law, ok := reorder.LawNamed(k.law); ok && how == "It comes after" {
			clause = ", " + law.Cause()
		} else if ok {
			clause = ", " + law.Follower()
		}
		end := ""
		switch {
		case k.repaired:
			end = "; recorded the other way round, repaired"
		case k.broken:
			end = "; recorded the other way round, and left so"
		}
		list = append(list, fmt.Sprintf("%s %s%s (law %s)%s.", how, framesText(groups[k]), clause, k.law, end))
	}
	return list
}

// framesText writes "frame 7", "frames 7, 8 and 9".
func framesText(frames []int64) string {
	if len(frames) == 1 {
		return fmt.Sprintf("frame %d", frames[0])
	}
	var b strings.Builder
	b.WriteString("frames ")
	for i, f := range frames {
		switch {
		case i == 0:
		case i == len(frames)-1:
			b.WriteString(" and ")
		default:
			b.WriteString(", ")
		}
		fmt.Fprint(&b, f)
	}
	return b.String()
}

func flagSentences(e *report.Explanation) (list []string) {
	for _, f := range e.Flags {
		name, where := f.Flag, "before and after the repair"
		switch {
		case name == "" && f.Verdict == report.NotCaptured:
			name, where = "the connection that begins here", "no flag of the analyser"
		case name == "":
			name, where = "a violated law", "no flag of the analyser"
		case !f.After:
			where = "flagged as recorded, not after the repair"
		case !f.Before:
			where = "flagged after the repair only"
		default:
			where = "flagged " + where
		}
		verdict := f.Verdict
		if f.Detail != "" {
			verdict += " (" + f.Detail + ")"
		}
		list = append(list, fmt.Sprintf("%s: %s. Verdict %s: %s.", name, where, verdict, f.Evidence))
	}
	if len(list) == 0 && e.Segment != nil {
		list = append(list, "Nothing is flagged, neither before nor after the repair.")
	}
	return list
}
