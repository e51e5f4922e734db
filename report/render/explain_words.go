package render

import (
	"cmp"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
	"github.com/mendcap/mendcap/report/internal/text"
)

// inWords makes the sentences of e. They are not sanitised.
func inWords(x *report.Explanations, e *report.Explanation) report.ExplainedInWords {
	return report.ExplainedInWords{
		Header: headerSentences(&e.Header),
		Order:  append(orderSentences(e, x), placeSentences(e)...),
		Laws:   lawSentences(e),
		Flags:  flagSentences(e),
	}
}

//go:embed sentences.txt
var sentenceLines string

// sentences are those of sentences.txt by kind and name.
var sentences = sync.OnceValue(func() map[string]string {
	all := make(map[string]string)
	for line := range strings.Lines(sentenceLines) {
		name, sentence, _ := strings.Cut(strings.TrimSpace(line), ": ")
		all[name] = sentence
	}
	return all
})

func headerSentences(h *report.ExplainedHeader) []string {
	if said, ok := sentences()["form "+h.Form]; ok {
		return []string{said}
	}
	how := "without its IPv6 header"
	if h.Form == report.FormStub {
		how = "with a made-up IPv6 header in place of its own"
	}
	likely := text.When(h.Posterior > 0, fmt.Sprintf(" (its destination has probability %.4f)", h.Posterior))
	return text.Parts(
		fmt.Sprintf("Recorded %s%s. Next Header: %s; destination: %s.", how, likely, fieldText(&h.NextHeader), fieldText(&h.Destination)),
		headerProof(h), candidatesText(h),
		text.When(h.Synthesised != "" && h.Synthesised != "nothing", "Made up, since nothing tells: "+h.Synthesised+"."))
}

func headerProof(h *report.ExplainedHeader) string {
	checked := "no checksum over all of the data could be verified"
	if h.ChecksumVerified {
		checked = "the checksum over all of the data confirms it"
	} else if h.Offloaded {
		checked = "the checksum was left to the network card, and the sum of the pseudo-header in its place confirms it"
	}
	why := cmp.Or(sentences()["proof "+h.Evidence], h.Evidence)
	return text.When(why != "", fmt.Sprintf("Evidence (%s): %s; %s.", h.Evidence, why, checked))
}

func fieldText(f *report.ExplainedField) string {
	if f.Origin == "unknown" {
		return f.Origin
	}
	return f.Value + ", " + f.Origin + text.When(f.Origin == "likely", " and not proved")
}

func candidatesText(h *report.ExplainedHeader) string {
	candidate := func(c *report.ExplainedCandidate) string {
		return fmt.Sprintf("%s to %s with probability %.4f", c.NextHeader, c.Destination, c.Posterior) +
			text.When(c.Evidence != "", " ("+c.Evidence+")")
	}
	list := cut(h.Candidates, len(h.Candidates), 0, int64(h.CandidatesOmitted), candidate, "and %d more")
	return text.When(len(h.Candidates) > 0, "Candidates: "+strings.Join(list, "; ")+".")
}

// orderSentences says why the frame moves, or why it stays.
func orderSentences(e *report.Explanation, x *report.Explanations) []string {
	switch e.Place.Why {
	case report.WhyMoved:
		return []string{movedSentence(e)}
	case report.WhyInOrder:
		return []string{inOrderSentence(e)}
	}
	said, ok := sentences()["place "+e.Place.Why]
	if !ok {
		return nil
	}
	law := cmp.Or(text.When(e.Place.Law != "", "law "+string(e.Place.Law)), "a chain of laws")
	said = strings.NewReplacer("{law}", law, "{limit}", text.Duration(x.ShiftLimit)).Replace(said)
	return []string{fmt.Sprintf("Frame %d %s", e.Frame, said)}
}

func movedSentence(e *report.Explanation) string {
	p := &e.Place
	late := cmp.Or(text.When(p.Shift > 0, text.Duration(p.Shift)+" late"), "too late, within one tick of the clock")
	n := mover(e)
	if n == nil {
		return fmt.Sprintf("Frame %d was recorded %s (law %s).", e.Frame, late, p.Law)
	}
	along := text.When(!n.Broken, fmt.Sprintf(", as was frame %d after it, which moves", n.Frame))
	return fmt.Sprintf("Frame %d was recorded %s%s: %s, so it came before frame %d (law %s).",
		e.Frame, late, along, reason(e, n), n.Frame, n.Law)
}

// mover returns the packet that made the frame move: one that was recorded before
// of it, or else one that moved itself; nil if neither is among those named.
func mover(e *report.Explanation) *report.Relation {
	for _, fits := range []func(n report.Relation) bool{
		func(n report.Relation) bool { return n.Repaired && n.Law == e.Place.Law },
		func(n report.Relation) bool { return n.Law == e.Place.Law },
		func(n report.Relation) bool { return n.Repaired },
	} {
		if i := slices.IndexFunc(e.Followers, fits); i >= 0 {
			return &e.Followers[i]
		}
	}
	return nil
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
	return fmt.Sprintf("Frame %d keeps its time: %s, which must come before it, %s recorded late and moved before it.",
		e.Frame, framesText(late), cmp.Or(text.When(len(late) > 1, "were"), "was"))
}

// placeSentences says by how much the frame moved, and when it happened.
func placeSentences(e *report.Explanation) []string {
	p := &e.Place
	earlier, later := text.Plural(e.Frame-e.FrameAfter, "place"), text.Plural(e.FrameAfter-e.Frame, "packet")
	list := text.Parts(
		text.When(e.FrameAfter < e.Frame, fmt.Sprintf("In the output it is frame %d, %s earlier.", e.FrameAfter, earlier)),
		text.When(e.FrameAfter > e.Frame,
			fmt.Sprintf("In the output it is frame %d, after %s that the capture has after it.", e.FrameAfter, later)))
	if p.Recorded.IsZero() {
		return list
	}
	now := fmt.Sprintf("; its time is now %s, %s earlier", clock(p.Time), text.Duration(p.Shift)) +
		text.When(p.TimeFrom != 0, fmt.Sprintf(", that of frame %d", p.TimeFrom))
	from := clock(p.Earliest.Truncate(time.Microsecond))
	to := clock(p.Latest.Add(time.Microsecond - 1).Truncate(time.Microsecond))
	return append(list, text.Parts(
		text.When(!p.Corrected.IsZero(), fmt.Sprintf("The clock of its interface was corrected by %s, to %s.",
			text.Duration(p.Corrected.Sub(p.Recorded)), clock(p.Corrected))),
		"Recorded "+stamp(p.Recorded)+text.When(p.Shift > 0, now)+".",
		text.When(!p.Earliest.IsZero(), fmt.Sprintf("It happened between %s and %s, within %s.",
			from, to, text.Duration(p.Latest.Sub(p.Earliest)))))...)
}

// stamp and clock write a time in UTC, with and without its date.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 ") + clock(t) + " UTC" }

func clock(t time.Time) string { return t.UTC().Format(clockOf(t)) }

// clockOf is the format of a clock that shows the times exactly.
func clockOf(times ...time.Time) string {
	for _, t := range times {
		if t.Nanosecond()%1000 != 0 {
			return "15:04:05.000000000"
		}
	}
	return "15:04:05.000000"
}

// lawSentences lists the constraints, those of one law together.
func lawSentences(e *report.Explanation) []string {
	list := append(relations(e.Causes, "It comes after", reorder.Law.Cause),
		relations(e.Followers, "It comes before", reorder.Law.Follower)...)
	if e.More {
		list = append(list, "There are more than these, farther away.")
	}
	return list
}

func relations(all []report.Relation, how string, words func(reorder.Law) string) (list []string) {
	groups := make(map[report.Relation][]int64)
	var order []report.Relation // of each group, without its frame
	for _, n := range all {
		k := report.Relation{Law: n.Law, Broken: n.Broken, Repaired: n.Repaired}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], n.Frame)
	}
	for _, k := range order {
		slices.Sort(groups[k])
		clause := ""
		if law, ok := reorder.LawNamed(string(k.Law)); ok {
			clause = ", " + words(law)
		}
		list = append(list, fmt.Sprintf("%s %s%s (law %s)%s%s.", how, framesText(groups[k]), clause, k.Law,
			text.When(k.Repaired, "; recorded the other way round, repaired"),
			text.When(k.Broken && !k.Repaired, "; recorded the other way round, and left so")))
	}
	return list
}

// framesText writes "frame 7", "frames 7, 8 and 9".
func framesText(frames []int64) string {
	if len(frames) == 1 {
		return fmt.Sprintf("frame %d", frames[0])
	}
	last := len(frames) - 1
	words := cut(frames[:last], last, 0, 0, func(f *int64) string { return fmt.Sprint(*f) }, "")
	return fmt.Sprintf("frames %s and %d", strings.Join(words, ", "), frames[last])
}

func flagSentences(e *report.Explanation) (list []string) {
	for _, f := range e.Flags {
		name, where := f.Flag, "flagged before and after the repair"
		switch {
		case name == "" && f.Verdict == report.NotCaptured:
			name, where = "the connection that begins here", "no flag of the analyser"
		case name == "":
			name, where = "a violated law", "no flag of the analyser"
		case !f.After:
			where = "flagged as recorded, not after the repair"
		case !f.Before:
			where = "flagged after the repair only"
		}
		list = append(list, fmt.Sprintf("%s: %s. Verdict %s: %s.", name, where, detailed(f.Verdict, f.Detail), f.Evidence))
	}
	if len(list) == 0 && e.Segment != nil {
		list = append(list, "Nothing is flagged, neither before nor after the repair.")
	}
	return list
}
